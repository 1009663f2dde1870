//! Feedback alignment (Lillicrap et al. 2016): backpropagation whose `W_(l+1)^T` is replaced by a matrix `B_l`.
//!
//! `delta_l = (B_l^T delta_(l+1)) o f'(a_l)` with `B_l` stored in the shape of `W_(l+1)`: `n_(l+1) x n_l`.
//! The output layer always gets the error itself.

use super::{Carrier, RowDecay, Rule, RuleEntry, Source, Teaching, UpdateTerm};
use crate::feedback::{self, Feedback, Route};

struct FeedbackAlignment(Feedback);

impl Rule for FeedbackAlignment {
    fn teaching(&self, _layer: usize) -> Option<Teaching> {
        Some(Teaching { carrier: Carrier::Feedback, source: Source::LayerAbove, derivative: true })
    }

    fn feedback(&self) -> Option<Feedback> {
        Some(self.0)
    }

    fn update(&self, layer: usize, _top: usize) -> Option<UpdateTerm> {
        // Kolen-Pollack: B and the W that it mirrors lose the same share at each step
        let decay = if layer > 1 { self.0.mirrored_decay() } else { RowDecay::None };
        Some(UpdateTerm { decay, ..UpdateTerm::DESCEND })
    }
}

pub static ENTRY: RuleEntry = RuleEntry {
    name: "fa",
    title: "Feedback alignment",
    equation: "δ_l = (B_lᵀ δ_{l+1}) ∘ f'(a_l);  W_l ← W_l − η/N Σ δ_l h_{l−1}ᵀ",
    shapes: "B_l: n_{l+1} × n_l, the shape of W_{l+1}",
    source: "Lillicrap, Cownden, Tweed and Akerman 2016, doi:10.1038/ncomms13276",
    options: feedback::LAYERED_OPTIONS,
    build: |options| Ok(Box::new(FeedbackAlignment(Feedback::from_options(Route::Layered, options)))),
    stands_for: |_, _| None,
    refuses: |network, _, _| super::needs_a_hidden_layer(network),
};

#[cfg(test)]
mod tests {
    use crate::net::Matrix;
    use crate::rules::test_support::{assert_close, tiny};

    #[test]
    fn one_step_by_hand() {
        // as for backpropagation, but delta1 = B^T e o (1, 0) with B = ((2, 1), (1, -1)): 2 * 0.6456563 - 0.6456563
        let b = [[2.0, 1.0], [1.0, -1.0]];
        let net = tiny("fa/feedback=random", 1, |t| t.set_feedback(1, &Matrix::from_fn(2, 2, |r, c| b[r][c])));
        assert_close(&net, 1, &[0.435_434_37, -1.012_913_13, -0.5, 1.0], &[-0.064_565_63, 0.1]);
        assert_close(&net, 2, &[0.980_630_31, 2.0, -0.980_630_31, 0.5], &[-0.064_565_63, 0.064_565_63]);
    }
}
