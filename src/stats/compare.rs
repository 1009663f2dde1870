//! Are two result sets the same to the bit? Compared are the rows of trials and of curves; the weights are compared by
//! their hash, which `filters.parquet` (a picture of some of them) adds nothing to.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;

use super::StatsError;

/// What two result sets have in common, by the key of their trials.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// Keys with equal bits in every compared column.
    pub equal: Vec<String>,
    /// Keys with the columns in which they differ.
    pub differ: Vec<(String, Vec<String>)>,
    /// Keys of the second frame that the first has not.
    pub missing: Vec<String>,
    /// Keys of the first frame that the second has not.
    pub new: Vec<String>,
}

impl Comparison {
    /// Same keys, same bits.
    pub fn identical(&self) -> bool {
        self.differ.is_empty() && self.missing.is_empty() && self.new.is_empty()
    }
}

/// Whether a column is measured, so that it differs from run to run.
pub fn is_measured(column: &str) -> bool {
    column.ends_with("_time_s") || column.ends_with("_memory_bytes")
}

/// Columns that results of earlier versions do not have. The weights' hash stands for what they say.
const ADDED: [&str; 5] = ["hidden_rate", "growth", "feedback_rate", "train_correct", "train_total"];

/// Compares trials and their curves by key in every column but the measured ones and `commit`. A column that only one
/// side has differs, unless it is null throughout or one that an earlier version did not write.
pub fn same_bits(a: [&DataFrame; 2], b: [&DataFrame; 2]) -> Result<Comparison, StatsError> {
    let ([trials_a, curves_a], [trials_b, curves_b]) = (a, b);
    let mut result = same_rows(trials_a, trials_b)?;
    let curves = same_rows(curves_a, curves_b)?;
    let mut differing: BTreeMap<String, Vec<String>> = result.differ.into_iter().collect();
    for (key, columns) in curves.differ {
        differing.entry(key).or_default().extend(columns.iter().map(|c| format!("curve: {c}")));
    }
    // a trial that is missing altogether is said once
    for key in curves.missing.into_iter().chain(curves.new) {
        if !result.missing.contains(&key) && !result.new.contains(&key) {
            differing.entry(key).or_default().push("curve: only one has it".to_string());
        }
    }
    result.equal.retain(|key| !differing.contains_key(key));
    result.differ = differing.into_iter().collect();
    Ok(result)
}

fn same_rows(a: &DataFrame, b: &DataFrame) -> Result<Comparison, StatsError> {
    let (rows_a, rows_b) = (rows_by_key(a)?, rows_by_key(b)?);
    let columns: BTreeSet<&str> = [a, b]
        .into_iter()
        .flat_map(|f| f.columns().iter().map(|c| c.name().as_str()))
        .filter(|c| !is_measured(c) && *c != "commit")
        .filter(|c| !ADDED.contains(c) || [a, b].iter().all(|f| f.column(c).is_ok()))
        .collect();
    let mut result = Comparison::default();
    for (key, rows_a) in &rows_a {
        let Some(rows_b) = rows_b.get(key) else {
            result.new.push(key.clone());
            continue;
        };
        let mut differing = vec![];
        if rows_a.len() != rows_b.len() {
            differing.push(format!("{} and {} rows", rows_a.len(), rows_b.len()));
        }
        for name in &columns {
            for (row_a, row_b) in rows_a.iter().zip(rows_b) {
                if bits(a, name, *row_a)? != bits(b, name, *row_b)? {
                    differing.push(name.to_string());
                    break;
                }
            }
        }
        match differing.is_empty() {
            true => result.equal.push(key.clone()),
            false => result.differ.push((key.clone(), differing)),
        }
    }
    result.missing = rows_b.into_keys().filter(|k| !rows_a.contains_key(k)).collect();
    Ok(result)
}

/// The rows of each key by epoch and step, whatever the order of the file: joined results are sorted anew.
fn rows_by_key(frame: &DataFrame) -> Result<BTreeMap<String, Vec<usize>>, StatsError> {
    let place = |row: &usize| {
        ["epoch", "step"].map(|name| frame.column(name).ok().and_then(|c| c.get(*row).ok()?.extract::<u64>()))
    };
    let mut rows: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (row, key) in frame.column("key")?.str()?.iter().enumerate() {
        if let Some(key) = key {
            rows.entry(key.to_string()).or_default().push(row);
        }
    }
    rows.values_mut().for_each(|rows| rows.sort_by_key(place));
    Ok(rows)
}

