//! Direct feedback alignment (Nøkland 2016): every hidden layer gets the output error through a matrix of its own.
//!
//! `delta_l = (B_l^T e) o f'(a_l)`, `B_l: classes x n_l`. With one hidden layer it is feedback alignment.

use super::{Carrier, OptionValues, RowDecay, Rule, RuleEntry, Source, Teaching, UpdateTerm, needs_a_hidden_layer};
use crate::feedback::{self, Feedback, Route};
use crate::net::Architecture;

struct DirectFeedbackAlignment(Feedback);

impl Rule for DirectFeedbackAlignment {
    fn teaching(&self, _layer: usize) -> Option<Teaching> {
        Some(Teaching { carrier: Carrier::Feedback, source: Source::OutputError, derivative: true })
    }

    fn feedback(&self) -> Option<Feedback> {
        Some(self.0)
    }

    fn update(&self, layer: usize, top: usize) -> Option<UpdateTerm> {
        // Kolen-Pollack: of the forward matrices only the top one has the shape of a B
        let decay = if layer == top { self.0.mirrored_decay() } else { RowDecay::None };
        Some(UpdateTerm { decay, ..UpdateTerm::DESCEND })
    }
}

/// With one hidden layer it is feedback alignment; the generalised Oja is then Oja's rule itself, and signs on the top
/// hidden layer are signs everywhere.
fn stands_for(network: &Architecture, options: &OptionValues) -> Option<(&'static str, OptionValues)> {
    let mut options = options.clone();
    if options.get("feedback").is_some_and(|f| f == "oja-g1") {
        options.insert("feedback", "oja".into());
    }
    if options.get("feedback").is_some_and(|f| f == "binary-sign-top") {
        options.insert("feedback", "binary-sign".into());
    }
    (network.depth == 1).then_some(("fa", options))
}

/// Oja's rule as written for a layer (x, y, W) subtracts y^2 o W, which has not the shape of a lower B.
fn refuses(network: &Architecture, classes: usize, options: &OptionValues) -> Option<String> {
    let plain = options.get("feedback").is_some_and(|f| f == "oja" || f == "oja-subspace");
    if plain && network.depth > 1 {
        let n = network.width;
        return Some(format!(
            "Oja's rule is written for matrices of the shape of the forward weights (layer 2: {n} x {n}), but under direct feedback alignment B_1 is {classes} x {n}; use feedback=hebb, or feedback=oja-g1, which takes h_1 and the output as pre and post"
        ));
    }
    needs_a_hidden_layer(network)
}

pub static ENTRY: RuleEntry = RuleEntry {
    name: "dfa",
    title: "Direct feedback alignment",
    equation: "δ_l = (B_lᵀ e) ∘ f'(a_l);  W_l ← W_l − η/N Σ δ_l h_{l−1}ᵀ",
    shapes: "B_l: classes × n_l; e = ŷ − t: classes",
    source: "Nøkland 2016, arXiv:1609.01596",
    options: feedback::DIRECT_OPTIONS,
    build: |options| Ok(Box::new(DirectFeedbackAlignment(Feedback::from_options(Route::Direct, options)))),
    stands_for,
    refuses,
};

#[cfg(test)]
mod tests {
    use crate::net::Matrix;
    use crate::rules::test_support::{assert_close, tiny};

    #[test]
    fn one_step_by_hand() {
        // 2-1-1-2: h1 = 0.3, h2 = 0.6, z = (0.6, -0.6), e = (0.7685248, -0.7685248) for target class 1;
        // B1 = (1, 3)^T: delta1 = 0.7685248 - 3 * 0.7685248; B2 = (0.5, -0.5)^T: delta2 = 0.7685248
        let net = tiny("dfa/feedback=random", 2, |t| {
            t.set_feedback(1, &Matrix::from_fn(2, 1, |r, _| [1.0, 3.0][r]));
            t.set_feedback(2, &Matrix::from_fn(2, 1, |r, _| [0.5, -0.5][r]));
        });
        assert_close(&net, 1, &[0.653_704_96, -0.969_259_01], &[0.153_704_96]);
        assert_close(&net, 2, &[1.976_944_26], &[-0.076_852_48]);
        assert_close(&net, 3, &[0.953_888_51, -0.953_888_51], &[-0.076_852_48, 0.076_852_48]);
    }
}
