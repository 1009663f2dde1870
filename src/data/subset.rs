//! The bundled subset: which images of the full sets are committed, and how their files are made.
//!
//! Rule: the images of one class, in their official order, are shuffled (Fisher-Yates, ChaCha8, one stream per dataset,
//! half and class) and the first `n / 10` are taken; then the classes take turns: 0, 1, ..., 9, 0, 1, ... Every prefix of
//! a multiple of ten images is balanced.

use std::path::{Path, PathBuf};

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::bundled::{bundled_counts, bundled_files};
use super::load::load_official;
use super::official::{MNIST_SIDE, Split};
use super::raw::{pack, read_bytes, sha256_hex, unpack, write_atomic};
use super::{DataError, DatasetId, Images, cifar, idx};

/// Seed of the choice: 32 bytes, readable.
const SEED: &[u8; 32] = b"bioprop: the bundled subset, 1st";

/// A file that [`derive_bundled`] wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DerivedFile {
    /// Path below the output folder, with `/`.
    pub name: &'static str,
    pub path: PathBuf,
    pub bytes: u64,
    /// Of the file as it lies there, hexadecimal.
    pub sha256: String,
}

/// Makes the bundled files of one dataset from its full set in `full_dir`, and writes them below `out_dir`.
///
/// # Errors
/// Those of loading the full set (its checksums are verified), and `Write`.
pub fn derive_bundled(id: DatasetId, full_dir: &Path, out_dir: &Path) -> Result<Vec<DerivedFile>, DataError> {
    let (train, test, _) = load_official(id, full_dir)?;
    derived_files(id, &train, &test)?
        .into_iter()
        .map(|(name, bytes)| {
            let path = out_dir.join(name);
            write_atomic(&path, &bytes)?;
            Ok(DerivedFile { name, path, bytes: bytes.len() as u64, sha256: sha256_hex(&bytes) })
        })
        .collect()
}

/// Names and bytes of the bundled files of a full set.
fn derived_files(id: DatasetId, train: &Images, test: &Images) -> Result<Vec<(&'static str, Vec<u8>)>, DataError> {
    let counts = bundled_counts(id);
    let small_train = train.select(&chosen(id, Split::Train, train, counts.0)?);
    let small_test = test.select(&chosen(id, Split::Test, test, counts.1)?);
    let images = |i: &Images| idx::encode_images(&i.pixels, i.len() as u32, MNIST_SIDE, MNIST_SIDE);
    let labels = |i: &Images| idx::encode_labels(&i.labels, i.len() as u32);
    let contents = match id {
        DatasetId::Mnist => {
            vec![images(&small_train), labels(&small_train), images(&small_test), labels(&small_test)]
        }
        DatasetId::Cifar10 => vec![cifar::encode_records(&small_train), cifar::encode_records(&small_test)],
    };
    let mut packed: Vec<Vec<u8>> =
        contents.iter().map(|c| pack(c, Path::new("bundled subset"))).collect::<Result<_, _>>()?;
    packed.push(mean_image(train).iter().flat_map(|m| m.to_le_bytes()).collect());
    // the table lists the mean image last, too
    Ok(bundled_files(id).iter().map(|f| f.name).zip(packed).collect())
}

/// Numbers of the `n` chosen images, classes in turn.
///
/// # Errors
/// `TooFewOfClass`.
fn chosen(id: DatasetId, split: Split, images: &Images, n: usize) -> Result<Vec<usize>, DataError> {
    let classes = id.classes();
    let wanted = n / classes;
    let mut picked = Vec::with_capacity(classes);
    for class in 0..classes as u8 {
        let mut rows: Vec<usize> = (0..images.len()).filter(|&i| images.labels[i] == class).collect();
        if rows.len() < wanted {
            return Err(DataError::TooFewOfClass { class, wanted, found: rows.len() });
        }
        let mut rng = ChaCha8Rng::from_seed(*SEED);
        let half = match split {
            Split::Train => 0,
            Split::Test => 1,
        };
        let set = match id {
            DatasetId::Mnist => 0,
            DatasetId::Cifar10 => 1,
        };
        rng.set_stream(set * 100 + half * 10 + u64::from(class));
        shuffle_front(&mut rows, wanted, &mut rng);
        rows.truncate(wanted);
        picked.push(rows);
    }
    Ok((0..wanted).flat_map(|k| picked.iter().map(move |rows| rows[k])).collect())
}

/// The first `n` steps of Fisher-Yates from the front: a uniform choice of `n` items in uniform order.
fn shuffle_front(items: &mut [usize], n: usize, rng: &mut impl Rng) {
    for i in 0..n.min(items.len()) {
        let j = i + below((items.len() - i) as u32, rng) as usize;
        items.swap(i, j);
    }
}

