//! Training with its progress on the terminal, until it is done or interrupted (`report run`, `report tune`).

use std::path::Path;

use super::output::count;
use super::progress::{Notes, Progress};
use super::{Interrupted, interrupt};
use crate::run::execute::{self, Executed};
use crate::run::plan::{Datasets, Planned};
use crate::run::{Store, commit};

/// Trains what is missing of `trials`.
pub fn train(
    trials: &[Planned],
    datasets: &Datasets,
    store: &Store,
    threads: usize,
    out: &Path,
) -> anyhow::Result<Executed> {
    let missing = execute::missing(trials, store, &Notes)?;
    let progress = Progress::new(trials, &missing, threads);
    let guard = interrupt::guard();
    let commit = commit();
    let result = execute::execute(&missing, datasets, store, threads, commit.as_deref(), interrupt::flag(), &progress);
    drop(guard);
    progress.close();
    let done = result?;
    if done.interrupted {
        let left = missing.len() - done.trained;
        return Err(Interrupted(format!(
            "interrupted: {} of {} done and kept in {}; run the same command again to go on",
            trials.len() - left,
            count(trials.len(), "trial"),
            out.display()
        ))
        .into());
    }
    Ok(done)
}
