//! Figure 7: feedback alignment with four kinds of feedback matrices.

use super::{Figure, Grid, PlotKind, feedback_grid};

pub static FIGURE: Figure = Figure {
    id: "7",
    title: "Feedback alignment",
    about: "Test accuracy of networks trained by feedback alignment with four kinds of feedback matrices, beside backpropagation, on both datasets and three networks.",
    reading: "Solid bars are the post's own cells. The binary kinds stand twice: literal entries of ±1 multiply the hidden layers' learning rate by √(3n), n the layer's units (77 at 2000 units, 49 at 800, compounding with depth), and the norm-matched ones (hatched) take that away. What moves between the two is scale, not direction.",
    cells: Grid::Made(|| feedback_grid::cells("fa")),
    epochs_of_the_post: 300,
    fixed_runs: None,
    assumptions: &["A1", "A2", "A3", "A4", "A5", "A6", "A8", "A9", "A23", "A24"],
    plot: PlotKind::GroupedBars,
};
