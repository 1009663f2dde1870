//! The five-run check: is the standard deviation of backpropagation's accuracy really zero?

use super::{Figure, FixedRuns, Grid, PlotKind};
use crate::data::DatasetId;
use crate::net::Architecture;
use crate::rules::RuleSpec;
use crate::study::Cell;

pub static FIGURE: Figure = Figure {
    id: "five-runs",
    title: "Five runs of backpropagation",
    about: "The post trained backpropagation five times (MNIST, one hidden layer) and found standard deviations of zero for train and test accuracy.",
    reading: "Five different seeds beside one seed trained five times over: only the second gives a spread of exactly zero.",
    cells: Grid::Made(|| {
        vec![Cell::new(
            DatasetId::Mnist,
            Architecture::of_the_post()[0].clone(),
            RuleSpec::new("bp", &[]).expect("a registered rule"),
        )]
    }),
    epochs_of_the_post: 300,
    fixed_runs: Some(FixedRuns { seeds: 5, repeats: 5 }),
    assumptions: &["A1", "A2", "A3", "A4", "A5", "A8", "A9", "A24"],
    plot: PlotKind::Repeats,
};
