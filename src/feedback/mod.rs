//! Feedback matrices `B`: the four fixed kinds of the post and how they are scaled, and the kinds that learn.
//!
//! `B_l` feeds hidden layer `l` and is stored in the shape of the forward path that it replaces:
//! `n_(l+1) x n_l` under feedback alignment, `classes x n_l` under direct feedback alignment.

mod matrices;

use crate::options::{NumberInfo, OptionInfo, OptionValues};
use crate::update::{Gate, Post, Pre, Rate, RowDecay, UpdateTerm};

pub use matrices::{Matrices, angle};

/// Where the error comes from that `B` carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// From the layer above (FA): `B_l` replaces `W_(l+1)`.
    Layered,
    /// From the output (DFA): `B_l` replaces the product `W_L ... W_(l+1)`.
    Direct,
}

/// The four fixed kinds of the post, and how B can learn.
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
    /// DFA: as binary (sign) at the top hidden layer, whose B has the shape of W_L; below as fixed binary.
    BinarySignTop,
    /// `B += eta_B mean(post h_l^T)`: post is the activity of the layer (or, under DFA, the output) where B begins.
    Hebb,
    /// Hebb, and each row of B loses `eta_B mean(post^2)` of itself.
    Oja,
    /// Oja's subspace rule: pre is `h_l - B^T post`.
    OjaSubspace,
    /// Oja under DFA with the output as post, so that it fits lower layers too.
    OjaDirect,
    /// The forward update mirrored: `B -= eta mean(delta h_l^T)`, and B and W both lose `lambda` of themselves.
    KolenPollack,
}

/// Where a B that learns starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Start {
    /// As fixed random.
    Random,
    /// The forward path that it replaces.
    Transpose,
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
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feedback {
    pub route: Route,
    pub kind: FeedbackKind,
    pub scale: Scale,
    pub start: Start,
    /// After each step B is scaled back to its initial Frobenius norm.
    pub renormalise: bool,
    /// Kolen-Pollack's lambda.
    pub decay: f32,
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
    KindEntry {
        name: "binary-sign-top",
        kind: FeedbackKind::BinarySignTop,
        title: "binary (sign on top)",
        literature: "uSF where its shape fits",
        formula: "B_t = s·sign(W_t) at the top hidden layer, each step; s·sign(M), drawn once, below it (DFA)",
    },
    KindEntry {
        name: "hebb",
        kind: FeedbackKind::Hebb,
        title: "trained by Hebb",
        literature: "Hebbian feedback",
        formula: "B ← B + η_B·mean(p h_lᵀ); p = h_{l+1} (FA) or ŷ (DFA, and at the top)",
    },
    KindEntry {
        name: "oja",
        kind: FeedbackKind::Oja,
        title: "trained by Oja",
        literature: "leaky Hebbian feedback",
        formula: "B ← (1 − η_B·mean(p²)) ∘ B + η_B·mean(p h_lᵀ), row by row",
    },
    KindEntry {
        name: "oja-subspace",
        kind: FeedbackKind::OjaSubspace,
        title: "trained by Oja's subspace rule",
        literature: "Oja 1989 on B",
        formula: "B ← B + η_B·mean(p (h_l − Bᵀp)ᵀ)",
    },
    KindEntry {
        name: "oja-g1",
        kind: FeedbackKind::OjaDirect,
        title: "trained by Oja, made to fit",
        literature: "Oja on a virtual direct synapse from h_l to the output",
        formula: "B_l ← (1 − η_B·mean(ŷ²)) ∘ B_l + η_B·mean(ŷ h_lᵀ), every layer (DFA)",
    },
    KindEntry {
        name: "kolen-pollack",
        kind: FeedbackKind::KolenPollack,
        title: "Kolen-Pollack",
        literature: "Kolen and Pollack 1994; Akrout et al. 2019, arXiv:1904.05391",
        formula: "B ← (1 − λ) B − η·mean(δ h_lᵀ), and the W that it mirrors loses λ too; δ = δ_{l+1} (FA) or e (DFA)",
    },
];

const LEARNED: &[&str] = &["hebb", "oja", "oja-subspace", "oja-g1", "kolen-pollack"];
const RENORMALISED: &[&str] = &["hebb", "oja", "oja-subspace", "oja-g1"];
const SCALE: OptionInfo = OptionInfo::choice(
    "scale",
    &[("literal", "entries ±1"), ("matched", "entries ±1/√(3 n_l), the norm of fixed random")],
)
.with("feedback", &["binary", "binary-sign"]);
const DIRECT_SCALE: OptionInfo = SCALE.with("feedback", &["binary", "binary-sign", "binary-sign-top"]);
const START: OptionInfo =
    OptionInfo::choice("start", &[("random", "as fixed random"), ("transpose", "the forward path that B replaces")])
        .with("feedback", LEARNED);
const RENORMALISE: OptionInfo = OptionInfo::choice(
    "renormalise",
    &[("no", "the norm of B is free"), ("yes", "after each step B is scaled to its initial norm")],
)
.with("feedback", RENORMALISED);
const DECAY: OptionInfo = OptionInfo {
    key: "decay",
    values: &[("1e-4", "lambda: what B and the W that it mirrors lose at each step")],
    number: Some(NumberInfo { least: 0.0, most: 0.1 }),
    only_with: Some(("feedback", &["kolen-pollack"])),
};

