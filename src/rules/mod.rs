//! Learning rules: each says what teaches a hidden layer and what is *pre* and *post* in every weight update;
//! one engine (`train`) computes and applies them.
//!
//! Adding a rule: one file here and one line in [`REGISTRY`] (see CONTRIBUTING.md).

mod bp;
mod dfa;
mod fa;
mod spec;
#[cfg(test)]
mod test_support;

pub use spec::{OptionInfo, OptionValues, RuleError, RuleSpec};

use crate::feedback::Feedback;
use crate::net::Architecture;

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
}

/// How hidden layer `l` is taught: `delta_l = (carrier x source) o f'(a_l)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Teaching {
    pub carrier: Carrier,
    pub source: Source,
}

/// A per-layer signal of the step, `N x n_l`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// `h_l`; layer 0 is the input.
    Activity(usize),
    /// `delta_l`; at the top layer the output error `e`.
    Delta(usize),
}

/// One update term of a weight matrix: `W += scale * eta / N * post^T pre` (and the same of `post` alone for the bias).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UpdateTerm {
    /// The signal on the output side of the weights, `N x n_out`.
    pub post: Signal,
    /// The signal on the input side, `N x n_in`.
    pub pre: Signal,
    /// -1 descends, +1 ascends.
    pub scale: f32,
}

/// A learning rule. It holds only its constants: weights, feedback and state belong to the trainer.
pub trait Rule: Send + Sync {
    /// How hidden layer `layer` (1-based, below the top) is taught; `None` for a layer that needs no teaching signal.
    fn teaching(&self, layer: usize) -> Option<Teaching>;

    /// The feedback matrices that the rule needs; `None` where the forward weights carry the error.
    fn feedback(&self) -> Option<Feedback> {
        None
    }

    /// The update of `W_layer`, `layer` in `1..=L`; `None` freezes it. Default: descend along the teaching signal.
    fn update(&self, layer: usize) -> Option<UpdateTerm> {
        Some(UpdateTerm { post: Signal::Delta(layer), pre: Signal::Activity(layer - 1), scale: -1.0 })
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
    /// The rule that computes the same thing on this network, if another stands for it.
    pub stands_for: fn(&Architecture) -> Option<&'static str>,
}

/// Every learning rule.
pub static REGISTRY: &[&RuleEntry] = &[&bp::ENTRY, &fa::ENTRY, &dfa::ENTRY];

/// The entry called `name`.
pub fn entry(name: &str) -> Result<&'static RuleEntry, RuleError> {
    REGISTRY.iter().copied().find(|e| e.name == name).ok_or_else(|| RuleError::UnknownRule {
        name: name.to_string(),
        known: REGISTRY.iter().map(|e| e.name).collect::<Vec<_>>().join(", "),
    })
}
