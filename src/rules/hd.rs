//! Hebbian descent (Melchior and Wiskott 2019) in a network with hidden layers, in four readings.
//!
//! `W_l -= eta/N sum delta_l (h_(l-1) - mu_(l-1))^T`, `b_l -= eta mean(delta_l)`, centred in the forward pass as well.
//! The hidden delta is `W_(l+1)^T delta_(l+1)`, without the derivative (D) or with it (K). With Oja's factor nothing is
//! centred: `dw_j = -eta delta_j (x - h_j w_j)` (O1), `-eta delta_j h_j (x - h_j w_j)` (O2), deltas as in D.

use super::{
    Carrier, Centring, OptionInfo, OptionValues, Post, RowDecay, Rule, RuleEntry, Source, Teaching, UpdateTerm,
    needs_a_hidden_layer,
};
use crate::net::Architecture;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    D,
    K,
    O1,
    O2,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Train {
    Full,
    Output,
    Hidden,
}

struct HebbianDescent {
    reading: Reading,
    train: Train,
    centring: Centring,
}

impl Rule for HebbianDescent {
    fn teaching(&self, _layer: usize) -> Option<Teaching> {
        (self.train != Train::Output).then_some(Teaching {
            carrier: Carrier::ForwardWeights,
            source: Source::LayerAbove,
            derivative: self.reading == Reading::K,
        })
    }

    fn update(&self, layer: usize, top: usize) -> Option<UpdateTerm> {
        let frozen = match self.train {
            Train::Full => false,
            Train::Output => layer < top,
            Train::Hidden => layer == top,
        };
        let (post, decay) = match self.reading {
            Reading::D | Reading::K => (Post::Delta, RowDecay::None),
            Reading::O1 => (Post::Delta, RowDecay::PostTimesActivity),
            Reading::O2 => (Post::DeltaTimesActivity, RowDecay::PostTimesActivity),
        };
        (!frozen).then_some(UpdateTerm { post, decay, ..UpdateTerm::DESCEND })
    }

    fn centring(&self) -> Centring {
        self.centring
    }
}

/// With frozen hidden layers there is no hidden delta in which D and K could differ.
fn stands_for(_: &Architecture, options: &OptionValues) -> Option<(&'static str, OptionValues)> {
    let mut options = options.clone();
    (options["reading"] == "k" && options["train"] == "output").then(|| {
        options.insert("reading", "d".into());
        ("hd", options)
    })
}

pub static ENTRY: RuleEntry = RuleEntry {
    name: "hd",
    title: "Hebbian descent",
    equation: "W_l ← W_l − η/N Σ δ_l (h_{l−1} − μ_{l−1})ᵀ; δ_L = e, δ_l = W_{l+1}ᵀ δ_{l+1} (d), ∘ f'(a_l) (k); o1: w_j ← w_j − η mean(δ_j (h_{l−1} − h_j w_j)); o2: δ_j h_j instead of δ_j",
    shapes: "W_l: n_l × n_{l−1}; δ_l, h_l, μ_l: n_l; μ_l ← 0.99 μ_l + 0.01 mean(h_l), b_{l+1} follows so that the function stays",
    source: "Melchior and Wiskott 2019, arXiv:1905.10585",
    options: &[
        OptionInfo::choice(
            "reading",
            &[
                ("d", "derivative dropped"),
                ("k", "derivative kept in hidden layers"),
                ("o1", "Oja's factor instead of the centred input"),
                ("o2", "Oja's whole expression instead of the centred input"),
            ],
        ),
        OptionInfo::choice(
            "train",
            &[("full", "all layers"), ("output", "hidden layers frozen"), ("hidden", "output layer frozen")],
        ),
        OptionInfo::choice("centre", &[("running", "a running mean of each hidden layer"), ("none", "the input only")])
            .with("reading", &["d", "k"]),
    ],
    build: |options| {
        Ok(Box::new(HebbianDescent {
            reading: match options["reading"].as_ref() {
                "k" => Reading::K,
                "o1" => Reading::O1,
                "o2" => Reading::O2,
                _ => Reading::D,
            },
            train: match options["train"].as_ref() {
                "output" => Train::Output,
                "hidden" => Train::Hidden,
                _ => Train::Full,
            },
            centring: match options.get("centre").map(AsRef::as_ref) {
                Some("none") => Centring::Input,
                Some(_) => Centring::Running,
                None => Centring::None,
            },
        }))
    },
    stands_for,
    refuses: |network, _, _| needs_a_hidden_layer(network),
};

