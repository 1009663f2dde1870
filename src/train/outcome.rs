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
    /// Wall time of the epoch, training and evaluation.
    pub epoch_time_s: f64,
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
    /// All training images at the end (none if diverged).
    pub train: Option<Score>,
    /// Which test images were right at the end: one bit each, the first image in the lowest bit of the first byte; hex. Empty if diverged.
    #[serde(with = "hex")]
    pub test_bits: Vec<u8>,
    /// SHA-256 of the final weights and biases (little-endian f32, layer by layer, row-major): equal bits, equal hash. Empty if diverged.
    pub weights_sha256: String,
    /// Wall time spent in steps only.
    pub train_time_s: f64,
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
