//! What was looked at during training, by cell: the columns of `curves.parquet` that no figure shows.

use std::collections::HashMap;

use polars::prelude::DataFrame;

use crate::data::DatasetId;
use crate::report::{ReportError, columns};
use crate::stats::variants;
use crate::study::{Cell, figures};

/// State at the end of an epoch. What was not looked at, or is not finite, is missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Epoch {
    pub epoch: u64,
    pub validation: Option<f64>,
    pub stable_rank: Option<f64>,
    /// Norm of `W_1`, and the largest of its rows.
    pub norm: Option<f64>,
    pub row_norm: Option<f64>,
    /// How far `W_1` moved from its start, by the norm of the start.
    pub movement: Option<f64>,
    /// Norm of `B_1` by its start.
    pub feedback_norm: Option<f64>,
    /// Degrees, by layer.
    pub weight_angles: [Option<f64>; 2],
    pub signal_angles: [Option<f64>; 2],
    /// Share of the units of the top hidden layer that are above zero on no image.
    pub silent: Option<f64>,
    pub drift: Option<f64>,
    pub incoming: Option<f64>,
    /// Log of the growth that theory predicts, and the projection that grows (study of growth only).
    pub growth: Option<(f64, f64)>,
}

/// One trial.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trial {
    pub seed: u64,
    pub diverged: bool,
    pub test: Option<f64>,
    /// Of feedback that learns.
    pub feedback_rate: Option<f64>,
    pub steps: u64,
    pub epochs: u64,
    pub train_time_s: f64,
    pub memory_bytes: Option<f64>,
    pub curve: Vec<Epoch>,
}

/// A cell with its trials, by seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    pub cell: Cell,
    pub trials: Vec<Trial>,
}

impl Observed {
    pub fn finished(&self) -> impl Iterator<Item = &Trial> {
        self.trials.iter().filter(|t| !t.diverged)
    }
    /// Something of every finished trial, in the order of seeds.
    pub fn each(&self, value: impl Fn(&Trial) -> Option<f64>) -> Vec<f64> {
        self.finished().filter_map(value).collect()
    }
    /// The same of the last epoch.
    pub fn last(&self, value: impl Fn(&Epoch) -> Option<f64>) -> Vec<f64> {
        self.each(|t| t.curve.last().and_then(&value))
    }
    /// Test accuracies in percent.
    pub fn test(&self) -> Vec<f64> {
        self.each(|t| t.test.map(|v| v * 100.0))
    }
    /// Rate of feedback that learns, where all trials have one and the same.
    pub fn feedback_rate(&self) -> Option<f64> {
        let first = self.trials.first()?.feedback_rate?;
        self.trials.iter().all(|t| t.feedback_rate == Some(first)).then_some(first)
    }
    /// Test accuracy less that of `other`, in points, by seed.
    pub fn minus(&self, other: &Observed) -> Vec<f64> {
        let of = |seed| other.finished().find(|t| t.seed == seed).and_then(|t| t.test);
        self.each(|t| Some((t.test? - of(t.seed)?) * 100.0))
    }
}

/// Every cell, in the order of the figures.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Results {
    pub cells: Vec<Observed>,
}

impl Results {
    /// The cell whose trials compute `dataset/network/rule`, if there are any.
    pub fn find(&self, dataset: DatasetId, network: &str, rule: &str) -> Option<&Observed> {
        let cell = format!("{dataset}/{network}/{rule}").parse::<Cell>().ok()?.canonical();
        self.cells.iter().find(|c| c.cell == cell)
    }

    /// From the frames of `results.parquet` and `curves.parquet`; trials of a sweep are left out.
    pub fn read(trials: &DataFrame, curves: &DataFrame) -> Result<Results, ReportError> {
        let mut rows = read_trials(trials)?;
        read_curves(&mut rows, curves)?;
        let mut by_cell: HashMap<String, Vec<Trial>> = HashMap::new();
        for (_, cell, trial) in rows {
            by_cell.entry(cell).or_default().push(trial);
        }
        let mut cells: Vec<Observed> = vec![];
        for cell in figures::REGISTRY.iter().flat_map(|f| f.cells()).map(|c| c.canonical()) {
            if let Some(mut trials) = by_cell.remove(&cell.to_string()) {
                trials.sort_by_key(|t| t.seed);
                cells.push(Observed { cell, trials });
            }
        }
        Ok(Results { cells })
    }
}

