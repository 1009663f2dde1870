//! `report run`: train what is missing, then write the report.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use clap::Args;
use polars::prelude::DataFrame;

use super::arguments::{PlaceArgs, Shard, StudyArgs, load, misuse};
use super::output::{count, duration, print};
use super::progress::Notes;
use super::render::{as_one_thread, committed, publish, trials_of};
use super::study_rates;
use super::train::train;
use crate::run::execute;
use crate::run::plan::{Plan, Planned, Request};
use crate::run::selection::Selection;
use crate::run::{Sitting, Store, StoredTrial, collect};
use crate::stats::{self, Comparison, Results, Uses, read_parquet, same_bits};

#[derive(Args, Clone)]
pub struct RunArgs {
    #[command(flatten)]
    pub study: StudyArgs,
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Take the trials that this run needs and a report's Parquet files hold from there, instead of training them
    #[arg(long, value_name = "DIR")]
    pub reuse: Option<PathBuf>,
    /// Train only part I of N (I from 0) of the plan, and write no report
    #[arg(long, value_name = "I/N", conflicts_with = "index")]
    pub shard: Option<Shard>,
    /// Train only the I-th trial (from 0) of the plan, and write no report
    #[arg(long, value_name = "I")]
    pub index: Option<usize>,
}

pub fn run(args: &RunArgs) -> anyhow::Result<()> {
    let (started, clock) = (SystemTime::now(), Instant::now());
    let mut request = args.study.request()?;
    let mut datasets = load(&request, args.place.data.as_deref())?;
    let out = args.place.out(request.profile.name());
    let store = Store::open(&out.join("trials"))?;
    study_rates::search(&mut request, &mut datasets, &args.place, &store, &out)?;
    let plan = Plan::new(&request, &datasets)?;
    note_unsearched(&plan);
    let part = part(&plan, args)?;
    let selection = Selection::new(&request, &plan, &datasets);
    selection.write(&out)?;

    let reused = args.reuse.as_deref().map_or(Ok(0), |from| reuse(from, &part.trials, &store))?;
    let done = train(&part.trials, &datasets, &store, args.place.threads(), &out)?;
    let there = part.trials.len() - done.trained - reused;
    let again = if args.reuse.is_some() { format!("{reused} reused, ") } else { String::new() };
    if args.shard.is_some() || args.index.is_some() {
        return print(&format!(
            "{} of {} in this part: {} trained now, {again}{there} already there ({}); `report render {}` writes the report\n",
            part.trials.len(),
            count(plan.trials.len(), "trial"),
            done.trained,
            duration(clock.elapsed().as_secs_f64()),
            out.display()
        ));
    }

    // read before anything is written: --out may be the published folder itself
    let published = published(&request);
    let trials = trials_of(&store, &selection.keys)?.trials;
    let uses = Uses(plan.uses.clone());
    let sitting = Sitting {
        seeds: uses.seeds(&trials),
        threads: args.place.threads(),
        started,
        wall_time_s: clock.elapsed().as_secs_f64(),
        trials: trials.len(),
        trained_now: done.trained,
        reused,
        diverged: 0,
        data: &selection.data,
    };
    let mut results = Results::from_trials(&trials, uses, collect(&request, sitting))?;
    results.provenance.diverged = stats::diverged(&results.trials);
    keep_history(&mut results, &trials, &out);
    let written = publish(&results, &out)?;

    let mut text = format!("report: {}\n", written.page.display());
    text += &written.verdicts();
    let precision = match request.precision.bf16_path() {
        None => String::new(),
        Some(path) => format!(" in {} ({})", request.precision, path.name()),
    };
    text += &format!(
        "{}{precision}: {} trained now, {again}{there} already there, {} diverged; {}\n",
        count(trials.len(), "trial"),
        done.trained,
        results.provenance.diverged,
        duration(clock.elapsed().as_secs_f64())
    );
    text += &match published {
        None if request.study.is_some() => String::new(),
        None => format!("no published run of profile {} to compare with\n", request.profile),
        Some((path, published)) => {
            verdict(&path, &same_bits([&results.trials, &results.curves], published.each_ref())?)
        }
    };
    print(&text)
}

/// Says which rows of robustness tables wait for a rate.
pub fn note_unsearched(plan: &Plan) {
    if let Some((cell, why)) = plan.unsearched.first() {
        let n = count(plan.unsearched.len(), "row");
        eprintln!(
            "note: {n} of the robustness tables left out, such as {cell}: {why}; all of them: report tune --robustness"
        );
    }
}

