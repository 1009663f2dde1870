//! Figure 6: how the error travels back under backpropagation, feedback alignment and direct feedback alignment.

use super::{arrow, node};
use crate::report::palette::{INK, MUTED, Tone, named};
use crate::report::plots::layer::{Anchor, Pen, Type, draw};
use crate::report::plots::{PlotError, WIDTH};
use crate::report::section::Section;

const HEIGHT: f64 = 580.0;
const BOX: (f64, f64) = (132.0, 52.0);
/// Tops of the boxes, the error first, the input last.
const ROWS: [f64; 5] = [122.0, 212.0, 302.0, 392.0, 482.0];

struct Way {
    title: &'static str,
    sub: &'static str,
    tone: &'static str,
    /// What is on the arrow into each hidden layer, from the top one down.
    labels: [(&'static str, &'static str); 2],
    /// Straight from the output error.
    direct: bool,
}

const WAYS: [Way; 3] = [
    Way {
        title: "Backpropagation",
        sub: "through the transposed weights",
        tone: "bp",
        labels: [("W₃ᵀ", "800 × 10"), ("W₂ᵀ", "800 × 800")],
        direct: false,
    },
    Way {
        title: "Feedback alignment (FA)",
        sub: "layer by layer through fixed matrices",
        tone: "random",
        labels: [("B₂", "800 × 10"), ("B₁", "800 × 800")],
        direct: false,
    },
    Way {
        title: "Direct feedback alignment (DFA)",
        sub: "the output error to every layer at once",
        tone: "binary",
        labels: [("B₂", "800 × 10"), ("B₁", "800 × 10")],
        direct: true,
    },
];

pub fn section() -> Result<Section, PlotError> {
    let alt = "Three diagrams of a network with two hidden layers. The error travels back through the transposed weights (backpropagation), through fixed matrices layer by layer (feedback alignment), or straight from the output to each layer (direct feedback alignment); the shape of each matrix is written on its arrow.";
    let plot = draw("figure-6-errors", alt.into(), (WIDTH, HEIGHT), |pen| {
        pen.heading(
            "How the error travels back",
            "Solid: forward, with weights W. Broken: the teaching signal δ, with the matrix that carries it (units × units above)",
        )?;
        WAYS.iter().enumerate().try_for_each(|(i, way)| panel(pen, 24.0 + i as f64 * 354.0, way))
    })?;
    Ok(Section {
        slug: "figure-6",
        heading: "Figure 6: How the error travels back".into(),
        paragraphs: vec![
            "Backpropagation needs the transpose of every forward matrix on the way back: the weight transport problem. Feedback alignment puts a fixed matrix B of the same shape in its place; direct feedback alignment carries the output error straight to each hidden layer, so that its matrices are as wide as the output. With one hidden layer the two are one rule.".into(),
        ],
        plots: vec![(plot, "Our own drawing, with the shapes of the networks with two hidden layers of 800 units.".into())],
        tables: vec![],
        note: "The post shows a figure of Nøkland (2016), doi:10.48550/arXiv.1609.01596.".into(),
    })
}

fn panel(pen: &Pen, left: f64, way: &Way) -> Result<(), PlotError> {
    let tone: Tone = named(way.tone);
    pen.text(way.title, (left, 90.0), Type::new(14.0, INK).bold())?;
    pen.text(way.sub, (left, 108.0), Type::new(11.5, MUTED))?;
    let names = [
        ("output error e", "10"),
        ("output ŷ", "10, softmax"),
        ("hidden layer h₂", "800"),
        ("hidden layer h₁", "800"),
        ("input x", "784 or 3072"),
    ];
    for ((name, under), y) in names.iter().zip(ROWS) {
        node(pen, [left, y, BOX.0, BOX.1], name, under)?;
    }
    let middle = left + BOX.0 * 0.3;
    for i in 0..4 {
        arrow(pen, &[(middle, ROWS[i + 1]), (middle, ROWS[i] + BOX.1)], INK, false)?;
        if i > 0 {
            let look = Type::new(11.5, INK);
            pen.text(["", "W₃", "W₂", "W₁"][i], (middle + 8.0, (ROWS[i] + BOX.1 + ROWS[i + 1]) / 2.0), look)?;
        }
    }
    let right = left + BOX.0;
    let centre = |i: usize| ROWS[i] + BOX.1 / 2.0;
    for (i, (name, shape)) in way.labels.iter().enumerate() {
        // each path has a lane of its own, so that none hides another
        let (from, lane) = if way.direct { (0, 34.0 + 62.0 * i as f64) } else { (if i == 0 { 0 } else { 2 }, 34.0) };
        let shift = if way.direct || i == 0 { -10.0 + 20.0 * i as f64 } else { 10.0 };
        let (start, end) = (centre(from) + shift, centre(i + 2) - if way.direct { 0.0 } else { 10.0 });
        let lane = right + lane;
        arrow(pen, &[(right, start), (lane, start), (lane, end), (right, end)], tone, true)?;
        let at = (lane + 8.0, (start + end) / 2.0 + if way.direct { 40.0 * i as f64 } else { 0.0 });
        pen.text(name, at, Type::new(13.0, tone).bold())?;
        pen.text(shape, (at.0, at.1 + 17.0), Type::new(11.5, MUTED))?;
    }
    pen.text("δ₂", (right + 12.0, centre(2) - 22.0), Type::new(11.5, tone).anchor(Anchor::Middle))?;
    pen.text("δ₁", (right + 12.0, centre(3) - 22.0), Type::new(11.5, tone).anchor(Anchor::Middle))
}
