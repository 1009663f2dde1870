//! Reader and writer of idx files, the format of MNIST.
//!
//! Big-endian header: magic (`0x803` images, `0x801` labels), count, and for images rows and columns; then one byte a
//! pixel or label. Nothing is allocated from what a header claims: it is compared with the bytes that are there.

use std::path::Path;

use super::DataError;
use super::raw::read_content;

const IMAGES_MAGIC: u32 = 0x803;
const LABELS_MAGIC: u32 = 0x801;
const IMAGES_HEADER: usize = 16;
const LABELS_HEADER: usize = 8;

/// Images of an idx file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxImages {
    pub count: usize,
    pub rows: u32,
    pub cols: u32,
    /// `count * rows * cols` bytes, row-major.
    pub pixels: Vec<u8>,
}

/// Reads `count` images of `rows` x `cols` from `path` (gz or raw).
///
/// # Errors
/// Missing, unreadable, corrupt or too large file; wrong magic, dimension or count; truncated or trailing bytes.
pub fn read_images(path: &Path, count: usize, rows: u32, cols: u32) -> Result<IdxImages, DataError> {
    let size = count as u64 * u64::from(rows) * u64::from(cols) + IMAGES_HEADER as u64;
    let images = parse_images(&read_content(path, limit(size))?, path)?;
    expect_images(images, path, count, rows, cols)
}

/// Reads `count` labels from `path` (gz or raw), each 0..=9.
///
/// # Errors
/// As [`read_images`], and a label above 9.
pub fn read_labels(path: &Path, count: usize) -> Result<Vec<u8>, DataError> {
    let labels = parse_labels(&read_content(path, limit(count as u64 + LABELS_HEADER as u64))?, path)?;
    expect_count(path, count, labels.len())?;
    Ok(labels)
}

/// Twice the expected size: room for a file that is only somewhat too long, whose error can then say by how much.
fn limit(expected: u64) -> u64 {
    2 * expected + 1024
}

/// Checks parsed images against what the dataset has.
pub(crate) fn expect_images(
    images: IdxImages,
    path: &Path,
    count: usize,
    rows: u32,
    cols: u32,
) -> Result<IdxImages, DataError> {
    if (images.rows, images.cols) != (rows, cols) {
        let found = (images.rows, images.cols);
        return Err(DataError::WrongDimension { path: path.into(), expected: (rows, cols), found });
    }
    expect_count(path, count, images.count)?;
    Ok(images)
}

pub(crate) fn expect_count(path: &Path, expected: usize, found: usize) -> Result<(), DataError> {
    match expected == found {
        true => Ok(()),
        false => Err(DataError::UnexpectedCount { path: path.into(), expected: expected as u64, found: found as u64 }),
    }
}

/// Images in `bytes` (already unpacked); `path` names them in errors.
///
/// # Errors
/// `Truncated`, `WrongMagic`, `WrongDimension` (an empty image), `WrongCount`, `TrailingBytes`.
pub fn parse_images(bytes: &[u8], path: &Path) -> Result<IdxImages, DataError> {
    let [count, rows, cols] = header::<3>(bytes, path, IMAGES_MAGIC, "images")?;
    let size = u64::from(rows) * u64::from(cols);
    if size == 0 {
        return Err(DataError::WrongDimension { path: path.into(), expected: (28, 28), found: (rows, cols) });
    }
    let pixels = body(bytes, path, IMAGES_HEADER, count, size)?;
    Ok(IdxImages { count: count as usize, rows, cols, pixels: pixels.to_vec() })
}

/// Labels in `bytes` (already unpacked), each 0..=9; `path` names them in errors.
///
/// # Errors
/// `Truncated`, `WrongMagic`, `WrongCount`, `BadLabel`.
pub fn parse_labels(bytes: &[u8], path: &Path) -> Result<Vec<u8>, DataError> {
    let [count] = header::<1>(bytes, path, LABELS_MAGIC, "labels")?;
    let labels = body(bytes, path, LABELS_HEADER, count, 1)?;
    check_labels(labels.iter().copied(), path)?;
    Ok(labels.to_vec())
}

