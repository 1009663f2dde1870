//! Checkpoints of running trials beside the finished ones: `KEY.checkpoint`, one line with the SHA-256 of the rest, then
//! the state. A checkpoint that is damaged or of another version is not used; it is removed when its trial is done.

use std::cell::Cell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::atomic;
use super::observer::Observer;
use crate::train::Keeper;

const MAGIC: &str = concat!("bioprop-checkpoint ", env!("CARGO_PKG_VERSION"));

/// Most bytes of a checkpoint: many times the weights of any network that trains in reasonable time.
const MOST_BYTES: u64 = 4 << 30;

/// Seconds between checkpoints instead of 60; for drills, and for folders that are slow to write.
pub const VARIABLE: &str = "BIOPROP_CHECKPOINT_S";

/// A trial loses at most about so much, and one epoch: a minute, or what the variable says.
///
/// # Errors
/// A value that is no number of seconds.
pub fn every() -> Result<Duration, String> {
    let Some(text) = std::env::var_os(VARIABLE).filter(|v| !v.is_empty()) else { return Ok(Duration::from_secs(60)) };
    seconds(&text.to_string_lossy())
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(s) if s <= 86_400 => Ok(Duration::from_secs(s)),
        _ => Err(format!(
            "{VARIABLE}={text}: whole seconds between checkpoints, 0 (after every epoch) to 86400; leave it unset for 60"
        )),
    }
}

/// Keeps the checkpoints of one trial.
pub struct FileKeeper<'a> {
    path: PathBuf,
    every: Duration,
    last: Cell<Instant>,
    observer: &'a dyn Observer,
    failed: Cell<bool>,
}

impl<'a> FileKeeper<'a> {
    /// In `folder`, for the trial called `key`, at most one in `every`.
    pub fn new(folder: &Path, key: &str, every: Duration, observer: &'a dyn Observer) -> FileKeeper<'a> {
        let path = folder.join(format!("{key}.checkpoint"));
        FileKeeper { path, every, last: Cell::new(Instant::now()), observer, failed: Cell::new(false) }
    }

    /// Removes what was kept; the trial is done.
    pub fn done(&self) {
        // one that stays costs room, nothing else: the finished trial goes before it
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The state in the bytes of a checkpoint, if they are whole and of this version.
fn checked(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|b| *b == b'\n')?;
    let (header, state) = (&bytes[..end], &bytes[end + 1..]);
    (header == format!("{MAGIC} {}", hex::encode(Sha256::digest(state))).as_bytes()).then_some(state)
}

impl Keeper for FileKeeper<'_> {
    fn stored(&self) -> Option<Vec<u8>> {
        let bytes = match atomic::read_bounded(&self.path, MOST_BYTES) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return None,
            Err(e) => {
                self.observer.note(&format!("{}: {e}: not used, its trial starts anew", self.path.display()));
                return None;
            }
        };
        let state = checked(&bytes);
        if state.is_none() {
            self.observer.note(&format!(
                "{} is damaged or of another version: not used, its trial starts anew",
                self.path.display()
            ));
        }
        state.map(<[u8]>::to_vec)
    }

    fn due(&self) -> bool {
        self.last.get().elapsed() >= self.every
    }

