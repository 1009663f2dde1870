//! Bytes of files: bounded reading, unpacking, checksums, and atomic writing.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

use super::DataError;

/// Front of the name of a file that is being written.
pub(crate) const INCOMPLETE: &str = ".incomplete-";
/// First bytes of every gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// A packed file may exceed its content by a little (headers, stored blocks).
const GZIP_OVERHEAD: u64 = 64 * 1024;

/// All bytes of `path` as they lie on disk; at most `limit` bytes.
///
/// # Errors
/// `NoSuchFile`, `Read`, `TooLarge`.
pub(crate) fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, DataError> {
    let file = File::open(path).map_err(|e| DataError::read(path, e))?;
    // a folder opens on some systems and fails only when read: the read error names it
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|e| DataError::read(path, e))?;
    if bytes.len() as u64 > limit {
        return Err(DataError::TooLarge { path: path.into(), limit });
    }
    Ok(bytes)
}

/// The content of `bytes`: unpacked if they are gzip, unchanged otherwise; at most `limit` bytes.
///
/// `path` only names the file in errors.
///
/// # Errors
/// `CorruptGzip` (damaged, truncated, or followed by other bytes), `TooLarge`.
pub(crate) fn unpack(bytes: Vec<u8>, path: &Path, limit: u64) -> Result<Vec<u8>, DataError> {
    let too_large = || DataError::TooLarge { path: path.into(), limit };
    if !bytes.starts_with(&GZIP_MAGIC) {
        return if bytes.len() as u64 > limit { Err(too_large()) } else { Ok(bytes) };
    }
    let mut content = Vec::new();
    // the limit stops a small file that unpacks to gigabytes
    MultiGzDecoder::new(bytes.as_slice())
        .take(limit.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(|reason| DataError::CorruptGzip { path: path.into(), reason })?;
    if content.len() as u64 > limit { Err(too_large()) } else { Ok(content) }
}

/// Content of a file, packed or not; at most `limit` bytes of content.
///
/// # Errors
/// As [`read_bytes`] and [`unpack`].
pub(crate) fn read_content(path: &Path, limit: u64) -> Result<Vec<u8>, DataError> {
    unpack(read_bytes(path, limit.saturating_add(GZIP_OVERHEAD))?, path, limit)
}

/// SHA-256 of `bytes` as 64 hexadecimal digits.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// `bytes` packed at the best level, with no name and no time stamp in the header: the same bytes on every machine.
pub(crate) fn pack(bytes: &[u8], path: &Path) -> Result<Vec<u8>, DataError> {
    let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).map_err(|e| DataError::write(path, e))
}

/// Writes `bytes` to `path` all or nothing: to a temporary file beside it, flushed to the disk, then renamed.
///
/// # Errors
/// `Write`; the temporary file is removed.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), DataError> {
    let failed = |e| DataError::write(path, e);
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(INCOMPLETE);
    // temporary files are private by default; data have the rights that the user's umask gives every new file
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, DataError> {
        unpack(bytes, Path::new("some.gz"), limit)
    }

    #[test]
    fn packed_bytes_carry_no_time_stamp_and_come_back() {
        let packed = pack(b"hello", Path::new("x")).unwrap();
        assert_eq!(packed[3..8], [0, 0, 0, 0, 0], "no flags (so no name), time stamp zero");
        assert_eq!(packed[9], 255, "operating system unknown");
        assert_eq!(unpacked(packed, 5).unwrap(), b"hello");
    }

    #[test]
    fn plain_bytes_pass_through() {
        assert_eq!(unpacked(vec![1, 2, 3], 3).unwrap(), [1, 2, 3]);
        assert!(matches!(unpacked(vec![1, 2, 3], 2), Err(DataError::TooLarge { limit: 2, .. })));
    }

    #[test]
    fn a_small_file_that_unpacks_to_much_is_stopped() {
        let bomb = pack(&vec![0; 10_000_000], Path::new("x")).unwrap();
        assert!(bomb.len() < 20_000);
        assert!(matches!(unpacked(bomb, 1000), Err(DataError::TooLarge { limit: 1000, .. })));
    }

    #[test]
    fn truncated_damaged_or_extended_gzip_is_refused() {
        let good = pack(&(0..=255).collect::<Vec<u8>>(), Path::new("x")).unwrap();
        for cut in [2, 9, good.len() / 2, good.len() - 1] {
            assert!(matches!(unpacked(good[..cut].to_vec(), 256), Err(DataError::CorruptGzip { .. })), "cut at {cut}");
        }
        let mut damaged = good.clone();
        let last = damaged.len() - 5;
        damaged[last] ^= 1; // the checksum in the trailer
        assert!(matches!(unpacked(damaged, 256), Err(DataError::CorruptGzip { .. })));
        let mut extended = good;
        extended.extend_from_slice(b"more");
        assert!(matches!(unpacked(extended, 256), Err(DataError::CorruptGzip { .. })));
    }

    #[test]
    fn reading_is_bounded_and_names_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        assert!(matches!(read_bytes(&path, 10), Err(DataError::NoSuchFile { .. })));
        write_atomic(&path, &[7; 11]).unwrap();
        assert!(matches!(read_bytes(&path, 10), Err(DataError::TooLarge { limit: 10, .. })));
        assert_eq!(read_bytes(&path, 11).unwrap(), [7; 11]);
        assert!(read_content(dir.path(), 10).unwrap_err().to_string().contains(&*dir.path().to_string_lossy()));
    }

    #[test]
    fn a_failed_write_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("taken");
        fs::create_dir_all(target.join("inside")).unwrap(); // a non-empty folder cannot be replaced by a file
        assert!(matches!(write_atomic(&target, b"x"), Err(DataError::Write { .. })));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
