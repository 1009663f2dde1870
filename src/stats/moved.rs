//! Cells of two result sets side by side: which moved beyond noise, and which settings differ.

use std::collections::BTreeMap;

use polars::prelude::*;

use super::multiple::holm;
use super::paired::paired_t;
use super::summary::paired_difference;
use super::welch::welch_t;
use super::{StatsError, mean, variants, with_variant};
use crate::data::DatasetId;

/// What a trial is told by, beside cell and seed.
const SETTINGS: [&str; 12] = [
    "recipe",
    "precision",
    "learning_rate",
    "hidden_rate",
    "growth",
    "feedback_rate",
    "batch",
    "epochs",
    "data",
    "data_fingerprint",
    "train_sample",
    "revision",
];

/// Which test a cell was put to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    /// Seed by seed, over the seeds that both have.
    Paired(usize),
    /// Welch's, where fewer than two seeds coincide.
    Welch(usize, usize),
    /// A side has one value only, and it differs.
    None,
}

/// A cell that both sets hold.
#[derive(Debug, Clone, PartialEq)]
pub struct CellChange {
    /// With its variant, if it has several.
    pub cell: String,
    /// Mean test accuracy of what was compared; a diverged trial counts as chance.
    pub before: f64,
    pub after: f64,
    /// 95% interval of after minus before over the seeds that both have; none without two of them.
    pub interval: Option<(f64, f64)>,
    pub test: Test,
    /// Two-sided, after Holm over all cells that were tested.
    pub p: Option<f64>,
}

/// The cells of both sets, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// Cells that both hold.
    pub cells: Vec<CellChange>,
    pub only_before: Vec<String>,
    pub only_after: Vec<String>,
}

/// A setting that differs between the trials of a cell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting {
    pub column: &'static str,
    pub before: String,
    pub after: String,
}

/// Test accuracies by seed, per cell and variant.
type Values = BTreeMap<String, BTreeMap<u64, f64>>;

fn values(trials: &DataFrame) -> Result<Values, StatsError> {
    let (cells, status) = (trials.column("cell")?.str()?, trials.column("status")?.str()?);
    let dataset = trials.column("dataset")?.str()?;
    let (seeds, repeats) = (trials.column("seed")?.u64()?, trials.column("repeat")?.u32()?);
    let test = trials.column("test_accuracy")?.f64()?;
    let variants = variants(trials)?;
    let mut all = Values::new();
    for row in (0..trials.height()).filter(|r| repeats.get(*r) == Some(0)) {
        let chance = || DatasetId::ALL.into_iter().find(|d| Some(d.name()) == dataset.get(row)).map(DatasetId::chance);
        let value = if status.get(row) == Some("finished") { test.get(row) } else { chance() };
        let (Some(cell), Some(seed), Some(value)) = (cells.get(row), seeds.get(row), value) else { continue };
        all.entry(with_variant(cell, &variants[row])).or_default().insert(seed, value);
    }
    Ok(all)
}

/// Sets two frames of trials side by side.
pub fn changes(before: &DataFrame, after: &DataFrame) -> Result<Changes, StatsError> {
    let (a, b) = (values(before)?, values(after)?);
    let mut changes = vec![];
    for (cell, left) in &a {
        let Some(right) = b.get(cell) else { continue };
        let common: Vec<(f64, f64)> = left.iter().filter_map(|(s, l)| Some((*l, *right.get(s)?))).collect();
        let all = |v: &BTreeMap<u64, f64>| v.values().copied().collect::<Vec<f64>>();
        let ((left, right), test) = match (common.len(), left.len(), right.len()) {
            (2.., ..) => (common.iter().copied().unzip(), Test::Paired(common.len())),
            // one trial each, of the same seed and to the bit as right: nothing moved
            (1, 1, 1) if common[0].0 == common[0].1 => (common.iter().copied().unzip(), Test::Paired(1)),
            (_, 2.., 2..) => ((all(left), all(right)), Test::Welch(left.len(), right.len())),
            _ => ((all(left), all(right)), Test::None),
        };
        let p = match test {
            Test::Paired(1) => Some(1.0),
            Test::Paired(_) => Some(paired_t(&left.iter().zip(&right).map(|(l, r)| r - l).collect::<Vec<f64>>(), 0.0)?),
            Test::Welch(..) => Some(welch_t(&left, &right)?),
            Test::None => None,
        };
        let interval = match test {
            Test::Paired(2..) => Some(paired_difference(&right, &left)?).map(|i| (i.low, i.high)),
            _ => None,
        };
        let (before, after) = (mean(&left)?, mean(&right)?);
        changes.push(CellChange { cell: cell.clone(), before, after, interval, test, p });
    }
    let tested: Vec<f64> = changes.iter().filter_map(|c| c.p).collect();
    let mut adjusted = holm(&tested)?.into_iter();
    changes.iter_mut().filter(|c| c.p.is_some()).for_each(|c| c.p = adjusted.next());
    let only = |x: &Values, y: &Values| x.keys().filter(|k| !y.contains_key(*k)).cloned().collect();
    Ok(Changes { cells: changes, only_before: only(&a, &b), only_after: only(&b, &a) })
}

/// Settings in which the trials of a cell differ from one set to the other, with the cells.
pub fn settings(before: &DataFrame, after: &DataFrame) -> Result<BTreeMap<Setting, Vec<String>>, StatsError> {
    let (a, b) = (settings_of(before)?, settings_of(after)?);
    let mut all: BTreeMap<Setting, Vec<String>> = BTreeMap::new();
    for (cell, left) in &a {
        let Some(right) = b.get(cell) else { continue };
        for (i, column) in SETTINGS.into_iter().enumerate().filter(|(i, _)| left[*i] != right[*i]) {
            let setting = Setting { column, before: left[i].join(", "), after: right[i].join(", ") };
            all.entry(setting).or_default().push(cell.clone());
        }
    }
    Ok(all)
}

