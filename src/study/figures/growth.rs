//! Growth of weights under plain Hebb, and Oja's cure: the hidden layer alone, 500 steps.

use super::{Figure, Grid, PlotKind, one_layer, spec};
use crate::study::Cell;

pub static FIGURE: Figure = Figure {
    id: "growth",
    title: "Growth of weights under local rules",
    about: "The hidden layer follows Hebb's or Oja's rule at one constant rate for 500 steps; the output layer stays.",
    reading: "The rate is such that plain Hebb would grow by e to the power 5, 148-fold, along the first principal axis: far enough for the bound on Oja's rows to tell the two apart.",
    cells: Grid::Made(|| {
        one_layer(|dataset, network| {
            let cell = |local| Cell::new(dataset, network.clone(), spec("growth", &[("local", local)]));
            vec![cell("hebb"), cell("oja")]
        })
    }),
    epochs_of_the_post: 200,
    fixed_runs: None,
    assumptions: &["A1", "A4", "A5"],
    plot: PlotKind::Growth,
};
