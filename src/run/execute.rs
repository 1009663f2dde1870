//! Trains trials on this machine: a queue, longest first, over a few threads; one trial is one thread, so the
//! number of threads changes no result.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::keeper::{self, FileKeeper};
use super::memory;
use super::observer::Observer;
use super::plan::{Datasets, Planned};
use super::store::{Loaded, Store, StoreError, StoredTrial};
use crate::net::Isa;
use crate::train::{self, Monitor};

/// What a sitting did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Executed {
    /// Trials trained and stored now.
    pub trained: usize,
    /// Stopped by the user before the end.
    pub interrupted: bool,
}

/// Why a sitting broke off. Trials that were finished before are stored.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Variable(String),
    #[error("training {trial} (key {key}) panicked: {message}; this is a bug, please report it with this line")]
    Panicked { trial: String, key: String, message: String },
}

/// Which of `trials` are not in the store yet; damaged files are set aside and named to the observer.
pub fn missing<'a>(
    trials: &'a [Planned],
    store: &Store,
    observer: &dyn Observer,
) -> Result<Vec<&'a Planned>, StoreError> {
    let mut missing = vec![];
    for planned in trials {
        match store.load(&planned.key)? {
            Loaded::Found(_) => {}
            Loaded::Missing => missing.push(planned),
            Loaded::SetAside { path, moved_to, reason } => {
                observer.note(&format!(
                    "{} was damaged ({reason}): kept as {}, trained again",
                    path.display(),
                    moved_to.display()
                ));
                missing.push(planned);
            }
        }
    }
    Ok(missing)
}

/// Stops the other threads when one gives up.
struct Watch<'a> {
    slot: usize,
    /// Time between checkpoints.
    every: Duration,
    cancel: &'a AtomicBool,
    failed: &'a AtomicBool,
    observer: &'a dyn Observer,
}

impl Watch<'_> {
    fn stopping(&self) -> bool {
        self.cancel.load(Ordering::Relaxed) || self.failed.load(Ordering::Relaxed)
    }
}

impl Monitor for Watch<'_> {
    fn progress(&self, operations: f64) {
        self.observer.progress(self.slot, operations);
    }
    fn cancelled(&self) -> bool {
        self.stopping()
    }
}

/// Trains `trials` and stores each as soon as it is done. `cancel` stops within a step of every running trial.
pub fn execute(
    trials: &[&Planned],
    datasets: &Datasets,
    store: &Store,
    threads: usize,
    commit: Option<&str>,
    cancel: &AtomicBool,
    observer: &dyn Observer,
) -> Result<Executed, ExecuteError> {
    let every = keeper::every().map_err(ExecuteError::Variable)?;
    let mut queue = trials.to_vec();
    queue.sort_by(|a, b| a.operations.total_cmp(&b.operations).then_with(|| b.key.cmp(&a.key)));
    let queue = Mutex::new(queue);
    let failed = AtomicBool::new(false);
    let error = Mutex::new(None);
    let trained = Mutex::new(0);
    let threads = threads.clamp(1, trials.len().max(1));
    std::thread::scope(|scope| {
        for slot in 0..threads {
            let watch = Watch { slot, every, cancel, failed: &failed, observer };
            let (queue, error, trained, failed) = (&queue, &error, &trained, &failed);
            scope.spawn(move || {
                while !watch.stopping() {
                    // popped from the end: the longest first
                    let Some(planned) = queue.lock().expect("no panic while held").pop() else { break };
                    match train_one(planned, datasets, store, threads == 1, commit, &watch) {
                        Ok(true) => *trained.lock().expect("no panic while held") += 1,
                        Ok(false) => {}
                        Err(e) => {
                            failed.store(true, Ordering::Relaxed);
                            error.lock().expect("no panic while held").get_or_insert(e);
                        }
                    }
                }
            });
        }
    });
    match error.into_inner().expect("no panic while held") {
        Some(e) => Err(e),
        None => Ok(Executed {
            trained: trained.into_inner().expect("no panic while held"),
            interrupted: cancel.load(Ordering::Relaxed),
        }),
    }
}

