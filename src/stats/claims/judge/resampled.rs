//! Claims decided by bootstrap intervals.

use serde_json::json;

use super::super::Verdict;
use super::super::combine;
use super::super::contrast::points;
use super::super::evidence::CellData;
use super::{Found, Judge, Truth, found, median};
use crate::data::DatasetId;
use crate::stats::bootstrap::percentile_interval;
use crate::stats::power::{Seeds, seeds_to_leave_out};
use crate::stats::ranks::{kendalls_w, ranks};
use crate::stats::{LEVEL, StatsError};

impl Judge<'_> {
    pub(super) fn no_order(
        &self,
        literal: &[Vec<String>],
        matched: &[Vec<String>],
        low: f64,
        high: f64,
    ) -> Result<Found, StatsError> {
        let (l, m) = (self.concordance(literal)?, self.concordance(matched)?);
        let verdict = match l.1 {
            Some((_, top)) if top < low => Verdict::Reproduced,
            Some((bottom, _)) if bottom > high => Verdict::NotReproduced,
            _ => Verdict::Inconclusive,
        };
        let words = |(w, i): (f64, Option<(f64, f64)>)| match i {
            Some((a, b)) => format!("W = {w:.2} ({a:.2} to {b:.2})"),
            None => format!("W = {w:.2}"),
        };
        let reason = format!(
            "over {} blocks {} for the kinds as in the post, {} norm-matched (0: no order, 1: the same order everywhere)",
            literal.len(),
            words(l),
            words(m)
        );
        let number =
            |(w, i): (f64, Option<(f64, f64)>)| json!({ "w": w, "low": i.map(|i| i.0), "high": i.map(|i| i.1) });
        let runs = literal.iter().flatten().map(|c| self.cell(c).runs.len()).min().unwrap_or(0);
        // between the two limits no number of seeds decides
        let needed = l.1.and_then(|(bottom, top)| match l.0 {
            w if w < low => seeds_to_leave_out(runs, w, top, low),
            w if w > high => seeds_to_leave_out(runs, w, bottom, high),
            _ => Some(Seeds::TooMany),
        });
        let seeds: Vec<Seeds> = needed.into_iter().collect();
        Ok(found(verdict, reason, json!({ "literal": number(l), "matched": number(m) }), &seeds))
    }

    /// W of the means, and its interval over resamples.
    fn concordance(&self, blocks: &[Vec<String>]) -> Result<(f64, Option<(f64, f64)>), StatsError> {
        let cells: Vec<Vec<&CellData>> = blocks.iter().map(|b| b.iter().map(|c| self.cell(c)).collect()).collect();
        let w = |value: &dyn Fn(&CellData) -> Option<f64>| -> Result<Option<f64>, StatsError> {
            let mut ranked = vec![];
            for block in &cells {
                let Some(values) = block.iter().map(|c| value(c)).collect::<Option<Vec<f64>>>() else {
                    return Ok(None);
                };
                ranked.push(ranks(&values, self.margins.of(block[0].name.dataset))?);
            }
            // nothing told apart: no order at all
            Ok(Some(kendalls_w(&ranked)?.unwrap_or(0.0)))
        };
        let seen = w(&|c| c.mean())?.unwrap_or(0.0);
        let resamples = cells.iter().flatten().map(|c| c.resampled.len()).min().unwrap_or(0);
        let mut drawn = vec![];
        for r in 0..resamples {
            drawn.extend(w(&|c| c.resampled[r])?);
        }
        Ok((seen, percentile_interval(&drawn, LEVEL).ok()))
    }

    pub(super) fn closest(
        &self,
        near: fn(&str) -> Vec<String>,
        far: fn(&str) -> Vec<String>,
    ) -> Result<Found, StatsError> {
        let (mut truths, mut words, mut numbers, mut seeds) = (vec![], vec![], vec![], vec![]);
        for dataset in DatasetId::ALL {
            // looked up once: the resamples go over them a thousand times
            let with_bp = |cells: Vec<String>| -> Vec<(&CellData, &CellData)> {
                let bp = |c: &CellData| self.evidence.backpropagation(c).expect("missing cells were reported before");
                cells.iter().map(|c| self.cell(c)).map(|c| (c, bp(c))).collect()
            };
            let (near, far) = (with_bp(near(dataset.name())), with_bp(far(dataset.name())));
            let gap = |cells: &[(&CellData, &CellData)], value: &dyn Fn(&CellData) -> Option<f64>| -> Option<f64> {
                median(cells.iter().map(|(c, bp)| Some(value(bp)? - value(c)?)).collect::<Option<Vec<f64>>>()?)
            };
            let mean = |c: &CellData| c.mean();
            let (a, b) = (gap(&near, &mean), gap(&far, &mean));
            let resamples = near.iter().chain(&far).map(|(c, _)| c.resampled.len()).min().unwrap_or(0);
            let drawn: Vec<f64> = (0..resamples)
                .filter_map(|r| {
                    Some(
                        gap(&near, &|c| c.resampled.get(r).copied().flatten())?
                            - gap(&far, &|c| c.resampled.get(r).copied().flatten())?,
                    )
                })
                .collect();
            let i = percentile_interval(&drawn, LEVEL).ok();
            truths.push(match i {
                Some((_, high)) if high < 0.0 => Truth::Holds,
                Some((low, _)) if low > 0.0 => Truth::Fails,
                _ => {
                    let runs = near.iter().chain(&far).map(|(c, _)| c.runs.len()).min().unwrap_or(0);
                    let nearer = |difference: f64| i.map(|(low, high)| if difference < 0.0 { high } else { low });
                    let needed = a.zip(b).map(|(a, b)| a - b);
                    seeds.extend(needed.and_then(|d| seeds_to_leave_out(runs, d, nearer(d)?, 0.0)));
                    Truth::Open
                }
            });
            let say = |v: Option<f64>| v.map_or("none".into(), points);
            words.push(format!(
                "{}: median gap {} for feedback against {} for the others (difference {} to {})",
                dataset.title(),
                say(a),
                say(b),
                say(i.map(|i| i.0)),
                say(i.map(|i| i.1))
            ));
            numbers.push(json!({ "dataset": dataset.name(), "near": a, "far": b, "low": i.map(|i| i.0), "high": i.map(|i| i.1) }));
        }
        Ok(found(combine(&truths), words.join("; "), json!({ "datasets": numbers }), &seeds))
    }
}
