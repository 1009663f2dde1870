//! The report: frames in, one self-contained page, a Markdown twin, figures and LaTeX tables out.
//!
//! Numbers ([`model`]) become formatted text ([`context`]) and pictures ([`plots`]); templates only lay them out.

mod checklist;
mod columns;
mod context;
mod diagrams;
mod error;
mod exports;
mod facts;
#[cfg(test)]
mod fake;
mod families;
mod field;
mod first_page;
pub mod format;
mod growth_table;
mod inputs;
mod model;
pub(crate) mod palette;
mod pictures;
pub(crate) mod plots;
mod published;
mod reading;
mod robustness;
mod searches;
mod section;
mod sections;
mod tables;
mod templates;
#[cfg(test)]
mod tests;
mod verdicts;
mod why;

use std::io::Write;
use std::path::{Path, PathBuf};

pub use error::ReportError;
pub use inputs::{Inputs, Reference};
use model::Model;
pub use pictures::{Picture, pictures_of};
use pictures::{draw, pictures};
pub use plots::{Plot, PlotError};
use sections::Sections;

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Every file, the page first.
    pub files: Vec<PathBuf>,
    /// Figures left out because none of their cells has a trial, by id.
    pub skipped: Vec<String>,
}

/// Writes `index.html`, `report.md`, `figures/*.svg`, `figures/*.png` and `tables/*` into `out`.
///
/// Every file appears whole or not at all. A figure without any trial is left out with a sentence in the report.
///
/// # Errors
/// A missing or mistyped column, a plot that cannot be drawn, a folder that cannot be written.
pub fn render(inputs: &Inputs, out: &Path) -> Result<Written, ReportError> {
    let model = Model::new(inputs)?;
    let drawn: Vec<Vec<Plot>> = model.figures.iter().map(draw).collect::<Result<_, _>>()?;
    let sections = Sections::new(&model, inputs)?;
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
