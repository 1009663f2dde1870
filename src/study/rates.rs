//! Learning rates: the tables that `report tune` writes and every profile reads.
//!
//! A table holds a rate per dataset x network x recipe x family with everything that was tried. Backpropagation is the
//! family `bp`; feedback alignment, direct feedback alignment and the sum rule use the same rate (as Nøkland 2016 did), so
//! that only the teaching signal differs. The other families are named in [`family`] and [`feedback_family`]; what those
//! rules do at a rate of their own is a robustness table, with the families of [`own_family`]. Recipe `nokland` fixes the
//! rate of gradients.

use std::fmt::Write;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::{Cell, Profile, Recipe};
use crate::data::DatasetId;
use crate::rules::Rate;

/// The fixed rate of recipe `nokland` (RMSprop).
pub const NOKLAND: f64 = 1e-4;

/// The seed of every search; no report uses it.
pub const SEARCH_SEED: u64 = 9001;

/// The family of backpropagation and of every rule that borrows its rate.
pub const BP: &str = "bp";

/// The rates of one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rates {
    pub learning_rate: f64,
    /// Growth exponent of the hidden layers' local rule.
    pub growth: Option<f64>,
    pub feedback_rate: Option<f64>,
}

/// Growth exponent of the study of growth, which no search chose: e^5 is far enough for the rows of both datasets to leave
/// the bound that Oja keeps them in, which e^3 is not on CIFAR-10.
const GROWTH_STUDY: f64 = 5.0;

/// Whether some layer takes the hidden layers' own rate.
fn takes_hidden_rate(cell: &Cell) -> bool {
    let top = cell.network.depth + 1;
    cell.rule
        .build()
        .is_ok_and(|rule| (1..=top).any(|l| rule.update(l, top).is_some_and(|term| term.rate == Rate::Hidden)))
}

/// Whose rate the cell takes: `bp`; `frozen`; `hd/reading=..,train=..`; `hebbnet/local=..,variant=..` (with a growth
/// exponent).
pub fn family(cell: &Cell) -> String {
    let option = |key| cell.rule.option(key).unwrap_or_default();
    match cell.rule.name() {
        "frozen" => "frozen".into(),
        "hd" => format!("hd/reading={},train={}", option("reading"), option("train")),
        "hebbnet" => format!("hebbnet/local={},variant={}", option("local"), option("variant")),
        _ => BP.into(),
    }
}

/// Whose rate the cell takes where every rule has one of its own: a rule that borrows backpropagation's is named with all
/// its options, such as `fa/feedback=random`.
pub fn own_family(cell: &Cell) -> String {
    let family = family(cell);
    if family == BP { cell.rule.to_string() } else { family }
}

/// Whose rate of B the cell takes, if its B learns by a rate of its own: `feedback=hebb`, `feedback=oja,renormalise=yes`.
pub fn feedback_family(cell: &Cell) -> Option<String> {
    let kind = cell.rule.option("feedback").filter(|k| ["hebb", "oja", "oja-subspace", "oja-g1"].contains(k))?;
    let renormalise = if cell.rule.option("renormalise") == Some("yes") { ",renormalise=yes" } else { "" };
    Some(format!("feedback={kind}{renormalise}"))
}

fn bp_family() -> String {
    BP.into()
}

/// The table of one profile, `data/rates/<profile>.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateTable {
    /// `quick` or `standard`.
    pub profile: Profile,
    #[serde(rename = "rate", default)]
    pub entries: Vec<RateEntry>,
}

/// One winner with how it was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateEntry {
    pub dataset: DatasetId,
    pub network: String,
    pub recipe: Recipe,
    #[serde(default = "bp_family")]
    pub family: String,
    pub learning_rate: f64,
    /// Growth exponent that stands for the hidden rate.
    #[serde(default)]
    pub growth: Option<f64>,
    /// Set by hand, not yet searched.
    #[serde(default)]
    pub preliminary: bool,
    /// HebbNet: no rate that stayed finite moved the hidden layer by 10%; this is the best of those that did not.
    #[serde(default)]
    pub unmoved: bool,
    /// What searched it.
    pub command: String,
    pub seed: u64,
    pub epochs: u32,
    /// Everything tried, by growth exponent and rate, ascending.
    #[serde(default)]
    pub tried: Vec<Tried>,
}

