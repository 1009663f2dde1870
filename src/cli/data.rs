//! `report data`: look after the datasets.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};

use super::output::print;
use crate::data::{self, Check, DatasetId, FetchEvent, FileSet, FileStatus};

#[derive(Args)]
pub struct DataArgs {
    #[command(subcommand)]
    pub action: Action,
    /// Folder with your own copy of the full datasets, or the one to fetch into [default: the cache folder]
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Action {
    /// Where each file is and whether it is whole
    Status,
    /// Fetch the full datasets, from whatever source this machine reaches
    Fetch {
        /// Only these, such as mnist,cifar10 [default: both]
        #[arg(value_name = "LIST", value_delimiter = ',')]
        datasets: Vec<DatasetId>,
    },
    /// As status, and fail if a file is damaged or a bundled one is missing
    Verify,
}

pub fn run(args: &DataArgs) -> anyhow::Result<()> {
    let dir = args.data.as_deref();
    match &args.action {
        Action::Status => print(&lines(&data::status(dir)?)),
        Action::Verify => {
            let files = data::verify(dir)?;
            let there = files.iter().filter(|f| f.check == Check::Ok).count();
            print(&format!("{}{there} of {} files are there, every one of them whole\n", lines(&files), files.len()))
        }
        Action::Fetch { datasets } => {
            let ids = if datasets.is_empty() { DatasetId::ALL.to_vec() } else { datasets.clone() };
            let mut teller = Teller::default();
            let reports = data::fetch(&ids, dir, &mut |event| teller.tell(event));
            teller.end_line();
            let mut text = String::new();
            for r in reports? {
                text += &match r.source {
                    Some(source) => format!("{}: {} MB from {source}\n", r.id.title(), r.bytes / 1_000_000),
                    None => format!("{}: already there\n", r.id.title()),
                };
            }
            print(&text)
        }
    }
}

fn lines(files: &[FileStatus]) -> String {
    let line = |f: &FileStatus| {
        let set = match f.set {
            FileSet::Bundled => "bundled",
            FileSet::Full => "full",
        };
        let place = f.path.as_ref().map_or(String::new(), |p| format!("  {}", p.display()));
        let check = match &f.check {
            Check::Ok => "ok".to_string(),
            Check::Missing => "not here".to_string(),
            Check::Bad(reason) => format!("BAD: {reason}"),
        };
        format!("{:<8} {:<7} {}: {check}{place}\n", f.id.title(), set, f.name)
    };
    files.iter().map(line).collect()
}

/// Says on stderr how a fetch goes: one line that counts up on a terminal, a line every few seconds elsewhere.
#[derive(Default)]
struct Teller {
    open: bool,
    last: Option<Instant>,
}

impl Teller {
    fn tell(&mut self, event: FetchEvent) {
        match event {
            FetchEvent::AlreadyThere { path } => self.line(&format!("already there: {}", path.display())),
            FetchEvent::Trying { id, source } => self.line(&format!("{}: trying {source}", id.title())),
            FetchEvent::SourceFailed { id, source, reason } => {
                self.line(&format!("{}: {source} failed: {reason}", id.title()));
            }
            FetchEvent::Installed { path, bytes } => self.line(&format!("{} ({bytes} bytes)", path.display())),
            FetchEvent::Progress { what, done, total } => {
                let of = total.map_or(String::new(), |t| format!(" of {:.1}", t as f64 / 1e6));
                self.counting(&format!("{what}: {:.1}{of} MB", done as f64 / 1e6));
            }
            FetchEvent::Waiting { what, seconds } => self.counting(&format!("{what}: waiting, {seconds} s")),
        }
    }

    fn line(&mut self, text: &str) {
        self.end_line();
        eprintln!("{text}");
    }

    fn counting(&mut self, text: &str) {
        let terminal = std::io::stderr().is_terminal();
        let pause = if terminal { Duration::from_millis(200) } else { Duration::from_secs(5) };
        if self.last.is_some_and(|t| t.elapsed() < pause) {
            return;
        }
        self.last = Some(Instant::now());
        if terminal {
            eprint!("\r\x1b[K{text}");
            self.open = true;
        } else {
            eprintln!("{text}");
        }
    }

    fn end_line(&mut self) {
        if std::mem::take(&mut self.open) {
            eprintln!();
        }
    }
}
