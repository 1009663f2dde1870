//! What each rule costs: time per step, memory, time to a target. Measured, so different on every machine.

use super::observed::{Observed, Results, Trial};
use super::part::{Part, cells, digits, line, mean, section as build, title};
use crate::data::DatasetId;
use crate::report::format;
use crate::report::plots::{Block, Measure, PlotError, Scale};
use crate::report::section::Section;

const NETWORKS: [&str; 3] = ["1x2000", "2x800-relu", "2x800-tanh"];
/// One cell for what costs alike.
const RULES: [&str; 16] = [
    "bp",
    "frozen",
    "hebbnet/local=hebb,variant=hl",
    "hebbnet/local=oja,variant=hl",
    "hebbnet/local=oja-subspace,variant=hl",
    "hebbnet/local=hebb,variant=t",
    "hebbnet/local=hebb,variant=t-gs",
    "sum/beta=1e-6,local=hebb",
    "sum/beta=1e-6,local=oja",
    "hd/reading=d",
    "fa/feedback=random",
    "fa/feedback=random-sign",
    "fa/feedback=hebb",
    "fa/feedback=kolen-pollack",
    "dfa/feedback=random",
    "drtp",
];
/// Place of the peak memory among the columns.
const MEMORY: usize = 3;
/// Share of backpropagation's final validation accuracy that is to be reached.
const TARGET: f64 = 0.9;

fn step(t: &Trial) -> Option<f64> {
    (t.steps > 0 && t.train_time_s > 0.0).then(|| t.train_time_s / t.steps as f64)
}

fn median(values: Vec<f64>) -> Option<f64> {
    Measure::new("", Scale::Zero, digits).median().centre(&values)
}

/// Epochs until the target is reached, and the time spent in steps until then.
fn reach(t: &Trial, target: f64) -> Option<(f64, f64)> {
    let epoch = t.curve.iter().find(|e| e.validation.is_some_and(|v| v >= target))?.epoch;
    let share = epoch as f64 / t.epochs.max(1) as f64;
    Some((epoch as f64, t.train_time_s * share))
}

fn block(results: &Results, dataset: DatasetId, network: &str) -> Option<Block> {
    let bp = results.find(dataset, network, "bp")?;
    let beside = median(bp.each(step))?;
    let target = mean(&bp.last(|e| e.validation)).map(|v| v * TARGET);
    let of = |c: &Observed| {
        let reached = |pick: fn((f64, f64)) -> f64| c.each(|t| reach(t, target?).map(pick));
        line(
            c,
            vec![
                c.each(|t| step(t).map(|s| s / beside)),
                reached(|r| r.1),
                c.each(|t| step(t).map(|s| s * 1e3)),
                c.each(|t| t.memory_bytes.map(|b| b / f64::from(1 << 20))),
                reached(|r| r.0),
            ],
        )
    };
    let mut lines: Vec<_> = cells(results, dataset, network, &RULES).into_iter().map(of).collect();
    // with one hidden layer direct feedback alignment is feedback alignment: once
    let labels: Vec<String> = lines.iter().map(|l| l.label.clone()).collect();
    let mut place = 0;
    lines.retain(|l| {
        place += 1;
        !labels[..place - 1].contains(&l.label)
    });
    (lines.len() > 1).then(|| Block { title: title(dataset, network), lines })
}

