//! The sum rule of the post: backpropagation's gradient and `beta` times a local rule in every layer.
//!
//! `W_l += eta (-gradient + beta dW)` with `dW` Hebb's or Oja's (see `local.rs`), one product with the post signal
//! `beta h_l - delta_l`. The post's formula read literally (`sign=literal`) subtracts both. The post signal of the top
//! layer is the output; biases follow the gradient only.

use super::{
    Carrier, Local, NumberInfo, OptionInfo, Post, RowDecay, Rule, RuleEntry, Source, Teaching, UpdateTerm,
    needs_a_hidden_layer,
};

struct Sum {
    beta: f32,
    local: Local,
    literal: bool,
}

impl Rule for Sum {
    fn teaching(&self, _layer: usize) -> Option<Teaching> {
        Some(Teaching { carrier: Carrier::ForwardWeights, source: Source::LayerAbove, derivative: true })
    }

    fn update(&self, _layer: usize, _top: usize) -> Option<UpdateTerm> {
        // the sign stands in front of the sum, so that Oja's term takes it too
        let (delta, scale) = if self.literal { (1.0, -1.0) } else { (-1.0, 1.0) };
        let decay = if self.local == Local::Oja { RowDecay::Squares(self.beta) } else { RowDecay::None };
        Some(UpdateTerm { post: Post::Sum { activity: self.beta, delta }, scale, decay, ..UpdateTerm::DESCEND })
    }
}

pub static ENTRY: RuleEntry = RuleEntry {
    name: "sum",
    title: "Sum rule",
    equation: "W_l ← W_l + η/N Σ (β h_l − δ_l) h_{l−1}ᵀ [− η β diag(mean(h_l²)) W_l]; δ_l as in backpropagation; literal: W_l ← W_l − η/N Σ (β h_l + δ_l) h_{l−1}ᵀ [+ …]",
    shapes: "W_l: n_l × n_{l−1}; δ_l, h_l: n_l (h_L = ŷ)",
    source: "Imagination Technologies 2021, \"Learning from the best\"",
    options: &[
        OptionInfo {
            key: "beta",
            values: &[("0.1", "weight of the local rule")],
            number: Some(NumberInfo { least: 0.0, most: 10.0 }),
            only_with: None,
        },
        OptionInfo::choice("local", &[("hebb", "Hebb's rule"), ("oja", "Oja's rule, neuron by neuron")]),
        OptionInfo::choice(
            "sign",
            &[
                ("plus", "the local term is added to the weights"),
                ("literal", "subtracted with the gradient, as written"),
            ],
        ),
    ],
    build: |options| {
        Ok(Box::new(Sum {
            beta: options["beta"].parse().expect("a checked number"),
            local: Local::from_options(options),
            literal: options["sign"] == "literal",
        }))
    },
    stands_for: |_, _| None,
    refuses: |network, _, _| needs_a_hidden_layer(network),
};

#[cfg(test)]
mod tests {
    use crate::rules::test_support::{assert_close, tiny};

    #[test]
    fn one_step_by_hand() {
        // backpropagation's step (see its test), and 0.1 * beta * h x^T with beta = 0.5:
        // layer 1: h1 = (0.3, 0), x = (1, 0.2): + (0.015, 0.003) in row 1
        // layer 2: yhat = (0.6456563, 0.3543437), h1: + 0.05 * 0.3 * yhat in column 1
        let bias = [-0.064_565_63, 0.064_565_63];
        let net = tiny("sum/beta=0.5,local=hebb", 1, |_| {});
        assert_close(&net, 1, &[0.385_868_74, -1.022_826_25, -0.5, 1.0], &[-0.129_131_26, 0.1]);
        assert_close(&net, 2, &[0.990_315_15, 2.0, -0.975_315_16, 0.5], &bias);
        // literal: the other way
        let net = tiny("sum/beta=0.5,local=hebb,sign=literal", 1, |_| {});
        assert_close(&net, 1, &[0.355_868_74, -1.028_826_25, -0.5, 1.0], &[-0.129_131_26, 0.1]);
        assert_close(&net, 2, &[0.970_945_47, 2.0, -0.985_945_47, 0.5], &bias);
        // Oja: less 0.05 * h1^2 W1 = 0.0045 * (0.5, -1), and less 0.05 * yhat^2 W2 = (0.0208436, 0.0062780) row by row
        let net = tiny("sum/beta=0.5,local=oja", 1, |_| {});
        assert_close(&net, 1, &[0.383_618_74, -1.018_326_25, -0.5, 1.0], &[-0.129_131_26, 0.1]);
        assert_close(&net, 2, &[0.969_471_55, 1.958_312_8, -0.969_037_18, 0.496_861_01], &bias);
        let net = tiny("sum/beta=0.5,local=oja,sign=literal", 1, |_| {});
        assert_close(&net, 1, &[0.358_118_74, -1.033_326_25, -0.5, 1.0], &[-0.129_131_26, 0.1]);
    }
}
