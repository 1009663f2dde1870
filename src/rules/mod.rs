//! Learning rules: each says what teaches a hidden layer and what is *pre* and *post* in every weight update;
//! one engine (`train`) computes and applies them.
//!
//! Adding a rule: one file here and one line in [`REGISTRY`] (see CONTRIBUTING.md).

mod bp;
mod dfa;
mod drtp;
mod fa;
mod frozen;
mod growth;
mod hd;
mod hebbnet;
mod local;
mod own;
mod spec;
mod sum;
#[cfg(test)]
pub(crate) mod test_support;

pub use local::Local;
pub use own::register;
pub use spec::{RuleError, RuleSpec};

use crate::feedback::Feedback;
use crate::net::Architecture;

// a rule is written in terms of these
pub use crate::options::{NumberInfo, OptionInfo, OptionValues};
pub use crate::update::{Gate, Post, Pre, Rate, RowDecay, UpdateTerm};

/// Which matrix carries the teaching signal down to hidden layer `l`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// The transposed forward weights `W_(l+1)^T` (backpropagation).
    ForwardWeights,
    /// The feedback matrix `B_l` kept by the trainer.
    Feedback,
}

/// Which signal is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The teaching signal of the layer above, `delta_(l+1)`.
    LayerAbove,
    /// The output error `e = yhat - t` itself.
    OutputError,
    /// The one-hot target `t`.
    Target,
}

/// How hidden layer `l` is taught: `delta_l = (carrier x source) o f'(a_l)`, or without `f'`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Teaching {
    pub carrier: Carrier,
    pub source: Source,
    /// Whether the derivative of the activation is a factor.
    pub derivative: bool,
}

/// What is subtracted from the inputs of layers, in the forward pass as well as in the update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Centring {
    None,
    /// The training mean from the network's input.
    Input,
    /// That, and a running mean from every hidden activity.
    Running,
}

/// A learning rule. It holds only its constants: weights, feedback and state belong to the trainer.
pub trait Rule: Send + Sync {
    /// How hidden layer `layer` (1-based, below the top) is taught; `None` for a layer that needs no teaching signal.
    fn teaching(&self, layer: usize) -> Option<Teaching>;

    /// The feedback matrices that the rule needs; `None` where the forward weights carry the error.
    fn feedback(&self) -> Option<Feedback> {
        None
    }

    /// The update of `W_layer`, `layer` in `1..=top`; `None` freezes it. Default: descend along the teaching signal.
    fn update(&self, _layer: usize, _top: usize) -> Option<UpdateTerm> {
        Some(UpdateTerm::DESCEND)
    }

    /// Means that are subtracted from what layers see.
    fn centring(&self) -> Centring {
        Centring::None
    }

    /// Whether hidden layers have biases.
    fn hidden_bias(&self) -> bool {
        true
    }

    /// What every rate is multiplied by after each epoch.
    fn rate_decay(&self) -> f64 {
        1.0
    }
}

/// What the registry knows of a rule: it drives `report list rules`, cell parsing, docs and tests.
pub struct RuleEntry {
    /// Short name in cells: `bp`, `fa`, `dfa`.
    pub name: &'static str,
    /// Name in sentences and legends.
    pub title: &'static str,
    /// The update in one line.
    pub equation: &'static str,
    /// Shapes of what the equation names.
    pub shapes: &'static str,
    /// The paper.
    pub source: &'static str,
    /// Options with their values, the first value is the default.
    pub options: &'static [OptionInfo],
    /// Builds the rule from checked options.
    pub build: fn(&OptionValues) -> Result<Box<dyn Rule>, RuleError>,
    /// The rule with options that computes the same thing on this network, if another stands for it.
    pub stands_for: fn(&Architecture, &OptionValues) -> Option<(&'static str, OptionValues)>,
    /// Why the rule with these options cannot run on this network with so many classes, if it cannot.
    pub refuses: fn(&Architecture, usize, &OptionValues) -> Option<String>,
}

/// Every learning rule.
pub static REGISTRY: &[&RuleEntry] = &[
    &bp::ENTRY,
    &fa::ENTRY,
    &dfa::ENTRY,
    &frozen::ENTRY,
    &hebbnet::ENTRY,
    &sum::ENTRY,
    &hd::ENTRY,
    &growth::ENTRY,
    &drtp::ENTRY,
];

/// Rules that teach hidden layers have nothing to do without one.
fn needs_a_hidden_layer(network: &Architecture) -> Option<String> {
    (network.depth == 0)
        .then(|| "it changes how hidden layers learn, and network `linear` has none; use bp".to_string())
}

/// The entry called `name`, built-in or registered by the user.
pub fn entry(name: &str) -> Result<&'static RuleEntry, RuleError> {
    let all: Vec<&'static RuleEntry> = REGISTRY.iter().copied().chain(own::all()).collect();
    all.iter().copied().find(|e| e.name == name).ok_or_else(|| RuleError::UnknownRule {
        name: name.to_string(),
        known: all.iter().map(|e| e.name).collect::<Vec<_>>().join(", "),
    })
}