pub fn section(results: &Results) -> Result<Option<Section>, PlotError> {
    let places = DatasetId::ALL.into_iter().flat_map(|d| NETWORKS.map(|n| (d, n)));
    let blocks: Vec<Block> = places.filter_map(|(d, n)| block(results, d, n)).collect();
    let part = Part {
        slug: "why-cost",
        title: "Cost of a step, and time to a target",
        sub: "Measured on this machine. Large dot: median over seeds; small dots: every seed. Broken line: backpropagation's median step",
        alt: "Time per step relative to backpropagation, and seconds until nine tenths of backpropagation's final validation accuracy, by rule.",
        caption: "Time per step relative to backpropagation, and seconds to the target.",
        columns: vec![
            Measure::new("Time per step by backpropagation's", Scale::Zero, digits).marked(1.0).median(),
            Measure::new("Seconds to the target", Scale::Zero, digits).median(),
            Measure::new("Milliseconds per step", Scale::Zero, digits).median().only_in_table(),
            Measure::new("Peak memory, MiB", Scale::Zero, digits).median().only_in_table(),
            Measure::new("Epochs to the target", Scale::Zero, digits).median().only_in_table(),
        ],
        blocks,
        foot: "Trials ran side by side on shared cores, so small differences are noise. Axes start at zero.",
    };
    if !part.has(0) {
        return Ok(None);
    }
    let lines = || part.blocks.iter().flat_map(|b| b.lines.iter().map(move |l| (b, l)));
    let ratios = lines().filter(|(_, l)| l.look.class != "bp");
    let mut ratios: Vec<(f64, String)> = ratios
        .filter_map(|(b, l)| Some((median(l.values[0].clone())?, format!("{} ({})", l.label, b.title))))
        .collect();
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut paragraphs = vec![];
    if let (Some(low), Some(high)) = (ratios.first(), ratios.last()) {
        paragraphs.push(format!(
            "Measured on this machine and left out of the comparison bit by bit. A step takes from {} times backpropagation's time, {}, to {} times, {}.",
            digits(low.0), low.1, digits(high.0), high.1
        ));
    }
    let cheap = lines().any(|(b, l)| l.label.starts_with("DFA") && b.title.contains("2 ×") && !l.values[0].is_empty());
    if cheap {
        paragraphs.push("With two hidden layers direct feedback alignment does less than backpropagation and feedback alignment: the error reaches the lower layer through a matrix of ten columns, in place of a product with one as large as the weights between the layers.".into());
    }
    let (reached, all) = lines().fold((0, 0), |(r, n), (_, l)| (r + usize::from(!l.values[1].is_empty()), n + 1));
    paragraphs.push(format!(
        "The target is 90% of backpropagation's final validation accuracy on the same network; {} of {} got there in some trial of this run.",
        reached,
        format::plural(all, "cell", "cells")
    ));
    let memory = match part.has(MEMORY) {
        true => {
            "Peak memory is the process's largest resident memory while a trial ran; it is measured only where trials run one at a time, on a single thread (--threads 1)."
        }
        false => {
            "Memory was not measured: the process's peak says something about a trial only where trials run one at a time, on a single thread (--threads 1)."
        }
    };
    let note = format!(
        "Seconds to the target are the time spent in training steps, up to the end of the first epoch that reached it; evaluation is not counted, and trials that never reached it have no value. {memory} A rule is here as this program computes it: on the same kernels, none tuned for it."
    );
    build("why-cost", "What each rule costs", paragraphs, &[part], &note)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Backpropagation and feedback alignment, with or without a measured peak.
    fn results(memory_bytes: Option<f64>) -> Results {
        let one = |rule: &str| Observed {
            cell: format!("mnist/1x2000/{rule}").parse().unwrap(),
            trials: vec![Trial { steps: 10, epochs: 1, train_time_s: 0.5, memory_bytes, ..Trial::default() }],
        };
        Results { cells: ["bp", "fa/feedback=random"].map(one).to_vec() }
    }

    #[test]
    fn memory_has_a_column_only_where_it_was_measured() {
        for (memory, there) in [(None, false), (Some(3e8), true)] {
            let section = section(&results(memory)).unwrap().unwrap();
            let table = &section.tables[0];
            assert_eq!(table.columns.iter().any(|c| c.title.contains("memory")), there);
            assert!(table.rows.iter().all(|r| r.cells.len() == table.columns.len()));
            assert_eq!(section.note.contains("not measured"), !there);
            assert_eq!(section.note.matches("--threads 1").count(), 1);
        }
    }
}
