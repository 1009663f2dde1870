//! The scale of `B` as a hidden learning rate: literal cells beside norm-matched ones, and how far a trained `B` grew.

use super::observed::{Observed, Results};
use super::part::{ACCURACY, Part, by_dataset, cells, degrees, digits, line, mean, points, section as build, title};
use crate::data::DatasetId;
use crate::report::format;
use crate::report::plots::{Block, Measure, PlotError, Scale};
use crate::report::section::Section;
use crate::report::tables::ends;

const NETWORKS: [&str; 3] = ["1x2000", "2x800-relu", "2x800-tanh"];
/// Those whose units can fall silent.
const RELU: [&str; 2] = ["1x2000", "2x800-relu"];

/// Cells with literal and with norm-matched entries, otherwise equal.
fn of_network<'a>(results: &'a Results, dataset: DatasetId, network: &str) -> Vec<(&'a Observed, &'a Observed)> {
    let rules: &[&str] = if network == "1x2000" { &["fa"] } else { &["fa", "dfa"] };
    let kinds = rules.iter().flat_map(|r| ["binary", "binary-sign"].map(|k| (r, k)));
    let pair = |(rule, kind)| {
        let find = |scale| results.find(dataset, network, &format!("{rule}/feedback={kind},scale={scale}"));
        Some((find("literal")?, find("matched")?))
    };
    kinds.filter_map(pair).collect()
}

fn pairs(results: &Results) -> Vec<Block> {
    let mut blocks = vec![];
    for dataset in DatasetId::ALL {
        for network in NETWORKS {
            let mut lines = vec![];
            for (literal, matched) in of_network(results, dataset, network) {
                let angle = |c: &Observed| c.last(|e| e.signal_angles[0]);
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
                line(c, vec![c.last(|e| e.feedback_norm), gap, c.test(), c.each(|t| t.feedback_rate)])
            })
            .collect()
    });
    // fixed feedback alone says nothing
    blocks.into_iter().filter(|b| b.lines.len() > 1).collect()
}

/// `1.58 to 73.23`; of values that read alike that alone, of none nothing.
fn span(values: &[f64], text: impl Fn(f64) -> String) -> Option<String> {
    let (low, high) = (values.iter().copied().reduce(f64::min)?, values.iter().copied().reduce(f64::max)?);
    let (low, high) = (text(low), text(high));
    Some(if low == high { low } else { format!("{low} to {high}") })
}

/// Which of two wins how often and by how much, from their mean differences in points, and where it loses.
fn won(gaps: &[f64]) -> String {
    let of = |keep: fn(f64) -> bool| gaps.iter().filter(|g| keep(**g)).map(|g| g.abs()).collect::<Vec<_>>();
    let (ahead, behind) = (of(|g| g > 0.0), of(|g| g < 0.0));
    let level = gaps.len() - ahead.len() - behind.len();
    let by =
        |values: &[f64]| span(values, |v| format!("{v:.2}")).map_or_else(String::new, |s| format!(", by {s} points"));
    let mut text = format!("in {} of {} pairs{}", ahead.len(), gaps.len(), by(&ahead));
    if !behind.is_empty() {
        text += &format!("; it loses in {}{}", behind.len(), by(&behind));
    }
    if level > 0 {
        text += &format!("; in {level} they are level");
    }
    text
}

/// How literal and norm-matched cells compare over all pairs.
fn of_pairs(part: &Part) -> String {
    let gaps: Vec<f64> = part.blocks.iter().flat_map(|b| &b.lines).filter_map(|l| mean(&l.values[0])).collect();
    let failed = part.blocks.iter().flat_map(|b| &b.lines).filter(|l| l.finished == 0).count();
    if gaps.is_empty() {
        return String::new();
    }
    let failed = match failed {
        0 => String::new(),
        n => format!("; {} had no literal trial that finished", format::plural(n, "more pair", "more pairs")),
    };
    format!(
        "A literal ±1 matrix is norm-matched times √(3n), so it multiplies the hidden layers' rate and leaves the direction of the feedback as it is. Matched beats literal on average {}{failed}.",
        won(&gaps)
    )
}

