//! Any measured column over the epochs, or over the steps where weights were followed: a line per cell, its mean over seeds, in the colours of the report.

use polars::prelude::*;

use super::Problem;
use super::frames::{find, texts};
use crate::report::Plot;
use crate::report::palette::{GRID, INK, MUTED, Series, series};
use crate::report::plots::layer::{Anchor, Frame, Pen, Type, draw, tick_label, ticks};
use crate::study::Cell;

const SIZE: (f64, f64) = (820.0, 400.0);

/// More points than this are a line without dots.
const DOTTED: usize = 20;

/// A cell's line: its name, its look, and (epoch or step, mean over seeds).
struct Line {
    name: String,
    look: Option<Series>,
    points: Vec<(f64, f64)>,
}

/// Draws `column` of a curves frame (columns `cell` and `epoch` are needed).
///
/// # Errors
/// A column that is not there, or holds no numbers.
pub fn lines(curves: &DataFrame, column: &str) -> Result<Plot, Problem> {
    let (time, all) = gather(curves, column)?;
    let values = || all.iter().flat_map(|l| l.points.iter().copied());
    if values().next().is_none() {
        return Err(Problem::new(format!("column `{column}` holds no values for these cells")));
    }
    let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), (_, v)| (l.min(v), h.max(v)));
    let (first, last) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), (e, _)| (l.min(e), h.max(e)));
    let room = ((high - low) * 0.06).max(high.abs() * 1e-3).max(1e-9);
    let alt = format!(
        "Line chart of {column} over {time}s {first} to {last}: {}.",
        all.iter().map(|l| l.name.as_str()).collect::<Vec<_>>().join("; ")
    );
    let plot = draw(&format!("lines-{column}"), alt, SIZE, |pen| {
        pen.heading(column, &format!("Mean over seeds, by {time}"))?;
        let label = Type::new(12.0, INK);
        let widest = all.iter().map(|l| pen.measure(&l.name, label)).fold(0.0, f64::max).min(SIZE.0 * 0.55);
        let frame = Frame {
            left: 70.0,
            top: 74.0,
            width: SIZE.0 - 70.0 - widest - 34.0,
            height: SIZE.1 - 74.0 - 44.0,
            x: if first < last { (first, last) } else { (first - 0.5, last + 0.5) },
            y: (low - room, high + room),
        };
        axes(pen, &frame, time)?;
        let mut labels = Vec::new();
        for line in &all {
            let tone = line.look.as_ref().map_or(INK, |l| l.tone);
            let at: Vec<(f64, f64)> = line.points.iter().map(|p| frame.at(p.0, p.1)).collect();
            let Some(end) = at.last().copied() else { continue };
            if line.look.as_ref().is_some_and(|l| !l.fill.is_solid()) {
                pen.dashes(&at, tone, 2.2, (7.0, 4.0))?;
            } else {
                pen.line(&at, tone, 2.2)?;
            }
            if at.len() <= DOTTED {
                at.iter().try_for_each(|p| pen.dot(*p, 2.6, tone))?;
            }
            labels.push((end.1, line.name.as_str(), tone));
        }
        // names beside the ends of their lines, pushed apart from the top
        labels.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut y = frame.top - 16.0;
        let spare = frame.bottom() - 16.0 * labels.len() as f64;
        for (i, (end, name, tone)) in labels.iter().enumerate() {
            y = end.max(y + 16.0).min(spare + 16.0 * (i + 1) as f64);
            pen.text(name, (frame.right() + 14.0, y), Type { tone: *tone, ..label })?;
        }
        Ok(())
    })?;
    Ok(plot)
}

fn axes(pen: &Pen, frame: &Frame, time: &str) -> Result<(), crate::report::plots::PlotError> {
    let look = Type::new(12.0, MUTED);
    let marks = ticks(frame.y.0, frame.y.1, 5);
    let step = if marks.len() > 1 { marks[1] - marks[0] } else { 1.0 };
    for v in marks {
        let y = frame.y(v);
        pen.line(&[(frame.left, y), (frame.right(), y)], GRID, 1.0)?;
        pen.text(&tick_label(v, step), (frame.left - 8.0, y), look.anchor(Anchor::End))?;
    }
    let mut epochs = ticks(frame.x.0, frame.x.1, 8);
    epochs.retain(|e| e.fract() == 0.0);
    for epoch in epochs {
        pen.text(&format!("{epoch}"), (frame.x(epoch), frame.bottom() + 15.0), look.anchor(Anchor::Middle))?;
    }
    pen.line(&[(frame.left, frame.bottom()), (frame.right(), frame.bottom())], INK, 1.2)?;
    pen.text(time, (frame.left + frame.width / 2.0, frame.bottom() + 33.0), look.anchor(Anchor::Middle))
}

