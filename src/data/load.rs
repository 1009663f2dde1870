//! Loading a dataset: from the committed subset or from the full files, verified each time.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::bundled::{load_bundled, load_mean};
use super::official::{OfficialFile, join_mnist, official_files};
use super::places::{Places, bundled_dir};
use super::raw::read_content;
use super::{DataError, DataSize, Dataset, DatasetId, Images, cifar};

/// Images of profile `smoke`: (training, test), the first of the bundled subset, class-balanced.
const SMOKE: (usize, usize) = (600, 200);

/// Way out when a full file has a wrong checksum.
const REPLACE: &str =
    "this is not the official file, or a damaged copy: delete or replace it, or run `report data fetch`";

/// The images of `id` that a run of `size` uses.
///
/// `Smoke` and `Bundled` come from the committed `data/` folder. `Full` comes from `dir`, else `$BIOPROP_DATA`, else the
/// cache folder that `report data fetch` fills. All files are checked against their SHA-256 each time.
///
/// # Errors
/// Every [`DataError`] of looking for, reading and checking files; each names the file and the way out.
pub fn load(id: DatasetId, size: DataSize, dir: Option<&Path>) -> Result<Dataset, DataError> {
    let bundled = bundled_dir()?;
    match size {
        DataSize::Full => load_full(id, &Places::of_user(dir)?.not_empty()?, &bundled),
        DataSize::Bundled | DataSize::Smoke => {
            // not read here, but a folder that was named and holds nothing is a mistake at every size
            if dir.is_some() {
                Places::of_user(dir)?.not_empty()?;
            }
            let (mut train, mut test) = load_bundled(id, &bundled)?;
            let mut origin = "bundled subset";
            if size == DataSize::Smoke {
                keep_first(&mut train, SMOKE.0);
                keep_first(&mut test, SMOKE.1);
                origin = "first images of the bundled subset";
            }
            dataset(id, train, test, &bundled, origin.to_string())
        }
    }
}

fn load_full(id: DatasetId, places: &Places, bundled: &Path) -> Result<Dataset, DataError> {
    // its files bear official names: without this, they would be called truncated
    if let Some(user) = places.user.as_ref().filter(|u| same_folder(u, bundled)) {
        return Err(DataError::BundledAsFull { path: user.clone() });
    }
    let paths = places.find_all(id, official_files(id))?;
    let folder = paths[0].parent().unwrap_or(Path::new(".")).to_path_buf();
    let (train, test) = read_official(id, &paths)?;
    // where it lies differs between machines and the bytes do not: words, not a path
    let origin = match &places.user {
        Some(user) if folder.starts_with(user) => "full set, the user's own copy",
        _ => "full set, from the cache folder",
    };
    dataset(id, train, test, bundled, origin.to_string())
}

