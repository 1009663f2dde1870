//! The claims of the post with their verdicts, as text.

use serde::Serialize;

use super::format::{self, slug};
use super::model::{Model, distinct};
use super::robustness::size;
use crate::stats::claims::{Judged, Verdict, tally};
use crate::stats::robustness::Robustness;
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
    /// Its first clause, for the first page; the whole stands at the figure that the link names.
    pub brief: String,
    /// Robustness tables that turn its direction, and how; empty where none does.
    pub turns: String,
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
    let link = claim.figures.iter().find(shown).map(|id| slug(id)).unwrap_or_default();
    let short = judged.so_far().map(|(why, so_far, numbers)| Short { why, so_far: so_far.into(), numbers });
    let whole = short.as_ref().map_or(&judged.reason, |s| &s.numbers);
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
        brief: if link.is_empty() { whole.clone() } else { brief(whole) },
        reason: judged.reason.clone(),
        short,
        turns: turns(model.robustness, claim),
        link,
        reference: beside.map_or_else(String::new, |j| {
            format!("{}{}", j.verdict.name(), if j.provisional { " (provisional)" } else { "" })
        }),
        reference_class: beside.map_or("none", |j| class(j.verdict)),
    }
}

/// `In the robustness tables (...) its direction turns: Recipe unit (from fails to holds).`
fn turns(robustness: Option<&Robustness>, claim: &Claim) -> String {
    let Some(robustness) = robustness else { return String::new() };
    let turned = robustness.tables.iter().flat_map(|t| t.turned.iter().map(move |d| (t.setting.title, d)));
    let how = turned
        .filter(|(_, d)| d.claim.id == claim.id)
        .map(|(title, d)| format!("{title} (from {} to {})", d.before.seen.name(), d.after.seen.name()));
    // two readings may do the same
    let how = distinct(how);
    match how.is_empty() {
        true => String::new(),
        false => format!(
            "In the robustness tables (a few cells, {}, no test) its direction turns: {}.",
            size(robustness),
            how.join(", ")
        ),
    }
}

/// Longer reasons are cut for the first page.
const BRIEF: usize = 160;

/// A reason for the first page: the numbers of its first clause, of the others how they stand.
fn brief(reason: &str) -> String {
    if reason.chars().count() <= BRIEF {
        return reason.to_string();
    }
    let clauses = clauses(reason.trim_end_matches('.'));
    let kept = clauses.iter().enumerate().filter_map(|(i, clause)| stands(clause, i == 0));
    format!("{}.", kept.collect::<Vec<_>>().join("; "))
}

/// A clause without its numbers, where it is not the first; `None` where it can be left out.
fn stands(clause: &str, first: bool) -> Option<&str> {
    let cut = |from: usize, until: &str| clause[from..].find(until).map_or(clause, |at| &clause[..from + at]);
    // `derivative dropped (D): reproduced (MNIST: holds, ...)`
    if clause.starts_with("derivative ") {
        return Some(cut(clause.find(": ").unwrap_or(0), " ("));
    }
    if first {
        return Some(clause);
    }
    if ["holds for", "fails for", "undecided for"].iter().any(|s| clause.starts_with(s)) {
        return Some(cut(0, " (the first"));
    }
    // `CIFAR-10: fails in 2 of 3 comparisons, such as ...`
    for state in [": holds", ": fails", ": undecided"] {
        if let Some(at) = clause.find(state) {
            return Some(&clause[..at + state.len()]);
        }
    }
    let marked = clause.starts_with("provisional");
    Some(clause).filter(|c| !marked && c.chars().count() <= BRIEF)
}

/// What semicolons outside of parentheses part.
fn clauses(text: &str) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0i32, 0, vec![]);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ';' if depth == 0 => {
                parts.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[from..].trim());
    parts
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
            "{all} {} a longer run; how {} so far is written under the verdict and is not one: {}.",
            format::plural(n, "waits for", "wait for"),
            if n == 1 { "it stands" } else { "they stand" },
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
            "Most claims are decided by paired t tests over seeds, corrected after Holm within each family of claims. Alike means equivalent by two one-sided tests, within {} on MNIST and {} on CIFAR-10 (--margins of report render); not alike, that a one-sided test finds the difference beyond the margin, after Holm. C15 and C23 go by a bootstrap over seeds and test images, whose intervals are too narrow with few seeds (with five about 84% instead of 95% for a mean; fewer than three decide nothing); C7, C17, C21, C22 and C24 compare measured values with their limits. Provisional: validation accuracy of a compared cell moved by more than 0.5 points between the last two fifths of its epochs. A verdict that would differ with accuracy read at each trial's best validation epoch names the other one (a trial that diverged counts as chance there too). The seeds that would decide a claim are estimated from the means and the spread seen here.{least} Brackets hold the 95% t interval of a difference, one comparison at a time. HL: HebbNet's hidden layer by a local rule alone, T: with its activation threshold, GS: with gradient sparsity, O1: with Oja's factor, W: Kendall's coefficient of concordance. The whole reason stands at the claim's first figure; all numbers, exact tests and bootstrap intervals are in claims.json.",
            size(model.margins.mnist),
            size(model.margins.cifar10),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_page_says_how_every_part_stands() {
        assert_eq!(brief("Log growth: MNIST 1.18; CIFAR-10 1.01."), "Log growth: MNIST 1.18; CIFAR-10 1.01.");
        let long = "Kinds apart by many points of test accuracy in every single comparison that was made";
        for (whole, want) in [
            (
                format!(
                    "MNIST: holds, {long} (+1; +2); CIFAR-10: fails in 1 of 2 comparisons, such as {long}; about 7 seeds would decide it."
                ),
                format!("MNIST: holds, {long} (+1; +2); CIFAR-10: fails; about 7 seeds would decide it."),
            ),
            (
                format!(
                    "The two readings differ; derivative dropped (D): reproduced (MNIST: holds, {long}; CIFAR-10: {long}); derivative kept (K): partly reproduced ({long}); provisional, one cell is still moving."
                ),
                "The two readings differ; derivative dropped (D): reproduced; derivative kept (K): partly reproduced."
                    .into(),
            ),
            (
                format!("Holds for beta 1e-6 (the first: {long}); undecided for beta 0.1 (the first: {long})."),
                format!("Holds for beta 1e-6 (the first: {long}); undecided for beta 0.1."),
            ),
        ] {
            assert_eq!(brief(&whole), want);
        }
    }

    #[test]
    fn a_claim_names_the_settings_that_turn_it() {
        use crate::stats::robustness::{Direction, Seen, Table, Turned};
        use crate::study::robustness::setting;
        let claim = |id| claims::claim(id).unwrap();
        let seen = |seen| Direction { claim: claim("C1"), seen, words: String::new() };
        let turned =
            |id| Turned { claim: claim(id), choice: None, before: seen(Seen::Fails), after: seen(Seen::Holds) };
        let table = |id, turned| Table { setting: setting(id), rows: vec![], judged: vec![], turned };
        // two choices may turn one claim: the table is named once
        let tables =
            vec![table("unit", vec![turned("C1")]), table("choices", vec![turned("C1"), turned("C1"), turned("C2")])];
        let r = Robustness { tables, seeds: 3, epochs: 5, full_data: true };
        assert_eq!(
            turns(Some(&r), claim("C1")),
            "In the robustness tables (a few cells, 3 seeds and 5 epochs, no test) its direction turns: Recipe unit (from fails to holds), Other readings of single rules (from fails to holds)."
        );
        assert_eq!(turns(Some(&r), claim("C9")), "");
        assert_eq!(turns(None, claim("C1")), "");
    }
}
