//! `report tune`: search learning rates and rates of B, and write the table that the profiles read.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::arguments::{PlaceArgs, misuse};
use super::output::print;
use super::run::train;
use crate::data::{self, DatasetId};
use crate::net::Architecture;
use crate::rules::RuleSpec;
use crate::run::plan::{Datasets, Planned};
use crate::run::tune::{Grid, MOVED, Next, Point, Searched, Target, entry, families, grid, score};
use crate::run::{Store, StoredTrial, atomic};
use crate::stats::{tuning_frame, write_parquet};
use crate::study::rates::{BP, RateEntry, RateTable};
use crate::study::{Cell, Profile, Recipe};

#[derive(Args)]
pub struct TuneArgs {
    /// Whose table: quick or standard (smoke reads quick's, full reads standard's)
    #[arg(long, default_value = "quick")]
    pub profile: Profile,
    /// Recipe: main or unit (nokland's rate is fixed)
    #[arg(long, default_value = "main")]
    pub recipe: Recipe,
    /// Only these datasets, such as mnist,cifar10 [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub datasets: Vec<DatasetId>,
    /// Only these networks, such as 1x2000,linear [default: the figures'; another network: backpropagation's rate]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub networks: Vec<Architecture>,
    /// Only this family, such as bp or feedback=hebb; may be repeated [default: all]
    #[arg(long = "family", value_name = "FAMILY")]
    pub families: Vec<String>,
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The table to write [default: data/rates/<profile>.toml of the repository]
    #[arg(long, value_name = "FILE")]
    pub table: Option<PathBuf>,
}

/// One search: what was tried with what came of it.
struct Search {
    target: Target,
    /// The first rates.
    grid: Grid,
    tried: BTreeMap<Point, StoredTrial>,
    /// To try next.
    wanted: Vec<Point>,
    /// How it ended.
    end: Option<Next>,
}

pub fn run(args: &TuneArgs) -> anyhow::Result<()> {
    let profile = args.profile;
    if profile.rates() != profile {
        return Err(misuse(format!(
            "profile {profile} has no rates of its own, it reads {0}'s; use --profile {0}",
            profile.rates()
        )));
    }
    if args.recipe == Recipe::Nokland {
        return Err(misuse("recipe nokland has a fixed rate (RMSprop 1e-4); use --recipe main or unit".into()));
    }
    let table_path = table_path(args);
    let mut table = read_table(profile, &table_path)?;
    let out = args.place.out(&format!("tune-{profile}"));
    let store = Store::open(&out.join("trials"))?;
    let mut datasets = Datasets::new();
    let (mut text, mut entries): (String, Vec<RateEntry>) = Default::default();
    // rates of B stand beside backpropagation's, which is searched first
    let (learning, feedback) = (targets(args), feedback_targets(args));
    if learning.is_empty() && feedback.is_empty() {
        return Err(misuse(format!(
            "nothing to search for family {}; `report list rates` names the families",
            args.families.join(", ")
        )));
    }
    for (targets, of_feedback) in [(learning, false), (feedback, true)] {
        let mut searches = vec![];
        for (family, cell) in targets {
            let searched = match of_feedback {
                true => Searched::Feedback {
                    learning_rate: table.rate(&backpropagation(cell.dataset, &cell.network), args.recipe)?,
                },
                false if family.starts_with("hebbnet") => Searched::Exponents,
                false => Searched::Learning,
            };
            let grid = grid(known(profile, args.recipe, &family, &cell));
            let target = Target { cell, recipe: args.recipe, family, searched };
            let wanted = searched.first(&grid);
            searches.push(Search { target, grid, tried: BTreeMap::new(), wanted, end: None });
        }
        let found = search(args, &mut searches, &mut datasets, &store, &out)?;
        text += &found.0;
        table.merge(found.1.clone());
        entries.extend(found.1);
    }
    write_parquet(&tuning_frame(&entries)?, &out.join("tuning.parquet"))?;
    atomic::write_atomically(&table_path, |w| std::io::Write::write_all(w, table.to_text().as_bytes()))
        .map_err(|e| anyhow::anyhow!("{}: cannot write: {e}; name another file by --table", table_path.display()))?;
    text += &format!("table: {} (built in at the next build)\n", table_path.display());
    print(&text)
}

/// What `quick`'s search found for a family whose search on the full data is dear: a place to begin. Backpropagation's
/// searches are few and begin with the whole grid.
fn known(profile: Profile, recipe: Recipe, family: &str, cell: &Cell) -> Option<f64> {
    if profile == Profile::Quick || family == BP {
        return None;
    }
    RateTable::of(Profile::Quick).searched(cell, family, recipe)
}

fn table_path(args: &TuneArgs) -> PathBuf {
    let name = format!("data/rates/{}.toml", args.profile);
    args.table.clone().unwrap_or_else(|| {
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).join(&name);
        if built_in.exists() { built_in } else { PathBuf::from(name) }
    })
}

