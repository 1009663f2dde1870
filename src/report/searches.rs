//! The rate searches behind a report: validation accuracy over rates, and for HebbNet over how far the weights moved.

use polars::prelude::DataFrame;

use super::ReportError;
use super::format::{self, NONE};
use super::palette::{BAND, CHANCE, GRID, INK, MUTED, Tone, named};
use super::plots::layer::{Anchor, Frame, Pen, Type, draw, tick_label, ticks};
use super::plots::{Plot, PlotError, WIDTH};
use super::section::Section;
use super::tables::{Field, Row, Table, columns};

const COLUMNS: usize = 5;
const PANEL: (f64, f64) = (150.0, 92.0);
const STEP: (f64, f64) = (212.0, 168.0);
const TOP: f64 = 92.0;

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

/// The rates tried (with the winner's exponent, where there is one), ascending; no score where they overflowed.
fn by_rate(search: &Search) -> Vec<(f64, Option<f64>)> {
    let here = search.points.iter().filter(|p| p.growth == search.growth);
    let mut rates: Vec<(f64, Option<f64>)> = here.map(|p| (p.rate, p.accuracy)).collect();
    rates.sort_by(|a, b| a.0.total_cmp(&b.0));
    rates
}

fn curves(searches: &[Search]) -> Result<Plot, PlotError> {
    let rows = searches.len().div_ceil(COLUMNS);
    let height = TOP + rows as f64 * STEP.1 + 16.0;
    let alt = format!(
        "{} small line charts of validation accuracy over the learning rate, one per search, the winner marked. The table below holds the winners.",
        searches.len()
    );
    draw("searches-rates", alt, (WIDTH, height), |pen| {
        pen.heading(
            "Validation accuracy over the rate",
            "A panel per search, each with axes of its own. Ring: the winner; cross at the foot: overflow. HebbNet: at the winning growth exponent",
        )?;
        for (i, search) in searches.iter().enumerate() {
            let at = (62.0 + (i % COLUMNS) as f64 * STEP.0, TOP + 34.0 + (i / COLUMNS) as f64 * STEP.1);
            panel(pen, search, at)?;
        }
        Ok(())
    })
}

fn panel(pen: &Pen, search: &Search, (left, top): (f64, f64)) -> Result<(), PlotError> {
    let points = by_rate(search);
    let logs: Vec<f64> = points.iter().map(|p| p.0.log10()).collect();
    let (low, high) = (logs.first().copied().unwrap_or(0.0), logs.last().copied().unwrap_or(1.0));
    let scores: Vec<f64> = points.iter().filter_map(|p| p.1).collect();
    let (bottom, peak) = scores.iter().fold((f64::INFINITY, 0.0f64), |(l, h), v| (l.min(*v), h.max(*v)));
    let bottom = if bottom.is_finite() { bottom } else { 0.0 };
    let y = ((bottom - 0.02).max(0.0), peak.max(bottom + 0.01) + 0.02);
    let frame = Frame { left, top, width: PANEL.0, height: PANEL.1, x: (low - 0.15, high + 0.15), y };
    pen.text(&search.name, (left - 38.0, top - 28.0), Type::new(11.5, INK).bold())?;
    pen.text(&search.place, (left - 38.0, top - 12.0), Type::new(10.5, MUTED))?;
    pen.rect([left, top, PANEL.0, PANEL.1], BAND, 0.6)?;
    let marks = ticks(y.0 * 100.0, y.1 * 100.0, 3);
    let step = if marks.len() > 1 { marks[1] - marks[0] } else { 1.0 };
    for mark in marks {
        let at = frame.y(mark / 100.0);
        pen.line(&[(left, at), (frame.right(), at)], GRID, 1.0)?;
        let look = Type::new(10.0, MUTED).anchor(Anchor::End);
        pen.text(&format!("{}%", tick_label(mark, step)), (left - 5.0, at), look)?;
    }
    let every = if high - low > 4.0 { 2 } else { 1 };
    for power in (low.ceil() as i32..=high.floor() as i32).step_by(every) {
        let x = frame.x(f64::from(power));
        pen.line(&[(x, frame.bottom()), (x, frame.bottom() + 4.0)], MUTED, 1.0)?;
        let look = Type::new(10.0, MUTED).anchor(Anchor::Middle);
        pen.text(&format::short_rate(10f64.powi(power)), (x, frame.bottom() + 13.0), look)?;
    }
    let tone = search.tone();
    let line: Vec<_> = points.iter().filter_map(|p| Some(frame.at(p.0.log10(), p.1?))).collect();
    pen.line(&line, tone, 1.8)?;
    for (rate, score) in &points {
        match score {
            Some(score) => {
                let at = frame.at(rate.log10(), *score);
                pen.dot(at, 2.4, tone)?;
                if *rate == search.rate {
                    pen.ring(at, 5.6, tone, 2.0)?;
                }
                pen.spot(
                    [at.0 - 6.0, at.1 - 6.0, 12.0, 12.0],
                    format!("rate {}: {}", format::short_rate(*rate), format::percent(*score)),
                );
            }
            None => cross(pen, (frame.x(rate.log10()), frame.bottom() - 7.0))?,
        }
    }
    Ok(())
}

