//! Tables as formatted text, ready for HTML, Markdown and LaTeX alike.

use serde::Serialize;

pub use super::field::{Field, ends};
use super::format::{self, NONE};
use super::model::{CellModel, FigureModel, Headline, Rate, Run, Summary, mean_std};
use super::palette::series;
use super::published;
use crate::study::figures::PlotKind;

/// What is marked at rates that nothing has searched, here and in the table of rates.
pub const PRELIMINARY: &str = "preliminary: not searched";

/// A table whose first column names the row.
#[derive(Debug, Clone, Serialize)]
pub struct Table {
    pub id: String,
    pub caption: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    /// So long that it scrolls in a box of its own.
    pub tall: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Column {
    pub title: String,
    /// Right-aligned and sorted by value.
    pub numeric: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub cells: Vec<Field>,
    /// The reference of its group.
    pub strong: bool,
}

pub fn columns(titles: &[(&str, bool)]) -> Vec<Column> {
    titles.iter().map(|(t, numeric)| Column { title: (*t).to_string(), numeric: *numeric }).collect()
}

/// A table of text alone.
pub fn plain(id: &str, caption: &str, titles: &[&str], rows: Vec<Vec<String>>) -> Table {
    let titles: Vec<(&str, bool)> = titles.iter().map(|t| (*t, false)).collect();
    let row = |cells: Vec<String>| Row { strong: false, cells: cells.into_iter().map(Field::text).collect() };
    Table {
        id: id.into(),
        caption: caption.into(),
        columns: columns(&titles),
        tall: rows.len() > 20,
        rows: rows.into_iter().map(row).collect(),
    }
}

/// Name of a series with its swatch.
pub fn named(cell: &CellModel) -> Field {
    Field::text(series(&cell.cell).label).of(&cell.cell)
}

/// As [`named`], but a study names rules in full.
pub fn row_name(figure: &FigureModel, cell: &CellModel) -> Field {
    match figure.figure.plot {
        PlotKind::Rows => Field::text(cell.plain_name()).of(&cell.cell),
        _ => named(cell),
    }
}

/// The paired difference from backpropagation with its interval.
fn difference(s: &Summary) -> Field {
    Field::points(s.difference).points_interval(s.difference_low, s.difference_high)
}

/// The table under a figure of bars: a row per cell.
pub fn cells(figure: &FigureModel, slug: &str, caption: String) -> Table {
    let row = |c: &CellModel| {
        let s = &c.summary;
        let n = format!("{}{}", c.finished(), if c.runs.len() < figure.seeds_wanted { " *" } else { "" });
        Row {
            strong: c.is_reference(),
            cells: vec![
                row_name(figure, c),
                Field::text(c.cell.dataset.title()),
                Field::text(c.cell.network.title()),
                Field::mean_std(s.mean, s.std).accuracy_interval(s.low, s.high),
                Field { text: n, ..Field::count(c.finished()) },
                Field::tally(c.diverged()),
                Field::tally(c.runaway()),
                difference(s),
                Field::percent(s.train_mean),
                Field::number(s.learning_rate.map_or_else(|| NONE.into(), format::short_rate), s.learning_rate)
                    .note(other_rate(c)),
            ],
        }
    };
    Table {
        id: format!("{slug}-table"),
        caption,
        columns: columns(&[
            (if figure.cells.iter().any(CellModel::is_matched) { "Feedback" } else { "Rule" }, false),
            ("Dataset", false),
            ("Network", false),
            ("Test accuracy, %", true),
            ("n", true),
            ("Diverged", true),
            ("Runaway", true),
            ("Minus backpropagation, points", true),
            ("Train, %", true),
            ("Rate", true),
        ]),
        tall: figure.cells.len() > 20,
        rows: figure.cells.iter().map(row).collect(),
    }
}

/// Rate and growth of feedback that learns; growth exponent and movement of a hidden layer that learns by a local rule.
fn other_rate(cell: &CellModel) -> String {
    if let Some(growth) = cell.growth() {
        let moved = cell.movement().map_or_else(String::new, |m| format!(", W₁ moved {}", format::digits(m)));
        return format!("g {}{moved}", format::short_rate(growth));
    }
    let Some(rate) = cell.feedback_rate() else { return String::new() };
    let grown = cell.feedback_norm().map_or_else(String::new, |n| format!(", ‖B‖ × {}", format::digits(n)));
    format!("B {}{grown}", format::short_rate(rate))
}

/// What stands under a figure's table about [`other_rate`].
pub fn other_rate_note(figure: &FigureModel) -> &'static str {
    if figure.cells.iter().any(|c| c.growth().is_some()) {
        return " The rate is the output layer's. Under it, where the hidden layer learns by a local rule: the growth exponent g that sets the hidden layer's rate (the predicted log of the growth of its weights along the first principal component over the whole training), and how far W₁ is from its start after the last epoch, by the norm of the start (mean over seeds).";
    }
    if figure.cells.iter().all(|c| c.feedback_rate().is_none()) {
        return "";
    }
    " Under the rate: the rate of B, and the norm of B after the last epoch as a multiple of its first one (mean over seeds, the larger of two layers). A B that is not renormalised and stays at × 1.00 has hardly learned: the best rate found is then as good as fixed feedback."
}

