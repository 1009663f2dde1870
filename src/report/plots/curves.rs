//! Small multiples over epochs: a row per dataset, a column per network, a line per rule option.

use super::layer::{Anchor, Frame, Pen, Type, draw, tick_label, ticks};
use super::{Plot, PlotError, WIDTH, legend, legend_rows, middle, note};
use crate::data::DatasetId;
use crate::report::format::plural;
use crate::report::model::{CellModel, FigureModel, Point, distinct};
use crate::report::palette::{CHANCE, GRID, INK, MUTED, Series, series};

const PANEL: f64 = 176.0;
const GAP: f64 = 84.0;

/// What is followed over the epochs.
struct Measure {
    stem: &'static str,
    title: &'static str,
    sub: &'static str,
    unit: &'static str,
    /// Factor from the stored value to the shown one.
    factor: f64,
    value: fn(&Point) -> Option<f64>,
    /// Limits that the axis never leaves.
    limits: (f64, f64),
    note: &'static str,
}

/// Test accuracy after each epoch.
pub fn accuracy_curves(figure: &FigureModel) -> Result<Option<Plot>, PlotError> {
    let measure = Measure {
        stem: "curves",
        title: "test accuracy by epoch",
        sub: "Mean over seeds; the shade reaches from the lowest to the highest seed",
        unit: "%",
        factor: 100.0,
        value: |p| p.test,
        limits: (0.0, 100.0),
        note: "The axes of each row are the same and need not start at zero. A diverged trial counts up to the epoch in which it stopped.",
    };
    curves(figure, &measure, |c| !c.curves.is_empty())
}

/// Angle between feedback and the forward path it replaces, first hidden layer.
pub fn angle_curves(figure: &FigureModel) -> Result<Option<Plot>, PlotError> {
    let measure = Measure {
        stem: "angles",
        title: "alignment of the first hidden layer's feedback",
        sub: "Angle between B and the forward path that it replaces; 90° is chance, 0° is backpropagation. Mean and range over seeds",
        unit: "°",
        factor: 1.0,
        value: |p| p.angles[0],
        limits: (0.0, 180.0),
        note: "A falling line means that the forward weights turn towards the feedback.",
    };
    curves(figure, &measure, |c| c.is_compared() && c.curves.iter().flatten().any(|p| p.angles[0].is_some()))
}

/// Per epoch: mean, lowest, highest.
type Band = Vec<(f64, [f64; 3])>;

fn band(cell: &CellModel, m: &Measure) -> Band {
    let mut epochs: Vec<u32> = distinct(cell.curves.iter().flatten().map(|p| p.epoch));
    epochs.sort_unstable();
    epochs
        .into_iter()
        .filter_map(|epoch| {
            let all = cell.curves.iter().flatten().filter(|p| p.epoch == epoch);
            let values: Vec<f64> = all.filter_map(m.value).map(|v| v * m.factor).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            (!values.is_empty()).then_some((f64::from(epoch), [mean, low, high]))
        })
        .collect()
}

fn curves(figure: &FigureModel, m: &Measure, keep: fn(&CellModel) -> bool) -> Result<Option<Plot>, PlotError> {
    let cells: Vec<&CellModel> = figure.cells.iter().filter(|c| keep(c)).collect();
    // one epoch makes no curve
    if !cells.iter().any(|c| c.curves.iter().any(|points| points.len() > 1)) {
        return Ok(None);
    }
    let datasets: Vec<DatasetId> = distinct(cells.iter().map(|c| c.cell.dataset));
    let networks = figure.networks();
    let keys: Vec<Series> = distinct(cells.iter().map(|c| series(&c.cell)));
    let width = if networks.len() == 1 { 620.0 } else { WIDTH };
    // the legend grows downwards
    let more = (legend_rows(&keys, width - 44.0) - 1.0).max(0.0) * 21.0;
    let height = 126.0 + more + datasets.len() as f64 * (PANEL + GAP);
    let alt = format!(
        "Line charts of {} for {}: {}, {}.",
        m.title,
        datasets.iter().map(|d| d.title()).collect::<Vec<_>>().join(" and "),
        if networks.len() == 1 {
            "one network".into()
        } else {
            format!("a panel for each of {} networks", networks.len())
        },
        plural(keys.len(), "line", "lines")
    );
    let plot = draw(&format!("figure-{}-{}", figure.figure.id, m.stem), alt, (width, height), |pen| {
        pen.heading(&crate::report::format::headed(figure.figure.title, m.title), m.sub)?;
        let mut top = legend(pen, &keys, 24.0, 75.0, width - 20.0)? + 34.0;
        for dataset in &datasets {
            let bands: Vec<(&CellModel, Band)> =
                cells.iter().filter(|c| c.cell.dataset == *dataset).map(|c| (*c, band(c, m))).collect();
            let values = bands.iter().flat_map(|(_, b)| b.iter().flat_map(|(_, v)| *v));
            let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
            let marks = ticks(low, high.max(low + 1.0), 5);
            let step = if marks.len() > 1 { marks[1] - marks[0] } else { 1.0 };
            let y = (
                ((low / step).floor() * step).max(m.limits.0),
                ((high / step).ceil() * step).min(m.limits.1).max(low + step),
            );
            let last = bands.iter().flat_map(|(_, b)| b.iter().map(|p| p.0)).fold(1.0, f64::max);
            let inner = (width - 62.0 - 24.0 + 58.0) / networks.len() as f64;
            for (i, network) in networks.iter().enumerate() {
                let frame = Frame {
                    left: 62.0 + inner * i as f64,
                    top,
                    width: inner - 58.0,
                    height: PANEL,
                    x: if last > 1.0 { (1.0, last) } else { (0.5, 1.5) },
                    y,
                };
                let here = bands.iter().filter(|(c, _)| c.cell.network == *network || c.is_linear());
                pen.text(
                    &format!("{} · {}", dataset.title(), network.title()),
                    (frame.left, top - 18.0),
                    Type::new(13.0, INK).bold(),
                )?;
                axes(pen, &frame, m.unit, y)?;
                if m.unit == "%" && y.0 < 10.0 {
                    let chance = frame.y(dataset.chance() * 100.0);
                    pen.dashes(&[(frame.left, chance), (frame.right(), chance)], CHANCE, 1.1, (4.0, 4.0))?;
                    let look = Type::new(10.5, CHANCE).bold().anchor(Anchor::End);
                    pen.text("chance", (frame.right(), chance - 8.0), look)?;
                }
                lines(pen, &frame, here, m)?;
            }
            top += PANEL + GAP;
        }
        note(pen, if networks.len() == 1 { "The axis need not start at zero." } else { m.note }, height - 18.0)
    })?;
    Ok(Some(plot))
}