/// Points that count as lost.
const LOST: f64 = 5.0;

/// Units of the top hidden layer that are never above zero, under literal and under norm-matched entries.
fn of_silent_units(results: &Results) -> String {
    let silent = |c: &Observed| mean(&c.last(|e| e.silent)).map(|s| 100.0 * s);
    let of = |network: &str| {
        let pairs = DatasetId::ALL.into_iter().flat_map(|d| of_network(results, d, network));
        let known: Vec<_> = pairs.filter_map(|(l, m)| Some((silent(l)?, silent(m)?, mean(&m.minus(l))?))).collect();
        let over = |side: fn(&(f64, f64, f64)) -> f64| {
            span(&known.iter().map(side).collect::<Vec<_>>(), |v| format!("{v:.1}%"))
        };
        let lost = known.iter().filter(|k| k.2 >= LOST).count();
        let hidden = if network.starts_with('1') { "one hidden layer" } else { "two hidden layers" };
        Some(format!(
            "with {hidden} {}, norm-matched {} (literal entries lose {LOST} points or more in {lost} of {})",
            over(|k| k.0)?,
            over(|k| k.1)?,
            format::plural(known.len(), "pair", "pairs")
        ))
    };
    let known: Vec<String> = RELU.iter().filter_map(|n| of(n)).collect();
    if known.is_empty() {
        return String::new();
    }
    format!(
        "With ReLU, literal entries also leave units of the top hidden layer silent, above zero on no image of the fixed sample of training images after the last epoch: {}. While a unit is silent, its incoming weights get no update; the others may still do.",
        known.join("; ")
    )
}

/// Points between seeds from which on a mean alone would hide that some seeds succeed and others do not.
const WIDE: f64 = 5.0;

/// `80.96% right (59.80 to 95.10 over seeds)`.
fn right(accuracies: &[f64]) -> Option<String> {
    let seeds = ends(accuracies).filter(|(low, high)| high - low >= WIDE);
    let seeds = seeds.map_or_else(String::new, |(low, high)| format!(" ({low:.2} to {high:.2} over seeds)"));
    Some(format!("{:.2}% right{seeds}", mean(accuracies)?))
}

/// B left to grow beside B held at its initial norm, each with the rate of B that it was trained at: the searches may
/// have chosen different ones, and then the norm is not all that differs.
fn free_and_held(name: &str, free: &Observed, held: Option<&Observed>) -> Option<String> {
    let at = |c: &Observed| {
        c.feedback_rate().map_or_else(String::new, |r| format!(" at a rate of B of {}", format::short_rate(r)))
    };
    let norm = digits(mean(&free.last(|e| e.feedback_norm))?);
    let free_text =
        format!("B trained by {name}{} ends at {norm} times its initial norm, with {}", at(free), right(&free.test())?);
    let held = held.and_then(|h| {
        let differs = h.feedback_rate() != free.feedback_rate();
        let also = if differs {
            "; the rate of B differs too, so what the norm does cannot be told apart from it"
        } else {
            ""
        };
        Some(format!("; held at its initial norm{}, {}{also}", at(h), right(&h.test())?))
    });
    Some(free_text + &held.unwrap_or_default())
}

