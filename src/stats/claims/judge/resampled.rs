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

/// Blocks in which the kinds are told apart, from which on an order is judged.
const LEAST_TELLING: usize = 5;

/// Seeds from which on a bootstrap over them decides: one or two, drawn again and again, hardly differ.
const LEAST_SEEDS: usize = 3;

/// How far the blocks order the kinds alike.
struct Concordance {
    /// Blocks whose kinds are not all within the margin.
    telling: usize,
    /// Kendall's W over those; none without any.
    w: Option<f64>,
    interval: Option<(f64, f64)>,
    /// W over all blocks, those included that tell nothing apart.
    w_of_all: Option<f64>,
    /// Each kind with its mean rank over the blocks that tell the kinds apart; the best kind has the highest.
    mean_ranks: Vec<(String, f64)>,
}

impl Concordance {
    fn words(&self, blocks: usize) -> String {
        let apart = format!("told apart in {} of {blocks} blocks", self.telling);
        match (self.w, self.interval) {
            (Some(w), Some((a, b))) => format!("{apart}, W = {w:.2} ({a:.2} to {b:.2}) over those{}", self.all(blocks)),
            (Some(w), None) => format!("{apart}, W = {w:.2} over those{}", self.all(blocks)),
            (None, _) => apart,
        }
    }
    /// The order that W speaks of.
    fn order(&self) -> String {
        let each: Vec<String> = self.mean_ranks.iter().map(|(kind, rank)| format!("{kind} {rank:.1}")).collect();
        if each.is_empty() { String::new() } else { format!(", mean ranks {} (highest: best)", each.join(", ")) }
    }
    fn all(&self, blocks: usize) -> String {
        let others = self.telling < blocks;
        self.w_of_all.filter(|_| others).map_or_else(String::new, |w| format!(", {w:.2} over all"))
    }
}

