//! The report. TEMPORARY stub: one line of HTML.

use std::path::{Path, PathBuf};

use polars::prelude::DataFrame;

use crate::run::Provenance;

/// What a report is made of.
pub struct Inputs<'a> {
    pub trials: &'a DataFrame,
    pub curves: &'a DataFrame,
    pub summary: &'a DataFrame,
    pub provenance: &'a Provenance,
}

/// What was written.
pub struct Written {
    /// Every file, the page first.
    pub files: Vec<PathBuf>,
    /// Figures left out because none of their cells has a trial, by id.
    pub skipped: Vec<String>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("{path}: cannot write: {source}; choose another --out")]
    Io { path: PathBuf, source: std::io::Error },
}

/// Writes the report into `out`.
pub fn render(inputs: &Inputs, out: &Path) -> Result<Written, ReportError> {
    let index = out.join("index.html");
    let text = format!("<!doctype html><p>{} trials\n", inputs.trials.height());
    crate::run::atomic::write_atomically(&index, |w| std::io::Write::write_all(w, text.as_bytes()))
        .map_err(|source| ReportError::Io { path: index.clone(), source })?;
    Ok(Written { files: vec![index], skipped: vec![] })
}
