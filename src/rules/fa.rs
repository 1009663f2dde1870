//! Feedback alignment (Lillicrap et al. 2016): backpropagation whose `W_(l+1)^T` is replaced by a matrix `B_l`.
//!
//! `delta_l = (B_l^T delta_(l+1)) o f'(a_l)` with `B_l` stored in the shape of `W_(l+1)`: `n_(l+1) x n_l`.
//! The output layer always gets the error itself.

use super::{Carrier, Rule, RuleEntry, Source, Teaching};
use crate::feedback::{self, Feedback, Route};

struct FeedbackAlignment(Feedback);

impl Rule for FeedbackAlignment {
    fn teaching(&self, _layer: usize) -> Teaching {
        Teaching { carrier: Carrier::Feedback, source: Source::LayerAbove }
    }

    fn feedback(&self) -> Option<Feedback> {
        Some(self.0)
    }
}

pub static ENTRY: RuleEntry = RuleEntry {
    name: "fa",
    title: "Feedback alignment",
    equation: "δ_l = (B_lᵀ δ_{l+1}) ∘ f'(a_l);  W_l ← W_l − η/N Σ δ_l h_{l−1}ᵀ",
    shapes: "B_l: n_{l+1} × n_l, the shape of W_{l+1}",
    source: "Lillicrap, Cownden, Tweed and Akerman 2016, doi:10.1038/ncomms13276",
    options: feedback::OPTIONS,
    build: |options| Ok(Box::new(FeedbackAlignment(Feedback::from_options(Route::Layered, options)))),
    stands_for: |_| None,
};
