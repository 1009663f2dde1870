//! Beyond the post: why the numbers are as they are. One file per panel; a panel without trials of its own is left out.

mod alignment;
mod conserved;
mod cost;
#[cfg(test)]
pub mod fake;
mod features;
mod filters;
mod growth;
mod observed;
mod part;
mod rank;
mod scale;

use super::plots::PlotError;
use super::section::Section;
use super::{Inputs, ReportError};
use observed::Results;

/// A panel: nothing where these results cannot say anything about it.
type Panel = fn(&Results) -> Result<Option<Section>, PlotError>;

/// Every panel but the filters, in the order of the page.
static REGISTRY: [Panel; 7] = [
    rank::section,
    features::section,
    growth::section,
    scale::section,
    alignment::section,
    conserved::section,
    cost::section,
];

/// The panels that these results have trials for.
pub fn sections(inputs: &Inputs) -> Result<Vec<Section>, ReportError> {
    let results = Results::read(inputs.trials, inputs.curves)?;
    let filters = filters::read(inputs.filters, &results)?;
    let panels = REGISTRY.iter().map(|panel| panel(&results)).chain([filters::section(&filters)]);
    Ok(panels.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}
