//! The summary frame: one row per cell, over its ordinary trials (repeat 0).

use std::collections::BTreeMap;

use polars::prelude::*;

use super::StatsError;
use super::frames::column;
use super::summary::{Interval, interval, mean, paired_difference, std_dev};
use super::variants::variants;

/// Columns that must be one value within a cell: trials that differ in them may not be averaged.
const SETTINGS: [&str; 5] = ["batch", "data", "data_fingerprint", "train_sample", "revision"];

/// The trials of one cell.
struct Group {
    cell: String,
    /// What tells these trials from others of the cell; mostly empty.
    variant: String,
    recipe: String,
    precision: String,
    epochs: u32,
    dataset: String,
    network: String,
    rule: String,
    options: String,
    learning_rate: f64,
    diverged: u32,
    runaway: u32,
    /// Finished trials of what is not scored: a layer whose growth is followed classifies nothing.
    unscored: u32,
    /// Of the other finished trials, in the order of seeds: seed, test, train, test at the best validation epoch.
    finished: Vec<(u64, f64, Option<f64>, Option<f64>)>,
}

impl Group {
    fn test(&self) -> Vec<f64> {
        self.finished.iter().map(|f| f.1).collect()
    }
    fn train(&self) -> Vec<f64> {
        self.finished.iter().filter_map(|f| f.2).collect()
    }
    fn best(&self) -> Vec<f64> {
        self.finished.iter().filter_map(|f| f.3).collect()
    }
}

/// One row per cell of a trials frame. `n` counts the finished trials with `repeat = 0`; means are over those that
/// are scored; differences are paired by seed against backpropagation on the same dataset and network.
pub fn summarise(trials: &DataFrame) -> Result<DataFrame, StatsError> {
    let groups = groups(trials)?;
    // no value where there are too few; every other error is one
    let some = |values: Vec<f64>, least: usize, f: fn(&[f64]) -> Result<f64, StatsError>| {
        if values.len() < least { Ok(None) } else { f(&values).map(Some) }
    };
    let each = |values: fn(&Group) -> Vec<f64>, least: usize, f: fn(&[f64]) -> Result<f64, StatsError>| {
        groups.iter().map(|g| some(values(g), least, f)).collect::<Result<Vec<_>, _>>()
    };
    let differences = groups.iter().map(|g| difference(g, baseline(g, &groups))).collect::<Result<Vec<_>, _>>()?;
    let columns = vec![
        column!("cell", groups, |g| g.cell.as_str()),
        column!("variant", groups, |g| g.variant.as_str()),
        column!("dataset", groups, |g| g.dataset.as_str()),
        column!("network", groups, |g| g.network.as_str()),
        column!("rule", groups, |g| g.rule.as_str()),
        column!("options", groups, |g| g.options.as_str()),
        column!("n", groups, |g| g.finished.len() as u32 + g.unscored),
        column!("diverged", groups, |g| g.diverged),
        column!("runaway", groups, |g| g.runaway),
        Column::new("mean".into(), each(Group::test, 1, mean)?),
        Column::new("std".into(), each(Group::test, 2, std_dev)?),
        Column::new("ci_low".into(), each(Group::test, 2, |v| Ok(interval(v)?.low))?),
        Column::new("ci_high".into(), each(Group::test, 2, |v| Ok(interval(v)?.high))?),
        Column::new("train_mean".into(), each(Group::train, 1, mean)?),
        Column::new("train_std".into(), each(Group::train, 2, std_dev)?),
        Column::new("best_mean".into(), each(Group::best, 1, mean)?),
        Column::new("best_std".into(), each(Group::best, 2, std_dev)?),
        column!("recipe", groups, |g| g.recipe.as_str()),
        column!("precision", groups, |g| g.precision.as_str()),
        column!("learning_rate", groups, |g| g.learning_rate),
        column!("epochs", groups, |g| g.epochs),
        column!("difference_mean", differences, |d| d.map(|i| i.mean)),
        column!("difference_low", differences, |d| d.map(|i| i.low)),
        column!("difference_high", differences, |d| d.map(|i| i.high)),
    ];
    Ok(DataFrame::new(groups.len(), columns)?)
}

/// Backpropagation on the same dataset and network with the same recipe, precision and length: of several rates the
/// same one, or else the only one.
fn baseline<'a>(group: &Group, groups: &'a [Group]) -> Option<&'a Group> {
    let same = |g: &&Group| {
        g.rule == "bp"
            && (&g.dataset, &g.network, &g.recipe, &g.precision, g.epochs)
                == (&group.dataset, &group.network, &group.recipe, &group.precision, group.epochs)
    };
    let candidates: Vec<&Group> = groups.iter().filter(same).collect();
    match candidates[..] {
        [only] => Some(only),
        _ => candidates.into_iter().find(|g| g.learning_rate.to_bits() == group.learning_rate.to_bits()),
    }
}

