//! Claims made of statements on pairs of cells.

use serde_json::json;

use super::super::contrast::{ALPHA, Contrast, Relation};
use super::super::{Verdict, combine};
use super::{Finding, Found, Judge, Truth, found};
use crate::stats::{StatsError, paired};
use crate::study::claims::{Part, Statement};

impl Judge<'_> {
    fn statement(&self, s: &Statement) -> Result<Finding, StatsError> {
        match s {
            Statement::Below { left, right, points } => {
                let (c, value) = (self.contrast(left, right), -points / 100.0);
                let (corrected, margin) = (self.holm(left, right, value), self.margins.of(c.dataset));
                let truth = match c.relation(value, corrected) {
                    Relation::Below => Truth::Holds,
                    Relation::Above => Truth::Fails,
                    // alike is not below; with a distance to keep, only the test against it counts
                    _ if *points == 0.0 && c.alike(margin)? == Relation::Level => Truth::Fails,
                    _ => Truth::Open,
                };
                Ok(Finding {
                    truth,
                    words: c.words(),
                    number: c.number(value, corrected, margin),
                    seeds: c.seeds_to_differ(value, corrected.map_or(ALPHA, |c| c.level)),
                })
            }
            Statement::Alike { left, right } => self.alike(left, right),
            Statement::AlikeUpTo { ladder, right } => self.alike_up_to(ladder, right),
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
                    seeds: c.seeds_to_be_beyond(-margin, ALPHA),
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

    /// Decided by the foot of the ladder; rungs that were not run are passed over.
    fn alike_up_to(&self, ladder: &[String], right: &str) -> Result<Finding, StatsError> {
        let mut finding = self.alike(&ladder[0], right)?;
        if finding.truth != Truth::Holds {
            return Ok(finding);
        }
        let mut last = self.cell(&ladder[0]);
        for rung in &ladder[1..] {
            let Some((l, r)) = self.evidence.pair(rung, right) else { continue };
            if Contrast::new(l, r).alike(self.margins.of(l.name.dataset))? != Relation::Level {
                break;
            }
            last = l;
        }
        let beta = last.name.option("beta").unwrap_or_default();
        finding.words += &format!(", alike up to beta {beta}");
        finding.number["alike_up_to"] = json!(beta);
        Ok(finding)
    }

    /// Differences that decide nothing, of the cells that are there.
    fn beside(&self, part: &Part) -> Vec<Contrast> {
        let pairs = part.beside.iter().filter_map(|(l, r)| self.evidence.pair(l, r));
        pairs.map(|(l, r)| Contrast::new(l, r)).collect()
    }

    pub(super) fn parts(&self, parts: &[Part]) -> Result<Found, StatsError> {
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
            let beside = self.beside(part);
            let also: String = beside.iter().map(|c| format!(", beside it {}", c.words())).collect();
            words.push(match findings.len() {
                0 | 1 => format!("{}: {state}, {telling}{also}", part.name),
                n => {
                    format!("{}: {state} ({} of {n} comparisons hold; {telling}{also})", part.name, count(Truth::Holds))
                }
            });
            seeds.extend(findings.iter().filter(|f| f.truth == Truth::Open).filter_map(|f| f.seeds));
            let mut number = json!({ "part": part.name, "state": state, "tests": findings.iter().map(|f| &f.number).collect::<Vec<_>>() });
            if !beside.is_empty() {
                number["beside"] = beside.iter().map(|c| c.number(0.0, None, self.margins.of(c.dataset))).collect();
            }
            numbers.push(number);
        }
        Ok(found(combine(&truths), words.join("; "), json!({ "parts": numbers }), &seeds))
    }

    pub(super) fn readings(&self, readings: &[Vec<Part>; 2]) -> Result<Found, StatsError> {
        let [d, k] = [self.parts(&readings[0])?, self.parts(&readings[1])?];
        let verdict = match (d.verdict, k.verdict) {
            (a, b) if a == b => a,
            // whatever the open reading comes to, the two differ or are both partly
            (Verdict::Partly, _) | (_, Verdict::Partly) => Verdict::Partly,
            // the open reading may yet agree
            (Verdict::Inconclusive, _) | (_, Verdict::Inconclusive) => Verdict::Inconclusive,
            _ => Verdict::Partly,
        };
        let why = match (d.verdict == k.verdict, verdict) {
            (true, _) => "both readings agree",
            (false, Verdict::Inconclusive) => "one reading of the derivative is open",
            _ => "the two readings of the derivative differ",
        };
        let reason = format!("{why}; D: {} ({}); K: {} ({})", d.verdict.name(), d.reason, k.verdict.name(), k.reason);
        Ok(Found { verdict, reason, numbers: json!({ "d": d.numbers, "k": k.numbers }) })
    }
}