/// What runs along the axis, and lines in the order of the frame.
fn gather(curves: &DataFrame, column: &str) -> Result<(&'static str, Vec<Line>), Problem> {
    let cells = texts(curves, "cell")?;
    let found = find(curves, column)?;
    // rows of followed weights have steps in the place of epochs
    let stepped = curves.column("step").is_ok_and(|s| (s.is_not_null() & found.is_not_null()).any());
    let time = if stepped { "step" } else { "epoch" };
    let times = find(curves, time)?.cast(&DataType::Float64)?;
    if !found.dtype().is_primitive_numeric() {
        return Err(Problem::new(format!("column `{column}` holds {}, not numbers", found.dtype())));
    }
    let values = found.cast(&DataType::Float64)?;
    let (times, values) = (times.f64()?, values.f64()?);
    // (cell, its times with every seed's value)
    type Times = Vec<(f64, Vec<f64>)>;
    let mut all: Vec<(String, Times)> = Vec::new();
    for (row, cell) in cells.iter().enumerate() {
        let (Some(at), Some(value)) = (times.get(row), values.get(row)) else { continue };
        if !value.is_finite() {
            continue;
        }
        let line = all.iter().position(|a| a.0 == *cell).unwrap_or_else(|| {
            all.push((cell.clone(), Vec::new()));
            all.len() - 1
        });
        match all[line].1.iter_mut().find(|e| e.0 == at) {
            Some((_, seeds)) => seeds.push(value),
            None => all[line].1.push((at, vec![value])),
        }
    }
    let mut lines: Vec<Line> = all
        .into_iter()
        .map(|(name, mut points)| {
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mean = |seeds: &[f64]| seeds.iter().sum::<f64>() / seeds.len() as f64;
            let look = name.parse::<Cell>().ok().map(|c| series(&c));
            Line { name, look, points: points.iter().map(|(at, seeds)| (*at, mean(seeds))).collect() }
        })
        .collect();
    shorten(&mut lines);
    Ok((time, lines))
}

/// Leaves away what all cells have in common: `mnist/1x2000/`.
fn shorten(lines: &mut [Line]) {
    let Some(first) = lines.first().map(|l| l.name.clone()) else { return };
    let mut common = 0;
    for (at, _) in first.match_indices('/').take(2) {
        if lines.iter().all(|l| l.name.starts_with(&first[..=at])) {
            common = at + 1;
        }
    }
    lines.iter_mut().for_each(|l| l.name = l.name[common..].to_string());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_means_over_seeds_with_short_names() {
        let frame = df!(
            "cell" => ["mnist/1x9/bp", "mnist/1x9/bp", "mnist/1x9/fa/feedback=random", "mnist/1x9/bp"],
            "epoch" => [1u32, 2, 1, 1],
            "angle" => [Some(1.0), Some(2.0), None, Some(3.0)]
        )
        .unwrap();
        let (time, lines) = gather(&frame, "angle").unwrap();
        assert_eq!((time, lines.len()), ("epoch", 1));
        assert_eq!((lines[0].name.as_str(), &lines[0].points[..]), ("bp", &[(1.0, 2.0), (2.0, 2.0)][..]));
        let followed =
            df!("cell" => ["a", "a"], "epoch" => [1u32, 0], "step" => [None, Some(10u64)], "norm" => [1.0, 2.0]);
        let (time, lines) = gather(&followed.unwrap(), "norm").unwrap();
        assert_eq!((time, &lines[0].points[..]), ("step", &[(10.0, 2.0)][..]));
        let plot = super::lines(&frame, "angle").unwrap();
        assert!(plot.file().contains("epoch") && plot.alt.contains("angle"));
        assert!(super::lines(&frame, "angel").unwrap_err().to_string().contains("there are: cell, epoch, angle"));
    }
}
