//! From frames to numbers.

use std::path::Path;

use ndarray::Array1;
use polars::prelude::*;

use super::Problem;

/// A numeric column as an array for `ndarray-stats`.
///
/// # Errors
/// No such column (with those there are), text, or missing values (diverged trials have no accuracy: filter them first).
pub fn numbers(frame: &DataFrame, column: &str) -> Result<Array1<f64>, Problem> {
    let found = find(frame, column)?;
    if !found.dtype().is_primitive_numeric() {
        return Err(Problem::new(format!("column `{column}` holds {}, not numbers", found.dtype())));
    }
    if found.null_count() > 0 {
        return Err(Problem::new(format!(
            "column `{column}` has {} missing values (a diverged trial has no accuracy); drop_nulls or filter first",
            found.null_count()
        )));
    }
    let values = found.cast(&DataType::Float64)?;
    Ok(values.f64()?.iter().flatten().collect())
}

/// A text column as owned strings.
///
/// # Errors
/// No such column, or not text.
pub fn texts(frame: &DataFrame, column: &str) -> Result<Vec<String>, Problem> {
    let found = find(frame, column)?;
    let text = found.str().map_err(|_| Problem::new(format!("column `{column}` holds {}, not text", found.dtype())))?;
    Ok(text.iter().map(|t| t.unwrap_or_default().to_string()).collect())
}

/// Reads one Parquet file of a report.
///
/// # Errors
/// A file that is not there or not Parquet, by name.
pub fn parquet(path: &str) -> Result<DataFrame, Problem> {
    Ok(crate::stats::read_parquet(Path::new(path))?)
}

pub(super) fn find<'a>(frame: &'a DataFrame, column: &str) -> Result<&'a Column, Problem> {
    frame.column(column).map_err(|_| {
        let names: Vec<&str> = frame.get_column_names().iter().map(|n| n.as_str()).collect();
        Problem::new(format!("no column `{column}`; there are: {}", names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_become_arrays_or_a_sentence() {
        let frame = df!("a" => [1u32, 2], "b" => [Some(0.5), None], "c" => ["x", "y"]).unwrap();
        assert_eq!(numbers(&frame, "a").unwrap(), ndarray::arr1(&[1.0, 2.0]));
        assert_eq!(texts(&frame, "c").unwrap(), ["x", "y"]);
        for (column, words) in [("b", "1 missing"), ("c", "not numbers"), ("d", "there are: a, b, c")] {
            let e = numbers(&frame, column).unwrap_err().to_string();
            assert!(e.contains(words), "{e}");
        }
    }
}
