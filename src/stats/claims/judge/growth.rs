//! Claims about weights that grow.

use serde_json::json;

use super::super::combine;
use super::super::evidence::CellData;
use super::{Found, Judge, Truth, found};
use crate::stats::StatsError;
use crate::stats::regression::line;

impl Judge<'_> {
    pub(super) fn grows(&self, cells: &[String]) -> Result<Found, StatsError> {
        let (mut truths, mut words, mut numbers) = (vec![], vec![], vec![]);
        for cell in cells.iter().map(|c| self.cell(c)) {
            let mut lines = vec![];
            for run in &cell.runs {
                let of: Vec<_> = cell.growth.iter().filter(|g| g.seed == run.seed && g.projection > 0.0).collect();
                let x: Vec<f64> = of.iter().map(|g| g.exponent).collect();
                let y: Vec<f64> = of.iter().map(|g| g.projection.ln()).collect();
                lines.extend(line(&x, &y).ok());
            }
            let n = lines.len() as f64;
            let slope = lines.iter().map(|l| l.slope).sum::<f64>() / n;
            let fit = lines.iter().map(|l| l.r_squared).fold(1.0, f64::min);
            truths.push(if lines.is_empty() {
                Truth::Open
            } else if (0.8..=1.25).contains(&slope) && fit > 0.98 {
                Truth::Holds
            } else {
                Truth::Fails
            });
            words.push(format!("{}: slope {slope:.2}, R² {fit:.3}", cell.name.dataset.title()));
            numbers
                .push(json!({ "cell": cell.name.to_string(), "slope": slope, "r_squared": fit, "seeds": lines.len() }));
        }
        Ok(found(
            combine(&truths),
            format!("log growth against its prediction: {}", words.join("; ")),
            json!({ "cells": numbers }),
            None,
        ))
    }

    /// Oja's rows stay within the bound, while Hebb's grow manifold and leave it: where they do not, the two are not told
    /// apart.
    pub(super) fn cured(&self, pairs: &[(String, String)]) -> Result<Found, StatsError> {
        let (mut truths, mut words, mut numbers) = (vec![], vec![], vec![]);
        for (hebb, oja) in pairs.iter().map(|(h, o)| (self.cell(h), self.cell(o))) {
            let (of_hebb, of_oja) = (Grown::of(hebb), Grown::of(oja));
            truths.push(match of_hebb.zip(of_oja) {
                // weights that overflowed were not kept small, whatever the last row that was written says
                _ if oja.runs.iter().any(|r| r.diverged) => Truth::Fails,
                None => Truth::Open,
                Some((h, o)) if o.row < BOUND && h.row >= BOUND && h.fold >= 5.0 => Truth::Holds,
                Some(_) => Truth::Fails,
            });
            let say = |v: Option<f64>, digits: usize| v.map_or("none".into(), |v| format!("{v:.digits$}"));
            words.push(format!(
                "{}: largest row {} under Oja against {} under Hebb, growth at least {}-fold against {}-fold",
                oja.name.dataset.title(),
                say(of_oja.map(|g| g.row), 2),
                say(of_hebb.map(|g| g.row), 2),
                say(of_oja.map(|g| g.fold), 0),
                say(of_hebb.map(|g| g.fold), 0),
            ));
            numbers.push(json!({
                "cell": oja.name.to_string(),
                "largest_row_norm": of_oja.map(|g| g.row), "growth": of_oja.map(|g| g.fold),
                "hebb_largest_row_norm": of_hebb.map(|g| g.row), "hebb_growth": of_hebb.map(|g| g.fold),
            }));
        }
        Ok(found(combine(&truths), words.join("; "), json!({ "cells": numbers }), None))
    }
}

/// Norm that no row passes under Oja's rule at a small rate (its fixed point has norm 1).
const BOUND: f64 = 2.0;

/// What the weights of a cell did.
#[derive(Clone, Copy)]
struct Grown {
    /// By how much the projection grew, in the seed where it grew least.
    fold: f64,
    /// Largest norm of a row at any time in any seed.
    row: f64,
}

impl Grown {
    fn of(cell: &CellData) -> Option<Grown> {
        let folds = cell.runs.iter().filter_map(|run| {
            let mut of = cell.growth.iter().filter(|g| g.seed == run.seed);
            let first = of.next()?.projection;
            Some(of.next_back()?.projection / first)
        });
        Some(Grown { fold: folds.reduce(f64::min)?, row: cell.growth.iter().map(|g| g.row_norm).reduce(f64::max)? })
    }
}
