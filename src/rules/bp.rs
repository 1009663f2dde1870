//! Backpropagation with gradient descent, the baseline.
//!
//! `delta_L = e`, `delta_l = (W_(l+1)^T delta_(l+1)) o f'(a_l)`, `W_l -= eta/N sum delta_l h_(l-1)^T`.

use super::{Carrier, Rule, RuleEntry, Source, Teaching};

struct Backpropagation;

impl Rule for Backpropagation {
    fn teaching(&self, _layer: usize) -> Teaching {
        Teaching { carrier: Carrier::ForwardWeights, source: Source::LayerAbove }
    }
}

pub static ENTRY: RuleEntry = RuleEntry {
    name: "bp",
    title: "Backpropagation",
    equation: "δ_l = (W_{l+1}ᵀ δ_{l+1}) ∘ f'(a_l);  W_l ← W_l − η/N Σ δ_l h_{l−1}ᵀ",
    shapes: "W_l: n_l × n_{l−1}; δ_l, a_l: n_l; h_{l−1}: n_{l−1}",
    source: "Rumelhart, Hinton and Williams 1986, doi:10.1038/323533a0",
    options: &[],
    build: |_| Ok(Box::new(Backpropagation)),
    stands_for: |_| None,
};
