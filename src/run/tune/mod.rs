//! The searches of learning rates and of rates of B, on validation accuracy only.
//!
//! Half-decade grid; a winner at the grid's edge extends the grid; a rate that overflows is recorded and never wins;
//! of equals the smaller rate wins. One seed of its own, so that no reported seed has been looked at. HebbNet has two
//! rates: see [`exponents`]. Rates of B may have two maxima, one of a B that hardly learns (a rate of zero is fixed feedback)
//! and one of a B that grows: their first grid is coarse and wide.

mod exponents;

use std::collections::BTreeMap;

pub use exponents::MOVED;

use super::plan::BATCH;
use crate::data::{Dataset, DatasetId};
use crate::net::Architecture;
use crate::rules::RuleSpec;
use crate::study::rates::{self, BP, Given, RateEntry, RateTable, SEARCH_SEED, Tried};
use crate::study::{Cell, Precision, Profile, REVISION, Recipe, Study, Trial, figures, robustness};
use crate::train::{Outcome, Status};

/// Exponents `k` of rates `10^(k/2)`.
pub type Grid = std::ops::RangeInclusive<i32>;

/// The first grid: 0.003 to 1.
pub const FIRST: Grid = -5..=0;

/// No rate outside is tried.
pub const LIMITS: Grid = -14..=6;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Searched {
    Learning,
    /// The rate of feedback that learns, beside a learning rate.
    Feedback,
    /// The output layer's learning rate and the growth exponent of the hidden layers' local rule.
    Exponents,
}

/// What one trial of a search tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    /// Growth exponent, in quarters of a step of its grid.
    pub growth: Option<i32>,
    /// Exponent of the half-decade rate.
    pub k: i32,
}

/// What is searched: the rate of a family, on one cell that stands for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub cell: Cell,
    pub recipe: Recipe,
    pub family: String,
    pub searched: Searched,
    /// The cell's other rates, which stay.
    pub beside: Given,
    pub epochs: u32,
    /// A rate around which the search begins, found by a smaller one.
    pub known: Option<f64>,
}

/// Families that can be searched, each with the cell that stands for it, in the order of the figures.
pub fn families(searched_feedback: bool) -> Vec<(String, Cell)> {
    let mut found: Vec<(String, Cell)> = vec![];
    let of_figures = figures::REGISTRY.iter().flat_map(|f| f.cells());
    for cell in of_figures {
        let cell = cell.canonical();
        let family = match searched_feedback {
            true => rates::feedback_family(&cell),
            false => Some(rates::family(&cell)),
        };
        let Some(family) = family else { continue };
        // the rules that borrow backpropagation's rate do not stand for it
        if family == BP && cell.rule.name() != BP {
            continue;
        }
        if !found.iter().any(|f| is_target(f, &family, &cell)) {
            found.push((family, cell));
        }
    }
    found
}

/// Families of the robustness tables that no figure needs: rules at a rate of their own, and other readings of rules, each
/// with its cell.
pub fn robustness_families() -> Vec<(String, Cell)> {
    let known = families(false);
    let mut found: Vec<(String, Cell)> = vec![];
    for (setting, cell) in robustness::wanted() {
        let family = match setting.change {
            robustness::Change::OwnRate => rates::own_family(&cell),
            _ => rates::family(&cell),
        };
        // what borrows backpropagation's rate on a network that no figure has needs that one searched
        let cell = if family == BP { Cell::new(cell.dataset, cell.network, bp()) } else { cell };
        if !known.iter().chain(&found).any(|f| is_target(f, &family, &cell)) {
            found.push((family, cell));
        }
    }
    found
}

/// Whether a family with the cell that stands for it is this family on the cell's dataset and network.
pub fn is_target(target: &(String, Cell), family: &str, cell: &Cell) -> bool {
    target.0 == family && target.1.dataset == cell.dataset && target.1.network == cell.network
}

fn bp() -> RuleSpec {
    RuleSpec::new(BP, &[]).expect("a registered rule")
}

/// Backpropagation, whose rate others borrow.
pub fn backpropagation(dataset: DatasetId, network: &Architecture) -> Cell {
    Cell::new(dataset, network.clone(), bp())
}

