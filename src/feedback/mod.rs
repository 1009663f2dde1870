//! Feedback matrices `B`: the four fixed kinds of the post and how they are scaled.
//!
//! `B_l` feeds hidden layer `l` and is stored in the shape of the forward path that it replaces:
//! `n_(l+1) x n_l` under feedback alignment, `classes x n_l` under direct feedback alignment.

mod matrices;

use crate::rules::{OptionInfo, OptionValues};

pub use matrices::Matrices;

/// Where the error comes from that `B` carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// From the layer above (FA): `B_l` replaces `W_(l+1)`.
    Layered,
    /// From the output (DFA): `B_l` replaces the product `W_L ... W_(l+1)`.
    Direct,
}

/// The four kinds of the post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FeedbackKind {
    /// `M ~ U(+-1/sqrt(n_l))`, drawn once.
    Random,
    /// `|M| o sign(W)`, the sign taken anew at each step (frSF in the literature).
    RandomSign,
    /// `+-1`, drawn once (the signs of `M`).
    Binary,
    /// `1 o sign(W)` at each step (uSF in the literature).
    BinarySign,
}

/// Size of the entries of the binary kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scale {
    /// `+-1` as written in the post: multiplies the hidden learning rate by `sqrt(3 n_l)`.
    Literal,
    /// `+-1/sqrt(3 n_l)`: the Frobenius norm of the random kind.
    Matched,
}

/// A feedback path: its route, kind and scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Feedback {
    pub route: Route,
    pub kind: FeedbackKind,
    pub scale: Scale,
}

/// What the registry of kinds knows: drives `report list feedback`, option parsing, legends and tests.
pub struct KindEntry {
    /// Value of the option `feedback`.
    pub name: &'static str,
    pub kind: FeedbackKind,
    /// Name in legends.
    pub title: &'static str,
    /// Name in the literature.
    pub literature: &'static str,
    /// Definition.
    pub formula: &'static str,
}

/// Every kind of feedback.
pub static KINDS: &[KindEntry] = &[
    KindEntry {
        name: "random",
        kind: FeedbackKind::Random,
        title: "fixed random",
        literature: "FA / DFA",
        formula: "B = M, M ~ U(±1/√n_l), drawn once",
    },
    KindEntry {
        name: "random-sign",
        kind: FeedbackKind::RandomSign,
        title: "fixed random (sign)",
        literature: "frSF",
        formula: "B_t = |M| ∘ sign(W_t), each step",
    },
    KindEntry {
        name: "binary",
        kind: FeedbackKind::Binary,
        title: "fixed binary",
        literature: "binary FA",
        formula: "B = s·sign(M), drawn once; s = 1 (literal) or 1/√(3 n_l) (matched)",
    },
    KindEntry {
        name: "binary-sign",
        kind: FeedbackKind::BinarySign,
        title: "binary (sign)",
        literature: "uSF",
        formula: "B_t = s·sign(W_t), each step; s = 1 (literal) or 1/√(3 n_l) (matched)",
    },
];

/// The options that rules with feedback share.
pub static OPTIONS: &[OptionInfo] = &[
    OptionInfo {
        key: "feedback",
        values: &[
            ("random", "fixed random"),
            ("random-sign", "fixed random with the signs of W at each step"),
            ("binary", "fixed ±1"),
            ("binary-sign", "ones with the signs of W at each step"),
        ],
        only_with: None,
    },
    OptionInfo {
        key: "scale",
        values: &[("literal", "entries ±1"), ("matched", "entries ±1/√(3 n_l), the norm of fixed random")],
        only_with: Some(("feedback", &["binary", "binary-sign"])),
    },
];

impl FeedbackKind {
    pub fn entry(self) -> &'static KindEntry {
        KINDS.iter().find(|k| k.kind == self).expect("every kind is registered")
    }

    /// Whether the signs follow the forward weights.
    pub fn follows_signs(self) -> bool {
        matches!(self, FeedbackKind::RandomSign | FeedbackKind::BinarySign)
    }
}

impl Feedback {
    /// From checked options of a rule.
    pub fn from_options(route: Route, options: &OptionValues) -> Feedback {
        let name = options.get("feedback").copied().unwrap_or(KINDS[0].name);
        let kind = KINDS.iter().find(|k| k.name == name).expect("a checked option").kind;
        let scale = match options.get("scale") {
            Some(&"matched") => Scale::Matched,
            _ => Scale::Literal,
        };
        Feedback { route, kind, scale }
    }

    /// Rows of `B_l` in a network of these layer sizes (`n_0 ..= n_L`), `l` in `1..L`; it has `sizes[l]` columns.
    pub fn rows(&self, layer: usize, sizes: &[usize]) -> usize {
        match self.route {
            Route::Layered => sizes[layer + 1],
            Route::Direct => *sizes.last().expect("a network has layers"),
        }
    }
}
