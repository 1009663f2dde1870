//! The store of trials: a flat folder with one `KEY.trial` per trial.
//!
//! A file is one line `bioprop-trial 1 <sha256 of the rest>` and a JSON body. It appears as a whole or not at all, so
//! several processes (on one machine or many) may fill one folder; where two train the same trial, both write the
//! same result. A damaged file is set aside and its trial trained again: never trusted, never deleted.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::atomic;
use crate::study::Trial;
use crate::train::Outcome;

const MAGIC: &str = "bioprop-trial";
const VERSION: u32 = 1;

/// Most bytes of a trial: ten thousand epochs, the most that can be asked for, take 20 MB.
const MOST_BYTES: u64 = 256 << 20;

/// A trial with what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredTrial {
    pub trial: Trial,
    pub outcome: Outcome,
    /// Commit of the code that trained it, as [`crate::run::commit`] gives it.
    pub commit: Option<String>,
    /// Largest resident memory of the process while this trial ran, where it ran alone.
    pub peak_memory_bytes: Option<u64>,
}

impl StoredTrial {
    /// What its file holds.
    ///
    /// # Errors
    /// A reason, where JSON cannot hold the result to the bit.
    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let body = serde_json::to_string(self).map_err(|e| e.to_string())?;
        // JSON has no NaN or infinity: better noticed here than by the next reader
        let read: StoredTrial = serde_json::from_str(&body).map_err(|e| e.to_string())?;
        if &read != self {
            return Err("it does not read back equal".into());
        }
        Ok(format!("{MAGIC} {VERSION} {}\n{body}", hex::encode(Sha256::digest(body.as_bytes()))).into_bytes())
    }

    /// The trial of this key in the bytes of a file.
    ///
    /// # Errors
    /// Why they are not to be trusted, or not to be read by this program.
    pub fn from_bytes(bytes: &[u8], key: &str) -> Result<StoredTrial, Refused> {
        let damaged = |reason: &str| Refused::Damaged(reason.to_string());
        let end = bytes.iter().position(|b| *b == b'\n').ok_or_else(|| damaged("its first line has no end"))?;
        let header = std::str::from_utf8(&bytes[..end]).map_err(|_| damaged("its first line is not text"))?;
        let body = &bytes[end + 1..];
        let words: Vec<&str> = header.split(' ').collect();
        // the version is read first: another one may have other words after it
        let [MAGIC, version, ..] = words[..] else { return Err(damaged("its first line is not that of a trial")) };
        let version: u32 = version.parse().map_err(|_| damaged("its version is not a number"))?;
        if version != VERSION {
            return Err(Refused::OtherVersion(version));
        }
        if words[2..] != [hex::encode(Sha256::digest(body))] {
            return Err(damaged("its checksum does not match"));
        }
        let stored: StoredTrial = serde_json::from_slice(body)
            .map_err(|e| Refused::Damaged(format!("its contents are not understood: {e}")))?;
        if stored.trial.key() != key {
            return Err(damaged("it holds another trial than its name says"));
        }
        Ok(stored)
    }
}

/// Why the bytes of a file are no trial for this program.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Written by a version of the program with another format.
    OtherVersion(u32),
    Damaged(String),
}

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "{path}: cannot {action}: {source}; finished trials are kept: make room or rights there (or choose another --out) and run the same command again"
    )]
    Io { path: PathBuf, action: &'static str, source: io::Error },
    #[error(
        "{path} was written by {} version of this program (format {version}, this one reads {VERSION}); use that version, or train anew into another --out",
        if *version > VERSION { "a newer" } else { "an older" }
    )]
    OtherVersion { path: PathBuf, version: u32 },
    #[error("{path} is damaged ({reason}); `report run` sets it aside and trains that trial again")]
    Damaged { path: PathBuf, reason: String },
    #[error(
        "trial {key} ({cell}) has a result that cannot be stored exactly: {reason}; this is a bug, please report it"
    )]
    Inexact { key: String, cell: String, reason: String },
}

/// What the store holds under a key.
#[derive(Debug, PartialEq)]
pub enum Loaded {
    Missing,
    Found(Box<StoredTrial>),
    /// The file was damaged; it now lies at `moved_to`.
    SetAside {
        path: PathBuf,
        moved_to: PathBuf,
        reason: String,
    },
}