/// What stands under a figure's table about intervals that [`format::interval`] clipped.
pub fn clipped_note(figure: &FigureModel) -> String {
    if figure.has_clipped() { format!(" {}", format::CLIPPED_NOTE) } else { String::new() }
}

/// The table under a figure of repeats: a row per run, then the two summaries.
pub fn repeats(figure: &FigureModel, slug: &str, caption: String) -> Table {
    let cell = &figure.cells[0];
    let run = |group: &str, r: &Run| Row {
        strong: false,
        cells: vec![
            Field::text(group),
            Field::number(r.seed.to_string(), Some(r.seed as f64)),
            Field::number(r.repeat.to_string(), Some(f64::from(r.repeat))),
            match r.diverged_at {
                Some(step) => Field::number(format!("diverged at step {}", format::count(step)), None),
                None => Field::percent(r.test),
            },
            Field::percent(r.train),
            Field::text(if r.weights_sha256.is_empty() {
                NONE.to_string()
            } else {
                r.weights_sha256.chars().take(12).collect()
            }),
        ],
    };
    let summary = |group: &str, runs: &[Run]| {
        let of = |f: fn(&Run) -> Option<f64>| mean_std(&runs.iter().filter_map(f).collect::<Vec<_>>());
        let (test, train) = (of(|r| r.test), of(|r| r.train));
        let text = |(mean, std): (Option<f64>, Option<f64>)| match mean {
            Some(m) => {
                let text = format!("{} (std {})", format::percent(m), format::deviation(std));
                Field { text, ..Field::mean_std(mean, std) }
            }
            None => Field::none(),
        };
        Row {
            strong: true,
            cells: vec![
                Field::text(format!("{group}: all")),
                Field::none(),
                Field::none(),
                text(test),
                text(train),
                Field::text(NONE),
            ],
        }
    };
    let mut rows = Vec::new();
    for (group, runs) in [("different seeds", &cell.runs), ("the same seed again", &cell.repeats)] {
        rows.extend(runs.iter().map(|r| run(group, r)));
        if !runs.is_empty() {
            rows.push(summary(group, runs));
        }
    }
    Table {
        id: format!("{slug}-table"),
        caption,
        columns: columns(&[
            ("Runs", false),
            ("Seed", true),
            ("Repeat", true),
            ("Test accuracy, %", true),
            ("Train accuracy, %", true),
            ("Weights, SHA-256", false),
        ]),
        tall: false,
        rows,
    }
}

