//! The claims of the post judged by the results: predicate and evidence to verdict, with the numbers.

mod contrast;
mod evidence;
mod judge;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;

use polars::prelude::DataFrame;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::StatsError;
use super::multiple::{holm, holm_levels};
use crate::data::DatasetId;
use crate::run::atomic;
use crate::study::claims::{Claim, Predicate, REGISTRY};
pub(super) use contrast::points;
use contrast::{ALPHA, Contrast};
pub(super) use evidence::{CellData, Evidence};
use judge::{Found, Judge, Test, TestKey, Truth};

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Verdict {
    #[serde(rename = "reproduced")]
    Reproduced,
    #[serde(rename = "partly reproduced")]
    Partly,
    #[serde(rename = "not reproduced")]
    NotReproduced,
    #[serde(rename = "inconclusive")]
    Inconclusive,
    #[serde(rename = "not testable")]
    NotTestable,
}

impl Verdict {
    pub const ALL: [Verdict; 5] =
        [Verdict::Reproduced, Verdict::Partly, Verdict::NotReproduced, Verdict::Inconclusive, Verdict::NotTestable];

    pub fn name(self) -> &'static str {
        match self {
            Verdict::Reproduced => "reproduced",
            Verdict::Partly => "partly reproduced",
            Verdict::NotReproduced => "not reproduced",
            Verdict::Inconclusive => "inconclusive",
            Verdict::NotTestable => "not testable",
        }
    }
}

/// One line of `claims.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    pub id: String,
    pub verdict: Verdict,
    /// A cell that it compares has not settled.
    pub provisional: bool,
    /// One sentence with the numbers.
    pub reason: String,
    pub numbers: Value,
}

/// Differences within which accuracies count as alike, as fractions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margins {
    pub mnist: f64,
    pub cifar10: f64,
}

/// Between why a run is too short for a claim and what it shows so far.
const SO_FAR: &str = "; so far: ";

impl Judged {
    /// Of a claim whose run is too short: why, what its predicate would come to so far, and its numbers.
    pub fn so_far(&self) -> Option<(String, &str, String)> {
        let (why, rest) = self.reason.split_once(SO_FAR)?;
        Some((sentence(why), self.numbers["so_far"].as_str()?, sentence(rest)))
    }
}

impl Default for Margins {
    fn default() -> Margins {
        Margins { mnist: 0.01, cifar10: 0.02 }
    }
}

impl std::str::FromStr for Margins {
    type Err = String;

    fn from_str(text: &str) -> Result<Margins, String> {
        let points = |t: &str| t.trim().parse::<f64>().ok().filter(|v| v.is_finite() && *v > 0.0 && *v < 100.0);
        match text.split_once(',').and_then(|(m, c)| Some((points(m)?, points(c)?))) {
            Some((m, c)) => Ok(Margins { mnist: m / 100.0, cifar10: c / 100.0 }),
            None => Err("two margins in percentage points, MNIST and CIFAR-10, such as 1,2".into()),
        }
    }
}

impl Margins {
    pub fn of(&self, dataset: DatasetId) -> f64 {
        match dataset {
            DatasetId::Mnist => self.mnist,
            DatasetId::Cifar10 => self.cifar10,
        }
    }
}

/// A cell counts as settled if its validation accuracy moved by no more than this between the last two fifths.
const SETTLED: f64 = 0.005;

/// Every claim, in order of number.
pub fn judge(trials: &DataFrame, curves: &DataFrame, margins: &Margins) -> Result<Vec<Judged>, StatsError> {
    let evidence = Evidence::new(trials, curves)?;
    let read = |at_best| outcomes(&evidence.by_seeds(at_best)?, margins);
    let epochs = read(false)?.into_iter().zip(read(true)?);
    let turned = epochs.map(|(last, best)| (last.verdict != best.verdict).then_some(best.verdict));
    Ok(outcomes(&evidence, margins)?.into_iter().zip(turned).map(|(outcome, best)| finish(outcome, best)).collect())
}

/// A claim before its words are put together.
struct Outcome {
    claim: &'static Claim,
    /// Of the predicate, whether the run is long enough or not.
    verdict: Verdict,
    judged: Judged,
    /// `; about 7 seeds would decide it`, where it is inconclusive.
    needed: String,
    /// What ends the reason: cells that are still moving.
    moving: String,
}

