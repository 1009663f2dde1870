//! The table of the study of growth: no accuracies, but how fast weights grew.

use super::format;
use super::model::{CellModel, FigureModel, Growth, mean_std};
use super::tables::{Field, Row, Table, columns, ends, named};
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

/// The mean over seeds, and from where to where they reach.
fn number(values: &[f64], digits: usize) -> Field {
    let text = |v: f64| format!("{v:.digits$}");
    let mean = mean_std(values).0;
    Field::number(mean.map_or_else(|| format::NONE.into(), text), mean).range(ends(values), text)
}

/// A row per cell, means with ranges over seeds.
pub fn table(figure: &FigureModel, slug: &str, caption: String) -> Table {
    let row = |c: &CellModel| {
        let seeds: Vec<Grown> = c
            .curves
            .iter()
            .filter_map(|points| grown(&points.iter().filter_map(|p| p.growth).collect::<Vec<_>>()))
            .collect();
        let slopes = |f: fn((f64, f64)) -> f64| seeds.iter().filter_map(|g| g.slope).map(f).collect::<Vec<_>>();
        let of = |f: fn(&Grown) -> f64| seeds.iter().map(f).collect::<Vec<_>>();
        Row {
            strong: false,
            cells: vec![
                named(c),
                Field::text(c.cell.dataset.title()),
                number(&slopes(|s| s.0), 3),
                number(&slopes(|s| s.1), 3),
                number(&of(|g| g.fold), 2),
                number(&of(|g| g.row_norm), 2),
                Field::count(seeds.len()),
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
