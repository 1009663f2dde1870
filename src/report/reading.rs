//! Frames into the model's parts, keyed by cell.

use std::collections::{BTreeMap, HashMap};

use polars::prelude::DataFrame;

use super::{ReportError, columns};
use crate::stats::{variants, with_variant};

/// One trial.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Run {
    pub key: String,
    pub seed: u64,
    pub repeat: u32,
    pub diverged_at: Option<u64>,
    pub diverged: bool,
    pub runaway: bool,
    pub train: Option<f64>,
    pub test: Option<f64>,
    pub best_test: Option<f64>,
    pub steps: u64,
    pub epochs: u32,
    pub learning_rate: f64,
    /// Of feedback that learns.
    pub feedback_rate: Option<f64>,
    /// Growth exponent of a hidden layer that learns by a local rule.
    pub growth: Option<f64>,
    pub train_time_s: f64,
    pub weights_sha256: String,
}

/// State at the end of one epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Point {
    pub epoch: u32,
    /// Mean training loss over the epoch's steps.
    pub loss: Option<f64>,
    pub test: Option<f64>,
    pub validation: Option<f64>,
    pub angles: [Option<f64>; 2],
    /// Norm of B by the one that it began with, the largest of the layers.
    pub feedback_norm: Option<f64>,
    /// How far W_1 moved from its start, by the norm of the start.
    pub movement: Option<f64>,
    pub growth: Option<Growth>,
}

/// Weights while they are followed (study of growth).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// Predicted log of the growth.
    pub exponent: f64,
    pub projection: f64,
    pub row_norm: f64,
}

/// Estimates over the seeds of a cell, fractions.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Summary {
    pub mean: Option<f64>,
    pub std: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub train_mean: Option<f64>,
    pub best_mean: Option<f64>,
    pub learning_rate: Option<f64>,
    pub difference: Option<f64>,
    pub difference_low: Option<f64>,
    pub difference_high: Option<f64>,
}

/// Runs with the text that is hashed for them, by cell and variant ([`with_variant`]), in the order of seeds and repeats.
pub type RunsByCell = HashMap<String, Vec<(Run, String)>>;

pub fn runs(trials: &DataFrame) -> Result<RunsByCell, ReportError> {
    let text = |name| columns::strings(trials, name);
    let (keys, cells, statuses) = (text("key")?, text("cell")?, text("status")?);
    let (weights, fingerprints, recipes) = (text("weights_sha256")?, text("data_fingerprint")?, text("recipe")?);
    let seeds = columns::counts(trials, "seed")?;
    let repeats = columns::counts(trials, "repeat")?;
    let diverged_at = columns::integers(trials, "diverged_at_step")?;
    let runaway = columns::booleans(trials, "runaway")?;
    let train = columns::floats(trials, "train_accuracy")?;
    let test = columns::floats(trials, "test_accuracy")?;
    let best = columns::floats(trials, "best_test_accuracy")?;
    let steps = columns::counts(trials, "steps")?;
    let epochs = columns::counts(trials, "epochs")?;
    let rates = columns::floats(trials, "learning_rate")?;
    // results of earlier versions have none
    let feedback_rates = columns::floats_or_none(trials, "feedback_rate")?;
    let growths = columns::floats_or_none(trials, "growth")?;
    let times = columns::floats(trials, "train_time_s")?;
    let variants = variants(trials)?;
    let mut all = RunsByCell::new();
    for i in 0..trials.height() {
        let diverged = statuses[i] == "diverged";
        let run = Run {
            key: keys[i].clone(),
            seed: seeds[i],
            repeat: repeats[i] as u32,
            diverged_at: diverged_at[i],
            diverged,
            runaway: runaway[i],
            train: train[i].filter(|_| !diverged),
            test: test[i].filter(|_| !diverged),
            best_test: best[i].filter(|_| !diverged),
            steps: steps[i],
            epochs: epochs[i] as u32,
            learning_rate: rates[i].unwrap_or(f64::NAN),
            feedback_rate: feedback_rates[i],
            growth: growths[i],
            train_time_s: times[i].unwrap_or(0.0),
            weights_sha256: weights[i].clone(),
        };
        // every field that is the same on each machine, in a fixed order
        let row = format!(
            "{}|{}|{}|{}|{}|{}|{}|{:?}|{:?}|{:?}|{:?}|{:?}|{}\n",
            run.key,
            cells[i],
            recipes[i],
            fingerprints[i],
            run.seed,
            run.repeat,
            statuses[i],
            run.diverged_at,
            run.train.map(f64::to_bits),
            run.test.map(f64::to_bits),
            run.best_test.map(f64::to_bits),
            run.runaway,
            run.weights_sha256
        );
        all.entry(with_variant(&cells[i], &variants[i])).or_default().push((run, row));
    }
    for runs in all.values_mut() {
        runs.sort_by_key(|(r, _)| (r.seed, r.repeat));
    }
    Ok(all)
}