/// What a study searches first: the families of its cells under its recipes, each once, as long as its trials are (or as
/// the profile's own searches). Rates of B come second: they stand beside the learning rates that `found` then holds.
pub fn of_study(study: &Study, epochs: u32, found: Option<&RateTable>) -> Vec<Target> {
    let mut targets: Vec<Target> = vec![];
    for recipe in study.recipes.iter().copied() {
        for cell in study.figure.cells() {
            let cell = cell.canonical();
            let family = match found {
                None => Some(rates::family(&cell)).filter(|_| cell.rule.name() != "growth"),
                Some(_) => rates::feedback_family(&cell).filter(|_| study.feedback_rate.is_none()),
            };
            let Some(family) = family else { continue };
            let cell = if family == BP { backpropagation(cell.dataset, &cell.network) } else { cell };
            let mut beside =
                Given { growth: study.growth.filter(|_| cell.rule.name() == "hebbnet"), ..Given::default() };
            let searched = match found {
                Some(table) => {
                    // a search that found nothing is said by the plan
                    let rates = table.rates(&cell, recipe, epochs, Given { feedback_rate: Some(1.0), ..beside });
                    let Ok(rates) = rates else { continue };
                    beside.learning_rate = Some(rates.learning_rate);
                    Searched::Feedback
                }
                None if cell.rule.name() == "hebbnet" && beside.growth.is_none() => Searched::Exponents,
                None => Searched::Learning,
            };
            let place = |t: &Target| (t.recipe, t.family.clone(), t.cell.dataset, t.cell.network.clone());
            let target = Target { cell, recipe, family, searched, beside, epochs, known: None };
            if !targets.iter().any(|t| place(t) == place(&target)) {
                targets.push(target);
            }
        }
    }
    targets
}

/// Epochs of a study's searches.
pub fn epochs_of_study(study: &Study, profile: Profile, asked: Option<u32>) -> u32 {
    let own = match profile {
        Profile::Smoke => profile.epochs(0),
        _ => epochs(profile),
    };
    asked.or(study.epochs.first().copied()).unwrap_or(own)
}

impl Target {
    /// The trial that tries `point`.
    pub fn trial(&self, profile: Profile, point: Point, data: &Dataset) -> Trial {
        let tried = rate(point.k);
        let (learning_rate, feedback_rate) = match self.searched {
            Searched::Feedback => (self.beside.learning_rate.unwrap_or(tried), Some(tried)),
            Searched::Learning | Searched::Exponents => (tried, self.beside.feedback_rate),
        };
        Trial {
            cell: self.cell.clone(),
            recipe: self.recipe,
            learning_rate,
            hidden_rate: None,
            growth: point.growth.map(exponents::exponent).or(self.beside.growth),
            feedback_rate,
            batch: BATCH,
            epochs: self.epochs,
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

/// What came of a point: none if it diverged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Right answers on validation after the last epoch.
    pub correct: u32,
    /// How far the hidden layer moved least, by the norm that it started with.
    pub moved: f64,
}

/// The score of an outcome.
pub fn score(outcome: &Outcome) -> Option<Score> {
    let last = outcome.last()?;
    let hidden = &last.movements[..last.movements.len().saturating_sub(1)];
    Some(Score { correct: last.validation.correct, moved: hidden.iter().fold(f64::INFINITY, |a, &b| a.min(b)) })
}

/// What to do after some points were tried.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// The winner may lie there: try these too.
    Try(Vec<Point>),
    Winner(Point),
    /// No rate that stayed finite moved the hidden layer: this one is the best of those that did not.
    Unmoved(Point),
    /// Everything down to the smallest allowed rate overflowed.
    None,
}

impl Searched {
    /// What is tried at first, with the first grid of rates.
    pub fn first(self, grid: &Grid) -> Vec<Point> {
        match self {
            Searched::Exponents => exponents::first(grid),
            // whole decades
            Searched::Feedback => (*LIMITS.start()..=0).step_by(2).map(|k| Point { growth: None, k }).collect(),
            Searched::Learning => grid.clone().map(|k| Point { growth: None, k }).collect(),
        }
    }

