//! Differences from backpropagation, paired by seed: a panel per dataset, a row per cell, zero in the middle.

use super::layer::{Anchor, Frame, Pen, Type, draw, tick_label, ticks};
use super::{Plot, PlotError, WIDTH, mark, middle, note};
use crate::net::Architecture;
use crate::report::format::{points, points_interval};
use crate::report::model::{CellModel, FigureModel, distinct};
use crate::report::palette::{BAND, CHANCE, GRID, INK, MUTED, Series, series};

const ROW: f64 = 19.0;
const GROUP: f64 = 34.0;
const LABELS: f64 = 268.0;

/// Accuracy minus backpropagation's on the same network, in percentage points.
pub fn differences(figure: &FigureModel) -> Result<Plot, PlotError> {
    let datasets = figure.datasets();
    // a block per network; its rows are the same on every dataset
    let blocks: Vec<(Architecture, Vec<Series>)> = figure
        .networks()
        .into_iter()
        .map(|network| {
            let cells = figure.cells.iter().filter(|c| c.cell.network == network && c.is_compared());
            let rows = distinct(cells.map(|c| series(&c.cell)));
            (network, rows)
        })
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    let tops: Vec<f64> = blocks
        .iter()
        .scan(0.0, |top, (_, rows)| {
            let this = *top;
            *top += GROUP + ROW * rows.len() as f64;
            Some(this)
        })
        .collect();
    let body: f64 = blocks.iter().map(|(_, rows)| GROUP + ROW * rows.len() as f64).sum();
    let height = 100.0 + body + 74.0;
    let alt = format!(
        "Dot plot of the difference in test accuracy from backpropagation, paired by seed, for each of {} cells, with 95% intervals. The table below holds the same numbers.",
        figure.cells.iter().filter(|c| c.is_compared()).count()
    );
    draw(&format!("figure-{}-difference", figure.figure.id), alt, (WIDTH, height), |pen| {
        pen.heading(
            &format!("{}: difference from backpropagation", figure.figure.title),
            "Percentage points, paired by seed: mean and 95% t interval; right of the line is better than backpropagation",
        )?;
        let inner = WIDTH - LABELS - 24.0;
        let wide = inner / datasets.len() as f64 - 28.0;
        for (d, dataset) in datasets.iter().enumerate() {
            let cells: Vec<&CellModel> =
                figure.cells.iter().filter(|c| c.cell.dataset == *dataset && c.is_compared()).collect();
            let (low, high) = range(&cells);
            let frame = Frame {
                left: LABELS + 14.0 + (wide + 28.0) * d as f64,
                top: 100.0,
                width: wide,
                height: body,
                x: (low, high),
                y: (0.0, 1.0),
            };
            pen.text(dataset.title(), (frame.left, 80.0), Type::new(14.0, INK).bold())?;
            for ((network, rows), top) in blocks.iter().zip(&tops) {
                let top = frame.top + top;
                if d == 0 {
                    pen.text(&network.title(), (24.0, top + GROUP / 2.0 + 3.0), Type::new(12.5, INK).bold())?;
                    for (r, row) in rows.iter().enumerate() {
                        let y = top + GROUP + ROW * (r as f64 + 0.5);
                        pen.bar([24.0, y - 5.0, 10.0, 10.0], row.tone, row.fill)?;
                        pen.text(&row.label, (41.0, y), Type::new(12.0, INK))?;
                    }
                }
                for r in (0..rows.len()).step_by(2) {
                    pen.rect([frame.left, top + GROUP + ROW * r as f64, frame.width, ROW], BAND, 1.0)?;
                }
            }
            let unit = Type { tone: MUTED, ..middle(12.0) };
            pen.text("percentage points", (frame.x((low + high) / 2.0), frame.bottom() + 32.0), unit)?;
            let marks = ticks(low * 100.0, high * 100.0, 6);
            let step = if marks.len() > 1 { marks[1] - marks[0] } else { 1.0 };
            for tick in marks {
                let x = frame.x(tick / 100.0);
                let zero = tick.abs() < 1e-9;
                let line = [(x, frame.top + 8.0), (x, frame.bottom())];
                pen.line(&line, if zero { INK } else { GRID }, if zero { 1.4 } else { 1.0 })?;
                let text = format!("{}{}", if tick > 1e-9 { "+" } else { "" }, tick_label(tick, step));
                pen.text(&text, (x, frame.bottom() + 14.0), Type { tone: MUTED, ..middle(12.0) })?;
            }
            for ((network, rows), top) in blocks.iter().zip(&tops) {
                for cell in figure.group(*dataset, network).into_iter().filter(|c| c.is_compared()) {
                    let look = series(&cell.cell);
                    let r = rows.iter().position(|row| *row == look).expect("a row of the block");
                    row(pen, &frame, cell, frame.top + top + GROUP + ROW * (r as f64 + 0.5))?;
                }
            }
        }
        note(pen, "Cells far to the left of the range stand at its edge with their value written out.", height - 18.0)
    })
}