/// The distinct values of every setting, by cell and variant.
fn settings_of(trials: &DataFrame) -> Result<BTreeMap<String, Vec<Vec<String>>>, StatsError> {
    let cells = trials.column("cell")?.str()?;
    let variants = variants(trials)?;
    let mut all: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for row in 0..trials.height() {
        let name = with_variant(cells.get(row).unwrap_or_default(), &variants[row]);
        let seen = all.entry(name).or_insert_with(|| vec![vec![]; SETTINGS.len()]);
        for (column, seen) in SETTINGS.iter().zip(seen) {
            let text = match trials.column(column).map(|c| c.get(row)) {
                Ok(Ok(AnyValue::String(text))) => text.to_string(),
                Ok(Ok(AnyValue::Float64(number))) => number.to_string(),
                Ok(Ok(AnyValue::Null)) | Err(_) => "none".to_string(),
                Ok(other) => other?.to_string(),
            };
            if !seen.contains(&text) {
                seen.push(text);
                seen.sort();
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::super::frames::tests::{diverged, stored};
    use super::super::trials_frame;
    use super::*;
    use crate::run::StoredTrial;

    const BP: &str = "mnist/1x2000/bp";
    const FA: &str = "mnist/1x2000/fa/feedback=random";

    fn compared(a: &[StoredTrial], b: &[StoredTrial]) -> (Vec<CellChange>, Vec<String>, Vec<String>) {
        let c = changes(&trials_frame(a).unwrap(), &trials_frame(b).unwrap()).unwrap();
        (c.cells, c.only_before, c.only_after)
    }

    #[test]
    fn cells_are_paired_by_seed_and_corrected_together() {
        let a: Vec<_> = (1..=3).flat_map(|s| [stored(BP, s, 0, &[8]), stored(FA, s, 0, &[6 + s as u32])]).collect();
        let b: Vec<_> = (1..=3).flat_map(|s| [stored(BP, s, 0, &[8]), stored(FA, s, 0, &[2 + s as u32])]).collect();
        let (cells, left, right) = compared(&a, &b);
        assert!(left.is_empty() && right.is_empty());
        assert_eq!((cells[0].test, cells[0].p), (Test::Paired(3), Some(1.0)));
        // the same shift at every seed: beyond noise, whatever the spread over seeds
        assert_eq!((cells[1].test, cells[1].p), (Test::Paired(3), Some(0.0)));
        assert_eq!((cells[1].before, cells[1].after), (0.5, 0.25));
        assert_eq!(cells[1].interval, Some((-0.25, -0.25)));
    }

    /// Differences of 1, 2 and 3 images of 16: mean 2, t(0.975, 2) = 4.3027, standard error 1/√3.
    #[test]
    fn a_paired_change_has_its_interval() {
        let a: Vec<_> = (1..=3).map(|s| stored(BP, s, 0, &[8])).collect();
        let b: Vec<_> = (1..=3).map(|s| stored(BP, s, 0, &[8 + s as u32])).collect();
        let (low, high) = compared(&a, &b).0[0].interval.unwrap();
        assert!((16.0 * low - (2.0 - 4.3027 / 3f64.sqrt())).abs() < 1e-4, "{low}");
        assert!((16.0 * high - (2.0 + 4.3027 / 3f64.sqrt())).abs() < 1e-4, "{high}");
    }

    #[test]
    fn other_seeds_are_compared_as_samples_and_single_trials_not_at_all() {
        let of = |seeds: [u64; 2], up: u32| seeds.map(|s| stored(BP, s, 0, &[8 + up + s as u32 % 2]));
        let (cells, ..) = compared(&of([1, 2], 0), &of([3, 4], 0));
        assert_eq!((cells[0].test, cells[0].p), (Test::Welch(2, 2), Some(1.0)));
        let (cells, ..) = compared(&[stored(BP, 1, 0, &[8])], &[stored(BP, 1, 0, &[9])]);
        assert_eq!((cells[0].test, cells[0].p, cells[0].interval), (Test::None, None, None));
        let (cells, only, new) = compared(&[stored(BP, 1, 0, &[8])], &[stored(FA, 1, 0, &[8])]);
        assert!(cells.is_empty());
        assert_eq!((only, new), (vec![BP.to_string()], vec![FA.to_string()]));
    }

    #[test]
    fn a_diverged_trial_counts_as_chance() {
        let a = [1, 2].map(|s| stored(FA, s, 0, &[16]));
        let (cells, ..) = compared(&a, &[1, 2].map(|s| diverged(FA, s)));
        assert_eq!((cells[0].before, cells[0].after, cells[0].p), (1.0, 0.1, Some(0.0)));
    }

    #[test]
    fn settings_that_differ_are_named_with_their_cells() {
        let a = [stored(BP, 1, 0, &[8]), stored(FA, 1, 0, &[8])];
        let mut b = a.clone();
        b[1].trial.learning_rate = 0.5;
        let found = settings(&trials_frame(&a).unwrap(), &trials_frame(&b).unwrap()).unwrap();
        let rate = Setting { column: "learning_rate", before: "0.1".into(), after: "0.5".into() };
        assert_eq!(found, BTreeMap::from([(rate, vec![FA.to_string()])]));
    }
}