impl Judge<'_> {
    pub(super) fn no_order(
        &self,
        literal: &[Vec<String>],
        matched: &[Vec<String>],
        low: f64,
        high: f64,
    ) -> Result<Found, StatsError> {
        let (l, m) = (self.concordance(literal)?, self.concordance(matched)?);
        let runs = literal.iter().flatten().map(|c| self.cell(c).runs.len()).min().unwrap_or(0);
        let verdict = match l.interval {
            _ if l.telling < LEAST_TELLING || runs < LEAST_SEEDS => Verdict::Inconclusive,
            Some((_, top)) if top < low => Verdict::Reproduced,
            Some((bottom, _)) if bottom > high => Verdict::NotReproduced,
            _ => Verdict::Inconclusive,
        };
        let reason = format!(
            "kinds as in the post: {}{}; norm-matched: {} (0: no order, 1: the same order everywhere)",
            l.words(literal.len()),
            l.order(),
            m.words(matched.len())
        );
        let number = |c: &Concordance| json!({ "blocks_told_apart": c.telling, "w": c.w, "w_of_all": c.w_of_all, "mean_ranks": c.mean_ranks, "low": c.interval.map(|i| i.0), "high": c.interval.map(|i| i.1) });
        let numbers = json!({ "literal": number(&l), "matched": number(&m) });
        if l.telling < LEAST_TELLING {
            let needed = format!("an order can be judged from {LEAST_TELLING} such blocks on, whatever the seeds");
            return Ok(Found { verdict, reason, numbers, needed });
        }
        // between the two limits no number of seeds decides
        let seeds = l.interval.zip(l.w).and_then(|((bottom, top), w)| match w {
            w if w < low => seeds_to_leave_out(runs, w, top, low),
            w if w > high => seeds_to_leave_out(runs, w, bottom, high),
            _ => Some(Seeds::TooMany),
        });
        Ok(found(verdict, reason, numbers, seeds.filter(|_| runs >= LEAST_SEEDS)))
    }

    /// W of the means over the blocks whose kinds are not all alike, and its interval over resamples. A block where all
    /// share a rank says nothing about an order, and would lower W.
    fn concordance(&self, blocks: &[Vec<String>]) -> Result<Concordance, StatsError> {
        let cells: Vec<Vec<&CellData>> = blocks.iter().map(|b| b.iter().map(|c| self.cell(c)).collect()).collect();
        let ranked = |block: &[&CellData], value: &dyn Fn(&CellData) -> Option<f64>| -> Result<_, StatsError> {
            let values = block.iter().map(|c| value(c)).collect::<Option<Vec<f64>>>();
            values.map(|v| ranks(&v, self.margins.of(block[0].name.dataset))).transpose()
        };
        // the blocks that tell kinds apart, their ranks, and those of all
        let (mut telling, mut told, mut all): (Vec<&[&CellData]>, Vec<Vec<f64>>, Vec<_>) = (vec![], vec![], vec![]);
        for block in &cells {
            let Some(r) = ranked(block, &|c| c.mean())? else { continue };
            if r.iter().any(|rank| *rank != r[0]) {
                telling.push(block);
                told.push(r.clone());
            }
            all.push(r);
        }
        if telling.is_empty() {
            return Ok(Concordance { telling: 0, w: None, interval: None, w_of_all: None, mean_ranks: vec![] });
        }
        let kinds = telling[0].iter().map(|c| c.name.option("feedback").unwrap_or_default().to_string());
        let mean_rank = |(i, kind)| (kind, told.iter().map(|r| r[i]).sum::<f64>() / told.len() as f64);
        let mean_ranks: Vec<(String, f64)> = kinds.enumerate().map(mean_rank).collect();
        let resamples = cells.iter().flatten().map(|c| c.resampled.len()).min().unwrap_or(0);
        let mut drawn = vec![];
        for r in 0..resamples {
            let ranks =
                telling.iter().map(|b| ranked(b, &|c| c.resampled[r])).collect::<Result<Option<Vec<_>>, _>>()?;
            // all may be alike: no order
            drawn.extend(ranks.map(|ranks| kendalls_w(&ranks)).transpose()?.map(|w| w.unwrap_or(0.0)));
        }
        Ok(Concordance {
            telling: telling.len(),
            w: kendalls_w(&told)?,
            interval: percentile_interval(&drawn, LEVEL).ok(),
            w_of_all: kendalls_w(&all)?,
            mean_ranks,
        })
    }

    pub(super) fn closest(
        &self,
        near: fn(&str) -> Vec<String>,
        far: fn(&str) -> Vec<String>,
    ) -> Result<Found, StatsError> {
        let (mut truths, mut words, mut numbers, mut seeds) = (vec![], vec![], vec![], Vec::<Seeds>::new());
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
            let runs = near.iter().chain(&far).map(|(c, _)| c.runs.len()).min().unwrap_or(0);
            truths.push(match i {
                _ if runs < LEAST_SEEDS => Truth::Open,
                Some((_, high)) if high < 0.0 => Truth::Holds,
                Some((low, _)) if low > 0.0 => Truth::Fails,
                _ => {
                    let nearer = |difference: f64| i.map(|(low, high)| if difference < 0.0 { high } else { low });
                    let needed = a.zip(b).map(|(a, b)| a - b);
                    seeds.extend(needed.and_then(|d| seeds_to_leave_out(runs, d, nearer(d)?, 0.0)));
                    Truth::Open
                }
            });
            let say = |v: Option<f64>| v.map_or("none".into(), points);
            words.push(format!(
                "{}: median gap {} points for feedback against {} for the others (feedback less the others {} to {})",
                dataset.title(),
                say(a),
                say(b),
                say(i.map(|i| i.0)),
                say(i.map(|i| i.1))
            ));
            numbers.push(json!({ "dataset": dataset.name(), "near": a, "far": b, "low": i.map(|i| i.0), "high": i.map(|i| i.1) }));
        }
        // both datasets have to be decided, unless one way or the other they already differ
        Ok(found(combine(&truths), words.join("; "), json!({ "datasets": numbers }), seeds.into_iter().max()))
    }
}
