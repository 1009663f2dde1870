//! What the post claims, as data: each claim with its figure, the cells that it speaks of and the predicate that
//! `stats` judges. Adding a claim: one entry in [`REGISTRY`].

mod names;
mod post;

pub use names::CellName;
pub use post::REGISTRY;

/// A statement of the post, in our words, with what would make it true.
pub struct Claim {
    /// `C1` to `C24`.
    pub id: &'static str,
    /// The figures that it is about, as `report list figures` names them; the first is where it is discussed.
    pub figures: &'static [&'static str],
    /// In a few words, for tables.
    pub title: &'static str,
    /// The statement, paraphrased.
    pub claim: &'static str,
    /// When it counts as reproduced.
    pub rule: &'static str,
    pub predicate: Predicate,
    /// Claims of one family share Holm's correction.
    pub family: &'static str,
    /// Training steps per dataset below which nothing is said; 0 for claims that no run decides.
    pub least_steps: u64,
}

/// One comparison of cells, named as [`CellName`] says.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// `left` is at least `points` percentage points under `right` (0: simply under).
    Below { left: String, right: String, points: f64 },
    /// Equivalent within the dataset's margin.
    Alike { left: String, right: String },
    /// The first of `ladder` is alike to `right`; the sentence names how far up the ladder that goes on.
    AlikeUpTo { ladder: Vec<String>, right: String },
    /// `left` is not under `right` by more than the margin.
    NotWorse { left: String, right: String },
    /// Of `choices` the one with the best validation accuracy is alike to `right`.
    BestAlike { choices: Vec<String>, right: String },
}

/// A part of a claim: holds if all its statements do.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub name: String,
    pub all: Vec<Statement>,
    /// Pairs of cells whose difference stands beside and decides nothing.
    pub beside: Vec<(String, String)>,
}

/// Cells by name.
pub type Cells = fn() -> Vec<String>;

/// What decides a claim.
pub enum Predicate {
    /// All parts hold: reproduced; some hold and some fail: partly; all fail: not.
    Parts(fn() -> Vec<Part>),
    /// The parts once per reading of Hebbian descent (`d`, `k`): equal verdicts stand, different ones make partly.
    Readings(fn(&str) -> Vec<Part>),
    /// In at least `least` pairs the first is above the second, and in none below; with some below: partly.
    BetterInMost { pairs: fn() -> Vec<(String, String)>, least: usize },
    /// The mean accuracy lies in the band.
    InBand { cells: Cells, low: f64, high: f64 },
    /// No cell is above backpropagation, and the simultaneous upper bounds stay below the margin.
    NoBenefit(Cells),
    /// Some cell is above its backpropagation: reproduced; among the norm-matched only: partly.
    AnyAbove { own: Cells, matched: Cells },
    /// Kendall's W over blocks of cells, literal and norm-matched: the interval below `low`, or above `high`: not.
    NoOrder { literal: fn() -> Vec<Vec<String>>, matched: fn() -> Vec<Vec<String>>, low: f64, high: f64 },
    /// Accuracy at the last epoch is not worse than at the best validation epoch by the margin.
    LastAsBest(Cells),
    /// The standard deviation over seeds is below this many points.
    NoSpread { cell: &'static str, points: f64 },
    /// Backpropagation is ahead of more than half of the cells.
    MostlyAhead(Cells),
    /// Log of the projection on the first principal component grows as predicted.
    Grows(Cells),
    /// Pairs of a Hebb and an Oja cell: rows stay below 2 under Oja while Hebb's projection grows fivefold.
    Cured(fn() -> Vec<(String, String)>),
    /// Median gap to backpropagation of `near` below that of `far`, per dataset.
    Closest { near: fn(&str) -> Vec<String>, far: fn(&str) -> Vec<String> },
    /// Some cell needs at most this share of backpropagation's time or memory, and is alike in accuracy.
    Cheaper { cells: Cells, share: f64 },
    /// Decided by construction.
    ByConstruction(&'static str),
    /// Nothing to compare with.
    CannotBeTested(&'static str),
}

impl Predicate {
    /// Every cell that the predicate compares (backpropagation beside them included).
    pub fn cells(&self) -> Vec<String> {
        let of_parts = |parts: Vec<Part>| -> Vec<String> {
            parts.into_iter().flat_map(|p| p.all).flat_map(Statement::cells).collect()
        };
        let pairs = |pairs: Vec<(String, String)>| pairs.into_iter().flat_map(|(a, b)| [a, b]).collect();
        let beside = |cells: Vec<String>| -> Vec<String> {
            cells
                .into_iter()
                .flat_map(|c| [CellName::parse(&c).map(|n| n.backpropagation()), Some(c)])
                .flatten()
                .collect()
        };
        let all = match self {
            Predicate::Parts(parts) => of_parts(parts()),
            Predicate::Readings(parts) => ["d", "k"].into_iter().flat_map(|r| of_parts(parts(r))).collect(),
            Predicate::BetterInMost { pairs: p, .. } => pairs(p()),
            Predicate::Cured(p) => pairs(p()),
            Predicate::InBand { cells, .. } | Predicate::LastAsBest(cells) | Predicate::Grows(cells) => cells(),
            Predicate::NoBenefit(cells) | Predicate::MostlyAhead(cells) | Predicate::Cheaper { cells, .. } => {
                beside(cells())
            }
            Predicate::AnyAbove { own, matched } => beside(own().into_iter().chain(matched()).collect()),
            Predicate::NoOrder { literal, matched, .. } => literal().into_iter().chain(matched()).flatten().collect(),
            Predicate::NoSpread { cell, .. } => vec![(*cell).to_string()],
            Predicate::Closest { near, far } => {
                beside(["mnist", "cifar10"].into_iter().flat_map(|d| near(d).into_iter().chain(far(d))).collect())
            }
            Predicate::ByConstruction(_) | Predicate::CannotBeTested(_) => vec![],
        };
        let mut seen = std::collections::BTreeSet::new();
        all.into_iter().filter(|c| seen.insert(c.clone())).collect()
    }
}

impl Statement {
    fn cells(self) -> Vec<String> {
        match self {
            Statement::Below { left, right, .. }
            | Statement::Alike { left, right }
            | Statement::NotWorse { left, right } => {
                vec![left, right]
            }
            // the rest of the ladder is only looked at where it is there
            Statement::AlikeUpTo { ladder, right } => ladder.into_iter().take(1).chain([right]).collect(),
            Statement::BestAlike { choices, right } => choices.into_iter().chain([right]).collect(),
        }
    }
}

/// The claim called `id`.
pub fn claim(id: &str) -> Option<&'static Claim> {
    REGISTRY.iter().find(|c| c.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_numbered_and_their_cells_can_be_read() {
        for (i, c) in REGISTRY.iter().enumerate() {
            assert_eq!(c.id, format!("C{}", i + 1));
            for cell in c.predicate.cells() {
                assert!(CellName::parse(&cell).is_some(), "{}: {cell}", c.id);
            }
            assert!(!c.figures.is_empty() && !c.family.is_empty());
        }
        assert_eq!(REGISTRY.len(), 24);
    }
}
