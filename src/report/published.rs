//! Published values that stand beside ours.

use crate::data::DatasetId;

/// Where values come from, and how those networks were trained.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    pub name: &'static str,
    pub link: &'static str,
    pub note: &'static str,
}

pub static NOKLAND: Source = Source {
    name: "Nøkland 2016, tables 1 and 2",
    link: "https://arxiv.org/abs/1609.01596",
    note: "inputs in [0, 1], sigmoid with binary cross-entropy, RMSprop, up to 300 epochs on all images; some networks started from zero weights",
};

pub static FRENKEL: Source = Source {
    name: "Frenkel et al. 2021, table in the authors' slides",
    link: "https://arxiv.org/abs/1909.01311",
    note: "tanh hidden layers, sigmoid with binary cross-entropy, Nesterov momentum 0.9, 100 epochs by their code's default; there the hidden layers of DFA and DRTP get a gradient that is not averaged over the batch",
};

/// Test error in percent with its standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Published {
    pub source: &'static Source,
    pub dataset: DatasetId,
    /// Our network that it stands beside: the same, or the nearest.
    pub network: &'static str,
    /// Theirs.
    pub theirs: &'static str,
    /// `bp`, `fa`, `dfa`, `drtp`; but for the first with fixed random feedback.
    pub rule: &'static str,
    pub error: f64,
    pub std: f64,
    /// As published.
    pub digits: usize,
}

/// One row of a published table: errors with deviations of `bp`, `fa`, `dfa` and, where it was tried, `drtp`.
struct Line {
    source: &'static Source,
    dataset: DatasetId,
    network: &'static str,
    theirs: &'static str,
    digits: usize,
    values: &'static [(f64, f64)],
}

const RULES: [&str; 4] = ["bp", "fa", "dfa", "drtp"];

static LINES: &[Line] = &[
    Line {
        source: &NOKLAND,
        dataset: DatasetId::Mnist,
        network: "2x800-relu",
        theirs: "2 × 800 ReLU",
        digits: 2,
        values: &[(1.48, 0.06), (1.74, 0.10), (1.70, 0.06)],
    },
    Line {
        source: &NOKLAND,
        dataset: DatasetId::Mnist,
        network: "2x800-tanh",
        theirs: "2 × 800 tanh",
        digits: 2,
        values: &[(1.60, 0.06), (1.64, 0.03), (1.74, 0.08)],
    },
    Line {
        source: &NOKLAND,
        dataset: DatasetId::Cifar10,
        network: "1x2000",
        theirs: "1 × 1000 tanh",
        digits: 1,
        values: &[(45.1, 0.7), (46.4, 0.4), (46.4, 0.4)],
    },
    Line {
        source: &FRENKEL,
        dataset: DatasetId::Mnist,
        network: "1x2000",
        theirs: "1 × 1000 tanh",
        digits: 2,
        values: &[(1.76, 0.06), (1.90, 0.06), (2.12, 0.05), (4.03, 0.13)],
    },
    Line {
        source: &FRENKEL,
        dataset: DatasetId::Mnist,
        network: "2x800-tanh",
        theirs: "2 × 1000 tanh",
        digits: 2,
        values: &[(1.67, 0.07), (1.90, 0.06), (3.46, 0.25), (4.04, 0.12)],
    },
    Line {
        source: &FRENKEL,
        dataset: DatasetId::Cifar10,
        network: "1x2000",
        theirs: "1 × 1000 tanh",
        digits: 2,
        values: &[(47.58, 0.21), (48.56, 0.28), (48.45, 0.17), (52.99, 0.22)],
    },
    Line {
        source: &FRENKEL,
        dataset: DatasetId::Cifar10,
        network: "2x800-tanh",
        theirs: "2 × 1000 tanh",
        digits: 2,
        values: &[(49.00, 0.22), (50.35, 0.18), (50.51, 0.24), (52.83, 0.44)],
    },
];

/// Every value, by table and row.
pub fn all() -> impl Iterator<Item = Published> {
    LINES.iter().flat_map(|l| {
        RULES.into_iter().zip(l.values).map(|(rule, &(error, std))| Published {
            source: l.source,
            dataset: l.dataset,
            network: l.network,
            theirs: l.theirs,
            rule,
            error,
            std,
            digits: l.digits,
        })
    })
}

pub const NOTE: &str = "The comparison shows the order of magnitude, not agreement or disagreement.";