    /// What to do after these points.
    pub fn next(self, grid: &Grid, tried: &BTreeMap<Point, Option<Score>>) -> Next {
        match self {
            Searched::Exponents => exponents::next(grid, tried),
            _ => next(tried),
        }
    }
}

/// The first grid of a search: [`FIRST`], or three rates around `known`, the winner of a cheaper search (whatever wins at
/// its edge extends it).
pub fn grid(known: Option<f64>) -> Grid {
    let nearest = |rate: f64| ((2.0 * rate.log10()).round() as i32).clamp(*LIMITS.start() + 1, *LIMITS.end() - 1);
    known.map_or(FIRST, |rate| nearest(rate) - 1..=nearest(rate) + 1)
}

/// The best point of one exponent: of equals the smaller rate.
fn best(tried: impl Iterator<Item = (Point, Option<Score>)>) -> Option<(Point, Score)> {
    let mut best: Option<(Point, Score)> = None;
    // ascending by rate, and only a strictly better one replaces
    for (point, score) in tried {
        if let Some(score) = score.filter(|s| best.is_none_or(|(_, b)| s.correct > b.correct)) {
            best = Some((point, score));
        }
    }
    best
}

/// Chooses among rates: the best with both neighbours tried.
fn next(tried: &BTreeMap<Point, Option<Score>>) -> Next {
    let point = |k| Point { growth: None, k };
    let lowest = tried.keys().next().map_or(*LIMITS.end(), |p| p.k);
    let Some((best, _)) = best(tried.iter().map(|(p, s)| (*p, *s))) else {
        return if lowest > *LIMITS.start() { Next::Try(vec![point(lowest - 1)]) } else { Next::None };
    };
    let beside = [best.k - 1, best.k + 1].into_iter().filter(|k| LIMITS.contains(k)).map(point);
    let untried: Vec<Point> = beside.filter(|p| !tried.contains_key(p)).collect();
    if untried.is_empty() { Next::Winner(best) } else { Next::Try(untried) }
}

/// The table's entry of a finished search. `moved`: see [`RateEntry::unmoved`].
pub fn entry(
    target: &Target,
    command: &str,
    (winner, unmoved): (Point, bool),
    tried: &BTreeMap<Point, &Outcome>,
) -> RateEntry {
    let tried = tried.iter().map(|(point, o)| {
        let last = o.last();
        Tried {
            learning_rate: rate(point.k),
            growth: point.growth.map(exponents::exponent),
            validation_accuracy: last.map(|e| e.validation.accuracy()),
            movement: score(o).filter(|_| point.growth.is_some()).map(|s| s.moved),
            feedback_norm: match target.searched {
                Searched::Feedback => last.and_then(|e| e.feedback_norms.iter().copied().reduce(f64::max)),
                _ => None,
            },
            status: match o.status {
                Status::Finished => "finished".into(),
                Status::Diverged { .. } => "diverged".into(),
            },
        }
    });
    RateEntry {
        dataset: target.cell.dataset,
        network: target.cell.network.to_string(),
        recipe: target.recipe,
        family: target.family.clone(),
        growth: winner.growth.map(exponents::exponent).or(target.beside.growth),
        learning_rate: rate(winner.k),
        preliminary: false,
        unmoved,
        command: command.to_string(),
        seed: SEARCH_SEED,
        epochs: target.epochs,
        tried: tried.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_of_the_figures_is_searched() {
        let searched: Vec<(String, Cell)> = [families(false), families(true)].concat();
        for cell in figures::REGISTRY.iter().flat_map(|f| f.cells()) {
            let cell = cell.canonical();
            for family in [Some(rates::family(&cell)), rates::feedback_family(&cell)].into_iter().flatten() {
                let found = searched
                    .iter()
                    .any(|(f, c)| *f == family && c.dataset == cell.dataset && c.network == cell.network);
                assert!(found, "{cell} {family}");
            }
        }
    }

    #[test]
    fn every_rate_that_robustness_tables_lack_is_searched() {
        let searched = [families(false), robustness_families()].concat();
        let names: Vec<&str> = searched.iter().map(|f| f.0.as_str()).collect();
        for family in ["drtp/feedback=random", "sum/beta=0.01,local=hebb,sign=plus", "hd/reading=o2,train=full"] {
            assert_eq!(names.iter().filter(|n| **n == family).count(), 2, "{family}: {names:?}");
        }
        let mixed = |f: &&(String, Cell)| f.1.to_string() == "mnist/2x800-relu-tanh/bp" && f.0 == BP;
        assert_eq!(searched.iter().filter(mixed).count(), 1);
        assert_eq!(robustness_families().len(), 2 * (8 + 2));
    }

    /// Runs a whole search of a learning rate on a made-up score.
    fn search(score: impl Fn(i32) -> Option<u32>) -> (Next, Vec<i32>) {
        search_of(Searched::Learning, score)
    }

    fn search_of(what: Searched, score: impl Fn(i32) -> Option<u32>) -> (Next, Vec<i32>) {
        let score = |p: Point| Some(Score { correct: score(p.k)?, moved: 0.0 });
        let mut tried: BTreeMap<_, _> = what.first(&FIRST).into_iter().map(|p| (p, score(p))).collect();
        loop {
            match what.next(&FIRST, &tried) {
                Next::Try(points) => tried.extend(points.into_iter().map(|p| (p, score(p)))),
                end => return (end, tried.keys().map(|p| p.k).collect()),
            }
        }
    }

    fn winner(k: i32) -> Next {
        Next::Winner(Point { growth: None, k })
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
    fn a_known_rate_narrows_the_first_grid() {
        assert_eq!(grid(None), FIRST);
        assert_eq!(grid(Some(rate(-3))), -4..=-2);
        assert_eq!(grid(Some(0.11)), -3..=-1);
        assert_eq!(grid(Some(1e-9)), *LIMITS.start()..=*LIMITS.start() + 2);
    }

    #[test]
    fn a_winner_inside_ends_the_search() {
        assert_eq!(search(|k| Some(100 - (k + 2).unsigned_abs())), (winner(-2), FIRST.collect()));
    }

    #[test]
    fn a_winner_at_an_edge_extends_the_grid() {
        assert_eq!(search(|k| Some(100 - (k - 2).unsigned_abs())).0, winner(2));
        let (end, tried) = search(|k| Some(100 - (k + 7).unsigned_abs()));
        assert_eq!((end, tried[0]), (winner(-7), -8));
    }

    #[test]
    fn rates_of_feedback_are_sought_in_decades_then_between_them() {
        // a hill at 0.1 and a higher one at 3e-5
        let hills = |k: i32| Some((50 - 5 * (k + 2).abs()).max(60 - 10 * (k + 9).abs()).max(0) as u32);
        let (end, tried) = search_of(Searched::Feedback, hills);
        assert_eq!((end, tried), (winner(-9), vec![-14, -12, -11, -10, -9, -8, -6, -4, -2, 0]));
        // what is best where B hardly learns, or at the top of the grid, is looked around too
        assert_eq!(search_of(Searched::Feedback, |k| Some((100 - k) as u32)).0, winner(*LIMITS.start()));
        assert_eq!(search_of(Searched::Feedback, |k| Some(100 - (k - 1).unsigned_abs())).0, winner(1));
    }

    #[test]
    fn overflow_above_is_an_edge_that_was_looked_behind() {
        assert_eq!(search(|k| (k < 0).then_some((100 + k) as u32)), (winner(-1), FIRST.collect()));
    }

    #[test]
    fn ties_go_to_the_smaller_rate_and_all_overflows_search_downwards() {
        assert_eq!(search(|k| Some(if (-3..=-1).contains(&k) { 9 } else { 5 })).0, winner(-3));
        assert_eq!(search(|k| (k < -7).then_some(1)).0, winner(*LIMITS.start()));
        assert_eq!(search(|_| None).0, Next::None);
    }

    #[test]
    fn the_limits_end_an_endless_climb() {
        assert_eq!(search(|k| Some((100 + k) as u32)).0, winner(*LIMITS.end()));
    }
}