/// A uniform whole number in `0..n`, `n` > 0, from 32-bit draws (Lemire's method: multiply, reject the biased part).
///
/// 32-bit, because draws of `usize` differ between platforms.
fn below(n: u32, rng: &mut impl Rng) -> u32 {
    let biased = n.wrapping_neg() % n;
    loop {
        let product = u64::from(rng.next_u32()) * u64::from(n);
        if product as u32 >= biased {
            return (product >> 32) as u32;
        }
    }
}

/// Mean image in 0..1: exact sums of bytes, one division in f64, rounded once to f32.
pub fn mean_image(images: &Images) -> Vec<f32> {
    let mut sums = vec![0u64; images.inputs];
    for image in images.pixels.chunks_exact(images.inputs) {
        for (sum, &pixel) in sums.iter_mut().zip(image) {
            *sum += u64::from(pixel);
        }
    }
    let full = images.len() as f64 * 255.0;
    sums.into_iter().map(|sum| (sum as f64 / full) as f32).collect()
}

/// Compares the committed files of `id` in `bundled` with what the rule gives from `full_dir`; words on the first that
/// differs, none if all are the same bytes.
///
/// # Errors
/// Those of loading the full set, and of reading the committed files.
pub fn bundled_difference(id: DatasetId, full_dir: &Path, bundled: &Path) -> Result<Option<String>, DataError> {
    let (train, test, _) = load_official(id, full_dir)?;
    for (name, derived) in derived_files(id, &train, &test)? {
        let path = bundled.join(name);
        let limit = 4 * derived.len() as u64;
        let committed = read_bytes(&path, limit)?;
        if committed == derived {
            continue;
        }
        // a later version of the packing library may pack differently: that is no change of data
        let content = |bytes| unpack(bytes, &path, 32 << 20);
        return Ok(Some(match content(committed)? == content(derived)? {
            true => {
                format!("{name}: same content, packed into other bytes (another version of flate2 or miniz_oxide?)")
            }
            false => format!("{name}: other content than the rule gives"),
        }));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 12 images of each class, classes in falling order, one byte each.
    fn toy() -> Images {
        let labels: Vec<u8> = (0..120).map(|i| 9 - (i % 10) as u8).collect();
        Images { pixels: (0..120).collect(), labels, inputs: 1 }
    }

    #[test]
    fn classes_take_turns_and_no_image_is_chosen_twice() {
        let images = toy();
        let rows = chosen(DatasetId::Mnist, Split::Train, &images, 100).unwrap();
        assert!(rows.iter().enumerate().all(|(k, &row)| usize::from(images.labels[row]) == k % 10));
        let mut sorted = rows.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 100);
        assert_eq!(rows, chosen(DatasetId::Mnist, Split::Train, &images, 100).unwrap());
        assert_ne!(rows, chosen(DatasetId::Mnist, Split::Test, &images, 100).unwrap());
        assert_ne!(rows, chosen(DatasetId::Cifar10, Split::Train, &images, 100).unwrap());
        let shorter = chosen(DatasetId::Mnist, Split::Train, &images, 50).unwrap();
        assert_eq!(rows[..50], shorter, "a smaller subset is a prefix of a larger one");
    }

    #[test]
    fn too_few_images_of_a_class_are_an_error() {
        let error = chosen(DatasetId::Mnist, Split::Train, &toy(), 130).unwrap_err();
        assert!(matches!(error, DataError::TooFewOfClass { class: 0, wanted: 13, found: 12 }));
    }

    #[test]
    fn draws_below_n_are_in_range_and_near_uniform() {
        let mut rng = ChaCha8Rng::from_seed(*SEED);
        let mut counts = [0u32; 6];
        for _ in 0..60_000 {
            counts[below(6, &mut rng) as usize] += 1;
        }
        assert!(counts.iter().all(|&c| (9_600..10_400).contains(&c)), "{counts:?}");
        assert_eq!(below(1, &mut rng), 0);
    }

    #[test]
    fn the_mean_image_is_exact() {
        let images = Images { pixels: vec![0, 255, 255, 0, 0, 255], labels: vec![0, 1, 2], inputs: 2 };
        assert_eq!(mean_image(&images), [(1.0f64 / 3.0) as f32, (2.0f64 / 3.0) as f32]);
    }

    #[test]
    fn committed_files_are_what_the_rule_gives() {
        let (Ok(cache), Ok(bundled)) = (super::super::cache_dir(), super::super::bundled_dir()) else {
            println!("skipped: no cache folder or no data folder");
            return;
        };
        for id in DatasetId::ALL {
            match bundled_difference(id, &cache, &bundled) {
                Ok(difference) => assert_eq!(difference, None),
                Err(DataError::Missing { .. }) => {
                    println!("skipped {id}: the full files are not in the cache folder (`report data fetch`)")
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}
