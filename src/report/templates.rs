//! The templates in `templates/`, built into the program.

use tera::{Context, Kwargs, State, Tera};

use super::context::Page;
use super::{ReportError, format};

macro_rules! template {
    ($name:literal) => {
        ($name, include_str!(concat!("../../templates/", $name)))
    };
}

const ALL: &[(&str, &str)] = &[
    template!("report.html"),
    template!("report.md"),
    template!("partials/figure.html"),
    template!("partials/claims.html"),
    template!("partials/verdicts.html"),
    template!("partials/robustness.html"),
    template!("partials/robustness.md"),
    template!("partials/table.html"),
    template!("partials/plot.html"),
    template!("partials/section.html"),
    template!("partials/section.md"),
    template!("partials/figure.md"),
    template!("partials/table.md"),
];
const CSS: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

fn tera() -> Result<Tera, ReportError> {
    let mut tera = Tera::default();
    tera.register_filter("md", |v: &str, _: Kwargs, _: &State| format::markdown(v));
    tera.register_filter("mdcode", |v: &str, _: Kwargs, _: &State| format::markdown_code(v));
    tera.register_filter("mdblock", |v: &str, _: Kwargs, _: &State| format::markdown_block(v));
    tera.add_raw_templates(ALL.iter().copied()).map_err(|e| fail("all", &e))?;
    Ok(tera)
}

fn fail(name: &'static str, e: &dyn std::error::Error) -> ReportError {
    let mut reason = e.to_string();
    let mut source = e.source();
    while let Some(s) = source {
        reason += &format!(": {s}");
        source = s.source();
    }
    ReportError::Template { name, reason }
}

fn fill(name: &'static str, page: &Page) -> Result<String, ReportError> {
    let mut context = Context::from_serialize(page).map_err(|e| fail(name, &e))?;
    context.insert("css", CSS);
    context.insert("script", SCRIPT);
    tera()?.render(name, &context).map_err(|e| fail(name, &e))
}

/// `index.html`.
pub fn html(page: &Page) -> Result<String, ReportError> {
    fill("report.html", page)
}

/// `report.md`.
pub fn markdown(page: &Page) -> Result<String, ReportError> {
    fill("report.md", page)
}