fn axes(pen: &Pen, frame: &Frame, unit: &str, y: (f64, f64)) -> Result<(), PlotError> {
    let marks = ticks(y.0, y.1, 5);
    let step = if marks.len() > 1 { marks[1] - marks[0] } else { 1.0 };
    for tick in marks {
        let at = frame.y(tick);
        pen.line(&[(frame.left, at), (frame.right(), at)], GRID, 1.0)?;
        let look = Type::new(11.5, MUTED).anchor(Anchor::End);
        pen.text(&format!("{}{unit}", tick_label(tick, step)), (frame.left - 8.0, at), look)?;
    }
    pen.line(&[(frame.left, frame.bottom()), (frame.right(), frame.bottom())], INK, 1.2)?;
    let look = Type { tone: MUTED, ..middle(11.5) };
    for tick in ticks(frame.x.0, frame.x.1, 6).into_iter().filter(|t| t.fract().abs() < 1e-9) {
        let x = frame.x(tick);
        pen.line(&[(x, frame.bottom()), (x, frame.bottom() + 4.0)], INK, 1.0)?;
        pen.text(&format!("{tick:.0}"), (x, frame.bottom() + 13.0), look)?;
    }
    pen.text("epoch", (frame.x((frame.x.0 + frame.x.1) / 2.0), frame.bottom() + 28.0), look)
}

fn lines<'a>(
    pen: &Pen,
    frame: &Frame,
    bands: impl Iterator<Item = &'a (&'a CellModel, Band)>,
    m: &Measure,
) -> Result<(), PlotError> {
    let bands: Vec<_> = bands.collect();
    if bands.is_empty() {
        let at = (frame.left + frame.width / 2.0, frame.top + frame.height / 2.0);
        return pen.text("no trials", at, Type { tone: MUTED, ..middle(12.0) });
    }
    for (cell, band) in bands.iter().filter(|b| b.1.len() > 1) {
        let tone = series(&cell.cell).tone;
        let up = band.iter().map(|(x, v)| frame.at(*x, v[2]));
        let down = band.iter().rev().map(|(x, v)| frame.at(*x, v[1]));
        pen.polygon(&up.chain(down).collect::<Vec<_>>(), tone, 0.13)?;
    }
    let mut text: Vec<String> = Vec::new();
    // backpropagation last, so that it stays visible
    for (cell, band) in bands.iter().rev() {
        let look = series(&cell.cell);
        let points: Vec<(f64, f64)> = band.iter().map(|(x, v)| frame.at(*x, v[0])).collect();
        if !look.fill.is_solid() {
            pen.dashes(&points, look.tone, 1.8, (6.0, 3.5))?;
        } else if points.len() > 1 {
            pen.line(&points, look.tone, 1.9)?;
        }
        if points.len() <= 12 {
            for p in &points {
                if !look.fill.is_solid() { pen.ring(*p, 2.8, look.tone, 1.5)? } else { pen.dot(*p, 2.3, look.tone)? }
            }
        }
    }
    for (cell, band) in &bands {
        if let Some((epoch, v)) = band.last() {
            text.push(format!("{}: {:.1}{} (epoch {epoch})", series(&cell.cell).label, v[0], m.unit));
        }
    }
    pen.spot([frame.left, frame.top, frame.width, frame.height], text.join("\n"));
    Ok(())
}
