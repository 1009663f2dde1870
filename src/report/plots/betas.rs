//! Accuracy against beta on a log axis: a panel per dataset, a line per local rule, backpropagation as a band.

use super::layer::{Anchor, Frame, Pen, Type, draw, ticks};
use super::{Plot, PlotError, WIDTH, accuracy_whisker, foot, foot_room};
use crate::report::format::{interval, percent_or_none, possible};
use crate::report::model::{CellModel, FigureModel};
use crate::report::palette::{CHANCE, GRID, INK, MUTED, Tone, named, series};

const PANEL: f64 = 300.0;
const LEFT: f64 = 62.0;

/// One point: `log10(beta)` and its cell.
type Points<'a> = Vec<(f64, &'a CellModel)>;

/// Test accuracy of the sum rule over beta.
pub fn betas(figure: &FigureModel) -> Result<Plot, PlotError> {
    let datasets = figure.datasets();
    let of = |local: &str| -> Points {
        let cells = figure.cells.iter().filter(|c| c.cell.rule.option("local") == Some(local));
        let mut points: Points = cells.filter_map(|c| Some((exponent(c)?, c))).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        points
    };
    let lines = [("Hebb", named("hebb"), of("hebb")), ("Oja", named("oja"), of("oja"))];
    let all = || lines.iter().flat_map(|l| l.2.iter().map(|p| p.0));
    let (low, high) = all().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    let (low, high) = if low.is_finite() { (low, high) } else { (-6.0, -1.0) };
    let names = datasets.iter().map(|d| d.title()).collect::<Vec<_>>().join(" and ");
    let alt = format!(
        "Line chart of test accuracy on {names} against beta from 1e{low:.0} to 1e{high:.0} on a logarithmic axis, with Hebb's and with Oja's rule; backpropagation is a level band. The table below holds the same numbers."
    );
    let height = 122.0 + PANEL + 92.0 + foot_room(figure);
    draw(&format!("figure-{}-accuracy", figure.figure.id), alt, (WIDTH, height), |pen| {
        pen.heading(
            &format!("{}: test accuracy over beta", figure.figure.title),
            "After the last epoch. Large dot: mean over seeds; whisker: 95% t interval; small dots: every seed; band: backpropagation's interval",
        )?;
        key(pen, &lines)?;
        let inner = (WIDTH - 24.0 - LEFT + 70.0) / datasets.len() as f64;
        for (d, dataset) in datasets.iter().enumerate() {
            let cells: Vec<&CellModel> = figure.cells.iter().filter(|c| c.cell.dataset == *dataset).collect();
            let highest = cells
                .iter()
                .flat_map(|c| c.runs.iter().filter_map(|r| r.test).chain(c.summary.high))
                .fold(dataset.chance(), f64::max);
            let frame = Frame {
                left: LEFT + inner * d as f64,
                top: 122.0,
                width: inner - 70.0,
                height: PANEL,
                x: (low - 0.35, high + 0.35),
                y: (0.0, ((highest * 10.0).ceil() / 10.0).clamp(0.2, 1.0)),
            };
            pen.text(dataset.title(), (frame.left, frame.top - 18.0), Type::new(14.0, INK).bold())?;
            axes(pen, &frame, (low, high))?;
            let chance = frame.y(dataset.chance());
            pen.dashes(&[(frame.left, chance), (frame.right(), chance)], CHANCE, 1.2, (5.0, 4.0))?;
            // at the small betas, whose accuracies are high
            pen.text("chance", (frame.left + 4.0, chance - 9.0), Type::new(11.0, CHANCE).bold())?;
            if let Some(cell) = cells.iter().find(|c| c.is_reference()) {
                level(pen, &frame, cell)?;
            }
            for (i, (_, tone, points)) in lines.iter().enumerate() {
                let here: Points = points.iter().copied().filter(|p| p.1.cell.dataset == *dataset).collect();
                line(pen, &frame, &here, *tone, i)?;
            }
        }
        foot(
            pen,
            figure,
            "The axes of accuracy start at zero and may end differently. Beta weighs the Hebbian term; backpropagation is beta = 0.",
            height,
        )
    })
}

fn exponent(cell: &CellModel) -> Option<f64> {
    let beta: f64 = cell.cell.rule.option("beta")?.parse().ok()?;
    (beta > 0.0).then(|| beta.log10())
}

fn key(pen: &Pen, lines: &[(&str, Tone, Points)]) -> Result<(), PlotError> {
    let look = Type::new(12.5, INK);
    let mut x = 24.0;
    let names = lines.iter().map(|l| (format!("with {}'s rule", l.0), l.1));
    for (name, tone) in names.chain([("backpropagation".to_string(), named("bp"))]) {
        pen.line(&[(x, 75.0), (x + 20.0, 75.0)], tone, 2.4)?;
        pen.dot((x + 10.0, 75.0), 3.4, tone)?;
        pen.text(&name, (x + 27.0, 75.0), look)?;
        x += 27.0 + pen.measure(&name, look) + 24.0;
    }
    Ok(())
}

