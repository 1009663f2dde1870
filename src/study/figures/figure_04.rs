//! Figure 4: the sum rule over beta.

use super::{Figure, Grid, PlotKind, one_layer, spec};
use crate::study::Cell;

/// The post's grid, smallest first (assumption A21).
pub const BETAS: [&str; 6] = ["1e-6", "1e-5", "1e-4", "1e-3", "0.01", "0.1"];

pub static FIGURE: Figure = Figure {
    id: "4",
    title: "Gradient and Hebbian term in one sum",
    about: "Test accuracy over beta, the weight of a Hebbian term that is added to backpropagation's gradient in every layer, with Hebb's and with Oja's rule.",
    reading: "Backpropagation is beta = 0. The Hebbian term is added to the weights (assumption A10); with Oja's rule and a large beta all hidden units turn to one direction, which the stable rank of the first layer shows.",
    cells: Grid::Made(|| {
        one_layer(|dataset, network| {
            let mut cells = vec![Cell::new(dataset, network.clone(), spec("bp", &[]))];
            for local in ["hebb", "oja"] {
                for beta in BETAS {
                    cells.push(Cell::new(dataset, network.clone(), spec("sum", &[("beta", beta), ("local", local)])));
                }
            }
            cells
        })
    }),
    epochs_of_the_post: 200,
    fixed_runs: None,
    assumptions: &["A1", "A2", "A3", "A4", "A5", "A7", "A8", "A9", "A10", "A19", "A21", "A22", "A24"],
    plot: PlotKind::Betas,
};