/// The first page's table.
pub fn headline(rows: &[Headline]) -> Table {
    let mut titles = vec![("Network", false), ("Dataset", false), ("Backpropagation, %", true)];
    let names: Vec<String> = rows
        .first()
        .map(|r| {
            r.best
                .iter()
                .flat_map(|(figure, _)| {
                    let title = figure.title;
                    // FA and DFA: the table is wide
                    let initials: String = title.split(' ').filter_map(|w| w.chars().next()).collect();
                    let initials = initials.to_uppercase();
                    [format!("{title} ({initials}), best kind, %"), format!("{initials} minus backpropagation, points")]
                })
                .collect()
        })
        .unwrap_or_default();
    titles.extend(names.iter().map(|n| (n.as_str(), true)));
    let row = |h: &Headline| {
        let reference = h.reference.as_ref().map(|c| c.summary).unwrap_or_default();
        let mut cells = vec![
            Field::text(h.network.title()),
            Field::text(h.dataset.title()),
            Field::mean_std(reference.mean, reference.std),
        ];
        for (_, best) in &h.best {
            match best {
                Some(c) => {
                    let mean = Field::mean_std(c.summary.mean, c.summary.std);
                    cells.push(mean.of(&c.cell).note(series(&c.cell).label));
                    cells.push(difference(&c.summary));
                }
                None => cells.extend([Field::none(), Field::none()]),
            }
        }
        Row { cells, strong: false }
    };
    Table {
        id: "headline-table".into(),
        caption: "Test accuracy in percent after the last epoch, mean ± standard deviation over seeds; differences are paired by seed, with 95% intervals.".into(),
        columns: columns(&titles),
        tall: false,
        rows: rows.iter().map(row).collect(),
    }
}

/// Published errors beside ours, if the figure holds such cells, and where they are from.
pub fn published(figure: &FigureModel, slug: &str) -> Option<(Table, Vec<&'static published::Source>)> {
    let find = |p: &published::Published| {
        figure.cells.iter().find(|c| {
            let rule = &c.cell.rule;
            c.cell.dataset == p.dataset
                && c.cell.network.to_string() == p.network
                && rule.name() == p.rule
                && c.variant.is_empty()
                && matches!(rule.option("feedback"), None | Some("random"))
        })
    };
    let beside: Vec<(published::Published, &CellModel)> =
        published::all().filter_map(|p| Some((p, find(&p)?))).collect();
    let row = |(p, c): &(published::Published, &CellModel)| {
        let ours = c.summary.mean.map(|m| 1.0 - m);
        let theirs = format!("{:.*} ± {:.*}", p.digits, p.error, p.digits, p.std);
        Row {
            strong: false,
            cells: vec![
                named(c),
                Field::text(c.cell.dataset.title()),
                Field::text(c.cell.network.title()),
                Field::mean_std(ours, c.summary.std),
                Field::number(theirs, Some(p.error)).with_std(Some(p.std)),
                Field::text(p.theirs),
                Field::text(p.source.name.split(',').next().unwrap_or_default()),
            ],
        }
    };
    // backpropagation alone says nothing about the figure
    if beside.iter().all(|(p, _)| p.rule == "bp") {
        return None;
    }
    let table = Table {
        id: format!("{slug}-published"),
        caption: format::headed(figure.figure.title, "test error in percent, this run beside published values."),
        columns: columns(&[
            ("Feedback", false),
            ("Dataset", false),
            ("Network", false),
            ("This run, %", true),
            ("Published, other recipe and length, %", true),
            ("Published network", false),
            ("Source", false),
        ]),
        tall: false,
        rows: beside.iter().map(row).collect(),
    };
    Some((table, super::model::distinct(beside.iter().map(|(p, _)| p.source))))
}

/// Learning rates that were used.
pub fn rates(rows: &[Rate]) -> Table {
    let row = |r: &Rate| Row {
        strong: false,
        cells: vec![
            Field::text(&r.rule),
            Field::text(&r.dataset),
            Field::text(&r.network),
            // several rates are no number
            match r.rates[..] {
                [rate] => Field::number(format::short_rate(rate), Some(rate)),
                _ => Field::number(r.rates.iter().map(|v| format::short_rate(*v)).collect::<Vec<_>>().join(", "), None),
            }
            .note(if r.by_hand { PRELIMINARY.into() } else { String::new() }),
        ],
    };
    Table {
        id: "rates-table".into(),
        caption: "Learning rate per rule, dataset and network.".into(),
        columns: columns(&[("Rule", false), ("Dataset", false), ("Network", false), ("Rate", true)]),
        tall: false,
        rows: rows.iter().map(row).collect(),
    }
}
