//! HebbNet against a hidden layer that never learns, and how far its weights moved.

use super::observed::{Observed, Results};
use super::part::{ACCURACY, Part, by_dataset, cells, digits, line, mean, points, section as build};
use crate::data::DatasetId;
use crate::report::format;
use crate::report::plots::{Line, Measure, PlotError, Scale};
use crate::report::section::Section;
use crate::report::tables::ends;

const NETWORK: &str = "1x2000";
pub const HEBBNET: [&str; 7] = [
    "hebbnet/local=hebb,variant=hl",
    "hebbnet/local=oja,variant=hl",
    "hebbnet/local=hebb,variant=t",
    "hebbnet/local=oja,variant=t",
    "hebbnet/local=hebb,variant=t-gs",
    "hebbnet/local=oja,variant=t-gs",
    "hebbnet/local=oja-subspace,variant=hl",
];

fn lines(results: &Results, dataset: DatasetId) -> Vec<Line> {
    let Some(frozen) = results.find(dataset, NETWORK, "frozen") else { return vec![] };
    let hebbnet = cells(results, dataset, NETWORK, &HEBBNET);
    if hebbnet.is_empty() {
        return vec![];
    }
    let of = |c: &Observed| {
        let gap = if std::ptr::eq(c, frozen) { vec![] } else { c.minus(frozen) };
        line(c, vec![c.test(), gap, c.last(|e| e.movement), c.last(|e| e.stable_rank)])
    };
    let around = cells(results, dataset, NETWORK, &["bp", "frozen"]);
    around.into_iter().chain(hebbnet).map(of).collect()
}

/// How many variants lie above the frozen layer on average, and which moved furthest.
fn sentence(results: &Results, dataset: DatasetId) -> String {
    let Some(frozen) = results.find(dataset, NETWORK, "frozen") else { return String::new() };
    let gaps: Vec<(String, f64, Option<f64>)> = cells(results, dataset, NETWORK, &HEBBNET)
        .into_iter()
        .filter_map(|c| Some((line(c, vec![]).label, mean(&c.minus(frozen))?, mean(&c.last(|e| e.movement)))))
        .collect();
    let Some(best) = gaps.iter().max_by(|a, b| a.1.total_cmp(&b.1)) else { return String::new() };
    let above = gaps.iter().filter(|g| g.1 > 0.0).count();
    let moved: Vec<f64> = gaps.iter().filter_map(|g| g.2).collect();
    let (low, high) = moved.iter().fold((f64::INFINITY, 0.0f64), |(l, h), v| (l.min(*v), h.max(*v)));
    let moved = if moved.is_empty() {
        String::new()
    } else {
        format!(" Their hidden weights moved by {} to {} of their initial norm.", digits(low), digits(high))
    };
    let rank = |c: &Observed| mean(&c.last(|e| e.stable_rank));
    let ranks: Vec<f64> = cells(results, dataset, NETWORK, &HEBBNET[..6]).into_iter().filter_map(rank).collect();
    let ranks = ends(&ranks).zip(rank(frozen)).map_or_else(String::new, |((low, high), start)| {
        format!(
            " The layer's stable rank ends at {} to {} under Hebb's and Oja's rule; at the random start it is {}.",
            digits(low),
            digits(high),
            digits(start)
        )
    });
    format!(
        "On {}, {} of {} HebbNet cells {} above frozen random features on average; the best is {}, at {} points from them.{moved}{ranks}",
        dataset.title(),
        format::words(above),
        format::words(gaps.len()),
        if above == 1 { "lies" } else { "lie" },
        best.0,
        points(best.1)
    )
}

pub fn section(results: &Results) -> Result<Option<Section>, PlotError> {
    let blocks = by_dataset(NETWORK, |dataset| lines(results, dataset));
    if blocks.is_empty() {
        return Ok(None);
    }
    let part = Part {
        slug: "why-features",
        title: "HebbNet against frozen random features",
        sub: "After the last epoch. Large dot: mean over seeds; small dots: every seed. Broken lines: level with frozen; a tenth moved",
        alt: "Test accuracy of HebbNet's variants, their difference from frozen random features by seed, and how far the hidden weights moved from their start.",
        caption: "Accuracy, its difference from frozen features, and how far the hidden layer moved.",
        columns: vec![
            ACCURACY,
            Measure::new("Minus frozen, points", Scale::Free, points).marked(0.0),
            Measure::new("Hidden weights moved", Scale::Log, digits).marked(0.1),
            Measure::new("Stable rank", Scale::Log, digits).only_in_table(),
        ],
        blocks,
        foot: "Moved: distance of the hidden weights from their start by the norm of the start, on a log axis. Differences are paired by seed.",
    };
    let mut paragraphs = vec!["A hidden layer that never learns already carries much of the accuracy, since the output layer above it is trained by gradient descent. What a Hebbian rule adds is what lies above that.".to_string()];
    paragraphs.extend(DatasetId::ALL.map(|d| sentence(results, d)));
    build("why-features", "What HebbNet's hidden layer adds to random features", paragraphs, &[part], "")
}
