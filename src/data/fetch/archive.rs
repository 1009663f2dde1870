//! What is taken out of archives: named entries only, into memory only, sizes bounded.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::data::DataError;

/// Side of a CIFAR-10 image times itself: pixels of one plane.
const PLANE: usize = 1024;

/// An entry wanted from an archive.
pub(super) struct Wanted {
    /// Its whole path inside the archive.
    pub name: &'static str,
    /// Most bytes it may have.
    pub limit: u64,
}

/// The wanted entries of a `.tar.gz`, by name; every other entry is skipped unseen.
///
/// Nothing is written to the disk, so no entry can escape its folder, whatever its name. Links and folders that bear
/// a wanted name are refused. The whole archive may unpack to `limit` bytes at most.
///
/// # Errors
/// `Archive`: not readable, an entry is missing, too large, twice there, or not a plain file.
pub(super) fn extract(
    archive: impl Read,
    path: &Path,
    wanted: &[Wanted],
    limit: u64,
) -> Result<BTreeMap<&'static str, Vec<u8>>, DataError> {
    let refuse = |reason: String| DataError::Archive { path: path.into(), reason };
    let mut found = BTreeMap::new();
    let mut tar = tar::Archive::new(MultiGzDecoder::new(archive).take(limit));
    let entries = tar.entries().map_err(|e| refuse(format!("not a tar archive ({e})")))?;
    for entry in entries {
        if found.len() == wanted.len() {
            break; // what follows is not needed
        }
        let mut entry = entry.map_err(|e| refuse(format!("damaged, or unpacks to more than {limit} bytes ({e})")))?;
        let Some(want) = wanted.iter().find(|w| entry.path_bytes().as_ref() == w.name.as_bytes()) else {
            continue;
        };
        let name = want.name;
        if !entry.header().entry_type().is_file() {
            return Err(refuse(format!("entry {name} is not a plain file")));
        }
        if entry.size() > want.limit {
            return Err(refuse(format!(
                "entry {name} has {} bytes, at most {} are expected",
                entry.size(),
                want.limit
            )));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|e| refuse(format!("entry {name} does not unpack ({e})")))?;
        if bytes.len() as u64 != entry.size() {
            return Err(refuse(format!("entry {name} ends after {} of {} bytes", bytes.len(), entry.size())));
        }
        if found.insert(name, bytes).is_some() {
            return Err(refuse(format!("entry {name} is there twice")));
        }
    }
    match wanted.iter().find(|w| !found.contains_key(w.name)) {
        Some(missing) => Err(refuse(format!("entry {} is missing", missing.name))),
        None => Ok(found),
    }
}

/// CIFAR-10 records from a picture that holds one image a row: 8-bit RGB, 1024 pixels wide, `labels.len()` rows.
///
/// # Errors
/// `Png`: not a PNG, or of another size or kind.
pub(super) fn records_from_png(png: &[u8], labels: &[u8], path: &Path) -> Result<Vec<u8>, DataError> {
    let refuse = |reason: String| DataError::Png { path: path.into(), reason };
    let unreadable = |e: png::DecodingError| refuse(format!("not a readable PNG ({e})"));
    let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().map_err(unreadable)?;
    let info = reader.info();
    let found = (info.width, info.height, info.color_type, info.bit_depth);
    let expected = (PLANE as u32, labels.len() as u32, png::ColorType::Rgb, png::BitDepth::Eight);
    if found != expected || info.interlaced {
        return Err(refuse(format!(
            "a picture of {}x{}, {:?}, {:?}-bit, where {}x{}, Rgb, Eight-bit, not interlaced, is expected",
            found.0, found.1, found.2, found.3, expected.0, expected.1
        )));
    }
    let mut records = Vec::with_capacity(labels.len() * (3 * PLANE + 1));
    for &label in labels {
        let row = reader.next_row().map_err(unreadable)?.ok_or_else(|| refuse("ends before its last row".into()))?;
        let (pixels, rest) = row.data().as_chunks::<3>();
        if pixels.len() != PLANE || !rest.is_empty() {
            return Err(refuse(format!("a row of {} bytes, {} are expected", row.data().len(), 3 * PLANE)));
        }
        records.push(label);
        for channel in 0..3 {
            records.extend(pixels.iter().map(|p| p[channel]));
        }
    }
    Ok(records)
}

