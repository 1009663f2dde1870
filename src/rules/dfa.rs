//! Direct feedback alignment (Nøkland 2016): every hidden layer gets the output error through a matrix of its own.
//!
//! `delta_l = (B_l^T e) o f'(a_l)`, `B_l: classes x n_l`. With one hidden layer it is feedback alignment.

use super::{Carrier, Rule, RuleEntry, Source, Teaching};
use crate::feedback::{self, Feedback, Route};

struct DirectFeedbackAlignment(Feedback);

impl Rule for DirectFeedbackAlignment {
    fn teaching(&self, _layer: usize) -> Option<Teaching> {
        Some(Teaching { carrier: Carrier::Feedback, source: Source::OutputError })
    }

    fn feedback(&self) -> Option<Feedback> {
        Some(self.0)
    }
}

pub static ENTRY: RuleEntry = RuleEntry {
    name: "dfa",
    title: "Direct feedback alignment",
    equation: "δ_l = (B_lᵀ e) ∘ f'(a_l);  W_l ← W_l − η/N Σ δ_l h_{l−1}ᵀ",
    shapes: "B_l: classes × n_l; e = ŷ − t: classes",
    source: "Nøkland 2016, arXiv:1609.01596",
    options: feedback::OPTIONS,
    build: |options| Ok(Box::new(DirectFeedbackAlignment(Feedback::from_options(Route::Direct, options)))),
    stands_for: |network| (network.depth == 1).then_some("fa"),
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
