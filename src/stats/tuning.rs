//! The frame of a rate search (`tuning.parquet`): one row per rate tried. It holds no test accuracy, on purpose.

use polars::prelude::*;

use super::StatsError;
use super::frames::column;
use crate::study::rates::RateEntry;

/// One row per dataset x network x recipe x rate tried.
pub fn tuning_frame(entries: &[RateEntry]) -> Result<DataFrame, StatsError> {
    let rows: Vec<_> = entries.iter().flat_map(|e| e.tried.iter().map(move |t| (e, t))).collect();
    let columns = vec![
        column!("dataset", rows, |(e, _)| e.dataset.name()),
        column!("network", rows, |(e, _)| e.network.as_str()),
        column!("recipe", rows, |(e, _)| e.recipe.name()),
        column!("family", rows, |(e, _)| e.family.as_str()),
        column!("learning_rate", rows, |(_, t)| t.learning_rate),
        column!("growth", rows, |(_, t)| t.growth),
        column!("validation_accuracy", rows, |(_, t)| t.validation_accuracy),
        column!("movement", rows, |(_, t)| t.movement),
        column!("feedback_norm", rows, |(_, t)| t.feedback_norm),
        column!("status", rows, |(_, t)| t.status.as_str()),
        column!("winner", rows, |(e, t)| t.learning_rate == e.learning_rate && t.growth == e.growth),
        column!("unmoved", rows, |(e, _)| e.unmoved),
        column!("seed", rows, |(e, _)| e.seed),
        column!("epochs", rows, |(e, _)| e.epochs),
    ];
    Ok(DataFrame::new(rows.len(), columns)?)
}
