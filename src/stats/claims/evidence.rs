//! What the frames say about the cells that the claims speak of.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;

use super::super::StatsError;
use super::super::bootstrap::{RESAMPLES, Right, bootstrap};
use crate::data::DatasetId;
use crate::study::claims::CellName;

/// Columns of `curves.parquet` that hold the growth of plain weights, one row every few steps.
const PROJECTION: &str = "projection";
const ROW_NORM: &str = "largest_row_norm";
/// Sum of the rates so far times half the largest eigenvalue of the inputs: the predicted log of the growth.
const EXPONENT: &str = "growth_exponent";

/// The seed of the bootstrap; no trial uses it.
const BOOTSTRAP_SEED: u64 = 0xb007;

/// One trial.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    pub seed: u64,
    pub diverged: bool,
    pub test: Option<f64>,
    pub best: Option<f64>,
    pub train: Option<f64>,
    pub validation: Option<f64>,
    pub best_validation: Option<f64>,
    pub steps: u64,
    pub step_time_s: Option<f64>,
    pub memory_bytes: Option<f64>,
    bits: Vec<u8>,
    images: usize,
}

/// One point of growing weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    pub seed: u64,
    pub projection: f64,
    pub row_norm: f64,
    pub exponent: f64,
}

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub struct CellData {
    pub name: CellName,
    /// Length of its trials: profile `full` trains a cell as long as each figure asks.
    pub epochs: u32,
    /// By seed, ordinary trials only.
    pub runs: Vec<Observed>,
    /// The same seed trained again.
    pub repeats: Vec<Observed>,
    /// Validation accuracy per epoch, mean over finished trials.
    pub validation: Vec<f64>,
    pub growth: Vec<Growth>,
    /// Bootstrap means of test accuracy.
    pub resampled: Vec<Option<f64>>,
}

impl CellData {
    /// Two or more of five trials diverged: below anything that trained.
    pub fn failed(&self) -> bool {
        let diverged = self.runs.iter().filter(|r| r.diverged).count();
        diverged >= 2 && 5 * diverged >= 2 * self.runs.len()
    }
    /// Test accuracy; a diverged trial counts as chance.
    pub fn value(&self, run: &Observed) -> Option<f64> {
        if run.diverged { Some(self.name.dataset.chance()) } else { run.test }
    }
    /// Mean of [`CellData::value`].
    pub fn mean(&self) -> Option<f64> {
        let values: Vec<f64> = self.runs.iter().filter_map(|r| self.value(r)).collect();
        super::super::mean(&values).ok()
    }
    /// Steps of the longest finished trial; `None` if all diverged.
    pub fn steps(&self) -> Option<u64> {
        self.runs.iter().filter(|r| !r.diverged).map(|r| r.steps).max()
    }
    /// How much the validation accuracy of the last fifth of the epochs differs from that of the fifth before, as a
    /// fraction; `None` where there are not two fifths.
    pub fn still_moving(&self) -> Option<f64> {
        let n = self.validation.len();
        let fifth = (n / 5).max(1);
        if n < 2 * fifth {
            return None;
        }
        let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
        Some(mean(&self.validation[n - fifth..]) - mean(&self.validation[n - 2 * fifth..n - fifth]))
    }
}

/// Every cell of the frames.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    cells: Vec<CellData>,
}

impl Evidence {
    /// With learning curves and resamples.
    pub fn new(trials: &DataFrame, curves: &DataFrame) -> Result<Evidence, StatsError> {
        let (mut cells, place_of_key) = read_trials(trials)?;
        read_curves(&mut cells, curves, &place_of_key)?;
        let mut evidence = Evidence::of(cells);
        for dataset in DatasetId::ALL {
            resample(&mut evidence.cells, dataset)?;
        }
        Ok(evidence)
    }

    /// The trials alone, which is enough for directions.
    pub fn of_trials(trials: &DataFrame) -> Result<Evidence, StatsError> {
        Ok(Evidence::of(read_trials(trials)?.0))
    }

    pub fn from_cells(cells: Vec<CellData>) -> Evidence {
        Evidence { cells }
    }

    /// The same trials, each read at its best validation epoch instead of its last, or at its last again. What a trial got
    /// right image by image is known of the last epoch alone, so here resamples draw seeds only: of the two readings none is
    /// surer than the other.
    pub fn by_seeds(&self, at_best: bool) -> Result<Evidence, StatsError> {
        let mut cells = self.cells.clone();
        for run in cells.iter_mut().flat_map(|c| &mut c.runs) {
            run.bits.clear();
            if at_best {
                (run.test, run.validation) = (run.best.or(run.test), run.best_validation.or(run.validation));
            }
        }
        for dataset in DatasetId::ALL {
            resample(&mut cells, dataset)?;
        }
        Ok(Evidence { cells })
    }

