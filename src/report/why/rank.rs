//! Hebb's and Oja's rule unit by unit turn every unit towards one direction: the stable rank of `W_1` beside accuracy.

use super::observed::Results;
use super::part::{ACCURACY, Part, by_dataset, cells, digits, line, mean, section as build};
use crate::data::DatasetId;
use crate::report::format;
use crate::report::plots::{Measure, PlotError, Scale};
use crate::report::section::Section;

const NETWORK: &str = "1x2000";
const HEBB: &str = "hebbnet/local=hebb,variant=hl";
const OJA: &str = "hebbnet/local=oja,variant=hl";
const SUBSPACE: &str = "hebbnet/local=oja-subspace,variant=hl";
const RULES: [&str; 12] = [
    "bp",
    "frozen",
    HEBB,
    OJA,
    SUBSPACE,
    "sum/beta=1e-6,local=oja",
    "sum/beta=1e-5,local=oja",
    "sum/beta=1e-4,local=oja",
    "sum/beta=1e-3,local=oja",
    "sum/beta=0.01,local=oja",
    "sum/beta=0.1,local=oja",
    "sum/beta=0.1,local=hebb",
];

/// `1.02 (34.10% right)`.
fn rank_of(results: &Results, dataset: DatasetId, rule: &str) -> Option<String> {
    let cell = results.find(dataset, NETWORK, rule)?;
    let rank = mean(&cell.last(|e| e.stable_rank))?;
    let right = mean(&cell.test()).map_or_else(String::new, |v| format!(" ({v:.2}% right)"));
    Some(format!("{}{right}", digits(rank)))
}

fn sentence(results: &Results, dataset: DatasetId) -> String {
    let of = |rule| rank_of(results, dataset, rule);
    let named = [
        ("with plain Hebb", of(HEBB)),
        ("with Oja's rule unit by unit", of(OJA)),
        ("with Oja's subspace rule", of(SUBSPACE)),
        ("in the sum rule with Oja at beta 0.1", of("sum/beta=0.1,local=oja")),
        ("under backpropagation", of("bp")),
        ("at the random start", of("frozen")),
    ];
    let known: Vec<String> = named.into_iter().filter_map(|(name, v)| Some(format!("{} {name}", v?))).collect();
    if known.is_empty() {
        return String::new();
    }
    format!("On {} the first layer's stable rank at the end is {}.", dataset.title(), format::list(&known))
}

pub fn section(results: &Results) -> Result<Option<Section>, PlotError> {
    let blocks = by_dataset(NETWORK, |dataset| {
        let cells = cells(results, dataset, NETWORK, &RULES).into_iter();
        cells.map(|c| line(c, vec![c.last(|e| e.stable_rank), c.test()])).collect()
    });
    let local = DatasetId::ALL.iter().flat_map(|d| cells(results, *d, NETWORK, &RULES[2..]));
    if !local.into_iter().any(|c| !c.last(|e| e.stable_rank).is_empty()) {
        return Ok(None);
    }
    let part = Part {
        slug: "why-rank",
        title: "Stable rank of the first layer beside accuracy",
        sub: "After the last epoch. Large dot: mean over seeds; small dots: every seed. Rank on a log axis; 1 is a single direction",
        alt: "The stable rank of the first layer's weights and test accuracy under Hebb's, Oja's and Oja's subspace rule, in the sum rule with Oja at every beta, under backpropagation and for frozen random features.",
        caption: "Stable rank of the first layer and test accuracy.",
        columns: vec![Measure::new("Stable rank of the first layer", Scale::Log, digits).marked(1.0), ACCURACY],
        blocks,
        foot: "Stable rank: squared Frobenius norm over squared spectral norm. Accuracy starts at zero.",
    };
    let mut paragraphs = vec!["Oja's rule for one unit turns its weights to the direction in which the inputs vary most, and plain Hebb makes them grow along it. Applied to each unit by itself, both draw all units to that same direction, and copies of one unit say no more than it does; the subspace rule keeps the units apart. The stable rank counts directions: 1 means that one is left; how far a run got towards it depends on its length and rate.".to_string()];
    paragraphs.extend(DatasetId::ALL.map(|d| sentence(results, d)));
    let note = "Rank and accuracy stand beside each other; that one causes the other is the theory's word, not a test made here.";
    build("why-rank", "Rank of the first layer under Hebb's and Oja's rule", paragraphs, &[part], note)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::why::observed::{Epoch, Observed, Trial};

    #[test]
    fn plain_hebb_stands_beside_oja_with_its_own_numbers() {
        let one = |rule: &str, rank: f64, test: f64| Observed {
            cell: format!("mnist/{NETWORK}/{rule}").parse().unwrap(),
            trials: vec![Trial {
                test: Some(test),
                curve: vec![Epoch { stable_rank: Some(rank), ..Epoch::default() }],
                ..Trial::default()
            }],
        };
        let mut results = Results { cells: vec![one(HEBB, 85.8, 0.9301), one(OJA, 86.6, 0.9306)] };
        let text = sentence(&results, DatasetId::Mnist);
        let both = "85.8 (93.01% right) with plain Hebb and 86.6 (93.06% right) with Oja's rule unit by unit.";
        assert!(text.ends_with(both), "{text}");
        results.cells.remove(0);
        assert!(!sentence(&results, DatasetId::Mnist).contains("Hebb"));
    }
}
