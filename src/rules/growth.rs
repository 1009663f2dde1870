//! A local rule alone: hidden layers follow Hebb or Oja at a constant rate, the output layer stays as it was drawn.
//!
//! `W_l += eta dW` (see `local.rs`), no biases in hidden layers: how weights grow without and with Oja's forgetting.

use super::{Gate, Local, OptionInfo, Rule, RuleEntry, Teaching, UpdateTerm};

struct Growth(Local);

impl Rule for Growth {
    fn teaching(&self, _layer: usize) -> Option<Teaching> {
        None
    }

    fn update(&self, layer: usize, top: usize) -> Option<UpdateTerm> {
        (layer < top).then(|| self.0.term(1.0, Gate::None))
    }

    fn hidden_bias(&self) -> bool {
        false
    }
}

pub static ENTRY: RuleEntry = RuleEntry {
    name: "growth",
    title: "Local rule alone",
    equation: "W_l ← W_l + η ΔW (l < L);  Hebb: ΔW = mean(h_l h_{l−1}ᵀ);  Oja: less diag(mean(h_l²)) W_l",
    shapes: "W_l: n_l × n_{l−1}; h_l: n_l; no hidden bias; W_L stays",
    source: "Hebb 1949; Oja 1982, doi:10.1007/BF00275687",
    options: &[OptionInfo::choice(
        "local",
        &[("hebb", "Hebb's rule"), ("oja", "Oja's rule, neuron by neuron"), ("oja-subspace", "Oja's subspace rule")],
    )],
    build: |options| Ok(Box::new(Growth(Local::from_options(options)))),
    stands_for: |_, _| None,
    refuses: |network, _, _| super::needs_a_hidden_layer(network),
};

#[cfg(test)]
mod tests {
    use crate::rules::test_support::{assert_close, tiny};

    #[test]
    fn one_step_by_hand() {
        // h1 = (0.3, 0): row 1 gains 0.1 * 0.3 * (1, 0.2), Oja takes 0.1 * 0.09 of (0.5, -1) away
        let net = tiny("growth/local=hebb", 1, |_| {});
        assert_close(&net, 1, &[0.53, -0.994, -0.5, 1.0], &[0.0, 0.1]);
        assert_close(&net, 2, &[1.0, 2.0, -1.0, 0.5], &[0.0, 0.0]);
        let net = tiny("growth/local=oja", 1, |_| {});
        assert_close(&net, 1, &[0.53 - 0.0045, -0.994 + 0.009, -0.5, 1.0], &[0.0, 0.1]);
        // x - W^T h = (1 - 0.15, 0.2 + 0.3)
        let net = tiny("growth/local=oja-subspace", 1, |_| {});
        assert_close(&net, 1, &[0.5 + 0.03 * 0.85, -1.0 + 0.03 * 0.5, -0.5, 1.0], &[0.0, 0.1]);
    }
}
