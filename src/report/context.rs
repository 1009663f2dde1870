//! Everything the templates print, as text. Templates hold no arithmetic and no choice of digits.

use serde::Serialize;

use super::Sections;
use super::checklist::{self, Item};
use super::first_page;
use super::format;
use super::growth_table;
use super::model::{FigureModel, Model};
use super::palette;
use super::plots::{Plot, layer};
use super::published;
use super::robustness::{self, RobustnessContext};
use super::section::SectionContext;
use super::tables::{self, Table};
use super::verdicts::{self, ClaimContext, Verdicts};
use crate::study::assumptions;
use crate::study::figures::PlotKind;

#[derive(Serialize)]
pub struct Page {
    pub title: String,
    pub kicker: String,
    pub what: Vec<String>,
    pub facts: Vec<Fact>,
    pub notice: Notice,
    pub verdicts: Verdicts,
    pub headline: Table,
    pub headline_note: String,
    pub figures: Vec<FigureContext>,
    /// Drawn figures of the post after the last one with results.
    pub after: Vec<SectionContext>,
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

/// A name with its value.
#[derive(Serialize)]
pub struct Fact {
    pub label: String,
    pub value: String,
    /// Set in a fixed-width face.
    pub code: bool,
}

/// What this run's size can and cannot decide.
#[derive(Serialize)]
pub struct Notice {
    pub short: bool,
    pub heading: String,
    pub body: String,
    pub directions: Vec<String>,
    pub directions_note: String,
    pub can: Vec<String>,
    pub cannot: Vec<String>,
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
pub struct PlotContext {
    pub name: String,
    pub alt: String,
    pub caption: String,
    pub svg: String,
}

#[derive(Clone, Serialize)]
pub struct AssumptionContext {
    pub id: String,
    pub anchor: String,
    pub title: String,
    pub what: String,
    pub why: String,
    /// `figures 7 and 8`; empty where no figure of this report is touched.
    pub touches: String,
}

#[derive(Serialize)]
pub struct Font {
    pub weight: u32,
    pub data: String,
}

pub fn fact(label: &str, value: impl Into<String>) -> Fact {
    Fact { label: label.into(), value: value.into(), code: false }
}

fn code(label: &str, value: impl Into<String>) -> Fact {
    Fact { code: true, ..fact(label, value) }
}

/// The name of a figure in a sentence.
fn named(id: &str) -> String {
    match id {
        "five-runs" => "the five-run check".into(),
        "growth" => "the growth of weights".into(),
        "beyond" => "what goes beyond the post".into(),
        _ if id.starts_with(|c: char| c.is_ascii_digit()) => format!("figure {id}"),
        _ => format!("“{id}”"),
    }
}

/// `figures 7 and 8 and the five-run check`.
pub fn named_all<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    let (numbered, others): (Vec<&str>, Vec<&str>) = ids.partition(|id| id.starts_with(|c: char| c.is_ascii_digit()));
    let numbers: Vec<String> = numbered.iter().map(|id| (*id).to_string()).collect();
    let first = match numbers.len() {
        0 => None,
        1 => Some(named(numbered[0])),
        _ => Some(format!("figures {}", format::list(&numbers))),
    };
    let all: Vec<String> = first.into_iter().chain(others.into_iter().map(named)).collect();
    format::list(&all)
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
        headline: tables::headline(&model.headline),
        headline_note: "The best kind is the one with the highest mean of the six options, picked by the very accuracy that is shown: read its lead with that in mind. Intervals are for one comparison at a time. On networks with one hidden layer both columns hold the same trials, since the two rules are then one.".into(),
        figures,
        after,
        searches: sections.searches.as_ref().map(Into::into),
        skipped: model.skipped.iter().map(|f| {
            format!("{} ({}) is not shown: none of its cells has a trial in these results.", capital(&named(f.id)), f.title)
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
    [(400, layer::REGULAR), (700, layer::BOLD)].map(|(weight, b)| Font { weight, data: encode(b) }).into()
}

/// The first letter as a capital.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// Anchor of a figure and stem of its files.
pub fn slug(id: &str) -> String {
    if id.starts_with(|c: char| c.is_ascii_digit()) { format!("figure-{id}") } else { id.to_string() }
}

fn figure(model: &Model, f: &FigureModel, plots: &[Plot]) -> FigureContext {
    let id = f.figure.id;
    let slug = slug(id);
    let heading = if slug == id { f.figure.title.to_string() } else { format!("Figure {id}: {}", f.figure.title) };
    let repeats = f.figure.plot == PlotKind::Repeats;
    let published = if repeats { None } else { tables::published(f, &slug) };
    let (published, sources) = published.map_or((None, vec![]), |(table, sources)| (Some(table), sources));
    FigureContext {
        before: vec![],
        heading,
        about: f.figure.about.into(),
        reading: f.figure.reading.into(),
        direction: first_page::direction(f),
        direction_note: if repeats || first_page::direction(f).is_empty() {
            String::new()
        } else {
            "By the 95% interval of the difference, paired by seed, one comparison at a time.".into()
        },
        claims: verdicts::of_figure(model, id),
        gaps: gaps(f),
        plots: plots.iter().filter(|p| !follows(p)).map(plot).collect(),
        more_plots: plots.iter().filter(|p| follows(p)).map(plot).collect(),
        table: match f.figure.plot {
            PlotKind::Repeats => tables::repeats(f, &slug, format::headed(f.figure.title, "every run.")),
            PlotKind::Growth => growth_table::table(f, &slug, format::headed(f.figure.title, "every cell, over seeds.")),
            _ => tables::cells(f, &slug, format::headed(f.figure.title, "every cell, over seeds.")),
        },
        table_note: match f.figure.plot {
            PlotKind::Repeats => "Standard deviations are in percentage points. Equal hashes mean equal weights, bit for bit.",
            PlotKind::Growth => "Smallest and largest over seeds. Slope of the log of the projection's norm against the predicted log growth: 1 is growth exactly as predicted. No accuracy is measured here.",
            _ => "Mean ± standard deviation (n−1) of test accuracy after the last epoch, 95% t interval under it; differences are paired by seed; n counts finished trials. Diverged: weights or loss stopped being finite. Runaway: the weights' norm passed 100 times its start. Train accuracy is on all training images. * seeds missing.",
        }.into(),
        published,
        published_note: published::NOTE.into(),
        published_sources: sources
            .into_iter()
            .map(|s| SourceContext { name: s.name, link: s.link, note: s.note })
            .collect(),
        assumptions: f
            .figure
            .assumptions
            .iter()
            .filter_map(|id| assumptions::assumption(id))
            .map(|a| assumption(model, a))
            .collect(),
        command: command(model, f),
        sha256: f.sha256.clone(),
        id: id.into(),
        slug,
    }
}

/// What is missing in a figure, as sentences.
fn gaps(f: &FigureModel) -> Vec<String> {
    let mut out = Vec::new();
    let (present, wanted) = f.progress();
    if present < wanted {
        let cells = f.cells.iter().filter(|c| c.runs.len() < f.seeds_wanted).count();
        out.push(format!(
            "Partial: {} of {} trials are there so far; {} incomplete.",
            format::count(present as u64),
            format::count(wanted as u64),
            if cells == 1 { "one cell is".into() } else { format!("{cells} cells are") }
        ));
    }
    if f.figure.plot != PlotKind::Growth && f.cells.iter().flat_map(|c| &c.runs).all(|r| r.epochs <= 1) {
        out.push("Trials of one epoch: there are no learning curves.".into());
    }
    let of = |f: &FigureModel, count: fn(&super::model::CellModel) -> usize| -> (usize, usize) {
        (f.cells.iter().map(count).sum(), f.cells.iter().filter(|c| count(c) > 0).count())
    };
    let (trials, cells) = of(f, |c| c.diverged());
    if trials > 0 {
        out.push(format!(
            "Diverged: {} in {}.",
            format::plural(trials, "trial", "trials"),
            format::plural(cells, "cell", "cells")
        ));
    }
    let (trials, cells) = of(f, |c| c.runaway());
    if trials > 0 {
        out.push(format!(
            "Runaway weights: {} in {}; their accuracies count as they are.",
            format::plural(trials, "trial", "trials"),
            format::plural(cells, "cell", "cells")
        ));
    }
    out
}

/// Plots over epochs stand after the table.
fn follows(p: &Plot) -> bool {
    p.name.ends_with("-curves") || p.name.ends_with("-angles")
}

fn plot(p: &Plot) -> PlotContext {
    let caption = match p.name.rsplit('-').next() {
        Some("accuracy") => "Test accuracy of every cell.",
        Some("growth") => "Weights of the hidden layer against their predicted growth.",
        Some("difference") => "The same results as differences from backpropagation, paired by seed.",
        Some("curves") => "Learning curves.",
        Some("angles") => "How far the feedback is from the path that it replaces.",
        _ => "Every run.",
    };
    PlotContext { name: p.name.clone(), alt: p.alt.clone(), caption: caption.into(), svg: p.inline() }
}

/// The command that makes one figure alone, with whatever differs from its profile spelled out.
fn command(model: &Model, f: &FigureModel) -> String {
    let p = model.provenance;
    if model.study.is_some() {
        // one figure, and the run's own command holds the study file
        return p.command.replacen("report ", "cargo run --bin report -- ", 1);
    }
    let mut text = format!("cargo run --bin report -- run --profile {} --figures {}", p.profile, f.figure.id);
    if p.recipe != "main" {
        text += &format!(" --recipe {}", p.recipe);
    }
    if let Some(profile) = model.profile {
        if f.figure.fixed_runs.is_none() && p.seeds.len() as u64 != profile.seeds() {
            text += &format!(" --seeds {}", p.seeds.len());
        }
        let epochs = super::model::distinct(f.cells.iter().flat_map(|c| &c.runs).map(|r| r.epochs));
        if let [only] = epochs[..]
            && only != profile.epochs(f.figure.epochs_of_the_post)
        {
            text += &format!(" --epochs {only}");
        }
    }
    text
}

fn assumption(model: &Model, a: &assumptions::Assumption) -> AssumptionContext {
    let touched = model.figures.iter().filter(|f| f.figure.assumptions.contains(&a.id));
    AssumptionContext {
        id: a.id.into(),
        anchor: a.id.to_lowercase(),
        title: a.title.into(),
        what: a.what.into(),
        why: a.why.into(),
        touches: named_all(touched.map(|f| f.figure.id)),
    }
}

fn provenance(model: &Model) -> Vec<Fact> {
    let p = model.provenance;
    let dirty = match p.dirty {
        Some(true) => ", with local changes",
        Some(false) => ", clean",
        None => "",
    };
    let mut out = vec![
        code("Command", &p.command),
        fact("Started (UTC)", &p.started),
        fact("Wall time", format::duration(p.wall_time_s)),
        fact(
            "Trials",
            format!(
                "{} in total, {} trained in this sitting{}, {} diverged",
                format::count(p.trials as u64),
                format::count(p.trained_now as u64),
                match p.reused {
                    0 => String::new(),
                    n => format!(", {} reused from an earlier report", format::count(n as u64)),
                },
                p.diverged
            ),
        ),
        match &model.study {
            Some(_) => fact("Profile, precision", format!("{}, {}", p.profile, p.precision)),
            None => fact("Profile, recipe, precision", format!("{}, {}, {}", p.profile, p.recipe, p.precision)),
        },
        fact(
            if model.study.is_some() { "Study" } else { "Figures" },
            if p.figures.is_empty() { "none".into() } else { p.figures.join(", ") },
        ),
        fact("Robustness tables", if p.robustness { "yes" } else { "not asked for" }),
        fact("Seeds", p.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
        fact("Program", format!("bioprop {}", p.version)),
        match &p.commit {
            Some(c) => code("Commit", format!("{c}{dirty}")),
            None => fact("Commit", "not known (not run from a checkout)"),
        },
        fact("Compiler", &p.compiler),
        fact("Operating system", &p.operating_system),
        fact(
            "Processor",
            format!(
                "{} ({}, {})",
                p.cpu,
                format::plural(p.cores, "core", "cores"),
                format::plural(p.threads, "thread used", "threads used")
            ),
        ),
        fact("Kernels", &p.kernels),
    ];
    for (name, d) in &p.data {
        let (train, test) = (format::count(d.train_images as u64), format::count(d.test_images as u64));
        out.push(fact(&format!("Data: {name}"), format!("{}; {train} training and {test} test images", d.origin)));
        out.push(code(&format!("SHA-256 of {name}"), &d.fingerprint));
    }
    if !p.libraries.is_empty() {
        out.push(fact("Libraries", p.libraries.iter().map(|(n, v)| format!("{n} {v}")).collect::<Vec<_>>().join(", ")));
    }
    out
}
