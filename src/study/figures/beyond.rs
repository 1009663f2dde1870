//! Beyond the post: rules that it does not show and that bear on its questions.

use super::{Figure, Grid, PlotKind, one_layer, spec};
use crate::study::Cell;

const CELLS: [(&str, &[(&str, &str)]); 7] = [
    ("bp", &[]),
    ("frozen", &[]),
    ("hebbnet", &[("local", "oja-subspace"), ("variant", "hl")]),
    ("fa", &[("feedback", "random")]),
    ("fa", &[("feedback", "kolen-pollack")]),
    ("fa", &[("feedback", "kolen-pollack"), ("decay", "0")]),
    ("drtp", &[]),
];

pub static FIGURE: Figure = Figure {
    id: "beyond",
    title: "Beyond the post",
    about: "Oja's subspace rule in the hidden layer, which keeps what the neuron-wise rule collapses; Kolen-Pollack, a trained feedback that does align; and direct random target projection.",
    reading: "Frozen random features, fixed random feedback and backpropagation stand beside. Direct random targets carry the one-hot target where feedback alignment carries the error, which has the opposite sign at the right class: the forward path then turns towards −B, and angles above 90° are alignment. Targets do not shrink as the error does, so at backpropagation's rate, which direct random targets borrow, the hidden weights grow for as long as one trains.",
    cells: Grid::Made(|| {
        one_layer(|dataset, network| {
            CELLS.iter().map(|(rule, options)| Cell::new(dataset, network.clone(), spec(rule, options))).collect()
        })
    }),
    epochs_of_the_post: 200,
    fixed_runs: None,
    assumptions: &["A1", "A2", "A3", "A4", "A5", "A6", "A8", "A9"],
    plot: PlotKind::GroupedBars,
};
