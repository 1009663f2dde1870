//! The committed files in `data/`: names, checksums, and reading them.

use std::path::{Path, PathBuf};

use super::official::join_mnist;
use super::raw::{read_bytes, sha256_hex, unpack};
use super::{DataError, DatasetId, Images, cifar};

/// A committed file.
#[derive(Debug, PartialEq, Eq)]
pub struct BundledFile {
    pub id: DatasetId,
    /// Path below `data/`, with `/`.
    pub name: &'static str,
    /// Of the file as it is committed, hexadecimal.
    pub sha256: &'static str,
}

/// No committed file is larger.
const LIMIT: u64 = 16 << 20;
/// No committed file unpacks to more.
const UNPACKED_LIMIT: u64 = 32 << 20;

/// Images, labels, then the mean image, per dataset. A test re-derives them (`subset.rs`).
const FILES: [BundledFile; 8] = {
    use DatasetId::*;
    const fn file(id: DatasetId, name: &'static str, sha256: &'static str) -> BundledFile {
        BundledFile { id, name, sha256 }
    }
    [
        file(
            Mnist,
            "mnist/train-images-idx3-ubyte.gz",
            "a0d9d92b6b3a3362d7c3fe608ab222db9828bb04d1bfd9e53cebba039cda0fce",
        ),
        file(
            Mnist,
            "mnist/train-labels-idx1-ubyte.gz",
            "f58eb5ac6c74b2163b8be1b4d3ec653ec4e3fc338ec16b09a19b0549fe77720a",
        ),
        file(
            Mnist,
            "mnist/t10k-images-idx3-ubyte.gz",
            "240e7d91dd46e1ded08264b4c635a6b4dd1bd40bc6c8d6f9964296c2feaef079",
        ),
        file(
            Mnist,
            "mnist/t10k-labels-idx1-ubyte.gz",
            "c47f30655d07957f99dcf57d76c2af0e71030c0ffe65dd22b8fcebc3f8441581",
        ),
        file(Mnist, "mnist/mean.f32", "daae7932c7b6d6eb95b0a1576496e55081f60f3d3047934025d9812e179ae643"),
        file(Cifar10, "cifar10/train.bin.gz", "5c52c18c89ccb504cb0f7b53af4c1dd2c0eaf37afb8b92aca7109ec694d24048"),
        file(Cifar10, "cifar10/test.bin.gz", "ab46ce676cb72d1ae4b77bb6a5e2cb9cd74820732b215d804dfdd1e863c1dbbf"),
        file(Cifar10, "cifar10/mean.f32", "e6b5449b6028dd2aa817378fded583ffd917950b4b80836c59b60b00470e853d"),
    ]
};

/// Images of the bundled subset: (training, test).
pub fn bundled_counts(id: DatasetId) -> (usize, usize) {
    match id {
        DatasetId::Mnist => (10_000, 2_000),
        DatasetId::Cifar10 => (4_000, 1_000),
    }
}

/// The committed files of a dataset; the mean image is the last.
pub fn bundled_files(id: DatasetId) -> &'static [BundledFile] {
    match id {
        DatasetId::Mnist => &FILES[..5],
        DatasetId::Cifar10 => &FILES[5..],
    }
}

impl BundledFile {
    /// The file's bytes as committed, verified.
    ///
    /// # Errors
    /// `NoSuchFile`, `Read`, `TooLarge`, `Checksum`.
    pub(crate) fn read(&self, folder: &Path) -> Result<(Vec<u8>, PathBuf), DataError> {
        let path = folder.join(self.name);
        let bytes = read_bytes(&path, LIMIT)?;
        let found = sha256_hex(&bytes);
        if found != self.sha256 {
            let hint = "restore the committed file (`git checkout -- data`)";
            return Err(DataError::Checksum { path, expected: self.sha256.into(), found, hint });
        }
        Ok((bytes, path))
    }

