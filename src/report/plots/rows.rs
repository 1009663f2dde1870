//! Rows: whatever a study of the user's own compares, a block per dataset and network, a row per cell and setting.

use super::layer::{Anchor, Frame, Pen, Type, draw, tick_label, ticks};
use super::{Plot, PlotError, WIDTH, foot, foot_room, mark, middle};
use crate::report::format::{headed, interval, percent, percent_or_none};
use crate::report::model::{CellModel, FigureModel};
use crate::report::palette::{BAND, CHANCE, GRID, INK, MUTED, series};

const ROW: f64 = 21.0;
const HEAD: f64 = 34.0;
const LABELS: f64 = 372.0;

/// Test accuracy of every cell and setting of a study.
pub fn rows(figure: &FigureModel) -> Result<Plot, PlotError> {
    let blocks: Vec<_> = figure
        .datasets()
        .into_iter()
        .flat_map(|d| figure.networks().into_iter().map(move |n| (d, n)))
        .map(|(d, n)| (d, n.clone(), figure.group(d, &n)))
        .filter(|(_, _, cells)| !cells.is_empty())
        .collect();
    let body: f64 = blocks.iter().map(|(_, _, cells)| HEAD + ROW * cells.len() as f64).sum();
    let height = 84.0 + body + 74.0 + foot_room(figure);
    let alt = format!(
        "Dot plot of the test accuracy of {} cells with 95% intervals and every seed. The table below holds the same numbers.",
        figure.cells.len()
    );
    let range = range(figure);
    draw(&format!("figure-{}-accuracy", figure.figure.id), alt, (WIDTH, height), |pen| {
        pen.heading(
            &headed(figure.figure.title, "test accuracy"),
            "After the last epoch. Large dot: mean over seeds; line: 95% t interval; small dots: every seed",
        )?;
        let frame =
            Frame { left: LABELS, top: 84.0, width: WIDTH - LABELS - 70.0, height: body, x: range, y: (0.0, 1.0) };
        let marks = ticks(range.0 * 100.0, range.1 * 100.0, 6);
        let step = if marks.len() > 1 { marks[1] - marks[0] } else { 1.0 };
        for tick in marks {
            let x = frame.x(tick / 100.0);
            pen.line(&[(x, frame.top + 6.0), (x, frame.bottom())], GRID, 1.0)?;
            let look = Type { tone: MUTED, ..middle(12.0) };
            pen.text(&format!("{}%", tick_label(tick, step)), (x, frame.bottom() + 14.0), look)?;
        }
        let mut top = frame.top;
        for (dataset, network, cells) in &blocks {
            let title = format!("{}, {}", dataset.title(), network.title());
            pen.text(&title, (24.0, top + HEAD / 2.0 + 4.0), Type::new(13.0, INK).bold())?;
            top += HEAD;
            let chance = dataset.chance();
            if (range.0..=range.1).contains(&chance) {
                let x = frame.x(chance);
                let end = top + ROW * cells.len() as f64;
                pen.dashes(&[(x, top), (x, end)], CHANCE, 1.3, (5.0, 4.0))?;
                pen.text("chance", (x, top - 8.0), Type { tone: CHANCE, ..middle(10.5) })?;
            }
            for (i, cell) in cells.iter().enumerate() {
                if i % 2 == 0 {
                    pen.rect([20.0, top, WIDTH - 40.0, ROW], BAND, 0.6)?;
                }
                row(pen, &frame, cell, top + ROW / 2.0, figure.seeds_wanted)?;
                top += ROW;
            }
        }
        foot(
            pen,
            figure,
            "The axis does not start at zero unless it says so; the chance level is drawn where it is in range.",
            height,
        )
    })
}

/// Everything drawn, with a little room.
fn range(figure: &FigureModel) -> (f64, f64) {
    let of = |c: &CellModel| {
        let s = c.summary;
        c.runs.iter().filter_map(|r| r.test).chain(s.low).chain(s.high).collect::<Vec<_>>()
    };
    let values: Vec<f64> = figure.cells.iter().flat_map(of).map(|v| v.clamp(0.0, 1.0)).collect();
    let (low, high) = values.iter().fold((1.0f64, 0.0f64), |(l, h), v| (l.min(*v), h.max(*v)));
    if values.is_empty() {
        return (0.0, 1.0);
    }
    let room = ((high - low) * 0.06).max(0.005);
    ((low - room).max(0.0), (high + room).min(1.0))
}

fn row(pen: &Pen, frame: &Frame, cell: &CellModel, y: f64, wanted: usize) -> Result<(), PlotError> {
    let look = series(&cell.cell);
    pen.bar([24.0, y - 5.0, 10.0, 10.0], look.tone, look.fill)?;
    pen.text(&cell.plain_name(), (41.0, y), Type::new(12.0, INK))?;
    let mut words = cell.plain_name();
    if let Some(mean) = cell.summary.mean {
        if let (Some(low), Some(high)) = (cell.summary.low, cell.summary.high) {
            let ends = (frame.x(low.max(frame.x.0)), frame.x(high.min(frame.x.1)));
            pen.line(&[(ends.0, y), (ends.1, y)], look.tone, 2.4)?;
        }
        for run in cell.runs.iter().filter_map(|r| r.test) {
            pen.dot((frame.x(run), y), 1.7, INK)?;
        }
        let at = (frame.x(mean), y);
        mark(pen, &look, at)?;
        let right = (WIDTH - 24.0, y);
        pen.text(&percent(mean), right, Type::new(12.0, INK).anchor(Anchor::End))?;
        words += &format!(
            "\nmean {}%, 95% interval {}",
            percent_or_none(Some(mean)),
            interval(cell.summary.low, cell.summary.high)
        );
    }
    let (total, diverged) = (cell.runs.len(), cell.diverged());
    if total == 0 {
        pen.text("no trials", (frame.left + 8.0, y), Type::new(11.0, MUTED))?;
    }
    if diverged > 0 {
        let text = format!("diverged {diverged} of {total}");
        pen.text(&text, (frame.left + 8.0, y), Type::new(11.0, CHANCE).bold())?;
        words += &format!("\n{text}");
    }
    if total < wanted {
        words += &format!("\n{total} of {wanted} seeds so far");
    }
    pen.spot([20.0, y - ROW / 2.0, WIDTH - 40.0, ROW], words);
    Ok(())
}
