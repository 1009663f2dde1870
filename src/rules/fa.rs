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

    #[test]
    fn feedback_that_learns_by_hand() {
        // h1 = (0.3, 0), yhat = (0.6456563, 0.3543437), e = (0.6456563, -0.6456563), rates 0.1; B as above, rows by class
        let b = [[2.0, 1.0], [1.0, -1.0]];
        let (y, z, e) = (0.645_656_3f32, 0.354_343_7f32, 0.645_656_3f32);
        let check = |rule: &str, want: [f32; 4]| {
            let net = tiny(rule, 1, |t| t.set_feedback(1, &Matrix::from_fn(2, 2, |r, c| b[r][c])));
            for (got, want) in net.feedback(1).unwrap().values().zip(want) {
                assert!((got - want).abs() < 1e-6, "{rule}: {got} {want}");
            }
        };
        check("fa/feedback=hebb", [2.0 + 0.03 * y, 1.0, 1.0 + 0.03 * z, -1.0]);
        let (p, q) = (0.1 * y * y, 0.1 * z * z);
        check("fa/feedback=oja", [2.0 + 0.03 * y - 2.0 * p, 1.0 - p, 1.0 + 0.03 * z - q, -1.0 + q]);
        // h - B^T yhat
        let rest = [0.3 - 2.0 * y - z, -y + z];
        let (p, q) = (0.1 * y, 0.1 * z);
        check(
            "fa/feedback=oja-subspace",
            [2.0 + p * rest[0], 1.0 + p * rest[1], 1.0 + q * rest[0], -1.0 + q * rest[1]],
        );
        // Kolen-Pollack: down the output layer's own gradient, and B and W2 lose 1e-2 of themselves
        let (d, k) = (0.03 * e, 0.99);
        check("fa/feedback=kolen-pollack,decay=0.01", [2.0 * k - d, k, k + d, -k]);
        let net = tiny("fa/feedback=kolen-pollack,decay=0.01", 1, |_| {});
        assert_close(&net, 2, &[k - d, 2.0 * k, -k + d, 0.5 * k], &[-0.1 * e, 0.1 * e]);
    }
}
