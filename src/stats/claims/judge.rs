//! Predicates on evidence.

use serde_json::{Value, json};

use super::super::bootstrap::percentile_interval;
use super::super::multiple::simultaneous_upper;
use super::super::power::Seeds;
use super::super::ranks::{kendalls_w, ranks};
use super::super::regression::line;
use super::super::summary::LEVEL;
use super::super::{StatsError, paired, std_dev};
use super::contrast::{ALPHA, Contrast, Relation, points};
use super::evidence::{CellData, Evidence};
use super::{Corrected, Margins, Verdict, combine};
use crate::data::DatasetId;
use crate::study::claims::{CellName, Part, Predicate, Statement};

/// Whether a statement is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    Holds,
    Fails,
    Open,
}

/// What a predicate comes to.
pub struct Found {
    pub verdict: Verdict,
    pub reason: String,
    pub numbers: Value,
}

/// A statement with its words.
struct Finding {
    truth: Truth,
    words: String,
    number: Value,
    /// What would decide it, where it is open.
    seeds: Option<Seeds>,
}

pub struct Judge<'a> {
    pub evidence: &'a Evidence,
    pub margins: &'a Margins,
    pub corrected: &'a Corrected,
}

/// Every difference that a predicate tests: left, right and the value to differ from.
pub fn tests(predicate: &Predicate) -> Vec<(String, String, f64)> {
    let of = |parts: Vec<Part>| {
        parts.into_iter().flat_map(|p| p.all).filter_map(|s| match s {
            Statement::Below { left, right, points } => Some((left, right, -points / 100.0)),
            _ => None,
        })
    };
    let against = |cells: Vec<String>| {
        let bp = |c: &str| CellName::parse(c).map(|n| n.backpropagation());
        cells.into_iter().filter_map(|c| bp(&c).map(|b| (c, b, 0.0))).collect()
    };
    match predicate {
        Predicate::Parts(parts) => of(parts()).collect(),
        Predicate::Readings(parts) => ["d", "k"].into_iter().flat_map(|r| of(parts(r))).collect(),
        Predicate::BetterInMost { pairs, .. } => pairs().into_iter().map(|(a, b)| (a, b, 0.0)).collect(),
        Predicate::NoBenefit(cells) | Predicate::MostlyAhead(cells) => against(cells()),
        Predicate::AnyAbove { own, matched } => against(own().into_iter().chain(matched()).collect()),
        _ => vec![],
    }
}

