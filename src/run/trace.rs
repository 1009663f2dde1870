//! The first steps of one trial as arrays. TEMPORARY stub.

use std::path::Path;

use crate::data::Dataset;
use crate::study::Trial;

/// Why there is no trace.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    #[error("{0}: `trace` is not there yet")]
    NotYet(std::path::PathBuf),
}

/// Writes `steps` steps of `trial` to `out` (npz).
pub fn write(_trial: &Trial, _data: &Dataset, _steps: usize, out: &Path) -> Result<(), TraceError> {
    Err(TraceError::NotYet(out.to_path_buf()))
}
