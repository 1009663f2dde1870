//! Trials, cells and figures with their numbers.

use super::distinct;
use crate::data::DatasetId;
use crate::report::format::is_clipped;
use crate::study::Cell;
use crate::study::figures::{Figure, PlotKind};

/// One trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub key: String,
    pub seed: u64,
    pub repeat: u32,
    pub diverged_at: Option<u64>,
    pub diverged: bool,
    pub runaway: bool,
    pub train: Option<f64>,
    pub test: Option<f64>,
    pub best_test: Option<f64>,
    pub steps: u64,
    pub epochs: u32,
    pub learning_rate: f64,
    /// Of feedback that learns.
    pub feedback_rate: Option<f64>,
    pub train_time_s: f64,
    pub weights_sha256: String,
}

/// State at the end of one epoch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub epoch: u32,
    pub test: Option<f64>,
    pub validation: Option<f64>,
    pub angles: [Option<f64>; 2],
    /// Norm of B by the one that it began with, the largest of the layers.
    pub feedback_norm: Option<f64>,
    pub growth: Option<Growth>,
}

/// Weights while they are followed (study of growth).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// Predicted log of the growth.
    pub exponent: f64,
    pub projection: f64,
    pub row_norm: f64,
}

/// Estimates over the seeds of a cell, fractions.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Summary {
    pub mean: Option<f64>,
    pub std: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub train_mean: Option<f64>,
    pub best_mean: Option<f64>,
    pub learning_rate: Option<f64>,
    pub difference: Option<f64>,
    pub difference_low: Option<f64>,
    pub difference_high: Option<f64>,
}

/// A cell as one figure shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct CellModel {
    /// As the figure names it (`dfa` with one hidden layer too).
    pub cell: Cell,
    /// The cell whose trials these are.
    pub canonical: String,
    /// What tells these trials from others of the cell (studies that sweep over settings); mostly empty.
    pub variant: String,
    /// One run per seed, by seed.
    pub runs: Vec<Run>,
    /// Trainings of the first seed, the ordinary one first (figures with fixed runs).
    pub repeats: Vec<Run>,
    pub summary: Summary,
    /// One curve per seed.
    pub curves: Vec<Vec<Point>>,
}

impl CellModel {
    /// Rule with options and setting, as a study names it.
    pub fn plain_name(&self) -> String {
        crate::stats::with_variant(&self.cell.rule.to_string(), &self.variant)
    }
    /// Backpropagation itself, with hidden layers.
    pub fn is_reference(&self) -> bool {
        self.cell.rule.name() == "bp" && self.cell.network.depth > 0
    }
    /// Backpropagation without hidden layers: a baseline of another size, never paired.
    pub fn is_linear(&self) -> bool {
        self.cell.network.depth == 0
    }
    /// What is set beside backpropagation.
    pub fn is_compared(&self) -> bool {
        !self.is_reference() && !self.is_linear()
    }
    pub fn finished(&self) -> usize {
        self.runs.iter().filter(|r| !r.diverged).count()
    }
    pub fn diverged(&self) -> usize {
        self.runs.iter().filter(|r| r.diverged).count()
    }
    pub fn runaway(&self) -> usize {
        self.runs.iter().filter(|r| r.runaway).count()
    }
    /// Rate of B, where all trials have one and the same.
    pub fn feedback_rate(&self) -> Option<f64> {
        let first = self.runs.first()?.feedback_rate?;
        self.runs.iter().all(|r| r.feedback_rate == Some(first)).then_some(first)
    }
    /// How large B is after the last epoch by how large it was, mean over seeds.
    pub fn feedback_norm(&self) -> Option<f64> {
        let last: Vec<f64> = self.curves.iter().filter_map(|c| c.last()?.feedback_norm).collect();
        super::mean_std(&last).0
    }
    pub fn is_matched(&self) -> bool {
        self.cell.rule.option("scale") == Some("matched")
    }
}

/// How cells with feedback stand to backpropagation by their paired intervals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Direction {
    pub above: usize,
    pub below: usize,
    pub open: usize,
}

/// A figure with its numbers.
#[derive(Clone)]
pub struct FigureModel {
    pub figure: &'static Figure,
    pub cells: Vec<CellModel>,
    /// Seeds each cell should have.
    pub seeds_wanted: usize,
    /// Over the figure's trials: everything but measured times and the commit.
    pub sha256: String,
    /// The post's own cells, and the norm-matched ones.
    pub own: Direction,
    pub matched: Direction,
}

impl FigureModel {
    /// Networks with hidden layers (the linear classifier is a baseline beside them), or all if there are none.
    pub fn networks(&self) -> Vec<crate::net::Architecture> {
        let all = distinct(self.cells.iter().map(|c| c.cell.network.clone()));
        if all.iter().all(|n| n.depth == 0) { all } else { all.into_iter().filter(|n| n.depth > 0).collect() }
    }
    pub fn datasets(&self) -> Vec<DatasetId> {
        distinct(self.cells.iter().map(|c| c.cell.dataset))
    }
    /// Runs present and runs wanted.
    pub fn progress(&self) -> (usize, usize) {
        let wanted: usize = self
            .cells
            .iter()
            .map(|c| self.seeds_wanted.max(c.runs.len()) + self.figure.fixed_runs.map_or(0, |f| f.repeats as usize - 1))
            .sum();
        let present = self
            .cells
            .iter()
            .map(|c| c.runs.len() + self.figure.fixed_runs.map_or(0, |_| c.repeats.len().saturating_sub(1)))
            .sum();
        (present, wanted)
    }
    /// Whether a shown interval of accuracies reaches beyond what an accuracy can be.
    pub fn has_clipped(&self) -> bool {
        let shown = matches!(self.figure.plot, PlotKind::Growth | PlotKind::Repeats);
        !shown && self.cells.iter().any(|c| is_clipped(c.summary.low, c.summary.high))
    }
    pub fn group(&self, dataset: DatasetId, network: &crate::net::Architecture) -> Vec<&CellModel> {
        self.cells.iter().filter(|c| c.cell.dataset == dataset && c.cell.network == *network).collect()
    }
}