/// How large a trained B became.
fn of_trained(results: &Results, dataset: DatasetId) -> String {
    let find = |rule: &str| results.find(dataset, NETWORKS[0], rule);
    let one = |name: &str, free: &str, held: &str| free_and_held(name, find(free)?, find(held));
    let known = [one("Hebb", TRAINED[1], TRAINED[2]), one("Oja", TRAINED[4], TRAINED[5])];
    let known: Vec<String> = known.into_iter().flatten().collect();
    if known.is_empty() {
        return String::new();
    }
    let fixed = find(TRAINED[0]).and_then(|c| right(&c.test()));
    let fixed = fixed.map_or_else(String::new, |right| format!(" Fixed random feedback: {right}."));
    format!("On {}, {}.{fixed}", dataset.title(), known.join(". "))
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
            Measure::new("Rate of B", Scale::Log, format::short_rate).only_in_table(),
        ],
        blocks: trained(results),
        foot: "Renormalised: B is scaled back to its initial norm after each of its updates. Differences are paired by seed.",
    };
    let mut paragraphs = vec![of_pairs(&pairs), of_silent_units(results)];
    paragraphs.extend(DatasetId::ALL.map(|d| of_trained(results, d)));
    let parts: Vec<Part> = [pairs, trained].into_iter().filter(|p| p.has(0)).collect();
    if parts.is_empty() {
        return Ok(None);
    }
    build("why-scale", "The scale of B is a hidden learning rate", paragraphs, &parts, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::why::observed::{Epoch, Trial};

    fn observed(rule: &str, rate: f64, accuracies: &[f64]) -> Observed {
        let trial = |(seed, a): (usize, &f64)| Trial {
            seed: seed as u64,
            test: Some(a / 100.0),
            feedback_rate: Some(rate),
            curve: vec![Epoch { feedback_norm: Some(1.81), ..Epoch::default() }],
            ..Trial::default()
        };
        Observed {
            cell: format!("mnist/1x2000/{rule}").parse().unwrap(),
            trials: accuracies.iter().enumerate().map(trial).collect(),
        }
    }

    #[test]
    fn wins_and_losses_have_ranges_of_their_own() {
        assert_eq!(
            won(&[1.58, 73.23, -5.64, -0.12, 20.0]),
            "in 3 of 5 pairs, by 1.58 to 73.23 points; it loses in 2, by 0.12 to 5.64 points"
        );
        assert_eq!(won(&[1.0]), "in 1 of 1 pairs, by 1.00 points");
        assert_eq!(won(&[-2.0, 0.0]), "in 0 of 2 pairs; it loses in 1, by 2.00 points; in 1 they are level");
    }

    #[test]
    fn rates_of_b_and_split_seeds_are_told() {
        let free = observed(TRAINED[4], 0.001, &[95.2, 95.4]);
        let held = observed(TRAINED[5], 0.31622776601683794, &[59.8, 60.7, 94.5, 94.8, 95.1]);
        assert_eq!(
            free_and_held("Oja", &free, Some(&held)).unwrap(),
            "B trained by Oja at a rate of B of 0.001 ends at 1.81 times its initial norm, with 95.30% right; held at its initial norm at a rate of B of 0.316, 80.98% right (59.80 to 95.10 over seeds); the rate of B differs too, so what the norm does cannot be told apart from it"
        );
        let same = observed(TRAINED[5], 0.001, &[95.0, 95.2]);
        let text = free_and_held("Oja", &free, Some(&same)).unwrap();
        assert!(text.ends_with("held at its initial norm at a rate of B of 0.001, 95.10% right"), "{text}");
    }

    #[test]
    fn silent_units_are_told_whether_or_not_accuracy_is_lost() {
        let with = |rule: &str, accuracy: f64, silent: f64| {
            let mut cell = observed(rule, 0.0, &[accuracy, accuracy]);
            cell.cell = format!("mnist/2x800-relu/{rule}").parse::<crate::study::Cell>().unwrap().canonical();
            cell.trials.iter_mut().for_each(|t| t.curve[0].silent = Some(silent));
            cell
        };
        let (literal, matched) = ("fa/feedback=binary,scale=literal", "fa/feedback=binary,scale=matched");
        let of = |lost: f64| {
            let cells = vec![with(literal, 98.0 - lost, 0.75), with(matched, 98.0, 0.01)];
            of_silent_units(&Results { cells })
        };
        // whether or not accuracy is lost
        for (lost, counted) in [(20.0, 1), (4.0, 0)] {
            let want = format!(
                "with two hidden layers 75.0%, norm-matched 1.0% (literal entries lose 5 points or more in {counted} of 1 pair)"
            );
            assert!(of(lost).contains(&want), "{}", of(lost));
        }
        assert_eq!(of_silent_units(&Results::default()), "");
    }
}
