//! The scale of `B` as a hidden learning rate: literal cells beside norm-matched ones, and how far a trained `B` grew.

use super::observed::Results;
use super::part::{ACCURACY, Part, by_dataset, cells, degrees, digits, line, mean, points, section as build, title};
use crate::data::DatasetId;
use crate::report::format;
use crate::report::plots::{Block, Measure, PlotError, Scale};
use crate::report::section::Section;

const NETWORKS: [&str; 3] = ["1x2000", "2x800-relu", "2x800-tanh"];

fn pairs(results: &Results) -> Vec<Block> {
    let mut blocks = vec![];
    for dataset in DatasetId::ALL {
        for network in NETWORKS {
            let rules: &[&str] = if network == "1x2000" { &["fa"] } else { &["fa", "dfa"] };
            let mut lines = vec![];
            for (rule, kind) in rules.iter().flat_map(|r| ["binary", "binary-sign"].map(|k| (r, k))) {
                let find = |scale| results.find(dataset, network, &format!("{rule}/feedback={kind},scale={scale}"));
                let (Some(literal), Some(matched)) = (find("literal"), find("matched")) else { continue };
                let angle = |c: &super::observed::Observed| c.last(|e| e.signal_angles[0]);
                let values =
                    vec![matched.minus(literal), angle(literal), angle(matched), literal.test(), matched.test()];
                let mut l = line(literal, values);
                l.label = l.label.replace(", ±1", "");
                lines.push(l);
            }
            if !lines.is_empty() {
                blocks.push(Block { title: title(dataset, network), lines });
            }
        }
    }
    blocks
}

const TRAINED: [&str; 9] = [
    "fa/feedback=random",
    "fa/feedback=hebb",
    "fa/feedback=hebb,renormalise=yes",
    "fa/feedback=hebb,start=transpose",
    "fa/feedback=oja",
    "fa/feedback=oja,renormalise=yes",
    "fa/feedback=oja,start=transpose",
    "fa/feedback=kolen-pollack",
    "fa/feedback=kolen-pollack,decay=0",
];

fn trained(results: &Results) -> Vec<Block> {
    let blocks = by_dataset(NETWORKS[0], |dataset| {
        let fixed = results.find(dataset, NETWORKS[0], TRAINED[0]);
        let cells = cells(results, dataset, NETWORKS[0], &TRAINED).into_iter();
        cells
            .map(|c| {
                let gap = fixed.filter(|f| !std::ptr::eq(*f, c)).map_or_else(Vec::new, |f| c.minus(f));
                line(c, vec![c.last(|e| e.feedback_norm), gap, c.test()])
            })
            .collect()
    });
    // fixed feedback alone says nothing
    blocks.into_iter().filter(|b| b.lines.len() > 1).collect()
}

/// How literal and norm-matched cells compare over all pairs.
fn of_pairs(part: &Part) -> String {
    let gaps: Vec<f64> = part.blocks.iter().flat_map(|b| &b.lines).filter_map(|l| mean(&l.values[0])).collect();
    let failed = part.blocks.iter().flat_map(|b| &b.lines).filter(|l| l.finished == 0).count();
    let (Some(low), Some(high)) = (gaps.iter().copied().reduce(f64::min), gaps.iter().copied().reduce(f64::max)) else {
        return String::new();
    };
    let better = gaps.iter().filter(|g| **g > 0.0).count();
    let failed = match failed {
        0 => String::new(),
        n => format!("; {} had no literal trial that finished", format::plural(n, "more pair", "more pairs")),
    };
    format!(
        "A literal ±1 matrix is norm-matched times √(3n), so it multiplies the hidden layers' rate and leaves the direction of the feedback as it is. Matched beats literal on average in {} of {} pairs, by {} to {} points{failed}.",
        better,
        gaps.len(),
        points(low),
        points(high)
    )
}

/// How large a trained B became.
fn of_trained(results: &Results, dataset: DatasetId) -> String {
    let of = |rule: &str| {
        let cell = results.find(dataset, NETWORKS[0], rule)?;
        Some((mean(&cell.last(|e| e.feedback_norm))?, mean(&cell.test())?))
    };
    let one = |name: &str, free: &str, held: &str| {
        let (norm, accuracy) = of(free)?;
        let held =
            of(held).map_or_else(String::new, |h| format!(", against {:.2}% with B held at its initial norm", h.1));
        Some(format!(
            "B trained by {name} ends at {} times its initial norm, with {accuracy:.2}% right{held}",
            digits(norm)
        ))
    };
    let known: Vec<String> =
        [one("Hebb", TRAINED[1], TRAINED[2]), one("Oja", TRAINED[4], TRAINED[5])].into_iter().flatten().collect();
    if known.is_empty() { String::new() } else { format!("On {}, {}.", dataset.title(), known.join("; ")) }
}

pub fn section(results: &Results) -> Result<Option<Section>, PlotError> {
    let angle = |title| Measure::new(title, Scale::Free, degrees).marked(90.0);
    let pairs = Part {
        slug: "why-scale",
        title: "Norm-matched binary feedback beside the literal one",
        sub: "After the last epoch. Large dot: mean over seeds; small dots: every seed. Broken lines: no difference; 90 degrees, chance",
        alt: "Accuracy of norm-matched binary feedback less that of literal binary feedback by seed, and the angle of the teaching signal of the first hidden layer under both.",
        caption: "Norm-matched minus literal accuracy, and angles of the teaching signal.",
        columns: vec![
            Measure::new("Matched minus literal, points", Scale::Free, points).marked(0.0),
            angle("Signal, literal, degrees"),
            angle("Signal, matched, degrees"),
            Measure { title: "Literal, %", plotted: false, ..ACCURACY },
            Measure { title: "Matched, %", plotted: false, ..ACCURACY },
        ],
        blocks: pairs(results),
        foot: "Signal: angle between what reaches the first hidden layer and backpropagation's. n and Diverged in the table are of the literal cell.",
    };
    let trained = Part {
        slug: "why-trained",
        title: "How far a trained B grew, beside accuracy",
        sub: "After the last epoch. Large dot: mean over seeds; small dots: every seed. Log axis of the norm. Broken lines: no growth; no difference",
        alt: "Norm of the trained feedback matrix by its start, accuracy less that of fixed random feedback by seed, and accuracy.",
        caption: "Norm of a trained B by its start, and accuracy.",
        columns: vec![
            Measure::new("Norm of B by its start", Scale::Log, digits).marked(1.0),
            Measure::new("Minus fixed random, points", Scale::Free, points).marked(0.0),
            ACCURACY,
        ],
        blocks: trained(results),
        foot: "Renormalised: B is scaled back to its initial norm after each of its updates. Differences are paired by seed.",
    };
    let mut paragraphs = vec![of_pairs(&pairs)];
    paragraphs.extend(DatasetId::ALL.map(|d| of_trained(results, d)));
    let parts: Vec<Part> = [pairs, trained].into_iter().filter(|p| p.has(0)).collect();
    if parts.is_empty() {
        return Ok(None);
    }
    build("why-scale", "The scale of B is a hidden learning rate", paragraphs, &parts, "")
}
