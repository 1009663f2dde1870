//! The report: frames in, one self-contained page, a Markdown twin, figures and LaTeX tables out.
//!
//! Numbers ([`model`]) become formatted text ([`context`]) and pictures ([`plots`]); templates only lay them out.

mod checklist;
mod columns;
mod context;
mod diagrams;
mod exports;
#[cfg(test)]
mod fake;
mod field;
mod first_page;
pub mod format;
mod growth_table;
mod model;
pub(crate) mod palette;
mod pictures;
pub(crate) mod plots;
mod published;
mod reading;
mod robustness;
mod searches;
mod section;
mod tables;
mod templates;
#[cfg(test)]
mod tests;
mod verdicts;
mod why;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use polars::prelude::DataFrame;

use crate::run::Provenance;
use crate::stats::Uses;
use crate::stats::claims::{Judged, Margins};
use crate::stats::robustness::Robustness;
use crate::study::figures::PlotKind;
use model::{FigureModel, Model};
pub use pictures::{Picture, pictures_of};
pub use plots::{Plot, PlotError};
use section::Section;

/// What a report is made of: the frames of `results.parquet`, `curves.parquet` and `summary.csv`, and where they come from.
pub struct Inputs<'a> {
    /// One row per trial.
    pub trials: &'a DataFrame,
    /// One row per trial and epoch.
    pub curves: &'a DataFrame,
    /// One row per cell.
    pub summary: &'a DataFrame,
    /// One row per unit whose first-layer weights were kept.
    pub filters: &'a DataFrame,
    /// One row per rate that a search tried.
    pub tuning: &'a DataFrame,
    pub provenance: &'a Provenance,
    /// The verdict of each claim.
    pub claims: &'a [Judged],
    /// The margins that they were judged with.
    pub margins: Margins,
    /// What asked for each trial.
    pub uses: &'a Uses,
    /// The robustness tables, if they were asked for; their trials are in none of the frames above.
    pub robustness: Option<&'a Robustness>,
    /// The reference run's verdicts, to stand beside.
    pub reference: Option<&'a Reference>,
}

/// The largest run of the project.
#[derive(Clone)]
pub struct Reference {
    pub claims: Vec<Judged>,
    pub provenance: Provenance,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Every file, the page first.
    pub files: Vec<PathBuf>,
    /// Figures left out because none of their cells has a trial, by id.
    pub skipped: Vec<String>,
}

