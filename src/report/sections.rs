//! What stands around the figures of results.

use super::model::Model;
use super::plots::{Plot, PlotError};
use super::section::Section;
use super::{Inputs, ReportError, diagrams, searches, why};

/// What stands around the figures of results.
pub struct Sections {
    /// By the post's number.
    pub diagrams: Vec<(u32, Section)>,
    /// Beyond the post: why the numbers are as they are.
    pub why: Vec<Section>,
    pub searches: Option<Section>,
}

impl Sections {
    pub fn new(model: &Model, inputs: &Inputs) -> Result<Sections, ReportError> {
        let searched = |recipe| searches::section(&searches::read(inputs.tuning, recipe)?).map_err(ReportError::from);
        if model.study.is_some() {
            // a study has searches to show if it searched its own rates
            let searches = if model.provenance.rates.is_some() { searched(None)? } else { None };
            return Ok(Sections { diagrams: vec![], why: vec![], searches });
        }
        let diagrams =
            diagrams::REGISTRY.iter().map(|d| Ok((d.number, (d.make)()?))).collect::<Result<_, PlotError>>()?;
        let why = why::sections(inputs)?;
        Ok(Sections { diagrams, why, searches: searched(Some(model.provenance.recipe.as_str()))? })
    }

    pub fn all(&self) -> impl Iterator<Item = &Section> {
        self.diagrams.iter().map(|d| &d.1).chain(&self.why).chain(&self.searches)
    }

    pub fn plots(&self) -> impl Iterator<Item = &Plot> {
        self.all().flat_map(|s| s.plots.iter().map(|p| &p.0))
    }
}