fn difference(group: &Group, baseline: Option<&Group>) -> Result<Option<Interval>, StatsError> {
    let Some(baseline) = baseline.filter(|_| group.rule != "bp") else { return Ok(None) };
    let of_seed: BTreeMap<u64, f64> = baseline.finished.iter().map(|f| (f.0, f.1)).collect();
    let (left, right): (Vec<f64>, Vec<f64>) =
        group.finished.iter().filter_map(|f| of_seed.get(&f.0).map(|b| (f.1, *b))).unzip();
    if left.len() < 2 {
        return Ok(None);
    }
    paired_difference(&left, &right).map(Some)
}

/// Rows gathered by cell in the order of the frame (which is sorted by cell and seed).
fn groups(trials: &DataFrame) -> Result<Vec<Group>, StatsError> {
    let text = |name: &str| -> Result<StringChunked, StatsError> { Ok(trials.column(name)?.str()?.clone()) };
    let number = |name: &str| -> Result<Float64Chunked, StatsError> { Ok(trials.column(name)?.f64()?.clone()) };
    let (cell, dataset, network) = (text("cell")?, text("dataset")?, text("network")?);
    let (rule, options, status) = (text("rule")?, text("options")?, text("status")?);
    let rate = number("learning_rate")?;
    let (test, train, best) = (number("test_accuracy")?, number("train_accuracy")?, number("best_test_accuracy")?);
    let seed = trials.column("seed")?.u64()?;
    let repeat = trials.column("repeat")?.u32()?;
    let runaway = trials.column("runaway")?.bool()?;
    let (recipe, precision) = (text("recipe")?, text("precision")?);
    let epochs = trials.column("epochs")?.u32()?;
    let variants = variants(trials)?;
    let mut groups: BTreeMap<(String, String), (usize, Group)> = BTreeMap::new();
    for row in 0..trials.height() {
        if repeat.get(row) != Some(0) {
            continue;
        }
        let owned = |c: &StringChunked| c.get(row).unwrap_or_default().to_string();
        let name = owned(&cell);
        let (first, group) = groups.entry((name.clone(), variants[row].clone())).or_insert_with(|| {
            let group = Group {
                cell: name.clone(),
                variant: variants[row].clone(),
                recipe: owned(&recipe),
                precision: owned(&precision),
                epochs: epochs.get(row).unwrap_or_default(),
                dataset: owned(&dataset),
                network: owned(&network),
                rule: owned(&rule),
                options: owned(&options),
                learning_rate: rate.get(row).unwrap_or(f64::NAN),
                diverged: 0,
                runaway: 0,
                unscored: 0,
                finished: vec![],
            };
            (row, group)
        });
        for column in SETTINGS {
            let values = trials.column(column)?;
            let (a, b) = (values.get(*first)?, values.get(row)?);
            if a != b {
                return Err(StatsError::MixedSettings {
                    cell: name,
                    column,
                    first: a.to_string(),
                    second: b.to_string(),
                });
            }
        }
        group.runaway += u32::from(runaway.get(row) == Some(true));
        match (status.get(row), test.get(row)) {
            (Some("finished"), Some(value)) => {
                group.finished.push((seed.get(row).unwrap_or_default(), value, train.get(row), best.get(row)))
            }
            (Some("finished"), None) => group.unscored += 1,
            _ => group.diverged += 1,
        }
    }
    let mut groups: Vec<Group> = groups.into_values().map(|(_, g)| g).collect();
    groups.iter_mut().for_each(|g| g.finished.sort_by_key(|f| f.0));
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::super::frames::tests::{diverged, stored};
    use super::super::trials_frame;
    use super::*;

    const BP: &str = "mnist/1x2000/bp";
    const FA: &str = "mnist/1x2000/fa/feedback=random";

    fn number(f: &DataFrame, name: &str, row: usize) -> Option<f64> {
        f.column(name).unwrap().f64().unwrap().get(row)
    }

    #[test]
    fn cells_are_summed_up_over_finished_trials_and_paired_by_seed() {
        let trials = [
            stored(BP, 1, 0, &[8]),
            stored(BP, 2, 0, &[10]),
            stored(BP, 3, 0, &[12]),
            stored(BP, 1, 1, &[1]), // a repeat does not count
            stored(FA, 1, 0, &[7]),
            stored(FA, 2, 0, &[8]),
            diverged(FA, 3),
        ];
        let s = summarise(&trials_frame(&trials).unwrap()).unwrap();
        assert_eq!(s.height(), 2);
        assert_eq!(s.column("n").unwrap().u32().unwrap().to_vec(), [Some(3), Some(2)]);
        assert_eq!(s.column("diverged").unwrap().u32().unwrap().to_vec(), [Some(0), Some(1)]);
        assert_eq!(number(&s, "mean", 0), Some(0.625));
        assert_eq!(number(&s, "std", 0), Some(0.125));
        assert_eq!(number(&s, "difference_mean", 0), None);
        // (7-8)/16 and (8-10)/16
        assert!((number(&s, "difference_mean", 1).unwrap() + 1.5 / 16.0).abs() < 1e-15);
        let half = 12.706204736174696 * (0.5f64).sqrt() / 16.0 / (2f64).sqrt();
        assert!((number(&s, "difference_high", 1).unwrap() - (half - 1.5 / 16.0)).abs() < 1e-9);
    }

    #[test]
    fn one_trial_has_a_mean_but_no_spread() {
        let s = summarise(&trials_frame(&[stored(BP, 1, 0, &[8])]).unwrap()).unwrap();
        assert_eq!(number(&s, "mean", 0), Some(0.5));
        for name in ["std", "ci_low", "ci_high", "train_std", "difference_mean"] {
            assert_eq!(number(&s, name, 0), None, "{name}");
        }
    }

    #[test]
    fn a_cell_that_always_diverged_has_no_mean() {
        let s = summarise(&trials_frame(&[diverged(FA, 1), diverged(FA, 2)]).unwrap()).unwrap();
        assert_eq!(number(&s, "mean", 0), None);
        assert_eq!(s.column("diverged").unwrap().u32().unwrap().get(0), Some(2));
    }

    #[test]
    fn a_cell_that_is_not_scored_has_no_mean_and_did_not_diverge() {
        let mut followed = stored("mnist/1x2000/growth/local=oja", 1, 0, &[8]);
        (followed.outcome.curve, followed.outcome.train) = (vec![], None);
        let s = summarise(&trials_frame(&[followed]).unwrap()).unwrap();
        assert_eq!(number(&s, "mean", 0), None);
        assert_eq!(s.column("n").unwrap().u32().unwrap().get(0), Some(1));
        assert_eq!(s.column("diverged").unwrap().u32().unwrap().get(0), Some(0));
    }

    #[test]
    fn trials_with_different_settings_are_not_averaged() {
        let mut other = stored(BP, 2, 0, &[8]);
        other.trial.batch += 1;
        let e = summarise(&trials_frame(&[stored(BP, 1, 0, &[8]), other]).unwrap()).unwrap_err();
        assert!(matches!(e, StatsError::MixedSettings { column: "batch", .. }), "{e}");
    }

    #[test]
    fn a_sweep_gives_a_row_per_setting_each_beside_its_own_baseline() {
        let rated = |cell, seed, rate, correct| {
            let mut t = stored(cell, seed, 0, &[correct]);
            t.trial.learning_rate = rate;
            t
        };
        let all: Vec<_> = [1, 2]
            .into_iter()
            .flat_map(|s| {
                [
                    rated(BP, s, 0.1, 8),
                    rated(BP, s, 0.2, 12),
                    rated(FA, s, 0.1, 7),
                    rated(FA, s, 0.2, 9),
                    rated(FA, s, 0.3, 9),
                ]
            })
            .collect();
        let s = summarise(&trials_frame(&all).unwrap()).unwrap();
        let rows: Vec<_> = (0..s.height()).map(|r| number(&s, "difference_mean", r)).collect();
        assert_eq!(rows, [None, None, Some(-1.0 / 16.0), Some(-3.0 / 16.0), None]);
        assert_eq!(s.column("variant").unwrap().str().unwrap().get(1), Some("rate 0.2"));
    }

    #[test]
    fn a_number_that_is_none_is_refused_and_never_averaged() {
        let trials = [stored(BP, 1, 0, &[8]), stored(BP, 2, 0, &[10]), stored(FA, 1, 0, &[7]), stored(FA, 2, 0, &[8])];
        let clean = trials_frame(&trials).unwrap();
        let floats: Vec<String> =
            clean.columns().iter().filter(|c| c.dtype() == &DataType::Float64).map(|c| c.name().to_string()).collect();
        assert!(floats.len() > 5);
        for name in floats {
            for poison in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let mut frame = clean.clone();
                let mut values = frame.column(&name).unwrap().f64().unwrap().to_vec();
                values[0] = Some(poison);
                frame.with_column(Column::new(name.as_str().into(), values)).unwrap();
                let Ok(summary) = summarise(&frame) else { continue };
                // what is not averaged (rates, times) may pass; of what is, nothing does
                assert!(!name.ends_with("test_accuracy") && name != "train_accuracy", "{name}: {poison} was averaged");
                for column in ["mean", "std", "ci_low", "train_mean", "best_mean", "difference_mean"] {
                    let values = summary.column(column).unwrap().f64().unwrap();
                    assert!(values.iter().flatten().all(f64::is_finite), "{name}: {poison} got into {column}");
                }
            }
        }
    }
}
