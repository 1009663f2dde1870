//! The robustness tables (`--robustness`): a few cells under other recipes, rates and readings, to see whether what they
//! show hangs on a choice that the post leaves open.
//!
//! One list of cells, one of [`SETTINGS`] and one of [`CHOICES`]; the plan, the report and `report list robustness` read
//! them. Three seeds and a few epochs: only directions are judged.

use super::{Cell, Profile, Recipe};
use crate::data::{DataSize, DatasetId};

/// Seeds of every cell, whatever the profile says.
pub const SEEDS: u64 = 3;

/// Epochs on full data; the small profiles keep their own.
const EPOCHS: u32 = 5;

/// Epochs of the tables.
pub fn epochs(profile: Profile) -> u32 {
    if profile.data() == DataSize::Full { EPOCHS } else { profile.epochs(0) }
}

/// What a setting changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing: what the others are held against.
    None,
    Recipe(Recipe),
    /// A rate searched for the rule itself, where it borrows backpropagation's.
    OwnRate,
    /// The same trials, read at the epoch that was best on validation.
    BestEpoch,
    /// The cell: see [`CHOICES`].
    Choice,
}

/// A way to train or read the cells of the tables.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    pub id: &'static str,
    pub title: &'static str,
    /// What it changes and why somebody may ask.
    pub about: &'static str,
    pub change: Change,
    /// Numbered assumptions that it tries.
    pub assumptions: &'static [&'static str],
}

impl Setting {
    /// How its trials are marked in `uses.parquet`; [`Change::BestEpoch`] reads those of the main setting.
    pub fn mark(&self) -> String {
        let id = if self.change == Change::BestEpoch { SETTINGS[0].id } else { self.id };
        format!("{MARK}{id}")
    }
}

/// What every such mark begins with.
pub const MARK: &str = "robustness/";

/// Every setting, the main one first; each of the others is a table.
pub static SETTINGS: [Setting; 6] = [
    Setting {
        id: "main",
        title: "Main recipe",
        about: "Recipe main at the rates of the figures, read after the last epoch.",
        change: Change::None,
        assumptions: &[],
    },
    Setting {
        id: "unit",
        title: "Recipe unit",
        about: "Pixels left in 0..1, without centring, as HebbNet used them.",
        change: Change::Recipe(Recipe::Unit),
        assumptions: &["A1"],
    },
    Setting {
        id: "nokland",
        title: "Recipe nokland",
        about: "Pixels in 0..1, sigmoid outputs with binary cross-entropy, RMSprop at 1e-4, as the published feedback-alignment experiments. Rates of B and of HebbNet's hidden layer stay those that were searched for the main recipe, which need not suit this one.",
        change: Change::Recipe(Recipe::Nokland),
        assumptions: &["A1", "A2", "A3"],
    },
    Setting {
        id: "own-rate",
        title: "A rate of the rule's own",
        about: "Where a rule borrows backpropagation's rate, one that was searched for the rule itself; the others keep theirs, which was.",
        change: Change::OwnRate,
        assumptions: &["A2"],
    },
    Setting {
        id: "best-epoch",
        title: "Read at the best epoch",
        about: "Test accuracy at the epoch that was best on validation instead of after the last one.",
        change: Change::BestEpoch,
        assumptions: &["A9"],
    },
    Setting {
        id: "choices",
        title: "Other readings of single rules",
        about: "One rule or network at a time is read in another way than in the figures.",
        change: Change::Choice,
        assumptions: &["A10", "A12", "A13", "A14", "A16", "A23"],
    },
];

/// The setting called `id`.
pub fn setting(id: &str) -> &'static Setting {
    SETTINGS.iter().find(|s| s.id == id).expect("a registered setting")
}

/// A rule on a network, as cells write them.
type Place = (&'static str, &'static str);

/// What is held against the settings, on each dataset.
const CELLS: [Place; 14] = [
    ("1x2000", "bp"),
    ("1x2000", "fa/feedback=random"),
    ("1x2000", "fa/feedback=binary-sign"),
    ("1x2000", "fa/feedback=hebb"),
    ("1x2000", "hebbnet/local=hebb,variant=hl"),
    ("1x2000", "sum/beta=0.01,local=hebb"),
    ("1x2000", "hd/reading=d"),
    ("1x2000", "hd/reading=k"),
    // what the first claim holds HebbNet against
    ("linear", "bp"),
    // its target never shrinks: the first that a borrowed rate may harm
    ("1x2000", "drtp"),
    ("2x800-relu", "bp"),
    // on CIFAR-10 backpropagation's rate there is more than it bears
    ("2x800-relu", "fa/feedback=random"),
    ("2x800-relu", "dfa/feedback=random"),
    ("2x800-relu", "dfa/feedback=binary-sign"),
];

/// Another reading of a rule or network.
#[derive(Debug)]
pub struct Choice {
    pub assumption: &'static str,
    pub title: &'static str,
    /// What is trained, and what of the figures it stands for.
    pub instead: &'static [(Place, Place)],
}