/// A value as text that is equal exactly where the bits are (`NaN` and `-0.0` included).
fn bits(frame: &DataFrame, column: &str, row: usize) -> Result<Option<String>, StatsError> {
    let Ok(values) = frame.column(column) else { return Ok(None) };
    Ok(match values.get(row)? {
        AnyValue::Null => None,
        AnyValue::Float64(v) => Some(format!("{:016x}", v.to_bits())),
        AnyValue::Binary(v) => Some(hex::encode(v)),
        AnyValue::BinaryOwned(v) => Some(hex::encode(v)),
        AnyValue::String(v) => Some(v.to_string()),
        // from a column that holds one value for all rows
        AnyValue::StringOwned(v) => Some(v.to_string()),
        other => Some(format!("{other:?}")),
    })
}

#[cfg(test)]
mod tests {
    use super::super::frames::tests::stored;
    use super::super::{curves_frame, trials_frame};
    use super::*;
    use crate::run::StoredTrial;

    fn frames(trials: &[StoredTrial]) -> [DataFrame; 2] {
        [trials_frame(trials).unwrap(), curves_frame(trials).unwrap()]
    }

    fn compared(a: &[StoredTrial], b: &[StoredTrial]) -> Comparison {
        same_bits(frames(a).each_ref(), frames(b).each_ref()).unwrap()
    }

    #[test]
    fn measured_columns_and_the_commit_do_not_count() {
        let a = stored("mnist/1x2000/bp", 1, 0, &[8]);
        let mut b = a.clone();
        b.commit = None;
        b.peak_memory_bytes = Some(1);
        b.outcome.train_time_s = 99.0;
        b.outcome.curve[0].epoch_time_s = 99.0;
        let c = compared(&[a], &[b]);
        assert!(c.identical() && c.equal.len() == 1, "{c:?}");
    }

    #[test]
    fn results_of_an_earlier_version_are_compared_in_what_they_have() {
        let now = frames(&[stored("mnist/1x2000/bp", 1, 0, &[8])]);
        let same = |a: &DataFrame, b: &DataFrame| same_bits([a, &now[1]], [b, &now[1]]).unwrap().identical();
        let before = now[0].drop_many(ADDED);
        assert!(same(&now[0], &before) && same(&before, &now[0]));
        assert!(!same(&now[0], &now[0].drop("weights_sha256").unwrap()));
    }

    #[test]
    fn one_bit_shows_and_so_do_missing_and_new_trials() {
        let a = stored("mnist/1x2000/bp", 1, 0, &[8]);
        let mut b = a.clone();
        b.outcome.test_bits[0] ^= 1;
        let (new, missing) = (stored("mnist/1x2000/bp", 2, 0, &[8]), stored("mnist/1x2000/bp", 3, 0, &[8]));
        let c = compared(&[a.clone(), new.clone()], &[b, missing.clone()]);
        assert_eq!(c.differ, [(a.trial.key(), vec!["test_bits".to_string()])]);
        assert_eq!((c.new, c.missing), (vec![new.trial.key()], vec![missing.trial.key()]));
    }

    #[test]
    fn a_curve_that_differs_shows_too() {
        let a = stored("mnist/1x2000/bp", 1, 0, &[7, 8]);
        let key = a.trial.key();
        let mut b = a.clone();
        b.outcome.curve[0].train_loss = f64::from_bits(b.outcome.curve[0].train_loss.to_bits() ^ 1);
        let c = compared(std::slice::from_ref(&a), &[b]);
        assert!(c.equal.is_empty());
        assert_eq!(c.differ, [(key.clone(), vec!["curve: train_loss".to_string()])]);

        let [trials, curves] = frames(std::slice::from_ref(&a));
        let turned = same_bits([&trials, &curves], [&trials, &curves.reverse()]).unwrap();
        assert!(turned.identical(), "the order of rows is no result: {turned:?}");
        let short = same_bits([&trials, &curves], [&trials, &curves.head(Some(1))]).unwrap();
        assert_eq!(short.differ, [(key.clone(), vec!["curve: 2 and 1 rows".to_string()])]);
        let none = same_bits([&trials, &curves], [&trials, &curves.head(Some(0))]).unwrap();
        assert_eq!(none.differ, [(key, vec!["curve: only one has it".to_string()])]);
    }
}