/// A folder of trials.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// Opens the store in `folder`, making the folder if needed; removes what killed processes left half-written.
    pub fn open(folder: &Path) -> Result<Store, StoreError> {
        let fail = |action| move |source| StoreError::Io { path: folder.to_path_buf(), action, source };
        fs::create_dir_all(folder).map_err(fail("make this folder"))?;
        atomic::remove_stale(folder).map_err(fail("read this folder"))?;
        Ok(Store { folder: folder.to_path_buf() })
    }

    /// A store for reading only: nothing is made, cleaned or renamed.
    pub fn existing(folder: &Path) -> Option<Store> {
        folder.is_dir().then(|| Store { folder: folder.to_path_buf() })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.trial"))
    }

    /// Stores a trial and gives its path.
    pub fn save(&self, stored: &StoredTrial) -> Result<PathBuf, StoreError> {
        let key = stored.trial.key();
        let bytes = stored.to_bytes().map_err(|reason| StoreError::Inexact {
            key: key.clone(),
            cell: stored.trial.cell.to_string(),
            reason,
        })?;
        let path = self.path(&key);
        atomic::write_atomically(&path, |w| w.write_all(&bytes)).map_err(|source| StoreError::Io {
            path: path.clone(),
            action: "write this trial",
            source,
        })?;
        Ok(path)
    }

    /// The trial under `key`, if it is there; an error if it is damaged. Changes nothing.
    pub fn peek(&self, key: &str) -> Result<Option<StoredTrial>, StoreError> {
        let path = self.path(key);
        let bytes = match atomic::read_bounded(&path, MOST_BYTES) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::FileTooLarge => {
                return Err(StoreError::Damaged { path, reason: e.to_string() });
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StoreError::Io { path, action: "read this trial", source }),
        };
        match StoredTrial::from_bytes(&bytes, key) {
            Ok(stored) => Ok(Some(stored)),
            Err(Refused::OtherVersion(version)) => Err(StoreError::OtherVersion { path, version }),
            Err(Refused::Damaged(reason)) => Err(StoreError::Damaged { path, reason }),
        }
    }

    /// The trial under `key`; a damaged file is renamed to `KEY.trial.damaged-N`.
    pub fn load(&self, key: &str) -> Result<Loaded, StoreError> {
        match self.peek(key) {
            Ok(None) => Ok(Loaded::Missing),
            Ok(Some(stored)) => Ok(Loaded::Found(Box::new(stored))),
            Err(StoreError::Damaged { path, reason }) => {
                let moved_to = (1..)
                    .map(|n| self.folder.join(format!("{key}.trial.damaged-{n}")))
                    .find(|p| !p.exists())
                    .expect("there is a free number");
                match fs::rename(&path, &moved_to) {
                    Ok(()) => Ok(Loaded::SetAside { path, moved_to, reason }),
                    // another process was quicker
                    Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Loaded::Missing),
                    Err(source) => Err(StoreError::Io { path, action: "set this damaged trial aside", source }),
                }
            }
            Err(e) => Err(e),
        }
    }

    /// Keys of all trials in the folder, sorted. What is damaged shows when it is read.
    pub fn keys(&self) -> Result<Vec<String>, StoreError> {
        let fail = |source| StoreError::Io { path: self.folder.clone(), action: "read this folder", source };
        let mut keys = vec![];
        for entry in fs::read_dir(&self.folder).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            if let Some(key) = name.to_str().and_then(|n| n.strip_suffix(".trial")).filter(|k| !k.starts_with('.')) {
                keys.push(key.to_string());
            }
        }
        keys.sort();
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::study::{DataSize, Precision, REVISION, Recipe};
    use crate::train::Status;

    fn trial(seed: u64) -> StoredTrial {
        let trial = Trial {
            cell: "mnist/1x2000/fa".parse().unwrap(),
            recipe: Recipe::Main,
            learning_rate: 10f64.powf(-2.5),
            hidden_rate: None,
            growth: None,
            feedback_rate: None,
            batch: 64,
            epochs: 1,
            data: DataSize::Smoke,
            data_fingerprint: "f".into(),
            train_sample: 500,
            precision: Precision::F32,
            seed,
            repeat: 0,
            revision: REVISION,
        };
        let outcome = Outcome {
            status: Status::Diverged { step: 3 },
            runaway: true,
            steps: 3,
            curve: vec![],
            growth: vec![],
            filters: None,
            train: None,
            test_bits: vec![],
            weights_sha256: String::new(),
            train_time_s: 0.1 + 0.2,
            total_time_s: 1.0 / 3.0,
        };
        StoredTrial { trial, outcome, commit: None, peak_memory_bytes: Some(7) }
    }

    fn open() -> (tempfile::TempDir, Store) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("trials")).unwrap();
        (dir, store)
    }

    #[test]
    fn what_is_saved_is_read_back() {
        let (_dir, store) = open();
        let t = trial(1);
        assert_eq!(store.load(&t.trial.key()).unwrap(), Loaded::Missing);
        store.save(&t).unwrap();
        assert_eq!(store.load(&t.trial.key()).unwrap(), Loaded::Found(Box::new(t.clone())));
        assert_eq!(store.keys().unwrap(), [t.trial.key()]);
    }

    #[test]
    fn every_kind_of_damage_is_set_aside_and_kept() {
        let (_dir, store) = open();
        let t = trial(1);
        let key = t.trial.key();
        let path = store.save(&t).unwrap();
        let good = fs::read(&path).unwrap();
        let mut flipped = good.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let cases = [vec![], b"bioprop-trial 1".to_vec(), good[..good.len() / 2].to_vec(), flipped, b"x\ny".to_vec()];
        for (n, bytes) in cases.iter().enumerate() {
            fs::write(&path, bytes).unwrap();
            assert!(matches!(store.peek(&key), Err(StoreError::Damaged { .. })));
            let Loaded::SetAside { moved_to, .. } = store.load(&key).unwrap() else { panic!("case {n}") };
            assert!(moved_to.to_str().unwrap().ends_with(&format!("{key}.trial.damaged-{}", n + 1)));
            assert_eq!(&fs::read(&moved_to).unwrap(), bytes);
            assert_eq!(store.load(&key).unwrap(), Loaded::Missing);
        }
        assert!(store.keys().unwrap().is_empty());
    }

    #[test]
    fn a_trial_under_another_name_is_not_trusted() {
        let (_dir, store) = open();
        let path = store.save(&trial(1)).unwrap();
        let other = trial(2).trial.key();
        fs::copy(path, store.path(&other)).unwrap();
        assert!(matches!(store.load(&other).unwrap(), Loaded::SetAside { .. }));
    }

    #[test]
    fn another_format_is_refused_with_the_way_out_and_left_alone() {
        let (_dir, store) = open();
        let key = trial(1).trial.key();
        for (version, words) in [(2, "a newer version"), (0, "an older version")] {
            fs::write(store.path(&key), format!("bioprop-trial {version} what ever\n{{}}")).unwrap();
            let e = store.load(&key).unwrap_err();
            assert!(matches!(e, StoreError::OtherVersion { .. }), "{e}");
            assert!(e.to_string().contains(words) && e.to_string().contains("another --out"), "{e}");
            assert!(store.path(&key).exists());
        }
    }

    #[test]
    fn a_file_without_end_is_set_aside() {
        let (_dir, store) = open();
        let key = trial(1).trial.key();
        fs::File::create(store.path(&key)).unwrap().set_len(MOST_BYTES + 1).unwrap();
        assert!(matches!(store.load(&key).unwrap(), Loaded::SetAside { .. }));
    }

    #[test]
    fn a_result_that_json_cannot_hold_is_refused() {
        let (_dir, store) = open();
        let mut t = trial(1);
        t.outcome.train_time_s = f64::NAN;
        assert!(matches!(store.save(&t), Err(StoreError::Inexact { .. })));
        assert!(store.keys().unwrap().is_empty());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let e = Store::open(&file.join("trials")).unwrap_err();
        assert!(e.to_string().contains("file"), "{e}");
    }

    #[test]
    fn two_writers_of_one_trial_leave_one_whole_file() {
        let (_dir, store) = open();
        let t = trial(1);
        std::thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| (0..20).for_each(|_| drop(store.save(&t).unwrap())));
            }
            for _ in 0..200 {
                assert!(!matches!(store.load(&t.trial.key()).unwrap(), Loaded::SetAside { .. }));
            }
        });
        assert_eq!(store.keys().unwrap().len(), 1);
    }

    proptest! {
        #[test]
        fn damaged_bytes_are_never_taken_for_a_trial(
            at: prop::sample::Index, flip in 1u8.., cut: prop::sample::Index, insert in prop::collection::vec(any::<u8>(), 0..4),
        ) {
            let t = trial(1);
            let good = t.to_bytes().unwrap();
            let key = t.trial.key();
            let mut flipped = good.clone();
            flipped[at.index(good.len())] ^= flip;
            prop_assert!(StoredTrial::from_bytes(&flipped, &key).is_err());
            prop_assert!(StoredTrial::from_bytes(&good[..cut.index(good.len())], &key).is_err());
            let mut longer = good.clone();
            let place = at.index(good.len());
            longer.splice(place..place, insert.iter().copied());
            prop_assert_eq!(StoredTrial::from_bytes(&longer, &key).is_ok(), longer == good);
        }

        #[test]
        fn a_right_checksum_over_any_body_does_not_panic(
            at: prop::sample::Index, with in "[0-9eE.,:{}\\[\\]\"-]{0,6}", random in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let t = trial(1);
            let good = t.to_bytes().unwrap();
            let start = good.iter().position(|b| *b == b'\n').unwrap() + 1;
            let mut body = good[start..].to_vec();
            let place = at.index(body.len());
            let end = (place + with.len()).min(body.len());
            body.splice(place..end, with.bytes());
            for body in [body, random] {
                let mut bytes = format!("{MAGIC} {VERSION} {}\n", hex::encode(Sha256::digest(&body))).into_bytes();
                bytes.extend_from_slice(&body);
                // what is read is of this key, so every number that decides the bits is the one asked for
                if let Ok(read) = StoredTrial::from_bytes(&bytes, &t.trial.key()) {
                    prop_assert_eq!(read.trial, t.trial.clone());
                }
            }
        }
    }
}
