//! Settings that tell the trials of one cell apart: a study may train a cell with several recipes, rates or lengths.

use std::collections::BTreeMap;

use polars::prelude::*;

use super::StatsError;

/// Columns that a study may sweep over, with the words for a value.
const SWEPT: [(&str, &str); 4] =
    [("recipe", "recipe"), ("precision", "precision"), ("learning_rate", "rate"), ("epochs", "epochs")];

/// For each row of a trials frame: what tells it from other trials of its cell, such as `recipe unit, rate 0.1`; empty
/// where the cell was trained in one way only.
///
/// # Errors
/// A column that is missing.
pub fn variants(trials: &DataFrame) -> Result<Vec<String>, StatsError> {
    let cells = trials.column("cell")?.str()?.clone();
    let columns = SWEPT.map(|(column, _)| trials.column(column));
    let value = |column: usize, row: usize| -> Result<String, StatsError> {
        let column = columns[column].as_ref().map_err(|e| StatsError::Polars(e.clone()))?;
        Ok(match column.get(row)? {
            AnyValue::String(text) => text.to_string(),
            AnyValue::Float64(number) => number.to_string(),
            other => other.to_string(),
        })
    };
    // the columns in which a cell's trials differ
    let mut first: BTreeMap<&str, (usize, [bool; 4])> = BTreeMap::new();
    for row in 0..trials.height() {
        let (first, differs) = first.entry(cells.get(row).unwrap_or_default()).or_insert((row, [false; 4]));
        for (column, differs) in differs.iter_mut().enumerate() {
            *differs |= value(column, *first)? != value(column, row)?;
        }
    }
    (0..trials.height())
        .map(|row| {
            let (_, differs) = first[cells.get(row).unwrap_or_default()];
            let mut parts = vec![];
            for column in (0..SWEPT.len()).filter(|c| differs[*c]) {
                let value = value(column, row)?;
                parts.push(match SWEPT[column].1 {
                    "epochs" if value == "1" => "1 epoch".to_string(),
                    "epochs" => format!("{value} epochs"),
                    word => format!("{word} {value}"),
                });
            }
            Ok(parts.join(", "))
        })
        .collect()
}

/// `cell`, or `cell [variant]` where there are several.
pub fn with_variant(cell: &str, variant: &str) -> String {
    if variant.is_empty() { cell.to_string() } else { format!("{cell} [{variant}]") }
}

#[cfg(test)]
mod tests {
    use super::super::frames::tests::stored;
    use super::super::trials_frame;
    use super::*;

    #[test]
    fn only_what_differs_within_a_cell_is_named() {
        let mut trials = vec![stored("mnist/1x7/bp", 1, 0, &[8]), stored("mnist/1x7/bp", 2, 0, &[8])];
        let two = |t: &[_]| variants(&trials_frame(t).unwrap()).unwrap();
        assert_eq!(two(&trials), ["", ""]);
        trials[1].trial.learning_rate = 0.5;
        trials.push(stored("mnist/1x9/bp", 1, 0, &[8]));
        let rate = trials[0].trial.learning_rate;
        assert_eq!(two(&trials), [format!("rate {rate}"), "rate 0.5".into(), String::new()]);
        assert_eq!(with_variant("c", "rate 1"), "c [rate 1]");
        assert_eq!(with_variant("c", ""), "c");
    }
}
