//! Files that are either there as a whole or not at all, and reading them with a bound.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

/// Writes `path` through a temporary file in the same folder: filled, synced, renamed. A reader (or a crash)
/// sees the old file or the new one, never half of one.
pub fn write_atomically(path: &Path, fill: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = temporary_prefix();
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(TEMPORARY_SUFFIX);
    // temporary files are private by default; results have the rights that the user's umask gives every new file
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let file = builder.tempfile_in(folder)?;
    let mut writer = BufWriter::new(file.as_file());
    fill(&mut writer)?;
    writer.flush()?;
    drop(writer);
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    // the rename itself must survive a power cut too; not every file system lets a folder be synced
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// The bytes of `path`, at most `limit`: a wrong file (or a device) must not fill the memory.
///
/// # Errors
/// Those of reading; `FileTooLarge` with the limit.
pub fn read_bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = vec![];
    let file = File::open(path)?;
    // not all that can be read has a length, and a file may grow: the bytes are counted as well
    if file.metadata()?.len() <= limit {
        file.take(limit + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 <= limit {
            return Ok(bytes);
        }
    }
    let words = format!("holds more than the {limit} bytes that such a file may have");
    Err(io::Error::new(io::ErrorKind::FileTooLarge, words))
}

/// [`read_bounded`] for text in UTF-8.
///
/// # Errors
/// Those of [`read_bounded`]; `InvalidData` with the offset of the first byte that is not UTF-8.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    String::from_utf8(read_bounded(path, limit)?).map_err(|e| {
        let words = format!("byte {} is not UTF-8 text", e.utf8_error().valid_up_to());
        io::Error::new(io::ErrorKind::InvalidData, words)
    })
}

/// Most bytes of a text file of this program (plan, provenance, study, rates).
pub const MOST_TEXT: u64 = 64 << 20;

const TEMPORARY_SUFFIX: &str = ".tmp";

/// `.HOST-PID-`: tells whether the process that left a temporary file behind is still there.
fn temporary_prefix() -> String {
    format!(".{}-{}-", host(), std::process::id())
}

fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// Removes temporary files of processes that are gone: on this host by their number, of others after an hour
/// (several machines may share the folder). Gives how many.
pub fn remove_stale(folder: &Path) -> io::Result<usize> {
    let mut removed = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|n| n.starts_with('.') && n.ends_with(TEMPORARY_SUFFIX)) else {
            continue;
        };
        let mut parts = name[1..].splitn(3, '-');
        let (Some(on), Some(pid)) = (parts.next(), parts.next().and_then(|p| p.parse::<u32>().ok())) else { continue };
        let dead = on == host() && Path::new("/proc/self").exists() && !Path::new(&format!("/proc/{pid}")).exists();
        let old =
            entry.metadata().and_then(|m| m.modified()).is_ok_and(|t| t.elapsed().is_ok_and(|a| a.as_secs() > 3600));
        if (dead || old) && std::fs::remove_file(entry.path()).is_ok() {
            removed += 1;
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        write_atomically(&path, |w| w.write_all(b"old")).unwrap();
        let full = write_atomically(&path, |w| {
            w.write_all(b"ne")?;
            Err(io::Error::new(io::ErrorKind::StorageFull, "full"))
        });
        assert_eq!(full.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn new_files_follow_the_umask() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let mode = |name: &str| dir.path().join(name).metadata().unwrap().permissions().mode();
        write_atomically(&dir.path().join("a"), |w| w.write_all(b"x")).unwrap();
        std::fs::write(dir.path().join("plain"), "x").unwrap();
        assert_eq!(mode("a"), mode("plain"));
    }

    #[cfg(unix)]
    #[test]
    fn reading_is_bounded_and_says_by_what() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        std::fs::write(&path, b"abc\xff").unwrap();
        assert_eq!(read_bounded(&path, 4).unwrap(), b"abc\xff");
        assert!(read_bounded(&path, 3).unwrap_err().to_string().contains("more than the 3 bytes"));
        assert!(read_text(&path, 4).unwrap_err().to_string().contains("byte 3 is not UTF-8"));
        // a device that never ends
        assert_eq!(read_bounded(Path::new("/dev/zero"), 100).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn only_what_dead_processes_left_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let dead = dir.path().join(format!(".{}-{}-x.tmp", host(), u32::MAX));
        let own = dir.path().join(format!("{}x.tmp", temporary_prefix()));
        let elsewhere = dir.path().join(".other_host-1-x.tmp");
        let result = dir.path().join("k.trial");
        for p in [&dead, &own, &elsewhere, &result] {
            std::fs::write(p, "x").unwrap();
        }
        assert_eq!(remove_stale(dir.path()).unwrap(), 1);
        assert!(!dead.exists() && own.exists() && elsewhere.exists() && result.exists());
    }
}
