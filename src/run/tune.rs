//! The searches of learning rates and of rates of B, on validation accuracy only.
//!
//! Half-decade grid; a winner at the grid's edge extends the grid; a rate that overflows is recorded and never wins;
//! of equals the smaller rate wins. One seed of its own, so that no reported seed has been looked at.

use super::plan::BATCH;
use crate::data::Dataset;
use crate::study::figures;
use crate::study::rates::{self, BP, RateEntry, SEARCH_SEED, Tried};
use crate::study::{Cell, Precision, Profile, REVISION, Recipe, Trial};
use crate::train::{Outcome, Status};

/// Exponents `k` of the first grid, rates `10^(k/2)`: 0.003 to 1.
pub const FIRST: std::ops::RangeInclusive<i32> = -5..=0;

/// No rate outside is tried.
pub const LIMITS: std::ops::RangeInclusive<i32> = -14..=6;

/// `10^(k/2)`, read from decimal text so that every machine has the same bits.
pub fn rate(k: i32) -> f64 {
    let digits = if k.rem_euclid(2) == 0 { "1" } else { "3.16227766016837933199889354443" };
    format!("{digits}e{}", k.div_euclid(2)).parse().expect("a number")
}

/// Epochs of a search: `quick` at its own length, `standard` at 3 epochs of full data.
pub fn epochs(profile: Profile) -> u32 {
    match profile.rates() {
        Profile::Quick => Profile::Quick.epochs(0),
        _ => 3,
    }
}

/// Which rate is searched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Searched {
    Learning,
    /// The rate of feedback that learns; this is the learning rate beside it.
    Feedback {
        learning_rate: f64,
    },
}

/// What is searched: the rate of a family, on one cell that stands for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub cell: Cell,
    pub recipe: Recipe,
    pub family: String,
    pub searched: Searched,
}

/// Families that can be searched, each with the cell that stands for it, in the order of the figures. HebbNet's growth
/// exponents are searched by no command yet.
pub fn families(searched_feedback: bool) -> Vec<(String, Cell)> {
    let mut found: Vec<(String, Cell)> = vec![];
    for cell in figures::REGISTRY.iter().flat_map(|f| f.cells()) {
        let cell = cell.canonical();
        let family = match searched_feedback {
            true => rates::feedback_family(&cell),
            false => Some(rates::family(&cell)).filter(|f| !f.starts_with("hebbnet")),
        };
        let Some(family) = family else { continue };
        // the rules that borrow backpropagation's rate do not stand for it
        if family == BP && cell.rule.name() != BP {
            continue;
        }
        let known = |f: &(String, Cell)| f.0 == family && f.1.dataset == cell.dataset && f.1.network == cell.network;
        if !found.iter().any(known) {
            found.push((family, cell));
        }
    }
    found
}

impl Target {
    /// The trial that tries exponent `k`.
    pub fn trial(&self, profile: Profile, k: i32, data: &Dataset) -> Trial {
        let (learning_rate, feedback_rate) = match self.searched {
            Searched::Learning => (rate(k), None),
            Searched::Feedback { learning_rate } => (learning_rate, Some(rate(k))),
        };
        Trial {
            cell: self.cell.clone(),
            recipe: self.recipe,
            learning_rate,
            hidden_rate: None,
            growth: None,
            feedback_rate,
            batch: BATCH,
            epochs: epochs(profile),
            data: profile.data(),
            data_fingerprint: data.fingerprint.clone(),
            train_sample: profile.train_sample(),
            precision: Precision::F32,
            seed: SEARCH_SEED,
            repeat: 0,
            revision: REVISION,
        }
    }
}

/// One rate with what came of it: right answers on validation after the last epoch, `None` if diverged.
pub type Score = (i32, Option<u32>);

/// The score of an outcome.
pub fn score(outcome: &Outcome) -> Option<u32> {
    outcome.last().map(|e| e.validation.correct)
}

/// What to do after these rates were tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The winner lies at the edge of what was tried: try this one too.
    Try(i32),
    Winner(i32),
    /// Everything down to the smallest allowed rate overflowed.
    None,
}

