//! Claims about weights that grow.

use serde_json::json;

use super::super::combine;
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
            &[],
        ))
    }

    pub(super) fn cured(&self, pairs: &[(String, String)]) -> Result<Found, StatsError> {
        let (mut truths, mut words, mut numbers) = (vec![], vec![], vec![]);
        for (hebb, oja) in pairs.iter().map(|(h, o)| (self.cell(h), self.cell(o))) {
            // the seed that grew least, and the largest row of any
            let factor = hebb.runs.iter().filter_map(|run| {
                let mut of = hebb.growth.iter().filter(|g| g.seed == run.seed);
                let first = of.next()?.projection;
                Some(of.next_back()?.projection / first)
            });
            let factor = factor.reduce(f64::min);
            let row = oja.growth.iter().map(|g| g.row_norm).reduce(f64::max);
            truths.push(match factor.zip(row) {
                // weights that overflowed were not kept small, whatever the last row that was written says
                _ if oja.runs.iter().any(|r| r.diverged) => Truth::Fails,
                None => Truth::Open,
                Some((f, r)) if r < 2.0 && f >= 5.0 => Truth::Holds,
                Some(_) => Truth::Fails,
            });
            let say = |v: Option<f64>| v.map_or("none".into(), |v| format!("{v:.2}"));
            words.push(format!(
                "{}: largest row {} under Oja, growth {}-fold under Hebb",
                oja.name.dataset.title(),
                say(row),
                say(factor)
            ));
            numbers.push(json!({ "cell": oja.name.to_string(), "largest_row_norm": row, "hebb_growth": factor }));
        }
        Ok(found(combine(&truths), words.join("; "), json!({ "cells": numbers }), &[]))
    }
}
