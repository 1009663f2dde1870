//! Figure 3: HebbNet with its three variants of the hidden layer's rule.

use super::{Figure, Grid, PlotKind, one_layer, spec};
use crate::net::Architecture;
use crate::study::Cell;

pub static FIGURE: Figure = Figure {
    id: "3",
    title: "HebbNet",
    about: "Test accuracy with the hidden layer trained by Hebb's or Oja's rule alone, with HebbNet's activation threshold, and with threshold and gradient sparsity; the output layer by gradient descent.",
    reading: "Backpropagation, frozen random features and a linear classifier stand beside: a Hebbian hidden layer helps only where it beats the random one. Rates were chosen among those that moved the hidden weights by at least a tenth, so variants can stand at very different movements (W₁ in the table).",
    cells: Grid::Made(|| {
        one_layer(|dataset, network| {
            let mut cells = vec![Cell::new(dataset, network.clone(), spec("bp", &[]))];
            for variant in ["hl", "t", "t-gs"] {
                for local in ["hebb", "oja"] {
                    let options = [("local", local), ("variant", variant)];
                    cells.push(Cell::new(dataset, network.clone(), spec("hebbnet", &options)));
                }
            }
            cells.push(Cell::new(dataset, network.clone(), spec("frozen", &[])));
            cells.push(Cell::new(dataset, Architecture::LINEAR, spec("bp", &[])));
            cells
        })
    }),
    epochs_of_the_post: 200,
    fixed_runs: None,
    assumptions: &["A1", "A2", "A3", "A4", "A5", "A8", "A9", "A11", "A12", "A13"],
    plot: PlotKind::Variants,
};