fn same_folder(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// The full set in one folder: training and test images, and where they lay.
///
/// # Errors
/// As [`load`].
pub(crate) fn load_official(id: DatasetId, dir: &Path) -> Result<(Images, Images, Vec<PathBuf>), DataError> {
    let places = Places { user: Some(dir.into()), cache: None };
    let paths = places.find_all(id, official_files(id))?;
    let (train, test) = read_official(id, &paths)?;
    Ok((train, test, paths))
}

/// Training and test images from the official files at `paths` (in the order of the table).
fn read_official(id: DatasetId, paths: &[PathBuf]) -> Result<(Images, Images), DataError> {
    let files = official_files(id);
    match id {
        DatasetId::Mnist => {
            let half = |at: usize| {
                let (images, labels) =
                    (read_checked(&files[at], &paths[at])?, read_checked(&files[at + 1], &paths[at + 1])?);
                join_mnist([(&images, &paths[at]), (&labels, &paths[at + 1])], files[at].count)
            };
            Ok((half(0)?, half(2)?))
        }
        DatasetId::Cifar10 => {
            let mut train = Images { pixels: Vec::with_capacity(50_000 * 3072), labels: Vec::new(), inputs: 3072 };
            for (file, path) in files.iter().zip(paths).take(5) {
                let batch = cifar::parse_records(&read_checked(file, path)?, path, file.count)?;
                train.pixels.extend_from_slice(&batch.pixels);
                train.labels.extend_from_slice(&batch.labels);
            }
            let test = cifar::parse_records(&read_checked(&files[5], &paths[5])?, &paths[5], files[5].count)?;
            Ok((train, test))
        }
    }
}

/// Unpacked content of an official file, its checksum verified.
///
/// # Errors
/// Those of reading and of the format (`WrongMagic`, `UnexpectedCount`, ...); `Truncated`, `TrailingBytes`, `Checksum`.
pub(crate) fn read_checked(file: &OfficialFile, path: &Path) -> Result<Vec<u8>, DataError> {
    let bytes = read_content(path, 2 * file.bytes())?;
    let (needed, found) = (file.bytes(), bytes.len() as u64);
    let same = match found == needed {
        true => file.check(&bytes, path, REPLACE),
        false if found < needed => Err(DataError::Truncated { path: path.into(), needed, found }),
        false => Err(DataError::TrailingBytes { path: path.into(), extra: found - needed }),
    };
    match same {
        Ok(()) => Ok(bytes),
        // what the reader finds says more: another kind of file, another count, a label out of range
        Err(error) => Err(file.structure(&bytes, path).err().unwrap_or(error)),
    }
}

fn keep_first(images: &mut Images, n: usize) {
    images.labels.truncate(n);
    images.pixels.truncate(n * images.inputs);
}

fn dataset(id: DatasetId, train: Images, test: Images, bundled: &Path, origin: String) -> Result<Dataset, DataError> {
    let mean_image = load_mean(id, bundled)?;
    let fingerprint = fingerprint(&train, &test);
    Ok(Dataset { id, train, test, mean_image, fingerprint, origin })
}

/// SHA-256 (hex) over train pixels, train labels, test pixels, test labels.
pub fn fingerprint(train: &Images, test: &Images) -> String {
    let mut hash = Sha256::new();
    for bytes in [&train.pixels, &train.labels, &test.pixels, &test.labels] {
        hash.update(bytes);
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn bundled_sets_load_balanced_and_in_turns() {
        for (id, train, test) in [(DatasetId::Mnist, 10_000, 2_000), (DatasetId::Cifar10, 4_000, 1_000)] {
            let data = load(id, DataSize::Bundled, None).unwrap();
            assert_eq!((data.train.len(), data.test.len()), (train, test));
            assert_eq!((data.train.inputs, data.mean_image.len()), (id.inputs(), id.inputs()));
            for images in [&data.train, &data.test] {
                assert_eq!(images.pixels.len(), images.len() * images.inputs);
                assert!(images.labels.iter().enumerate().all(|(i, &l)| usize::from(l) == i % 10));
            }
        }
    }

    #[test]
    fn smoke_is_the_front_of_the_bundled_set() {
        for id in DatasetId::ALL {
            let smoke = load(id, DataSize::Smoke, None).unwrap();
            let bundled = load(id, DataSize::Bundled, None).unwrap();
            assert_eq!((smoke.train.len(), smoke.test.len()), (600, 200));
            assert_eq!(smoke.train.pixels, bundled.train.pixels[..600 * id.inputs()]);
            assert_eq!(smoke.test.labels, bundled.test.labels[..200]);
            assert_ne!(smoke.fingerprint, bundled.fingerprint);
            assert_eq!(smoke.mean_image, bundled.mean_image);
        }
    }

    #[test]
    fn the_full_sets_load_from_the_cache_when_they_are_there() {
        for (id, train, mean, std) in
            [(DatasetId::Mnist, 60_000, 0.13066, 0.30811), (DatasetId::Cifar10, 50_000, 0.47336, 0.2516)]
        {
            let places = Places { user: None, cache: super::super::cache_dir().ok() };
            let data = match load_full(id, &places, &bundled_dir().unwrap()) {
                Ok(data) => data,
                Err(DataError::Missing { .. }) => {
                    println!("skipped {id}: the full files are not in the cache folder (`report data fetch`)");
                    continue;
                }
                Err(error) => panic!("{error}"),
            };
            assert_eq!((data.train.len(), data.test.len()), (train, 10_000));
            assert_eq!(data.fingerprint, super::super::full_fingerprint(id));
            assert_eq!(super::super::mean_image(&data.train), data.mean_image);
            let mut counts = [0u64; 256];
            data.train.pixels.iter().for_each(|&p| counts[usize::from(p)] += 1);
            let n = data.train.pixels.len() as f64;
            let moment = |f: &dyn Fn(f64) -> f64| -> f64 {
                (0..256).map(|v| counts[v] as f64 * f(v as f64 / 255.0)).sum::<f64>() / n
            };
            let m = moment(&|v| v);
            assert!((m - mean).abs() < 1e-4, "{m}");
            assert!((moment(&|v| (v - m) * (v - m)).sqrt() - std).abs() < 1e-4);
        }
    }

    #[test]
    fn a_users_wrong_file_is_refused_with_its_name_and_the_way_out() {
        let dir = tempfile::tempdir().unwrap();
        for file in official_files(DatasetId::Mnist) {
            fs::write(dir.path().join(file.name), vec![0; file.bytes() as usize]).unwrap();
        }
        let file = &official_files(DatasetId::Mnist)[0];
        let refused = || load(DatasetId::Mnist, DataSize::Full, Some(dir.path())).err().unwrap();
        assert!(matches!(refused(), DataError::WrongMagic { .. }));
        // the right format with other pixels
        let blank = super::super::idx::encode_images(&vec![0; 60_000 * 784], 60_000, 28, 28);
        fs::write(dir.path().join(file.name), &blank).unwrap();
        let error = refused();
        let message = error.to_string();
        assert!(matches!(error, DataError::Checksum { .. }));
        assert!(message.contains(file.name) && message.contains(file.sha256), "{message}");
        assert!(message.contains("report data fetch"), "{message}");
        fs::write(dir.path().join(file.name), &blank[..1000]).unwrap();
        assert!(matches!(refused(), DataError::Truncated { needed: 47_040_016, found: 1000, .. }));
    }

    #[test]
    fn an_empty_folder_of_the_users_is_no_fallback_to_other_data() {
        let dir = tempfile::tempdir().unwrap();
        for size in [DataSize::Smoke, DataSize::Bundled, DataSize::Full] {
            let error = load(DatasetId::Mnist, size, Some(dir.path())).err().unwrap();
            assert!(matches!(error, DataError::NothingInFolder { .. }), "{size:?}: {error}");
            let error = load(DatasetId::Mnist, size, Some(&dir.path().join("none"))).err().unwrap();
            assert!(matches!(error, DataError::NotAFolder { .. }), "{size:?}: {error}");
        }
    }

    #[test]
    fn the_bundled_folder_is_not_taken_for_a_full_set() {
        let error = load(DatasetId::Mnist, DataSize::Full, Some(&bundled_dir().unwrap())).err().unwrap();
        assert!(matches!(error, DataError::BundledAsFull { .. }), "{error}");
    }

    #[test]
    fn the_fingerprint_depends_on_pixels_labels_and_order() {
        let images = |pixels: &[u8], labels: &[u8]| Images { pixels: pixels.into(), labels: labels.into(), inputs: 1 };
        let (a, b) = (images(&[1, 2], &[0, 1]), images(&[2, 1], &[0, 1]));
        let base = fingerprint(&a, &b);
        assert_ne!(base, fingerprint(&b, &a));
        assert_ne!(base, fingerprint(&images(&[1, 2], &[1, 0]), &b));
        assert_eq!(base, hex::encode(Sha256::digest([1, 2, 0, 1, 2, 1, 0, 1])));
    }
}