/// Every other reading.
pub static CHOICES: [Choice; 6] = [
    Choice {
        assumption: "A10",
        title: "the sum rule's sign as written: the local term is subtracted",
        instead: &[(("1x2000", "sum/beta=0.01,local=hebb,sign=literal"), ("1x2000", "sum/beta=0.01,local=hebb"))],
    },
    Choice {
        assumption: "A13",
        title: "HebbNet's products are subtracted, as in the public code",
        instead: &[(
            ("1x2000", "hebbnet/local=hebb,variant=hl,sign=minus"),
            ("1x2000", "hebbnet/local=hebb,variant=hl"),
        )],
    },
    Choice {
        assumption: "A12",
        title: "HebbNet's mask is drawn at random at each step",
        instead: &[(
            ("1x2000", "hebbnet/local=hebb,variant=t-gs,mask=random"),
            ("1x2000", "hebbnet/local=hebb,variant=t-gs"),
        )],
    },
    Choice {
        assumption: "A14",
        title: "Hebbian descent with Oja's whole expression (O2)",
        instead: &[(("1x2000", "hd/reading=o2"), ("1x2000", "hd/reading=o1"))],
    },
    Choice {
        assumption: "A16",
        title: "direct feedback follows the signs at the top hidden layer only",
        instead: &[(("2x800-relu", "dfa/feedback=binary-sign-top"), ("2x800-relu", "dfa/feedback=binary-sign"))],
    },
    Choice {
        assumption: "A23",
        title: "one mixed network, ReLU and then tanh",
        instead: &[
            (("2x800-relu-tanh", "bp"), ("2x800-relu", "bp")),
            (("2x800-relu-tanh", "dfa/feedback=random"), ("2x800-relu", "dfa/feedback=random")),
            (("2x800-relu-tanh", "dfa/feedback=binary-sign"), ("2x800-relu", "dfa/feedback=binary-sign")),
        ],
    },
];

fn cell(dataset: DatasetId, (network, rule): Place) -> Cell {
    Cell::new(dataset, network.parse().expect("a network"), rule.parse().expect("a rule")).canonical()
}

/// What is held against the settings.
pub fn cells() -> Vec<Cell> {
    DatasetId::ALL.into_iter().flat_map(|d| CELLS.map(|place| cell(d, place))).collect()
}

impl Choice {
    /// What is trained, and what of the figures it stands for.
    pub fn pairs(&self) -> Vec<(Cell, Cell)> {
        let of = |d| self.instead.iter().map(move |(new, old)| (cell(d, *new), cell(d, *old)));
        DatasetId::ALL.into_iter().flat_map(of).collect()
    }
}

/// Everything that is trained: cells with their settings, each pair once.
pub fn wanted() -> Vec<(&'static Setting, Cell)> {
    let mut wanted: Vec<(&'static Setting, Cell)> = vec![];
    let choices: Vec<(Cell, Cell)> = CHOICES.iter().flat_map(Choice::pairs).collect();
    for setting in &SETTINGS {
        let cells = match setting.change {
            Change::BestEpoch => continue,
            Change::None => cells().into_iter().chain(choices.iter().map(|(_, old)| old.clone())).collect(),
            Change::Choice => choices.iter().map(|(new, _)| new.clone()).collect(),
            Change::Recipe(_) | Change::OwnRate => cells(),
        };
        for cell in cells {
            if !wanted.iter().any(|(s, c)| s.id == setting.id && *c == cell) {
                wanted.push((setting, cell));
            }
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{assumptions, figures};

    #[test]
    fn cells_are_those_of_the_figures_and_choices_are_not() {
        let figures: Vec<Cell> = figures::REGISTRY.iter().flat_map(|f| f.cells()).map(|c| c.canonical()).collect();
        for (setting, cell) in wanted() {
            let change = setting.change;
            assert_eq!(figures.contains(&cell), change != Change::Choice, "{} {cell}", setting.id);
            cell.rule.check(&cell.network, cell.dataset.classes()).unwrap();
        }
    }

    #[test]
    fn every_assumption_is_registered_and_every_setting_has_its_mark() {
        for id in SETTINGS.iter().flat_map(|s| s.assumptions).chain(CHOICES.iter().map(|c| &c.assumption)) {
            assert!(assumptions::assumption(id).is_some(), "{id}");
        }
        assert!(CHOICES.iter().all(|c| setting("choices").assumptions.contains(&c.assumption)));
        assert_eq!(setting("best-epoch").mark(), setting("main").mark());
        assert_eq!(setting("unit").mark(), "robustness/unit");
        assert_eq!(wanted().len(), 2 * (16 + 3 * 14 + 8));
    }

    #[test]
    fn full_data_has_five_epochs_and_the_small_profiles_keep_theirs() {
        assert_eq!(Profile::ALL.map(epochs), [1, 4, 5, 5]);
    }
}
