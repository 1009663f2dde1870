//! The frames: one row per trial (`results.parquet`) and one per trial and epoch (`curves.parquet`).
//!
//! Accuracies are fractions. Measured columns end in `_time_s` or `_memory_bytes`; every other column but `commit`
//! holds the same bits on every run.

use polars::prelude::*;

use super::StatsError;
use crate::run::StoredTrial;
use crate::train::{EpochRow, Filters, GrowthRow, Score, Status};

/// A column made of one value per row.
macro_rules! column {
    ($name:expr, $rows:expr, $value:expr) => {
        Column::new($name.into(), $rows.iter().map($value).collect::<Vec<_>>())
    };
}
pub(super) use column;

/// Weight matrices and feedback matrices that the schema always has columns for; deeper networks get more.
const NORMS: usize = 3;
const ANGLES: usize = 2;

/// Trials in the order of every table: by cell, seed, repeat, then key.
fn sorted(trials: &[StoredTrial]) -> Vec<(String, &StoredTrial)> {
    let mut rows: Vec<_> = trials.iter().map(|t| (t.trial.key(), t)).collect();
    rows.sort_by_cached_key(|(key, t)| (t.trial.cell.to_string(), t.trial.seed, t.trial.repeat, key.clone()));
    rows
}

fn accuracy(score: Option<Score>) -> Option<f64> {
    score.filter(|s| s.total > 0).map(Score::accuracy)
}

/// One row per trial, sorted by (cell, seed, repeat).
pub fn trials_frame(trials: &[StoredTrial]) -> Result<DataFrame, StatsError> {
    let rows = sorted(trials);
    let last = |t: &StoredTrial, score: fn(&EpochRow) -> Score| accuracy(t.outcome.last().map(score));
    let best = |t: &StoredTrial, score: fn(&EpochRow) -> Score| accuracy(t.outcome.best().map(score));
    let columns = vec![
        column!("key", rows, |(key, _)| key.clone()),
        column!("cell", rows, |(_, t)| t.trial.cell.to_string()),
        column!("dataset", rows, |(_, t)| t.trial.cell.dataset.name()),
        column!("network", rows, |(_, t)| t.trial.cell.network.to_string()),
        column!("rule", rows, |(_, t)| t.trial.cell.rule.name()),
        column!("options", rows, |(_, t)| t.trial.cell.rule.options_text()),
        column!("recipe", rows, |(_, t)| t.trial.recipe.name()),
        column!("precision", rows, |(_, t)| t.trial.precision.name()),
        column!("learning_rate", rows, |(_, t)| t.trial.learning_rate),
        column!("hidden_rate", rows, |(_, t)| t.trial.hidden_rate),
        column!("growth", rows, |(_, t)| t.trial.growth),
        column!("feedback_rate", rows, |(_, t)| t.trial.feedback_rate),
        column!("batch", rows, |(_, t)| t.trial.batch as u32),
        column!("epochs", rows, |(_, t)| t.trial.epochs),
        column!("data", rows, |(_, t)| t.trial.data.name()),
        column!("data_fingerprint", rows, |(_, t)| t.trial.data_fingerprint.as_str()),
        column!("train_sample", rows, |(_, t)| t.trial.train_sample as u32),
        column!("seed", rows, |(_, t)| t.trial.seed),
        column!("repeat", rows, |(_, t)| t.trial.repeat),
        column!("revision", rows, |(_, t)| t.trial.revision),
        column!("status", rows, |(_, t)| match t.outcome.status {
            Status::Finished => "finished",
            Status::Diverged { .. } => "diverged",
        }),
        column!("diverged_at_step", rows, |(_, t)| match t.outcome.status {
            Status::Finished => None,
            Status::Diverged { step } => Some(step),
        }),
        column!("runaway", rows, |(_, t)| t.outcome.runaway),
        column!("steps", rows, |(_, t)| t.outcome.steps),
        column!("train_accuracy", rows, |(_, t)| match t.outcome.status {
            Status::Finished => accuracy(t.outcome.train),
            Status::Diverged { .. } => None,
        }),
        // the counts themselves, so that nothing has to be rounded back
        column!("train_correct", rows, |(_, t)| t.outcome.train.map(|s| s.correct)),
        column!("train_total", rows, |(_, t)| t.outcome.train.map(|s| s.total)),
        column!("train_sample_accuracy", rows, |(_, t)| last(t, |e| e.train_sample)),
        column!("validation_accuracy", rows, |(_, t)| last(t, |e| e.validation)),
        column!("test_accuracy", rows, |(_, t)| last(t, |e| e.test)),
        column!("best_epoch", rows, |(_, t)| t.outcome.best().map(|e| e.epoch)),
        column!("best_validation_accuracy", rows, |(_, t)| best(t, |e| e.validation)),
        column!("best_test_accuracy", rows, |(_, t)| best(t, |e| e.test)),
        // 0 where a trial diverged before its first evaluation
        column!("test_images", rows, |(_, t)| t.outcome.curve.last().map_or(0, |e| e.test.total)),
        BinaryChunked::from_iter_values("test_bits".into(), rows.iter().map(|(_, t)| t.outcome.test_bits.as_slice()))
            .into_column(),
        column!("weights_sha256", rows, |(_, t)| t.outcome.weights_sha256.as_str()),
        column!("train_time_s", rows, |(_, t)| t.outcome.train_time_s),
        column!("total_time_s", rows, |(_, t)| t.outcome.total_time_s),
        column!("peak_memory_bytes", rows, |(_, t)| t.peak_memory_bytes),
        column!("commit", rows, |(_, t)| t.commit.as_deref()),
    ];
    Ok(DataFrame::new(rows.len(), columns)?)
}