#[cfg(test)]
mod tests {
    use crate::rules::test_support::{assert_close, tiny};

    const E: f32 = 0.645_656_3;

    #[test]
    fn one_step_by_hand_without_centre() {
        // numbers of backpropagation's test; W2^T e = (2 E, 1.5 E): D keeps the second unit, which is off
        let bias = [-0.1 * E, 0.1 * E];
        let top = [0.980_630_31, 2.0, -0.980_630_31, 0.5];
        let net = tiny("hd/reading=d,centre=none", 1, |_| {});
        let (d1, d2) = (0.2 * E, 0.15 * E);
        assert_close(&net, 1, &[0.5 - d1, -1.0 - 0.2 * d1, -0.5 - d2, 1.0 - 0.2 * d2], &[-d1, 0.1 - d2]);
        assert_close(&net, 2, &top, &bias);
        let net = tiny("hd/reading=k,centre=none", 1, |_| {});
        assert_close(&net, 1, &[0.370_868_74, -1.025_826_25, -0.5, 1.0], &[-0.129_131_26, 0.1]);
        assert_close(&net, 2, &top, &bias);
    }

    #[test]
    fn one_step_by_hand_with_ojas_factor() {
        // o1, row 1: -0.2 E ((1, 0.2) - 0.3 (0.5, -1)); row 2 has h = 0. Top: -0.1 e_j ((0.3, 0) - yhat_j w_j)
        let (d1, d2, y) = (0.2 * E, 0.15 * E, 1.0 - E);
        let net = tiny("hd/reading=o1", 1, |_| {});
        assert_close(&net, 1, &[0.5 - d1 * 0.85, -1.0 - d1 * 0.5, -0.5 - d2, 1.0 - 0.2 * d2], &[-d1, 0.1 - d2]);
        let e = 0.1 * E;
        let want = [1.0 - e * (0.3 - E), 2.0 + e * E * 2.0, -1.0 + e * (0.3 + y), 0.5 - e * y * 0.5];
        assert_close(&net, 2, &want, &[-e, e]);
        // o2: every factor times h_j or yhat_j; biases still follow the error
        let net = tiny("hd/reading=o2", 1, |_| {});
        assert_close(&net, 1, &[0.5 - 0.3 * d1 * 0.85, -1.0 - 0.3 * d1 * 0.5, -0.5, 1.0], &[-d1, 0.1 - d2]);
        let (p, q) = (e * E, e * y);
        let want = [1.0 - p * (0.3 - E), 2.0 + p * E * 2.0, -1.0 + q * (0.3 + y), 0.5 - q * y * 0.5];
        assert_close(&net, 2, &want, &[-e, e]);
    }

    #[test]
    fn one_step_by_hand_with_a_running_centre() {
        // mu starts at zero in the tiny network: the first step is that of centre=none, then mu = 0.01 h1 = (0.003, 0)
        // and b2 moves by the new W2 times it
        let net = tiny("hd/reading=k", 1, |_| {});
        assert_close(&net, 1, &[0.370_868_74, -1.025_826_25, -0.5, 1.0], &[-0.129_131_26, 0.1]);
        assert_close(
            &net,
            2,
            &[0.980_630_31, 2.0, -0.980_630_31, 0.5],
            &[-0.1 * E + 0.002_941_89, 0.1 * E - 0.002_941_89],
        );
        assert!((net.centre(1).unwrap()[0] - 0.003).abs() < 1e-8);
    }

    #[test]
    fn frozen_layers_stay() {
        let net = tiny("hd/reading=d,train=output,centre=none", 1, |_| {});
        assert_close(&net, 1, &[0.5, -1.0, -0.5, 1.0], &[0.0, 0.1]);
        let net = tiny("hd/reading=k,train=hidden", 1, |_| {});
        assert_close(&net, 2, &[1.0, 2.0, -1.0, 0.5], &[0.0, 0.0]);
        assert_close(&net, 1, &[0.370_868_74, -1.025_826_25, -0.5, 1.0], &[-0.129_131_26, 0.1]);
    }
}
