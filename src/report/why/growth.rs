//! Plain Hebb's growth against its prediction, and what each cure does to the weights.

use super::features::HEBBNET;
use super::observed::{Epoch, Observed, Results, Trial};
use super::part::{Part, by_dataset, cells, digits, line, mean, section as build};
use crate::data::DatasetId;
use crate::report::plots::{Line, Measure, PlotError, Scale};
use crate::report::section::Section;
use crate::study::Cell;

const NETWORK: &str = "1x2000";

/// Expected norm of `W_1` at the start, entries in `U(+-1/sqrt(fan_in))`.
fn start(cell: &Cell) -> f64 {
    (cell.network.width as f64 / 3.0).sqrt()
}

/// Fold of the projection at the end, and the fold that was predicted.
fn folds(trial: &Trial) -> Option<(f64, f64)> {
    let mut rows = trial.curve.iter().filter_map(|e| e.growth);
    let first = rows.next()?;
    let last = rows.next_back()?;
    Some((last.1 / first.1, (last.0 - first.0).exp()))
}

fn named(c: &Observed) -> Line {
    let norm = |e: &Epoch| e.norm.map(|n| n / start(&c.cell));
    let values = vec![c.last(|e| e.row_norm), c.last(norm), c.each(|t| folds(t).map(|f| f.0))];
    let mut line = line(c, values);
    if c.cell.rule.name() == "growth" {
        line.label = format!("{}, 500 steps", line.label);
    }
    line
}

fn sentence(results: &Results, dataset: DatasetId) -> String {
    let of = |rule| -> Option<(f64, f64)> {
        let cell = results.find(dataset, NETWORK, rule)?;
        let folds: Vec<(f64, f64)> = cell.finished().filter_map(folds).collect();
        let pick = |f: fn(&(f64, f64)) -> f64| mean(&folds.iter().map(f).collect::<Vec<_>>());
        Some((pick(|f| f.0)?, pick(|f| f.1)?))
    };
    let hebb = of("growth/local=hebb").map(|(found, predicted)| {
        format!(
            "On {} plain Hebb's projection on the first principal axis grew {}-fold where linear theory predicts {}-fold",
            dataset.title(),
            digits(found),
            digits(predicted)
        )
    });
    let oja = of("growth/local=oja")
        .map(|(found, _)| format!(", and {}-fold with Oja's term at the same rate", digits(found)));
    hebb.map_or_else(String::new, |h| format!("{h}{}.", oja.unwrap_or_default()))
}

pub fn section(results: &Results) -> Result<Option<Section>, PlotError> {
    let rules = ["growth/local=hebb", "growth/local=oja"].into_iter().chain(HEBBNET).collect::<Vec<_>>();
    let blocks = by_dataset(NETWORK, |d| cells(results, d, NETWORK, &rules).into_iter().map(named).collect());
    let part = Part {
        slug: "why-growth",
        title: "Weights of the hidden layer at the end",
        sub: "Large dot: mean over seeds; small dots: every seed. Log axes. Broken lines: Oja's fixed point; the norm of the start",
        alt: "Largest row norm and weight norm of the hidden layer at the end under Hebb's and Oja's rule alone and in HebbNet's variants.",
        caption: "How large the hidden weights became.",
        columns: vec![
            Measure::new("Largest norm of a unit's weights", Scale::Log, digits).marked(1.0),
            Measure::new("Norm of the layer by its start", Scale::Log, digits).marked(1.0),
            Measure::new("Projection grew, -fold", Scale::Log, digits).only_in_table(),
        ],
        blocks,
        foot: "The rates of HebbNet's cells differ, as each was searched; those of the two rules alone are the same.",
    };
    if !part.has(0) {
        return Ok(None);
    }
    let mut paragraphs = vec!["Plain Hebb multiplies the weights along the inputs' first principal axis at each step; nothing in the rule stops it. Oja's term pulls each unit's norm towards 1, a threshold and sparsity leave most changes out.".to_string()];
    paragraphs.extend(DatasetId::ALL.map(|d| sentence(results, d)));
    let note = "The start's norm is the expected one. Slopes of the growth with their fit are in the table of the growth study.";
    build("why-growth", "How weights grow under plain Hebb, and what the cures do", paragraphs, &[part], note)
}