/// Every label must be a class number.
pub(crate) fn check_labels(labels: impl Iterator<Item = u8>, path: &Path) -> Result<(), DataError> {
    match labels.enumerate().find(|&(_, label)| label > 9) {
        Some((index, value)) => Err(DataError::BadLabel { path: path.into(), index, value }),
        None => Ok(()),
    }
}

/// The `N` numbers after the magic number.
fn header<const N: usize>(bytes: &[u8], path: &Path, expected: u32, what: &'static str) -> Result<[u32; N], DataError> {
    let truncated =
        || DataError::Truncated { path: path.into(), needed: 4 * (N as u64 + 1), found: bytes.len() as u64 };
    let (words, _) = bytes.as_chunks::<4>();
    let found = u32::from_be_bytes(*words.first().ok_or_else(truncated)?);
    if found != expected {
        return Err(DataError::WrongMagic { path: path.into(), what, expected, found });
    }
    let numbers: &[[u8; 4]; N] = words.get(1..=N).and_then(|w| w.try_into().ok()).ok_or_else(truncated)?;
    Ok(numbers.map(u32::from_be_bytes))
}

/// The bytes after the header: `count` items of `size` bytes, neither more nor less.
fn body<'a>(bytes: &'a [u8], path: &Path, header: usize, count: u32, size: u64) -> Result<&'a [u8], DataError> {
    let body = bytes.get(header..).unwrap_or_default();
    let found = body.len() as u64;
    // rows * cols fits u64, times the count it may not
    let needed = u128::from(count) * u128::from(size);
    if u128::from(found) == needed {
        return Ok(body);
    }
    if found.is_multiple_of(size) {
        return Err(DataError::WrongCount { path: path.into(), header: count.into(), body: found / size });
    }
    if u128::from(found) < needed {
        let needed = u64::try_from(needed).unwrap_or(u64::MAX).saturating_add(header as u64);
        return Err(DataError::Truncated { path: path.into(), needed, found: bytes.len() as u64 });
    }
    Err(DataError::TrailingBytes { path: path.into(), extra: (u128::from(found) - needed) as u64 })
}

/// An idx file of images (not packed).
pub(crate) fn encode_images(pixels: &[u8], count: u32, rows: u32, cols: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(IMAGES_HEADER + pixels.len());
    for word in [IMAGES_MAGIC, count, rows, cols] {
        bytes.extend_from_slice(&word.to_be_bytes());
    }
    bytes.extend_from_slice(pixels);
    bytes
}

