//! `report tune`: search learning rates and rates of B, and write the table that the profiles read.

use std::path::{Path, PathBuf};

use clap::Args;

use super::arguments::{PlaceArgs, misuse};
use super::output::print;
use super::search::Bench;
use crate::data::DatasetId;
use crate::net::Architecture;
use crate::run::plan::Datasets;
use crate::run::tune::{Searched, Target, backpropagation, epochs, families, is_target, robustness_families};
use crate::run::{Store, atomic};
use crate::stats::{tuning_frame, write_parquet};
use crate::study::rates::{BP, Given, RateEntry, RateTable, feedback_family};
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
    /// Only these networks, such as 1x2000,linear [default: the figures'; on another network: backpropagation's rate, and the families named by --family]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub networks: Vec<Architecture>,
    /// Only this family, such as bp or feedback=hebb; may be repeated [default: all]
    #[arg(long = "family", value_name = "FAMILY")]
    pub families: Vec<String>,
    /// Only the families of the robustness tables: rules at a rate of their own, other readings of rules
    #[arg(long)]
    pub robustness: bool,
    #[command(flatten)]
    pub place: PlaceArgs,
    /// The table to write [default: data/rates/<profile>.toml of the repository]
    #[arg(long, value_name = "FILE")]
    pub table: Option<PathBuf>,
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
    if args.robustness && args.recipe != Recipe::Main {
        return Err(misuse(
            "--robustness: rules get a rate of their own in recipe main only; leave --recipe out".into(),
        ));
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
    let bench = Bench {
        profile,
        data: args.place.data.as_deref(),
        threads: args.place.threads(),
        store: &store,
        out: &out,
        command: &|family, cell| command(args, family, cell),
    };
    for (families, of_feedback) in [(learning, false), (feedback, true)] {
        let targets = families.into_iter().map(|(family, cell)| target(args, &table, family, cell, of_feedback));
        let found = bench.search(targets.collect::<anyhow::Result<_>>()?, &mut datasets)?;
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

/// The search of one family.
fn target(args: &TuneArgs, table: &RateTable, family: String, cell: Cell, of_feedback: bool) -> anyhow::Result<Target> {
    let mut beside = Given::default();
    let searched = match of_feedback {
        true => {
            beside.learning_rate = Some(table.rate(&backpropagation(cell.dataset, &cell.network), args.recipe)?);
            Searched::Feedback
        }
        false if family.starts_with("hebbnet") => Searched::Exponents,
        false => Searched::Learning,
    };
    if !of_feedback && feedback_family(&cell).is_some() {
        // a rule with a rate of its own whose B learns: B keeps the rate that it has beside backpropagation's
        let given = Given { learning_rate: Some(1.0), ..beside };
        beside.feedback_rate = table.rates(&cell, args.recipe, epochs(args.profile), given)?.feedback_rate;
    }
    // rates of B have a wide grid of their own
    let known = (!of_feedback).then(|| known(args.profile, args.recipe, &family, &cell)).flatten();
    Ok(Target { cell, recipe: args.recipe, family, searched, beside, epochs: epochs(args.profile), known })
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
    let table = match atomic::read_text(path, atomic::MOST_TEXT) {
        Ok(text) => RateTable::read(&path.display().to_string(), &text)?,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => RateTable { profile, entries: vec![] },
        Err(e) => anyhow::bail!("{}: cannot read: {e}", path.display()),
    };
    if table.profile != profile {
        return Err(misuse(format!("{} is the table of profile {}, not {profile}", path.display(), table.profile)));
    }
    Ok(table)
}

fn asked(args: &TuneArgs, (family, cell): &(String, Cell)) -> bool {
    (args.datasets.is_empty() || args.datasets.contains(&cell.dataset))
        && (args.networks.is_empty() || args.networks.contains(&cell.network))
        && (args.families.is_empty() || args.families.contains(family))
}

/// Every dataset with every network that is named.
fn named_networks(args: &TuneArgs) -> Vec<(DatasetId, Architecture)> {
    let datasets = if args.datasets.is_empty() { DatasetId::ALL.to_vec() } else { args.datasets.clone() };
    let networks = args.networks.iter().filter(|_| !args.robustness);
    networks.flat_map(|n| datasets.iter().map(|d| (*d, n.clone()))).collect()
}

/// The families that are named, on the networks that are named and are not among `known`, where the rule fits.
fn on_named_networks(args: &TuneArgs, known: &[(String, Cell)]) -> Vec<(String, Cell)> {
    let mut found = vec![];
    for (dataset, network) in named_networks(args) {
        for family in &args.families {
            let Some((_, example)) = known.iter().find(|t| t.0 == *family) else { continue };
            let cell = Cell::new(dataset, network.clone(), example.rule.clone());
            let new = !known.iter().any(|t| is_target(t, family, &cell));
            if new && cell.rule.check(&cell.network, dataset.classes()).is_ok() {
                found.push((family.clone(), cell));
            }
        }
    }
    found
}

/// The command that makes an entry again: what no figure has must be named.
fn command(args: &TuneArgs, family: &str, cell: &Cell) -> String {
    let base = format!("report tune --profile {} --recipe {}", args.profile, args.recipe);
    let is = |t: &(String, Cell)| is_target(t, family, cell);
    if [families(false), families(true)].iter().flatten().any(is) {
        base
    } else if args.recipe == Recipe::Main && robustness_families().iter().any(is) {
        format!("{base} --robustness")
    } else {
        format!("{base} --datasets {} --networks {} --family {family}", cell.dataset, cell.network)
    }
}

/// Families whose learning rate is asked for, each with its cell.
fn targets(args: &TuneArgs) -> Vec<(String, Cell)> {
    let mut targets = if args.robustness { vec![] } else { families(false) };
    // a family that is named may be one of the robustness tables'
    if args.robustness || !args.families.is_empty() {
        targets.extend(robustness_families());
    }
    for (dataset, network) in named_networks(args) {
        let target = (BP.to_string(), backpropagation(dataset, &network));
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    let elsewhere = on_named_networks(args, &targets);
    targets.extend(elsewhere);
    targets.retain(|t| t.0 != "growth" && asked(args, t));
    targets
}

/// Families whose rate of B is asked for, each with its cell.
fn feedback_targets(args: &TuneArgs) -> Vec<(String, Cell)> {
    let mut all = if args.robustness { vec![] } else { families(true) };
    let elsewhere = on_named_networks(args, &all);
    all.extend(elsewhere);
    all.into_iter().filter(|t| asked(args, t)).collect()
}