    pub fn into_cells(self) -> Vec<CellData> {
        self.cells
    }

    fn of(cells: ByPlace) -> Evidence {
        Evidence { cells: cells.into_values().filter(|c| !c.runs.is_empty()).collect() }
    }

    /// The cells that a claim may mean: of the right name, with the fewest options.
    fn candidates(&self, wanted: &str) -> Vec<&CellData> {
        let Some(mut wanted) = CellName::parse(wanted) else { return vec![] };
        // with one hidden layer direct feedback alignment is stored as feedback alignment
        if wanted.rule == "dfa" && wanted.network.starts_with("1x") {
            wanted.rule = "fa".into();
        }
        let all = || self.cells.iter().filter(|c| wanted.speaks_of(&c.name));
        let fewest = all().map(|c| c.name.options.len()).min();
        all().filter(|c| Some(c.name.options.len()) == fewest).collect()
    }

    /// The cell that a claim speaks of; of several lengths the longest.
    pub fn find(&self, wanted: &str) -> Option<&CellData> {
        self.candidates(wanted).into_iter().max_by_key(|c| c.epochs)
    }

    /// Two cells to be compared: of the same length, if there are such.
    pub fn pair(&self, left: &str, right: &str) -> Option<(&CellData, &CellData)> {
        let rights = self.candidates(right);
        let same = |l: &&CellData| rights.iter().copied().find(|r| r.epochs == l.epochs);
        let pairs = self.candidates(left).into_iter().filter_map(|l| Some((l, same(&l)?)));
        pairs.max_by_key(|(l, _)| l.epochs).or_else(|| Some((self.find(left)?, self.find(right)?)))
    }

    /// Backpropagation beside this very cell.
    pub fn backpropagation(&self, cell: &CellData) -> Option<&CellData> {
        let wanted = cell.name.backpropagation();
        self.candidates(&wanted).into_iter().find(|c| c.epochs == cell.epochs).or_else(|| self.find(&wanted))
    }
}

/// Name of a cell and length of its trials.
type Place = (String, u32);
type ByPlace = BTreeMap<Place, CellData>;

/// The cells without their curves, and which key belongs to which.
fn read_trials(trials: &DataFrame) -> Result<(ByPlace, BTreeMap<String, Place>), StatsError> {
    let (mut cells, mut place_of_key) = (ByPlace::new(), BTreeMap::new());
    let keys = trials.column("key").ok().map(|c| c.str().cloned()).transpose()?;
    let epochs = numbers(trials, "epochs")?;
    let names = trials.column("cell")?.str()?.clone();
    let status = trials.column("status")?.str()?.clone();
    let (seeds, repeats) = (trials.column("seed")?.u64()?.clone(), trials.column("repeat")?.u32()?.clone());
    let test = numbers(trials, "test_accuracy")?;
    let best = numbers(trials, "best_test_accuracy")?;
    let train = numbers(trials, "train_accuracy")?;
    let validation = numbers(trials, "validation_accuracy")?;
    let best_validation = numbers(trials, "best_validation_accuracy")?;
    let steps = numbers(trials, "steps")?;
    let time = numbers(trials, "train_time_s")?;
    let memory = numbers(trials, "peak_memory_bytes")?;
    let images = numbers(trials, "test_images")?;
    let bits = trials.column("test_bits").ok().map(|c| c.binary().cloned()).transpose()?;
    for row in 0..trials.height() {
        let (Some(text), Some(seed)) = (names.get(row), seeds.get(row)) else { continue };
        let Some(name) = CellName::parse(text) else { continue };
        let diverged = status.get(row) != Some("finished");
        let kept = |v: Option<f64>| v.filter(|v| v.is_finite() && !diverged);
        let run = Observed {
            seed,
            diverged,
            test: kept(test[row]),
            best: kept(best[row]),
            train: kept(train[row]),
            validation: kept(validation[row]),
            best_validation: kept(best_validation[row]),
            steps: steps[row].unwrap_or(0.0) as u64,
            step_time_s: time[row].zip(steps[row]).filter(|(_, s)| *s > 0.0).map(|(t, s)| t / s),
            memory_bytes: memory[row],
            bits: bits.as_ref().and_then(|b| b.get(row)).unwrap_or_default().to_vec(),
            images: images[row].unwrap_or(0.0) as usize,
        };
        let place = (text.to_string(), epochs[row].unwrap_or(0.0) as u32);
        if let Some(key) = keys.as_ref().and_then(|k| k.get(row)) {
            place_of_key.insert(key.to_string(), place.clone());
        }
        let cell = cells.entry(place).or_insert_with_key(|place| CellData {
            name,
            epochs: place.1,
            runs: vec![],
            repeats: vec![],
            validation: vec![],
            growth: vec![],
            resampled: vec![],
        });
        if repeats.get(row) == Some(0) { cell.runs.push(run) } else { cell.repeats.push(run) }
    }
    cells.values_mut().for_each(|c| c.runs.sort_by_key(|r| r.seed));
    Ok((cells, place_of_key))
}

