//! The rate searches behind a report: validation accuracy over rates, and for HebbNet over how far the weights moved.

use polars::prelude::DataFrame;

mod plots;

use super::ReportError;
use super::format::{self, NONE};
use super::palette::{Tone, named};
use super::plots::PlotError;
use super::section::Section;
use super::tables::{Field, Row, Table, columns};
use plots::{curves, movement};

/// A search with everything it tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// What was searched: `Hebbian descent, D, full`.
    pub name: String,
    /// `MNIST, 1 × 2000 ReLU`.
    pub place: String,
    pub dataset: String,
    pub family: String,
    /// The winner's.
    pub rate: f64,
    pub growth: Option<f64>,
    /// No rate that stayed finite moved the hidden layer.
    pub unmoved: bool,
    pub seed: u64,
    pub epochs: u32,
    pub points: Vec<SearchPoint>,
}

/// One rate that was tried; no accuracy if it overflowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SearchPoint {
    pub rate: f64,
    pub growth: Option<f64>,
    pub accuracy: Option<f64>,
    pub movement: Option<f64>,
    pub feedback_norm: Option<f64>,
}

impl Search {
    fn has_movement(&self) -> bool {
        self.points.iter().any(|p| p.movement.is_some())
    }
    fn winner(&self) -> Option<&SearchPoint> {
        self.points.iter().find(|p| p.rate == self.rate && p.growth == self.growth)
    }
    fn tone(&self) -> Tone {
        tone(&self.family)
    }
}

/// The searches of `recipe` (`nokland` uses `main`'s where it uses any; none: of every recipe) in a frame of
/// `tuning.parquet`.
pub fn read(frame: &DataFrame, recipe: Option<&str>) -> Result<Vec<Search>, ReportError> {
    let bad = |column: &str, e: polars::prelude::PolarsError| ReportError::Column {
        column: column.into(),
        reason: e.to_string(),
    };
    macro_rules! column {
        ($name:literal, $kind:ident) => {
            frame.column($name).and_then(|c| c.$kind()).map_err(|e| bad($name, e))?
        };
    }
    let (datasets, networks, families) = (column!("dataset", str), column!("network", str), column!("family", str));
    let (recipes, winners, unmoved) = (column!("recipe", str), column!("winner", bool), column!("unmoved", bool));
    let (rates, growths) = (column!("learning_rate", f64), column!("growth", f64));
    let (accuracies, movements) = (column!("validation_accuracy", f64), column!("movement", f64));
    let (norms, seeds, epochs) = (column!("feedback_norm", f64), column!("seed", u64), column!("epochs", u32));
    let mut all: Vec<Search> = vec![];
    for row in 0..frame.height() {
        let text = |c: &polars::prelude::StringChunked| c.get(row).unwrap_or_default().to_string();
        let recipe = recipe.map(|r| if r == "nokland" { "main" } else { r });
        if recipe.is_some_and(|r| text(recipes) != r) {
            continue;
        }
        let (dataset, network, family) = (text(datasets), text(networks), text(families));
        let place = match (dataset.parse::<crate::data::DatasetId>(), network.parse::<crate::net::Architecture>()) {
            (Ok(dataset), Ok(network)) => format!("{}, {}", dataset.title(), network.title()),
            _ => format!("{dataset}, {network}"),
        };
        let place = match (recipe, text(recipes).as_str()) {
            (None, other) if other != "main" => format!("{place}, {other}"),
            _ => place,
        };
        let point = SearchPoint {
            rate: rates.get(row).unwrap_or(0.0),
            growth: growths.get(row),
            accuracy: accuracies.get(row),
            movement: movements.get(row),
            feedback_norm: norms.get(row),
        };
        if all.last().is_none_or(|s| s.family != family || s.place != place) {
            all.push(Search {
                name: title(&family),
                place,
                dataset: dataset.parse::<crate::data::DatasetId>().map_or(dataset, |d| d.title().to_string()),
                family,
                rate: 0.0,
                growth: None,
                unmoved: unmoved.get(row).unwrap_or(false),
                seed: seeds.get(row).unwrap_or(0),
                epochs: epochs.get(row).unwrap_or(0),
                points: vec![],
            });
        }
        let search = all.last_mut().expect("one was pushed");
        if winners.get(row).unwrap_or(false) {
            (search.rate, search.growth) = (point.rate, point.growth);
        }
        search.points.push(point);
    }
    Ok(all)
}

/// `feedback=hebb,renormalise=yes` in words.
fn title(family: &str) -> String {
    let (name, options) = family.split_once('/').unwrap_or(("", family));
    let option = |key: &str| options.split(',').find_map(|o| o.strip_prefix(key)?.strip_prefix('='));
    let local = |l: &str| match l {
        "oja" => "Oja".to_string(),
        "oja-subspace" => "Oja, subspace".into(),
        "oja-g1" => "Oja, G1".into(),
        _ => "Hebb".into(),
    };
    match (name, option("feedback")) {
        ("", Some(kind)) => {
            let more = if option("renormalise") == Some("yes") { ", renormalised" } else { "" };
            format!("B by {}{more}", local(kind))
        }
        ("hd", _) => format!(
            "Hebbian descent {}, {}",
            option("reading").unwrap_or_default().to_uppercase(),
            match option("train") {
                Some("hidden") => "output frozen",
                Some("output") => "hidden frozen",
                _ => "full",
            }
        ),
        ("hebbnet", _) => {
            let variant = match option("variant") {
                Some("t") => "HL+T",
                Some("t-gs") => "HL+T+GS",
                _ => "HL",
            };
            format!("HebbNet {variant}, {}", local(option("local").unwrap_or_default()))
        }
        _ if family == "bp" => "backpropagation".into(),
        _ if family == "frozen" => "frozen hidden layer".into(),
        _ => family.into(),
    }
}