/// What can go wrong while reporting.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error("column `{column}` of the results cannot be read: {reason}; were they written by another version?")]
    Column { column: String, reason: String },
    #[error(transparent)]
    Plot(#[from] PlotError),
    #[error(
        "cell {cell} of figure {figure} was trained in several ways for it ({variants}); a figure shows one: keep them in different folders"
    )]
    Mixed { figure: &'static str, cell: String, variants: String },
    #[error(transparent)]
    Stats(#[from] crate::stats::StatsError),
    #[error("the study in the provenance cannot be read: {0}; was it written by another version?")]
    Study(#[from] crate::study::StudyError),
    #[error("template `{name}` failed: {reason}")]
    Template { name: &'static str, reason: String },
    #[error("cannot write `{}`: {source}; check the folder's permissions and free space", path.display())]
    Write { path: PathBuf, source: std::io::Error },
}

/// Pixels of a PNG to one of the plot.
const PNG_SCALE: f32 = 2.0;

/// Writes `index.html`, `report.md`, `figures/*.svg`, `figures/*.png` and `tables/*` into `out`.
///
/// Every file appears whole or not at all. A figure without any trial is left out with a sentence in the report.
///
/// # Errors
/// A missing or mistyped column, a plot that cannot be drawn, a folder that cannot be written.
pub fn render(inputs: &Inputs, out: &Path) -> Result<Written, ReportError> {
    let model = Model::new(inputs)?;
    let drawn: Vec<Vec<Plot>> = model.figures.iter().map(draw).collect::<Result<_, _>>()?;
    let sections = Sections::new(&model)?;
    let page = context::page(&model, &drawn, &sections);

    let mut files: Vec<(PathBuf, Vec<u8>)> = vec![
        ("index.html".into(), templates::html(&page)?.into_bytes()),
        ("report.md".into(), templates::markdown(&page)?.into_bytes()),
    ];
    let plots: Vec<&Plot> = drawn.iter().flatten().chain(sections.plots()).collect();
    files.extend(plots.iter().map(|p| (format!("figures/{}.svg", p.name).into(), p.file().into_bytes())));
    for (plot, png) in plots.iter().zip(pictures(&plots)?) {
        files.push((format!("figures/{}.png", plot.name).into(), png));
    }
    for (stem, table) in exports::tables(&page, &sections) {
        files.push((format!("tables/{stem}.tex").into(), exports::latex(&table).into_bytes()));
        files.push((format!("tables/{stem}.csv").into(), exports::csv(&table).into_bytes()));
    }
    let mut written = Vec::with_capacity(files.len());
    for (name, bytes) in files {
        let path = out.join(name);
        write_whole(&path, &bytes).map_err(|source| ReportError::Write { path: path.clone(), source })?;
        written.push(path);
    }
    Ok(Written { files: written, skipped: model.skipped.iter().map(|f| f.id.to_string()).collect() })
}

/// What stands around the figures of results.
struct Sections {
    /// By the post's number.
    diagrams: Vec<(u32, Section)>,
    /// Beyond the post: why the numbers are as they are.
    why: Vec<Section>,
    searches: Option<Section>,
}

impl Sections {
    fn new(model: &Model) -> Result<Sections, ReportError> {
        if model.study.is_some() {
            // a study has searches to show if it searched its own rates
            let own = model.provenance.rates.is_some();
            let searches = if own { searches::section(&model.searches)? } else { None };
            return Ok(Sections { diagrams: vec![], why: vec![], searches });
        }
        let diagrams =
            diagrams::REGISTRY.iter().map(|d| Ok((d.number, (d.make)()?))).collect::<Result<_, PlotError>>()?;
        let why = why::sections(&model.observed, &model.filters)?;
        Ok(Sections { diagrams, why, searches: searches::section(&model.searches)? })
    }

    fn all(&self) -> impl Iterator<Item = &Section> {
        self.diagrams.iter().map(|d| &d.1).chain(&self.why).chain(&self.searches)
    }

    fn plots(&self) -> impl Iterator<Item = &Plot> {
        self.all().flat_map(|s| s.plots.iter().map(|p| &p.0))
    }
}

/// The plots of a figure, the main one first.
fn draw(figure: &FigureModel) -> Result<Vec<Plot>, PlotError> {
    let mut all = match figure.figure.plot {
        PlotKind::GroupedBars | PlotKind::Variants => vec![plots::grouped_bars(figure)?],
        PlotKind::Betas => vec![plots::betas(figure)?],
        PlotKind::Growth => plots::growth(figure)?.into_iter().collect(),
        PlotKind::Repeats => vec![plots::repeats(figure)?],
        PlotKind::Rows => vec![plots::rows(figure)?],
    };
    let compares = !matches!(figure.figure.plot, PlotKind::Repeats | PlotKind::Rows | PlotKind::Growth);
    if compares && figure.cells.iter().any(model::CellModel::is_compared) {
        all.push(plots::differences(figure)?);
    }
    if figure.figure.plot == PlotKind::Growth {
        return Ok(all);
    }
    all.extend(plots::accuracy_curves(figure)?);
    all.extend(plots::angle_curves(figure)?);
    Ok(all)
}

/// All pictures, drawn on every core, in the order of the plots.
fn pictures(plots: &[&Plot]) -> Result<Vec<Vec<u8>>, PlotError> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(plots.len());
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(plots.len())));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((i, plot)) = {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    plots.get(i).map(|p| (i, p))
                } {
                    let png = plot.png(PNG_SCALE);
                    done.lock().expect("no worker panics while it holds the lock").push((i, png));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no worker panicked");
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, png)| png).collect()
}

/// Writes to a temporary name in the same folder and renames.
fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".report-");
    #[cfg(unix)]
    {
        // temporary files are private by default; a report is to be read by others, as far as the umask allows
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}