/// Commits that trained the trials, with how many, most first; an empty name where it is not known.
pub fn commits(trials: &DataFrame) -> Result<Vec<(String, usize)>, ReportError> {
    let mut counts = BTreeMap::new();
    for commit in columns::strings(trials, "commit")? {
        *counts.entry(commit).or_insert(0) += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    Ok(counts)
}

pub fn summaries(frame: &DataFrame) -> Result<HashMap<String, Summary>, ReportError> {
    let cells = columns::strings(frame, "cell")?;
    let variants = columns::strings(frame, "variant")?;
    let get = |name| columns::floats(frame, name);
    let (mean, std, low, high) = (get("mean")?, get("std")?, get("ci_low")?, get("ci_high")?);
    let (train, best, rate) = (get("train_mean")?, get("best_mean")?, get("learning_rate")?);
    let (d, dl, dh) = (get("difference_mean")?, get("difference_low")?, get("difference_high")?);
    let summary = |i: usize| Summary {
        mean: mean[i],
        std: std[i],
        low: low[i],
        high: high[i],
        train_mean: train[i],
        best_mean: best[i],
        learning_rate: rate[i],
        difference: d[i],
        difference_low: dl[i],
        difference_high: dh[i],
    };
    Ok((0..cells.len()).map(|i| (with_variant(&cells[i], &variants[i]), summary(i))).collect())
}

/// Points by cell and seed.
pub type CurvesByCell = HashMap<String, BTreeMap<u64, Vec<Point>>>;

/// `runs` tells which cell and variant a trial belongs to.
pub fn curves(frame: &DataFrame, runs: &RunsByCell) -> Result<CurvesByCell, ReportError> {
    let of_key: HashMap<&str, &String> =
        runs.iter().flat_map(|(name, runs)| runs.iter().map(move |(r, _)| (r.key.as_str(), name))).collect();
    let keys = columns::strings(frame, "key")?;
    let (seeds, repeats) = (columns::counts(frame, "seed")?, columns::counts(frame, "repeat")?);
    let epochs = columns::counts(frame, "epoch")?;
    let loss = columns::floats(frame, "train_loss")?;
    let (test, validation) = (columns::floats(frame, "test_accuracy")?, columns::floats(frame, "validation_accuracy")?);
    let (first, second) = (columns::floats(frame, "feedback_angle_1")?, columns::floats(frame, "feedback_angle_2")?);
    // only where weights were followed, or feedback was
    let followed = |name| columns::floats_or_none(frame, name);
    let norms = [followed("feedback_norm_1")?, followed("feedback_norm_2")?];
    let movements = followed("movement_1")?;
    let (exponents, projections) = (followed("growth_exponent")?, followed("projection")?);
    let row_norms = followed("largest_row_norm")?;
    let mut all = CurvesByCell::new();
    for i in (0..frame.height()).filter(|&i| repeats[i] == 0) {
        let Some(name) = of_key.get(keys[i].as_str()) else { continue };
        all.entry((*name).clone()).or_default().entry(seeds[i]).or_default().push(Point {
            epoch: epochs[i] as u32,
            loss: loss[i],
            test: test[i],
            validation: validation[i],
            angles: [first[i], second[i]],
            feedback_norm: norms.iter().filter_map(|n| n[i]).reduce(f64::max),
            movement: movements[i],
            growth: match (exponents[i], projections[i], row_norms[i]) {
                (Some(exponent), Some(projection), Some(row_norm)) => Some(Growth { exponent, projection, row_norm }),
                _ => None,
            },
        });
    }
    for by_seed in all.values_mut() {
        by_seed.values_mut().for_each(|points| points.sort_by_key(|p| p.epoch));
    }
    Ok(all)
}
