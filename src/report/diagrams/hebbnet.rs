//! Figure 2: HebbNet, which layer learns by what.

use super::{arrow, node};
use crate::report::palette::{INK, MUTED, named};
use crate::report::plots::layer::{Anchor, Pen, Type, draw};
use crate::report::plots::{PlotError, WIDTH};
use crate::report::section::Section;

const HEIGHT: f64 = 330.0;

pub fn section() -> Result<Section, PlotError> {
    let alt = "A network with one hidden layer of 2000 units. The weights into the hidden layer follow a local rule that sees only input and activity; the weights into the output layer follow the gradient of the error.";
    let plot = draw("figure-2-hebbnet", alt.into(), (WIDTH, HEIGHT), |pen| {
        pen.heading(
            "HebbNet",
            "Two layers, two ways to learn: nothing is carried back from the output to the hidden layer",
        )?;
        layers(pen)?;
        rules(pen)
    })?;
    Ok(Section {
        slug: "figure-2",
        heading: "Figure 2: HebbNet".into(),
        paragraphs: vec![
            "The post's text does not describe its figure 2, and its picture could not be recovered; what it showed is unknown. It stands where HebbNet is introduced, so this is HebbNet's architecture as the experiments here train it.".into(),
        ],
        plots: vec![(plot, "HebbNet, drawn by us: the original of this figure is unknown.".into())],
        tables: vec![],
        note: "Gupta, Ambikapathi and Ramasamy (2021), doi:10.1109/ICASSP39728.2021.9414241.".into(),
    })
}

fn layers(pen: &Pen) -> Result<(), PlotError> {
    let y = 100.0;
    node(pen, [40.0, y, 190.0, 64.0], "input x", "784 or 3072 pixels")?;
    node(pen, [455.0, y, 190.0, 64.0], "hidden h = ReLU(W₁ x)", "2000 units, no bias")?;
    node(pen, [870.0, y, 190.0, 64.0], "output ŷ = softmax(W₂ h + b)", "10 classes")?;
    for (from, to, name, shape) in [(230.0, 455.0, "W₁", "2000 × n₀"), (645.0, 870.0, "W₂", "10 × 2000")] {
        arrow(pen, &[(from, y + 32.0), (to, y + 32.0)], INK, false)?;
        let middle = (from + to) / 2.0;
        pen.text(name, (middle, y + 14.0), Type::new(13.5, INK).bold().anchor(Anchor::Middle))?;
        pen.text(shape, (middle, y + 50.0), Type::new(11.5, MUTED).anchor(Anchor::Middle))?;
    }
    Ok(())
}

fn rules(pen: &Pen) -> Result<(), PlotError> {
    let columns = [
        (
            342.5,
            "hebb",
            "a local rule",
            [
                "HL: G = mean(h xᵀ), what fires together",
                "T: G − Θ, Θ the mean of past G",
                "GS: the largest 30% of it; Oja: less mean(h²) W₁",
            ],
        ),
        (
            757.5,
            "bp",
            "gradient descent",
            ["W₂ ← W₂ − η mean(e hᵀ), e = ŷ − target", "sees labels", "its error goes no further down"],
        ),
    ];
    for (x, tone, title, lines) in columns {
        let tone = named(tone);
        arrow(pen, &[(x, 206.0), (x, 158.0)], tone, true)?;
        pen.text(title, (x, 222.0), Type::new(13.5, tone).bold().anchor(Anchor::Middle))?;
        for (i, line) in lines.iter().enumerate() {
            let look = Type::new(12.0, if i == 0 { INK } else { MUTED }).anchor(Anchor::Middle);
            pen.text(line, (x, 246.0 + 20.0 * i as f64), look)?;
        }
    }
    Ok(())
}
