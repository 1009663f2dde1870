//! Grouped bars: a panel per dataset, a group per network (or per variant of the rule), a bar per rule option; whiskers, every seed, chance level.

use super::layer::{Anchor, Frame, Pen, Type, draw, ticks};
use super::{Plot, PlotError, WIDTH, accuracy_whisker, all_series, foot, foot_room, legend, middle};
use crate::data::DatasetId;
use crate::net::Architecture;
use crate::report::format::{interval, percent, percent_or_none, plural};
use crate::report::model::{CellModel, FigureModel};
use crate::report::palette::{BAND, CHANCE, GRID, INK, MUTED, SURFACE, series};
use crate::study::Cell;
use crate::study::figures::PlotKind;

const PANEL: f64 = 250.0;
const GAP: f64 = 88.0;

/// Test accuracy of every cell of a figure.
pub fn grouped_bars(figure: &FigureModel) -> Result<Plot, PlotError> {
    let (datasets, groups) = (figure.datasets(), groups(figure));
    let by_variant = figure.figure.plot == PlotKind::Variants;
    let height = 130.0 + datasets.len() as f64 * (PANEL + GAP) + foot_room(figure);
    let named = figure.datasets().iter().map(|d| d.title()).collect::<Vec<_>>().join(" and ");
    let alt = format!(
        "Bar chart of test accuracy on {named}: {} of bars, backpropagation and {} beside it. The table below holds the same numbers.",
        plural(groups.len(), "group", "groups"),
        plural(all_series(figure.cells.iter()).len().saturating_sub(1), "rule", "rules")
    );
    let name = format!("figure-{}-accuracy", figure.figure.id);
    draw(&name, alt, (WIDTH, height), |pen| {
        pen.heading(
            &format!("{}: test accuracy", figure.figure.title),
            "After the last epoch. Number and bar: mean over seeds; whisker: 95% t interval; dots: every seed",
        )?;
        let mut top = legend(pen, &all_series(figure.cells.iter()), 24.0, 75.0, WIDTH - 20.0)? + 46.0;
        for dataset in &datasets {
            let frame = Frame {
                left: 62.0,
                top,
                width: WIDTH - 62.0 - 24.0,
                height: PANEL,
                x: (0.0, groups.len() as f64),
                y: (0.0, ceiling(figure, *dataset)),
            };
            pen.text(dataset.title(), (24.0, top - 28.0), Type::new(14.0, INK).bold())?;
            for v in ticks(0.0, frame.y.1, 5) {
                let y = frame.y(v);
                pen.line(&[(frame.left, y), (frame.right(), y)], GRID, 1.0)?;
                let look = Type::new(12.0, MUTED).anchor(Anchor::End);
                pen.text(&format!("{:.0}%", v * 100.0), (frame.left - 8.0, y), look)?;
            }
            let reference = figure.cells.iter().find(|c| c.is_reference() && c.cell.dataset == *dataset);
            if let Some((cell, mean)) = reference.filter(|_| by_variant).and_then(|c| Some((c, c.summary.mean?))) {
                let y = frame.y(mean);
                let tone = series(&cell.cell).tone;
                pen.dashes(&[(frame.left, y), (frame.right(), y)], tone, 1.2, (7.0, 4.0))?;
            }
            for (i, (title, members)) in groups.iter().enumerate() {
                let cells: Vec<&CellModel> = members.iter().copied().filter(|c| c.cell.dataset == *dataset).collect();
                let room = frame.width / groups.len() as f64;
                // few bars stay bars
                let slot = ((room - 30.0) / cells.len().max(1) as f64).min(80.0);
                let left = frame.x(i as f64) + (room - slot * cells.len() as f64) / 2.0;
                for (j, cell) in cells.iter().enumerate() {
                    bar(pen, &frame, cell, figure.seeds_wanted, left + slot * j as f64, slot)?;
                }
                pen.text(title, (frame.x(i as f64 + 0.5), frame.bottom() + 17.0), middle(13.0))?;
                if i > 0 {
                    let x = frame.x(i as f64);
                    pen.line(&[(x, frame.top - 8.0), (x, frame.bottom() + 24.0)], GRID, 1.0)?;
                }
            }
            pen.line(&[(frame.left, frame.bottom()), (frame.right(), frame.bottom())], INK, 1.3)?;
            let chance = frame.y(dataset.chance());
            pen.dashes(&[(frame.left, chance), (frame.right(), chance)], CHANCE, 1.3, (5.0, 4.0))?;
            let look = Type::new(11.0, CHANCE).bold().anchor(Anchor::End);
            pen.text("chance", (frame.left - 8.0, chance), look)?;
            top += PANEL + GAP;
        }
        let mut words = "All bars start at zero; the panels end at different heights.".to_string();
        if by_variant {
            words += " The dashed line runs at backpropagation's mean.";
        }
        if figure.cells.iter().any(CellModel::is_matched) {
            words += " Binary kinds stand twice: with entries of ±1, and striped at the norm of the random kind.";
        }
        foot(pen, figure, &words, height)
    })
}

