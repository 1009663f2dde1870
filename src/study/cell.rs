//! A cell: one bar or point of a figure (dataset x network x learning rule with its options).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::data::DatasetId;
use crate::net::Architecture;
use crate::rules::RuleSpec;

/// One bar or point of a figure. Written `dataset/network/rule/key=value,...`, such as
/// `mnist/2x800-tanh/dfa/feedback=random`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cell {
    pub dataset: DatasetId,
    pub network: Architecture,
    pub rule: RuleSpec,
}

impl Cell {
    pub fn new(dataset: DatasetId, network: Architecture, rule: RuleSpec) -> Cell {
        Cell { dataset, network, rule }
    }

    /// The cell that computes the same thing and stands for it in the store: with one hidden layer direct
    /// feedback alignment *is* feedback alignment, so both figures share those trials.
    pub fn canonical(&self) -> Cell {
        Cell { rule: self.rule.canonical(&self.network), ..self.clone() }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.dataset, self.network, self.rule)
    }
}

impl FromStr for Cell {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let mut parts = s.splitn(3, '/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(d), Some(n), Some(r)) => {
                let cell = Cell { dataset: d.parse()?, network: n.parse()?, rule: r.parse()? };
                cell.rule.check(&cell.network, cell.dataset.classes()).map_err(|e| e.to_string())?;
                Ok(cell)
            }
            _ => Err(format!(
                "`{s}` is not a cell; write dataset/network/rule/key=value,... as `report list cells` prints them, such as mnist/1x2000/bp"
            )),
        }
    }
}

impl TryFrom<String> for Cell {
    type Error = String;
    fn try_from(s: String) -> Result<Self, String> {
        s.parse()
    }
}

impl From<Cell> for String {
    fn from(c: Cell) -> String {
        c.to_string()
    }
}
