//! Claims decided by counting cells.

use serde_json::{Value, json};

use super::super::contrast::{ALPHA, Relation, points};
use super::super::evidence::Observed;
use super::super::{Verdict, combine};
use super::{Found, Judge, Ordered, Truth, deciding, found, median};
use crate::stats::multiple::simultaneous_upper;
use crate::stats::power::Seeds;
use crate::stats::{LEVEL, StatsError};
use crate::study::claims::CellName;

impl Judge<'_> {
    pub(super) fn better(&self, pairs: &[(String, String)], least: usize) -> Result<Found, StatsError> {
        let found = pairs.iter().map(|(a, b)| self.ordered(a, b)).collect::<Result<Vec<_>, _>>()?;
        let mut t = Tally::default();
        found.iter().for_each(|f| t.add(f.relation));
        let judged = |t: &Tally| {
            if t.above >= least && t.below == 0 {
                Verdict::Reproduced
            } else if t.above >= least {
                Verdict::Partly
            } else if t.above + t.open < least {
                Verdict::NotReproduced
            } else {
                Verdict::Inconclusive
            }
        };
        let all: Vec<String> =
            found.iter().map(|f| format!("{} {}", f.contrast.left, points(f.contrast.mean()))).collect();
        let reason = format!(
            "better in {} of {}, worse in {}, alike in {}, undecided in {} (points: {})",
            t.above,
            pairs.len(),
            t.below,
            t.level,
            t.open,
            all.join(", ")
        );
        let leaning: Vec<(Seeds, Relation)> = found.iter().filter_map(|f| f.open).collect();
        let seeds = deciding(&leaning, |fallen| judged(&t.after(fallen.iter().copied())));
        let numbers: Vec<Value> = found.into_iter().map(|f| f.number).collect();
        Ok(self::found(judged(&t), reason, json!({ "tests": numbers }), seeds))
    }

    pub(super) fn in_band(&self, cells: &[String], low: f64, high: f64) -> Result<Found, StatsError> {
        let (mut truths, mut words, mut numbers, mut betas) = (vec![], vec![], vec![], vec![]);
        for cell in cells.iter().map(|c| self.cell(c)) {
            let mean = cell.mean().filter(|_| !cell.failed());
            truths.push(if mean.is_some_and(|m| (low..=high).contains(&m)) { Truth::Holds } else { Truth::Fails });
            let beta = cell.name.option("beta").unwrap_or_default();
            betas.push(beta);
            words.push(format!(
                "beta {beta} {}",
                mean.map_or("failed to train".into(), |m| format!("{:.1}%", 100.0 * m))
            ));
            numbers.push(json!({ "cell": cell.name.to_string(), "mean": mean }));
        }
        let inside = truths.iter().filter(|t| **t == Truth::Holds).count();
        let named: Vec<&str> =
            betas.iter().zip(&truths).filter(|(_, t)| **t == Truth::Holds).map(|(b, _)| *b).collect();
        let reason = format!(
            "within {:.0}% to {:.0}% at {inside} of {}{} ({})",
            100.0 * low,
            100.0 * high,
            cells.len(),
            if named.is_empty() { String::new() } else { format!(", beta {}", named.join(", ")) },
            words.join(", ")
        );
        Ok(found(combine(&truths), reason, json!({ "means": numbers }), None))
    }

    pub(super) fn no_benefit(&self, cells: &[String]) -> Result<Found, StatsError> {
        let (mut above, mut beyond, mut numbers, mut seeds) = (vec![], vec![], vec![], vec![]);
        let mut closest: Option<(f64, String)> = None;
        for cell in cells {
            let Ordered { contrast: c, relation, mut number, .. } = self.against(cell)?;
            let margin = self.margins.of(c.dataset);
            if relation == Relation::Above {
                above.push(c.words());
            }
            // a cell that failed to train gives no benefit
            let upper = match c.forced {
                Some(_) => None,
                None if c.testable() => Some(simultaneous_upper(&c.differences, LEVEL, cells.len())?),
                None => Some(f64::INFINITY),
            };
            if let Some(u) = upper {
                if u >= margin {
                    beyond.push(c.left.clone());
                    seeds.extend(c.seeds_to_be_beyond(margin, ALPHA / cells.len() as f64));
                }
                if closest.as_ref().is_none_or(|(most, _)| u > *most) {
                    closest = Some((u, c.left.clone()));
                }
            }
            number["upper"] = json!(upper.filter(|u| u.is_finite()));
            numbers.push(number);
        }
        let highest = closest
            .filter(|c| c.0.is_finite())
            .map_or(String::new(), |(u, c)| format!("; highest upper bound {} points ({c})", points(u)));
        let (verdict, reason) = match (above.is_empty(), beyond.is_empty()) {
            (false, _) => (
                Verdict::NotReproduced,
                format!("{} of {} cells above backpropagation: {}", above.len(), cells.len(), above[0]),
            ),
            (true, true) => (
                Verdict::Reproduced,
                format!(
                    "no cell of {} above backpropagation, every upper bound below the margin{highest}",
                    cells.len()
                ),
            ),
            (true, false) => (
                Verdict::Inconclusive,
                format!(
                    "no cell above, but a gain of the margin cannot be excluded for {} of {}{highest}",
                    beyond.len(),
                    cells.len()
                ),
            ),
        };
        // a gain is excluded only when the last is
        Ok(found(verdict, reason, json!({ "tests": numbers }), seeds.into_iter().max()))
    }

    fn tallied(&self, cells: &[String]) -> Result<(Tally, Vec<Value>), StatsError> {
        let (mut t, mut numbers) = (Tally::default(), vec![]);
        for cell in cells {
            let Ordered { contrast: c, relation, number, open } = self.against(cell)?;
            t.add(relation);
            t.leaning.extend(open);
            t.behind_by_mean += usize::from(c.mean() < 0.0);
            if relation == Relation::Above && t.best.as_ref().is_none_or(|b| c.mean() > b.0) {
                t.best = Some((c.mean(), c.words()));
            }
            numbers.push(number);
        }
        Ok((t, numbers))
    }

    pub(super) fn any_above(&self, own: &[String], matched: &[String]) -> Result<Found, StatsError> {
        let ((a, numbers), (b, more)) = (self.tallied(own)?, self.tallied(matched)?);
        let judged = |a: &Tally, b: &Tally| match (a.above, b.above, a.open) {
            (0, 0, 0) if b.open == 0 => Verdict::NotReproduced,
            (0, 0, _) => Verdict::Inconclusive,
            (0, _, 0) => Verdict::Partly,
            (0, _, _) => Verdict::Inconclusive,
            _ => Verdict::Reproduced,
        };
        let best = a
            .best
            .as_ref()
            .or(b.best.as_ref())
            .map_or(String::new(), |b| format!("; of those above the most: {}", b.1));
        let reason = format!("as in the post {}; norm-matched {}{best}", a.words(), b.words());
        let open = |t: &Tally, own: bool| t.leaning.iter().map(|o| (o.0, (own, o.1))).collect::<Vec<_>>();
        let seeds = deciding(&[open(&a, true), open(&b, false)].concat(), |fallen| {
            let of = |wanted: bool| fallen.iter().filter(move |f| f.0 == wanted).map(|f| f.1);
            judged(&a.after(of(true)), &b.after(of(false)))
        });
        Ok(found(judged(&a, &b), reason, json!({ "own": numbers, "matched": more }), seeds))
    }

    pub(super) fn mostly_ahead(&self, cells: &[String]) -> Result<Found, StatsError> {
        let (t, numbers) = self.tallied(cells)?;
        let judged = |t: &Tally| {
            if 2 * t.below > cells.len() {
                Verdict::Reproduced
            } else if 2 * (t.below + t.open) <= cells.len() {
                Verdict::NotReproduced
            } else {
                Verdict::Inconclusive
            }
        };
        let reason = format!(
            "backpropagation is shown to be ahead, after Holm, in {} of {} cells (by its mean in {}), level in {}, behind in {}; {} are undecided",
            t.below,
            cells.len(),
            t.behind_by_mean,
            t.level,
            t.above,
            t.open
        );
        let seeds = deciding(&t.leaning, |fallen| judged(&t.after(fallen.iter().copied())));
        Ok(found(judged(&t), reason, json!({ "tests": numbers }), seeds))
    }

    /// Some rule that is cheaper, in time or in memory where that was measured, and alike in accuracy.
    pub(super) fn cheaper(&self, cells: &[String], share: f64) -> Result<Found, StatsError> {
        let (mut saves, mut open, mut numbers, mut seeds, mut measured) = (vec![], 0, vec![], vec![], false);
        let mut least: Option<(f64, String)> = None;
        for cell in cells {
            let bp = CellName::parse(cell).expect("a cell's name").backpropagation();
            let c = self.contrast(cell, &bp);
            let ratio = |f: fn(&Observed) -> Option<f64>| {
                let of = |name: &str| median(self.cell(name).runs.iter().filter_map(f).collect());
                Some(of(cell)? / of(&bp)?)
            };
            let (time, memory) = (ratio(|r| r.step_time_s), ratio(|r| r.memory_bytes));
            measured |= memory.is_some();
            // the smaller of the two, and what it is of
            let smallest = [(time, "time"), (memory, "memory")];
            let smallest = smallest.into_iter().filter_map(|(r, of)| Some((r?, of)));
            let smallest = smallest.min_by(|a, b| a.0.total_cmp(&b.0));
            let margin = self.margins.of(c.dataset);
            // ahead by more than the margin is no less than alike
            let alike = c.alike(margin, c.p_beyond(margin)?)?;
            if let Some((r, of)) = smallest {
                let words = format!("{} at {r:.2} of its {of}", c.left);
                match alike {
                    Relation::Level if r <= share => saves.push((r, words.clone())),
                    Relation::Above if r <= share => saves.push((r, format!("{words}, and more accurate"))),
                    Relation::Open if r <= share => {
                        open += 1;
                        seeds.extend(c.seeds_to_be_alike(margin).filter(|_| c.mean().abs() < margin));
                    }
                    _ => {}
                }
                if least.as_ref().is_none_or(|(l, _)| r < *l) {
                    least = Some((r, words));
                }
            }
            numbers.push(json!({ "cell": c.left, "ratio_time_s": time, "ratio_memory_bytes": memory, "alike": alike == Relation::Level }));
        }
        let of = if measured { "step in time or memory" } else { "step in time (memory was not measured)" };
        let cheapest = least.map_or(String::new(), |(_, words)| format!("; cheapest: {words}"));
        let (verdict, reason) = match (saves.iter().min_by(|a, b| a.0.total_cmp(&b.0)), open) {
            (Some((_, cheapest)), _) => (
                Verdict::Reproduced,
                format!(
                    "{} of {} cells at most {share} of backpropagation's {of} and alike: {cheapest}",
                    saves.len(),
                    cells.len()
                ),
            ),
            (None, 0) => (
                Verdict::NotReproduced,
                format!(
                    "no cell of {} is at most {share} of backpropagation's {of} and alike in accuracy{cheapest}",
                    cells.len()
                ),
            ),
            (None, n) => (
                Verdict::Inconclusive,
                format!(
                    "{n} of {} cells are at most {share} of backpropagation's {of}, but whether they are alike in accuracy is undecided{cheapest}",
                    cells.len()
                ),
            ),
        };
        // one that is alike suffices
        Ok(found(verdict, reason, json!({ "cells": numbers }), seeds.into_iter().min()))
    }
}

/// How cells stand to backpropagation.
#[derive(Default, Clone)]
struct Tally {
    above: usize,
    below: usize,
    level: usize,
    open: usize,
    /// Below backpropagation by the mean, shown or not.
    behind_by_mean: usize,
    best: Option<(f64, String)>,
    /// The open ones: how many seeds would decide each, and what it would then be.
    leaning: Vec<(Seeds, Relation)>,
}

impl Tally {
    fn add(&mut self, relation: Relation) {
        *match relation {
            Relation::Above => &mut self.above,
            Relation::Below => &mut self.below,
            Relation::Level => &mut self.level,
            Relation::Open => &mut self.open,
        } += 1;
    }
    /// Once some open cells have fallen.
    fn after(&self, fallen: impl Iterator<Item = Relation>) -> Tally {
        let mut t = self.clone();
        for relation in fallen {
            t.open -= 1;
            t.add(relation);
        }
        t
    }
    fn words(&self) -> String {
        let cells = if self.above == 1 { "cell" } else { "cells" };
        format!("{} {cells} above it, {} level, {} below, {} undecided", self.above, self.level, self.below, self.open)
    }
}