/// One rate of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tried {
    pub learning_rate: f64,
    /// Growth exponent, where it is searched too.
    #[serde(default)]
    pub growth: Option<f64>,
    /// Fraction right on validation after the last epoch; none if diverged.
    pub validation_accuracy: Option<f64>,
    /// Where the growth exponent is searched: how far the hidden layer that moved least did, by the norm it started with.
    #[serde(default)]
    pub movement: Option<f64>,
    /// Where the rate of B is searched: largest norm of a B by the norm it started with.
    #[serde(default)]
    pub feedback_norm: Option<f64>,
    /// `finished` or `diverged`.
    pub status: String,
}

/// Rates that the user gives instead of the table's.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Given {
    pub learning_rate: Option<f64>,
    /// Growth exponent of HebbNet's hidden layers.
    pub growth: Option<f64>,
    /// Rate of feedback that learns.
    pub feedback_rate: Option<f64>,
}

/// Why there is no rate.
#[derive(Debug, thiserror::Error)]
pub enum RateError {
    #[error(
        "no learning rate for {cell} (family {family}) with recipe {recipe} in the table of profile {profile}; give rates (--rate 0.1, in a trace also --hidden-rate and --eta-b; in a study file learning_rate, growth, feedback_rate), or search them: report tune --profile {profile} --recipe {recipe} --datasets {dataset} --networks {network} --family {family}"
    )]
    NotInTable { cell: String, recipe: Recipe, profile: Profile, dataset: DatasetId, network: String, family: String },
    #[error(
        "the study has learning_rate = \"tune\", and its rates are not searched yet; `report run --study` does that first and writes rates.toml into the output folder"
    )]
    NotSearched,
    #[error(
        "{name} is not a rate table ({reason}); restore it from the repository, or write it anew with `report tune`"
    )]
    BadTable { name: String, reason: String },
}

