//! What can go wrong while reporting.

use std::path::PathBuf;

use super::plots::PlotError;

/// What can go wrong while reporting.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("column `{column}` of the results cannot be read: {reason}; were they written by another version?")]
    Column { column: String, reason: String },
    #[error(transparent)]
    Plot(#[from] PlotError),
    #[error(
        "cell {cell} of figure {figure} was trained in several ways for it ({variants}); a figure shows one: keep them in different folders"
    )]
    Mixed { figure: &'static str, cell: String, variants: String },
    #[error(transparent)]
    Stats(#[from] crate::stats::StatsError),
    #[error("the study in the provenance cannot be read: {0}; was it written by another version?")]
    Study(#[from] crate::study::StudyError),
    #[error("template `{name}` failed: {reason}")]
    Template { name: &'static str, reason: String },
    #[error("cannot write `{}`: {source}; check the folder's permissions and free space", path.display())]
    Write { path: PathBuf, source: std::io::Error },
}
