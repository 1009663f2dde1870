//! Figure 11: direct feedback alignment with feedback that learns.

use super::{Figure, Grid, PlotKind, learned_feedback};

pub static FIGURE: Figure = Figure {
    id: "11",
    title: "Direct feedback alignment with trained feedback",
    about: "Test accuracy of direct feedback alignment whose feedback matrices are trained by Hebb's rule, on both datasets and three networks.",
    reading: "Oja's rule as written for a layer does not fit the lower matrices, which the post met; the generalisation beside it takes the layer's activity and the output as pre and post, and fits every layer. The post could not run it.",
    cells: Grid::Made(learned_feedback::direct),
    epochs_of_the_post: 300,
    fixed_runs: None,
    assumptions: &["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "A17", "A23", "A24", "A25"],
    plot: PlotKind::GroupedBars,
};
