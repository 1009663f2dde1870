//! Figures 1, 2 and 6: drawn, not measured.

mod errors;
mod hebbnet;
mod literature;

use super::palette::{BAND, INK, MUTED, Tone};
use super::plots::PlotError;
use super::plots::layer::{Anchor, Pen, Type};
use super::section::Section;

/// A drawn figure of the post.
pub struct Diagram {
    /// The post's number.
    pub number: u32,
    pub make: fn() -> Result<Section, PlotError>,
}

/// Every drawn figure.
pub static REGISTRY: [Diagram; 3] = [
    Diagram { number: 1, make: literature::section },
    Diagram { number: 2, make: hebbnet::section },
    Diagram { number: 6, make: errors::section },
];

/// A box with a name and a quieter line under it.
fn node(pen: &Pen, [x, y, w, h]: [f64; 4], name: &str, under: &str) -> Result<(), PlotError> {
    pen.rect([x, y, w, h], BAND, 1.0)?;
    pen.outline([x, y, w, h], MUTED, 1.0)?;
    let middle = Type::new(13.0, INK).bold().anchor(Anchor::Middle);
    if under.is_empty() {
        return pen.text(name, (x + w / 2.0, y + h / 2.0), middle);
    }
    pen.text(name, (x + w / 2.0, y + h / 2.0 - 9.0), middle)?;
    pen.text(under, (x + w / 2.0, y + h / 2.0 + 10.0), Type::new(11.5, MUTED).anchor(Anchor::Middle))
}

/// A line through the points with a head at its end; broken lines carry what is not a path of the network.
fn arrow(pen: &Pen, points: &[(f64, f64)], tone: Tone, broken: bool) -> Result<(), PlotError> {
    let [.., before, tip] = points else { return Ok(()) };
    let length = (tip.0 - before.0).hypot(tip.1 - before.1).max(1e-9);
    let (dx, dy) = ((tip.0 - before.0) / length, (tip.1 - before.1) / length);
    let base = (tip.0 - 9.0 * dx, tip.1 - 9.0 * dy);
    let mut shaft = points.to_vec();
    *shaft.last_mut().expect("two points") = base;
    if broken {
        pen.dashes(&shaft, tone, 1.8, (6.0, 4.0))?
    } else {
        pen.line(&shaft, tone, 1.8)?
    }
    let side = |s: f64| (base.0 - s * 4.5 * dy, base.1 + s * 4.5 * dx);
    pen.polygon(&[*tip, side(1.0), side(-1.0)], tone, 1.0)
}