    fn keep(&self, bytes: &[u8]) {
        let hash = hex::encode(Sha256::digest(bytes));
        let written = atomic::write_atomically(&self.path, |w| {
            writeln!(w, "{MAGIC} {hash}")?;
            w.write_all(bytes)
        });
        self.last.set(Instant::now());
        // the training itself needs no checkpoint; whether its result can be stored is seen at its end
        if let Err(e) = written
            && !self.failed.replace(true)
        {
            self.observer.note(&format!(
                "{}: cannot write this checkpoint: {e}; training goes on, a kill would cost this trial's work",
                self.path.display()
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::super::observer::Quiet;
    use super::*;
    use crate::net::Isa;
    use crate::study::Recipe;
    use crate::train::test_support::{self, Silent, data};
    use crate::train::{Config, Monitor, Outcome, Stopped, train, train_keeping};

    /// Stops after so many steps.
    struct StopAfter(AtomicU64);
    impl Monitor for StopAfter {
        fn progress(&self, _: f64) {}
        fn cancelled(&self) -> bool {
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_err()
        }
    }

    fn config(rule: &str, nokland: bool) -> Config {
        test_support::config(rule, if nokland { Recipe::Nokland } else { Recipe::Main }, 4)
    }

    /// Without what was measured.
    fn bits(mut outcome: Outcome) -> Outcome {
        (outcome.train_time_s, outcome.total_time_s) = (0.0, 0.0);
        outcome.curve.iter_mut().for_each(|e| e.epoch_time_s = 0.0);
        outcome
    }

    #[test]
    fn the_interval_is_checked() {
        assert_eq!((seconds("0"), seconds("90")), (Ok(Duration::ZERO), Ok(Duration::from_secs(90))));
        for bad in ["", "-1", "1.5", "x", "86401", "99999999999999999999"] {
            assert!(seconds(bad).unwrap_err().contains("0 (after every epoch) to 86400"), "{bad}");
        }
    }

    #[test]
    fn a_trial_goes_on_from_its_checkpoint_to_the_same_bits() {
        let data = data();
        let dir = tempfile::tempdir().unwrap();
        let rules = [
            "bp",
            "fa/feedback=random-sign",
            "dfa/feedback=hebb,renormalise=yes",
            "fa/feedback=kolen-pollack",
            "sum/local=oja,beta=0.001",
            "hd/reading=d,train=full",
            "hebbnet/local=hebb,variant=t",
            "hebbnet/local=oja,variant=t-gs,mask=random",
        ];
        for (i, rule) in rules.iter().map(|r| (*r, false)).chain([("bp", true)]).enumerate() {
            let config = config(rule.0, rule.1);
            let whole = train(&config, &data, &Silent).unwrap();
            let keeper = || FileKeeper::new(dir.path(), &format!("{i}"), Duration::ZERO, &Quiet);
            // 8 steps an epoch and some looks: stopped within the third epoch
            let cut = train_keeping(Isa::best(), &config, &data, &StopAfter(AtomicU64::new(30)), &keeper());
            assert_eq!(cut.unwrap_err(), Stopped, "{rule:?}");
            assert!(keeper().stored().is_some(), "{rule:?}");
            let resumed = train_keeping(Isa::best(), &config, &data, &Silent, &keeper()).unwrap();
            assert_eq!(bits(resumed), bits(whole.clone()), "{rule:?}");
            // from the checkpoint after the last epoch: only the final score is left to do
            let again = train_keeping(Isa::best(), &config, &data, &StopAfter(AtomicU64::new(1)), &keeper()).unwrap();
            assert_eq!(bits(again), bits(whole), "{rule:?}");
        }
    }

    #[test]
    fn what_is_damaged_or_of_another_trial_is_not_taken_up() {
        let data = data();
        let dir = tempfile::tempdir().unwrap();
        let keeper = |key: &str| FileKeeper::new(dir.path(), key, Duration::ZERO, &Quiet);
        let config = config("bp", false);
        let whole = train_keeping(Isa::best(), &config, &data, &Silent, &keeper("a")).unwrap();
        let path = dir.path().join("a.checkpoint");
        let good = std::fs::read(&path).unwrap();
        for cut in [0, 10, good.len() / 2, good.len() - 1] {
            std::fs::write(&path, &good[..cut]).unwrap();
            assert!(keeper("a").stored().is_none());
        }
        let mut flipped = good.clone();
        flipped[good.len() - 7] ^= 1;
        std::fs::write(&path, &flipped).unwrap();
        let anew = train_keeping(Isa::best(), &config, &data, &Silent, &keeper("a")).unwrap();
        assert_eq!(bits(anew), bits(whole));
        // another network's state does not fit
        let deep = self::config("fa/feedback=random", false);
        std::fs::write(dir.path().join("b.checkpoint"), &good).unwrap();
        let alone = train(&deep, &data, &Silent).unwrap();
        assert_eq!(bits(train_keeping(Isa::best(), &deep, &data, &Silent, &keeper("b")).unwrap()), bits(alone));
        keeper("a").done();
        assert!(!path.exists());
    }
}
