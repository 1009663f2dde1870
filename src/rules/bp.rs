//! Backpropagation with gradient descent, the baseline.
//!
//! `delta_L = e`, `delta_l = (W_(l+1)^T delta_(l+1)) o f'(a_l)`, `W_l -= eta/N sum delta_l h_(l-1)^T`.

use super::{Carrier, Rule, RuleEntry, Source, Teaching};

struct Backpropagation;

impl Rule for Backpropagation {
    fn teaching(&self, _layer: usize) -> Option<Teaching> {
        Some(Teaching { carrier: Carrier::ForwardWeights, source: Source::LayerAbove, derivative: true })
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
    stands_for: |_, _| None,
    refuses: |_, _, _| None,
};

#[cfg(test)]
mod tests {
    use crate::rules::test_support::{assert_close, tiny};

    #[test]
    fn one_step_by_hand() {
        // x = (1, 0.2), target class 1, rate 0.1. a1 = (0.3, -0.2), h1 = (0.3, 0), z = (0.3, -0.3),
        // yhat_0 = 1 / (1 + e^-0.6) = 0.6456563, e = (0.6456563, -0.6456563);
        // delta1 = W2^T e o (1, 0) = (1.2913126, 0)
        let net = tiny("bp", 1, |_| {});
        assert_close(&net, 1, &[0.370_868_74, -1.025_826_25, -0.5, 1.0], &[-0.129_131_26, 0.1]);
        assert_close(&net, 2, &[0.980_630_31, 2.0, -0.980_630_31, 0.5], &[-0.064_565_63, 0.064_565_63]);
    }
}
