//! Predicates on evidence.

mod backpropagation;
mod counts;
mod growth;
mod resampled;
mod statements;

use serde_json::Value;

use super::contrast::{ALPHA, Contrast, Relation};
use super::evidence::{CellData, Evidence};
use super::{Corrected, Family, Margins, Verdict};
use crate::stats::StatsError;
use crate::stats::power::Seeds;
use crate::study::claims::{CellName, Part, Predicate, Statement};

/// Whether a statement is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    Holds,
    Fails,
    Open,
}

/// What a predicate comes to.
pub struct Found {
    pub verdict: Verdict,
    pub reason: String,
    pub numbers: Value,
    /// What would decide it, where it is inconclusive: `about 7 seeds would decide it`.
    pub needed: String,
}

/// A statement with its words.
struct Finding {
    truth: Truth,
    words: String,
    number: Value,
    /// Both cells failed to train: alike, but no evidence where there is no other.
    neither_trained: bool,
    /// Where it is open: how many seeds would decide it, and what it would then be by what was seen.
    open: Option<(Seeds, Truth)>,
}

/// One difference that a predicate tests.
pub enum Test {
    /// Left minus right against a value, two-sided.
    Differs { left: String, right: String, value: f64 },
    /// Left minus right beyond the margin, one-sided.
    Beyond { left: String, right: String },
}

/// A test among those of its family: the cells and the bits of the value; for a test against the margin those of
/// infinity.
pub type TestKey = (String, String, u64);

impl Test {
    pub fn cells(&self) -> (&str, &str) {
        match self {
            Test::Differs { left, right, .. } | Test::Beyond { left, right } => (left, right),
        }
    }
    pub fn key(&self) -> TestKey {
        let value = match self {
            Test::Differs { value, .. } => *value,
            Test::Beyond { .. } => f64::INFINITY,
        };
        let (left, right) = self.cells();
        (left.to_string(), right.to_string(), value.to_bits())
    }
}

pub struct Judge<'a> {
    pub evidence: &'a Evidence,
    pub margins: &'a Margins,
    pub corrected: &'a Family,
}

/// Every difference that a predicate tests.
pub fn tests(predicate: &Predicate) -> Vec<Test> {
    let of = |parts: Vec<Part>| {
        parts.into_iter().flat_map(|p| p.all).flat_map(|s| match s {
            Statement::Below { left, right, points } => {
                vec![Test::Differs { left, right, value: -points / 100.0 }]
            }
            Statement::Alike { left, right } => vec![Test::Beyond { left, right }],
            Statement::AlikeUpTo { ladder, right } => {
                ladder.into_iter().take(1).map(|left| Test::Beyond { left, right: right.clone() }).collect()
            }
            Statement::BestAlike { choices, right } => {
                choices.into_iter().map(|left| Test::Beyond { left, right: right.clone() }).collect()
            }
            Statement::NotWorse { .. } => vec![],
        })
    };
    let against = |cells: Vec<String>| {
        let bp = |c: &str| CellName::parse(c).map(|n| n.backpropagation());
        let differs = |c: String| bp(&c).map(|right| Test::Differs { left: c, right, value: 0.0 });
        cells.into_iter().filter_map(differs).collect()
    };
    match predicate {
        Predicate::Parts(parts) => of(parts()).collect(),
        Predicate::Readings(parts) => ["d", "k"].into_iter().flat_map(|r| of(parts(r))).collect(),
        Predicate::BetterInMost { pairs, .. } => {
            pairs().into_iter().map(|(left, right)| Test::Differs { left, right, value: 0.0 }).collect()
        }
        Predicate::NoBenefit(cells) | Predicate::MostlyAhead(cells) => against(cells()),
        Predicate::AnyAbove { own, matched } => against(own().into_iter().chain(matched()).collect()),
        _ => vec![],
    }
}

