//! What can go wrong with data. Every message names the file or value and says what to do next.

use std::io;
use std::path::{Path, PathBuf};

use super::DatasetId;

/// An error of the data room.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("{}: no such file; check the path, or run `report data fetch` to get the official files", path.display())]
    NoSuchFile { path: PathBuf },

    #[error("{}: cannot be read ({reason}); check that it is a file this user may read", path.display())]
    Read { path: PathBuf, reason: io::Error },

    #[error(
        "{}: cannot be written ({reason}); free some space or check the permissions (nothing half-written was left), then run the command again",
        path.display()
    )]
    Write { path: PathBuf, reason: io::Error },

    #[error(
        "{}: starts like a gzip file but does not unpack ({reason}); the copy is damaged: delete it and fetch it again",
        path.display()
    )]
    CorruptGzip { path: PathBuf, reason: io::Error },

    #[error(
        "{}: holds more than {limit} bytes, the most this file can have; it is not the expected file: replace it by the official one",
        path.display()
    )]
    TooLarge { path: PathBuf, limit: u64 },

    #[error(
        "{}: starts with magic number {found:#010x}, an idx file of {what} starts with {expected:#010x}; check that the file has not been swapped or renamed",
        path.display()
    )]
    WrongMagic { path: PathBuf, what: &'static str, expected: u32, found: u32 },

    #[error("{}: ends after {found} bytes where {needed} are needed; the copy is truncated: fetch it again", path.display())]
    Truncated { path: PathBuf, needed: u64, found: u64 },

    #[error(
        "{}: its header promises {header} items but {body} follow; header and body do not belong together: use the official file",
        path.display()
    )]
    WrongCount { path: PathBuf, header: u64, body: u64 },

    #[error("{}: holds {found} items, {expected} are expected; use the official file", path.display())]
    UnexpectedCount { path: PathBuf, expected: u64, found: u64 },

    #[error(
        "{}: images of {}x{} pixels, {}x{} are expected; use the official file of this dataset",
        path.display(), found.0, found.1, expected.0, expected.1
    )]
    WrongDimension { path: PathBuf, expected: (u32, u32), found: (u32, u32) },

    #[error("{}: label {value} of item {index} is outside 0..=9; the file is damaged or of another dataset: use the official one", path.display())]
    BadLabel { path: PathBuf, index: usize, value: u8 },

    #[error("{}: {extra} bytes follow after the last item; the file is damaged: fetch it again", path.display())]
    TrailingBytes { path: PathBuf, extra: u64 },

    #[error("{}: {labels} labels for {images} images; use image and label files of the same split", path.display())]
    LabelCount { path: PathBuf, images: usize, labels: usize },

    #[error("{}: SHA-256 (unpacked) is {found}, {expected} is expected; {hint}", path.display())]
    Checksum { path: PathBuf, expected: String, found: String, hint: &'static str },

    #[error(
        "{}: not a mean image ({reason}); restore the committed `data/` folder (`git checkout -- data`)",
        path.display()
    )]
    MeanImage { path: PathBuf, reason: String },

    #[error("the bundled data folder was found neither at {} nor at {}; run from a clone of the repository", tried.0.display(), tried.1.display())]
    NoBundledFolder { tried: Box<(PathBuf, PathBuf)> },

    #[error(
        "{}: incomplete, missing {files}; looked in {places}. Run `report data fetch`, or name a folder with the official files by `--data DIR` or $BIOPROP_DATA, or use `--profile quick` (bundled subset)",
        id.title()
    )]
    Missing { id: DatasetId, files: String, places: String },

    #[error("{}: not a folder; give `--data` (or $BIOPROP_DATA) a folder that holds the official files, or leave it out", path.display())]
    NotAFolder { path: PathBuf },

    #[error(
        "{}: holds no file of any dataset; looked in it and in its folders {folders} for {files} (plain or .gz). Give `--data` (or $BIOPROP_DATA) a folder that holds them (`report data fetch --data DIR` fills one), or leave it out",
        path.display()
    )]
    NothingInFolder { path: PathBuf, folders: String, files: String },

    #[error("{}: holds the bundled subset, not the full sets; leave `--data` (or $BIOPROP_DATA) out and run `report data fetch`, or use `--profile quick`", path.display())]
    BundledAsFull { path: PathBuf },

    #[error("this platform names no cache folder for this user (is HOME set?); give one by `--data DIR`")]
    NoCacheFolder,

    #[error("class {class} has {found} images, the bundled subset takes {wanted}; use the official full files")]
    TooFewOfClass { class: u8, wanted: usize, found: usize },

    #[error("{url}: {reason}; check the network connection, or use another source")]
    Download { url: String, reason: String },

    #[error("{command}: {reason}; check that the program is installed and reaches its registry, or use another source")]
    Client { command: String, reason: String },

    #[error("{}: {reason}; the archive is not the expected one: fetch it again, or use another source", path.display())]
    Archive { path: PathBuf, reason: String },

    #[error("{}: {reason}; the image is not the expected one: fetch it again, or use another source", path.display())]
    Png { path: PathBuf, reason: String },

    #[error(
        "{}: no source worked:\n{failures}\nPut the official files into a folder by hand and name it by `--data DIR`, or use `--profile quick` (bundled subset)",
        id.title()
    )]
    NoSource { id: DatasetId, failures: String },

    #[error(
        "{count} data file(s) failed the check:\n{list}\nDelete or replace them, then run `report data fetch` (full files) or `git checkout -- data` (bundled files)"
    )]
    Verify { count: usize, list: String },
}

impl DataError {
    /// Whether the folder that the user named is at fault, not what lies in it.
    #[cfg(feature = "program")]
    pub(crate) fn is_misuse(&self) -> bool {
        matches!(
            self,
            DataError::NotAFolder { .. } | DataError::NothingInFolder { .. } | DataError::BundledAsFull { .. }
        )
    }

    /// A read error with its file; "not found" gets its own words.
    pub(crate) fn read(path: &Path, reason: io::Error) -> DataError {
        match reason.kind() {
            io::ErrorKind::NotFound => DataError::NoSuchFile { path: path.into() },
            _ => DataError::Read { path: path.into(), reason },
        }
    }

    pub(crate) fn write(path: &Path, reason: io::Error) -> DataError {
        DataError::Write { path: path.into(), reason }
    }
}
