//! Direct random target projection (Frenkel, Lefebvre and Bol 2021): hidden layers get the target, not the error.
//!
//! `delta_l = (B_l^T t) o f'(a_l)`, `t` one-hot, `B_l: classes x n_l` fixed and random; the output layer gets the error. No
//! hidden layer waits for the forward pass above it.

use super::{Carrier, OptionInfo, Rule, RuleEntry, Source, Teaching, needs_a_hidden_layer};
use crate::feedback::{Feedback, Route};

struct DirectRandomTargetProjection(Feedback);

impl Rule for DirectRandomTargetProjection {
    fn teaching(&self, _layer: usize) -> Option<Teaching> {
        Some(Teaching { carrier: Carrier::Feedback, source: Source::Target, derivative: true })
    }

    fn feedback(&self) -> Option<Feedback> {
        Some(self.0)
    }
}

pub static ENTRY: RuleEntry = RuleEntry {
    name: "drtp",
    title: "Direct random target projection",
    equation: "δ_l = (B_lᵀ t) ∘ f'(a_l);  W_l ← W_l − η/N Σ δ_l h_{l−1}ᵀ;  δ_L = e",
    shapes: "B_l: classes × n_l; t: one-hot target, classes",
    source: "Frenkel, Lefebvre and Bol 2021, doi:10.3389/fnins.2021.629892",
    options: &[OptionInfo::choice("feedback", &[("random", "fixed random")])],
    build: |options| Ok(Box::new(DirectRandomTargetProjection(Feedback::from_options(Route::Direct, options)))),
    stands_for: |_, _| None,
    refuses: |network, _, _| needs_a_hidden_layer(network),
};

#[cfg(test)]
mod tests {
    use crate::net::Matrix;
    use crate::rules::test_support::{assert_close, tiny};

    #[test]
    fn one_step_by_hand() {
        // target class 1: B^T t is B's second row (1, -1); h1 = (0.3, 0) lets the first through: delta1 = (1, 0)
        let b = [[2.0, 1.0], [1.0, -1.0]];
        let net = tiny("drtp", 1, |t| t.set_feedback(1, &Matrix::from_fn(2, 2, |r, c| b[r][c])));
        assert_close(&net, 1, &[0.4, -1.02, -0.5, 1.0], &[-0.1, 0.1]);
        assert_close(&net, 2, &[0.980_630_31, 2.0, -0.980_630_31, 0.5], &[-0.064_565_63, 0.064_565_63]);
    }
}
