//! Weights under a local rule alone: projection on the first principal component and largest row norm, against the
//! growth that a linear theory predicts.

use super::layer::{Anchor, Frame, Pen, Type, draw, tick_label, ticks};
use super::{Plot, PlotError, WIDTH, all_series, legend, note};
use crate::report::model::{CellModel, FigureModel, Growth};
use crate::report::palette::{GRID, INK, MUTED, series};

const PANEL: f64 = 240.0;
const GAP: f64 = 96.0;

/// The two panels of a dataset.
struct Side {
    title: &'static str,
    /// What is drawn, given the start.
    value: fn(&Growth, &Growth) -> f64,
    /// Whether the prediction is drawn: one to one.
    predicted: bool,
}

const SIDES: [Side; 2] = [
    Side {
        title: "log growth of the projection on the first principal component",
        value: |g, first| (g.projection / first.projection).ln(),
        predicted: true,
    },
    Side { title: "largest norm of a unit's weights", value: |g, _| g.row_norm, predicted: false },
];

/// A line per rule and seed; nothing without any trial.
pub fn growth(figure: &FigureModel) -> Result<Option<Plot>, PlotError> {
    let datasets = figure.datasets();
    let line = |points: &[crate::report::model::Point]| points.iter().filter_map(|p| p.growth).collect::<Vec<Growth>>();
    let lines: Vec<(&CellModel, Vec<Growth>)> = figure
        .cells
        .iter()
        .flat_map(|c| c.curves.iter().map(move |points| (c, line(points))))
        .filter(|(_, l)| l.len() > 1)
        .collect();
    if lines.is_empty() {
        return Ok(None);
    }
    let height = 122.0 + datasets.len() as f64 * (PANEL + GAP);
    let alt = "Line charts of the hidden layer's weights under Hebb's and Oja's rule against the predicted growth: their projection on the inputs' first principal component, and the largest norm of a unit's weights.";
    let plot = draw(&format!("figure-{}-growth", figure.figure.id), alt.into(), (WIDTH, height), |pen| {
        pen.heading(
            &format!("{}: predicted and found", figure.figure.title),
            "A line per seed. Horizontal: sum of the rates times half the largest eigenvalue of the inputs",
        )?;
        let mut top = legend(pen, &all_series(figure.cells.iter()), 24.0, 75.0, WIDTH - 20.0)? + 40.0;
        for dataset in &datasets {
            let here: Vec<_> = lines.iter().filter(|(c, _)| c.cell.dataset == *dataset).collect();
            let inner = (WIDTH - 62.0 - 24.0 + 70.0) / SIDES.len() as f64;
            for (i, side) in SIDES.iter().enumerate() {
                let left = 62.0 + inner * i as f64;
                let at = |l: &[Growth]| l.iter().map(|g| (g.exponent, (side.value)(g, &l[0]))).collect::<Vec<_>>();
                let drawn: Vec<(&CellModel, Vec<(f64, f64)>)> = here.iter().map(|(c, l)| (*c, at(l))).collect();
                let points = || drawn.iter().flat_map(|d| d.1.iter().copied()).filter(|p| p.1.is_finite());
                let last = points().map(|p| p.0).fold(1e-6, f64::max);
                let (low, high) = points().fold((0.0f64, 0.1f64), |(l, h), p| (l.min(p.1), h.max(p.1)));
                let high = if side.predicted { high.max(last) } else { high };
                let frame =
                    Frame { left, top, width: inner - 70.0, height: PANEL, x: (0.0, last), y: (low, high * 1.04) };
                let title = format!("{} · {}", dataset.title(), side.title);
                pen.text(&title, (frame.left, top - 16.0), Type::new(12.5, INK).bold())?;
                axes(pen, &frame)?;
                if side.predicted {
                    pen.dashes(&[frame.at(0.0, 0.0), frame.at(last, last)], MUTED, 1.4, (6.0, 4.0))?;
                }
                for (cell, points) in &drawn {
                    let tone = series(&cell.cell).tone;
                    let shown: Vec<_> = points.iter().filter(|p| p.1.is_finite()).map(|p| frame.at(p.0, p.1)).collect();
                    pen.line(&shown, tone, 1.8)?;
                }
            }
            top += PANEL + GAP;
        }
        note(pen, "Dashed: growth exactly as predicted. Axes of the two datasets differ.", height - 18.0)
    })?;
    Ok(Some(plot))
}

fn axes(pen: &Pen, frame: &Frame) -> Result<(), PlotError> {
    let step = |marks: &[f64]| if marks.len() > 1 { marks[1] - marks[0] } else { 1.0 };
    let marks = ticks(frame.y.0, frame.y.1, 5);
    for v in &marks {
        let y = frame.y(*v);
        pen.line(&[(frame.left, y), (frame.right(), y)], GRID, 1.0)?;
        let look = Type::new(12.0, MUTED).anchor(Anchor::End);
        pen.text(&tick_label(*v, step(&marks)), (frame.left - 8.0, y), look)?;
    }
    pen.line(&[(frame.left, frame.bottom()), (frame.right(), frame.bottom())], INK, 1.3)?;
    let look = Type::new(12.0, MUTED).anchor(Anchor::Middle);
    let marks = ticks(0.0, frame.x.1, 5);
    for v in &marks {
        let x = frame.x(*v);
        pen.line(&[(x, frame.bottom()), (x, frame.bottom() + 5.0)], INK, 1.0)?;
        pen.text(&tick_label(*v, step(&marks)), (x, frame.bottom() + 17.0), look)?;
    }
    pen.text("predicted log growth", (frame.left + frame.width / 2.0, frame.bottom() + 36.0), look)
}
