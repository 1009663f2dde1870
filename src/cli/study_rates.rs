//! Rates that a study asks to be searched (`learning_rate = "tune"`): before its plan is made, into its output folder.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::arguments::{PlaceArgs, misuse};
use super::search::Bench;
use crate::run::plan::{Datasets, Request};
use crate::run::tune::{epochs_of_study, of_study};
use crate::run::{Store, atomic};
use crate::study::Study;
use crate::study::rates::RateTable;

fn path(out: &Path) -> PathBuf {
    out.join("rates.toml")
}

fn tuned(request: &Request) -> Option<Arc<Study>> {
    request.study.clone().filter(|s| s.tune)
}

/// Searches what the study asks for. The searches' trials lie in the store of the study, so that an interrupted search
/// goes on and a finished one costs nothing.
pub fn search(
    request: &mut Request,
    datasets: &mut Datasets,
    place: &PlaceArgs,
    store: &Store,
    out: &Path,
) -> anyhow::Result<()> {
    let Some(study) = tuned(request) else { return Ok(()) };
    let epochs = epochs_of_study(&study, request.profile, request.epochs);
    let mut table = RateTable { profile: request.profile, entries: vec![] };
    let bench = Bench {
        profile: request.profile,
        data: place.data.as_deref(),
        threads: place.threads(),
        store,
        out,
        command: &|_, _| request.command(),
    };
    let (mut text, learning) = bench.search(of_study(&study, epochs, None), datasets)?;
    table.merge(learning);
    // rates of B stand beside the learning rates, which are known now
    let (more, feedback) = bench.search(of_study(&study, epochs, Some(&table)), datasets)?;
    text += &more;
    table.merge(feedback);
    let path = path(out);
    atomic::write_atomically(&path, |w| w.write_all(table.to_text().as_bytes()))
        .map_err(|e| anyhow::anyhow!("{}: cannot write: {e}; choose another --out", path.display()))?;
    eprint!("rates searched ({}):\n{text}", path.display());
    request.rates = Some(Arc::new(table));
    Ok(())
}

/// Takes what an earlier run has searched; without it the plan says what to do.
pub fn read(request: &mut Request, out: &Path) -> anyhow::Result<()> {
    let path = path(out);
    if tuned(request).is_none() || !path.exists() {
        return Ok(());
    }
    let name = path.display().to_string();
    let text = atomic::read_text(&path, atomic::MOST_TEXT).map_err(|e| anyhow::anyhow!("{name}: cannot read: {e}"))?;
    let table = RateTable::read(&name, &text)?;
    if table.profile != request.profile {
        return Err(misuse(format!(
            "{name} holds the rates of profile {}, not {}; name another folder by --out",
            table.profile, request.profile
        )));
    }
    request.rates = Some(Arc::new(table));
    Ok(())
}