/// The whole plan, or the part that was asked for.
fn part(plan: &Plan, args: &RunArgs) -> anyhow::Result<Plan> {
    match (args.shard, args.index) {
        (Some(Shard { index, of }), _) => Ok(plan.shard(index, of)),
        (None, Some(i)) => match plan.trials.get(i) {
            Some(trial) => Ok(Plan { trials: vec![trial.clone()], ..plan.clone() }),
            None => Err(misuse(format!(
                "--index {i}: the plan has {}, so I is 0 to {} (`report plan` lists them)",
                count(plan.trials.len(), "trial"),
                plan.trials.len() - 1
            ))),
        },
        (None, None) => Ok(plan.clone()),
    }
}

/// Fills the store with what a report's Parquet files hold of these trials; gives how many.
fn reuse(from: &Path, trials: &[Planned], store: &Store) -> anyhow::Result<usize> {
    if !from.is_dir() {
        let from = from.display();
        return Err(misuse(format!("--reuse {from}: no such folder; give one that holds a report")));
    }
    let missing = execute::missing(trials, store, &Notes)?;
    let wanted: BTreeSet<&str> = missing.iter().map(|t| t.key.as_str()).collect();
    let found = stats::refill(from, &wanted).map_err(|e| misuse(format!("--reuse: {e}")))?;
    for trial in &found {
        store.save(trial)?;
    }
    if found.is_empty() && !missing.is_empty() {
        eprintln!(
            "note: --reuse {}: none of its trials is one that this run needs (other epochs, data, recipe, rates or seeds)",
            from.display()
        );
    }
    Ok(found.len())
}

/// Where nothing was trained, the run that trained these results stays their provenance; where some were there
/// already from the same command, its time is added; where all were trained elsewhere, theirs is said.
fn keep_history(results: &mut Results, trials: &[StoredTrial], out: &Path) {
    let now = &mut results.provenance;
    if now.trained_now == now.trials {
        return;
    }
    let before = stats::read_provenance(&out.join("provenance.json"));
    match before.ok().filter(|before| before.command == now.command && before.data == now.data) {
        Some(before) if now.trained_now == 0 && now.reused == 0 && before.trials == now.trials => *now = before,
        Some(before) => {
            now.wall_time_s += before.wall_time_s;
            now.started = before.started;
            now.reused += before.reused;
        }
        None if now.trained_now == 0 => (now.threads, now.wall_time_s) = as_one_thread(trials),
        None => {}
    }
}

/// Trials and curves of the published run of this profile, with its name.
fn published(request: &Request) -> Option<(String, [DataFrame; 2])> {
    let names = [format!("reports/{}", request.profile), "reports/reference".to_string()];
    let folders = names.into_iter().flat_map(|name| committed(&name).map(|folder| (name.clone(), folder)));
    let (name, folder) =
        folders.filter(|(_, folder)| folder.join("results.parquet").exists()).find(|(name, folder)| {
            match stats::read_provenance(&folder.join("provenance.json")) {
                Ok(written) => written.profile == request.profile.name(),
                Err(e) => {
                    eprintln!("note: the published run {name} is left out of the comparison: {e}");
                    false
                }
            }
        })?;
    let frame = |file: &str| read_parquet(&folder.join(file));
    match frame("results.parquet").and_then(|trials| Ok([trials, frame("curves.parquet")?])) {
        Ok(frames) => Some((name, frames)),
        Err(e) => {
            eprintln!("note: the published run cannot be read: {e}");
            None
        }
    }
}

/// How the trials compare with the published ones.
fn verdict(path: &str, c: &Comparison) -> String {
    let mut text = match (c.equal.len(), c.differ.len()) {
        (0, 0) => return format!("published run {path}: no trial in common (other data, epochs, seeds or rates)\n"),
        (equal, 0) if c.new.is_empty() => {
            format!("published run {path}: every trial ({equal}) equals it bit for bit")
        }
        (equal, 0) => format!("published run {path}: all {equal} trials in common equal it bit for bit"),
        (equal, differ) => format!("published run {path}: {} DIFFER, {equal} equal", count(differ, "trial")),
    };
    if !c.new.is_empty() {
        text += &format!("; {} not among the published", count(c.new.len(), "trial"));
    }
    if !c.missing.is_empty() {
        text += &format!("; {} published but not asked for here", count(c.missing.len(), "trial"));
    }
    text.push('\n');
    for (key, columns) in &c.differ {
        text += &format!("  {key} differs in {}\n", columns.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_names_what_differs() {
        let all = Comparison { equal: vec!["a".into(), "b".into()], ..Comparison::default() };
        assert!(verdict("p", &all).contains("every trial (2) equals it bit for bit"));
        let some = Comparison { differ: vec![("k".into(), vec!["test_bits".into()])], ..all };
        let text = verdict("p", &some);
        assert!(text.contains("1 trial DIFFER, 2 equal") && text.contains("k differs in test_bits"), "{text}");
        assert!(verdict("p", &Comparison::default()).contains("no trial in common"));
    }
}
