//! Claims made of statements on pairs of cells.

use serde_json::json;

use super::super::contrast::{ALPHA, Contrast, Relation};
use super::super::{Verdict, combine};
use super::{Finding, Found, Judge, Test, Truth, deciding, found, leaning};
use crate::stats::power::Seeds;
use crate::stats::{StatsError, paired};
use crate::study::claims::{Part, Statement};

impl Judge<'_> {
    fn statement(&self, s: &Statement) -> Result<Finding, StatsError> {
        match s {
            Statement::Below { left, right, points } => {
                let (c, value) = (self.contrast(left, right), -points / 100.0);
                let (corrected, margin) = (self.holm(left, right, value), self.margins.of(c.dataset));
                let (truth, alike) = match c.relation(value, corrected) {
                    Relation::Below => (Truth::Holds, String::new()),
                    Relation::Above => (Truth::Fails, String::new()),
                    // alike is not below; with a distance to keep, only the test against it counts
                    _ if *points == 0.0 && c.forced.is_none() && c.is_level(margin)? => {
                        (Truth::Fails, format!(", alike within the margin of {}", 100.0 * margin))
                    }
                    _ => (Truth::Open, String::new()),
                };
                let open = match *points == 0.0 {
                    true => leaning(&c, corrected, margin).map(|(s, r)| (s, truth_of(r == Relation::Below))),
                    false => c
                        .seeds_to_differ(value, corrected.map_or(ALPHA, |c| c.level))
                        .map(|s| (s, truth_of(c.mean() < value))),
                };
                Ok(Finding {
                    truth,
                    words: c.words() + &alike,
                    number: c.number(value, corrected, margin),
                    neither_trained: c.neither_trained(),
                    open,
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
                let open = c.seeds_to_be_beyond(-margin, ALPHA).map(|s| (s, truth_of(c.mean() > -margin)));
                Ok(Finding {
                    truth,
                    words: c.words(),
                    number: c.number(-margin, None, margin),
                    neither_trained: c.neither_trained(),
                    open,
                })
            }
        }
    }

    fn alike(&self, left: &str, right: &str) -> Result<Finding, StatsError> {
        let c = self.contrast(left, right);
        let margin = self.margins.of(c.dataset);
        let beyond = Test::Beyond { left: left.to_string(), right: right.to_string() };
        let corrected = self.corrected.get(&beyond.key()).copied();
        let truth = match c.alike(margin, corrected.map(|c| c.p))? {
            Relation::Level => Truth::Holds,
            Relation::Open => Truth::Open,
            _ => Truth::Fails,
        };
        let words = format!("{}, margin {}", c.words(), 100.0 * margin);
        let mut number = c.number(0.0, None, margin);
        number["p_beyond_margin_holm"] = json!(corrected.map(|c| c.p));
        let open = match c.mean().abs() < margin {
            true => c.seeds_to_be_alike(margin),
            false => c.seeds_to_be_beyond(
                if c.mean() > 0.0 { margin } else { -margin },
                corrected.map_or(ALPHA, |c| c.level),
            ),
        };
        let open = open.map(|s| (s, truth_of(c.mean().abs() < margin)));
        Ok(Finding { truth, words, number, neither_trained: c.neither_trained(), open })
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
            if !Contrast::new(l, r).is_level(self.margins.of(l.name.dataset))? {
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
        let judged = self.judged(parts)?;
        let seeds = deciding(&judged.open, |fallen| combine(&judged.after(fallen)));
        Ok(found(combine(&judged.after(&[])), judged.reason, judged.numbers, seeds))
    }

    fn judged(&self, parts: &[Part]) -> Result<Judged, StatsError> {
        let (mut all, mut words, mut numbers, mut open) = (vec![], vec![], vec![], vec![]);
        let of = |part: &Part| part.all.iter().map(|s| self.statement(s)).collect::<Result<Vec<_>, _>>();
        let mut found = parts.iter().map(of).collect::<Result<Vec<_>, _>>()?;
        if found.iter().flatten().all(|f| f.neither_trained) {
            found.iter_mut().flatten().for_each(|f| f.truth = Truth::Open);
        }
        for (i, (part, findings)) in parts.iter().zip(&found).enumerate() {
            let failed = findings.iter().filter(|f| f.neither_trained).count();
            let truths: Vec<Truth> = findings.iter().map(|f| f.truth).collect();
            let truth = all_of(&truths);
            let state = match truth {
                Truth::Holds => "holds",
                Truth::Fails => "fails",
                Truth::Open => "undecided",
            };
            // one of those that decide the part stands for them, of undecided ones the first that leans against the claim;
            // a part named after its dataset says it already
            let leans_against = |f: &&Finding| f.open.is_some_and(|(_, leans)| leans == Truth::Fails);
            let telling = findings.iter().filter(|f| f.truth == truth);
            let telling = telling.min_by_key(|f| (f.neither_trained, truth == Truth::Open && !leans_against(f)));
            let telling = telling.or(findings.first()).map_or("", |f| f.words.as_str());
            let telling = telling.strip_prefix(&part.name).unwrap_or(telling).trim_start();
            let beside = self.beside(part);
            let also: String = beside.iter().map(|c| format!(", beside it {}", c.words())).collect();
            let (n, m) = (findings.len(), truths.iter().filter(|t| **t == truth).count());
            let both =
                if failed > 0 { format!(" ({failed} of cells that both failed to train)") } else { String::new() };
            let how_many = match n {
                0 | 1 => ", ".into(),
                2 if m == 2 => format!(" in both comparisons{both}, such as "),
                _ if n == m => format!(" in all {n} comparisons{both}, such as "),
                _ => format!(" in {m} of {n} comparisons{both}, such as "),
            };
            let name = match failed == n {
                true => format!("{} (both failed to train)", part.name),
                false => part.name.clone(),
            };
            words.push((state, name, format!("{how_many}{telling}{also}")));
            let undecided = findings.iter().enumerate().filter(|(_, f)| f.truth == Truth::Open);
            open.extend(undecided.filter_map(|(j, f)| f.open.map(|(seeds, leans)| (seeds, (i, j, leans)))));
            let mut number = json!({ "part": part.name, "state": state, "tests": findings.iter().map(|f| &f.number).collect::<Vec<_>>() });
            if !beside.is_empty() {
                number["beside"] = beside.iter().map(|c| c.number(0.0, None, self.margins.of(c.dataset))).collect();
            }
            numbers.push(number);
            all.push(truths);
        }
        Ok(Judged { truths: all, open, reason: listed(&words), numbers: json!({ "parts": numbers }) })
    }

    /// Equal verdicts stand, different ones are partly; inconclusive only where both may yet come to the same.
    pub(super) fn readings(&self, readings: &[Vec<Part>; 2]) -> Result<Found, StatsError> {
        let [d, k] = [self.judged(&readings[0])?, self.judged(&readings[1])?];
        let together = |of_d: &[Truth], of_k: &[Truth]| {
            let neither_has = |t| !of_d.contains(&t) && !of_k.contains(&t);
            let may_agree = neither_has(Truth::Fails) || neither_has(Truth::Holds);
            match (combine(of_d), combine(of_k)) {
                (d, k) if d == k && d != Verdict::Inconclusive => (d, "both readings agree"),
                _ if may_agree => {
                    (Verdict::Inconclusive, "a reading of the derivative is undecided, and the two may yet agree")
                }
                (Verdict::Inconclusive, _) | (_, Verdict::Inconclusive) => {
                    (Verdict::Partly, "it holds in part and fails in part, whatever the undecided comparisons come to")
                }
                _ => (Verdict::Partly, "the two readings of the derivative differ"),
            }
        };
        let (verdict, why) = together(&d.after(&[]), &k.after(&[]));
        // both readings' open comparisons, each marked with its reading
        let open = |judged: &Judged, is_d: bool| judged.open.iter().map(|o| (o.0, (is_d, o.1))).collect::<Vec<_>>();
        let seeds = deciding(&[open(&d, true), open(&k, false)].concat(), |fallen| {
            let of = |wanted: bool| fallen.iter().filter(|f| f.0 == wanted).map(|f| f.1).collect::<Vec<_>>();
            together(&d.after(&of(true)), &k.after(&of(false))).0
        });
        let each = |judged: &Judged| format!("{} ({})", combine(&judged.after(&[])).name(), judged.reason);
        let reason = format!("{why}; derivative dropped (D): {}; derivative kept (K): {}", each(&d), each(&k));
        Ok(found(verdict, reason, json!({ "d": d.numbers, "k": k.numbers }), seeds))
    }
}

/// Part, statement in it, and what it would be.
type Fallen = (usize, usize, Truth);

/// Parts with the truths of their statements.
struct Judged {
    truths: Vec<Vec<Truth>>,
    open: Vec<(Seeds, Fallen)>,
    reason: String,
    numbers: serde_json::Value,
}

impl Judged {
    /// The truth of every part, once some open statements have fallen.
    fn after(&self, fallen: &[Fallen]) -> Vec<Truth> {
        let mut truths = self.truths.clone();
        fallen.iter().for_each(|(part, statement, truth)| truths[*part][*statement] = *truth);
        truths.iter().map(|part| all_of(part)).collect()
    }
}

fn truth_of(holds: bool) -> Truth {
    if holds { Truth::Holds } else { Truth::Fails }
}

/// A part holds if all its statements do, and fails with any of them.
fn all_of(truths: &[Truth]) -> Truth {
    match (truths.contains(&Truth::Fails), truths.contains(&Truth::Open)) {
        (true, _) => Truth::Fails,
        (false, true) => Truth::Open,
        (false, false) => Truth::Holds,
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