fn axes(pen: &Pen, frame: &Frame, (low, high): (f64, f64)) -> Result<(), PlotError> {
    for v in ticks(0.0, frame.y.1, 5) {
        let y = frame.y(v);
        pen.line(&[(frame.left, y), (frame.right(), y)], GRID, 1.0)?;
        let look = Type::new(12.0, MUTED).anchor(Anchor::End);
        pen.text(&format!("{:.0}%", v * 100.0), (frame.left - 8.0, y), look)?;
    }
    pen.line(&[(frame.left, frame.bottom()), (frame.right(), frame.bottom())], INK, 1.3)?;
    let look = Type::new(12.0, MUTED).anchor(Anchor::Middle);
    for e in low.ceil() as i32..=high.floor() as i32 {
        let x = frame.x(f64::from(e));
        pen.line(&[(x, frame.bottom()), (x, frame.bottom() + 5.0)], INK, 1.0)?;
        pen.text(
            &if e >= -2 { format!("{}", 10f64.powi(e)) } else { format!("1e{e}") },
            (x, frame.bottom() + 17.0),
            look,
        )?;
    }
    pen.text("beta", (frame.left + frame.width / 2.0, frame.bottom() + 37.0), look)
}

/// Backpropagation: its mean, and its interval as a band.
fn level(pen: &Pen, frame: &Frame, cell: &CellModel) -> Result<(), PlotError> {
    let Some(mean) = cell.summary.mean else { return Ok(()) };
    let tone = series(&cell.cell).tone;
    if let (Some(low), Some(high)) = (cell.summary.low, cell.summary.high) {
        let (top, bottom) = (frame.y(possible(high)), frame.y(possible(low)));
        pen.rect([frame.left, top, frame.width, bottom - top], tone, 0.22)?;
    }
    let y = frame.y(mean);
    pen.line(&[(frame.left, y), (frame.right(), y)], tone, 1.5)?;
    let text = format!(
        "backpropagation\nmean {}%, 95% interval {}",
        percent_or_none(Some(mean)),
        interval(cell.summary.low, cell.summary.high)
    );
    pen.spot([frame.left, y - 6.0, frame.width, 12.0], text);
    Ok(())
}

fn line(pen: &Pen, frame: &Frame, points: &Points, tone: Tone, place: usize) -> Result<(), PlotError> {
    // side by side where both rules stand at one beta
    let shift = if place == 0 { -5.0 } else { 5.0 };
    let at = |e: f64, v: f64| (frame.x(e) + shift, frame.y(v));
    let means: Vec<Option<(f64, f64)>> = points.iter().map(|(e, c)| c.summary.mean.map(|m| at(*e, m))).collect();
    // a beta without a mean breaks the line
    for piece in means.split(Option::is_none) {
        let piece: Vec<(f64, f64)> = piece.iter().flatten().copied().collect();
        if piece.len() > 1 {
            pen.line(&piece, tone, 2.0)?;
        }
    }
    for ((e, cell), mean) in points.iter().zip(means) {
        let x = frame.x(*e) + shift;
        let s = &cell.summary;
        let label = series(&cell.cell).label;
        let mut words = label.clone();
        if let (Some(low), Some(high)) = (s.low, s.high) {
            accuracy_whisker(pen, frame, x, [low, high], 4.0, tone)?;
        }
        for run in cell.runs.iter().filter_map(|r| r.test) {
            pen.dot((x, frame.y(run)), 1.5, INK)?;
        }
        if let Some(mean) = mean {
            pen.dot(mean, 3.8, tone)?;
            words += &format!("\nmean {}%, 95% interval {}", percent_or_none(s.mean), interval(s.low, s.high));
        }
        let (total, diverged) = (cell.runs.len(), cell.diverged());
        let look = Type::new(10.0, tone).bold().anchor(Anchor::Middle);
        if total == 0 {
            pen.upright("no trials", (x, frame.bottom() - 34.0), Type::new(10.0, MUTED).anchor(Anchor::Middle))?;
        } else if diverged > 0 {
            // in the rule's colour, above chance and moved away from the other rule's
            let y = frame.y(cell.cell.dataset.chance()) - 52.0;
            pen.upright(&format!("diverged {diverged} of {total}"), (x + shift, y), look)?;
            words += &format!("\ndiverged: {diverged} of {total}");
        }
        pen.spot([x - 5.0, frame.top, 10.0, frame.height], words);
    }
    Ok(())
}
