//! A cell of a table: what a page shows of it, and what other programs take.

use serde::Serialize;

use super::format::{self, NONE};
use super::palette::series;
use crate::study::Cell;

/// The numbers behind a field, in the unit that the title of its column names; never rounded for show, never clipped.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Export {
    pub value: Option<f64>,
    pub std: Option<f64>,
    /// 95% interval.
    pub interval: Option<(f64, f64)>,
    /// Lowest and highest of what the value stands for.
    pub range: Option<(f64, f64)>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Field {
    pub text: String,
    /// What to sort by; empty sorts last.
    pub sort: String,
    /// Class of the colour swatch before the text, if any.
    pub swatch: Option<String>,
    /// Something a reader should not overlook.
    pub alert: bool,
    /// Right-aligned.
    pub numeric: bool,
    /// A quieter second line.
    pub note: String,
    #[serde(skip)]
    pub export: Export,
}

/// A fraction in percent, a difference of fractions in points.
fn hundredfold(v: Option<f64>) -> Option<f64> {
    v.map(|v| v * 100.0)
}

impl Field {
    pub fn text(text: impl Into<String>) -> Field {
        let text = text.into();
        Field {
            sort: text.clone(),
            text,
            swatch: None,
            alert: false,
            numeric: false,
            note: String::new(),
            export: Export::default(),
        }
    }
    /// A value in the unit of its column, as the page writes it.
    pub fn number(text: String, value: Option<f64>) -> Field {
        let export = Export { value, ..Export::default() };
        Field { sort: value.map_or_else(String::new, format::exact), numeric: true, export, ..Field::text(text) }
    }
    pub fn count(n: usize) -> Field {
        Field::number(n.to_string(), Some(n as f64))
    }
    /// A count that should be zero.
    pub fn tally(n: usize) -> Field {
        Field { alert: n > 0, ..Field::count(n) }
    }
    pub fn none() -> Field {
        Field::number(NONE.into(), None)
    }
    /// A fraction, in percent.
    pub fn percent(v: Option<f64>) -> Field {
        Field::number(format::percent_or_none(v), hundredfold(v))
    }
    /// A mean fraction with its deviation, in percent.
    pub fn mean_std(mean: Option<f64>, std: Option<f64>) -> Field {
        Field::number(format::mean_std(mean, std), hundredfold(mean)).with_std(hundredfold(std))
    }
    /// A difference of fractions, in points.
    pub fn points(v: Option<f64>) -> Field {
        Field::number(v.map_or_else(|| NONE.into(), format::points), hundredfold(v))
    }

    /// In the unit of the value.
    pub fn with_std(mut self, std: Option<f64>) -> Field {
        self.export.std = std;
        self
    }
    /// The 95% interval of a fraction under it, clipped to what a fraction can be.
    pub fn accuracy_interval(mut self, low: Option<f64>, high: Option<f64>) -> Field {
        self.export.interval = hundredfold(low).zip(hundredfold(high));
        self.note(format::interval(low, high))
    }
    /// The 95% interval of a difference under it.
    pub fn points_interval(mut self, low: Option<f64>, high: Option<f64>) -> Field {
        self.export.interval = hundredfold(low).zip(hundredfold(high));
        self.note(format::points_interval(low, high))
    }
    /// From where to where it reaches, in the unit of the value, under it unless one text says it all.
    pub fn range(mut self, ends: Option<(f64, f64)>, text: impl Fn(f64) -> String) -> Field {
        self.export.range = ends;
        let words = ends.map(|(low, high)| (text(low), text(high))).filter(|(low, high)| low != high);
        self.note(words.map_or_else(String::new, |(low, high)| format!("{low} to {high}")))
    }
    pub fn note(self, note: String) -> Field {
        Field { note: if note == NONE { String::new() } else { note }, ..self }
    }
    /// Both lines in one.
    pub fn whole(&self) -> String {
        if self.note.is_empty() { self.text.clone() } else { format!("{} ({})", self.text, self.note) }
    }
    /// With the swatch of the cell's series.
    pub fn of(self, cell: &Cell) -> Field {
        let s = series(cell);
        Field { swatch: Some(format!("sw-{}{}", s.class, s.fill.class())), ..self }
    }
}

/// Lowest and highest of at least two values; one value reaches nowhere.
pub fn ends(values: &[f64]) -> Option<(f64, f64)> {
    let all = || values.iter().copied();
    if values.len() < 2 { None } else { all().reduce(f64::min).zip(all().reduce(f64::max)) }
}