/// An idx file of labels (not packed).
pub(crate) fn encode_labels(labels: &[u8], count: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(LABELS_HEADER + labels.len());
    for word in [LABELS_MAGIC, count] {
        bytes.extend_from_slice(&word.to_be_bytes());
    }
    bytes.extend_from_slice(labels);
    bytes
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::super::raw::pack;
    use super::*;

    const PATH: &str = "some-idx3-ubyte";

    fn images(bytes: &[u8]) -> Result<IdxImages, DataError> {
        parse_images(bytes, Path::new(PATH))
    }

    fn labels(bytes: &[u8]) -> Result<Vec<u8>, DataError> {
        parse_labels(bytes, Path::new(PATH))
    }

    /// Three images of 2x2.
    fn small() -> Vec<u8> {
        encode_images(&(0..12).collect::<Vec<_>>(), 3, 2, 2)
    }

    #[test]
    fn what_is_written_is_read_again_raw_and_packed() {
        let dir = tempfile::tempdir().unwrap();
        let (raw, gz, lab) = (dir.path().join("raw"), dir.path().join("gz"), dir.path().join("labels"));
        fs::write(&raw, small()).unwrap();
        fs::write(&gz, pack(&small(), &gz).unwrap()).unwrap();
        fs::write(&lab, encode_labels(&[0, 9, 5], 3)).unwrap();
        let read = read_images(&raw, 3, 2, 2).unwrap();
        assert_eq!(read.pixels, (0..12).collect::<Vec<u8>>());
        assert_eq!(read_images(&gz, 3, 2, 2).unwrap(), read);
        assert_eq!(read_labels(&lab, 3).unwrap(), [0, 9, 5]);
        assert!(matches!(read_images(&raw, 4, 2, 2), Err(DataError::UnexpectedCount { expected: 4, found: 3, .. })));
        assert!(matches!(
            read_images(&raw, 3, 2, 3),
            Err(DataError::WrongDimension { expected: (2, 3), found: (2, 2), .. })
        ));
        assert!(matches!(read_labels(&lab, 2), Err(DataError::UnexpectedCount { .. })));
        assert!(matches!(read_labels(&dir.path().join("none"), 2), Err(DataError::NoSuchFile { .. })));
        assert!(matches!(read_images(&raw, 0, 28, 28), Err(DataError::WrongDimension { .. })));
    }

    #[test]
    fn a_swapped_file_is_told_by_its_magic_number() {
        let error = labels(&small()).unwrap_err();
        assert!(matches!(error, DataError::WrongMagic { expected: 0x801, found: 0x803, .. }));
        assert!(error.to_string().contains("0x00000803") && error.to_string().contains(PATH));
        assert!(matches!(images(&encode_labels(&[1], 1)), Err(DataError::WrongMagic { expected: 0x803, .. })));
    }

    #[test]
    fn a_header_that_does_not_match_its_body_is_noticed() {
        // as in the wild: 50,000 images under a header that says 60,000
        let fewer = encode_images(&[0; 8], 3, 2, 2);
        assert!(matches!(images(&fewer), Err(DataError::WrongCount { header: 3, body: 2, .. })));
        let more = encode_images(&[0; 16], 3, 2, 2);
        assert!(matches!(images(&more), Err(DataError::WrongCount { header: 3, body: 4, .. })));
        assert!(matches!(labels(&encode_labels(&[1, 2], 3)), Err(DataError::WrongCount { header: 3, body: 2, .. })));
    }

    #[test]
    fn truncated_and_trailing_bytes_are_counted() {
        let bytes = small();
        assert!(matches!(images(&bytes[..27]), Err(DataError::Truncated { needed: 28, found: 27, .. })));
        for header in 0..16 {
            assert!(matches!(images(&bytes[..header]), Err(DataError::Truncated { needed: 16, .. })), "{header}");
        }
        let mut longer = bytes;
        longer.extend_from_slice(&[1, 2, 3]);
        assert!(matches!(images(&longer), Err(DataError::TrailingBytes { extra: 3, .. })));
    }

    #[test]
    fn labels_above_nine_are_refused() {
        let error = labels(&encode_labels(&[0, 9, 10], 3)).unwrap_err();
        assert!(matches!(error, DataError::BadLabel { index: 2, value: 10, .. }));
    }

    #[test]
    fn hostile_headers_allocate_nothing() {
        let mut bytes = encode_images(&[0; 3], u32::MAX, u32::MAX, u32::MAX);
        assert!(matches!(images(&bytes), Err(DataError::Truncated { .. })));
        bytes[8..12].copy_from_slice(&[0; 4]);
        assert!(matches!(images(&bytes), Err(DataError::WrongDimension { .. })));
        assert!(matches!(labels(&encode_labels(&[], u32::MAX)), Err(DataError::WrongCount { body: 0, .. })));
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = images(&bytes);
            let _ = labels(&bytes);
        }

        #[test]
        fn mutated_files_never_panic_and_never_lie(
            at in 0usize..28, value: u8, cut in 0usize..=28, packed: bool,
        ) {
            let mut bytes = small();
            bytes[at] = value;
            bytes.truncate(cut);
            if packed {
                // damage to the packed form too
                let mut gz = pack(&small(), Path::new(PATH)).unwrap();
                let at = at % gz.len();
                gz[at] = value;
                gz.truncate(gz.len().min(cut + 10));
                match super::super::raw::unpack(gz, Path::new(PATH), 1000) {
                    Ok(content) => bytes = content,
                    Err(_) => return Ok(()),
                }
            }
            if let Ok(read) = images(&bytes) {
                prop_assert_eq!(read.pixels.len(), read.count * read.rows as usize * read.cols as usize);
            }
        }
    }
}
