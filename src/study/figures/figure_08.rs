//! Figure 8: direct feedback alignment with four kinds of feedback matrices.

use super::{Figure, Grid, PlotKind, feedback_grid};

pub static FIGURE: Figure = Figure {
    id: "8",
    title: "Direct feedback alignment",
    about: "The grid of figure 7 with direct feedback alignment: every hidden layer receives the output error through a matrix of its own.",
    reading: "With one hidden layer direct feedback alignment is feedback alignment, so those cells are the very trials of figure 7. With two hidden layers and a sign kind, the lower layer takes its signs from the product of the forward path (assumption A16), since no forward matrix has the shape of B.",
    cells: Grid::Made(|| feedback_grid::cells("dfa")),
    epochs_of_the_post: 300,
    fixed_runs: None,
    assumptions: &["A1", "A2", "A3", "A4", "A5", "A6", "A8", "A9", "A16", "A23", "A24"],
    plot: PlotKind::GroupedBars,
};
