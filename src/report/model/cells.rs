//! Trials, cells and figures with their numbers.

use super::distinct;
use crate::data::DatasetId;
use crate::report::format::is_clipped;
use crate::report::reading::{Point, Run, Summary};
use crate::study::Cell;
use crate::study::figures::{Figure, PlotKind};

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
    /// No trial finished.
    pub fn all_diverged(&self) -> bool {
        self.finished() == 0 && self.diverged() > 0
    }
    /// A setting, where all trials have one and the same.
    fn one_setting(&self, of: fn(&Run) -> Option<f64>) -> Option<f64> {
        let first = of(self.runs.first()?)?;
        self.runs.iter().all(|r| of(r) == Some(first)).then_some(first)
    }
    /// What was looked at after the last epoch, mean over seeds.
    fn at_the_end(&self, of: fn(&Point) -> Option<f64>) -> Option<f64> {
        let last: Vec<f64> = self.curves.iter().filter_map(|c| of(c.last()?)).collect();
        super::mean_std(&last).0
    }
    /// Rate of B.
    pub fn feedback_rate(&self) -> Option<f64> {
        self.one_setting(|r| r.feedback_rate)
    }
    /// Growth exponent of a hidden layer that learns by a local rule.
    pub fn growth(&self) -> Option<f64> {
        self.one_setting(|r| r.growth)
    }
    /// How far `W_1` is after the last epoch from where it began, by the norm of the start.
    pub fn movement(&self) -> Option<f64> {
        self.at_the_end(|p| p.movement)
    }
    /// How large B is after the last epoch by how large it was.
    pub fn feedback_norm(&self) -> Option<f64> {
        self.at_the_end(|p| p.feedback_norm)
    }
    /// Whether every finished trial ends with a larger training loss than its first epoch had.
    pub fn fell_apart(&self) -> bool {
        let epochs = self.runs.iter().map(|r| r.epochs).max().unwrap_or(0) as usize;
        let finished: Vec<&Vec<Point>> = self.curves.iter().filter(|c| epochs > 1 && c.len() == epochs).collect();
        let rose = |c: &&Vec<Point>| c[0].loss.zip(c[epochs - 1].loss).is_some_and(|(first, last)| last > first);
        !finished.is_empty() && finished.iter().all(rose)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_fell_apart_only_if_every_finished_trial_did() {
        let curve = |losses: &[f64]| -> Vec<Point> {
            let epochs = losses.iter().enumerate();
            epochs.map(|(e, l)| Point { epoch: e as u32 + 1, loss: Some(*l), ..Point::default() }).collect()
        };
        let cell = |epochs, curves: &[&[f64]]| CellModel {
            cell: "mnist/1x2000/fa/feedback=random".parse().unwrap(),
            canonical: String::new(),
            variant: String::new(),
            runs: vec![Run { epochs, ..Run::default() }],
            repeats: vec![],
            summary: Summary::default(),
            curves: curves.iter().map(|c| curve(c)).collect(),
        };
        assert!(cell(3, &[&[2.0, 9.0, 2.1], &[2.0, 1.0, 2.5]]).fell_apart());
        assert!(!cell(3, &[&[2.0, 9.0, 2.1], &[2.0, 1.0, 0.5]]).fell_apart());
        // shorter curves are of trials that diverged; they are counted elsewhere
        assert!(!cell(3, &[&[2.0, 9.0], &[2.0, 1.0, 0.5]]).fell_apart());
        assert!(!cell(3, &[&[2.0, 9.0]]).fell_apart() && !cell(1, &[&[2.0]]).fell_apart());
    }
}