/// One row per trial and finished epoch, in the order of [`trials_frame`], then by epoch.
pub fn curves_frame(trials: &[StoredTrial]) -> Result<DataFrame, StatsError> {
    let trials = sorted(trials);
    let rows: Vec<(&str, &StoredTrial, &EpochRow)> =
        trials.iter().flat_map(|(key, t)| t.outcome.curve.iter().map(move |e| (key.as_str(), *t, e))).collect();
    let mut columns = whose(&rows);
    columns.push(column!("epoch", rows, |(_, _, e)| e.epoch));
    columns.push(column!("train_loss", rows, |(_, _, e)| e.train_loss));
    type Pick = fn(&EpochRow) -> Score;
    let scores: [(&str, Pick); 3] =
        [("train_sample", |e| e.train_sample), ("validation", |e| e.validation), ("test", |e| e.test)];
    for (name, score) in scores {
        columns.push(column!(format!("{name}_accuracy"), rows, |(_, _, e)| score(e).accuracy()));
    }
    // the counts themselves, so that nothing has to be rounded back
    for (name, score) in scores {
        columns.push(column!(format!("{name}_correct"), rows, |(_, _, e)| score(e).correct));
        columns.push(column!(format!("{name}_total"), rows, |(_, _, e)| score(e).total));
    }
    let deepest = |least: usize, count: fn(&EpochRow) -> usize| rows.iter().map(|r| count(r.2)).fold(least, usize::max);
    for layer in 0..deepest(NORMS, |e| e.weight_norms.len()) {
        let name = format!("weight_norm_{}", layer + 1);
        columns.push(column!(name, rows, |(_, _, e)| e.weight_norms.get(layer).copied()));
    }
    for layer in 0..deepest(ANGLES, |e| e.feedback_angles.len()) {
        let name = format!("feedback_angle_{}", layer + 1);
        columns.push(column!(name, rows, |(_, _, e)| e.feedback_angles.get(layer).copied().flatten()));
    }
    for layer in 0..deepest(NORMS, |e| e.largest_weights.len()) {
        let name = format!("largest_weight_{}", layer + 1);
        columns.push(column!(name, rows, |(_, _, e)| e.largest_weights.get(layer).copied()));
    }
    for layer in 0..deepest(NORMS, |e| e.largest_row_norms.len()) {
        let name = format!("largest_row_norm_{}", layer + 1);
        columns.push(column!(name, rows, |(_, _, e)| e.largest_row_norms.get(layer).copied()));
    }
    columns.push(column!("stable_rank_1", rows, |(_, _, e)| e.stable_rank));
    for layer in 0..deepest(ANGLES, |e| e.silent_units.len()) {
        let name = format!("silent_units_{}", layer + 1);
        columns.push(column!(name, rows, |(_, _, e)| e.silent_units.get(layer).copied()));
    }
    for layer in 0..deepest(ANGLES, |e| e.delta_angles.len()) {
        let name = format!("delta_angle_{}", layer + 1);
        columns.push(column!(name, rows, |(_, _, e)| e.delta_angles.get(layer).copied().flatten()));
    }
    for layer in 0..deepest(NORMS, |e| e.movements.len()) {
        columns.push(column!(format!("movement_{}", layer + 1), rows, |(_, _, e)| e.movements.get(layer).copied()));
    }
    for layer in 0..deepest(ANGLES, |e| e.feedback_norms.len()) {
        let name = format!("feedback_norm_{}", layer + 1);
        columns.push(column!(name, rows, |(_, _, e)| e.feedback_norms.get(layer).copied()));
    }
    columns.push(column!("conserved_drift", rows, |(_, _, e)| e.conserved_drift));
    columns.push(column!("incoming_change", rows, |(_, _, e)| e.incoming_change));
    // how many angles there are: one that is not a number is null in its own column
    columns.push(column!("feedback_angles", rows, |(_, _, e)| e.feedback_angles.len() as u32));
    columns.push(column!("delta_angles", rows, |(_, _, e)| e.delta_angles.len() as u32));
    columns.push(column!("epoch_time_s", rows, |(_, _, e)| e.epoch_time_s));
    let mut frame = DataFrame::new(rows.len(), columns)?;
    if trials.iter().all(|(_, t)| t.outcome.growth.is_empty()) {
        return Ok(frame);
    }
    // one under the other, nothing where a column is not the other's
    let mut growth = growth_frame(&trials)?;
    for column in growth.columns() {
        if frame.column(column.name()).is_err() {
            let empty = Column::full_null(column.name().clone(), frame.height(), column.dtype());
            frame.with_column(empty)?;
        }
    }
    for column in frame.columns() {
        if growth.column(column.name()).is_err() {
            let empty = Column::full_null(column.name().clone(), growth.height(), column.dtype());
            growth.with_column(empty)?;
        }
    }
    let names: Vec<String> = frame.get_column_names().iter().map(|n| n.to_string()).collect();
    Ok(frame.vstack(&growth.select(names)?)?)
}