/// Labels from a JSON list of `count` whole numbers 0..=9.
///
/// # Errors
/// `Archive`.
pub(super) fn labels_from_json(json: &[u8], count: usize, path: &Path) -> Result<Vec<u8>, DataError> {
    let refuse = |reason: String| DataError::Archive { path: path.into(), reason };
    let labels: Vec<u8> =
        serde_json::from_slice(json).map_err(|e| refuse(format!("labels are not a list of small numbers ({e})")))?;
    if labels.len() != count {
        return Err(refuse(format!("{} labels, {count} are expected", labels.len())));
    }
    crate::data::idx::check_labels(labels.iter().copied(), path)?;
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::raw::pack;

    const ARCHIVE: &str = "some.tgz";

    fn tgz(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, kind, bytes) in entries {
            let mut header = tar::Header::new_ustar();
            // written by hand: the safe setter refuses names that climb out, and the test wants them
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append(&header, *bytes).unwrap();
        }
        pack(&builder.into_inner().unwrap(), Path::new(ARCHIVE)).unwrap()
    }

    fn taken(archive: &[u8], limit: u64) -> Result<BTreeMap<&'static str, Vec<u8>>, DataError> {
        let wanted = [Wanted { name: "package/a", limit: 4 }, Wanted { name: "package/b", limit: 4 }];
        extract(archive, Path::new(ARCHIVE), &wanted, limit)
    }

    use tar::EntryType::{Directory, Regular, Symlink};

    #[test]
    fn only_the_named_entries_are_read() {
        let archive = tgz(&[
            ("package", Directory, b""),
            ("../../escape", Regular, b"evil"),
            ("/package/a", Regular, b"evil"),
            ("package/b", Regular, b"two"),
            ("package/a", Regular, b"one"),
        ]);
        let found = taken(&archive, 1 << 20).unwrap();
        assert_eq!((&found["package/a"][..], &found["package/b"][..], found.len()), (&b"one"[..], &b"two"[..], 2));
    }

    #[test]
    fn odd_archives_are_refused_with_the_entry_named() {
        let cases: [(&str, Vec<u8>); 5] = [
            ("package/b is missing", tgz(&[("package/a", Regular, b"one")])),
            ("package/a is not a plain file", tgz(&[("package/a", Symlink, b"")])),
            ("package/a has 5 bytes, at most 4", tgz(&[("package/a", Regular, b"12345")])),
            ("package/a is there twice", tgz(&[("package/a", Regular, b"1"), ("package/a", Regular, b"2")])),
            ("damaged", pack(&[1; 2000], Path::new(ARCHIVE)).unwrap()),
        ];
        for (words, archive) in cases {
            let message = taken(&archive, 1 << 20).unwrap_err().to_string();
            assert!(message.contains(words) && message.contains(ARCHIVE), "{message}");
        }
    }

    #[test]
    fn truncated_and_oversized_archives_are_refused() {
        let archive =
            tgz(&[("filler", Regular, &[7; 5000]), ("package/a", Regular, b"1"), ("package/b", Regular, b"2")]);
        assert!(taken(&archive, 1 << 20).is_ok());
        assert!(matches!(taken(&archive, 2000), Err(DataError::Archive { .. })), "limit");
        for cut in 0..archive.len() - 30 {
            let _ = taken(&archive[..cut], 1 << 20); // must not panic
        }
        assert!(taken(&archive[..60], 1 << 20).is_err());
    }

    fn png(width: u32, height: u32, color: png::ColorType, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, width, height);
        encoder.set_color(color);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        out
    }

    #[test]
    fn pixels_become_planes_behind_their_label() {
        let rows: Vec<u8> = (0..2 * 3072u32).map(|i| if i % 3 == 1 { 255 } else { (i / 24) as u8 }).collect();
        let records = records_from_png(&png(1024, 2, png::ColorType::Rgb, &rows), &[4, 9], Path::new("x.png")).unwrap();
        assert_eq!(records.len(), 2 * 3073);
        assert_eq!((records[0], records[3073]), (4, 9));
        assert_eq!(records[1..4], [rows[0], rows[3], rows[6]], "red plane first");
        assert!(records[1025..2049].iter().all(|&g| g == 255));
        assert_eq!(records[3073 + 2049], rows[3072 + 2], "blue plane of the second image");
    }

    #[test]
    fn other_pictures_are_refused() {
        let path = Path::new("x.png");
        let good = png(1024, 1, png::ColorType::Rgb, &[0; 3072]);
        assert!(records_from_png(&good, &[1], path).is_ok());
        assert!(records_from_png(&good, &[1, 2], path).unwrap_err().to_string().contains("1024x1"));
        assert!(records_from_png(&png(1024, 1, png::ColorType::Grayscale, &[0; 1024]), &[1], path).is_err());
        assert!(records_from_png(b"not a png", &[1], path).is_err());
        for cut in 0..good.len() {
            let _ = records_from_png(&good[..cut], &[1], path); // must not panic
        }
    }

    #[test]
    fn labels_come_from_a_plain_list() {
        let path = Path::new("l.json");
        assert_eq!(labels_from_json(b"[1, 9,0]", 3, path).unwrap(), [1, 9, 0]);
        for bad in [&b"[1,2]"[..], b"[1,2,10]", b"[1,2,300]", b"[1,2,-1]", b"[1,2,1.5]", b"{}", b"", b"[1,2,"] {
            assert!(labels_from_json(bad, 3, path).is_err(), "{}", String::from_utf8_lossy(bad));
        }
    }
}
