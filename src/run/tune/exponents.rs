//! The search of HebbNet's two rates: the output layer's, and the hidden layers' as a growth exponent.
//!
//! The best rate of a local rule is often the one that does not move the hidden layer at all. So the winner is taken
//! among the points that moved it by at least [`MOVED`] and stayed finite. If there is none, the gap between the largest
//! exponent that stayed finite and the smallest that did not is halved twice; then the search says so.

use std::collections::{BTreeMap, BTreeSet};

use super::{Grid, LIMITS, Next, Point, Score, best};

/// How far the hidden layer must have moved, by the norm that it started with.
pub const MOVED: f64 = 0.1;

/// Quarters of a step of the grid 0.3, 1, 3, 10, 30.
const EXPONENTS: [i32; 5] = [-4, 0, 4, 8, 12];
const STEP: i32 = 4;
/// No exponent outside is tried: 0.01 to 1000.
const ALLOWED: Grid = -16..=24;

/// The growth exponent of `quarters`: 1, 3, 10, ... where a step is whole, geometric means between.
pub fn exponent(quarters: i32) -> f64 {
    let whole = |step: i32| -> f64 {
        let digit = if step.rem_euclid(2) == 0 { 1 } else { 3 };
        format!("{digit}e{}", step.div_euclid(2)).parse().expect("a number")
    };
    let step = quarters.div_euclid(STEP);
    // a square root has the same bits on every machine
    let mean = |a: f64, b: f64| (a * b).sqrt();
    let (low, high) = (whole(step), whole(step + 1));
    match quarters.rem_euclid(STEP) {
        0 => low,
        1 => mean(low, mean(low, high)),
        2 => mean(low, high),
        _ => mean(mean(low, high), high),
    }
}

/// The first grid.
pub fn first(rates: &Grid) -> Vec<Point> {
    EXPONENTS.iter().flat_map(|&growth| row(rates, growth)).collect()
}

fn row(rates: &Grid, growth: i32) -> Vec<Point> {
    rates.clone().map(|k| Point { growth: Some(growth), k }).collect()
}

/// Where an exponent stands.
enum Standing {
    /// This rate has to be tried before anybody can say.
    Open(Point),
    /// Its best point.
    Finite(Point, Score),
    /// The hidden layer overflows, whatever the output layer does.
    Overflows,
}

/// `row`: the rates tried with one exponent, ascending.
fn standing(row: &[(Point, Option<Score>)]) -> Standing {
    let untried = |k: &i32| LIMITS.contains(k) && row.iter().all(|(p, _)| p.k != *k);
    let at = |k| Point { k, ..row[0].0 };
    match best(row.iter().copied()) {
        Some((point, score)) => match [point.k + 1, point.k - 1].into_iter().find(untried) {
            Some(k) => Standing::Open(at(k)),
            None => Standing::Finite(point, score),
        },
        // the smallest rate tells whether it is only the output layer that overflows
        None if untried(LIMITS.start()) => Standing::Open(at(*LIMITS.start())),
        None => Standing::Overflows,
    }
}

/// What to do after these points.
pub fn next(rates: &Grid, tried: &BTreeMap<Point, Option<Score>>) -> Next {
    let mut rows: BTreeMap<i32, Vec<_>> = BTreeMap::new();
    for (point, score) in tried {
        rows.entry(point.growth.expect("an exponent")).or_default().push((*point, *score));
    }
    let (mut open, mut finite, mut overflows) = (vec![], vec![], BTreeSet::new());
    for (&growth, row) in &rows {
        match standing(row) {
            Standing::Open(point) => open.push(point),
            Standing::Finite(point, score) => finite.push((growth, point, score)),
            Standing::Overflows => drop(overflows.insert(growth)),
        }
    }
    if !open.is_empty() {
        return Next::Try(open);
    }
    let (lowest, highest) = (*rows.keys().next().expect("points"), *rows.keys().last().expect("points"));
    let moved: Vec<_> = finite.iter().filter(|(_, _, s)| s.moved >= MOVED).map(|(_, p, s)| (*p, Some(*s))).collect();
    if let Some((winner, _)) = best(moved.into_iter()) {
        let growth = winner.growth.expect("an exponent");
        return match growth {
            g if g == lowest && g - STEP >= *ALLOWED.start() => Next::Try(row(rates, g - STEP)),
            g if g == highest && g + STEP <= *ALLOWED.end() => Next::Try(row(rates, g + STEP)),
            _ => Next::Winner(winner),
        };
    }
    let Some(&(still, point, _)) = finite.last() else {
        return if lowest - STEP >= *ALLOWED.start() { Next::Try(row(rates, lowest - STEP)) } else { Next::None };
    };
    match overflows.range(still..).next() {
        None if highest + STEP <= *ALLOWED.end() => Next::Try(row(rates, highest + STEP)),
        Some(above) if above - still > 1 => Next::Try(row(rates, (still + above).div_euclid(2))),
        _ => Next::Unmoved(point),
    }
}

