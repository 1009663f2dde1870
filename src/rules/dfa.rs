//! Direct feedback alignment (Nøkland 2016): every hidden layer gets the output error through a matrix of its own.
//!
//! `delta_l = (B_l^T e) o f'(a_l)`, `B_l: classes x n_l`. With one hidden layer it is feedback alignment.

use super::{Carrier, Rule, RuleEntry, Source, Teaching};
use crate::feedback::{self, Feedback, Route};

struct DirectFeedbackAlignment(Feedback);

impl Rule for DirectFeedbackAlignment {
    fn teaching(&self, _layer: usize) -> Teaching {
        Teaching { carrier: Carrier::Feedback, source: Source::OutputError }
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