impl Judge<'_> {
    pub fn decide(&self, predicate: &Predicate) -> Result<Found, StatsError> {
        match predicate {
            Predicate::Parts(parts) => self.parts(&parts()),
            Predicate::Readings(parts) => self.readings(&["d", "k"].map(parts)),
            Predicate::BetterInMost { pairs, least } => self.better(&pairs(), *least),
            Predicate::InBand { cells, low, high } => self.in_band(&cells(), *low, *high),
            Predicate::NoBenefit(cells) => self.no_benefit(&cells()),
            Predicate::AnyAbove { own, matched } => self.any_above(&own(), &matched()),
            Predicate::NoOrder { literal, matched, low, high } => self.no_order(&literal(), &matched(), *low, *high),
            Predicate::LastAsBest(cells) => self.last_as_best(&cells()),
            Predicate::NoSpread { cell, points } => self.no_spread(cell, points / 100.0),
            Predicate::MostlyAhead(cells) => self.mostly_ahead(&cells()),
            Predicate::Grows(cells) => self.grows(&cells()),
            Predicate::Cured(pairs) => self.cured(&pairs()),
            Predicate::Closest { near, far } => self.closest(*near, *far),
            Predicate::Cheaper { cells, share } => self.cheaper(&cells(), *share),
            Predicate::ByConstruction(_) | Predicate::CannotBeTested(_) => unreachable!("decided before"),
        }
    }

    fn cell(&self, name: &str) -> &CellData {
        self.evidence.find(name).expect("missing cells were reported before")
    }
    fn contrast(&self, left: &str, right: &str) -> Contrast {
        let (left, right) = self.evidence.pair(left, right).expect("missing cells were reported before");
        Contrast::new(left, right)
    }
    fn holm(&self, left: &str, right: &str, value: f64) -> Option<f64> {
        self.corrected.get(&(left.to_string(), right.to_string(), value.to_bits())).copied()
    }
    /// Against its own backpropagation: above or below after Holm, level within the margin, or open.
    fn against(&self, cell: &str) -> Result<(Contrast, Relation, Value), StatsError> {
        let bp = CellName::parse(cell).expect("a cell's name").backpropagation();
        self.ordered(cell, &bp)
    }
    fn ordered(&self, left: &str, right: &str) -> Result<(Contrast, Relation, Value), StatsError> {
        let c = self.contrast(left, right);
        let p = self.holm(left, right, 0.0);
        let margin = self.margins.of(c.dataset);
        let relation = match c.relation(0.0, p) {
            Relation::Open if c.alike(margin)? == Relation::Level => Relation::Level,
            relation => relation,
        };
        let number = c.number(0.0, p, margin);
        Ok((c, relation, number))
    }

    fn statement(&self, s: &Statement) -> Result<Finding, StatsError> {
        match s {
            Statement::Below { left, right, points } => {
                let (c, value) = (self.contrast(left, right), -points / 100.0);
                let (p, margin) = (self.holm(left, right, value), self.margins.of(c.dataset));
                let truth = match c.relation(value, p) {
                    Relation::Below => Truth::Holds,
                    Relation::Above => Truth::Fails,
                    // alike is not below; with a distance to keep, only the test against it counts
                    _ if *points == 0.0 && c.alike(margin)? == Relation::Level => Truth::Fails,
                    _ => Truth::Open,
                };
                Ok(Finding {
                    truth,
                    words: c.words(),
                    number: c.number(value, p, margin),
                    seeds: c.seeds_to_differ(value),
                })
            }
            Statement::Alike { left, right } => self.alike(left, right),
            Statement::BestAlike { choices, right } => {
                let score = |c: &String| {
                    let runs = &self.cell(c).runs;
                    runs.iter().filter_map(|r| r.validation).sum::<f64>() / runs.len().max(1) as f64
                };
                let best = choices.iter().max_by(|a, b| score(a).total_cmp(&score(b))).expect("some choices");
                self.alike(best, right)
            }
            Statement::NotWorse { left, right } => {
                let c = self.contrast(left, right);
                let margin = self.margins.of(c.dataset);
                let truth = match c.forced {
                    Some(Relation::Above) => Truth::Holds,
                    Some(Relation::Below) => Truth::Fails,
                    // of two betas that both fail to train neither is a step down
                    Some(_) => Truth::Holds,
                    None if !c.testable() => Truth::Open,
                    None if paired::above(&c.differences, -margin)? < ALPHA => Truth::Holds,
                    None if paired::below(&c.differences, -margin)? < ALPHA => Truth::Fails,
                    None => Truth::Open,
                };
                Ok(Finding {
                    truth,
                    words: c.words(),
                    number: c.number(-margin, None, margin),
                    seeds: c.seeds_to_differ(-margin),
                })
            }
        }
    }

    fn alike(&self, left: &str, right: &str) -> Result<Finding, StatsError> {
        let c = self.contrast(left, right);
        let margin = self.margins.of(c.dataset);
        let truth = match c.alike(margin)? {
            Relation::Level => Truth::Holds,
            Relation::Open => Truth::Open,
            _ => Truth::Fails,
        };
        let words = format!("{} at a margin of {}", c.words(), 100.0 * margin);
        Ok(Finding { truth, words, number: c.number(0.0, None, margin), seeds: c.seeds_to_be_alike(margin) })
    }

    fn parts(&self, parts: &[Part]) -> Result<Found, StatsError> {
        let (mut truths, mut words, mut numbers, mut seeds) = (vec![], vec![], vec![], vec![]);
        for part in parts {
            let findings = part.all.iter().map(|s| self.statement(s)).collect::<Result<Vec<_>, _>>()?;
            let count = |t| findings.iter().filter(|f| f.truth == t).count();
            let truth = match (count(Truth::Fails), count(Truth::Open)) {
                (0, 0) => Truth::Holds,
                (0, _) => Truth::Open,
                _ => Truth::Fails,
            };
            truths.push(truth);
            let state = match truth {
                Truth::Holds => "holds",
                Truth::Fails => "fails",
                Truth::Open => "open",
            };
            // the statement that decides the part stands for it
            let telling = findings.iter().find(|f| f.truth == truth).map_or("", |f| f.words.as_str());
            words.push(match findings.len() {
                0 | 1 => format!("{}: {state}, {telling}", part.name),
                n => format!("{}: {state} ({} of {n} comparisons hold; {telling})", part.name, count(Truth::Holds)),
            });
            seeds.extend(findings.iter().filter(|f| f.truth == Truth::Open).filter_map(|f| f.seeds));
            numbers.push(json!({ "part": part.name, "state": state, "tests": findings.iter().map(|f| &f.number).collect::<Vec<_>>() }));
        }
        Ok(found(combine(&truths), words.join("; "), json!({ "parts": numbers }), &seeds))
    }

    fn readings(&self, readings: &[Vec<Part>; 2]) -> Result<Found, StatsError> {
        let [d, k] = [self.parts(&readings[0])?, self.parts(&readings[1])?];
        let verdict = match (d.verdict, k.verdict) {
            (a, b) if a == b => a,
            (Verdict::Inconclusive, _) | (_, Verdict::Inconclusive) => Verdict::Inconclusive,
            _ => Verdict::Partly,
        };
        let why =
            if d.verdict == k.verdict { "both readings agree" } else { "the two readings of the derivative differ" };
        let reason = format!("{why}; D: {} ({}); K: {} ({})", d.verdict.name(), d.reason, k.verdict.name(), k.reason);
        Ok(Found { verdict, reason, numbers: json!({ "d": d.numbers, "k": k.numbers }) })
    }

    fn better(&self, pairs: &[(String, String)], least: usize) -> Result<Found, StatsError> {
        let found = pairs.iter().map(|(a, b)| self.ordered(a, b)).collect::<Result<Vec<_>, _>>()?;
        let count = |r| found.iter().filter(|(_, relation, _)| *relation == r).count();
        let (above, below, open) = (count(Relation::Above), count(Relation::Below), count(Relation::Open));
        let verdict = if above >= least && below == 0 {
            Verdict::Reproduced
        } else if above >= least {
            Verdict::Partly
        } else if above + open < least {
            Verdict::NotReproduced
        } else {
            Verdict::Inconclusive
        };
        let all: Vec<String> = found.iter().map(|(c, _, _)| format!("{} {}", c.left, points(c.mean()))).collect();
        let reason = format!(
            "better in {above} of {}, worse in {below}, alike in {}, open in {open} (points: {})",
            pairs.len(),
            count(Relation::Level),
            all.join(", ")
        );
        let seeds: Vec<Seeds> =
            found.iter().filter(|f| f.1 == Relation::Open).filter_map(|f| f.0.seeds_to_differ(0.0)).collect();
        Ok(self::found(verdict, reason, json!({ "tests": found.into_iter().map(|f| f.2).collect::<Vec<_>>() }), &seeds))
    }

    fn in_band(&self, cells: &[String], low: f64, high: f64) -> Result<Found, StatsError> {
        let (mut truths, mut words, mut numbers) = (vec![], vec![], vec![]);
        for cell in cells.iter().map(|c| self.cell(c)) {
            let mean = cell.mean().filter(|_| !cell.failed());
            truths.push(if mean.is_some_and(|m| (low..=high).contains(&m)) { Truth::Holds } else { Truth::Fails });
            let beta = cell.name.option("beta").unwrap_or_default();
            words.push(format!(
                "beta {beta} {}",
                mean.map_or("failed to train".into(), |m| format!("{:.1}%", 100.0 * m))
            ));
            numbers.push(json!({ "cell": cell.name.to_string(), "mean": mean }));
        }
        let inside = truths.iter().filter(|t| **t == Truth::Holds).count();
        let reason = format!(
            "within {:.0}% to {:.0}% at {inside} of {} ({})",
            100.0 * low,
            100.0 * high,
            cells.len(),
            words.join(", ")
        );
        Ok(found(combine(&truths), reason, json!({ "means": numbers }), &[]))
    }

    fn no_benefit(&self, cells: &[String]) -> Result<Found, StatsError> {
        let (mut above, mut beyond, mut numbers, mut seeds) = (vec![], vec![], vec![], vec![]);
        let mut closest: Option<(f64, String)> = None;
        for cell in cells {
            let (c, relation, mut number) = self.against(cell)?;
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
                    seeds.extend(c.seeds_to_differ(margin));
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
        Ok(found(verdict, reason, json!({ "tests": numbers }), &seeds))
    }

    fn tallied(&self, cells: &[String]) -> Result<(Tally, Vec<Value>), StatsError> {
        let (mut t, mut numbers) = (Tally::default(), vec![]);
        for cell in cells {
            let (c, relation, number) = self.against(cell)?;
            match relation {
                Relation::Above => t.above += 1,
                Relation::Below => t.below += 1,
                Relation::Level => t.level += 1,
                Relation::Open => {
                    t.open += 1;
                    t.seeds.extend(c.seeds_to_differ(0.0));
                }
            }
            if relation == Relation::Above && t.best.as_ref().is_none_or(|b| c.mean() > b.0) {
                t.best = Some((c.mean(), c.words()));
            }
            numbers.push(number);
        }
        Ok((t, numbers))
    }

    fn any_above(&self, own: &[String], matched: &[String]) -> Result<Found, StatsError> {
        let ((a, numbers), (b, more)) = (self.tallied(own)?, self.tallied(matched)?);
        let verdict = match (a.above, b.above, a.open) {
            (0, 0, 0) if b.open == 0 => Verdict::NotReproduced,
            (0, 0, _) => Verdict::Inconclusive,
            (0, _, 0) => Verdict::Partly,
            (0, _, _) => Verdict::Inconclusive,
            _ => Verdict::Reproduced,
        };
        let best = a.best.as_ref().or(b.best.as_ref()).map_or(String::new(), |b| format!("; most: {}", b.1));
        let reason = format!("as in the post {}; norm-matched {}{best}", a.words(), b.words());
        let seeds: Vec<Seeds> = a.seeds.iter().chain(&b.seeds).copied().collect();
        Ok(found(verdict, reason, json!({ "own": numbers, "matched": more }), &seeds))
    }

    fn mostly_ahead(&self, cells: &[String]) -> Result<Found, StatsError> {
        let (t, numbers) = self.tallied(cells)?;
        let verdict = if 2 * t.below > cells.len() {
            Verdict::Reproduced
        } else if 2 * (t.below + t.open) <= cells.len() {
            Verdict::NotReproduced
        } else {
            Verdict::Inconclusive
        };
        let ahead = 100.0 * t.below as f64 / cells.len() as f64;
        let reason = format!("backpropagation is ahead in {ahead:.0}% of {} cells: {}", cells.len(), t.words());
        Ok(found(verdict, reason, json!({ "tests": numbers }), &t.seeds))
    }

    fn no_order(
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
            "over {} blocks {} for the kinds as in the post, {} norm-matched",
            literal.len(),
            words(l),
            words(m)
        );
        let number =
            |(w, i): (f64, Option<(f64, f64)>)| json!({ "w": w, "low": i.map(|i| i.0), "high": i.map(|i| i.1) });
        Ok(found(verdict, reason, json!({ "literal": number(l), "matched": number(m) }), &[]))
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

    fn last_as_best(&self, cells: &[String]) -> Result<Found, StatsError> {
        let (mut truths, mut words, mut numbers) = (vec![], vec![], vec![]);
        for cell in cells.iter().map(|c| self.cell(c)) {
            let margin = self.margins.of(cell.name.dataset);
            let d: Vec<f64> = cell.runs.iter().filter_map(|r| Some(r.test? - r.best?)).collect();
            let gap: Vec<f64> = cell.runs.iter().filter_map(|r| Some(r.train? - r.test?)).collect();
            truths.push(if d.len() < 2 {
                Truth::Open
            } else if paired::above(&d, -margin)? < ALPHA {
                Truth::Holds
            } else if paired::below(&d, -margin)? < ALPHA {
                Truth::Fails
            } else {
                Truth::Open
            });
            let mean = |v: &[f64]| super::super::mean(v).ok();
            let say = |v: Option<f64>| v.map_or("none".into(), points);
            words.push(format!(
                "{} {} {} (train minus test {})",
                cell.name.dataset.title(),
                cell.name.network,
                say(mean(&d)),
                say(mean(&gap))
            ));
            numbers.push(
                json!({ "cell": cell.name.to_string(), "last_minus_best": mean(&d), "train_minus_test": mean(&gap) }),
            );
        }
        Ok(found(
            combine(&truths),
            format!("last minus best epoch, points: {}", words.join("; ")),
            json!({ "cells": numbers }),
            &[],
        ))
    }

    fn no_spread(&self, cell: &str, limit: f64) -> Result<Found, StatsError> {
        let cell = self.cell(cell);
        let first: Vec<_> = cell.runs.iter().take(5).collect();
        let test: Vec<f64> = first.iter().filter_map(|r| r.test).collect();
        let train: Vec<f64> = first.iter().filter_map(|r| r.train).collect();
        let mut again: Vec<f64> = cell.repeats.iter().filter_map(|r| r.test).collect();
        again.extend(
            cell.repeats.first().and_then(|r| cell.runs.iter().find(|o| o.seed == r.seed)).and_then(|r| r.test),
        );
        if test.len() < 2 {
            return Ok(found(
                Verdict::Inconclusive,
                format!("{} finished of {} runs", test.len(), first.len()),
                json!({}),
                &[],
            ));
        }
        let truth = |std: f64| if std < limit { Truth::Holds } else { Truth::Fails };
        let (of_test, of_train, of_again) = (std_dev(&test)?, std_dev(&train).ok(), std_dev(&again).ok());
        let mut truths = vec![truth(of_test)];
        let saturated = train.len() == test.len() && train.iter().all(|v| *v > 0.9999);
        if let Some(std) = of_train.filter(|_| saturated) {
            truths.push(truth(std));
        }
        let mut reason = format!(
            "{} seeds: standard deviation of test accuracy {:.3} points, of train accuracy {:.3}",
            test.len(),
            100.0 * of_test,
            100.0 * of_train.unwrap_or(f64::NAN)
        );
        if !saturated {
            reason += " (not judged: not above 99.99% in all runs)";
        }
        if let Some(std) = of_again {
            reason += &format!("; one seed trained {} times: {:.3}", again.len(), 100.0 * std);
        }
        Ok(found(
            combine(&truths),
            reason,
            json!({ "test_std": of_test, "train_std": of_train, "repeated_std": of_again, "train_saturated": saturated }),
            &[],
        ))
    }

    fn grows(&self, cells: &[String]) -> Result<Found, StatsError> {
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

    fn cured(&self, pairs: &[(String, String)]) -> Result<Found, StatsError> {
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

    fn closest(&self, near: fn(&str) -> Vec<String>, far: fn(&str) -> Vec<String>) -> Result<Found, StatsError> {
        let (mut truths, mut words, mut numbers) = (vec![], vec![], vec![]);
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
                _ => Truth::Open,
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
        Ok(found(combine(&truths), words.join("; "), json!({ "datasets": numbers }), &[]))
    }

    fn cheaper(&self, cells: &[String], share: f64) -> Result<Found, StatsError> {
        let (mut saves, mut open, mut numbers) = (vec![], 0, vec![]);
        let mut least: Option<(f64, String)> = None;
        for cell in cells {
            let bp = CellName::parse(cell).expect("a cell's name").backpropagation();
            let c = self.contrast(cell, &bp);
            let ratio = |f: fn(&super::evidence::Observed) -> Option<f64>| {
                let of = |name: &str| median(self.cell(name).runs.iter().filter_map(f).collect());
                Some(of(cell)? / of(&bp)?)
            };
            let (time, memory) = (ratio(|r| r.step_time_s), ratio(|r| r.memory_bytes));
            let smallest = time.into_iter().chain(memory).reduce(f64::min);
            let alike = c.alike(self.margins.of(c.dataset))?;
            if let Some(r) = smallest {
                if r <= share && alike == Relation::Level {
                    saves.push(format!("{} at {r:.2}", c.left));
                }
                // ahead by more than the margin is no less than alike
                if r <= share && alike == Relation::Above {
                    saves.push(format!("{} at {r:.2}, and more accurate", c.left));
                }
                if r <= share && alike == Relation::Open {
                    open += 1;
                }
                if least.as_ref().is_none_or(|(l, _)| r < *l) {
                    least = Some((r, c.left.clone()));
                }
            }
            numbers.push(json!({ "cell": c.left, "ratio_time_s": time, "ratio_memory_bytes": memory, "alike": alike == Relation::Level }));
        }
        let cheapest = least.map_or(String::new(), |(r, c)| format!("; cheapest: {c} at {r:.2}"));
        let (verdict, reason) = match (saves.first(), open) {
            (Some(first), _) => (
                Verdict::Reproduced,
                format!(
                    "{} of {} cells at most {share} of backpropagation's step and alike: {first}",
                    saves.len(),
                    cells.len()
                ),
            ),
            (None, 0) => (
                Verdict::NotReproduced,
                format!(
                    "no cell of {} is at most {share} of backpropagation's step in time or memory and alike in accuracy{cheapest}",
                    cells.len()
                ),
            ),
            (None, n) => (
                Verdict::Inconclusive,
                format!(
                    "{n} of {} cells are cheaper, but whether they are alike in accuracy is open{cheapest}",
                    cells.len()
                ),
            ),
        };
        Ok(found(verdict, reason, json!({ "cells": numbers }), &[]))
    }
}

/// How cells stand to backpropagation.
#[derive(Default)]
struct Tally {
    above: usize,
    below: usize,
    level: usize,
    open: usize,
    best: Option<(f64, String)>,
    seeds: Vec<Seeds>,
}

impl Tally {
    fn words(&self) -> String {
        format!("{} cells above it, {} level, {} below, {} open", self.above, self.level, self.below, self.open)
    }
}

/// Says how many seeds would decide what is open.
fn found(verdict: Verdict, mut reason: String, numbers: Value, seeds: &[Seeds]) -> Found {
    let most = seeds.iter().copied().max_by_key(|s| match s {
        Seeds::About(n) => *n,
        Seeds::TooMany => usize::MAX,
    });
    if verdict == Verdict::Inconclusive {
        reason += &match most {
            Some(seeds) => format!("; {seeds} would decide every open comparison"),
            None => "; more seeds are needed".into(),
        };
    }
    Found { verdict, reason, numbers }
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    (n > 0).then(|| (values[(n - 1) / 2] + values[n / 2]) / 2.0)
}