/// The searches as a part of the report; nothing if there are none.
pub fn section(searches: &[Search]) -> Result<Option<Section>, PlotError> {
    if searches.is_empty() {
        return Ok(None);
    }
    let (epochs, seed) = (searches[0].epochs, searches[0].seed);
    let tried: usize = searches.iter().map(|s| s.points.len()).sum();
    let mut plots = vec![(curves(searches)?, "Every search, on validation images.".to_string())];
    if let Some(plot) = movement(searches)? {
        plots.push((plot, "HebbNet's searches by how far the hidden layer moved.".into()));
    }
    let unmoved = searches.iter().filter(|s| s.unmoved).count();
    let mut paragraphs = vec![format!(
        "{} with {} trials of {} each and seed {seed}, which no report uses; scores are on validation images, never on test images. A rate whose weights or loss stopped being finite counts as overflow and never wins; a winner at the edge extends the grid; of equals the smaller rate wins.",
        format::plural(searches.len(), "search", "searches"),
        format::count(tried as u64),
        format::plural(epochs as usize, "epoch", "epochs"),
    )];
    if searches.iter().any(Search::has_movement) {
        paragraphs.push(format!(
            "HebbNet's best rate is often the one that leaves the hidden layer where it started. So its winner is taken among the rates that moved the hidden weights by at least 10% of their initial norm{}.",
            match unmoved {
                0 => String::new(),
                n => format!("; in {} no rate that stayed finite did, and the largest exponent that stayed finite is used", format::plural(n, "search", "searches")),
            }
        ));
    }
    Ok(Some(Section {
        slug: "searches",
        heading: "How the rates were chosen".into(),
        paragraphs,
        plots,
        tables: vec![table(searches)],
        note: "Growth exponent g: the power of e by which plain Hebb would grow along the first principal axis over the run. ‖B‖ is by the norm that it started with: a larger B is a larger hidden learning rate.".into(),
    }))
}

/// The colour of a family.
fn tone(family: &str) -> Tone {
    let name = match family {
        "bp" => "bp",
        "frozen" => "frozen",
        f if f.contains("subspace") => "subspace",
        f if f.contains("oja") || f.contains("=o1") || f.contains("=o2") => "oja",
        f if f.contains("reading=k") => "kept",
        _ => "hebb",
    };
    named(name)
}

fn table(searches: &[Search]) -> Table {
    let row = |s: &Search| {
        let overflows = s.points.iter().filter(|p| p.accuracy.is_none()).count();
        let (low, high) = s.points.iter().fold((f64::INFINITY, 0.0f64), |(l, h), p| (l.min(p.rate), h.max(p.rate)));
        let winner = s.winner();
        let optional = |v: Option<f64>, text: fn(f64) -> String| Field::number(v.map_or_else(|| NONE.into(), text), v);
        Row {
            strong: false,
            cells: vec![
                Field::text(&s.name),
                Field::text(&s.place),
                Field::number(format::short_rate(s.rate), Some(s.rate)).note(if s.unmoved {
                    "no admissible rate".into()
                } else {
                    String::new()
                }),
                optional(s.growth, |v| format!("{v:.3}").trim_end_matches('0').trim_end_matches('.').to_string()),
                Field::percent(winner.and_then(|p| p.accuracy)),
                optional(winner.and_then(|p| p.movement), |v| format!("{v:.3}")),
                optional(winner.and_then(|p| p.feedback_norm), |v| format!("{v:.2}")),
                Field::count(s.points.len()).range(Some((low, high)), format::short_rate),
                Field::count(overflows),
            ],
        }
    };
    Table {
        id: "searches-table".into(),
        caption: "Every search with its winner. tuning.parquet holds everything tried.".into(),
        columns: columns(&[
            ("Rate of", false),
            ("Dataset, network", false),
            ("Rate", true),
            ("Growth exponent", true),
            ("Validation, %", true),
            ("Moved", true),
            ("‖B‖", true),
            ("Tried", true),
            ("Overflows", true),
        ]),
        tall: searches.len() > 20,
        rows: searches.iter().map(row).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn a_rate_of_b_and_a_rate_of_the_rule_that_uses_it_are_told_apart() {
        assert_eq!(title("feedback=hebb,renormalise=yes"), "B by Hebb, renormalised");
        assert_eq!(
            title("fa/feedback=hebb,renormalise=no,start=random"),
            "fa/feedback=hebb,renormalise=no,start=random"
        );
        assert_eq!(title("bp"), "backpropagation");
    }
}
