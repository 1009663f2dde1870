//! Parts of the report that are no figure of results: diagrams, reasons, searches.

use serde::Serialize;

use super::plots::Plot;
use super::tables::Table;

/// A part with its words, plots and tables.
pub struct Section {
    /// Anchor: `figure-6`, `why-rank`.
    pub slug: &'static str,
    pub heading: String,
    pub paragraphs: Vec<String>,
    /// Each with its caption.
    pub plots: Vec<(Plot, String)>,
    pub tables: Vec<Table>,
    /// How to read it, in small print.
    pub note: String,
}

/// A plot as the templates take it.
#[derive(Serialize)]
pub struct PlotContext {
    pub name: String,
    pub alt: String,
    pub caption: String,
    pub svg: String,
}

impl PlotContext {
    pub fn new(p: &Plot, caption: &str) -> PlotContext {
        PlotContext { name: p.name.clone(), alt: p.alt.clone(), caption: caption.into(), svg: p.inline() }
    }
}

/// The same as the templates take it.
#[derive(Serialize)]
pub struct SectionContext {
    pub slug: &'static str,
    pub heading: String,
    pub paragraphs: Vec<String>,
    pub plots: Vec<PlotContext>,
    pub tables: Vec<Table>,
    pub note: String,
}

impl From<&Section> for SectionContext {
    fn from(s: &Section) -> SectionContext {
        SectionContext {
            slug: s.slug,
            heading: s.heading.clone(),
            paragraphs: s.paragraphs.clone(),
            plots: s.plots.iter().map(|(p, caption)| PlotContext::new(p, caption)).collect(),
            tables: s.tables.clone(),
            note: s.note.clone(),
        }
    }
}