/// The columns that say which trial a row of a curve belongs to.
fn whose<T>(rows: &[(&str, &StoredTrial, T)]) -> Vec<Column> {
    vec![
        column!("key", rows, |(key, _, _)| *key),
        column!("cell", rows, |(_, t, _)| t.trial.cell.to_string()),
        column!("dataset", rows, |(_, t, _)| t.trial.cell.dataset.name()),
        column!("network", rows, |(_, t, _)| t.trial.cell.network.to_string()),
        column!("rule", rows, |(_, t, _)| t.trial.cell.rule.name()),
        column!("options", rows, |(_, t, _)| t.trial.cell.rule.options_text()),
        column!("seed", rows, |(_, t, _)| t.trial.seed),
        column!("repeat", rows, |(_, t, _)| t.trial.repeat),
    ]
}

/// Rows of trials whose weights were followed, with columns that no other row has; they have no epochs of their own.
fn growth_frame(trials: &[(String, &StoredTrial)]) -> Result<DataFrame, StatsError> {
    let rows: Vec<(&str, &StoredTrial, &GrowthRow)> =
        trials.iter().flat_map(|(key, t)| t.outcome.growth.iter().map(move |g| (key.as_str(), *t, g))).collect();
    let mut columns = whose(&rows);
    columns.extend([
        column!("epoch", rows, |_| 0u32),
        column!("step", rows, |(_, _, g)| g.step),
        column!("projection", rows, |(_, _, g)| g.projection),
        column!("largest_row_norm", rows, |(_, _, g)| g.largest_row_norm),
        column!("weight_norm_1", rows, |(_, _, g)| g.weight_norm),
        column!("growth_exponent", rows, |(_, _, g)| g.exponent),
    ]);
    Ok(DataFrame::new(rows.len(), columns)?)
}

