//! What a gradient's path and a fixed feedback path conserve for every hidden unit.

use super::observed::{Observed, Results};
use super::part::{Part, cells, digits, line, mean, section as build, title};
use crate::data::DatasetId;
use crate::report::plots::{Block, Measure, PlotError, Scale};
use crate::report::section::Section;

const NETWORKS: [&str; 2] = ["1x2000", "2x800-relu"];
/// Those that conserve it, then those whose feedback changes.
const RULES: [&str; 9] = [
    "bp",
    "fa/feedback=random",
    "fa/feedback=binary,scale=matched",
    "dfa/feedback=random",
    "dfa/feedback=binary,scale=matched",
    "fa/feedback=random-sign",
    "fa/feedback=hebb",
    "fa/feedback=oja",
    "fa/feedback=kolen-pollack",
];
const CONSERVE: usize = 5;

fn ratio(c: &Observed) -> Vec<f64> {
    c.last(|e| e.drift.zip(e.incoming).filter(|(_, i)| *i > 0.0).map(|(d, i)| d / i))
}

/// Smallest and largest mean ratio of the rules that conserve, or of the others.
fn range(results: &Results, rules: &[&str]) -> Option<(f64, f64)> {
    let places = DatasetId::ALL.into_iter().flat_map(|d| NETWORKS.map(|n| (d, n)));
    let all: Vec<f64> = places.flat_map(|(d, n)| cells(results, d, n, rules)).filter_map(|c| mean(&ratio(c))).collect();
    let low = all.iter().copied().reduce(f64::min)?;
    Some((low, all.into_iter().fold(low, f64::max)))
}

pub fn section(results: &Results) -> Result<Option<Section>, PlotError> {
    let mut blocks = vec![];
    for dataset in DatasetId::ALL {
        for network in NETWORKS {
            let mut lines = vec![];
            for cell in cells(results, dataset, network, &RULES) {
                let l = line(cell, vec![ratio(cell), cell.last(|e| e.incoming), cell.last(|e| e.drift)]);
                // with one hidden layer direct feedback alignment is feedback alignment: once
                if !l.values[0].is_empty() && lines.iter().all(|o: &crate::report::plots::Line| o.label != l.label) {
                    lines.push(l);
                }
            }
            if !lines.is_empty() {
                blocks.push(Block { title: title(dataset, network), lines });
            }
        }
    }
    let Some((low, high)) = range(results, &RULES[..CONSERVE]) else { return Ok(None) };
    let part = Part {
        slug: "why-conserved",
        title: "What small steps would conserve for every hidden unit",
        sub: "Top hidden layer, ReLU, after the last epoch. Large dot: mean over seeds; small dots: every seed. Log axes",
        alt: "Drift of the conserved quantity by the change of the incoming weights, and that change, under backpropagation, feedback alignment and direct feedback alignment.",
        caption: "Drift of what is conserved, by how much the incoming weights changed.",
        columns: vec![
            Measure::new("Drift by the incoming change", Scale::Log, digits).marked(1.0),
            Measure::new("Change of the incoming weights", Scale::Log, digits),
            Measure::new("Drift", Scale::Log, digits).only_in_table(),
        ],
        blocks,
        foot: "Small: conserved. 1: it drifted by as much as the incoming weights changed.",
    };
    let paragraphs = vec![
        "In the limit of small steps a ReLU unit under fixed feedback keeps half its squared incoming weights and bias, less the product of its outgoing weights with its feedback weights; under backpropagation, less half its squared outgoing weights. So a unit can only grow its incoming weights as far as it turns its outgoing ones towards the feedback, which is one account of why feedback alignment aligns.".to_string(),
        format!(
            "Here that quantity drifted by {} to {} of the change of the incoming weights under backpropagation and fixed feedback (cell means; root mean square over units).{}",
            digits(low),
            digits(high),
            match range(results, &RULES[CONSERVE..]) {
                Some((low, high)) => format!(" Where the feedback itself changes nothing says that it is conserved: there {} to {}.", digits(low), digits(high)),
                None => String::new(),
            }
        ),
    ];
    let note = "Steps of a finite size let the quantity drift. Direct feedback alignment conserves it in the top hidden layer only, which is the one shown.";
    build("why-conserved", "What feedback alignment conserves in the limit of small steps", paragraphs, &[part], note)
}
