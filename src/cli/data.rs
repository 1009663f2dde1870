//! `report data`: look after the datasets.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::output::print;
use crate::data::{self, Check, DatasetId, FetchEvent, FileSet, FileStatus};

#[derive(Args)]
pub struct DataArgs {
    #[command(subcommand)]
    pub action: Action,
    /// Folder with your own copy, or to fetch into [default: the cache folder]
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Action {
    /// What is here, bundled and full
    Status,
    /// Fetch the full datasets
    Fetch,
    /// Check every file against its checksum; fails if one is damaged or a bundled one is missing
    Verify,
}

pub fn run(args: &DataArgs) -> anyhow::Result<()> {
    let dir = args.data.as_deref();
    match args.action {
        Action::Status => print(&table(&data::status(dir)?)),
        Action::Fetch => {
            let mut last = String::new();
            let reports = data::fetch(&DatasetId::ALL, dir, &mut |event| {
                let line = words(&event);
                if line != last {
                    eprintln!("{line}");
                    last = line;
                }
            })?;
            for r in reports {
                let from = r.source.map_or("already there".into(), |s| format!("from {s}"));
                print(&format!("{}: {} files, {:.1} MB, {from}\n", r.id.title(), r.files.len(), r.bytes as f64 / 1e6))?;
            }
            Ok(())
        }
        Action::Verify => print(&table(&data::verify(dir)?)),
    }
}

fn table(files: &[FileStatus]) -> String {
    let mut text = String::new();
    for f in files {
        let check = match &f.check {
            Check::Ok => "ok".to_string(),
            Check::Bad(why) => format!("BAD: {why}"),
            Check::Missing if f.set == FileSet::Full => "not here (report data fetch)".into(),
            Check::Missing => "MISSING".into(),
        };
        let place = f.path.as_ref().map_or("-".into(), |p| p.display().to_string());
        text += &format!("{:<8} {:<24} {:>10} bytes  {check}  {place}\n", f.id, f.name, f.bytes);
    }
    text
}

fn words(event: &FetchEvent) -> String {
    match event {
        FetchEvent::AlreadyThere { path } => format!("already there: {}", path.display()),
        FetchEvent::Trying { id, source } => format!("{}: trying {source}", id.title()),
        FetchEvent::Progress { what, done, total } => match total {
            Some(total) => format!("{what}: {} %", 100 * done / (*total).max(1)),
            None => format!("{what}: {} MB", done / 1_000_000),
        },
        FetchEvent::Waiting { what, seconds } => format!("{what}: {} s", seconds / 10 * 10),
        FetchEvent::SourceFailed { id, source, reason } => format!("{}: {source} failed: {reason}", id.title()),
        FetchEvent::Installed { path, bytes } => format!("installed {} ({bytes} bytes)", path.display()),
    }
}
