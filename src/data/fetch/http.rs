//! HTTPS downloads into a `.part` file: time-outs, a size limit, and resuming where the last attempt stopped.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use super::{FetchEvent, Progress};
use crate::data::DataError;

/// How long a download may take.
#[derive(Clone, Copy)]
pub(super) struct Timeouts {
    connect: Duration,
    /// Longest silence of a server, before or in the middle of an answer.
    silence: Duration,
    /// Longest download, so that a trickle of bytes ends some day; the next call resumes it.
    whole: Duration,
}

pub(super) const TIMEOUTS: Timeouts =
    Timeouts { connect: Duration::from_secs(10), silence: Duration::from_secs(30), whole: Duration::from_secs(3600) };
const CHUNK: usize = 64 * 1024;

/// One file to download.
pub(super) struct Download<'a> {
    pub url: &'a str,
    /// Where the bytes are collected; kept when the download breaks off.
    pub part: &'a Path,
    /// Most bytes the file may have.
    pub limit: u64,
    pub timeouts: Timeouts,
}

impl Download<'_> {
    /// Downloads, hands over to `accept`, and deletes the part file unless it can be resumed; a resumed file that is refused is
    /// fetched once more from its start, since its front may have come from elsewhere.
    ///
    /// # Errors
    /// `Download`, `Write`, and what `accept` gives.
    pub fn run_checked(
        &self,
        progress: &mut Progress<'_>,
        mut accept: impl FnMut(&mut Progress<'_>) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        // one process at a time writes a part file; the lock goes with the handle
        let mut file = self.open()?;
        file.try_lock().map_err(|e| self.fail(format!("another process is downloading it ({e}); wait for it")))?;
        let outcome = self.download_and_accept(&mut file, progress, &mut accept);
        let keep = match &outcome {
            Ok(()) => false,
            // not the download's fault: what is there can be resumed or used again
            Err(DataError::Download { .. } | DataError::Write { .. }) => file.metadata().map_or(true, |m| m.len() > 0),
            Err(_) => false,
        };
        if !keep {
            fs::remove_file(self.part).map_err(|e| DataError::write(self.part, e))?;
            if let Some(folder) = self.part.parent() {
                let _ = fs::remove_dir(folder); // succeeds only when it is empty
            }
        }
        outcome
    }

    fn download_and_accept(
        &self,
        file: &mut File,
        progress: &mut Progress<'_>,
        accept: &mut dyn FnMut(&mut Progress<'_>) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let resumed = self.run(file, progress)?;
        match accept(progress) {
            Ok(()) => Ok(()),
            Err(error @ DataError::Write { .. }) => Err(error),
            Err(_) if resumed => {
                self.empty(file)?;
                self.run(file, progress)?;
                accept(progress)
            }
            Err(error) => Err(error),
        }
    }

    /// Appends the rest of the file; true if the front was there before.
    fn run(&self, file: &mut File, progress: &mut Progress<'_>) -> Result<bool, DataError> {
        let mut have = file.seek(SeekFrom::End(0)).map_err(|e| DataError::write(self.part, e))?;
        if have > self.limit {
            self.empty(file)?;
            have = 0;
        }
        let mut request = agent(self.url, self.timeouts).get(self.url).header("Accept-Encoding", "identity");
        if have > 0 {
            request = request.header("Range", format!("bytes={have}-"));
        }
        let mut response = request.call().map_err(|e| self.fail(e.to_string()))?;
        let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_string);
        let length = header("content-length").and_then(|v| v.parse::<u64>().ok());
        let range = header("content-range");
        match response.status().as_u16() {
            200 if have > 0 => {
                // the server does not resume: it sends all of it
                self.empty(file)?;
                have = 0;
            }
            200 => {}
            206 if have > 0 && range.as_deref().is_some_and(|r| r.starts_with(&format!("bytes {have}-"))) => {}
            // nothing after what we have: it is whole, or the accepting check will tell
            416 if have > 0 => return Ok(true),
            status => return Err(self.fail(format!("the server answers with status {status}"))),
        }
        let resumed = have > 0;
        let total = length.map(|l| have.saturating_add(l));
        if total.is_some_and(|t| t > self.limit) {
            let reason = format!("the server offers {} bytes, at most {} are expected", total.unwrap_or(0), self.limit);
            return Err(self.fail(reason));
        }
        let mut body = response.body_mut().as_reader();
        let mut chunk = vec![0; CHUNK];
        loop {
            let n = body.read(&mut chunk).map_err(|e| self.fail(format!("broke off after {have} bytes ({e})")))?;
            if n == 0 {
                break;
            }
            have += n as u64;
            if have > self.limit {
                self.empty(file)?;
                return Err(self.fail(format!("the server sends more than the {} bytes expected", self.limit)));
            }
            file.write_all(&chunk[..n]).map_err(|e| DataError::write(self.part, e))?;
            progress(FetchEvent::Progress { what: self.url.to_string(), done: have, total });
        }
        if total.is_some_and(|t| t != have) {
            return Err(self.fail(format!("broke off after {have} of {} bytes", total.unwrap_or(0))));
        }
        Ok(resumed)
    }

    fn open(&self) -> Result<File, DataError> {
        let failed = |e| DataError::write(self.part, e);
        if let Some(folder) = self.part.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        OpenOptions::new().create(true).read(true).append(true).open(self.part).map_err(failed)
    }

    fn empty(&self, file: &mut File) -> Result<(), DataError> {
        file.set_len(0).map_err(|e| DataError::write(self.part, e))
    }

    fn fail(&self, reason: String) -> DataError {
        DataError::Download { url: self.url.into(), reason }
    }
}

