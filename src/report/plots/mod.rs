//! Plots: one file per kind, all drawn with the layer over plotters.

mod curves;
mod differences;
mod grouped_bars;
pub mod layer;
mod plot;
mod repeats;
mod rows;

pub use curves::{accuracy_curves, angle_curves};
pub use differences::differences;
pub use grouped_bars::grouped_bars;
pub use plot::Plot;
pub use repeats::repeats;
pub use rows::rows;

use super::model::CellModel;
use super::palette::{INK, MUTED, Series, series};
use layer::{Anchor, Pen, Type};

/// What can go wrong while drawing.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    #[error("the embedded fonts could not be registered; this is a defect of the build")]
    Font,
    #[error("a plot could not be drawn: {0}")]
    Draw(String),
    #[error("plot `{0}` could not be turned into a picture: {1}")]
    Picture(String, String),
}

/// Width of every wide plot.
pub const WIDTH: f64 = 1100.0;

/// The distinct series of some cells, in their order.
fn all_series<'a>(cells: impl Iterator<Item = &'a CellModel>) -> Vec<Series> {
    super::model::distinct(cells.map(|c| series(&c.cell.rule)))
}

/// A key in one or more rows; returns the y below it.
fn legend(pen: &Pen, items: &[Series], left: f64, top: f64, right: f64) -> Result<f64, PlotError> {
    let look = Type::new(12.5, INK);
    let (mut x, mut y) = (left, top);
    for item in items {
        let width = 18.0 + pen.measure(&item.label, look);
        if x + width > right && x > left {
            (x, y) = (left, y + 21.0);
        }
        pen.bar([x, y - 6.0, 12.0, 12.0], item.tone, item.hatched)?;
        pen.text(&item.label, (x + 18.0, y), look)?;
        x += width + 22.0;
    }
    Ok(y + 16.0)
}

/// A quiet note at the bottom left.
fn note(pen: &Pen, text: &str, y: f64) -> Result<(), PlotError> {
    pen.text(text, (24.0, y), Type::new(11.5, MUTED))
}

/// Middle-anchored label.
fn middle(size: f64) -> Type {
    Type::new(size, INK).anchor(Anchor::Middle)
}
