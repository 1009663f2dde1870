//! Repeats: every run a dot. Different seeds spread; one seed trained again must not.

use super::layer::{Anchor, Frame, Pen, Type, draw, tick_label, ticks};
use super::{Plot, PlotError, WIDTH, middle, note};
use crate::report::format::{deviation, percent};
use crate::report::model::{FigureModel, Run, mean_std};
use crate::report::palette::{BAND, GRID, INK, MUTED, series};

const ROW: f64 = 72.0;
const LABELS: f64 = 190.0;
const SPREADS: f64 = 132.0;

type Value = fn(&Run) -> Option<f64>;

/// Test and train accuracy of each run.
pub fn repeats(figure: &FigureModel) -> Result<Plot, PlotError> {
    let cell = &figure.cells[0];
    let tone = series(&cell.cell).tone;
    let measures: [(&str, Value); 2] = [("Test accuracy", |r| r.test), ("Train accuracy", |r| r.train)];
    let rows: [(&str, &[Run]); 2] = [("different seeds", &cell.runs), ("the same seed again", &cell.repeats)];
    let panel = ROW * rows.len() as f64;
    let height = 84.0 + measures.len() as f64 * (panel + 74.0) + 26.0;
    let alt = format!(
        "Dot plot of test and train accuracy of {} runs with different seeds and {} runs of one seed. The table below holds the same numbers.",
        cell.runs.len(),
        cell.repeats.len()
    );
    draw(&format!("figure-{}-runs", figure.figure.id), alt, (WIDTH, height), |pen| {
        pen.heading(
            figure.figure.title,
            &format!(
                "{}, {}: every run is a dot, the line is the mean; std is the standard deviation in percentage points",
                cell.cell.dataset.title(),
                cell.cell.network.title()
            ),
        )?;
        let mut top = 104.0;
        for (name, value) in measures {
            let all: Vec<f64> = rows.iter().flat_map(|(_, runs)| runs.iter().filter_map(value)).collect();
            let (low, high) = range(&all);
            let frame = Frame {
                left: LABELS,
                top,
                width: WIDTH - LABELS - SPREADS - 24.0,
                height: panel,
                x: (low, high),
                y: (0.0, 1.0),
            };
            pen.text(name, (24.0, top - 14.0), Type::new(14.0, INK).bold())?;
            pen.rect([frame.left, top, frame.width, ROW], BAND, 1.0)?;
            let marks = ticks(low * 100.0, high * 100.0, 7);
            let step = if marks.len() > 1 { marks[1] - marks[0] } else { 1.0 };
            for tick in marks {
                let x = frame.x(tick / 100.0);
                pen.line(&[(x, top), (x, frame.bottom())], GRID, 1.0)?;
                let look = Type { tone: MUTED, ..middle(12.0) };
                pen.text(&format!("{}%", tick_label(tick, step)), (x, frame.bottom() + 15.0), look)?;
            }
            pen.line(&[(frame.left, frame.bottom()), (frame.right(), frame.bottom())], INK, 1.2)?;
            for (i, (label, runs)) in rows.iter().enumerate() {
                let y = top + ROW * (i as f64 + 0.5);
                pen.text(label, (24.0, y - 8.0), Type::new(13.0, INK))?;
                let present: Vec<(&Run, f64)> = runs.iter().filter_map(|r| value(r).map(|v| (r, v))).collect();
                let gone = runs.len() - present.len();
                let count = match gone {
                    0 => format!("{} runs", present.len()),
                    _ => format!("{} runs, {gone} diverged", runs.len()),
                };
                pen.text(&count, (24.0, y + 9.0), Type::new(11.5, MUTED))?;
                let values: Vec<f64> = present.iter().map(|p| p.1).collect();
                let (mean, std) = mean_std(&values);
                if let Some(mean) = mean {
                    let x = frame.x(mean);
                    pen.line(&[(x, y - 26.0), (x, y + 26.0)], tone, 2.0)?;
                }
                dots(pen, &frame, &present, y)?;
                let right = Type::new(12.5, INK).anchor(Anchor::Start);
                pen.text(&format!("std {}", deviation(std)), (frame.right() + 14.0, y), right.bold())?;
            }
            top += panel + 74.0;
        }
        note(pen, "The axes are cut to where the runs are: they do not start at zero.", height - 18.0)
    })
}

/// Around the runs, never narrower than 0.1 points.
fn range(values: &[f64]) -> (f64, f64) {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if values.is_empty() {
        return (0.0, 1.0);
    }
    let pad = ((high - low) * 0.12).max(0.0005);
    (low - pad, high + pad)
}

fn dots(pen: &Pen, frame: &Frame, runs: &[(&Run, f64)], y: f64) -> Result<(), PlotError> {
    for (i, (run, v)) in runs.iter().enumerate() {
        // spread over the height, so that equal values stay countable
        let y = y + (i as f64 - (runs.len() as f64 - 1.0) / 2.0) * 9.0;
        let at = (frame.x(*v), y);
        pen.dot(at, 4.2, INK)?;
        let what = if run.repeat > 0 {
            format!("seed {}, again ({})", run.seed, run.repeat)
        } else {
            format!("seed {}", run.seed)
        };
        pen.spot([at.0 - 8.0, at.1 - 4.5, 16.0, 9.0], format!("{what}: {}%", percent(*v)));
    }
    Ok(())
}
