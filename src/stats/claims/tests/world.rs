//! Made-up results for the cells of one claim.

use polars::prelude::*;

use super::super::*;
use crate::study::claims::{CellName, claim};

type Growing = dyn Fn(&CellName) -> (f64, f64);
type Diverging = dyn Fn(&CellName, u64) -> bool;
type OfCell = dyn Fn(&CellName) -> f64;

/// Difference between seeds that is small beside every margin.
pub const NOISE: f64 = 0.0005;

pub struct World {
    pub id: &'static str,
    pub accuracy: Box<OfCell>,
    /// Added to the accuracy at the best epoch.
    pub best: Box<OfCell>,
    pub train: f64,
    /// Spread of the train accuracies over that of the test accuracies.
    pub train_spread: f64,
    /// Size of the differences between seeds; they differ from cell to cell.
    pub noise: f64,
    /// On MNIST and on CIFAR-10.
    pub steps: [u64; 2],
    pub seeds: u64,
    /// Change of validation accuracy per epoch, of ten.
    pub moving: Box<OfCell>,
    pub step_time: Box<OfCell>,
    pub memory: Box<OfCell>,
    /// Slope of the log of the projection against its prediction, and the largest row norm.
    pub growth: Box<Growing>,
    /// The log of the projection goes up and down by this much from point to point.
    pub bend: f64,
    pub diverged: Box<Diverging>,
}

pub fn world(id: &'static str, accuracy: impl Fn(&CellName) -> f64 + 'static) -> World {
    World {
        id,
        accuracy: Box::new(accuracy),
        best: Box::new(|_| 0.0),
        train: 0.99,
        train_spread: 1.0,
        noise: NOISE,
        steps: [100_000; 2],
        seeds: 5,
        moving: Box::new(|_| 0.0),
        step_time: Box::new(|_| 1.0),
        memory: Box::new(|_| 1e6),
        growth: Box::new(|c| if c.option("local") == Some("oja") { (0.1, 1.1) } else { (1.0, 9.0) }),
        bend: 0.0,
        diverged: Box::new(|_, _| false),
    }
}

/// Between -1 and 1, without an order.
fn wobble(row: usize, seed: u64) -> f64 {
    ((row as f64 * 12.9898 + seed as f64 * 78.233).sin() * 43758.5453).fract()
}

impl World {
    pub fn frames(&self) -> (DataFrame, DataFrame) {
        let names = claim(self.id).unwrap().predicate.cells();
        self.frames_of(&names)
    }

    pub fn frames_of(&self, names: &[String]) -> (DataFrame, DataFrame) {
        let rows: Vec<(CellName, &String, u64)> =
            names.iter().flat_map(|n| (1..=self.seeds).map(move |s| (CellName::parse(n).unwrap(), n, s))).collect();
        let noise: Vec<f64> = rows.iter().enumerate().map(|(i, r)| self.noise * wobble(i, r.2)).collect();
        let tests: Vec<f64> = rows.iter().zip(&noise).map(|(r, n)| (self.accuracy)(&r.0) + n).collect();
        let steps = |c: &CellName| self.steps[usize::from(c.dataset == DatasetId::Cifar10)];
        let status = |r: &(CellName, &String, u64)| if (self.diverged)(&r.0, r.2) { "diverged" } else { "finished" };
        let trials = df!(
            "cell" => rows.iter().map(|r| r.1.as_str()).collect::<Vec<_>>(),
            "status" => rows.iter().map(status).collect::<Vec<_>>(),
            "seed" => rows.iter().map(|r| r.2).collect::<Vec<_>>(),
            "repeat" => vec![0u32; rows.len()],
            "test_accuracy" => &tests,
            "best_test_accuracy" => tests.iter().zip(&rows).map(|(t, r)| t + (self.best)(&r.0)).collect::<Vec<_>>(),
            "train_accuracy" => noise.iter().map(|n| self.train + self.train_spread * n).collect::<Vec<_>>(),
            "validation_accuracy" => &tests,
            "steps" => rows.iter().map(|r| steps(&r.0)).collect::<Vec<_>>(),
            "train_time_s" => rows.iter().map(|r| (self.step_time)(&r.0) * steps(&r.0) as f64).collect::<Vec<_>>(),
            "peak_memory_bytes" => rows.iter().map(|r| (self.memory)(&r.0) as u64).collect::<Vec<_>>(),
            "test_images" => vec![1000u32; rows.len()],
        )
        .unwrap();
        let points: Vec<(usize, u32)> = (0..rows.len()).flat_map(|r| (1..=10).map(move |e| (r, e))).collect();
        let exponent = |e: u32| 3.0 * f64::from(e) / 10.0;
        let validation = |p: &(usize, u32)| tests[p.0] - (self.moving)(&rows[p.0].0) * f64::from(10 - p.1);
        let log_growth = |p: &(usize, u32)| {
            (self.growth)(&rows[p.0].0).0 * exponent(p.1) + if p.1.is_multiple_of(2) { self.bend } else { -self.bend }
        };
        let curves = df!(
            "cell" => points.iter().map(|p| rows[p.0].1.as_str()).collect::<Vec<_>>(),
            "seed" => points.iter().map(|p| rows[p.0].2).collect::<Vec<_>>(),
            "repeat" => vec![0u32; points.len()],
            "epoch" => points.iter().map(|p| p.1).collect::<Vec<_>>(),
            "validation_accuracy" => points.iter().map(validation).collect::<Vec<_>>(),
            "projection" => points.iter().map(|p| 0.1 * log_growth(p).exp()).collect::<Vec<_>>(),
            "largest_row_norm" => points.iter().map(|p| (self.growth)(&rows[p.0].0).1).collect::<Vec<_>>(),
            "growth_exponent" => points.iter().map(|p| exponent(p.1)).collect::<Vec<_>>(),
        )
        .unwrap();
        (trials, curves)
    }

    pub fn judged(&self) -> Judged {
        let (trials, curves) = self.frames();
        let all = judge(&trials, &curves, &Margins::default()).unwrap();
        all.into_iter().find(|j| j.id == self.id).unwrap()
    }
}

pub fn mnist(c: &CellName) -> bool {
    c.dataset == DatasetId::Mnist
}
/// A usual level of the dataset.
pub fn level(c: &CellName) -> f64 {
    if mnist(c) { 0.95 } else { 0.50 }
}
/// The margin of the dataset, written out.
pub fn margin(c: &CellName) -> f64 {
    if mnist(c) { 0.01 } else { 0.02 }
}
pub fn is(c: &CellName, key: &str, value: &str) -> bool {
    c.option(key) == Some(value)
}
pub fn beta(c: &CellName) -> f64 {
    c.option("beta").map_or(0.0, |b| b.parse::<f64>().unwrap())
}
/// 0 for the smallest beta to 5 for the largest.
pub fn rank(c: &CellName) -> usize {
    (beta(c).log10() + 6.0).round() as usize
}
/// Not backpropagation.
pub fn other(c: &CellName) -> bool {
    c.rule != "bp"
}
