//! Validation accuracy over rates, one panel a search; and over how far HebbNet's weights moved.

use super::{Search, SearchPoint};
use crate::report::format;
use crate::report::palette::{BAND, CHANCE, GRID, INK, MUTED};
use crate::report::plots::layer::{Anchor, Frame, Pen, Type, draw, tick_label, ticks};
use crate::report::plots::{Plot, PlotError, WIDTH};

const COLUMNS: usize = 5;
const PANEL: (f64, f64) = (150.0, 92.0);
const STEP: (f64, f64) = (212.0, 168.0);
const TOP: f64 = 92.0;

/// The rates tried (with the winner's exponent, where there is one), ascending; no score where they overflowed.
fn by_rate(search: &Search) -> Vec<(f64, Option<f64>)> {
    let here = search.points.iter().filter(|p| p.growth == search.growth);
    let mut rates: Vec<(f64, Option<f64>)> = here.map(|p| (p.rate, p.accuracy)).collect();
    rates.sort_by(|a, b| a.0.total_cmp(&b.0));
    rates
}

pub(super) fn curves(searches: &[Search]) -> Result<Plot, PlotError> {
    let rows = searches.len().div_ceil(COLUMNS);
    let height = TOP + rows as f64 * STEP.1 + 16.0;
    let alt = format!(
        "{} small line charts of validation accuracy over the learning rate, one per search, the winner marked. The table below holds the winners.",
        searches.len()
    );
    draw("searches-rates", alt, (WIDTH, height), |pen| {
        pen.heading(
            "Validation accuracy over the rate",
            "A panel per search, each with axes of its own. Ring: the winner; cross at the foot: overflow. HebbNet: at the winning growth exponent",
        )?;
        for (i, search) in searches.iter().enumerate() {
            let at = (62.0 + (i % COLUMNS) as f64 * STEP.0, TOP + 34.0 + (i / COLUMNS) as f64 * STEP.1);
            panel(pen, search, at)?;
        }
        Ok(())
    })
}

fn panel(pen: &Pen, search: &Search, (left, top): (f64, f64)) -> Result<(), PlotError> {
    let points = by_rate(search);
    let logs: Vec<f64> = points.iter().map(|p| p.0.log10()).collect();
    let (low, high) = (logs.first().copied().unwrap_or(0.0), logs.last().copied().unwrap_or(1.0));
    let scores: Vec<f64> = points.iter().filter_map(|p| p.1).collect();
    let (bottom, peak) = scores.iter().fold((f64::INFINITY, 0.0f64), |(l, h), v| (l.min(*v), h.max(*v)));
    let bottom = if bottom.is_finite() { bottom } else { 0.0 };
    let y = ((bottom - 0.02).max(0.0), peak.max(bottom + 0.01) + 0.02);
    let frame = Frame { left, top, width: PANEL.0, height: PANEL.1, x: (low - 0.15, high + 0.15), y };
    pen.text(&search.name, (left - 38.0, top - 28.0), Type::new(11.5, INK).bold())?;
    pen.text(&search.place, (left - 38.0, top - 12.0), Type::new(10.5, MUTED))?;
    pen.rect([left, top, PANEL.0, PANEL.1], BAND, 0.6)?;
    let marks = ticks(y.0 * 100.0, y.1 * 100.0, 3);
    let step = if marks.len() > 1 { marks[1] - marks[0] } else { 1.0 };
    for mark in marks {
        let at = frame.y(mark / 100.0);
        pen.line(&[(left, at), (frame.right(), at)], GRID, 1.0)?;
        let look = Type::new(10.0, MUTED).anchor(Anchor::End);
        pen.text(&format!("{}%", tick_label(mark, step)), (left - 5.0, at), look)?;
    }
    let every = if high - low > 4.0 { 2 } else { 1 };
    for power in (low.ceil() as i32..=high.floor() as i32).step_by(every) {
        let x = frame.x(f64::from(power));
        pen.line(&[(x, frame.bottom()), (x, frame.bottom() + 4.0)], MUTED, 1.0)?;
        let look = Type::new(10.0, MUTED).anchor(Anchor::Middle);
        pen.text(&format::short_rate(10f64.powi(power)), (x, frame.bottom() + 13.0), look)?;
    }
    let tone = search.tone();
    let line: Vec<_> = points.iter().filter_map(|p| Some(frame.at(p.0.log10(), p.1?))).collect();
    pen.line(&line, tone, 1.8)?;
    for (rate, score) in &points {
        match score {
            Some(score) => {
                let at = frame.at(rate.log10(), *score);
                pen.dot(at, 2.4, tone)?;
                if *rate == search.rate {
                    pen.ring(at, 5.6, tone, 2.0)?;
                }
                pen.spot(
                    [at.0 - 6.0, at.1 - 6.0, 12.0, 12.0],
                    format!("rate {}: {}", format::short_rate(*rate), format::percent(*score)),
                );
            }
            None => cross(pen, (frame.x(rate.log10()), frame.bottom() - 7.0))?,
        }
    }
    Ok(())
}

fn cross(pen: &Pen, (x, y): (f64, f64)) -> Result<(), PlotError> {
    pen.line(&[(x - 3.5, y - 3.5), (x + 3.5, y + 3.5)], CHANCE, 1.5)?;
    pen.line(&[(x - 3.5, y + 3.5), (x + 3.5, y - 3.5)], CHANCE, 1.5)
}

