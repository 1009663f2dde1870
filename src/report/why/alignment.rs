//! Angles at the end, of the weights and of the teaching signals, by kind of feedback and layer.

use super::observed::{Observed, Results};
use super::part::{Part, cells, degrees, line, mean, section as build, title};
use crate::data::DatasetId;
use crate::report::plots::{Block, Line, Measure, PlotError, Scale};
use crate::report::section::Section;

const NETWORKS: [&str; 3] = ["1x2000", "2x800-relu", "2x800-tanh"];
const RULES: [&str; 17] = [
    "fa/feedback=random",
    "fa/feedback=random-sign",
    "fa/feedback=binary,scale=literal",
    "fa/feedback=binary,scale=matched",
    "fa/feedback=binary-sign,scale=literal",
    "fa/feedback=binary-sign,scale=matched",
    "fa/feedback=hebb",
    "fa/feedback=oja",
    "fa/feedback=kolen-pollack",
    "dfa/feedback=random",
    "dfa/feedback=random-sign",
    "dfa/feedback=binary,scale=literal",
    "dfa/feedback=binary,scale=matched",
    "dfa/feedback=binary-sign,scale=literal",
    "dfa/feedback=binary-sign,scale=matched",
    "dfa/feedback=hebb",
    "dfa/feedback=oja-g1",
];

fn values(c: &Observed) -> Vec<Vec<f64>> {
    vec![
        c.last(|e| e.weight_angles[0]),
        c.last(|e| e.weight_angles[1]),
        c.last(|e| e.signal_angles[0]),
        c.last(|e| e.signal_angles[1]),
        c.test(),
    ]
}

fn blocks(results: &Results, dataset: DatasetId) -> Vec<Block> {
    let mut blocks = vec![];
    for network in NETWORKS {
        let mut lines: Vec<Line> = vec![];
        for cell in cells(results, dataset, network, &RULES) {
            let l = line(cell, values(cell));
            // with one hidden layer direct feedback alignment is feedback alignment: once
            let angles = l.values[..4].iter().any(|v| !v.is_empty());
            if (angles || l.diverged > 0) && lines.iter().all(|o| o.label != l.label) {
                lines.push(l);
            }
        }
        if lines.iter().any(|l| l.values[..4].iter().any(|v| !v.is_empty())) {
            blocks.push(Block { title: title(dataset, network), lines });
        }
    }
    blocks
}

/// Angles of the first hidden layer on the network with one.
fn sentence(results: &Results, dataset: DatasetId) -> String {
    let named = [
        ("fixed random feedback", "fa/feedback=random"),
        ("B trained by Hebb", "fa/feedback=hebb"),
        ("B trained by Oja", "fa/feedback=oja"),
        ("Kolen-Pollack", "fa/feedback=kolen-pollack"),
    ];
    let of = |(name, rule): (&str, &str)| {
        let cell = results.find(dataset, NETWORKS[0], rule)?;
        let (weights, signal) = (mean(&cell.last(|e| e.weight_angles[0]))?, mean(&cell.last(|e| e.signal_angles[0]))?);
        Some(format!("{name} {weights:.1}° and {signal:.1}°"))
    };
    let known: Vec<String> = named.into_iter().filter_map(of).collect();
    if known.is_empty() {
        return String::new();
    }
    format!(
        "On {} with one hidden layer, angles of the weights and of the signal at the end: {}.",
        dataset.title(),
        known.join("; ")
    )
}

fn part(slug: &'static str, caption: &'static str, title: &'static str, blocks: Vec<Block>) -> Part {
    let angle = |title| Measure::new(title, Scale::Free, degrees).marked(90.0);
    Part {
        slug,
        title,
        sub: "Degrees after the last epoch; 90 is chance, 0 is backpropagation. Large dot: mean over seeds; small dots: every seed",
        alt: "Angles between feedback and forward weights, and between teaching signals and backpropagation's, by kind of feedback and hidden layer.",
        caption,
        columns: vec![
            angle("Weights, layer 1"),
            angle("Weights, layer 2"),
            angle("Signal, layer 1"),
            angle("Signal, layer 2"),
            Measure { plotted: false, ..super::part::ACCURACY },
        ],
        blocks,
        foot: "Axes need not start at zero. Broken line: 90 degrees, chance. Layer 2 only where there are two hidden layers.",
    }
}

pub fn section(results: &Results) -> Result<Option<Section>, PlotError> {
    let [mnist, cifar] = [DatasetId::Mnist, DatasetId::Cifar10].map(|d| blocks(results, d));
    let parts: Vec<Part> = [
        part("why-angles-mnist", "Angles at the end, MNIST.", "Angles at the end of training, MNIST", mnist),
        part("why-angles-cifar10", "Angles at the end, CIFAR-10.", "Angles at the end of training, CIFAR-10", cifar),
    ]
    .into_iter()
    .filter(|p| !p.blocks.is_empty())
    .collect();
    if parts.is_empty() {
        return Ok(None);
    }
    let mut paragraphs = vec!["Feedback works as far as the signal that it brings to a hidden layer points where backpropagation's would: below 90 degrees. The smaller angle need not be the higher accuracy: a larger B is also a larger rate, and angles say nothing about the layers above. The angle of the weights compares B with the forward path that it stands for; the angle of the signal compares what a layer is actually told, on training images. Copied signs start aligned; random ones become so only as the forward weights turn.".to_string()];
    paragraphs.extend(DatasetId::ALL.map(|d| sentence(results, d)));
    build("why-angles", "Alignment at the end of training", paragraphs, &parts, "")
}
