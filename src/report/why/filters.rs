//! Incoming weights of some hidden units as small images, a sheet per dataset.

use polars::prelude::DataFrame;

use super::observed::Results;
use crate::data::DatasetId;
use crate::report::palette::{INK, series};
use crate::report::plots::layer::{Pen, Type, draw};
use crate::report::plots::{Plot, PlotError, WIDTH};
use crate::report::section::Section;
use crate::report::{ReportError, columns};
use crate::study::Cell;

const NETWORK: &str = "1x2000";
/// One cell for what looks alike; the files hold every cell.
const RULES: [&str; 20] = [
    "frozen",
    "bp",
    "hebbnet/local=hebb,variant=hl",
    "hebbnet/local=oja,variant=hl",
    "hebbnet/local=oja-subspace,variant=hl",
    "hebbnet/local=hebb,variant=t",
    "hebbnet/local=oja,variant=t",
    "hebbnet/local=hebb,variant=t-gs",
    "hebbnet/local=oja,variant=t-gs",
    "sum/beta=0.1,local=hebb",
    "sum/beta=0.1,local=oja",
    "hd/reading=d",
    "hd/reading=k",
    "hd/reading=o1",
    "fa/feedback=random",
    "fa/feedback=binary,scale=literal",
    "fa/feedback=hebb",
    "fa/feedback=oja",
    "fa/feedback=kolen-pollack",
    "drtp",
];
const UNITS: usize = 4;
const COLUMNS: usize = 4;
/// Size of a unit on the sheet.
const SIDE: f64 = 60.0;
const STEP: (f64, f64) = (268.0, 98.0);
const TOP: f64 = 84.0;

/// Weights of some units of one trial: bytes of an `i8`, 127 the unit's largest.
#[derive(Debug, Clone, PartialEq)]
pub struct Filters {
    pub cell: Cell,
    pub units: Vec<Vec<u8>>,
}

/// From the frame of `filters.parquet`.
pub fn read(frame: &DataFrame, results: &Results) -> Result<Vec<Filters>, ReportError> {
    if frame.height() == 0 {
        return Ok(vec![]);
    }
    let bad = |e: polars::prelude::PolarsError| ReportError::Column { column: "values".into(), reason: e.to_string() };
    let (cells, keys) = (columns::strings(frame, "cell")?, columns::strings(frame, "key")?);
    let values = frame.column("values").and_then(|c| c.binary()).map_err(bad)?;
    let mut all = vec![];
    for cell in DatasetId::ALL.iter().flat_map(|d| RULES.iter().filter_map(|r| results.find(*d, NETWORK, r))) {
        let name = cell.cell.to_string();
        let Some(first) = cells.iter().position(|c| *c == name) else { continue };
        let rows = (first..frame.height()).filter(|&i| keys[i] == keys[first]).take(UNITS);
        let inputs = cell.cell.dataset.inputs();
        let units: Vec<Vec<u8>> =
            rows.filter_map(|i| values.get(i)).filter(|v| v.len() == inputs).map(<[u8]>::to_vec).collect();
        if !units.is_empty() {
            all.push(Filters { cell: cell.cell.clone(), units });
        }
    }
    Ok(all)
}

/// Side of an image and whether it has planes of red, green and blue.
fn shape(dataset: DatasetId) -> (usize, bool) {
    match dataset {
        DatasetId::Mnist => (28, false),
        DatasetId::Cifar10 => (32, true),
    }
}

/// One level of 31, around the middle for zero: so that noise does not make a large file of the page.
fn level(byte: u8) -> u8 {
    let step = (f64::from(byte as i8) * 15.0 / 127.0).round();
    (128.0 + step * 127.0 / 15.0).clamp(0.0, 255.0) as u8
}

