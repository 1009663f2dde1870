//! A trial: one cell with one seed, identified by what it computes.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Cell, DataSize, Recipe};
use crate::feedback::Start;
pub use crate::net::Precision;
use crate::net::{Activation, Loss};
use crate::train::{Config, GROWTH_STEPS, InputScaling, Optimiser};

/// Raised by whatever changes the bits of a trial (rules, engine, data, recipe), so that no stale result is reused.
pub const REVISION: u32 = 2;

/// Trials with this seed keep some first-layer weights.
pub const FILTERS_SEED: u64 = 1;

/// Everything that decides the bits of a trial. Its key is the hash of this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// Canonical cell (see [`Cell::canonical`]).
    pub cell: Cell,
    pub recipe: Recipe,
    pub learning_rate: f64,
    /// Rate of local rules in hidden layers, given by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_rate: Option<f64>,
    /// The same as a growth exponent (see [`crate::train::resolved`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth: Option<f64>,
    /// Rate of feedback that learns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback_rate: Option<f64>,
    pub batch: usize,
    pub epochs: u32,
    pub data: DataSize,
    /// SHA-256 over the images and labels used.
    pub data_fingerprint: String,
    /// Images of the training sample followed each epoch.
    pub train_sample: usize,
    pub precision: Precision,
    pub seed: u64,
    /// 0 except where one seed is really trained several times (`five-runs`).
    pub repeat: u32,
    pub revision: u32,
}

impl Trial {
    /// 32 hex digits that name the trial and its file.
    pub fn key(&self) -> String {
        let text = serde_json::to_string(self).expect("a trial is plain data");
        hex::encode(&Sha256::digest(text.as_bytes())[..16])
    }
}

impl Trial {
    /// The configuration that the trainer needs.
    pub fn config(&self) -> Config {
        let nokland = self.recipe == Recipe::Nokland;
        Config {
            network: self.cell.network.clone(),
            rule: self.cell.rule.clone(),
            inputs: if self.recipe == Recipe::Main { InputScaling::Standardised } else { InputScaling::Unit },
            loss: if nokland { Loss::SigmoidBinaryCrossEntropy } else { Loss::SoftmaxCrossEntropy },
            optimiser: if nokland { Optimiser::RmsProp { alpha: 0.99, eps: 1e-8 } } else { Optimiser::Sgd },
            zero_init: nokland && self.starts_at_zero(),
            learning_rate: self.learning_rate,
            hidden_rate: self.hidden_rate,
            growth: self.growth,
            feedback_rate: self.feedback_rate,
            batch: self.batch,
            epochs: self.epochs,
            follow_steps: self.follow_steps(),
            train_sample: self.train_sample,
            precision: self.precision,
            seed: self.seed,
            keep_filters: self.seed == FILTERS_SEED && self.repeat == 0,
        }
    }

    /// The study of growth has one length in every profile but the smallest.
    fn follow_steps(&self) -> Option<u64> {
        (self.cell.rule.name() == "growth").then_some(if self.data == DataSize::Smoke { 20 } else { GROWTH_STEPS })
    }

    /// Recipe `nokland`: networks of tanh under FA and DFA start at zero, unless the feedback takes its signs from the weights
    /// (they would stay zero for ever) or carries them itself (backpropagation: a zero W carries nothing).
    fn starts_at_zero(&self) -> bool {
        let feedback = self.cell.rule.build().ok().and_then(|r| r.feedback());
        self.cell.network.is_all(Activation::Tanh)
            && self.cell.network.depth > 0
            && ["fa", "dfa"].contains(&self.cell.rule.name())
            && feedback.is_some_and(|f| !f.kind.follows_signs() && f.start == Start::Random)
    }
}
