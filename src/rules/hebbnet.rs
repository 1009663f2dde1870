//! HebbNet (Gupta, Ambikapathi and Ramasamy 2021): hidden layers by a local rule with an activation threshold and
//! gradient sparsity, the output layer by gradient descent.
//!
//! With `G = mean(h_l h_(l-1)^T)` and `Theta` the mean of past `G`: `dW = G` (HL), `G - Theta` (T), the largest 30% of
//! `G - Theta` (T+GS); with Oja less `diag(mean(h_l^2)) W_l`, before the mask. `W_l += sign eta dW`. No hidden bias;
//! both rates times 0.95 after each epoch.

use super::{Gate, Local, OptionInfo, OptionValues, Rule, RuleEntry, Teaching, UpdateTerm, needs_a_hidden_layer};
use crate::net::Architecture;

/// Both rates are multiplied by it after each epoch.
pub const RATE_DECAY: f64 = 0.95;
/// Share of the weights that gradient sparsity lets change.
const SHARE: f64 = 0.3;

struct HebbNet {
    local: Local,
    sign: f32,
    gate: Gate,
}

impl Rule for HebbNet {
    fn teaching(&self, _layer: usize) -> Option<Teaching> {
        None
    }

    fn update(&self, layer: usize, top: usize) -> Option<UpdateTerm> {
        Some(if layer < top { self.local.term(self.sign, self.gate) } else { UpdateTerm::DESCEND })
    }

    fn hidden_bias(&self) -> bool {
        false
    }

    fn rate_decay(&self) -> f64 {
        RATE_DECAY
    }
}

fn refuses(network: &Architecture, _: usize, options: &OptionValues) -> Option<String> {
    if options["local"] == "oja-subspace" && options["variant"] != "hl" {
        return Some(
            "the threshold is a mean of products h_l h_(l-1)^T, which the subspace rule does not form; use variant=hl"
                .into(),
        );
    }
    needs_a_hidden_layer(network)
}

pub static ENTRY: RuleEntry = RuleEntry {
    name: "hebbnet",
    title: "HebbNet",
    equation: "W_l ← W_l ± η_h keep(G − Θ [− diag(mean(h_l²)) W_l]), G = mean(h_l h_{l−1}ᵀ), Θ = mean of past G (l < L);  W_L ← W_L − η/N Σ e h_{L−1}ᵀ",
    shapes: "W_l, G, Θ: n_l × n_{l−1}; no hidden bias",
    source: "Gupta, Ambikapathi and Ramasamy 2021, doi:10.1109/ICASSP39728.2021.9414241",
    options: &[
        OptionInfo::choice(
            "local",
            &[
                ("hebb", "Hebb's rule"),
                ("oja", "Oja's rule, neuron by neuron"),
                ("oja-subspace", "Oja's subspace rule"),
            ],
        ),
        OptionInfo::choice(
            "variant",
            &[
                ("hl", "the local rule alone"),
                ("t", "the mean of past products is subtracted"),
                ("t-gs", "and only 30% of the weights change at each step"),
            ],
        ),
        OptionInfo::choice("mask", &[("top", "the largest changes"), ("random", "drawn anew at each step")])
            .with("variant", &["t-gs"]),
        OptionInfo::choice(
            "sign",
            &[("plus", "weights grow with the product"), ("minus", "the public code: products are subtracted")],
        ),
    ],
    build: |options| {
        let gate = match (options["variant"].as_ref(), options.get("mask").map(AsRef::as_ref)) {
            ("t", _) => Gate::Threshold,
            ("t-gs", Some("random")) => Gate::ThresholdRandom(SHARE),
            ("t-gs", _) => Gate::ThresholdTop(SHARE),
            _ => Gate::None,
        };
        let sign = if options["sign"] == "minus" { -1.0 } else { 1.0 };
        Ok(Box::new(HebbNet { local: Local::from_options(options), sign, gate }))
    },
    stands_for: |_, _| None,
    refuses,
};

#[cfg(test)]
mod tests {
    use crate::rules::test_support::{assert_close, tiny};

    #[test]
    fn one_step_by_hand() {
        // h1 = (0.3, 0), G = ((0.3, 0.06), (0, 0)); the tiny network's hidden rate is 0.1 as well.
        // The output layer descends as in backpropagation's test.
        let top = [0.980_630_31, 2.0, -0.980_630_31, 0.5];
        let check = |rule: &str, w: [f32; 4]| {
            let net = tiny(rule, 1, |_| {});
            assert_close(&net, 1, &w, &[0.0, 0.1]);
            assert_close(&net, 2, &top, &[-0.064_565_63, 0.064_565_63]);
        };
        check("hebbnet/local=hebb,variant=hl", [0.53, -0.994, -0.5, 1.0]);
        check("hebbnet/local=hebb,variant=hl,sign=minus", [0.47, -1.006, -0.5, 1.0]);
        check("hebbnet/local=oja,variant=hl", [0.5255, -0.985, -0.5, 1.0]);
        check("hebbnet/local=oja,variant=hl,sign=minus", [0.4745, -1.015, -0.5, 1.0]);
        // the first threshold is zero
        check("hebbnet/local=hebb,variant=t", [0.53, -0.994, -0.5, 1.0]);
        check("hebbnet/local=oja,variant=t", [0.5255, -0.985, -0.5, 1.0]);
        // ceil(0.3 * 4) = 2 entries; with Oja dW = (0.3 - 0.045, 0.06 + 0.09): both of row 1
        check("hebbnet/local=hebb,variant=t-gs", [0.53, -0.994, -0.5, 1.0]);
        check("hebbnet/local=oja,variant=t-gs", [0.5255, -0.985, -0.5, 1.0]);
    }
}