/// Accuracy against movement, a panel per dataset and a colour per local rule; nothing without HebbNet.
pub(super) fn movement(searches: &[Search]) -> Result<Option<Plot>, PlotError> {
    let with: Vec<&Search> = searches.iter().filter(|s| s.has_movement()).collect();
    let mut datasets: Vec<&str> = with.iter().map(|s| s.dataset.as_str()).collect();
    datasets.dedup();
    if datasets.is_empty() {
        return Ok(None);
    }
    // at each exponent the best rate of the output layer
    let best = |s: &Search| -> Vec<SearchPoint> {
        let mut all: Vec<SearchPoint> = vec![];
        for p in s.points.iter().filter(|p| p.accuracy.is_some() && p.movement.is_some_and(|m| m > 0.0)) {
            match all.iter_mut().find(|a| a.growth == p.growth) {
                Some(a) if a.accuracy < p.accuracy => *a = *p,
                Some(_) => {}
                None => all.push(*p),
            }
        }
        all
    };
    let lines: Vec<(&Search, Vec<SearchPoint>)> = with.iter().map(|s| (*s, best(s))).collect();
    let logs = || lines.iter().flat_map(|l| &l.1).filter_map(|p| Some(p.movement?.log10()));
    let range = logs().fold((-1.5f64, 0.5f64), |(l, h), v| (l.min(v), h.max(v)));
    let height = 440.0;
    let alt = "Validation accuracy of HebbNet's variants against how far the hidden weights moved from where they started, on a log axis, with the required tenth marked.";
    let plot = draw("searches-movement", alt.into(), (WIDTH, height), |pen| {
        pen.heading(
            "Accuracy against how far the hidden layer moved",
            "HebbNet on validation images; a dot per growth exponent, at its best output rate. Ring: the winner. Horizontal: distance from the start by the initial norm",
        )?;
        let room = (WIDTH - 24.0) / datasets.len() as f64;
        for (i, dataset) in datasets.iter().enumerate() {
            let left = 76.0 + room * i as f64;
            let frame = Frame {
                left,
                top: 96.0,
                width: room - 190.0,
                height: 270.0,
                x: (range.0 - 0.1, range.1 + 0.1),
                y: (0.0, 1.0),
            };
            pen.text(dataset, (left, 80.0), Type::new(13.0, INK).bold())?;
            for v in [0.0, 0.25, 0.5, 0.75, 1.0] {
                let y = frame.y(v);
                pen.line(&[(left, y), (frame.right(), y)], GRID, 1.0)?;
                pen.text(&format!("{:.0}%", v * 100.0), (left - 8.0, y), Type::new(11.5, MUTED).anchor(Anchor::End))?;
            }
            let every = ((range.1 - range.0) / 6.0).ceil().max(1.0) as usize;
            for power in (range.0.ceil() as i32..=range.1.floor() as i32).step_by(every) {
                let look = Type::new(11.5, MUTED).anchor(Anchor::Middle);
                pen.text(&decade(power), (frame.x(f64::from(power)), frame.bottom() + 15.0), look)?;
            }
            let x = frame.x(-1.0);
            pen.dashes(&[(x, frame.top), (x, frame.bottom())], CHANCE, 1.3, (5.0, 4.0))?;
            pen.text("10%", (x, frame.bottom() + 34.0), Type::new(11.5, CHANCE).anchor(Anchor::Middle))?;
            let mut key = frame.top + 8.0;
            for (search, points) in lines.iter().filter(|l| l.0.dataset == *dataset) {
                let mut points = points.clone();
                points.sort_by(|a, b| a.movement.partial_cmp(&b.movement).expect("no NaN"));
                let at = |p: &SearchPoint| frame.at(p.movement.unwrap_or(1.0).log10(), p.accuracy.unwrap_or(0.0));
                stroke(pen, &points.iter().map(at).collect::<Vec<_>>(), search)?;
                for p in &points {
                    let place = at(p);
                    pen.dot(place, 3.0, search.tone())?;
                    if p.growth == search.growth {
                        pen.ring(place, 6.2, search.tone(), 2.0)?;
                    }
                    let text = format!(
                        "{}: g {}, moved {:.3}, {}",
                        search.name,
                        p.growth.unwrap_or(0.0),
                        p.movement.unwrap_or(0.0),
                        format::percent(p.accuracy.unwrap_or(0.0))
                    );
                    pen.spot([place.0 - 6.0, place.1 - 6.0, 12.0, 12.0], text);
                }
                stroke(pen, &[(frame.right() + 8.0, key), (frame.right() + 30.0, key)], search)?;
                pen.text(
                    search.name.trim_start_matches("HebbNet "),
                    (frame.right() + 36.0, key),
                    Type::new(11.5, INK),
                )?;
                key += 20.0;
            }
        }
        Ok(())
    })?;
    Ok(Some(plot))
}

/// `0.001`, `10`, `1e6`.
fn decade(power: i32) -> String {
    if power > 3 { format!("1e{power}") } else { format::rate(10f64.powi(power)) }
}

/// A line of a search: solid for HL, broken with the threshold, dotted with sparsity.
fn stroke(pen: &Pen, points: &[(f64, f64)], search: &Search) -> Result<(), PlotError> {
    match () {
        () if search.family.ends_with("variant=t") => pen.dashes(points, search.tone(), 1.8, (7.0, 4.0)),
        () if search.family.ends_with("variant=t-gs") => pen.dashes(points, search.tone(), 1.8, (2.0, 4.0)),
        () => pen.line(points, search.tone(), 1.8),
    }
}
