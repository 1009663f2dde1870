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
}

/// A statement with its words.
struct Finding {
    truth: Truth,
    words: String,
    number: Value,
    /// What would decide it, where it is open.
    seeds: Option<Seeds>,
}

pub struct Judge<'a> {
    pub evidence: &'a Evidence,
    pub margins: &'a Margins,
    pub corrected: &'a Family,
}

/// Every difference that a predicate tests: left, right and the value to differ from.
pub fn tests(predicate: &Predicate) -> Vec<(String, String, f64)> {
    let of = |parts: Vec<Part>| {
        parts.into_iter().flat_map(|p| p.all).filter_map(|s| match s {
            Statement::Below { left, right, points } => Some((left, right, -points / 100.0)),
            _ => None,
        })
    };
    let against = |cells: Vec<String>| {
        let bp = |c: &str| CellName::parse(c).map(|n| n.backpropagation());
        cells.into_iter().filter_map(|c| bp(&c).map(|b| (c, b, 0.0))).collect()
    };
    match predicate {
        Predicate::Parts(parts) => of(parts()).collect(),
        Predicate::Readings(parts) => ["d", "k"].into_iter().flat_map(|r| of(parts(r))).collect(),
        Predicate::BetterInMost { pairs, .. } => pairs().into_iter().map(|(a, b)| (a, b, 0.0)).collect(),
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
            Relation::Open if contrast.alike(margin)? == Relation::Level => Relation::Level,
            relation => relation,
        };
        Ok(Ordered {
            relation,
            number: contrast.number(0.0, corrected, margin),
            seeds: contrast.seeds_to_differ(0.0, corrected.map_or(ALPHA, |c| c.level)),
            contrast,
        })
    }
}

/// Two cells with their order.
struct Ordered {
    contrast: Contrast,
    relation: Relation,
    number: Value,
    /// What would show a difference.
    seeds: Option<Seeds>,
}

/// Says how many seeds would decide what is open.
fn found(verdict: Verdict, mut reason: String, numbers: Value, seeds: &[Seeds]) -> Found {
    let most = seeds.iter().copied().max_by_key(|s| match s {
        Seeds::About(n) => *n,
        Seeds::TooMany => usize::MAX,
    });
    if verdict == Verdict::Inconclusive {
        reason += &match most {
            Some(seeds) => format!("; {seeds} would decide what is undecided"),
            None => "; more seeds are needed".into(),
        };
    }
    Found { verdict, reason, numbers }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    (n > 0).then(|| (values[(n - 1) / 2] + values[n / 2]) / 2.0)
}
