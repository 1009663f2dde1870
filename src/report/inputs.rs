//! What a report is made of.

use polars::prelude::DataFrame;

use crate::run::Provenance;
use crate::stats::Uses;
use crate::stats::claims::{Judged, Margins};
use crate::stats::robustness::Robustness;

/// What a report is made of: the frames of `results.parquet`, `curves.parquet` and `summary.csv`, and where they come from.
pub struct Inputs<'a> {
    /// One row per trial.
    pub trials: &'a DataFrame,
    /// One row per trial and epoch.
    pub curves: &'a DataFrame,
    /// One row per cell.
    pub summary: &'a DataFrame,
    /// One row per unit whose first-layer weights were kept.
    pub filters: &'a DataFrame,
    /// One row per rate that a search tried.
    pub tuning: &'a DataFrame,
    pub provenance: &'a Provenance,
    /// The verdict of each claim.
    pub claims: &'a [Judged],
    /// The margins that they were judged with.
    pub margins: Margins,
    /// What asked for each trial.
    pub uses: &'a Uses,
    /// The robustness tables, if they were asked for; their trials are in none of the frames above.
    pub robustness: Option<&'a Robustness>,
    /// The reference run's verdicts, to stand beside.
    pub reference: Option<&'a Reference>,
}

/// The largest run of the project.
#[derive(Clone)]
pub struct Reference {
    pub claims: Vec<Judged>,
    pub provenance: Provenance,
}
