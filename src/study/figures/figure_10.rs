//! Figure 10: feedback alignment with feedback that learns, on CIFAR-10.

use super::{Figure, Grid, PlotKind, learned_feedback};
use crate::data::DatasetId;

pub static FIGURE: Figure = Figure {
    id: "10",
    title: "Feedback alignment with trained feedback, CIFAR-10",
    about: "Test accuracy of feedback alignment whose feedback matrices are trained by Hebb's or Oja's rule, on CIFAR-10 and three networks.",
    reading: "Fixed random feedback and backpropagation stand beside. A larger B is a larger learning rate for the hidden layers, so on one network B is also held at its initial norm; and started at the transposed weights.",
    cells: Grid::Made(|| learned_feedback::layered(DatasetId::Cifar10)),
    epochs_of_the_post: 300,
    fixed_runs: None,
    assumptions: &["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A17", "A18", "A23", "A24", "A25"],
    plot: PlotKind::GroupedBars,
};