fn agent(url: &str, timeouts: Timeouts) -> ureq::Agent {
    ureq::Agent::config_builder()
        // the checksum protects the content; this protects against being told anything else. Tests speak to themselves
        .https_only(!(cfg!(test) && url.starts_with("http://127.0.0.1")))
        .http_status_as_error(false)
        .max_redirects(5)
        .timeout_resolve(Some(timeouts.connect))
        .timeout_connect(Some(timeouts.connect))
        .timeout_send_request(Some(timeouts.silence))
        .timeout_recv_response(Some(timeouts.silence))
        .timeout_per_read(Some(timeouts.silence))
        .timeout_global(Some(timeouts.whole))
        .user_agent(concat!("bioprop/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    use super::*;

    /// Answers one request after another with the given bytes; gives back the request's lines.
    fn server(answers: Vec<Vec<u8>>) -> (String, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://127.0.0.1:{}/file", listener.local_addr().unwrap().port());
        let handle = std::thread::spawn(move || {
            let mut requests = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut text = String::new();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                while !text.ends_with("\r\n\r\n") && reader.read_line(&mut text).unwrap() > 0 {}
                requests.push(text.to_lowercase());
                stream.write_all(&answer).unwrap();
            }
            requests
        });
        (url, handle)
    }

    fn answer(head: &str, body: &str) -> Vec<u8> {
        format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n{body}").into_bytes()
    }

    struct Case {
        folder: tempfile::TempDir,
        url: String,
        handle: JoinHandle<Vec<String>>,
    }

    impl Case {
        fn new(before: &str, answers: Vec<Vec<u8>>) -> Case {
            let folder = tempfile::tempdir().unwrap();
            if !before.is_empty() {
                fs::write(folder.path().join("f.part"), before).unwrap();
            }
            let (url, handle) = server(answers);
            Case { folder, url, handle }
        }

        /// Runs; accepts only "0123456789".
        fn run(&self) -> Result<(), DataError> {
            let part = self.folder.path().join("f.part");
            let download = Download { url: &self.url, part: &part, limit: 12, timeouts: TIMEOUTS };
            download.run_checked(&mut |_| {}, |_| match fs::read_to_string(&part).unwrap().as_str() {
                "0123456789" => Ok(()),
                found => Err(DataError::Archive { path: part.clone(), reason: found.into() }),
            })
        }

        fn left(&self) -> Option<String> {
            fs::read_to_string(self.folder.path().join("f.part")).ok()
        }
    }

    const WHOLE_FILE: &str = "200 OK\r\nContent-Length: 10";

    #[test]
    fn a_whole_file_is_taken_and_its_part_removed() {
        let case = Case::new("", vec![answer(WHOLE_FILE, "0123456789")]);
        case.run().unwrap();
        assert_eq!(case.left(), None);
        assert!(!case.handle.join().unwrap()[0].contains("range:"));
    }

    #[test]
    fn a_broken_download_keeps_its_part_and_is_resumed() {
        let case = Case::new(
            "",
            vec![
                answer(WHOLE_FILE, "01234"),
                answer("206 Partial\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5", "56789"),
            ],
        );
        let error = case.run().unwrap_err().to_string();
        assert!(error.contains("broke off after 5"), "{error}");
        assert_eq!(case.left().as_deref(), Some("01234"));
        case.run().unwrap();
        assert!(case.handle.join().unwrap()[1].contains("range: bytes=5-"));
    }

    #[test]
    fn a_server_that_does_not_resume_starts_over() {
        let case = Case::new("0123", vec![answer(WHOLE_FILE, "0123456789")]);
        case.run().unwrap();
        case.handle.join().unwrap();
    }

    #[test]
    fn a_resumed_file_that_is_wrong_is_fetched_once_more() {
        let rest = answer("206 Partial\r\nContent-Range: bytes 4-9/10\r\nContent-Length: 6", "456789");
        let case = Case::new("9999", vec![rest, answer(WHOLE_FILE, "0123456789")]);
        case.run().unwrap();
        assert_eq!(case.left(), None);
        assert!(!case.handle.join().unwrap()[1].contains("range:"));
    }

    #[test]
    fn a_part_that_is_already_whole_is_accepted() {
        let case = Case::new("0123456789", vec![answer("416 Range Not Satisfiable\r\nContent-Length: 0", "")]);
        case.run().unwrap();
        case.handle.join().unwrap();
    }

    #[test]
    fn too_large_answers_and_error_pages_are_refused() {
        for (head, body, words) in [
            ("200 OK\r\nContent-Length: 13", "0123456789abc", "offers 13 bytes, at most 12"),
            ("200 OK", "0123456789abc", "more than the 12 bytes"),
            ("404 Not Found\r\nContent-Length: 0", "", "status 404"),
            ("206 Partial\r\nContent-Range: bytes 3-9/10\r\nContent-Length: 5", "56789", "status 206"),
        ] {
            let case = Case::new("", vec![answer(head, body)]);
            let error = case.run().unwrap_err().to_string();
            assert!(error.contains(words) && error.contains(&case.url), "{error}");
            case.handle.join().unwrap();
        }
        let wrong = Case::new("", vec![answer(WHOLE_FILE, "012345678x")]);
        assert!(matches!(wrong.run(), Err(DataError::Archive { .. })));
        assert_eq!(wrong.left(), None, "a refused file does not wait to be resumed");
    }

    #[test]
    fn only_https_leaves_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("f.part");
        let download = Download { url: "http://localhost/file", part: &part, limit: 12, timeouts: TIMEOUTS };
        assert!(matches!(download.run_checked(&mut |_| {}, |_| Ok(())), Err(DataError::Download { .. })));
    }

    /// Answers with `head`, then with `byte` after each pause until nobody listens any more, or never if there is none.
    fn slow_server(head: &'static str, byte: Option<Duration>) -> (String, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://127.0.0.1:{}/file", listener.local_addr().unwrap().port());
        let handle = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            if let Some(pause) = byte {
                while stream.write_all(b"x").is_ok() {
                    std::thread::sleep(pause);
                }
            }
            // silent until the other side has gone
            let _ = stream.read_to_end(&mut vec![]);
        });
        (url, handle)
    }

    /// How long the download waited, what it said, and what its part file holds.
    fn impatient(head: &'static str, byte: Option<Duration>, timeouts: Timeouts) -> (Duration, String, String) {
        let (url, handle) = slow_server(head, byte);
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("f.part");
        let started = std::time::Instant::now();
        let download = Download { url: &url, part: &part, limit: 1000, timeouts };
        let error = download.run_checked(&mut |_| {}, |_| panic!("nothing to accept")).unwrap_err();
        let waited = started.elapsed();
        assert!(matches!(error, DataError::Download { .. }), "{error}");
        handle.join().unwrap();
        (waited, error.to_string(), fs::read_to_string(&part).unwrap_or_default())
    }

    const SHORT: Duration = Duration::from_millis(300);
    /// Far beyond any delay of a busy machine, and far below the times that are really set.
    const LONG: Duration = Duration::from_secs(9);

    #[test]
    fn a_silent_server_is_left() {
        let timeouts = Timeouts { silence: SHORT, ..TIMEOUTS };
        for (head, kept) in [("", ""), ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234", "01234")] {
            let (waited, error, part) = impatient(head, None, timeouts);
            assert!((SHORT..LONG).contains(&waited), "{waited:?}");
            assert!(error.contains("timeout"), "{error}");
            assert_eq!(part, kept);
        }
    }

    #[test]
    fn a_server_that_trickles_is_left() {
        let timeouts = Timeouts { whole: 2 * SHORT, ..TIMEOUTS };
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n";
        let (waited, error, part) = impatient(head, Some(Duration::from_millis(20)), timeouts);
        assert!((2 * SHORT..LONG).contains(&waited), "{waited:?}");
        assert!(error.contains("timeout"), "{error}");
        assert!(!part.is_empty() && part.chars().all(|c| c == 'x'), "{part}");
    }
}
