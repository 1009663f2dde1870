//! The result files of a report: `results.parquet`, `results.csv`, `curves.parquet`, `filters.parquet`, `tuning.parquet`,
//! `uses.parquet`,
//! `summary.csv`, `provenance.json`. A report can be made anew from its Parquet files and `provenance.json` alone.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use polars::prelude::*;
use polars_io::prelude::{CsvWriter, ParquetReader, ParquetWriter, SerReader, SerWriter};

use super::parquet::{check_size, check_types, with_plain_footer};
use super::{StatsError, Uses, curves_frame, filters_frame, same_bits, summarise, trials_frame, tuning_frame};
use crate::run::{Provenance, StoredTrial, atomic};
use crate::study::rates::RateTable;

/// The frames of a report.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    pub trials: DataFrame,
    pub curves: DataFrame,
    /// Some first-layer weights, one row per unit; no rows where none were kept.
    pub filters: DataFrame,
    /// The searches that chose the rates, one row per rate tried.
    pub tuning: DataFrame,
    pub summary: DataFrame,
    /// What asked for each trial.
    pub uses: Uses,
    pub provenance: Provenance,
}

impl Results {
    /// From trained trials.
    pub fn from_trials(trials: &[StoredTrial], uses: Uses, provenance: Provenance) -> Result<Results, StatsError> {
        // a study that searched its own rates, or the profile's table
        let own = provenance.rates.as_ref().and_then(|text| RateTable::read("rates", text).ok());
        let entries = match (&own, provenance.profile.parse()) {
            (Some(own), _) => &own.entries[..],
            (None, Ok(profile)) => &RateTable::of(profile).entries,
            (None, Err(_)) => &[],
        };
        let frames = [trials_frame(trials)?, curves_frame(trials)?, filters_frame(trials)?, tuning_frame(entries)?];
        Results::from_frames(frames, uses, provenance)
    }

    /// From the frames of trials, curves, filters and searches; the summary is always computed anew.
    pub fn from_frames(
        [trials, curves, filters, tuning]: [DataFrame; 4],
        uses: Uses,
        provenance: Provenance,
    ) -> Result<Results, StatsError> {
        if trials.height() == 0 {
            return Err(StatsError::NoTrials);
        }
        let summary = summarise(&trials)?;
        Ok(Results { trials, curves, filters, tuning, summary, uses, provenance })
    }

    /// What the figures show and the claims are judged by: all but the trials that only a robustness table asked for.
    pub fn of_figures(&self) -> Result<Results, StatsError> {
        let Some(keys) = self.uses.of_figures() else { return Ok(self.clone()) };
        let kept = |frame: &DataFrame| keep(frame, &keys);
        let (trials, curves, filters) = (kept(&self.trials)?, kept(&self.curves)?, kept(&self.filters)?);
        // a run of robustness tables alone has none
        let summary = summarise(&trials)?;
        Ok(Results { trials, curves, filters, summary, ..self.clone() })
    }

    /// Reads a report's folder.
    pub fn read(folder: &Path) -> Result<Results, StatsError> {
        let trials = read_parquet(&folder.join("results.parquet"))?;
        let curves = read_parquet(&folder.join("curves.parquet"))?;
        // pictures and history: a report can do without
        let optional = |name: &str, empty: fn() -> Result<DataFrame, StatsError>| {
            let path = folder.join(name);
            if path.exists() { read_parquet(&path) } else { empty() }
        };
        let filters = optional("filters.parquet", || filters_frame(&[]))?;
        let tuning = optional("tuning.parquet", || tuning_frame(&[]))?;
        let uses = folder.join("uses.parquet");
        let provenance = read_provenance(&folder.join("provenance.json"))?;
        let uses = match uses.exists() {
            true => Uses::from_frame(&read_parquet(&uses)?)?,
            // a report of an older version: what it asked for, for all its figures
            false => Uses::all(&provenance.figures, &trials)?,
        };
        Results::from_frames([trials, curves, filters, tuning], uses, provenance)
    }

