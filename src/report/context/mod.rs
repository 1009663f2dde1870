//! Everything the templates print, as text. Templates hold no arithmetic and no choice of digits.

mod figure;
mod provenance;

use serde::Serialize;

use super::checklist::{self, Item};
use super::facts::{AssumptionContext, Fact, Notice};
use super::families;
use super::first_page;
use super::format;
use super::model::Model;
use super::palette;
use super::plots::{Plot, canvas};
use super::robustness::{self, RobustnessContext};
use super::section::{PlotContext, SectionContext};
use super::sections::Sections;
use super::tables::{self, Table};
use super::verdicts::{self, ClaimContext, Verdicts};
use crate::study::assumptions;
use figure::figure;
use provenance::provenance;

#[derive(Serialize)]
pub struct Page {
    pub title: String,
    pub kicker: String,
    pub what: Vec<String>,
    pub facts: Vec<Fact>,
    pub notice: Notice,
    pub verdicts: Verdicts,
    /// What each family of rules costs.
    pub families: Table,
    pub families_note: String,
    pub headline: Table,
    pub headline_note: String,
    pub figures: Vec<FigureContext>,
    /// Drawn figures of the post after the last one with results.
    pub after: Vec<SectionContext>,
    /// Beyond the post: why the numbers are as they are.
    pub why: Vec<SectionContext>,
    /// The searches that chose the rates.
    pub searches: Option<SectionContext>,
    /// A sentence for each figure left out.
    pub skipped: Vec<String>,
    pub differences: Vec<String>,
    pub assumptions: Vec<AssumptionContext>,
    /// Where the run was asked for its tables.
    pub robustness: Option<RobustnessContext>,
    pub rates: Table,
    pub rates_note: String,
    pub checklist: Vec<Item>,
    pub provenance: Vec<Fact>,
    /// The user's own study file as it was written; empty in a report on the post.
    pub study: String,
    /// What it is called in the commands.
    pub study_name: String,
    pub command: String,
    pub version: String,
    pub started: String,
    pub theme: String,
    pub fonts: Vec<Font>,
}

#[derive(Serialize)]
pub struct FigureContext {
    /// As on the command line.
    pub id: String,
    /// Anchor and stem of files: `figure-7`.
    pub slug: String,
    /// Drawn figures of the post that stand before this one.
    pub before: Vec<SectionContext>,
    pub heading: String,
    pub about: String,
    pub reading: String,
    pub direction: String,
    pub direction_note: String,
    /// What the post claims there, with our verdicts.
    pub claims: Vec<ClaimContext>,
    /// What is missing or broken, if anything.
    pub gaps: Vec<String>,
    /// Drawn before the table.
    pub plots: Vec<PlotContext>,
    /// Drawn after it.
    pub more_plots: Vec<PlotContext>,
    pub table: Table,
    pub table_note: String,
    pub published: Option<Table>,
    pub published_note: String,
    pub published_sources: Vec<SourceContext>,
    pub assumptions: Vec<AssumptionContext>,
    pub command: String,
    pub sha256: String,
}

/// Where published values are from.
#[derive(Serialize)]
pub struct SourceContext {
    pub name: &'static str,
    pub link: &'static str,
    pub note: &'static str,
}

#[derive(Serialize)]
pub struct Font {
    pub weight: u32,
    pub data: String,
}

