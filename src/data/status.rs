//! Where each file is and whether its checksum is right.

use std::fs;
use std::path::{Path, PathBuf};

use super::bundled::bundled_files;
use super::load::read_checked;
use super::official::official_files;
use super::places::{Places, bundled_dir};
use super::{DataError, DatasetId};

/// Which set a file belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileSet {
    /// Committed in `data/`.
    Bundled,
    /// Official file of the full set.
    Full,
}

/// Result of looking at a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// There, and its SHA-256 is the expected one.
    Ok,
    /// There, but damaged or another file; the words say how and what to do.
    Bad(String),
    /// Nowhere.
    Missing,
}

/// One file of the datasets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileStatus {
    pub id: DatasetId,
    pub set: FileSet,
    /// Official name, or path below `data/`.
    pub name: &'static str,
    /// Where it was found.
    pub path: Option<PathBuf>,
    /// Bytes on disk (packed if it is); 0 when missing.
    pub bytes: u64,
    pub check: Check,
}

/// All files, bundled ones first: found where, how large, checksum. Reads and hashes every file (about a second).
///
/// Full files are looked for as `load` does: in `dir` or `$BIOPROP_DATA`, then in the cache folder.
///
/// # Errors
/// `NotAFolder`, when the user named a folder that is none. A bad or missing file is a status, not an error.
pub fn status(dir: Option<&Path>) -> Result<Vec<FileStatus>, DataError> {
    // without the folder every bundled file is missing
    let folder = bundled_dir().unwrap_or_else(|_| PathBuf::from("data"));
    Ok(status_of(&Places::of_user(dir)?.not_empty()?, &folder))
}

fn status_of(places: &Places, bundled: &Path) -> Vec<FileStatus> {
    let mut all = Vec::new();
    for id in DatasetId::ALL {
        all.extend(bundled_files(id).iter().map(|file| {
            let path = Some(bundled.join(file.name)).filter(|p| p.is_file());
            one(id, FileSet::Bundled, file.name, path, |_| file.read(bundled).map(|_| ()))
        }));
    }
    for id in DatasetId::ALL {
        all.extend(official_files(id).iter().map(|file| {
            one(id, FileSet::Full, file.name, places.find(file), |path| read_checked(file, path).map(|_| ()))
        }));
    }
    all
}

fn one(
    id: DatasetId,
    set: FileSet,
    name: &'static str,
    path: Option<PathBuf>,
    check: impl Fn(&Path) -> Result<(), DataError>,
) -> FileStatus {
    let bytes = path.as_ref().and_then(|p| fs::metadata(p).ok()).map_or(0, |m| m.len());
    let check = match path.as_deref().map(check) {
        None => Check::Missing,
        Some(Ok(())) => Check::Ok,
        Some(Err(error)) => Check::Bad(error.to_string()),
    };
    FileStatus { id, set, name, path, bytes, check }
}

/// As [`status`], and an error if any file is bad or a bundled one is missing. Missing full files are no error: they are
/// not needed by every profile.
///
/// # Errors
/// `NotAFolder`; `Verify`, which lists every file that failed.
pub fn verify(dir: Option<&Path>) -> Result<Vec<FileStatus>, DataError> {
    judged(status(dir)?)
}

fn judged(files: Vec<FileStatus>) -> Result<Vec<FileStatus>, DataError> {
    let failed: Vec<String> = files
        .iter()
        .filter_map(|file| match (&file.check, file.set) {
            (Check::Bad(reason), _) => Some(format!("  {reason}")),
            (Check::Missing, FileSet::Bundled) => Some(format!("  data/{}: missing", file.name)),
            _ => None,
        })
        .collect();
    match failed.len() {
        0 => Ok(files),
        count => Err(DataError::Verify { count, list: failed.join("\n") }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_files_are_there_and_whole() {
        let files = status_of(&Places::default(), &bundled_dir().unwrap());
        assert_eq!(files.len(), 8 + 10);
        assert!(files.iter().all(|f| (f.set == FileSet::Bundled) == (f.check == Check::Ok)), "{files:?}");
        assert!(judged(files).is_ok(), "missing full files are no error");
    }

    #[test]
    fn bad_and_missing_files_are_listed_together() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("mnist")).unwrap();
        fs::write(dir.path().join("mnist/mean.f32"), b"x").unwrap();
        fs::write(dir.path().join("test_batch.bin"), b"xyz").unwrap();
        let places = Places { user: Some(dir.path().into()), cache: None };
        let files = status_of(&places, dir.path());
        let bad: Vec<_> = files.iter().filter(|f| matches!(f.check, Check::Bad(_))).collect();
        assert_eq!(
            bad.iter().map(|f| (f.name, f.bytes)).collect::<Vec<_>>(),
            [("mnist/mean.f32", 1), ("test_batch.bin", 3)]
        );
        let message = judged(files).unwrap_err().to_string();
        assert!(message.starts_with("9 data file(s)"), "{message}"); // 7 bundled ones missing, 2 bad
        assert!(message.contains("test_batch.bin") && message.contains("data/cifar10/train.bin.gz"), "{message}");
    }
}
