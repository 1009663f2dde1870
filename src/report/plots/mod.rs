//! Plots: one file per kind, all drawn with the layer over plotters.

mod betas;
pub mod canvas;
mod curves;
mod differences;
mod grouped_bars;
mod growth;
pub mod layer;
mod measures;
mod plot;
mod repeats;
mod rows;

pub use betas::betas;
pub use curves::{accuracy_curves, angle_curves};
pub use differences::differences;
pub use grouped_bars::grouped_bars;
pub use growth::growth;
pub use measures::{Block, Line, Measure, Scale, measures};
pub use plot::Plot;
pub use repeats::repeats;
pub use rows::rows;

use super::format::possible;
use super::model::{CellModel, FigureModel};
use super::palette::{Fill, INK, MUTED, Series, Tone, series};
use layer::{Anchor, Frame, Pen, Type};

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
    super::model::distinct(cells.map(|c| series(&c.cell)))
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
        pen.bar([x, y - 6.0, 12.0, 12.0], item.tone, item.fill)?;
        pen.text(&item.label, (x + 18.0, y), look)?;
        x += width + 22.0;
    }
    Ok(y + 16.0)
}

/// About how many rows [`legend`] takes in `room` pixels, before there is anything to measure with.
fn legend_rows(items: &[Series], room: f64) -> f64 {
    let (mut x, mut rows) = (0.0, 1.0);
    for item in items {
        let width = 18.0 + 6.6 * item.label.chars().count() as f64;
        if x + width > room && x > 0.0 {
            (x, rows) = (0.0, rows + 1.0);
        }
        x += width + 22.0;
    }
    rows
}

/// The mean of a row: a dot, or a ring where the bar would not be solid.
fn mark(pen: &Pen, look: &Series, at: (f64, f64)) -> Result<(), PlotError> {
    match look.fill {
        Fill::Solid => pen.dot(at, 4.4, look.tone),
        Fill::Outlined => {
            pen.ring(at, 4.6, look.tone, 1.4)?;
            pen.dot(at, 1.2, look.tone)
        }
        Fill::Striped | Fill::Crossed => pen.ring(at, 4.6, look.tone, 2.2),
    }
}

/// The interval of an accuracy at `x`: an end that no accuracy can have is open and stands at the limit. Returns the
/// height of its upper end.
fn accuracy_whisker(pen: &Pen, frame: &Frame, x: f64, ends: [f64; 2], cap: f64, tone: Tone) -> Result<f64, PlotError> {
    let ends = ends.map(|v| (frame.y(possible(v)), possible(v) == v));
    pen.whisker(x, ends, cap, tone)?;
    Ok(ends[1].0)
}

/// Room for what [`foot`] says of open ends.
fn foot_room(figure: &FigureModel) -> f64 {
    if figure.has_clipped() { 18.0 } else { 0.0 }
}

/// The note of a plot of accuracies that ends at `bottom`, and what an open end means where there is one.
fn foot(pen: &Pen, figure: &FigureModel, text: &str, bottom: f64) -> Result<(), PlotError> {
    let room = foot_room(figure);
    if room > 0.0 {
        note(
            pen,
            "An interval that ends at 0 or 100%, open and marked † in the table, reaches beyond.",
            bottom - 18.0,
        )?;
    }
    note(pen, text, bottom - 18.0 - room)
}

/// A quiet note at the bottom left.
fn note(pen: &Pen, text: &str, y: f64) -> Result<(), PlotError> {
    pen.text(text, (24.0, y), Type::new(11.5, MUTED))
}

/// Middle-anchored label.
fn middle(size: f64) -> Type {
    Type::new(size, INK).anchor(Anchor::Middle)
}