/// Chooses among scores (any order).
pub fn next(scores: &[Score]) -> Next {
    let lowest = scores.iter().map(|s| s.0).min().expect("a grid has rates");
    let highest = scores.iter().map(|s| s.0).max().expect("a grid has rates");
    // ascending by rate, and only a strictly better one replaces: ties go to the smaller rate
    let mut sorted = scores.to_vec();
    sorted.sort();
    let mut winner: Option<(i32, u32)> = None;
    for (k, correct) in sorted {
        if let Some(correct) = correct.filter(|c| winner.is_none_or(|w| *c > w.1)) {
            winner = Some((k, correct));
        }
    }
    match winner {
        None if lowest > *LIMITS.start() => Next::Try(lowest - 1),
        None => Next::None,
        Some((k, _)) if k == lowest && k > *LIMITS.start() => Next::Try(k - 1),
        Some((k, _)) if k == highest && k < *LIMITS.end() => Next::Try(k + 1),
        Some((k, _)) => Next::Winner(k),
    }
}

/// The table's entry of a finished search; `tried` in any order.
pub fn entry(target: &Target, profile: Profile, winner: i32, tried: &[(i32, &Outcome)]) -> RateEntry {
    let mut tried = tried.to_vec();
    tried.sort_by_key(|t| t.0);
    RateEntry {
        dataset: target.cell.dataset,
        network: target.cell.network.to_string(),
        recipe: target.recipe,
        family: target.family.clone(),
        growth: None,
        learning_rate: rate(winner),
        preliminary: false,
        command: format!("report tune --profile {profile} --recipe {}", target.recipe),
        seed: SEARCH_SEED,
        epochs: epochs(profile),
        tried: tried
            .into_iter()
            .map(|(k, o)| Tried {
                learning_rate: rate(k),
                validation_accuracy: o.last().map(|e| e.validation.accuracy()),
                status: match o.status {
                    Status::Finished => "finished".into(),
                    Status::Diverged { .. } => "diverged".into(),
                },
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_of_the_figures_but_hebbnets_is_searched() {
        let searched: Vec<(String, Cell)> = [families(false), families(true)].concat();
        for cell in figures::REGISTRY.iter().flat_map(|f| f.cells()) {
            let cell = cell.canonical();
            for family in [Some(rates::family(&cell)), rates::feedback_family(&cell)].into_iter().flatten() {
                let found = searched
                    .iter()
                    .any(|(f, c)| *f == family && c.dataset == cell.dataset && c.network == cell.network);
                assert!(found || family.starts_with("hebbnet"), "{cell} {family}");
            }
        }
    }

    /// Runs a whole search on a made-up score.
    fn search(score: impl Fn(i32) -> Option<u32>) -> (Next, Vec<i32>) {
        let mut tried: Vec<i32> = FIRST.collect();
        loop {
            let scores: Vec<Score> = tried.iter().map(|k| (*k, score(*k))).collect();
            match next(&scores) {
                Next::Try(k) => tried.push(k),
                end => {
                    tried.sort();
                    return (end, tried);
                }
            }
        }
    }

    #[test]
    fn rates_are_half_decades() {
        let rates: Vec<f64> = FIRST.map(rate).collect();
        for (got, want) in rates.iter().zip([0.003162, 0.01, 0.03162, 0.1, 0.3162, 1.0]) {
            assert!((got / want - 1.0).abs() < 1e-3, "{got} {want}");
        }
        assert_eq!((rate(-4), rate(-2), rate(2)), (0.01, 0.1, 10.0));
    }

    #[test]
    fn a_winner_inside_ends_the_search() {
        assert_eq!(search(|k| Some(100 - (k + 2).unsigned_abs())), (Next::Winner(-2), FIRST.collect()));
    }

    #[test]
    fn a_winner_at_an_edge_extends_the_grid() {
        assert_eq!(search(|k| Some(100 - (k - 2).unsigned_abs())).0, Next::Winner(2));
        let (end, tried) = search(|k| Some(100 - (k + 7).unsigned_abs()));
        assert_eq!((end, tried[0]), (Next::Winner(-7), -8));
    }

    #[test]
    fn overflow_above_is_an_edge_that_was_looked_behind() {
        assert_eq!(search(|k| (k < 0).then_some((100 + k) as u32)), (Next::Winner(-1), FIRST.collect()));
    }

    #[test]
    fn ties_go_to_the_smaller_rate_and_all_overflows_search_downwards() {
        assert_eq!(search(|k| Some(if (-3..=-1).contains(&k) { 9 } else { 5 })).0, Next::Winner(-3));
        assert_eq!(search(|k| (k < -7).then_some(1)).0, Next::Winner(*LIMITS.start()));
        assert_eq!(search(|_| None).0, Next::None);
    }

    #[test]
    fn the_limits_end_an_endless_climb() {
        assert_eq!(search(|k| Some((100 + k) as u32)).0, Next::Winner(*LIMITS.end()));
    }
}