#[cfg(test)]
mod tests {
    use super::super::FIRST;
    use super::*;

    /// Runs a whole search on a made-up score.
    fn search(score: impl Fn(f64, i32) -> Option<(u32, f64)>) -> (Next, usize) {
        let score = |p: Point| score(exponent(p.growth.unwrap()), p.k).map(|(correct, moved)| Score { correct, moved });
        let mut tried: BTreeMap<_, _> = first(&FIRST).into_iter().map(|p| (p, score(p))).collect();
        loop {
            match next(&FIRST, &tried) {
                Next::Try(points) => {
                    assert!(points.iter().all(|p| !tried.contains_key(p)), "again {points:?}");
                    tried.extend(points.into_iter().map(|p| (p, score(p))));
                }
                end => return (end, tried.len()),
            }
        }
    }

    fn at(growth: i32, k: i32) -> Point {
        Point { growth: Some(growth), k }
    }

    #[test]
    fn exponents_of_the_grid_and_between() {
        assert_eq!(EXPONENTS.map(exponent), [0.3, 1.0, 3.0, 10.0, 30.0]);
        assert_eq!(exponent(2), 3f64.sqrt());
        assert!(exponent(4) < exponent(5) && exponent(5) < exponent(6) && exponent(7) < exponent(8));
    }

    #[test]
    fn the_best_that_moved_wins_though_a_still_one_is_better() {
        let (end, _) =
            search(|g, k| (g < 20.0).then_some((if g < 2.0 { 99 } else { 50 - k.unsigned_abs() }, g / 10.0)));
        // 1 has moved by exactly a tenth; every rate is as good, so the smallest wins
        assert_eq!(end, Next::Winner(at(0, *LIMITS.start())));
    }

    #[test]
    fn a_winner_at_an_edge_extends_the_grid() {
        let peak = |g: f64, k: i32| (100.0 - (g.ln() - 100f64.ln()).abs() * 5.0 - f64::from((k + 1).abs())) as u32;
        assert_eq!(search(|g, k| Some((peak(g, k), 1.0))).0, Next::Winner(at(16, -1)));
        assert_eq!(
            search(|g, k| Some((if g < 0.2 { 9 } else { 5 } + u32::from(k == -3), g * 2.0))).0,
            Next::Winner(at(-8, -3))
        );
    }

    #[test]
    fn overflow_of_the_output_layer_is_told_from_that_of_the_hidden_one() {
        // moves and stays finite only with a small rate of the output layer
        let (end, _) = search(|g, k| (g < 5.0 && (g < 1.0 || k < -9)).then_some(((50 + k) as u32, g / 10.0)));
        assert_eq!(end, Next::Winner(at(0, -10)));
    }

    #[test]
    fn between_still_and_overflow_the_gap_is_halved_twice() {
        // still at 1, overflow at 3; between them 2 moves
        let window =
            |g: f64, k: i32| (g < 2.5).then_some(((50 - (k + 2).abs()) as u32, if g > 2.0 { 0.2 } else { 0.0 }));
        assert_eq!(search(window).0, Next::Winner(at(3, -2)));
        let none = |g: f64, k: i32| (g < 1.5).then_some(((50 - (k + 2).abs()) as u32, 0.01));
        assert_eq!(search(none).0, Next::Unmoved(at(1, -2)));
        assert_eq!(search(|_, _| None).0, Next::None);
        assert_eq!(search(|_, k| Some(((50 - (k + 2).abs()) as u32, 0.0))).0, Next::Unmoved(at(24, -2)));
    }
}