/// A column that results of earlier versions, and runs without such rules, have not got.
fn perhaps(frame: &DataFrame, name: &str) -> Result<Vec<Option<f64>>, ReportError> {
    match frame.column(name) {
        Ok(_) => columns::floats(frame, name),
        Err(_) => Ok(vec![None; frame.height()]),
    }
}

/// Key, cell and trial of every first training of a seed.
fn read_trials(frame: &DataFrame) -> Result<Vec<(String, String, Trial)>, ReportError> {
    let (keys, cells) = (columns::strings(frame, "key")?, columns::strings(frame, "cell")?);
    let (seeds, repeats) = (columns::counts(frame, "seed")?, columns::counts(frame, "repeat")?);
    let (steps, epochs) = (columns::counts(frame, "steps")?, columns::counts(frame, "epochs")?);
    let (status, test) = (columns::strings(frame, "status")?, columns::floats(frame, "test_accuracy")?);
    let (times, memory) = (columns::floats(frame, "train_time_s")?, perhaps(frame, "peak_memory_bytes")?);
    let feedback_rates = perhaps(frame, "feedback_rate")?;
    let variants = variants(frame)?;
    let kept = (0..frame.height()).filter(|&i| repeats[i] == 0 && variants[i].is_empty());
    let trial = |i: usize| Trial {
        seed: seeds[i],
        diverged: status[i] == "diverged",
        test: test[i],
        feedback_rate: feedback_rates[i],
        steps: steps[i],
        epochs: epochs[i],
        train_time_s: times[i].unwrap_or(0.0),
        memory_bytes: memory[i],
        curve: vec![],
    };
    Ok(kept.map(|i| (keys[i].clone(), cells[i].clone(), trial(i))).collect())
}

fn read_curves(rows: &mut [(String, String, Trial)], frame: &DataFrame) -> Result<(), ReportError> {
    let keys = columns::strings(frame, "key")?;
    let epochs = columns::counts(frame, "epoch")?;
    let column = |name: &str| perhaps(frame, name);
    let (validation, rank) = (column("validation_accuracy")?, column("stable_rank_1")?);
    let (norm, row_norm, movement) = (column("weight_norm_1")?, column("largest_row_norm_1")?, column("movement_1")?);
    // rows of the study of growth have a column of their own
    let followed = column("largest_row_norm")?;
    let (exponent, projection) = (column("growth_exponent")?, column("projection")?);
    let feedback_norm = column("feedback_norm_1")?;
    let weights = [column("feedback_angle_1")?, column("feedback_angle_2")?];
    let signals = [column("delta_angle_1")?, column("delta_angle_2")?];
    let silent = [column("silent_units_1")?, column("silent_units_2")?];
    let (drift, incoming) = (column("conserved_drift")?, column("incoming_change")?);
    let places: HashMap<String, usize> = rows.iter().enumerate().map(|(i, r)| (r.0.clone(), i)).collect();
    for i in 0..frame.height() {
        let Some(&place) = places.get(&keys[i]) else { continue };
        rows[place].2.curve.push(Epoch {
            epoch: epochs[i],
            validation: validation[i],
            stable_rank: rank[i],
            norm: norm[i],
            row_norm: row_norm[i].or(followed[i]),
            movement: movement[i],
            feedback_norm: feedback_norm[i],
            weight_angles: [weights[0][i], weights[1][i]],
            signal_angles: [signals[0][i], signals[1][i]],
            silent: silent.iter().filter_map(|s| s[i]).next_back(),
            drift: drift[i],
            incoming: incoming[i],
            growth: exponent[i].zip(projection[i]),
        });
    }
    // stable: rows of one epoch, as growth has, stay in their order
    rows.iter_mut().for_each(|r| r.2.curve.sort_by_key(|e| e.epoch));
    Ok(())
}