/// Groups of bars from left to right, each with its cells of every dataset: by network, or by variant of the rule.
fn groups(figure: &FigureModel) -> Vec<(String, Vec<&CellModel>)> {
    if figure.figure.plot != PlotKind::Variants {
        let of = |n: &Architecture| figure.cells.iter().filter(|c| c.cell.network == *n).collect();
        return figure.networks().iter().map(|n| (n.title(), of(n))).collect();
    }
    let mut groups: Vec<(String, Vec<&CellModel>)> = Vec::new();
    // a stable sort: baselines last, the others as the figure names them
    let mut cells: Vec<&CellModel> = figure.cells.iter().collect();
    cells.sort_by_key(|c| variant(&c.cell).is_none());
    for cell in cells {
        let title = variant(&cell.cell).unwrap_or("baselines");
        match groups.iter_mut().find(|g| g.0 == title) {
            Some(group) => group.1.push(cell),
            None => groups.push((title.to_string(), vec![cell])),
        }
    }
    groups
}

/// The variant of a rule that has several; `None` for baselines.
fn variant(cell: &Cell) -> Option<&'static str> {
    match (cell.rule.name(), cell.rule.option("variant").or(cell.rule.option("train"))) {
        ("hebbnet", Some("t")) => Some("with threshold"),
        ("hebbnet", Some("t-gs")) => Some("with threshold and sparsity"),
        ("hebbnet", _) => Some("local rule alone"),
        ("hd", Some("output")) => Some("hidden layer frozen"),
        ("hd", Some("hidden")) => Some("output layer frozen"),
        ("hd", _) => Some("all layers trained"),
        _ => None,
    }
}

/// The end of the axis: the next fifth above everything drawn, at most one.
fn ceiling(figure: &FigureModel, dataset: DatasetId) -> f64 {
    let cells = figure.cells.iter().filter(|c| c.cell.dataset == dataset);
    let highest = cells
        .flat_map(|c| c.runs.iter().filter_map(|r| r.test).chain(c.summary.high))
        .chain([dataset.chance()])
        .fold(0.0, f64::max);
    ((highest * 5.0).ceil() / 5.0).clamp(0.2, 1.0)
}

fn bar(pen: &Pen, frame: &Frame, cell: &CellModel, wanted: usize, left: f64, slot: f64) -> Result<(), PlotError> {
    let look = series(&cell.cell);
    let width = slot - 5.0;
    let center = left + slot / 2.0;
    let total = cell.runs.len();
    let small = Type::new(10.5, MUTED).anchor(Anchor::Middle);
    if total == 0 {
        pen.rect([center - width / 2.0, frame.bottom() - 54.0, width, 54.0], BAND, 1.0)?;
        pen.upright("no trials", (center, frame.bottom() - 27.0), small)?;
        return Ok(());
    }
    let mut reach = frame.bottom();
    if let Some(mean) = cell.summary.mean {
        let y = frame.y(mean);
        pen.bar([center - width / 2.0, y, width, frame.bottom() - y], look.tone, look.fill)?;
        reach = y;
        if let (Some(low), Some(high)) = (cell.summary.low, cell.summary.high) {
            reach = reach.min(accuracy_whisker(pen, frame, center, [low, high], 4.5, INK)?);
        }
    }
    let runs: Vec<_> = cell.runs.iter().filter(|r| r.test.is_some()).collect();
    for (i, run) in runs.iter().enumerate() {
        let y = frame.y(run.test.expect("filtered"));
        // side by side in the order of the seeds, the middle left free for the whisker
        let step = (width - 12.0) / runs.len().max(2) as f64;
        let x = center + (i as f64 - (runs.len() as f64 - 1.0) / 2.0) * step;
        pen.dot((x, y), 1.7, INK)?;
        reach = reach.min(y - 2.6);
    }
    if let Some(mean) = cell.summary.mean {
        let text = format!("{:.1}", mean * 100.0);
        // lines behind end at the number
        let wide = pen.measure(&text, middle(11.5)) + 4.0;
        pen.rect([center - wide / 2.0, reach - 15.0, wide, 12.5], SURFACE, 0.85)?;
        pen.text(&text, (center, reach - 9.0), middle(11.5))?;
        reach -= 18.0;
    }
    if cell.diverged() > 0 {
        let look = Type::new(10.0, CHANCE).bold().anchor(Anchor::Middle);
        if cell.finished() == 0 {
            reach = frame.y(cell.cell.dataset.chance()) - 8.0;
            pen.upright(&format!("diverged {} of {total}", cell.diverged()), (center, reach - 42.0), look)?;
        } else {
            pen.text(&format!("{} of {total}", cell.diverged()), (center, reach - 5.0), look)?;
            pen.text("diverged", (center, reach - 17.0), look)?;
        }
    }
    let mut text = format!("{} · {}\n", cell.cell.network.title(), look.label);
    if cell.summary.mean.is_some() {
        text += &format!("mean {}%", percent_or_none(cell.summary.mean));
        text += &format!(", 95% interval {}\n", interval(cell.summary.low, cell.summary.high));
        for run in &runs {
            text += &format!("seed {}: {}\n", run.seed, percent(run.test.expect("filtered")));
        }
    }
    if cell.diverged() > 0 {
        text += &format!("diverged: {} of {total}\n", cell.diverged());
    }
    if total < wanted {
        text += &format!("{total} of {wanted} seeds so far\n");
    }
    let high = frame.top - 24.0;
    pen.spot([left, high, slot, frame.bottom() - high], text.trim_end().to_string());
    Ok(())
}