impl Judge<'_> {
    pub fn decide(&self, predicate: &Predicate) -> Result<Found, StatsError> {
        match predicate {
            Predicate::Parts(parts) => self.parts(&parts()),
            Predicate::Readings(parts) => self.readings(&["d", "k"].map(parts)),
            Predicate::BetterInMost { pairs, least } => self.better(&pairs(), *least),
            Predicate::InBand { cells, low, high } => self.in_band(&cells(), *low, *high),
            Predicate::NoBenefit(cells) => self.no_benefit(&cells()),
            Predicate::AnyAbove { own, matched } => self.any_above(&own(), &matched()),
            Predicate::NoOrder { literal, matched, low, high } => self.no_order(&literal(), &matched(), *low, *high),
            Predicate::LastAsBest(cells) => self.last_as_best(&cells()),
            Predicate::NoSpread { cell, points } => self.no_spread(cell, points / 100.0),
            Predicate::MostlyAhead(cells) => self.mostly_ahead(&cells()),
            Predicate::Grows(cells) => self.grows(&cells()),
            Predicate::Cured(pairs) => self.cured(&pairs()),
            Predicate::Closest { near, far } => self.closest(*near, *far),
            Predicate::Cheaper { cells, share } => self.cheaper(&cells(), *share),
            Predicate::ByConstruction(_) | Predicate::CannotBeTested(_) => unreachable!("decided before"),
        }
    }

    fn cell(&self, name: &str) -> &CellData {
        self.evidence.find(name).expect("missing cells were reported before")
    }
    fn contrast(&self, left: &str, right: &str) -> Contrast {
        let (left, right) = self.evidence.pair(left, right).expect("missing cells were reported before");
        Contrast::new(left, right)
    }
    fn holm(&self, left: &str, right: &str, value: f64) -> Option<Corrected> {
        self.corrected.get(&(left.to_string(), right.to_string(), value.to_bits())).copied()
    }
    /// Against its own backpropagation: above or below after Holm, level within the margin, or open.
    fn against(&self, cell: &str) -> Result<Ordered, StatsError> {
        let bp = CellName::parse(cell).expect("a cell's name").backpropagation();
        self.ordered(cell, &bp)
    }
    fn ordered(&self, left: &str, right: &str) -> Result<Ordered, StatsError> {
        let contrast = self.contrast(left, right);
        let corrected = self.holm(left, right, 0.0);
        let margin = self.margins.of(contrast.dataset);
        let relation = match contrast.relation(0.0, corrected) {
            Relation::Open if contrast.forced.is_none() && contrast.is_level(margin)? => Relation::Level,
            relation => relation,
        };
        let (number, open) = (contrast.number(0.0, corrected, margin), leaning(&contrast, corrected, margin));
        Ok(Ordered { relation, number, open: open.filter(|_| relation == Relation::Open), contrast })
    }
}

/// By what was seen: the seeds that would show a difference from zero or that there is none of the margin, whichever are
/// fewer, and what they would show.
fn leaning(c: &Contrast, corrected: Option<Corrected>, margin: f64) -> Option<(Seeds, Relation)> {
    let differs = c.seeds_to_differ(0.0, corrected.map_or(ALPHA, |c| c.level))?;
    let side = if c.mean() > 0.0 { Relation::Above } else { Relation::Below };
    let level = c.seeds_to_be_alike(margin).filter(|_| c.mean().abs() < margin);
    Some(match level {
        Some(level) if level < differs => (level, Relation::Level),
        _ => (differs, side),
    })
}

/// Two cells with their order.
struct Ordered {
    contrast: Contrast,
    relation: Relation,
    number: Value,
    /// Where it is open: how many seeds would decide it, and what it would then be by what was seen.
    open: Option<(Seeds, Relation)>,
}

fn found(verdict: Verdict, reason: String, numbers: Value, seeds: Option<Seeds>) -> Found {
    let needed = match seeds {
        Some(seeds) => format!("{seeds} would decide it"),
        None => "more seeds are needed".into(),
    };
    Found { verdict, reason, numbers, needed }
}

/// The fewest seeds with which the verdict no longer is inconclusive, if every open comparison then falls the way it leans.
/// `verdict` gets those that have fallen.
fn deciding<T: Copy>(open: &[(Seeds, T)], verdict: impl Fn(&[T]) -> Verdict) -> Option<Seeds> {
    let mut open = open.to_vec();
    open.sort_by_key(|o| o.0);
    let fallen: Vec<T> = open.iter().map(|o| o.1).collect();
    // those that take equally many fall together
    let last = (1..=open.len()).filter(|n| *n == open.len() || open[*n].0 > open[*n - 1].0);
    let decided = last.filter(|n| verdict(&fallen[..*n]) != Verdict::Inconclusive).map(|n| open[n - 1].0).next();
    // comparisons of one seed have no spread to go by
    decided.or(open.last().map(|_| Seeds::TooMany))
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    (n > 0).then(|| (values[(n - 1) / 2] + values[n / 2]) / 2.0)
}