/// One row per unit whose first-layer weights a trial kept (`filters.parquet`): `values` holds `inputs` bytes, each an
/// `i8` in 1/127 of `scale`.
pub fn filters_frame(trials: &[StoredTrial]) -> Result<DataFrame, StatsError> {
    let trials = sorted(trials);
    let kept: Vec<_> = trials.iter().filter_map(|(key, t)| Some((key, *t, t.outcome.filters.as_ref()?))).collect();
    let units: Vec<Vec<u32>> = kept.iter().map(|(_, _, f)| (0..f.scales.len() as u32).collect()).collect();
    let rows: Vec<(&str, &StoredTrial, (&Filters, u32))> = kept
        .iter()
        .zip(&units)
        .flat_map(|((key, t, f), units)| units.iter().map(move |unit| (key.as_str(), *t, (*f, *unit))))
        .collect();
    let bytes = |f: &Filters, unit: u32| {
        let n = f.inputs as usize;
        f.values[unit as usize * n..][..n].to_vec()
    };
    let mut columns = whose(&rows);
    columns.extend([
        column!("unit", rows, |(_, _, (_, unit))| *unit),
        column!("inputs", rows, |(_, _, (f, _))| f.inputs),
        column!("scale", rows, |(_, _, (f, unit))| f.scales[*unit as usize]),
        BinaryChunked::from_iter_values("values".into(), rows.iter().map(|(_, _, (f, unit))| bytes(f, *unit)))
            .into_column(),
    ]);
    Ok(DataFrame::new(rows.len(), columns)?)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::study::{DataSize, Precision, REVISION, Recipe, Trial};
    use crate::train::Outcome;

    pub fn score(correct: u32) -> Score {
        Score { correct, total: 16 }
    }

    /// A finished trial of `cell` with these test counts per epoch.
    pub fn stored(cell: &str, seed: u64, repeat: u32, test: &[u32]) -> StoredTrial {
        let trial = Trial {
            cell: cell.parse().unwrap(),
            recipe: Recipe::Main,
            learning_rate: 0.1,
            hidden_rate: None,
            growth: None,
            feedback_rate: None,
            batch: 64,
            epochs: test.len() as u32,
            data: DataSize::Smoke,
            data_fingerprint: "f".into(),
            train_sample: 16,
            precision: Precision::F32,
            seed,
            repeat,
            revision: REVISION,
        };
        let curve = test.iter().enumerate().map(|(i, &correct)| EpochRow {
            epoch: i as u32 + 1,
            train_loss: 0.1 + 0.2,
            train_sample: score(16),
            validation: score(8),
            test: score(correct),
            weight_norms: vec![1.5, 2.5],
            feedback_angles: vec![None],
            largest_weights: vec![],
            largest_row_norms: vec![],
            stable_rank: None,
            silent_units: vec![],
            delta_angles: vec![],
            movements: vec![],
            feedback_norms: vec![],
            conserved_drift: None,
            incoming_change: None,
            epoch_time_s: 0.25,
        });
        let outcome = Outcome {
            status: Status::Finished,
            runaway: false,
            steps: 9,
            curve: curve.collect(),
            growth: vec![],
            filters: None,
            train: Some(score(15)),
            test_bits: vec![seed as u8, 0xfe],
            weights_sha256: format!("{seed:064}"),
            train_time_s: 1.0,
            total_time_s: 2.0,
        };
        StoredTrial { trial, outcome, commit: Some("abc".into()), peak_memory_bytes: None }
    }

    pub fn diverged(cell: &str, seed: u64) -> StoredTrial {
        let mut t = stored(cell, seed, 0, &[3]);
        t.outcome.status = Status::Diverged { step: 7 };
        t.outcome.train = None;
        t.outcome.test_bits.clear();
        t.outcome.weights_sha256.clear();
        t
    }

    #[test]
    fn trials_are_sorted_and_diverged_ones_have_no_scores() {
        let bp = "mnist/1x2000/bp";
        let fa = "mnist/1x2000/fa/feedback=random";
        let f = trials_frame(&[
            diverged(fa, 1),
            stored(bp, 2, 0, &[4, 8]),
            stored(bp, 1, 1, &[4, 8]),
            stored(bp, 1, 0, &[4]),
        ])
        .unwrap();
        let cells: Vec<_> = f.column("cell").unwrap().str().unwrap().iter().flatten().collect();
        assert_eq!(cells, [bp, bp, bp, fa]);
        assert_eq!(f.column("seed").unwrap().u64().unwrap().to_vec(), [1, 1, 2, 1].map(Some));
        assert_eq!(f.column("repeat").unwrap().u32().unwrap().to_vec(), [0, 1, 0, 0].map(Some));
        let accuracy = f.column("test_accuracy").unwrap().f64().unwrap().to_vec();
        assert_eq!(accuracy, [Some(0.25), Some(0.5), Some(0.5), None]);
        assert_eq!(f.column("diverged_at_step").unwrap().u64().unwrap().get(3), Some(7));
        assert_eq!(f.column("test_bits").unwrap().binary().unwrap().get(2), Some(&[2u8, 0xfe][..]));
        assert_eq!(f.width(), 40);
    }

    #[test]
    fn curves_keep_the_counts_and_have_columns_for_every_layer() {
        let c = curves_frame(&[stored("mnist/1x2000/bp", 1, 0, &[4, 8]), diverged("mnist/1x2000/bp", 2)]).unwrap();
        assert_eq!(c.height(), 3);
        assert_eq!(c.column("test_correct").unwrap().u32().unwrap().to_vec(), [4, 8, 3].map(Some));
        assert_eq!(c.column("weight_norm_2").unwrap().f64().unwrap().get(0), Some(2.5));
        assert_eq!(c.column("weight_norm_3").unwrap().f64().unwrap().get(0), None);
        assert_eq!(c.column("feedback_angle_2").unwrap().null_count(), 3);
    }
}