/// The table as it lies on disk now (it may be newer than the one built in).
fn read_table(profile: Profile, path: &Path) -> anyhow::Result<RateTable> {
    let table = match std::fs::read_to_string(path) {
        Ok(text) => RateTable::read(&path.display().to_string(), &text)?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => RateTable { profile, entries: vec![] },
        Err(e) => anyhow::bail!("{}: cannot read: {e}", path.display()),
    };
    if table.profile != profile {
        return Err(misuse(format!("{} is the table of profile {}, not {profile}", path.display(), table.profile)));
    }
    Ok(table)
}

/// Searches side by side until each has its winner: what to say, and the winners' entries.
fn search(
    args: &TuneArgs,
    searches: &mut [Search],
    datasets: &mut Datasets,
    store: &Store,
    out: &Path,
) -> anyhow::Result<(String, Vec<RateEntry>)> {
    let profile = args.profile;
    for s in searches.iter() {
        let id = s.target.cell.dataset;
        if let Entry::Vacant(slot) = datasets.entry(id) {
            slot.insert(Arc::new(data::load(id, profile.data(), args.place.data.as_deref())?));
        }
    }
    loop {
        let mut round = vec![];
        for s in searches.iter() {
            let data = &datasets[&s.target.cell.dataset];
            round.extend(s.wanted.iter().map(|p| Planned::new(s.target.trial(profile, *p, data), data)));
        }
        if round.is_empty() {
            break;
        }
        train(&round, datasets, store, args.place.threads(), out)?;
        for s in searches.iter_mut() {
            advance(s, profile, store, datasets)?;
        }
    }
    let (mut text, mut entries) = (String::new(), vec![]);
    for s in searches.iter() {
        let Target { cell, recipe, family, .. } = &s.target;
        let family = if family == BP { String::new() } else { format!(" {family}") };
        let name = format!("{}/{}{family} recipe {recipe}", cell.dataset, cell.network);
        let (winner, unmoved) = match s.end {
            Some(Next::Winner(point)) => (point, false),
            Some(Next::Unmoved(point)) => (point, true),
            _ => {
                text += &format!("{name}: everything down to the smallest rates overflowed; no entry written\n");
                continue;
            }
        };
        let tried: BTreeMap<_, _> = s.tried.iter().map(|(p, t)| (*p, &t.outcome)).collect();
        let found = entry(&s.target, profile, (winner, unmoved), &tried);
        text += &format!("{name}: {}", found.learning_rate);
        if let Some(growth) = found.growth {
            text += &format!(", growth exponent {growth}");
        }
        if unmoved {
            text += &format!(
                " (no admissible rate: whatever stayed finite moved the hidden layer by less than {:.0} %)",
                MOVED * 100.0
            );
        }
        text += &format!("; {} tried\n", found.tried.len());
        entries.push(found);
    }
    Ok((text, entries))
}

fn backpropagation(dataset: DatasetId, network: &Architecture) -> Cell {
    Cell::new(dataset, network.clone(), RuleSpec::new("bp", &[]).expect("a registered rule"))
}

fn asked(args: &TuneArgs, (family, cell): &(String, Cell)) -> bool {
    (args.datasets.is_empty() || args.datasets.contains(&cell.dataset))
        && (args.networks.is_empty() || args.networks.contains(&cell.network))
        && (args.families.is_empty() || args.families.contains(family))
}

/// Families whose learning rate is asked for, each with its cell.
fn targets(args: &TuneArgs) -> Vec<(String, Cell)> {
    let mut targets = families(false);
    let datasets = if args.datasets.is_empty() { DatasetId::ALL.to_vec() } else { args.datasets.clone() };
    for network in &args.networks {
        for &dataset in &datasets {
            let target = (BP.to_string(), backpropagation(dataset, network));
            if !targets.contains(&target) {
                targets.push(target);
            }
        }
    }
    targets.retain(|t| t.0 != "growth" && asked(args, t));
    targets
}

/// Families whose rate of B is asked for, each with its cell.
fn feedback_targets(args: &TuneArgs) -> Vec<(String, Cell)> {
    families(true).into_iter().filter(|t| asked(args, t)).collect()
}

/// Takes the results of a round and decides on the next.
fn advance(s: &mut Search, profile: Profile, store: &Store, datasets: &Datasets) -> anyhow::Result<()> {
    let data = &datasets[&s.target.cell.dataset];
    for point in std::mem::take(&mut s.wanted) {
        let key = s.target.trial(profile, point, data).key();
        let stored = store.peek(&key)?.ok_or_else(|| anyhow::anyhow!("{}: vanished", store.path(&key).display()))?;
        s.tried.insert(point, stored);
    }
    if s.end.is_none() {
        let scores = s.tried.iter().map(|(p, t)| (*p, score(&t.outcome))).collect();
        match s.target.searched.next(&s.grid, &scores) {
            Next::Try(points) => s.wanted = points,
            end => s.end = Some(end),
        }
    }
    Ok(())
}
