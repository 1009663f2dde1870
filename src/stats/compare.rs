//! Are two result sets the same to the bit?

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;

use super::StatsError;

/// What two frames of trials have in common, by key.
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

/// Compares trials by key in every column but the measured ones and `commit`. A column that only one frame has
/// differs, unless it is null throughout or one that an earlier version did not write.
pub fn same_bits(a: &DataFrame, b: &DataFrame) -> Result<Comparison, StatsError> {
    let (rows_a, rows_b) = (rows_by_key(a)?, rows_by_key(b)?);
    let columns: BTreeSet<&str> = [a, b]
        .into_iter()
        .flat_map(|f| f.columns().iter().map(|c| c.name().as_str()))
        .filter(|c| !is_measured(c) && *c != "commit")
        .filter(|c| !ADDED.contains(c) || [a, b].iter().all(|f| f.column(c).is_ok()))
        .collect();
    let mut result = Comparison::default();
    for (key, row_a) in &rows_a {
        let Some(row_b) = rows_b.get(key) else {
            result.new.push(key.clone());
            continue;
        };
        let mut differing = vec![];
        for name in &columns {
            if bits(a, name, *row_a)? != bits(b, name, *row_b)? {
                differing.push(name.to_string());
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

fn rows_by_key(frame: &DataFrame) -> Result<BTreeMap<String, usize>, StatsError> {
    let keys = frame.column("key")?.str()?;
    Ok(keys.iter().enumerate().filter_map(|(row, key)| Some((key?.to_string(), row))).collect())
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
        other => Some(format!("{other:?}")),
    })
}

#[cfg(test)]
mod tests {
    use super::super::frames::tests::stored;
    use super::super::trials_frame;
    use super::*;

    #[test]
    fn measured_columns_and_the_commit_do_not_count() {
        let a = stored("mnist/1x2000/bp", 1, 0, &[8]);
        let mut b = a.clone();
        b.commit = None;
        b.peak_memory_bytes = Some(1);
        b.outcome.train_time_s = 99.0;
        let c = same_bits(&trials_frame(&[a]).unwrap(), &trials_frame(&[b]).unwrap()).unwrap();
        assert!(c.identical() && c.equal.len() == 1, "{c:?}");
    }

    #[test]
    fn results_of_an_earlier_version_are_compared_in_what_they_have() {
        let now = trials_frame(&[stored("mnist/1x2000/bp", 1, 0, &[8])]).unwrap();
        let before = now.drop_many(ADDED);
        assert!(same_bits(&now, &before).unwrap().identical() && same_bits(&before, &now).unwrap().identical());
        assert!(!same_bits(&now, &now.drop("weights_sha256").unwrap()).unwrap().identical());
    }

    #[test]
    fn one_bit_shows_and_so_do_missing_and_new_trials() {
        let a = stored("mnist/1x2000/bp", 1, 0, &[8]);
        let mut b = a.clone();
        b.outcome.test_bits[0] ^= 1;
        let (new, missing) = (stored("mnist/1x2000/bp", 2, 0, &[8]), stored("mnist/1x2000/bp", 3, 0, &[8]));
        let c =
            same_bits(&trials_frame(&[a.clone(), new.clone()]).unwrap(), &trials_frame(&[b, missing.clone()]).unwrap())
                .unwrap();
        assert_eq!(c.differ, [(a.trial.key(), vec!["test_bits".to_string()])]);
        assert_eq!((c.new, c.missing), (vec![new.trial.key()], vec![missing.trial.key()]));
    }
}
