//! Reading columns out of frames, with errors that name the column.

use polars::prelude::*;

use super::ReportError;

fn fail(name: &str, e: PolarsError) -> ReportError {
    ReportError::Column { column: name.to_string(), reason: e.to_string() }
}

fn cast(frame: &DataFrame, name: &str, dtype: &DataType) -> Result<Series, ReportError> {
    let column = frame.column(name).map_err(|e| fail(name, e))?;
    Ok(column.cast(dtype).map_err(|e| fail(name, e))?.as_materialized_series().clone())
}

pub fn strings(frame: &DataFrame, name: &str) -> Result<Vec<String>, ReportError> {
    let s = cast(frame, name, &DataType::String)?;
    Ok(s.str().map_err(|e| fail(name, e))?.iter().map(|v| v.unwrap_or_default().to_string()).collect())
}

pub fn floats(frame: &DataFrame, name: &str) -> Result<Vec<Option<f64>>, ReportError> {
    let s = cast(frame, name, &DataType::Float64)?;
    Ok(s.f64().map_err(|e| fail(name, e))?.iter().map(|v| v.filter(|v| v.is_finite())).collect())
}

/// Nothing in every row where the frame lacks the column.
pub fn floats_or_none(frame: &DataFrame, name: &str) -> Result<Vec<Option<f64>>, ReportError> {
    if frame.column(name).is_ok() { floats(frame, name) } else { Ok(vec![None; frame.height()]) }
}

pub fn integers(frame: &DataFrame, name: &str) -> Result<Vec<Option<u64>>, ReportError> {
    let s = cast(frame, name, &DataType::UInt64)?;
    Ok(s.u64().map_err(|e| fail(name, e))?.iter().collect())
}

/// Integers of a column without nulls.
pub fn counts(frame: &DataFrame, name: &str) -> Result<Vec<u64>, ReportError> {
    Ok(integers(frame, name)?.into_iter().map(|v| v.unwrap_or(0)).collect())
}

pub fn booleans(frame: &DataFrame, name: &str) -> Result<Vec<bool>, ReportError> {
    let s = cast(frame, name, &DataType::Boolean)?;
    Ok(s.bool().map_err(|e| fail(name, e))?.iter().map(|v| v.unwrap_or(false)).collect())
}