/// Says where a claim hangs on the epoch at which accuracy is read, and what it would be at the best one.
fn finish(outcome: Outcome, at_best: Option<Verdict>) -> Judged {
    let Outcome { claim, verdict, mut judged, needed, moving } = outcome;
    // C16 is about the difference between the two
    let other = at_best.filter(|v| *v != verdict && !matches!(claim.predicate, Predicate::LastAsBest(_)));
    let best = other.map_or_else(String::new, |v| {
        judged.numbers["at_best_validation_epoch"] = json!(v.name());
        format!("; read at each trial's best validation epoch: {}", v.name())
    });
    judged.reason = sentence(&(judged.reason + &needed + &best + &moving));
    judged
}

fn outcomes(evidence: &Evidence, margins: &Margins) -> Result<Vec<Outcome>, StatsError> {
    let corrected = corrected(evidence, margins)?;
    let judge = |claim: &Claim| Judge { evidence, margins, corrected: &corrected[claim.family] };
    REGISTRY.iter().map(|claim| one(claim, &judge(claim))).collect()
}

/// How many claims have each verdict: `3 reproduced (1 provisional), 1 not reproduced, 20 not testable`.
pub fn tally(judged: &[Judged]) -> String {
    let of = |v: Verdict| judged.iter().filter(move |j| j.verdict == v);
    let parts = Verdict::ALL.into_iter().filter(|v| of(*v).count() > 0).map(|v| {
        let provisional = match of(v).filter(|j| j.provisional).count() {
            0 => String::new(),
            n => format!(" ({n} provisional)"),
        };
        format!("{} {}{provisional}", of(v).count(), v.name())
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// Writes `claims.json`, atomically.
pub fn write(path: &Path, judged: &[Judged]) -> Result<(), StatsError> {
    let text = serde_json::to_string_pretty(judged).expect("verdicts are plain data");
    let fail = |source| StatsError::Io { path: path.to_path_buf(), action: "write", source };
    atomic::write_atomically(path, |w| writeln!(w, "{text}")).map_err(fail)
}

/// Reads a `claims.json`.
///
/// # Errors
/// A file that cannot be read, or that holds something else.
pub fn read(path: &Path) -> Result<Vec<Judged>, StatsError> {
    let fail = |source| StatsError::Io { path: path.to_path_buf(), action: "read", source };
    let text = atomic::read_text(path, atomic::MOST_TEXT).map_err(fail)?;
    serde_json::from_str(&text).map_err(|source| StatsError::Claims { path: path.to_path_buf(), source })
}

/// One test among those of its family.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Corrected {
    /// After Holm.
    p: f64,
    /// What the p value before Holm would have to stay below.
    level: f64,
}

/// The tests of one family.
type Family = HashMap<TestKey, Corrected>;

/// Holm's correction over every difference that the claims of a family test.
fn corrected(evidence: &Evidence, margins: &Margins) -> Result<HashMap<&'static str, Family>, StatsError> {
    let mut families: HashMap<&'static str, HashMap<TestKey, f64>> = HashMap::new();
    for claim in REGISTRY {
        let family = families.entry(claim.family).or_default();
        for test in judge::tests(&claim.predicate) {
            let (left, right) = test.cells();
            let Some((l, r)) = evidence.pair(left, right) else { continue };
            let contrast = Contrast::new(l, r);
            let p = match &test {
                Test::Differs { value, .. } => contrast.p(*value)?,
                Test::Beyond { .. } => contrast.p_beyond(margins.of(contrast.dataset))?,
            };
            if let Some(p) = p {
                family.insert(test.key(), p);
            }
        }
    }
    families
        .into_iter()
        .map(|(name, family)| {
            let mut tests: Vec<_> = family.into_iter().collect();
            tests.sort_by(|a, b| a.0.cmp(&b.0));
            let p: Vec<f64> = tests.iter().map(|t| t.1).collect();
            let both = holm(&p)?.into_iter().zip(holm_levels(&p, ALPHA));
            let family = tests.into_iter().map(|t| t.0).zip(both.map(|(p, level)| Corrected { p, level }));
            Ok((name, family.collect()))
        })
        .collect()
}

fn one(claim: &'static Claim, judge: &Judge) -> Result<Outcome, StatsError> {
    let said = |verdict, provisional, reason: String, numbers| Outcome {
        claim,
        verdict,
        judged: Judged { id: claim.id.into(), verdict, provisional, reason, numbers },
        needed: String::new(),
        moving: String::new(),
    };
    match claim.predicate {
        Predicate::CannotBeTested(why) => return Ok(said(Verdict::NotTestable, false, why.into(), json!({}))),
        Predicate::ByConstruction(why) => {
            return Ok(said(Verdict::Reproduced, false, format!("by construction: {why}"), json!({})));
        }
        _ => {}
    }
    let names = claim.predicate.cells();
    let (there, missing): (Vec<_>, Vec<_>) =
        names.iter().map(|n| (n, judge.evidence.find(n))).partition(|(_, c)| c.is_some());
    if let Some((first, _)) = missing.first() {
        let (n, of) = (missing.len(), names.len());
        let reason = match there.is_empty() {
            true => format!("not run: none of its {of} cells has a trial (figure {})", claim.figures.join(", ")),
            false => format!(
                "not run: {n} of its {of} cells have no trial, such as {first} (figure {})",
                claim.figures.join(", ")
            ),
        };
        return Ok(said(Verdict::NotTestable, false, reason, json!({ "missing": n, "cells": of })));
    }
    let cells: Vec<_> = there.into_iter().filter_map(|(_, c)| c).collect();
    let Found { verdict, reason, mut numbers, needed } = judge.decide(&claim.predicate)?;
    let mut short = vec![];
    for dataset in DatasetId::ALL {
        let steps = cells.iter().filter(|c| c.name.dataset == dataset).filter_map(|c| c.steps()).min();
        if let Some(steps) = steps.filter(|s| *s < claim.least_steps) {
            short.push(format!(
                "{} of {} steps on {}",
                thousands(steps),
                thousands(claim.least_steps),
                dataset.title()
            ));
        }
    }
    if cells.iter().all(|c| c.steps().is_none()) {
        short.push("every trial diverged".into());
    }
    let moving: Vec<(String, Option<f64>)> = match claim.predicate {
        Predicate::Grows(_) | Predicate::Cured(_) => vec![],
        _ => cells
            .iter()
            .filter(|c| !c.failed())
            .map(|c| (c.name.to_string(), c.still_moving()))
            .filter(|(_, m)| m.is_none_or(|m| m.abs() > SETTLED))
            .collect(),
    };
    numbers["steps"] = json!(cells.iter().filter_map(|c| c.steps()).min());
    numbers["least_steps"] = json!(claim.least_steps);
    numbers["not_settled"] = moving.iter().map(|(c, m)| json!({ "cell": c, "change": m })).collect();
    if !short.is_empty() {
        numbers["so_far"] = json!(verdict.name());
        let reason = format!("run too short ({}){SO_FAR}{reason}", short.join(", "));
        return Ok(Outcome { verdict, ..said(Verdict::NotTestable, false, reason, numbers) });
    }
    // where a longer run is needed, the number of seeds does not help
    let needed = if verdict == Verdict::Inconclusive { format!("; {needed}") } else { String::new() };
    Ok(Outcome { needed, moving: still_moving(&moving), ..said(verdict, !moving.is_empty(), reason, numbers) })
}

/// Why a verdict is provisional: how many cells have not settled, and the slope of the one that moves most.
fn still_moving(cells: &[(String, Option<f64>)]) -> String {
    let size = |m: Option<f64>| m.map_or(f64::INFINITY, f64::abs);
    let Some((cell, most)) = cells.iter().max_by(|a, b| size(a.1).total_cmp(&size(b.1))) else { return String::new() };
    let how = match most {
        Some(change) => {
            format!(
                "{cell} by {} points of validation accuracy between the last two fifths of its epochs",
                points(*change)
            )
        }
        None => format!("{cell} has too few epochs to tell"),
    };
    match cells.len() {
        1 => format!("; provisional, one cell is still moving: {how}"),
        n => format!("; provisional, {n} cells are still moving, most of all {how}"),
    }
}

/// The verdict of several parts.
fn combine(parts: &[Truth]) -> Verdict {
    let any = |t| parts.contains(&t);
    match (any(Truth::Holds), any(Truth::Fails), any(Truth::Open)) {
        (true, true, _) => Verdict::Partly,
        (_, _, true) => Verdict::Inconclusive,
        (true, false, false) => Verdict::Reproduced,
        (false, _, false) => Verdict::NotReproduced,
    }
}

/// A capital and a full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}

fn thousands(v: u64) -> String {
    match v {
        0..1000 => v.to_string(),
        _ => format!("{},{:03}", v / 1000, v % 1000),
    }
}
