//! Several measures of the same rules side by side: a row per rule, a column with an axis of its own per measure.

use super::layer::{Anchor, Frame, Pen, Type, draw, tick_label, ticks};
use super::{Plot, PlotError, WIDTH, mark, middle, note};
use crate::report::format;
use crate::report::palette::{BAND, CHANCE, GRID, INK, MUTED, Series};

const ROW: f64 = 20.0;
const HEAD: f64 = 32.0;
const TOP: f64 = 106.0;
const LABELS: f64 = 330.0;
const GAP: f64 = 34.0;

/// How a measure's axis runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// From zero.
    Zero,
    /// As far as the values reach.
    Free,
    /// Logarithmic; what is not above zero stands at the left edge.
    Log,
}

/// One column.
#[derive(Debug, Clone, Copy)]
pub struct Measure {
    pub title: &'static str,
    pub scale: Scale,
    /// A value to compare with, drawn as a broken line.
    pub mark: Option<f64>,
    /// A value in tables.
    pub text: fn(f64) -> String,
    /// The median over seeds instead of the mean.
    pub median: bool,
    /// In the plot, or in the table alone.
    pub plotted: bool,
}

impl Measure {
    pub const fn new(title: &'static str, scale: Scale, text: fn(f64) -> String) -> Measure {
        Measure { title, scale, mark: None, text, median: false, plotted: true }
    }
    pub const fn marked(self, value: f64) -> Measure {
        Measure { mark: Some(value), ..self }
    }
    pub const fn median(self) -> Measure {
        Measure { median: true, ..self }
    }
    pub const fn only_in_table(self) -> Measure {
        Measure { plotted: false, ..self }
    }
    /// What stands for all seeds.
    pub fn centre(&self, values: &[f64]) -> Option<f64> {
        let n = values.len();
        if n == 0 {
            return None;
        }
        if !self.median {
            return Some(values.iter().sum::<f64>() / n as f64);
        }
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some((sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0)
    }
}

/// One rule with a list of values, one per seed, for each measure.
#[derive(Debug, Clone)]
pub struct Line {
    pub look: Series,
    pub label: String,
    pub values: Vec<Vec<f64>>,
    pub finished: usize,
    pub diverged: usize,
}

/// Rules on one dataset and network.
#[derive(Debug, Clone)]
pub struct Block {
    pub title: String,
    pub lines: Vec<Line>,
}

/// The drawn axis of a measure.
struct Axis {
    /// Ends; exponents of ten where it is logarithmic.
    range: (f64, f64),
    log: bool,
}

impl Axis {
    fn new(measure: &Measure, values: impl Iterator<Item = f64>) -> Axis {
        let log = measure.scale == Scale::Log;
        let usable = values.chain(measure.mark).filter(|v| v.is_finite() && (!log || *v > 0.0));
        let usable = usable.map(|v| if log { v.log10() } else { v });
        let (low, high) = usable.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let (low, high) = if low.is_finite() { (low, high) } else { (0.0, 1.0) };
        let room = ((high - low) * 0.05).max(if log { 0.08 } else { high.abs() * 0.01 + 1e-9 });
        let from = if measure.scale == Scale::Zero { 0.0 } else { low - room };
        Axis { range: (from, high + room), log }
    }
    /// Place of a value; nothing for what a logarithm does not take.
    fn place(&self, v: f64) -> Option<f64> {
        if !self.log { Some(v) } else { (v > 0.0).then(|| v.log10()) }
    }
    fn ticks(&self) -> Vec<(f64, String)> {
        let (low, high) = self.range;
        if !self.log {
            let marks = ticks(low, high, 4);
            let step = if marks.len() > 1 { marks[1] - marks[0] } else { 1.0 };
            return marks.into_iter().map(|v| (v, tick_label(v, step))).collect();
        }
        let every = ((high - low) / 4.0).ceil().max(1.0) as usize;
        let powers: Vec<i32> = (low.ceil() as i32..=high.floor() as i32).step_by(every).collect();
        // a short axis has marks within the decade
        let within: &[f64] = if powers.len() < 2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let from = if powers.len() < 2 { low.floor() as i32 } else { powers[0] };
        let all = (from..=high.floor() as i32).step_by(every).flat_map(|p| within.iter().map(move |m| (p, *m)));
        all.map(|(p, m)| (m * 10f64.powi(p), f64::from(p) + m.log10()))
            .filter(|(_, at)| (low..=high).contains(at))
            .map(|(v, at)| (at, format::rate((v * 1e9).round() / 1e9)))
            .collect()
    }
}

/// Draws the measures that are to be plotted.
pub fn measures(
    name: &str,
    alt: String,
    (title, sub): (&str, &str),
    columns: &[Measure],
    blocks: &[Block],
    foot: &str,
) -> Result<Plot, PlotError> {
    let shown: Vec<(usize, &Measure)> = columns.iter().enumerate().filter(|(_, m)| m.plotted).collect();
    let body: f64 = blocks.iter().map(|b| HEAD + ROW * b.lines.len() as f64).sum();
    let height = TOP + body + 66.0;
    let width = (WIDTH - LABELS - 24.0 + GAP) / shown.len() as f64 - GAP;
    draw(name, alt, (WIDTH, height), |pen| {
        pen.heading(title, sub)?;
        let mut frames = vec![];
        for (place, (i, measure)) in shown.iter().enumerate() {
            let all = blocks.iter().flat_map(|b| b.lines.iter().flat_map(|l| l.values[*i].iter().copied()));
            let axis = Axis::new(measure, all);
            let left = LABELS + (width + GAP) * place as f64;
            let frame = Frame { left, top: TOP, width, height: body, x: axis.range, y: (0.0, 1.0) };
            pen.text(measure.title, (left, TOP - 22.0), Type::new(12.5, INK).bold())?;
            frames.push((*i, *measure, axis, frame));
        }
        let mut top = TOP;
        for block in blocks {
            let start = top + HEAD;
            for i in (0..block.lines.len()).step_by(2) {
                pen.rect([20.0, start + ROW * i as f64, WIDTH - 40.0, ROW], BAND, 0.6)?;
            }
            top = start + ROW * block.lines.len() as f64;
        }
        for (_, measure, axis, frame) in &frames {
            for (at, label) in axis.ticks() {
                let x = frame.x(at);
                pen.line(&[(x, frame.top + 4.0), (x, frame.bottom())], GRID, 1.0)?;
                pen.text(&label, (x, frame.bottom() + 14.0), Type { tone: MUTED, ..middle(11.0) })?;
            }
            if let Some(at) = measure.mark.and_then(|m| axis.place(m)) {
                let x = frame.x(at);
                pen.dashes(&[(x, frame.top + 4.0), (x, frame.bottom())], CHANCE, 1.2, (5.0, 4.0))?;
            }
        }
        let mut top = TOP;
        for block in blocks {
            pen.text(&block.title, (24.0, top + HEAD / 2.0 + 3.0), Type::new(13.0, INK).bold())?;
            top += HEAD;
            for line in &block.lines {
                let y = top + ROW / 2.0;
                pen.bar([24.0, y - 5.0, 10.0, 10.0], line.look.tone, line.look.fill)?;
                pen.text(&line.label, (41.0, y), Type::new(12.0, INK))?;
                let mut words = line.label.clone();
                for (i, measure, axis, frame) in &frames {
                    row(pen, (axis, frame), (measure, &line.values[*i]), line, y)?;
                    if let Some(centre) = measure.centre(&line.values[*i]) {
                        words += &format!("\n{}: {}", measure.title, (measure.text)(centre));
                    }
                }
                if line.diverged > 0 {
                    words += &format!("\ndiverged: {} of {}", line.diverged, line.diverged + line.finished);
                }
                pen.spot([20.0, top, WIDTH - 40.0, ROW], words);
                top += ROW;
            }
        }
        note(pen, foot, height - 18.0)
    })
}

fn row(
    pen: &Pen,
    (axis, frame): (&Axis, &Frame),
    (measure, values): (&Measure, &[f64]),
    line: &Line,
    y: f64,
) -> Result<(), PlotError> {
    let Some(centre) = measure.centre(values) else {
        let all = line.finished == 0 && line.diverged > 0;
        let (text, tone) = if all { ("diverged", CHANCE) } else { (format::NONE, MUTED) };
        return pen.text(text, (frame.left + 2.0, y), Type::new(11.0, tone));
    };
    let Some(at) = axis.place(centre) else {
        return pen.text("0", (frame.left + 2.0, y), Type::new(11.0, MUTED).anchor(Anchor::Start));
    };
    // dots that the mark would cover only make the page larger
    let places = values.iter().filter_map(|v| axis.place(*v)).map(|v| frame.x(v));
    for x in places.filter(|x| (x - frame.x(at)).abs() > 3.0) {
        pen.dot((x, y), 1.6, INK)?;
    }
    mark(pen, &line.look, (frame.x(at), y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_hold_every_value_and_have_marks() {
        let text = |v: f64| v.to_string();
        for (scale, values) in [
            (Scale::Zero, vec![3.0, 95.0]),
            (Scale::Free, vec![-4.0, 2.0]),
            (Scale::Free, vec![0.0]),
            (Scale::Log, vec![1e-9, 0.0, 30.0]),
            (Scale::Log, vec![1.1, 1.4]),
            (Scale::Log, vec![0.0]),
            (Scale::Log, vec![]),
        ] {
            let axis = Axis::new(&Measure::new("m", scale, text), values.iter().copied());
            assert!(axis.range.0 < axis.range.1, "{values:?}");
            for at in values.iter().filter_map(|v| axis.place(*v)) {
                assert!((axis.range.0..=axis.range.1).contains(&at), "{values:?}");
            }
            assert!(!axis.ticks().is_empty() && axis.ticks().len() < 9, "{values:?}: {:?}", axis.ticks());
        }
    }

    #[test]
    fn the_centre_is_the_mean_or_the_median() {
        let mean = Measure::new("m", Scale::Zero, |v| v.to_string());
        assert_eq!(mean.centre(&[1.0, 2.0, 6.0]), Some(3.0));
        assert_eq!(mean.median().centre(&[6.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(mean.median().centre(&[6.0, 1.0, 2.0, 4.0]), Some(3.0));
        assert_eq!(mean.centre(&[]), None);
    }
}
