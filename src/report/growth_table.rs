//! The table of the study of growth: no accuracies, but how fast weights grew.

use super::format;
use super::model::{CellModel, FigureModel, Growth};
use super::tables::{Field, Row, Table, columns, named};
use crate::stats::regression;

/// What one seed's weights did.
struct Grown {
    /// Slope of the log of the projection against its prediction, with the share of variance that a line explains.
    slope: Option<(f64, f64)>,
    fold: f64,
    row_norm: f64,
}

fn grown(points: &[Growth]) -> Option<Grown> {
    let (first, last) = (points.first()?, points.last()?);
    let usable: Vec<&Growth> = points.iter().filter(|g| g.projection > 0.0).collect();
    let x: Vec<f64> = usable.iter().map(|g| g.exponent).collect();
    let y: Vec<f64> = usable.iter().map(|g| g.projection.ln()).collect();
    Some(Grown {
        slope: regression::line(&x, &y).ok().map(|l| (l.slope, l.r_squared)),
        fold: last.projection / first.projection,
        row_norm: points.iter().map(|g| g.row_norm).fold(0.0, f64::max),
    })
}

/// `0.93 to 0.98` over seeds.
fn range(values: &[f64], digits: usize) -> (String, Option<f64>) {
    let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    match values.len() {
        0 => (format::NONE.into(), None),
        1 => (format!("{low:.digits$}"), Some(low)),
        _ => (format!("{low:.digits$} to {high:.digits$}"), Some(high)),
    }
}

/// A row per cell, ranges over seeds.
pub fn table(figure: &FigureModel, slug: &str, caption: String) -> Table {
    let row = |c: &CellModel| {
        let seeds: Vec<Grown> = c
            .curves
            .iter()
            .filter_map(|points| grown(&points.iter().filter_map(|p| p.growth).collect::<Vec<_>>()))
            .collect();
        let number = |values: Vec<f64>, digits| {
            let (text, sort) = range(&values, digits);
            Field::number(text, sort)
        };
        let slopes = || seeds.iter().filter_map(|g| g.slope);
        Row {
            strong: false,
            cells: vec![
                named(c),
                Field::text(c.cell.dataset.title()),
                number(slopes().map(|s| s.0).collect(), 3),
                number(slopes().map(|s| s.1).collect(), 3),
                number(seeds.iter().map(|g| g.fold).collect(), 2),
                number(seeds.iter().map(|g| g.row_norm).collect(), 2),
                Field::number(seeds.len().to_string(), Some(seeds.len() as f64)),
                Field::tally(c.diverged()),
            ],
        }
    };
    Table {
        id: format!("{slug}-table"),
        caption,
        columns: columns(&[
            ("Rule", false),
            ("Dataset", false),
            ("Slope against prediction", true),
            ("R²", true),
            ("Projection grew, -fold", true),
            ("Largest row norm", true),
            ("n", true),
            ("Diverged", true),
        ]),
        tall: false,
        rows: figure.cells.iter().map(row).collect(),
    }
}
