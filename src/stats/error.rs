//! What can go wrong between trials and tables.

use std::path::PathBuf;

use polars::prelude::PolarsError;

/// An error of this room; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StatsError {
    #[error("{what}: no values; a statistic needs at least {least}")]
    TooFew { what: &'static str, least: usize },
    #[error("{what}: {given} values; at most {most} can be handled")]
    TooMany { what: &'static str, most: usize, given: usize },
    #[error("{what}: value {index} is {value}, not a finite number; a diverged trial must be left out before")]
    NotFinite { what: &'static str, index: usize, value: f64 },
    #[error("{what}: {left} values beside {right}; pairs must be formed by seed before")]
    Mismatched { what: &'static str, left: usize, right: usize },
    #[error(
        "cell {cell} has trials with different settings ({column}: {first} and {second}); keep them in different folders, or render a folder where `report run` has chosen one setting"
    )]
    MixedSettings { cell: String, column: &'static str, first: String, second: String },
    #[error("trial {key} is in both {left} and {right} with different results ({columns}); leave one of them out")]
    Conflict { key: String, left: String, right: String, columns: String },
    #[error("no trial to make a table of; train some first (`report run`)")]
    NoTrials,
    #[error(
        "{path}: cannot {action}: {source}; if the disk is full or the folder is read-only, free space or choose another --out"
    )]
    Io { path: PathBuf, action: &'static str, source: std::io::Error },
    #[error("{path}: {source}; render the folder that the run wrote, or run it again")]
    Table { path: PathBuf, source: PolarsError },
    #[error("{path}: not a provenance file of this program ({source}); run again, or copy the whole folder")]
    Provenance { path: PathBuf, source: serde_json::Error },
    #[error("{path}: not the verdicts of this program ({source}); `report render` on its folder writes them anew")]
    Claims { path: PathBuf, source: serde_json::Error },
    #[error(
        "{path} has no column `{column}` of the right type ({source}); it was written by another version of this program"
    )]
    Column { path: PathBuf, column: String, source: PolarsError },
    #[error(
        "trials of revision {found} (this program makes revision {wanted}): its rules, engine or data have changed the bits since, so they cannot be reused; train anew, or use the version that made them"
    )]
    OtherRevision { found: u32, wanted: u32 },
    #[error("trial {key} cannot be made of its rows: {reason}; was the file changed by hand?")]
    NotATrial { key: String, reason: String },
    #[error(transparent)]
    Polars(#[from] PolarsError),
}