/// A range that holds the cells near backpropagation; a collapsed cell must not squeeze the others.
fn range(cells: &[&CellModel]) -> (f64, f64) {
    let (mut low, mut high) = (-0.02f64, 0.01f64);
    for s in cells.iter().map(|c| &c.summary) {
        for v in [s.difference, s.difference_low, s.difference_high].into_iter().flatten() {
            if v >= -0.15 {
                low = low.min(v - 0.004);
            }
            if v <= 0.15 {
                high = high.max(v + 0.004);
            }
        }
    }
    let pad = (high - low) * 0.02;
    (low - pad, high + pad)
}

fn row(pen: &Pen, frame: &Frame, cell: &CellModel, y: f64) -> Result<(), PlotError> {
    let look = series(&cell.cell);
    let s = &cell.summary;
    let spot = [frame.left, y - ROW / 2.0, frame.width, ROW];
    let title = format!("{} · {}", cell.cell.network.title(), look.label);
    let small = Type::new(11.0, MUTED);
    let Some(mean) = s.difference else {
        let (text, look) = match (cell.runs.len(), cell.diverged()) {
            (0, _) => ("no trials".to_string(), small),
            (n, d) if d == n => (format!("diverged {d} of {n}"), Type::new(11.0, CHANCE).bold()),
            _ => ("no seed in common with backpropagation".to_string(), small),
        };
        pen.text(&text, (frame.left + 22.0, y), look)?;
        pen.spot(spot, format!("{title}\n{text}"));
        return Ok(());
    };
    let inside = |v: f64| v.clamp(frame.x.0, frame.x.1);
    if mean < frame.x.0 || mean > frame.x.1 {
        let left = mean < frame.x.0;
        let (tip, back) = if left { (frame.left + 3.0, 9.0) } else { (frame.right() - 3.0, -9.0) };
        pen.polygon(&[(tip, y), (tip + back, y - 5.0), (tip + back, y + 5.0)], look.tone, 1.0)?;
        let anchor = if left { Anchor::Start } else { Anchor::End };
        let mut text = points(mean);
        if s.difference_low.is_some() {
            text += &format!(" (95%: {})", points_interval(s.difference_low, s.difference_high));
        }
        if cell.diverged() > 0 {
            text += &format!("; diverged {} of {}", cell.diverged(), cell.runs.len());
        }
        pen.text(&text, (tip + back * 1.9, y), Type::new(11.0, INK).anchor(anchor))?;
    } else {
        if let (Some(low), Some(high)) = (s.difference_low, s.difference_high) {
            let (a, b) = (inside(low), inside(high));
            pen.line(&[(frame.x(a), y), (frame.x(b), y)], look.tone, 2.4)?;
            // an open end where the interval leaves the range
            for (end, cut) in [(a, a > low), (b, b < high)] {
                if !cut {
                    pen.line(&[(frame.x(end), y - 4.0), (frame.x(end), y + 4.0)], look.tone, 1.6)?;
                }
            }
        }
        let at = (frame.x(mean), y);
        if cell.diverged() > 0 {
            // on the side where the interval leaves more room
            let (low, high) = (s.difference_low.unwrap_or(mean), s.difference_high.unwrap_or(mean));
            let left = low - frame.x.0 > frame.x.1 - high;
            let (x, anchor) = if left {
                (frame.x(inside(low)) - 8.0, Anchor::End)
            } else {
                (frame.x(inside(high)) + 8.0, Anchor::Start)
            };
            let look = Type::new(10.5, CHANCE).bold().anchor(anchor);
            pen.text(&format!("diverged {} of {}", cell.diverged(), cell.runs.len()), (x, y), look)?;
        }
        mark(pen, &look, at)?;
    }
    let mut text = format!(
        "{title}\n{} points, 95% interval {}",
        points(mean),
        points_interval(s.difference_low, s.difference_high)
    );
    if cell.diverged() > 0 {
        text += &format!("\ndiverged: {} of {}", cell.diverged(), cell.runs.len());
    }
    pen.spot(spot, text);
    Ok(())
}