/// A column as numbers; nothing where the frame has not got it.
fn numbers(frame: &DataFrame, name: &str) -> Result<Vec<Option<f64>>, StatsError> {
    match frame.column(name) {
        Ok(column) => Ok(column.cast(&DataType::Float64)?.f64()?.iter().collect()),
        Err(_) => Ok(vec![None; frame.height()]),
    }
}

fn read_curves(
    cells: &mut ByPlace,
    curves: &DataFrame,
    place_of_key: &BTreeMap<String, Place>,
) -> Result<(), StatsError> {
    let keys = curves.column("key").ok().map(|c| c.str().cloned()).transpose()?;
    let names = curves.column("cell")?.str()?.clone();
    let (seeds, repeats) = (curves.column("seed")?.u64()?.clone(), curves.column("repeat")?.u32()?.clone());
    let epochs = numbers(curves, "epoch")?;
    let validation = numbers(curves, "validation_accuracy")?;
    let growth = [PROJECTION, ROW_NORM, EXPONENT].map(|c| numbers(curves, c));
    let [projection, row_norm, exponent] = growth;
    let (projection, row_norm, exponent) = (projection?, row_norm?, exponent?);
    let mut sums: BTreeMap<Place, BTreeMap<u64, (f64, u32)>> = BTreeMap::new();
    for row in (0..curves.height()).filter(|&r| repeats.get(r) == Some(0)) {
        let (Some(text), Some(seed)) = (names.get(row), seeds.get(row)) else { continue };
        let known = keys.as_ref().and_then(|k| place_of_key.get(k.get(row)?)).cloned();
        let place = known.unwrap_or_else(|| (text.to_string(), 0));
        let Some(cell) = cells.get_mut(&place) else { continue };
        if let (Some(p), Some(n), Some(e)) = (projection[row], row_norm[row], exponent[row]) {
            cell.growth.push(Growth { seed, projection: p, row_norm: n, exponent: e });
        }
        let finished = cell.runs.iter().any(|r| r.seed == seed && !r.diverged);
        if let (true, Some(v), Some(epoch)) = (finished, validation[row].filter(|v| v.is_finite()), epochs[row]) {
            let sum = sums.entry(place).or_default().entry(epoch as u64).or_default();
            *sum = (sum.0 + v, sum.1 + 1);
        }
    }
    for (place, epochs) in sums {
        let means = epochs.values().map(|(sum, n)| sum / f64::from(*n)).collect();
        cells.entry(place).and_modify(|c| c.validation = means);
    }
    Ok(())
}

/// What a trial got right among these images, or its accuracy where there is no record of each.
fn right<'a>(cell: &CellData, run: &'a Observed, images: usize) -> Option<Right<'a>> {
    let known = !run.diverged && run.images == images && run.bits.len() == images.div_ceil(8);
    if known { Some(Right::Bits(&run.bits)) } else { cell.value(run).map(Right::Fixed) }
}

/// One draw of seeds and images for all cells of a dataset.
fn resample(cells: &mut [CellData], dataset: DatasetId) -> Result<(), StatsError> {
    let mut of: Vec<&mut CellData> = cells.iter_mut().filter(|c| c.name.dataset == dataset).collect();
    let seeds: BTreeSet<u64> = of.iter().flat_map(|c| &c.runs).map(|r| r.seed).collect();
    let seeds: Vec<u64> = seeds.into_iter().collect();
    let images = of.iter().flat_map(|c| &c.runs).map(|r| r.images).max().unwrap_or(0);
    if seeds.is_empty() || images == 0 {
        return Ok(());
    }
    let trials = of.iter().map(|cell| {
        let position = |seed: u64| seeds.binary_search(&seed).expect("a seed of the dataset");
        cell.runs.iter().filter_map(|r| Some((position(r.seed), right(cell, r, images)?))).collect()
    });
    let trials: Vec<_> = trials.collect();
    let drawn = bootstrap(&trials, seeds.len(), images, RESAMPLES, BOOTSTRAP_SEED)?;
    drop(trials);
    of.iter_mut().zip(drawn).for_each(|(cell, means)| cell.resampled = means);
    Ok(())
}