/// Whether the trial was trained (and not stopped, and not done meanwhile by another process).
fn train_one(
    planned: &Planned,
    datasets: &Datasets,
    store: &Store,
    alone: bool,
    commit: Option<&str>,
    watch: &Watch,
) -> Result<bool, ExecuteError> {
    let keeper = FileKeeper::new(store.folder(), &planned.key, watch.every, watch.observer);
    if let Loaded::Found(_) = store.load(&planned.key)? {
        keeper.done();
        watch.observer.finished(watch.slot, planned, None);
        return Ok(false);
    }
    watch.observer.started(watch.slot, planned);
    let data = &datasets[&planned.trial.cell.dataset];
    let peak = alone.then(memory::Peak::start).flatten();
    let config = planned.trial.config();
    let train = || train::train_keeping(Isa::best(), &config, data, watch, &keeper);
    let result = catch_unwind(AssertUnwindSafe(train));
    let outcome = match result {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(train::Stopped)) => return Ok(false),
        Err(panic) => {
            let message = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string()))
                .unwrap_or_else(|| "no message".into());
            return Err(ExecuteError::Panicked { trial: planned.title(), key: planned.key.clone(), message });
        }
    };
    let stored = StoredTrial {
        trial: planned.trial.clone(),
        outcome,
        commit: commit.map(str::to_string),
        peak_memory_bytes: peak.and_then(memory::Peak::bytes),
    };
    store.save(&stored)?;
    keeper.done();
    watch.observer.finished(watch.slot, planned, Some(&stored.outcome));
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{self, DatasetId};
    use crate::run::observer::Quiet;
    use crate::run::plan::{Plan, Request};
    use crate::study::figures::figure;
    use crate::study::{DataSize, Profile};
    use crate::train::Outcome;
    use std::sync::Arc;

    fn small() -> (Plan, Datasets) {
        let data = data::load(DatasetId::Mnist, DataSize::Smoke, None).unwrap();
        let datasets = Datasets::from([(DatasetId::Mnist, Arc::new(data))]);
        let figures = vec![figure("five-runs").unwrap()];
        (Plan::new(&Request { figures, ..Request::of(Profile::Smoke) }, &datasets).unwrap(), datasets)
    }

    /// Cancels as soon as one trial is finished.
    struct CancelAfterOne<'a>(&'a AtomicBool);
    impl Observer for CancelAfterOne<'_> {
        fn started(&self, _: usize, _: &Planned) {}
        fn progress(&self, _: usize, _: f64) {}
        fn finished(&self, _: usize, _: &Planned, _: Option<&Outcome>) {
            self.0.store(true, Ordering::Relaxed);
        }
        fn note(&self, _: &str) {}
    }

    #[test]
    fn an_interrupted_run_keeps_what_is_finished_and_goes_on() {
        let (plan, datasets) = small();
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let all = missing(&plan.trials, &store, &Quiet).unwrap();
        assert_eq!(all.len(), 9);
        let cancel = AtomicBool::new(false);
        let first = execute(&all, &datasets, &store, 1, None, &cancel, &CancelAfterOne(&cancel)).unwrap();
        assert_eq!(first, Executed { trained: 1, interrupted: true });
        let rest = missing(&plan.trials, &store, &Quiet).unwrap();
        assert_eq!(rest.len(), 8);
        let second = execute(&rest, &datasets, &store, 2, None, &AtomicBool::new(false), &Quiet).unwrap();
        assert_eq!(second, Executed { trained: 8, interrupted: false });
        assert!(missing(&plan.trials, &store, &Quiet).unwrap().is_empty());
    }

    #[test]
    fn what_another_process_has_trained_is_not_trained_again() {
        let (plan, datasets) = small();
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let never = AtomicBool::new(false);
        let all: Vec<&Planned> = plan.trials.iter().take(2).collect();
        assert_eq!(execute(&all, &datasets, &store, 2, None, &never, &Quiet).unwrap().trained, 2);
        assert_eq!(execute(&all, &datasets, &store, 2, None, &never, &Quiet).unwrap().trained, 0);
    }

    #[test]
    fn a_store_that_cannot_be_written_stops_the_run_and_is_named() {
        let (plan, datasets) = small();
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("trials");
        let store = Store::open(&folder).unwrap();
        let all = missing(&plan.trials, &store, &Quiet).unwrap();
        std::fs::remove_dir(&folder).unwrap();
        let e = execute(&all, &datasets, &store, 2, None, &AtomicBool::new(false), &Quiet).unwrap_err();
        assert!(e.to_string().contains("trials"), "{e}");
    }
}
