//! Published values that stand beside ours.

use crate::data::DatasetId;

/// Test error in percent with its standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Published {
    pub dataset: DatasetId,
    pub network: &'static str,
    /// `bp`, `fa`, `dfa`; the last two with fixed random feedback.
    pub rule: &'static str,
    pub error: f64,
    pub std: f64,
}

pub const SOURCE: &str = "Nøkland 2016, table 1";
pub const LINK: &str = "https://arxiv.org/abs/1609.01596";
pub const NOTE: &str = "The published networks were trained with other inputs ([0, 1]), another loss (sigmoid with binary cross-entropy), RMSprop and up to 300 epochs on all 60,000 images; some of them started from zero weights. The comparison shows the order of magnitude, not agreement or disagreement.";

const fn mnist(network: &'static str, rule: &'static str, error: f64, std: f64) -> Published {
    Published { dataset: DatasetId::Mnist, network, rule, error, std }
}

/// Nøkland's MNIST networks of the post's shape.
pub const TABLE: &[Published] = &[
    mnist("2x800-relu", "bp", 1.48, 0.06),
    mnist("2x800-relu", "fa", 1.74, 0.10),
    mnist("2x800-relu", "dfa", 1.70, 0.06),
    mnist("2x800-tanh", "bp", 1.60, 0.06),
    mnist("2x800-tanh", "fa", 1.64, 0.03),
    mnist("2x800-tanh", "dfa", 1.74, 0.08),
];
