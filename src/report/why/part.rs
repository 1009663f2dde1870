//! A plot with its table, both from the same lines.

use super::observed::{Observed, Results};
use crate::data::DatasetId;
use crate::report::format::{self, NONE};
use crate::report::palette::series;
use crate::report::plots::{Block, Line, Measure, Plot, PlotError, Scale, measures};
use crate::report::section::Section;
use crate::report::tables::{Column, Field, Row, Table, ends};

pub use crate::report::format::digits;

/// What several panels show.
pub const ACCURACY: Measure = Measure::new("Test accuracy, %", Scale::Zero, |v| format!("{v:.2}"));

/// `+0.31`, of points.
pub fn points(v: f64) -> String {
    format::points(v / 100.0)
}

/// `63.2` of degrees.
pub fn degrees(v: f64) -> String {
    format!("{v:.1}")
}

pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// A line of a cell under its own name.
pub fn line(cell: &Observed, values: Vec<Vec<f64>>) -> Line {
    let look = series(&cell.cell);
    let label = match cell.cell.rule.name() {
        "dfa" => format!("DFA, {}", look.label),
        "fa" => format!("FA, {}", look.label),
        "sum" => format!("sum rule, {}", look.label),
        "hd" => format!("Hebbian descent, {}", look.label),
        "hebbnet" => format!("HebbNet, {}", look.label),
        _ => look.label.clone(),
    };
    let finished = cell.finished().count();
    Line { look, label, values, finished, diverged: cell.trials.len() - finished }
}

/// On each dataset: the lines that are there.
pub fn by_dataset(network: &str, of: impl Fn(DatasetId) -> Vec<Line>) -> Vec<Block> {
    let blocks = DatasetId::ALL.map(|d| Block { title: title(d, network), lines: of(d) });
    blocks.into_iter().filter(|b| !b.lines.is_empty()).collect()
}

/// `MNIST, 1 × 2000 ReLU`.
pub fn title(dataset: DatasetId, network: &str) -> String {
    let network = network.parse::<crate::net::Architecture>().map_or_else(|_| network.into(), |n| n.title());
    format!("{}, {network}", dataset.title())
}

/// Cells of one dataset by the names of their rules, those that have trials.
pub fn cells<'a>(results: &'a Results, dataset: DatasetId, network: &str, rules: &[&str]) -> Vec<&'a Observed> {
    rules.iter().filter_map(|rule| results.find(dataset, network, rule)).collect()
}

/// A plot and its table.
pub struct Part {
    pub slug: &'static str,
    pub title: &'static str,
    pub sub: &'static str,
    pub alt: &'static str,
    pub caption: &'static str,
    pub columns: Vec<Measure>,
    pub blocks: Vec<Block>,
    pub foot: &'static str,
}

impl Part {
    /// Whether any line has a value of this measure.
    pub fn has(&self, measure: usize) -> bool {
        self.blocks.iter().flat_map(|b| &b.lines).any(|l| !l.values[measure].is_empty())
    }

    fn plot(&self) -> Result<Plot, PlotError> {
        let alt = format!("Dot plot. {} The table below holds the same numbers.", self.alt);
        measures(self.slug, alt, (self.title, self.sub), &self.columns, &self.blocks, self.foot)
    }

    fn table(&self) -> Table {
        let mut columns = vec![
            Column { title: "Rule".into(), numeric: false },
            Column { title: "Dataset, network".into(), numeric: false },
        ];
        // what only the table would hold, and no trial has, is no column
        let shown = |i: &usize| self.columns[*i].plotted || self.has(*i);
        let shown: Vec<usize> = (0..self.columns.len()).filter(shown).collect();
        columns
            .extend(shown.iter().map(|&i| &self.columns[i]).map(|m| Column { title: m.title.into(), numeric: true }));
        columns.extend(["n", "Diverged"].map(|t| Column { title: t.into(), numeric: true }));
        let row = |block: &Block, line: &Line| {
            let swatch = format!("sw-{}{}", line.look.class, line.look.fill.class());
            let mut cells = vec![Field { swatch: Some(swatch), ..Field::text(&line.label) }, Field::text(&block.title)];
            cells.extend(shown.iter().map(|&i| field(&self.columns[i], &line.values[i], line.finished)));
            cells.push(Field::count(line.finished));
            cells.push(Field::tally(line.diverged));
            Row { cells, strong: line.look.class == "bp" }
        };
        let rows: Vec<Row> = self.blocks.iter().flat_map(|b| b.lines.iter().map(|l| row(b, l))).collect();
        Table {
            id: format!("{}-table", self.slug),
            caption: format!("{}: every number, with the range over seeds.", self.title),
            columns,
            tall: rows.len() > 20,
            rows,
        }
    }
}

/// What stands for all seeds, and from where to where they reach; of how many, where some have no value (an angle to a
/// signal that is zero everywhere).
fn field(measure: &Measure, values: &[f64], finished: usize) -> Field {
    let centre = measure.centre(values);
    let mut text = centre.map_or_else(|| NONE.into(), measure.text);
    if centre.is_some() && values.len() < finished {
        text += &format!(", n = {}", values.len());
    }
    Field::number(text, centre).range(ends(values), measure.text)
}

/// A section of parts.
pub fn section(
    slug: &'static str,
    heading: &str,
    paragraphs: Vec<String>,
    parts: &[Part],
    note: &str,
) -> Result<Option<Section>, PlotError> {
    let plots = parts.iter().map(|p| Ok((p.plot()?, p.caption.to_string()))).collect::<Result<_, PlotError>>()?;
    Ok(Some(Section {
        slug,
        heading: heading.into(),
        paragraphs: paragraphs.into_iter().filter(|p| !p.is_empty()).collect(),
        plots,
        tables: parts.iter().map(Part::table).collect(),
        note: note.into(),
    }))
}
