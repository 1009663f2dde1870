//! The grid that figures 7 and 8 share: datasets x networks x feedback kinds, backpropagation first.

use crate::data::DatasetId;
use crate::net::Architecture;
use crate::rules::RuleSpec;
use crate::study::Cell;

/// Feedback options in the order of the legend; the binary kinds literal, then norm-matched.
pub const KINDS: [&[(&str, &str)]; 6] = [
    &[("feedback", "random")],
    &[("feedback", "random-sign")],
    &[("feedback", "binary"), ("scale", "literal")],
    &[("feedback", "binary-sign"), ("scale", "literal")],
    &[("feedback", "binary"), ("scale", "matched")],
    &[("feedback", "binary-sign"), ("scale", "matched")],
];

/// The cells of the grid for one rule with feedback.
pub fn cells(rule: &str) -> Vec<Cell> {
    let mut cells = Vec::new();
    for dataset in DatasetId::ALL {
        for network in Architecture::of_the_post() {
            let spec = |name, options| RuleSpec::new(name, options).expect("a registered rule");
            cells.push(Cell::new(dataset, network.clone(), spec("bp", &[])));
            for options in KINDS {
                cells.push(Cell::new(dataset, network.clone(), spec(rule, options)));
            }
        }
    }
    cells
}