/// Pixels (red, green, blue) of one unit's weights, which are in the order of the data files: row by row, for colours
/// plane by plane.
fn pixels(dataset: DatasetId, weights: &[u8]) -> Vec<u8> {
    let (side, colour) = shape(dataset);
    let plane = side * side;
    let at = |p: usize, c: usize| level(weights[if colour { c * plane + p } else { p }]);
    (0..plane).flat_map(|p| [at(p, 0), at(p, 1), at(p, 2)]).collect()
}

fn sheet(dataset: DatasetId, filters: &[&Filters]) -> Result<Plot, PlotError> {
    let rows = filters.len().div_ceil(COLUMNS);
    let names: Vec<String> = filters.iter().map(|f| name(&f.cell)).collect();
    let alt = format!(
        "Incoming weights of the first {UNITS} hidden units on {} as small images, for {}.",
        dataset.title(),
        names.join("; ")
    );
    let side = shape(dataset).0;
    draw(&format!("why-filters-{dataset}"), alt, (WIDTH, TOP + STEP.1 * rows as f64 + 12.0), |pen: &Pen| {
        let sub = match dataset {
            DatasetId::Mnist => {
                "The first units, seed of the first trial kept. Middle grey: zero; lighter: positive; darker: negative; each unit by its own largest weight"
            }
            DatasetId::Cifar10 => {
                "The first units, seed of the first trial kept. Red, green and blue weights as colours around grey, which is zero; each unit by its own largest weight"
            }
        };
        pen.heading(&format!("What hidden units look for on {}", dataset.title()), sub)?;
        for (i, (filter, name)) in filters.iter().zip(&names).enumerate() {
            let (left, top) = (24.0 + STEP.0 * (i % COLUMNS) as f64, TOP + STEP.1 * (i / COLUMNS) as f64);
            let look = series(&filter.cell);
            pen.bar([left, top, 10.0, 10.0], look.tone, look.fill)?;
            pen.text(name, (left + 16.0, top + 5.0), Type::new(11.5, INK))?;
            for (unit, weights) in filter.units.iter().enumerate() {
                let at = [left + (SIDE + 3.0) * unit as f64, top + 18.0, SIDE, SIDE];
                pen.image(at, side, pixels(dataset, weights));
            }
        }
        Ok(())
    })
}

fn name(cell: &Cell) -> String {
    let label = series(cell).label;
    match cell.rule.name() {
        "fa" => format!("FA, {label}"),
        "sum" => format!("sum, {label}"),
        "hebbnet" => format!("HebbNet, {}", label.replace("threshold", "thr.").replace("sparsity", "sp.")),
        "hd" => format!("Hebbian descent, {}", label.split(' ').next().unwrap_or_default()),
        _ => label,
    }
}

pub fn section(filters: &[Filters]) -> Result<Option<Section>, PlotError> {
    let mut plots = vec![];
    for dataset in DatasetId::ALL {
        let here: Vec<&Filters> = filters.iter().filter(|f| f.cell.dataset == dataset).collect();
        if !here.is_empty() {
            plots.push((sheet(dataset, &here)?, format!("Filters of the hidden layer, {}.", dataset.title())));
        }
    }
    if plots.is_empty() {
        return Ok(None);
    }
    Ok(Some(Section {
        slug: "why-filters",
        heading: "What hidden units look for".into(),
        paragraphs: vec!["Incoming weights of the first hidden units at the end of training, on the network with one hidden layer. They are the first units by number, not chosen; where all units of a rule look alike, they learnt one direction.".into()],
        plots,
        tables: vec![],
        note: "Weights are kept for one trial per cell, in steps of 1/127 of each unit's largest; filters.parquet holds all cells and units. Shown in 31 levels.".into(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_grey_and_planes_become_colours() {
        assert_eq!([level(0), level(127), level(-127i8 as u8)], [128, 255, 1]);
        let mut weights = vec![0u8; 3072];
        weights[1024 + 5] = 127;
        let rgb = pixels(DatasetId::Cifar10, &weights);
        assert_eq!(rgb[15..18], [128, 255, 128]);
        assert_eq!(pixels(DatasetId::Mnist, &[127u8; 784])[..3], [255, 255, 255]);
    }
}