/// The options of feedback alignment.
pub static LAYERED_OPTIONS: &[OptionInfo] = &[
    OptionInfo::choice(
        "feedback",
        &[
            ("random", "fixed random"),
            ("random-sign", "fixed random with the signs of W at each step"),
            ("binary", "fixed ±1"),
            ("binary-sign", "ones with the signs of W at each step"),
            ("hebb", "trained by Hebb's rule"),
            ("oja", "trained by Oja's rule"),
            ("oja-subspace", "trained by Oja's subspace rule"),
            (
                "kolen-pollack",
                "trained by the forward weights' own updates (under recipe nokland by their plain gradient, not by RMSprop's steps: there it does not mirror W)",
            ),
        ],
    ),
    SCALE,
    START,
    RENORMALISE,
    DECAY,
];

/// The options of direct feedback alignment.
pub static DIRECT_OPTIONS: &[OptionInfo] = &[
    OptionInfo::choice(
        "feedback",
        &[
            ("random", "fixed random"),
            ("random-sign", "fixed random with the signs of W at each step"),
            ("binary", "fixed ±1"),
            ("binary-sign", "ones with the signs of W at each step"),
            ("binary-sign-top", "the same at the top hidden layer only, below it fixed ±1"),
            ("hebb", "trained by Hebb's rule"),
            ("oja", "trained by Oja's rule (one hidden layer only)"),
            ("oja-subspace", "trained by Oja's subspace rule (one hidden layer only)"),
            ("oja-g1", "trained by Oja's rule with the output as post, which fits every layer"),
            (
                "kolen-pollack",
                "trained by the forward weights' own updates (under recipe nokland by their plain gradient, not by RMSprop's steps: there it does not mirror W)",
            ),
        ],
    ),
    DIRECT_SCALE,
    START,
    RENORMALISE,
    DECAY,
];

impl FeedbackKind {
    pub fn entry(self) -> &'static KindEntry {
        KINDS.iter().find(|k| k.kind == self).expect("every kind is registered")
    }

    /// Whether the signs follow the forward weights.
    pub fn follows_signs(self) -> bool {
        matches!(self, FeedbackKind::RandomSign | FeedbackKind::BinarySign | FeedbackKind::BinarySignTop)
    }

    /// Whether B changes by a rule of its own.
    pub fn learns(self) -> bool {
        use FeedbackKind::*;
        matches!(self, Hebb | Oja | OjaSubspace | OjaDirect | KolenPollack)
    }
}

impl Feedback {
    /// From checked options of a rule.
    pub fn from_options(route: Route, options: &OptionValues) -> Feedback {
        let is = |key: &str, value: &str| options.get(key).is_some_and(|v| v == value);
        let kind = KINDS.iter().find(|k| is("feedback", k.name)).unwrap_or(&KINDS[0]).kind;
        Feedback {
            route,
            kind,
            scale: if is("scale", "matched") { Scale::Matched } else { Scale::Literal },
            start: if is("start", "transpose") { Start::Transpose } else { Start::Random },
            renormalise: is("renormalise", "yes"),
            decay: options.get("decay").map_or(0.0, |d| d.parse().expect("a checked number")),
        }
    }

    /// What the forward matrix that B mirrors loses at each step.
    pub fn mirrored_decay(&self) -> RowDecay {
        match self.kind {
            FeedbackKind::KolenPollack if self.decay > 0.0 => RowDecay::Constant(self.decay),
            _ => RowDecay::None,
        }
    }

    /// How `B_l` (in the shape of the forward path) learns: *pre* is `h_l`, *post* the signal where B begins, of the
    /// layer above or of the output.
    pub fn update(&self) -> Option<UpdateTerm> {
        let ascend = UpdateTerm {
            post: Post::Activity,
            pre: Pre::Input,
            scale: 1.0,
            decay: RowDecay::None,
            gate: Gate::None,
            rate: Rate::Learning,
            bias: false,
        };
        match self.kind {
            FeedbackKind::Hebb => Some(ascend),
            FeedbackKind::Oja | FeedbackKind::OjaDirect => Some(UpdateTerm { decay: RowDecay::Squares(1.0), ..ascend }),
            FeedbackKind::OjaSubspace => Some(UpdateTerm { pre: Pre::Residual, ..ascend }),
            FeedbackKind::KolenPollack => {
                Some(UpdateTerm { post: Post::Delta, scale: -1.0, decay: self.mirrored_decay(), ..ascend })
            }
            _ => None,
        }
    }

    /// Rows of `B_l` in a network of these layer sizes (`n_0 ..= n_L`), `l` in `1..L`; it has `sizes[l]` columns.
    pub fn rows(&self, layer: usize, sizes: &[usize]) -> usize {
        match self.route {
            Route::Layered => sizes[layer + 1],
            Route::Direct => *sizes.last().expect("a network has layers"),
        }
    }
}