/// The whole page from the numbers and the plots (one list of plots per figure).
pub fn page(model: &Model, plots: &[Vec<Plot>], sections: &Sections) -> Page {
    let p = model.provenance;
    let mut figures: Vec<FigureContext> =
        model.figures.iter().zip(plots).map(|(f, plots)| figure(model, f, plots)).collect();
    let mut after = vec![];
    for (number, section) in &sections.diagrams {
        let later = |f: &&mut FigureContext| f.id.parse::<u32>().is_ok_and(|n| n > *number);
        match figures.iter_mut().find(later) {
            Some(figure) => figure.before.push(section.into()),
            None => after.push(section.into()),
        }
    }
    Page {
        title: match &model.study {
            Some(study) => study.figure.title.into(),
            None => "Biologically inspired learning rules against backpropagation".into(),
        },
        kicker: match &model.study {
            Some(study) => {
                let recipes: Vec<String> = study.recipes.iter().map(ToString::to_string).collect();
                format!("A study of its own · profile {} · recipe {}", p.profile, recipes.join(", "))
            }
            None => format!("Reproduction report · profile {} · recipe {}", p.profile, p.recipe),
        },
        what: first_page::what(model),
        facts: first_page::facts(model),
        notice: first_page::notice(model),
        verdicts: verdicts::of_all(model),
        families: families::table(model),
        families_note: "Each figure's cells over all its networks, settings and kinds, norm-matched ones too; baselines (frozen features, a linear classifier, fixed feedback beside feedback that learns) are left out, and with one hidden layer feedback alignment and direct feedback alignment are the same cells. Best and worst are picked by the very accuracy that is shown. Failed to train: every trial diverged; for the median these cells count below all others, and the worst is the worst that trained.".into(),
        headline: tables::headline(&model.headline),
        headline_note: "The best kind is the one with the highest mean of the six options, picked by the very accuracy that is shown: read its lead with that in mind. Intervals are for one comparison at a time. On networks with one hidden layer both columns hold the same trials, since the two rules are then one.".into(),
        figures,
        after,
        why: sections.why.iter().map(Into::into).collect(),
        searches: sections.searches.as_ref().map(Into::into),
        skipped: model.skipped.iter().map(|f| {
            format!("{} ({}) is not shown: none of its cells has a trial in these results.", format::capital(&format::figure_named(f.id)), f.title)
        }).collect(),
        differences: first_page::differences(model),
        assumptions: assumptions::REGISTRY.iter().map(|a| assumption(model, a)).collect(),
        robustness: robustness::context(model, model.robustness, |ids| {
            ids.iter().filter_map(|id| assumptions::assumption(id)).map(|a| assumption(model, a)).collect()
        }),
        rates: tables::rates(&model.rates),
        rates_note: if p.rates.is_some() {
            "Searched for this study before its trials were trained: on validation images, with a seed of the search's own, for the family of each cell (feedback alignment, direct feedback alignment and the sum rule take backpropagation's rate).".into()
        } else if model.study.is_some() {
            "As the study file sets them; where it sets none, the profile's table, searched on validation images with seeds of the search's own.".into()
        } else { "Searched on validation images with a seed of the search's own. Feedback alignment, direct feedback alignment and the sum rule use backpropagation's rate (assumption A2); the other rules have rates of their own, and those that no search has chosen are marked.".into() },
        checklist: checklist::items(model),
        provenance: provenance(model),
        study: p.study.clone().unwrap_or_default(),
        study_name: model.study.as_ref().map_or_else(String::new, |s| format!("{}.toml", s.figure.id)),
        command: p.command.clone(),
        version: p.version.clone(),
        started: p.started.clone(),
        theme: palette::theme_css(),
        fonts: fonts(),
    }
}

fn fonts() -> Vec<Font> {
    use base64::Engine;
    let encode = |bytes| base64::engine::general_purpose::STANDARD.encode(bytes);
    [(400, canvas::REGULAR), (700, canvas::BOLD)].map(|(weight, b)| Font { weight, data: encode(b) }).into()
}

fn assumption(model: &Model, a: &assumptions::Assumption) -> AssumptionContext {
    let touched = model.figures.iter().filter(|f| f.figure.assumptions.contains(&a.id));
    AssumptionContext {
        id: a.id.into(),
        anchor: a.id.to_lowercase(),
        title: a.title.into(),
        what: a.what.into(),
        why: a.why.into(),
        touches: format::figures_named(touched.map(|f| f.figure.id)),
    }
}