impl RateTable {
    /// The table built into the program for `profile` (`smoke` reads `quick`'s, `full` reads `standard`'s).
    pub fn of(profile: Profile) -> &'static RateTable {
        let read = |name, text| RateTable::read(name, text).expect("a test reads the built-in tables");
        static QUICK: OnceLock<RateTable> = OnceLock::new();
        static STANDARD: OnceLock<RateTable> = OnceLock::new();
        match profile.rates() {
            Profile::Quick => QUICK.get_or_init(|| read("quick", include_str!("../../data/rates/quick.toml"))),
            _ => STANDARD.get_or_init(|| read("standard", include_str!("../../data/rates/standard.toml"))),
        }
    }

    /// Reads a table; `name` is for the error.
    pub fn read(name: &str, text: &str) -> Result<RateTable, RateError> {
        let bad = |reason: String| RateError::BadTable { name: name.to_string(), reason };
        let table: RateTable = toml::from_str(text).map_err(|e| bad(e.to_string()))?;
        match table.entries.iter().find(|e| !(e.learning_rate.is_finite() && e.learning_rate > 0.0)) {
            Some(e) => Err(bad(format!("{}/{}: learning rate {}", e.dataset, e.network, e.learning_rate))),
            None => Ok(table),
        }
    }

    /// The learning rate of `cell`.
    pub fn rate(&self, cell: &Cell, recipe: Recipe) -> Result<f64, RateError> {
        Ok(self.rates(cell, recipe, 1, Given::default())?.learning_rate)
    }

    /// The learning rate of `cell` in the family of its own ([`own_family`]).
    pub fn own_rate(&self, cell: &Cell, recipe: Recipe) -> Result<f64, RateError> {
        let cell = cell.canonical();
        Ok(self.find(&cell, &own_family(&cell), recipe)?.learning_rate)
    }

    /// Whether the table's rates of `cell` were set by hand and no search has chosen them yet.
    pub fn is_preliminary(&self, cell: &Cell, recipe: Recipe) -> bool {
        let cell = cell.canonical();
        let plain = if recipe == Recipe::Nokland { Recipe::Main } else { recipe };
        let own = (recipe != Recipe::Nokland && cell.rule.name() != "growth").then(|| family(&cell));
        let hidden = (cell.rule.name() == "hebbnet").then(|| family(&cell));
        let found = [own, hidden, feedback_family(&cell)].into_iter().flatten();
        found.filter_map(|family| self.find(&cell, &family, plain).ok()).any(|entry| entry.preliminary)
    }

    /// The same where the rule has a rate of its own ([`own_family`]).
    pub fn is_own_preliminary(&self, cell: &Cell, recipe: Recipe) -> bool {
        let cell = cell.canonical();
        let found = [Some(own_family(&cell)), feedback_family(&cell)].into_iter().flatten();
        found.filter_map(|family| self.find(&cell, &family, recipe).ok()).any(|entry| entry.preliminary)
    }

    /// Every rate of `cell` in a trial of so many epochs; what is `given` stands for the table's.
    ///
    /// The rate of B is the table's divided by how much longer than the search the trial is. B then changes as much in
    /// all: one that grows at the rate that suits a short search goes on growing, and with it the hidden layers' rate,
    /// until a longer trial falls apart. (HebbNet's growth exponent carries across lengths by itself.)
    pub fn rates(&self, cell: &Cell, recipe: Recipe, epochs: u32, given: Given) -> Result<Rates, RateError> {
        let cell = &cell.canonical();
        let family = family(cell);
        let nokland = (recipe == Recipe::Nokland).then_some(NOKLAND);
        // what is no gradient takes the same exponents and rates under RMSprop
        let plain = if nokland.is_some() { Recipe::Main } else { recipe };
        let learning_rate = match (given.learning_rate, cell.rule.name()) {
            (Some(rate), _) => rate,
            // its output layer stays
            (None, "growth") => 1.0,
            (None, _) => match nokland {
                Some(rate) => rate,
                None => self.find(cell, &family, recipe)?.learning_rate,
            },
        };
        let growth = match (given.growth.filter(|_| takes_hidden_rate(cell)), cell.rule.name()) {
            (Some(growth), _) => Some(growth),
            (None, "growth") => Some(GROWTH_STUDY),
            (None, "hebbnet") => self.find(cell, &family, plain)?.growth,
            (None, _) => None,
        };
        let feedback_rate = match feedback_family(cell) {
            Some(_) if given.feedback_rate.is_some() => given.feedback_rate,
            Some(family) => {
                let found = self.find(cell, &family, plain)?;
                let longest = epochs.max(found.epochs);
                Some(found.learning_rate * f64::from(found.epochs) / f64::from(longest))
            }
            None => None,
        };
        Ok(Rates { learning_rate, growth, feedback_rate })
    }

    /// The rate that a search chose for a family, if one did.
    pub fn searched(&self, cell: &Cell, family: &str, recipe: Recipe) -> Option<f64> {
        self.find(cell, family, recipe).ok().filter(|e| !e.preliminary).map(|e| e.learning_rate)
    }

    fn find(&self, cell: &Cell, family: &str, recipe: Recipe) -> Result<&RateEntry, RateError> {
        let network = cell.network.to_string();
        self.entries
            .iter()
            .find(|e| e.dataset == cell.dataset && e.network == network && e.recipe == recipe && e.family == family)
            .ok_or_else(|| RateError::NotInTable {
                cell: cell.to_string(),
                recipe,
                profile: self.profile,
                dataset: cell.dataset,
                network,
                family: family.to_string(),
            })
    }

    /// Replaces or adds entries; the table stays sorted by recipe, dataset, network.
    pub fn merge(&mut self, entries: Vec<RateEntry>) {
        for new in entries {
            let place = |e: &RateEntry| (e.recipe, e.dataset, e.network.clone(), e.family.clone());
            self.entries.retain(|e| place(e) != place(&new));
            self.entries.push(new);
        }
        self.entries.sort_by(|a, b| {
            (a.recipe, a.dataset, &a.network, &a.family).cmp(&(b.recipe, b.dataset, &b.network, &b.family))
        });
    }

    /// The file's text: the same table gives the same bytes.
    pub fn to_text(&self) -> String {
        let mut t = format!(
            "# Learning rates for profile {0}: chosen on validation, never on test, by the command that each entry names.\n# Without a family it is backpropagation's; feedback alignment, direct feedback alignment and the sum rule use the same.\n\nprofile = \"{0}\"\n",
            self.profile
        );
        for e in &self.entries {
            let _ = write!(
                t,
                "\n[[rate]]\ndataset = \"{}\"\nnetwork = \"{}\"\nrecipe = \"{}\"\n",
                e.dataset, e.network, e.recipe
            );
            if e.family != BP {
                let _ = writeln!(t, "family = \"{}\"", e.family);
            }
            let _ = writeln!(t, "learning_rate = {:?}", e.learning_rate);
            if let Some(growth) = e.growth {
                let _ = writeln!(t, "growth = {growth:?}");
            }
            if e.preliminary {
                t.push_str("preliminary = true\n");
            }
            if e.unmoved {
                t.push_str("unmoved = true\n");
            }
            // a JSON string is a TOML string
            let command = serde_json::to_string(&e.command).expect("text");
            let _ = write!(t, "command = {command}\nseed = {}\nepochs = {}\ntried = [\n", e.seed, e.epochs);
            for r in &e.tried {
                t.push_str("  { ");
                let numbers = [
                    ("growth", r.growth),
                    ("learning_rate", Some(r.learning_rate)),
                    ("validation_accuracy", r.validation_accuracy),
                    ("movement", r.movement),
                    ("feedback_norm", r.feedback_norm),
                ];
                for (name, value) in numbers {
                    if let Some(v) = value {
                        let _ = write!(t, "{name} = {v:?}, ");
                    }
                }
                let _ = writeln!(t, "status = \"{}\" }},", r.status);
            }
            t.push_str("]\n");
        }
        t
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::figures;

    #[test]
    fn the_committed_tables_are_what_the_program_writes() {
        for (profile, text) in [
            (Profile::Quick, include_str!("../../data/rates/quick.toml")),
            (Profile::Standard, include_str!("../../data/rates/standard.toml")),
        ] {
            let table = RateTable::read(profile.name(), text).unwrap();
            assert_eq!(table.profile, profile);
            assert_eq!(table.to_text(), text);
        }
    }

    #[test]
    fn every_cell_of_every_figure_has_a_rate() {
        for profile in Profile::ALL {
            let table = RateTable::of(profile);
            for cell in figures::REGISTRY.iter().flat_map(|f| f.cells()) {
                for recipe in Recipe::ALL {
                    assert!(table.rate(&cell, recipe).unwrap() > 0.0);
                }
            }
        }
    }

    #[test]
    fn an_unknown_network_is_refused_with_the_way_out() {
        let cell: Cell = "mnist/3x7-relu/bp".parse().unwrap();
        let e = RateTable::of(Profile::Quick).rate(&cell, Recipe::Main).unwrap_err().to_string();
        assert!(e.contains("--rate") && e.contains("3x7-relu"), "{e}");
        assert_eq!(RateTable::of(Profile::Quick).rate(&cell, Recipe::Nokland).unwrap(), NOKLAND);
    }

    #[test]
    fn the_rate_of_b_shrinks_with_the_length_of_a_trial() {
        let cell: Cell = "mnist/1x2000/fa/feedback=hebb".parse().unwrap();
        let table = RateTable::of(Profile::Standard);
        let at = |epochs| table.rates(&cell, Recipe::Main, epochs, Given::default()).unwrap();
        let searched = table.searched(&cell, "feedback=hebb", Recipe::Main).unwrap();
        assert_eq!(at(3).feedback_rate, Some(searched));
        assert_eq!(at(12).feedback_rate, Some(searched / 4.0));
        // never faster than anything that was tried
        assert_eq!(at(1).feedback_rate, Some(searched));
        assert_eq!(at(12).learning_rate, at(3).learning_rate);
        let given = Given { feedback_rate: Some(0.5), ..Given::default() };
        assert_eq!(table.rates(&cell, Recipe::Main, 12, given).unwrap().feedback_rate, Some(0.5));
    }

    #[test]
    fn merging_replaces_one_entry_and_keeps_the_others() {
        let mut table = RateTable::of(Profile::Quick).clone();
        let before = table.clone();
        let tried = |learning_rate| Tried {
            learning_rate,
            growth: None,
            validation_accuracy: None,
            movement: None,
            feedback_norm: None,
            status: "diverged".into(),
        };
        let mut entry = table.entries[0].clone();
        entry.learning_rate = 10f64.powf(-2.5);
        entry.tried = vec![
            Tried { validation_accuracy: Some(1.0 / 3.0), status: "finished".into(), ..tried(0.1) },
            Tried { growth: Some(0.3), movement: Some(0.2), feedback_norm: Some(2.0), ..tried(10.0) },
        ];
        table.merge(vec![entry.clone()]);
        assert_eq!(table.entries[0], entry);
        assert_eq!(table.entries[1..], before.entries[1..]);
        assert_eq!(RateTable::read("t", &table.to_text()).unwrap(), table);
    }
}
