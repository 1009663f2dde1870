//! Reader and writer of CIFAR-10's binary records: one label byte, then 1024 red, 1024 green, 1024 blue bytes.

use std::path::Path;

use super::idx::check_labels;
use super::raw::read_content;
use super::{DataError, Images};

/// Bytes of one image (three planes of 32x32).
const PIXELS: usize = 3072;
/// Bytes of one record: label and image.
pub(crate) const RECORD: usize = PIXELS + 1;

/// Reads `count` records from `path` (gz or raw).
///
/// # Errors
/// Missing, unreadable, corrupt or too large file; fewer or more records; a cut record; a label above 9.
pub fn read_records(path: &Path, count: usize) -> Result<Images, DataError> {
    // twice the expected size: the error of a file that is somewhat too long can say by how much
    let limit = 2 * (count * RECORD) as u64 + 1024;
    parse_records(&read_content(path, limit)?, path, count)
}

/// The `count` records in `bytes` (already unpacked); `path` names them in errors.
///
/// # Errors
/// `Truncated`, `UnexpectedCount`, `TrailingBytes`, `BadLabel`.
pub fn parse_records(bytes: &[u8], path: &Path, count: usize) -> Result<Images, DataError> {
    let (needed, found) = (count as u64 * RECORD as u64, bytes.len() as u64);
    if found != needed {
        let path = path.to_path_buf();
        return Err(if found.is_multiple_of(RECORD as u64) {
            DataError::UnexpectedCount { path, expected: count as u64, found: found / RECORD as u64 }
        } else if found < needed {
            DataError::Truncated { path, needed, found }
        } else {
            DataError::TrailingBytes { path, extra: found - needed }
        });
    }
    let (records, _) = bytes.as_chunks::<RECORD>();
    check_labels(records.iter().map(|r| r[0]), path)?;
    let mut pixels = Vec::with_capacity(count * PIXELS);
    for record in records {
        pixels.extend_from_slice(&record[1..]);
    }
    Ok(Images { pixels, labels: records.iter().map(|r| r[0]).collect(), inputs: PIXELS })
}

/// Records (not packed) of `images`, which must be CIFAR-10's.
pub(crate) fn encode_records(images: &Images) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(images.len() * RECORD);
    for (image, &label) in images.pixels.chunks_exact(PIXELS).zip(&images.labels) {
        bytes.push(label);
        bytes.extend_from_slice(image);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(bytes: &[u8], count: usize) -> Result<Images, DataError> {
        parse_records(bytes, Path::new("data_batch_9.bin"), count)
    }

    fn two() -> Vec<u8> {
        let mut bytes = vec![3];
        bytes.extend((0..PIXELS).map(|i| i as u8));
        bytes.push(9);
        bytes.extend((0..PIXELS).map(|i| (i / 1024) as u8));
        bytes
    }

    #[test]
    fn records_keep_labels_and_planes() {
        let images = parsed(&two(), 2).unwrap();
        assert_eq!(images.labels, [3, 9]);
        assert_eq!((images.image(1)[0], images.image(1)[1024], images.image(1)[3071]), (0, 1, 2));
        assert_eq!(encode_records(&images), two());
    }

    #[test]
    fn a_packed_file_reads_as_the_raw_one_does() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b.bin.gz");
        std::fs::write(&path, crate::data::raw::pack(&two(), &path).unwrap()).unwrap();
        assert!(read_records(&path, 2).unwrap() == parsed(&two(), 2).unwrap());
        assert!(matches!(read_records(&dir.path().join("none"), 2), Err(DataError::NoSuchFile { .. })));
    }

    #[test]
    fn wrong_sizes_are_told_apart() {
        let bytes = two();
        assert!(matches!(parsed(&bytes, 3), Err(DataError::UnexpectedCount { expected: 3, found: 2, .. })));
        assert!(matches!(parsed(&bytes, 1), Err(DataError::UnexpectedCount { expected: 1, found: 2, .. })));
        assert!(matches!(parsed(&bytes[..6000], 2), Err(DataError::Truncated { needed: 6146, found: 6000, .. })));
        let mut longer = bytes;
        longer.push(0);
        assert!(matches!(parsed(&longer, 2), Err(DataError::TrailingBytes { extra: 1, .. })));
    }

    #[test]
    fn a_label_above_nine_is_refused() {
        let mut bytes = two();
        bytes[RECORD] = 10;
        assert!(matches!(parsed(&bytes, 2), Err(DataError::BadLabel { index: 1, value: 10, .. })));
    }

    proptest! {
        #[test]
        fn any_bytes_and_any_count_never_panic(
            at in 0usize..6146, value: u8, cut in 0usize..=6146, count in 0usize..4,
        ) {
            let mut bytes = two();
            bytes[at] = value;
            bytes.truncate(cut);
            if let Ok(images) = parsed(&bytes, count) {
                prop_assert_eq!(images.pixels.len(), count * PIXELS);
            }
        }
    }
}
