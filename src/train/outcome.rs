//! What came of a trial: status, curve per epoch, final scores.

use serde::{Deserialize, Serialize};

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum Status {
    Finished,
    /// Weights or loss stopped being finite at this step (1-based, counted over all epochs).
    Diverged {
        step: u64,
    },
}

/// Correct answers out of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    pub correct: u32,
    pub total: u32,
}

impl Score {
    /// Fraction in 0..1.
    pub fn accuracy(self) -> f64 {
        f64::from(self.correct) / f64::from(self.total)
    }
}

/// State of the network at the end of one epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochRow {
    /// 1-based.
    pub epoch: u32,
    /// Mean training loss over the steps of the epoch (nats a sample; summed over outputs for binary cross-entropy).
    pub train_loss: f64,
    /// On the fixed training sample.
    pub train_sample: Score,
    pub validation: Score,
    pub test: Score,
    /// Frobenius norm of each weight matrix, layers 1..=L.
    pub weight_norms: Vec<f64>,
    /// Angle in degrees between each `B_l` and the forward path it replaces (empty without feedback; NaN is stored as null).
    pub feedback_angles: Vec<Option<f64>>,
    /// Largest absolute weight of each matrix. (From here on empty in results of earlier versions.)
    #[serde(default)]
    pub largest_weights: Vec<f64>,
    /// Largest norm of a row (a unit's incoming weights) of each matrix.
    #[serde(default)]
    pub largest_row_norms: Vec<f64>,
    /// Squared Frobenius over squared spectral norm of `W_1`; none if it overflows.
    #[serde(default)]
    pub stable_rank: Option<f64>,
    /// Share of each hidden layer's units that are zero on the whole training sample.
    #[serde(default)]
    pub silent_units: Vec<f64>,
    /// Angle in degrees between each hidden teaching signal and backpropagation's (empty where none is taught).
    #[serde(default)]
    pub delta_angles: Vec<Option<f64>>,
    /// How far each weight matrix is from where it started, by the norm that it started with.
    #[serde(default)]
    pub movements: Vec<f64>,
    /// Norm of each `B_l` by the norm that it started with (empty without feedback).
    #[serde(default)]
    pub feedback_norms: Vec<f64>,
    /// How much `Q_j` (see [`Self::incoming_change`]) changed since the start: root mean square over the units of the
    /// top hidden layer. `Q_j = I_j - sum_k B[k, j] W_L[k, j]` (`I_j - |W_L[:, j]|^2 / 2` without feedback matrices), which
    /// small steps of the gradient do not change. ReLU only.
    #[serde(default)]
    pub conserved_drift: Option<f64>,
    /// The same of `I_j = (|w_j|^2 + b_j^2) / 2`, the unit's incoming weights.
    #[serde(default)]
    pub incoming_change: Option<f64>,
    /// Wall time of the epoch, training and evaluation.
    pub epoch_time_s: f64,
}

impl EpochRow {
    /// Whether every number that was seen is one: what is not would be averaged by the next reader.
    pub fn is_finite(&self) -> bool {
        let lists = [&self.weight_norms, &self.largest_weights, &self.largest_row_norms];
        let more = [&self.silent_units, &self.movements, &self.feedback_norms];
        let options = self.feedback_angles.iter().chain(&self.delta_angles).chain([
            &self.stable_rank,
            &self.conserved_drift,
            &self.incoming_change,
        ]);
        let numbers = lists.into_iter().chain(more).flatten().chain(options.flatten());
        numbers.chain([&self.train_loss, &self.epoch_time_s]).all(|v| v.is_finite())
    }
}

/// Weights of the first layer while they are followed (study of growth).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GrowthRow {
    /// Steps done.
    pub step: u64,
    /// Norm of the projection on the inputs' first principal component.
    pub projection: f64,
    /// Largest norm of a unit's incoming weights.
    pub largest_row_norm: f64,
    /// Frobenius norm.
    pub weight_norm: f64,
    /// Sum of the rates so far times half the largest eigenvalue of the inputs: the predicted log of the growth.
    pub exponent: f64,
}

/// Incoming weights of some units of the first layer, to be looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Filters {
    /// Weights of a unit.
    pub inputs: u32,
    /// Largest absolute weight of each unit.
    pub scales: Vec<f32>,
    /// Unit by unit: each weight in 1/127 of the unit's largest, as the bits of an `i8`.
    #[serde(with = "hex")]
    pub values: Vec<u8>,
}

/// What came of a trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    #[serde(flatten)]
    pub status: Status,
    /// The norm of the weights passed 100 times its initial value but stayed finite.
    pub runaway: bool,
    /// Steps done.
    pub steps: u64,
    /// One row per finished epoch.
    pub curve: Vec<EpochRow>,
    /// One row every few steps, in the study of growth only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub growth: Vec<GrowthRow>,
    /// First-layer weights at the end, of one trial per cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filters: Option<Filters>,
    /// All training images at the end (none if diverged).
    pub train: Option<Score>,
    /// Which test images were right at the end: one bit each, the first image in the lowest bit of the first byte; hex. Empty if diverged.
    #[serde(with = "hex")]
    pub test_bits: Vec<u8>,
    /// SHA-256 of the final weights and biases (little-endian f32, layer by layer, row-major): equal bits, equal hash. Empty if diverged.
    pub weights_sha256: String,
    /// Processor time of the trial's thread in steps only: what a step costs, whatever else the machine does.
    pub train_time_s: f64,
    /// Wall time of the whole trial.
    pub total_time_s: f64,
}

impl Outcome {
    /// The epoch with the best validation accuracy (the first of equals), unless diverged.
    pub fn best(&self) -> Option<&EpochRow> {
        let mut best: Option<&EpochRow> = None;
        for row in &self.curve {
            if best.is_none_or(|b| row.validation.correct > b.validation.correct) {
                best = Some(row);
            }
        }
        best.filter(|_| self.status == Status::Finished)
    }

    /// The last epoch, unless diverged.
    pub fn last(&self) -> Option<&EpochRow> {
        self.curve.last().filter(|_| self.status == Status::Finished)
    }
}
