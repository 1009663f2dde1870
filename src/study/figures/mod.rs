//! The figures of the post: one file each with its grid, its words and the assumptions that touch it.
//!
//! Adding a figure: one file here and one line in [`REGISTRY`] (see CONTRIBUTING.md).

mod beyond;
mod feedback_grid;
mod figure_03;
mod figure_04;
mod figure_05;
mod figure_07;
mod figure_08;
mod figure_09;
mod figure_10;
mod figure_11;
mod five_runs;
mod growth;
mod learned_feedback;

use super::Cell;
use crate::data::DatasetId;
use crate::net::Architecture;
use crate::rules::RuleSpec;

/// How a figure's results are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlotKind {
    /// Grouped bars, one panel per dataset, groups by network.
    GroupedBars,
    /// Grouped bars on one network: groups by variant of the rule, baselines last.
    Variants,
    /// Accuracy against beta on a log axis, backpropagation as a band.
    Betas,
    /// Norms of weights against their predicted growth; no accuracies.
    Growth,
    /// One dot per run, no bars: is there any spread?
    Repeats,
    /// One row per cell and setting, whatever they are (studies of the user's own).
    Rows,
}

/// The cells of a figure.
#[derive(Debug, Clone)]
pub enum Grid {
    /// Of a figure of the post.
    Made(fn() -> Vec<Cell>),
    /// Of a study file.
    Listed(Vec<Cell>),
}

/// A figure of the post, or a study of the user's own in the same form.
#[derive(Debug)]
pub struct Figure {
    /// `7`, `8`, `five-runs`.
    pub id: &'static str,
    pub title: &'static str,
    /// What the post shows there, in our words.
    pub about: &'static str,
    /// How to read our plot, and what the reader should watch out for.
    pub reading: &'static str,
    /// Every cell, in the order of the legend and of `report list cells`.
    pub cells: Grid,
    /// Epochs of the post (profile `full`).
    pub epochs_of_the_post: u32,
    /// Seeds whatever the profile says, and the same seed trained again this many times (`five-runs`).
    pub fixed_runs: Option<FixedRuns>,
    /// Numbered assumptions that touch it (`A6`).
    pub assumptions: &'static [&'static str],
    pub plot: PlotKind,
}

impl Figure {
    /// Every cell, in the order of the legend and of `report list cells`.
    pub fn cells(&self) -> Vec<Cell> {
        match &self.cells {
            Grid::Made(make) => make(),
            Grid::Listed(cells) => cells.clone(),
        }
    }
}

/// Run counts that no profile changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedRuns {
    /// Different seeds.
    pub seeds: u64,
    /// Trainings of the first seed, the ordinary one included.
    pub repeats: u32,
}

/// Every figure that is run, all of them unless a run names some.
pub static REGISTRY: &[&Figure] = &[
    &figure_03::FIGURE,
    &figure_04::FIGURE,
    &figure_05::FIGURE,
    &figure_07::FIGURE,
    &figure_08::FIGURE,
    &five_runs::FIGURE,
    &figure_09::FIGURE,
    &figure_10::FIGURE,
    &figure_11::FIGURE,
    &growth::FIGURE,
    &beyond::FIGURE,
];

/// A rule with options that are known to be right.
fn spec(rule: &str, options: &[(&str, &str)]) -> RuleSpec {
    RuleSpec::new(rule, options).expect("a registered rule")
}

/// Cells on the network with one hidden layer, dataset by dataset.
fn one_layer(cells: impl Fn(DatasetId, &Architecture) -> Vec<Cell>) -> Vec<Cell> {
    let [network, ..] = Architecture::of_the_post();
    DatasetId::ALL.into_iter().flat_map(|dataset| cells(dataset, &network)).collect()
}

/// The figure called `id`.
pub fn figure(id: &str) -> Result<&'static Figure, String> {
    REGISTRY.iter().copied().find(|f| f.id == id).ok_or_else(|| {
        format!("unknown figure `{id}`; known: {}", REGISTRY.iter().map(|f| f.id).collect::<Vec<_>>().join(", "))
    })
}