    fn read_unpacked(&self, folder: &Path) -> Result<(Vec<u8>, PathBuf), DataError> {
        let (bytes, path) = self.read(folder)?;
        Ok((unpack(bytes, &path, UNPACKED_LIMIT)?, path))
    }
}

/// Training and test images of the bundled subset in `folder`.
///
/// # Errors
/// Those of reading; checksums are verified.
pub(crate) fn load_bundled(id: DatasetId, folder: &Path) -> Result<(Images, Images), DataError> {
    let counts = bundled_counts(id);
    let files = bundled_files(id);
    match id {
        DatasetId::Mnist => {
            let half = |images: &BundledFile, labels: &BundledFile, count| {
                let ((a, a_path), (b, b_path)) = (images.read_unpacked(folder)?, labels.read_unpacked(folder)?);
                join_mnist([(&a, &a_path), (&b, &b_path)], count)
            };
            Ok((half(&files[0], &files[1], counts.0)?, half(&files[2], &files[3], counts.1)?))
        }
        DatasetId::Cifar10 => {
            let half = |records: &BundledFile, count| {
                let (bytes, path) = records.read_unpacked(folder)?;
                cifar::parse_records(&bytes, &path, count)
            };
            Ok((half(&files[0], counts.0)?, half(&files[1], counts.1)?))
        }
    }
}

/// Mean image of the full training set from `folder`: `inputs` numbers in 0..1.
///
/// # Errors
/// Those of reading (the checksum is verified); `MeanImage`: another count, or a number outside 0..=1.
pub(crate) fn load_mean(id: DatasetId, folder: &Path) -> Result<Vec<f32>, DataError> {
    let file = &bundled_files(id)[bundled_files(id).len() - 1];
    let (bytes, path) = file.read(folder)?;
    parse_mean(&bytes, &path, id.inputs())
}

fn parse_mean(bytes: &[u8], path: &Path, inputs: usize) -> Result<Vec<f32>, DataError> {
    let refuse = |reason: String| DataError::MeanImage { path: path.into(), reason };
    let (words, rest) = bytes.as_chunks::<4>();
    if words.len() != inputs || !rest.is_empty() {
        return Err(refuse(format!("{} bytes, {} are expected", bytes.len(), 4 * inputs)));
    }
    let mean: Vec<f32> = words.iter().map(|&w| f32::from_le_bytes(w)).collect();
    match mean.iter().position(|m| !(0.0..=1.0).contains(m)) {
        Some(at) => Err(refuse(format!("number {at} is {}, 0..=1 is expected", mean[at]))),
        None => Ok(mean),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn mean_images_of_a_wrong_size_or_with_odd_numbers_are_refused() {
        let path = Path::new("mean.f32");
        let bytes = |numbers: &[f32]| numbers.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>();
        assert_eq!(parse_mean(&bytes(&[0.0, 1.0]), path, 2).unwrap(), [0.0, 1.0]);
        for bad in [&[0.5][..], &[0.5; 3], &[0.5, f32::NAN], &[f32::INFINITY, 0.5], &[-0.1, 0.5]] {
            assert!(matches!(parse_mean(&bytes(bad), path, 2), Err(DataError::MeanImage { .. })), "{bad:?}");
        }
        assert!(parse_mean(&[0; 7], path, 2).is_err());
    }

    #[test]
    fn a_changed_committed_file_is_refused_with_both_sums() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("mnist")).unwrap();
        fs::write(dir.path().join("mnist/mean.f32"), b"changed").unwrap();
        let error = load_mean(DatasetId::Mnist, dir.path()).unwrap_err().to_string();
        assert!(error.contains(FILES[4].sha256) && error.contains(&sha256_hex(b"changed")), "{error}");
        assert!(error.contains("git checkout"), "{error}");
        assert!(matches!(load_mean(DatasetId::Cifar10, dir.path()), Err(DataError::NoSuchFile { .. })));
    }
}
