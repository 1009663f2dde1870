//! Two cells, seed by seed.

use serde_json::{Value, json};

use super::super::bootstrap::percentile_interval;
use super::super::paired::{self, MOST_FLIPPED};
use super::super::power::{Seeds, seeds_to_be_alike, seeds_to_be_beyond, seeds_to_differ};
use super::super::summary::LEVEL;
use super::super::{StatsError, interval, mean};
use super::Corrected;
use super::evidence::CellData;
use crate::data::DatasetId;

/// Level of every test.
pub const ALPHA: f64 = 1.0 - LEVEL;

/// How a cell stands to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    Above,
    Below,
    /// Equivalent within the margin.
    Level,
    Open,
}

/// `left - right` over the seeds that both have.
#[derive(Debug, Clone, PartialEq)]
pub struct Contrast {
    pub left: String,
    pub right: String,
    pub dataset: DatasetId,
    pub differences: Vec<f64>,
    /// Decided without a test: one side failed to train.
    pub forced: Option<Relation>,
    /// Diverged trials of either side, which stand as chance in the differences.
    diverged: usize,
    bootstrap: Option<(f64, f64)>,
}

impl Contrast {
    pub fn new(left: &CellData, right: &CellData) -> Contrast {
        let pairs = left.runs.iter().filter_map(|l| {
            let r = right.runs.iter().find(|r| r.seed == l.seed)?;
            Some(left.value(l)? - right.value(r)?)
        });
        let forced = match (left.failed(), right.failed()) {
            (true, false) => Some(Relation::Below),
            (false, true) => Some(Relation::Above),
            (true, true) => Some(Relation::Open),
            (false, false) => None,
        };
        let drawn: Vec<f64> =
            left.resampled.iter().zip(&right.resampled).filter_map(|(l, r)| Some((*l)? - (*r)?)).collect();
        Contrast {
            left: left.name.to_string(),
            right: right.name.to_string(),
            dataset: left.name.dataset,
            differences: pairs.collect(),
            forced,
            diverged: [left, right].iter().map(|c| c.runs.iter().filter(|r| r.diverged).count()).sum(),
            bootstrap: percentile_interval(&drawn, LEVEL).ok(),
        }
    }

    pub fn testable(&self) -> bool {
        self.forced.is_none() && self.differences.len() >= 2
    }
    pub fn mean(&self) -> f64 {
        mean(&self.differences).unwrap_or(f64::NAN)
    }
    /// Two-sided p that the mean is `value`; `None` where nothing is tested.
    pub fn p(&self, value: f64) -> Result<Option<f64>, StatsError> {
        if self.testable() { paired::paired_t(&self.differences, value).map(Some) } else { Ok(None) }
    }
    /// Above or below `value` by the corrected p.
    pub fn relation(&self, value: f64, corrected: Option<Corrected>) -> Relation {
        match (self.forced, corrected) {
            (Some(forced), _) => forced,
            (None, Some(c)) if c.p < ALPHA => match self.mean() > value {
                true => Relation::Above,
                false => Relation::Below,
            },
            _ => Relation::Open,
        }
    }
    /// One-sided p that the mean lies beyond the margin, on the side where it is; `None` where nothing is tested.
    pub fn p_beyond(&self, margin: f64) -> Result<Option<f64>, StatsError> {
        let d = &self.differences;
        Ok(match (self.testable(), self.mean() > 0.0) {
            (false, _) => None,
            (true, true) => Some(paired::above(d, margin)?),
            (true, false) => Some(paired::below(d, -margin)?),
        })
    }
    /// Level, if equivalent within the margin; above or below, if beyond it by `p_beyond` (corrected, where it is one of
    /// several); else open. Two that both fail to train are level: neither does better.
    pub fn alike(&self, margin: f64, p_beyond: Option<f64>) -> Result<Relation, StatsError> {
        Ok(match self.forced {
            Some(Relation::Open) => Relation::Level,
            Some(forced) => forced,
            None if !self.testable() => Relation::Open,
            None if paired::equivalence(&self.differences, margin)? < ALPHA => Relation::Level,
            None if p_beyond.is_some_and(|p| p < ALPHA) && self.mean() > 0.0 => Relation::Above,
            None if p_beyond.is_some_and(|p| p < ALPHA) => Relation::Below,
            None => Relation::Open,
        })
    }
    /// Both sides failed to train.
    pub fn neither_trained(&self) -> bool {
        self.forced == Some(Relation::Open)
    }
    pub fn is_level(&self, margin: f64) -> Result<bool, StatsError> {
        Ok(self.alike(margin, None)? == Relation::Level)
    }
    /// Seeds that would show a difference from `value` at a level that Holm's correction asks for.
    pub fn seeds_to_differ(&self, value: f64, level: f64) -> Option<Seeds> {
        self.testable().then(|| seeds_to_differ(&self.differences, value, level).ok()).flatten()
    }
    /// Seeds that would show on which side of `value` it lies, by a one-sided test.
    pub fn seeds_to_be_beyond(&self, value: f64, level: f64) -> Option<Seeds> {
        self.testable().then(|| seeds_to_be_beyond(&self.differences, value, level).ok()).flatten()
    }
    /// Seeds that would show whether it is within the margin.
    pub fn seeds_to_be_alike(&self, margin: f64) -> Option<Seeds> {
        self.testable().then(|| seeds_to_be_alike(&self.differences, margin, ALPHA).ok()).flatten()
    }

