//! `report render`: the report again from stored results, without training.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;
use clap::Args;

use super::arguments::misuse;
use super::output::{count, print};
use crate::report::{self, Inputs, Reference};
use crate::run::selection::Selection;
use crate::run::{Provenance, Sitting, Store, StoredTrial, collect};
use crate::stats::claims::{self, Judged, Margins};
use crate::stats::{self, Results, StatsError, Uses};

#[derive(Args)]
pub struct RenderArgs {
    /// Result folders; several are joined
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// Output folder; needed for several DIRs [default: the one DIR]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Percentage points within which accuracies count as alike: MNIST, CIFAR-10
    #[arg(long, value_name = "M,C", default_value = "1,2")]
    pub margins: Margins,
}

pub fn run(args: &RenderArgs) -> anyhow::Result<()> {
    let out = match (&args.out, args.folders.as_slice()) {
        (Some(out), _) => out.clone(),
        (None, [one]) => one.clone(),
        _ => return Err(misuse("several folders are joined into a new one: name it by --out DIR".into())),
    };
    let sets = args.folders.iter().map(|f| Ok((f.clone(), read(f)?))).collect::<anyhow::Result<Vec<_>>>()?;
    let results = Results::join(sets)?;
    let published = publish_with(&results, &out, &args.margins)?;
    print(&format!(
        "report: {}\n{}{}, {} diverged\n",
        published.page.display(),
        published.verdicts(),
        count(results.trials.height(), "trial"),
        stats::diverged(&results.trials)
    ))
}

/// What was published.
pub struct Published {
    pub page: PathBuf,
    pub claims: Vec<Judged>,
}

impl Published {
    /// `claims: 3 reproduced, 21 not testable`.
    pub fn verdicts(&self) -> String {
        match self.claims.is_empty() {
            // a study of the user's own has none
            true => String::new(),
            false => format!("claims: {}\n", claims::tally(&self.claims)),
        }
    }
}

/// Writes result files, verdicts and report.
pub fn publish(results: &Results, out: &Path) -> anyhow::Result<Published> {
    publish_with(results, out, &Margins::default())
}

fn publish_with(results: &Results, out: &Path, margins: &Margins) -> anyhow::Result<Published> {
    results.write(out)?;
    let shown = results.of_figures()?;
    let claims = match results.provenance.study {
        // claims are the post's
        Some(_) => vec![],
        None => {
            let claims = claims::judge(&shown.trials, &shown.curves, margins)?;
            claims::write(&out.join("claims.json"), &claims)?;
            claims
        }
    };
    let reference = reference(out, &results.provenance);
    let robustness = stats::robustness::tables(results, margins)?;
    let inputs = Inputs {
        trials: &shown.trials,
        curves: &shown.curves,
        summary: &shown.summary,
        filters: &shown.filters,
        tuning: &shown.tuning,
        uses: &results.uses,
        robustness: robustness.as_ref(),
        provenance: &results.provenance,
        claims: &claims,
        margins: *margins,
        reference: reference.as_ref(),
    };
    let written = report::render(&inputs, out)?;
    let page = written.files.into_iter().next().unwrap_or_else(|| out.join("index.html"));
    Ok(Published { page, claims })
}

/// The verdicts of the reference run, unless that is what is being written (there or elsewhere: it would stand beside
/// itself). A damaged one costs the page a column, not the user a report.
fn reference(out: &Path, written: &Provenance) -> Option<Reference> {
    let folder = committed("reports/reference").into_iter().find(|f| f.join("claims.json").exists())?;
    if folder.canonicalize().ok() == out.canonicalize().ok() {
        return None;
    }
    let read = reference_in(&folder);
    let read = read.inspect_err(|e| eprintln!("note: the reference run is left out of the report: {e}")).ok();
    read.filter(|r| r.provenance != *written)
}

/// Where a committed folder may lie: in the repository that the program was built in, or in the current folder.
pub fn committed(name: &str) -> [PathBuf; 2] {
    [env!("CARGO_MANIFEST_DIR"), "."].map(|root| Path::new(root).join(name))
}

fn reference_in(folder: &Path) -> Result<Reference, StatsError> {
    let claims = claims::read(&folder.join("claims.json"))?;
    Ok(Reference { claims, provenance: stats::read_provenance(&folder.join("provenance.json"))? })
}

/// What a folder holds: its store if a run was planned there, else its Parquet files.
pub fn read(folder: &Path) -> anyhow::Result<Results> {
    if !folder.is_dir() {
        return Err(misuse(format!("{}: no such folder; give one that `report run` has written", folder.display())));
    }
    match (Store::existing(&folder.join("trials")), Selection::read(folder)?) {
        (Some(store), Some(selection)) => read_store(folder, &store, &selection),
        _ => Results::read(folder).with_context(|| format!("{} holds no results", folder.display())),
    }
}

fn read_store(folder: &Path, store: &Store, selection: &Selection) -> anyhow::Result<Results> {
    let Found { trials, missing } = trials_of(store, &selection.keys)?;
    if missing > 0 {
        eprintln!(
            "note: {}: {} of {} trained; `{}` trains the rest",
            folder.display(),
            trials.len(),
            count(selection.keys.len(), "trial"),
            selection.request(folder)?.command()
        );
    }
    let uses = Uses(selection.uses.clone());
    let (threads, wall_time_s) = as_one_thread(&trials);
    let sitting = Sitting {
        seeds: uses.seeds(&trials),
        threads,
        started: SystemTime::now(),
        wall_time_s,
        trials: trials.len(),
        trained_now: 0,
        reused: 0,
        diverged: 0,
        data: &selection.data,
    };
    let request = selection.request(folder)?;
    let mut provenance = collect(&request, sitting);
    if let Ok(before) = stats::read_provenance(&folder.join("provenance.json"))
        && before.command == provenance.command
        && before.trials == trials.len()
    {
        provenance = before;
    }
    let mut results = Results::from_trials(&trials, uses, provenance)?;
    results.provenance.diverged = stats::diverged(&results.trials);
    Ok(results)
}

/// Threads and time of trials that were trained here and there and have no common clock: as if one had done them all.
pub fn as_one_thread(trials: &[StoredTrial]) -> (usize, f64) {
    (1, trials.iter().map(|t| t.outcome.total_time_s).sum())
}

/// Trials of a selection.
pub struct Found {
    pub trials: Vec<StoredTrial>,
    /// How many are not in the store.
    pub missing: usize,
}

/// The trials of these keys that the store has.
pub fn trials_of(store: &Store, keys: &[String]) -> anyhow::Result<Found> {
    let mut trials = BTreeMap::new();
    for key in keys {
        if let Some(stored) = store.peek(key)? {
            trials.insert(key, stored);
        }
    }
    Ok(Found { missing: keys.len() - trials.len(), trials: trials.into_values().collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_verdicts_are_named() {
        let folder = tempfile::tempdir().unwrap();
        for (text, words) in [("[{\"id\": 3}]", "not the verdicts of this program"), ("[]", "provenance.json")] {
            std::fs::write(folder.path().join("claims.json"), text).unwrap();
            let error = reference_in(folder.path()).err().unwrap().to_string();
            assert!(error.contains(words), "{error}");
            assert_eq!(error.contains("claims.json"), text != "[]", "{error}");
        }
    }
}