    /// Writes every file, each atomically.
    pub fn write(&self, folder: &Path) -> Result<(), StatsError> {
        std::fs::create_dir_all(folder).map_err(|source| io_error(folder, "make this folder", source))?;
        write_parquet(&self.trials, &folder.join("results.parquet"))?;
        write_csv(&self.trials.drop("test_bits")?, &folder.join("results.csv"))?;
        write_parquet(&self.curves, &folder.join("curves.parquet"))?;
        write_parquet(&self.filters, &folder.join("filters.parquet"))?;
        write_parquet(&self.tuning, &folder.join("tuning.parquet"))?;
        write_parquet(&self.uses.frame()?, &folder.join("uses.parquet"))?;
        write_csv(&self.summary, &folder.join("summary.csv"))?;
        let path = folder.join("provenance.json");
        let text = serde_json::to_string_pretty(&self.provenance).expect("provenance is plain data");
        atomic::write_atomically(&path, |w| writeln!(w, "{text}")).map_err(|e| io_error(&path, "write", e))
    }

    /// Several result sets as one, in the order of the tables. A trial that two of them hold must be the same bits.
    pub fn join(sets: Vec<(PathBuf, Results)>) -> Result<Results, StatsError> {
        let mut sets = sets.into_iter();
        let (mut left_path, mut joined) = sets.next().ok_or(StatsError::NoTrials)?;
        for (path, next) in sets {
            let common = same_bits([&next.trials, &next.curves], [&joined.trials, &joined.curves])?;
            if let Some((key, columns)) = common.differ.into_iter().next() {
                return Err(StatsError::Conflict {
                    key,
                    left: left_path.display().to_string(),
                    right: path.display().to_string(),
                    columns: columns.join(", "),
                });
            }
            let new: BTreeSet<&str> = common.new.iter().map(String::as_str).collect();
            let trials = stack(&joined.trials, &keep(&next.trials, &new)?)?;
            let curves = stack(&joined.curves, &keep(&next.curves, &new)?)?;
            let filters = stack(&joined.filters, &keep(&next.filters, &new)?)?;
            let provenance = join_provenance(joined.provenance, next.provenance, &trials);
            let tuning = if joined.tuning.height() > 0 { joined.tuning } else { next.tuning };
            let sorted = |frame: DataFrame, last: &str| {
                let order = ["cell", "seed", "repeat", "key", last];
                frame.sort(order.into_iter().filter(|o| !o.is_empty()), SortMultipleOptions::default())
            };
            let frames = [sorted(trials, "")?, sorted(curves, "epoch")?, sorted(filters, "unit")?, tuning];
            joined = Results::from_frames(frames, joined.uses.join(next.uses), provenance)?;
            left_path = PathBuf::from(format!("{} + {}", left_path.display(), path.display()));
        }
        Ok(joined)
    }
}

/// Rows whose key is among `keys`.
pub(super) fn keep(frame: &DataFrame, keys: &BTreeSet<&str>) -> Result<DataFrame, StatsError> {
    let mask: BooleanChunked =
        frame.column("key")?.str()?.iter().map(|k| Some(k.is_some_and(|k| keys.contains(k)))).collect();
    Ok(frame.filter(&mask)?)
}

/// Rows of both; a column that one of them lacks (deeper networks have more norms) is null there.
fn stack(a: &DataFrame, b: &DataFrame) -> Result<DataFrame, StatsError> {
    let widened = |frame: &DataFrame, other: &DataFrame| -> Result<DataFrame, StatsError> {
        let mut frame = frame.clone();
        for column in other.columns() {
            if frame.column(column.name()).is_err() {
                frame.with_column(Column::full_null(column.name().clone(), frame.height(), column.dtype()))?;
            }
        }
        Ok(frame)
    };
    let a = widened(a, b)?;
    let b = widened(b, &a)?.select(a.get_column_names_owned())?;
    Ok(a.vstack(&b)?)
}

fn join_provenance(mut a: Provenance, b: Provenance, trials: &DataFrame) -> Provenance {
    let union = |a: &mut Vec<String>, b: Vec<String>| {
        b.into_iter().for_each(|x| {
            if !a.contains(&x) {
                a.push(x)
            }
        })
    };
    union(&mut a.figures, b.figures);
    match a.cells.is_empty() || b.cells.is_empty() {
        // one of them asked for every cell
        true => a.cells.clear(),
        false => union(&mut a.cells, b.cells),
    }
    a.robustness |= b.robustness;
    a.rates = a.rates.or(b.rates);
    a.seeds.extend(b.seeds);
    a.seeds.sort();
    a.seeds.dedup();
    a.data.extend(b.data);
    if a.command != b.command {
        a.command = format!("{}; {}", a.command, b.command);
    }
    if a.commit != b.commit {
        (a.commit, a.dirty) = (None, None);
    }
    a.wall_time_s += b.wall_time_s;
    a.trained_now += b.trained_now;
    a.reused += b.reused;
    // counted, not added: a trial that both hold would count twice
    a.diverged = diverged(trials);
    a.trials = trials.height();
    a
}

