//! The claims of the post with their verdicts, as text.

use serde::Serialize;

use super::context::slug;
use super::format;
use super::model::Model;
use crate::stats::claims::{Judged, Verdict, tally};
use crate::study::claims::{self, Claim};

/// The first page's table.
#[derive(Serialize)]
pub struct Verdicts {
    pub caption: String,
    /// In one line.
    pub tally: String,
    pub counts: Vec<Count>,
    pub rows: Vec<ClaimContext>,
    /// Claims whose cells this run did not train (none where there is a reference to show).
    pub absent: Vec<ClaimContext>,
    pub absent_words: String,
    /// Head of the reference run's column; empty without one.
    pub reference: String,
    pub note: String,
}

#[derive(Serialize)]
pub struct Count {
    pub name: &'static str,
    pub class: &'static str,
    pub count: usize,
}

/// A claim with what came of it.
#[derive(Serialize)]
pub struct ClaimContext {
    pub id: &'static str,
    /// By number.
    pub sort: String,
    /// By verdict.
    pub order: usize,
    pub title: &'static str,
    pub claim: &'static str,
    pub rule: &'static str,
    pub verdict: &'static str,
    pub class: &'static str,
    pub provisional: bool,
    pub reason: String,
    /// Where the run is too short: why, what the predicate would come to so far, and its numbers.
    pub short: Option<Short>,
    /// Anchor of its figure; empty where the figure is not in the report.
    pub link: String,
    pub reference: String,
    pub reference_class: &'static str,
}

#[derive(Serialize)]
pub struct Short {
    pub why: String,
    pub so_far: String,
    pub numbers: String,
}

fn class(v: Verdict) -> &'static str {
    match v {
        Verdict::Reproduced => "reproduced",
        Verdict::Partly => "partly",
        Verdict::NotReproduced => "not",
        Verdict::Inconclusive => "inconclusive",
        Verdict::NotTestable => "none",
    }
}

fn context(model: &Model, claim: &'static Claim, judged: &Judged) -> ClaimContext {
    let shown = |id: &&&str| model.figures.iter().any(|f| f.figure.id == **id);
    let beside = model.reference.and_then(|r| r.claims.iter().find(|j| j.id == claim.id));
    ClaimContext {
        id: claim.id,
        sort: format!("{:0>3}", claim.id.trim_start_matches('C')),
        order: Verdict::ALL.iter().position(|v| *v == judged.verdict).unwrap_or_default(),
        title: claim.title,
        claim: claim.claim,
        rule: claim.rule,
        verdict: judged.verdict.name(),
        class: class(judged.verdict),
        provisional: judged.provisional,
        reason: judged.reason.clone(),
        short: judged.so_far().map(|(why, so_far, numbers)| Short { why, so_far: so_far.into(), numbers }),
        link: claim.figures.iter().find(shown).map(|id| slug(id)).unwrap_or_default(),
        reference: beside.map_or_else(String::new, |j| {
            format!("{}{}", j.verdict.name(), if j.provisional { " (provisional)" } else { "" })
        }),
        reference_class: beside.map_or("none", |j| class(j.verdict)),
    }
}

fn all<'a>(model: &'a Model) -> impl Iterator<Item = (&'static Claim, &'a Judged)> {
    model.claims.iter().filter_map(|j| Some((claims::claim(&j.id)?, j)))
}

/// Claims about one figure.
pub fn of_figure(model: &Model, id: &str) -> Vec<ClaimContext> {
    // C19 and the like speak of many figures: they stand at the first
    let about = |c: &Claim| c.figures.first() == Some(&id) || (c.figures.len() <= 3 && c.figures.contains(&id));
    all(model).filter(|(c, _)| about(c)).map(|(c, j)| context(model, c, j)).collect()
}

/// How many were looked at, and what keeps the others from a verdict.
fn caption(rows: &[ClaimContext]) -> String {
    let all = format!("{} statements of the post, judged by this run.", format::count(rows.len() as u64));
    let so_far: Vec<&str> = rows.iter().filter_map(|c| Some(c.short.as_ref()?.so_far.as_str())).collect();
    let of = |v: Verdict| so_far.iter().filter(|s| **s == v.name()).count();
    let each: Vec<String> =
        Verdict::ALL.into_iter().filter(|v| of(*v) > 0).map(|v| format!("{} {}", of(v), v.name())).collect();
    match so_far.len() {
        0 => all,
        n => format!(
            "{all} {} a longer run. Where they stand so far is written under the verdict and is not one: {}.",
            format::plural(n, "waits for", "wait for"),
            each.join(", ")
        ),
    }
}

/// Every claim.
pub fn of_all(model: &Model) -> Verdicts {
    let count = |v: Verdict| model.claims.iter().filter(|j| j.verdict == v).count();
    let counts = Verdict::ALL.into_iter().map(|v| Count { name: v.name(), class: class(v), count: count(v) });
    let seeds = model.provenance.seeds.len();
    let least = match seeds {
        2..=9 => format!(
            " With {} an exact sign-flip test cannot go below p = {}.",
            format::plural(seeds, "seed", "seeds"),
            2f64.powi(1 - seeds as i32)
        ),
        _ => String::new(),
    };
    let size = |margin: f64| {
        let points = (1e4 * margin).round() / 100.0;
        format!("{points} {}", if points == 1.0 { "point" } else { "points" })
    };
    let not_run = |c: &ClaimContext| model.reference.is_none() && c.reason.starts_with("Not run");
    let (absent, rows): (Vec<_>, Vec<_>) = all(model).map(|(c, j)| context(model, c, j)).partition(not_run);
    Verdicts {
        caption: caption(&rows),
        absent_words: format!(
            "{} not looked at: their cells were not part of this run",
            format::plural(absent.len(), "statement", "statements")
        ),
        absent,
        tally: format!("{}.", tally(model.claims)),
        counts: counts.filter(|c| c.count > 0).collect(),
        rows,
        reference: model.reference.map_or_else(String::new, |r| {
            let p = &r.provenance;
            let commit = p.commit.as_ref().map_or("unknown".into(), |c| c.chars().take(8).collect::<String>());
            format!(
                "Reference run ({}, {}, commit {commit})",
                p.profile,
                format::plural(p.seeds.len(), "seed", "seeds")
            )
        }),
        note: format!(
            "Decided by paired t tests over seeds, corrected after Holm within each family of claims; alike means equivalent by two one-sided tests, within {} on MNIST and {} on CIFAR-10 (--margins of report render). Provisional: a compared cell was still moving by more than 0.5 points.{least} Brackets hold the 95% interval of a difference, one comparison at a time. HL: HebbNet's hidden layer by a local rule alone, T: with its activation threshold, GS: with gradient sparsity, O1: with Oja's factor, W: Kendall's coefficient of concordance. All numbers, exact tests and bootstrap intervals are in claims.json.",
            size(model.margins.mnist),
            size(model.margins.cifar10),
        ),
    }
}
