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
        let words = format!("{}, margin {}", c.words(), 100.0 * margin);
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
        Ok(self.truths(parts)?.0)
    }

    /// The verdict with the truth of each part.
    fn truths(&self, parts: &[Part]) -> Result<(Found, Vec<Truth>), StatsError> {
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
                Truth::Open => "undecided",
            };
            // one of those that decide the part stands for them; a part named after its dataset says it already
            let telling = findings.iter().find(|f| f.truth == truth).map_or("", |f| f.words.as_str());
            let telling = telling.strip_prefix(&part.name).unwrap_or(telling).trim_start();
            let beside = self.beside(part);
            let also: String = beside.iter().map(|c| format!(", beside it {}", c.words())).collect();
            let (n, m) = (findings.len(), count(truth));
            let how_many = match n {
                0 | 1 => ", ".into(),
                _ if n == m => format!(" in all {n} comparisons, such as "),
                _ => format!(" in {m} of {n} comparisons, such as "),
            };
            words.push((state, part.name.clone(), format!("{how_many}{telling}{also}")));
            seeds.extend(findings.iter().filter(|f| f.truth == Truth::Open).filter_map(|f| f.seeds));
            let mut number = json!({ "part": part.name, "state": state, "tests": findings.iter().map(|f| &f.number).collect::<Vec<_>>() });
            if !beside.is_empty() {
                number["beside"] = beside.iter().map(|c| c.number(0.0, None, self.margins.of(c.dataset))).collect();
            }
            numbers.push(number);
        }
        Ok((found(combine(&truths), listed(&words), json!({ "parts": numbers }), &seeds), truths))
    }

    /// Equal verdicts stand, different ones are partly; inconclusive only where both may yet come to the same.
    pub(super) fn readings(&self, readings: &[Vec<Part>; 2]) -> Result<Found, StatsError> {
        let [(d, of_d), (k, of_k)] = [self.truths(&readings[0])?, self.truths(&readings[1])?];
        let neither_has = |t| !of_d.contains(&t) && !of_k.contains(&t);
        let may_agree = neither_has(Truth::Fails) || neither_has(Truth::Holds);
        let (verdict, why) = match (d.verdict == k.verdict, may_agree) {
            (true, _) if d.verdict != Verdict::Inconclusive => (d.verdict, "both readings agree"),
            (_, true) => (Verdict::Inconclusive, "a reading of the derivative is undecided, and the two may yet agree"),
            (_, false) => (Verdict::Partly, "the two readings of the derivative differ"),
        };
        let reason = format!(
            "{why}; derivative dropped (D): {} ({}); derivative kept (K): {} ({})",
            d.verdict.name(),
            d.reason,
            k.verdict.name(),
            k.reason
        );
        Ok(Found { verdict, reason, numbers: json!({ "d": d.numbers, "k": k.numbers }) })
    }
}

/// `MNIST: holds, ...; CIFAR-10: fails, ...`; many parts of one statement by their state, with the first of each.
fn listed(parts: &[(&str, String, String)]) -> String {
    const MOST: usize = 3;
    if parts.len() <= MOST {
        let each = parts.iter().map(|(state, name, how)| format!("{name}: {state}{how}"));
        return each.collect::<Vec<_>>().join("; ");
    }
    let of = |wanted: &str| {
        let those: Vec<_> = parts.iter().filter(|p| p.0 == wanted).collect();
        let names: Vec<&str> = those.iter().map(|p| p.1.as_str()).collect();
        let example = &those.first()?.2;
        let example = example.trim_start_matches(", ");
        Some(format!("{wanted} for {} (the first: {})", names.join(", "), example.trim_start()))
    };
    ["holds", "fails", "undecided"].into_iter().filter_map(of).collect::<Vec<_>>().join("; ")
}