/// Diverged trials of a frame.
pub fn diverged(trials: &DataFrame) -> usize {
    let status = trials.column("status").ok().and_then(|c| c.str().ok());
    status.map_or(0, |s| s.iter().filter(|s| *s == Some("diverged")).count())
}

fn io_error(path: &Path, action: &'static str, source: io::Error) -> StatsError {
    StatsError::Io { path: path.to_path_buf(), action, source }
}

/// Writes a frame as Parquet, atomically.
pub fn write_parquet(frame: &DataFrame, path: &Path) -> Result<(), StatsError> {
    write_table(path, |w| ParquetWriter::new(w).finish(&mut frame.clone()).map(drop))
}

/// Writes a frame as CSV, atomically; numbers read back to the same bits.
pub fn write_csv(frame: &DataFrame, path: &Path) -> Result<(), StatsError> {
    write_table(path, |w| CsvWriter::new(w).include_header(true).finish(&mut frame.clone()))
}

fn write_table(path: &Path, fill: impl FnOnce(&mut dyn Write) -> PolarsResult<()>) -> Result<(), StatsError> {
    // made in memory first: a full disk then shows as an I/O error with the path, not as one of the table
    let mut bytes: Vec<u8> = vec![];
    fill(&mut bytes).map_err(|source| StatsError::Table { path: path.to_path_buf(), source })?;
    atomic::write_atomically(path, |w| w.write_all(&bytes)).map_err(|e| io_error(path, "write", e))
}

/// Most bytes of a Parquet file; the largest run that can be asked for stays far below.
const MOST_BYTES: u64 = 4 << 30;

/// Reads a Parquet file.
///
/// # Errors
/// A file that cannot be read, is too large, or is none; what its reader panics about is an error here.
pub fn read_parquet(path: &Path) -> Result<DataFrame, StatsError> {
    let bytes = atomic::read_bounded(path, MOST_BYTES).map_err(|e| io_error(path, "read", e))?;
    let damaged = |source| StatsError::Table { path: path.to_path_buf(), source };
    parse_parquet(bytes).map_err(damaged)
}

/// The frame in the bytes of a Parquet file.
///
/// # Errors
/// Whatever makes them no Parquet file, or one that asks for far more memory than its size explains.
pub fn parse_parquet(bytes: Vec<u8>) -> PolarsResult<DataFrame> {
    let read = || {
        let bytes = with_plain_footer(bytes)?;
        let mut reader = ParquetReader::new(std::io::Cursor::new(&bytes[..]));
        check_size(&bytes, reader.get_metadata()?)?;
        check_types(&*reader.schema()?)?;
        even(reader.finish()?)
    };
    // the reader trusts what a file says of itself in places
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(PolarsError::ComputeError("a damaged Parquet file".into())))
}

/// Refuses a frame whose columns have lengths of their own: the reader believes the row count of each column chunk.
fn even(frame: DataFrame) -> PolarsResult<DataFrame> {
    let rows = |c: &Column| c.as_materialized_series().chunks().iter().map(|a| a.len()).sum::<usize>();
    match frame.columns().iter().find(|c| c.len() != frame.height() || rows(c) != c.len()) {
        Some(c) => {
            let text = format!("column {} has {} rows; the table has {}", c.name(), rows(c), frame.height());
            Err(PolarsError::ComputeError(text.into()))
        }
        None => Ok(frame),
    }
}

/// Reads `provenance.json`.
pub fn read_provenance(path: &Path) -> Result<Provenance, StatsError> {
    let text = atomic::read_text(path, atomic::MOST_TEXT).map_err(|e| io_error(path, "read", e))?;
    serde_json::from_str(&text).map_err(|source| StatsError::Provenance { path: path.to_path_buf(), source })
}
