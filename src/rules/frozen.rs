//! Frozen random features: the hidden layer keeps its initial weights, only the output layer learns.
//!
//! `W_L -= eta/N sum e h_(L-1)^T`, with HebbNet's setting (no hidden bias, the rate times 0.95 after each epoch), so
//! that it is the twin that every HebbNet cell must beat.

use super::{Rule, RuleEntry, Teaching, UpdateTerm, hebbnet};

struct Frozen;

impl Rule for Frozen {
    fn teaching(&self, _layer: usize) -> Option<Teaching> {
        None
    }

    fn update(&self, layer: usize, top: usize) -> Option<UpdateTerm> {
        (layer == top).then_some(UpdateTerm::DESCEND)
    }

    fn hidden_bias(&self) -> bool {
        false
    }

    fn rate_decay(&self) -> f64 {
        hebbnet::RATE_DECAY
    }
}

pub static ENTRY: RuleEntry = RuleEntry {
    name: "frozen",
    title: "Frozen random features",
    equation: "W_l stays (l < L);  W_L ← W_L − η/N Σ e h_{L−1}ᵀ, η × 0.95 an epoch",
    shapes: "W_L: classes × n_{L−1}; e: classes; no hidden bias",
    source: "the control of Gupta, Ambikapathi and Ramasamy 2021, doi:10.1109/ICASSP39728.2021.9414241",
    options: &[],
    build: |_| Ok(Box::new(Frozen)),
    stands_for: |_, _| None,
    refuses: |network, _, _| super::needs_a_hidden_layer(network),
};

#[cfg(test)]
mod tests {
    use crate::rules::test_support::{assert_close, tiny};

    #[test]
    fn one_step_by_hand() {
        // a1 = (0.3, -0.3) without bias, h1 = (0.3, 0), z = (0.3, -0.3): e as in backpropagation's test
        let net = tiny("frozen", 1, |_| {});
        assert_close(&net, 1, &[0.5, -1.0, -0.5, 1.0], &[0.0, 0.1]);
        assert_close(&net, 2, &[0.980_630_31, 2.0, -0.980_630_31, 0.5], &[-0.064_565_63, 0.064_565_63]);
    }
}