    /// `MNIST HL Hebb minus linear classifier −2.10 points (−2.40 to −1.80)`.
    pub fn words(&self) -> String {
        let right = self.right.strip_prefix(self.dataset.title()).unwrap_or(&self.right).trim_start();
        let who = format!("{} minus {right}", self.left);
        match (self.forced, interval(&self.differences)) {
            (Some(Relation::Below), _) => format!("{} failed to train", self.left),
            (Some(Relation::Above), _) => format!("{} failed to train", self.right),
            (Some(_), _) => format!("{} and {right} failed to train", self.left),
            (None, Ok(i)) => {
                let chance = match self.diverged {
                    0 => String::new(),
                    1 => "; one trial diverged and counts as chance".into(),
                    n => format!("; {n} trials diverged and count as chance"),
                };
                format!("{who} {} points ({} to {}{chance})", points(i.mean), points(i.low), points(i.high))
            }
            (None, Err(_)) if self.differences.len() == 1 => format!("{who} {} points, one seed", points(self.mean())),
            (None, Err(_)) => format!("{who}: no seed in common"),
        }
    }

    pub fn number(&self, value: f64, corrected: Option<Corrected>, margin: f64) -> Value {
        let i = interval(&self.differences).ok();
        let d = &self.differences;
        let from_value: Vec<f64> = d.iter().map(|d| d - value).collect();
        json!({
            "left": self.left, "right": self.right, "n": d.len(), "against": value,
            "mean": d.first().map(|_| self.mean()),
            "low": i.map(|i| i.low), "high": i.map(|i| i.high),
            "bootstrap_low": self.bootstrap.map(|b| b.0), "bootstrap_high": self.bootstrap.map(|b| b.1),
            "p": self.p(value).ok().flatten(), "p_holm": corrected.map(|c| c.p),
            "p_sign_flip": (1..=MOST_FLIPPED).contains(&d.len()).then(|| paired::sign_flip(&from_value).ok()).flatten(),
            "p_equivalence": self.testable().then(|| paired::equivalence(d, margin).ok()).flatten(),
            "margin": margin,
            "failed_to_train": self.forced.is_some(),
        })
    }
}

/// Percentage points, signed.
pub fn points(v: f64) -> String {
    let text = format!("{:.2}", (100.0 * v).abs());
    match text.as_str() {
        "0.00" => text,
        _ if v < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}
