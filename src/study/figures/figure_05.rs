//! Figure 5: Hebbian descent, whole and with one layer frozen.

use super::{Figure, Grid, PlotKind, one_layer, spec};
use crate::study::Cell;

/// Options in the order of the legend. With the hidden layer frozen the two readings of the derivative are one cell.
const CELLS: [&[(&str, &str)]; 9] = [
    &[("reading", "d")],
    &[("reading", "k")],
    &[("reading", "o1")],
    &[("reading", "d"), ("train", "output")],
    &[("reading", "o1"), ("train", "output")],
    &[("reading", "d"), ("train", "hidden")],
    &[("reading", "k"), ("train", "hidden")],
    &[("reading", "o1"), ("train", "hidden")],
    &[("reading", "d"), ("centre", "none")],
];

pub static FIGURE: Figure = Figure {
    id: "5",
    title: "Hebbian descent",
    about: "Test accuracy of Hebbian descent with all layers trained, with the hidden layer frozen and with the output layer frozen; with the centred input and with Oja's factor in its place.",
    reading: "The derivative of the activation is dropped (D) or kept in the hidden layer (K): the published rule is for one layer, so both readings are run. With it kept, Hebbian descent is gradient descent on a network whose layers centre their inputs: backpropagation in other coordinates, step by step, at a rate of its own. Without a centre stands beside, since Oja's factor is not centred.",
    cells: Grid::Made(|| {
        one_layer(|dataset, network| {
            let mut cells = vec![Cell::new(dataset, network.clone(), spec("bp", &[]))];
            cells.extend(CELLS.iter().map(|o| Cell::new(dataset, network.clone(), spec("hd", o))));
            cells
        })
    }),
    epochs_of_the_post: 200,
    fixed_runs: None,
    assumptions: &["A1", "A2", "A3", "A4", "A5", "A7", "A8", "A9", "A14", "A15", "A24"],
    plot: PlotKind::Variants,
};
