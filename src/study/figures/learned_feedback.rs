//! The grids of figures 9, 10 and 11: feedback that learns.

use super::spec;
use crate::data::DatasetId;
use crate::net::Architecture;
use crate::study::Cell;

fn with(cells: &mut Vec<Cell>, dataset: DatasetId, network: &Architecture, rule: &str, options: &[(&str, &str)]) {
    cells.push(Cell::new(dataset, network.clone(), spec(rule, options)));
}

/// Feedback alignment on one dataset.
pub fn layered(dataset: DatasetId) -> Vec<Cell> {
    let mut cells = Vec::new();
    for network in Architecture::of_the_post() {
        with(&mut cells, dataset, &network, "bp", &[]);
        with(&mut cells, dataset, &network, "fa", &[("feedback", "random")]);
        for kind in ["hebb", "oja"] {
            with(&mut cells, dataset, &network, "fa", &[("feedback", kind)]);
        }
        if network.depth == 1 {
            for kind in ["hebb", "oja"] {
                with(&mut cells, dataset, &network, "fa", &[("feedback", kind), ("renormalise", "yes")]);
                with(&mut cells, dataset, &network, "fa", &[("feedback", kind), ("start", "transpose")]);
            }
        }
    }
    cells
}

/// Direct feedback alignment on both.
pub fn direct() -> Vec<Cell> {
    let mut cells = Vec::new();
    for dataset in DatasetId::ALL {
        for network in Architecture::of_the_post() {
            with(&mut cells, dataset, &network, "bp", &[]);
            for kind in ["random", "hebb", "oja-g1"] {
                with(&mut cells, dataset, &network, "dfa", &[("feedback", kind)]);
            }
        }
    }
    cells
}