fn cross(pen: &Pen, (x, y): (f64, f64)) -> Result<(), PlotError> {
    pen.line(&[(x - 3.5, y - 3.5), (x + 3.5, y + 3.5)], CHANCE, 1.5)?;
    pen.line(&[(x - 3.5, y + 3.5), (x + 3.5, y - 3.5)], CHANCE, 1.5)
}

/// Accuracy against movement, a panel per dataset and a colour per local rule; nothing without HebbNet.
fn movement(searches: &[Search]) -> Result<Option<Plot>, PlotError> {
    let with: Vec<&Search> = searches.iter().filter(|s| s.has_movement()).collect();
    let mut datasets: Vec<&str> = with.iter().map(|s| s.dataset.as_str()).collect();
    datasets.dedup();
    if datasets.is_empty() {
        return Ok(None);
    }
    // at each exponent the best rate of the output layer
    let best = |s: &Search| -> Vec<SearchPoint> {
        let mut all: Vec<SearchPoint> = vec![];
        for p in s.points.iter().filter(|p| p.accuracy.is_some() && p.movement.is_some_and(|m| m > 0.0)) {
            match all.iter_mut().find(|a| a.growth == p.growth) {
                Some(a) if a.accuracy < p.accuracy => *a = *p,
                Some(_) => {}
                None => all.push(*p),
            }
        }
        all
    };
    let lines: Vec<(&Search, Vec<SearchPoint>)> = with.iter().map(|s| (*s, best(s))).collect();
    let logs = || lines.iter().flat_map(|l| &l.1).filter_map(|p| Some(p.movement?.log10()));
    let range = logs().fold((-1.5f64, 0.5f64), |(l, h), v| (l.min(v), h.max(v)));
    let height = 440.0;
    let alt = "Validation accuracy of HebbNet's variants against how far the hidden weights moved from where they started, on a log axis, with the required tenth marked.";
    let plot = draw("searches-movement", alt.into(), (WIDTH, height), |pen| {
        pen.heading(
            "Accuracy against how far the hidden layer moved",
            "HebbNet on validation images; a dot per growth exponent, at its best output rate. Ring: the winner. Horizontal: distance from the start by the initial norm",
        )?;
        let room = (WIDTH - 24.0) / datasets.len() as f64;
        for (i, dataset) in datasets.iter().enumerate() {
            let left = 76.0 + room * i as f64;
            let frame = Frame {
                left,
                top: 96.0,
                width: room - 190.0,
                height: 270.0,
                x: (range.0 - 0.1, range.1 + 0.1),
                y: (0.0, 1.0),
            };
            pen.text(dataset, (left, 80.0), Type::new(13.0, INK).bold())?;
            for v in [0.0, 0.25, 0.5, 0.75, 1.0] {
                let y = frame.y(v);
                pen.line(&[(left, y), (frame.right(), y)], GRID, 1.0)?;
                pen.text(&format!("{:.0}%", v * 100.0), (left - 8.0, y), Type::new(11.5, MUTED).anchor(Anchor::End))?;
            }
            let every = ((range.1 - range.0) / 6.0).ceil().max(1.0) as usize;
            for power in (range.0.ceil() as i32..=range.1.floor() as i32).step_by(every) {
                let look = Type::new(11.5, MUTED).anchor(Anchor::Middle);
                pen.text(&decade(power), (frame.x(f64::from(power)), frame.bottom() + 15.0), look)?;
            }
            let x = frame.x(-1.0);
            pen.dashes(&[(x, frame.top), (x, frame.bottom())], CHANCE, 1.3, (5.0, 4.0))?;
            pen.text("10%", (x, frame.bottom() + 34.0), Type::new(11.5, CHANCE).anchor(Anchor::Middle))?;
            let mut key = frame.top + 8.0;
            for (search, points) in lines.iter().filter(|l| l.0.dataset == *dataset) {
                let mut points = points.clone();
                points.sort_by(|a, b| a.movement.partial_cmp(&b.movement).expect("no NaN"));
                let at = |p: &SearchPoint| frame.at(p.movement.unwrap_or(1.0).log10(), p.accuracy.unwrap_or(0.0));
                stroke(pen, &points.iter().map(at).collect::<Vec<_>>(), search)?;
                for p in &points {
                    let place = at(p);
                    pen.dot(place, 3.0, search.tone())?;
                    if p.growth == search.growth {
                        pen.ring(place, 6.2, search.tone(), 2.0)?;
                    }
                    let text = format!(
                        "{}: g {}, moved {:.3}, {}",
                        search.name,
                        p.growth.unwrap_or(0.0),
                        p.movement.unwrap_or(0.0),
                        format::percent(p.accuracy.unwrap_or(0.0))
                    );
                    pen.spot([place.0 - 6.0, place.1 - 6.0, 12.0, 12.0], text);
                }
                stroke(pen, &[(frame.right() + 8.0, key), (frame.right() + 30.0, key)], search)?;
                pen.text(
                    search.name.trim_start_matches("HebbNet "),
                    (frame.right() + 36.0, key),
                    Type::new(11.5, INK),
                )?;
                key += 20.0;
            }
        }
        Ok(())
    })?;
    Ok(Some(plot))
}

/// `0.001`, `10`, `1e6`.
fn decade(power: i32) -> String {
    if power > 3 { format!("1e{power}") } else { format::rate(10f64.powi(power)) }
}

/// A line of a search: solid for HL, broken with the threshold, dotted with sparsity.
fn stroke(pen: &Pen, points: &[(f64, f64)], search: &Search) -> Result<(), PlotError> {
    match () {
        () if search.family.ends_with("variant=t") => pen.dashes(points, search.tone(), 1.8, (7.0, 4.0)),
        () if search.family.ends_with("variant=t-gs") => pen.dashes(points, search.tone(), 1.8, (2.0, 4.0)),
        () => pen.line(points, search.tone(), 1.8),
    }
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
                optional(winner.and_then(|p| p.accuracy), format::percent),
                optional(winner.and_then(|p| p.movement), |v| format!("{v:.3}")),
                optional(winner.and_then(|p| p.feedback_norm), |v| format!("{v:.2}")),
                Field::number(s.points.len().to_string(), Some(s.points.len() as f64)).note(format!(
                    "{} to {}",
                    format::short_rate(low),
                    format::short_rate(high)
                )),
                Field::number(overflows.to_string(), Some(overflows as f64)),
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
