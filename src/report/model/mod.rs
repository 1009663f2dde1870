//! The report's numbers: frames sorted into figures and cells. No formatting here.

mod cells;
mod derived;

use sha2::{Digest, Sha256};

pub use super::reading::{Growth, Point, Run, Summary};
use super::{Inputs, Reference, ReportError, reading};
use crate::data::DatasetId;
use crate::run::Provenance;
use crate::stats::claims::Judged;
use crate::stats::claims::Margins;
use crate::stats::robustness::Robustness;
use crate::study::figures::{self, Figure, PlotKind};
use crate::study::{Profile, Study};
pub use cells::{CellModel, Direction, FigureModel};
use derived::{headline, lengths, rates};

/// One line of the first page's table.
#[derive(Clone)]
pub struct Headline {
    pub dataset: DatasetId,
    pub network: crate::net::Architecture,
    pub reference: Option<CellModel>,
    /// Best cell of each feedback figure by mean test accuracy, with the figure.
    pub best: Vec<(&'static Figure, Option<CellModel>)>,
}

/// How long trials of one dataset were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    pub dataset: DatasetId,
    pub epochs: u32,
    pub steps: u64,
    /// Steps of the post's longest setting on the full training set.
    pub steps_of_the_post: u64,
}

/// A rate that was used.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    pub dataset: String,
    pub network: String,
    pub rule: String,
    pub rates: Vec<f64>,
    /// Some of them come from the profile's table where no search has chosen them yet.
    pub by_hand: bool,
}

/// Everything the report says, as numbers.
#[derive(Clone)]
pub struct Model<'a> {
    pub provenance: &'a Provenance,
    pub claims: &'a [Judged],
    /// Within which differences they count accuracies as alike.
    pub margins: Margins,
    pub reference: Option<&'a Reference>,
    pub profile: Option<Profile>,
    /// The user's own study, if that is what was run.
    pub study: Option<Study>,
    pub figures: Vec<FigureModel>,
    pub skipped: Vec<&'static Figure>,
    pub headline: Vec<Headline>,
    pub lengths: Vec<Length>,
    pub rates: Vec<Rate>,
    pub train_time_s: f64,
    /// Commits that trained the figures' trials, with how many ([`reading::commits`]).
    pub trained_by: Vec<(String, usize)>,
    pub robustness: Option<&'a Robustness>,
}

/// Names in the results of a cell's trials with their variants; the cell itself where there are none.
fn names(runs: &reading::RunsByCell, canonical: &str) -> Vec<(String, String)> {
    let mut names: Vec<(String, String)> = runs
        .keys()
        .filter_map(|name| {
            let variant = name.strip_prefix(canonical)?;
            match variant.strip_prefix(" [").and_then(|v| v.strip_suffix(']')) {
                Some(variant) => Some((name.clone(), variant.to_string())),
                None if variant.is_empty() => Some((name.clone(), String::new())),
                None => None,
            }
        })
        .collect();
    names.sort();
    if names.is_empty() { vec![(canonical.to_string(), String::new())] } else { names }
}

pub fn distinct<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    items.fold(Vec::new(), |mut all, item| {
        if !all.contains(&item) {
            all.push(item);
        }
        all
    })
}

/// Mean and standard deviation (n-1; none for fewer than two).
pub fn mean_std(values: &[f64]) -> (Option<f64>, Option<f64>) {
    let n = values.len() as f64;
    if values.is_empty() {
        return (None, None);
    }
    // equal values have a deviation of exactly zero, whatever their mean rounds to
    if values.iter().all(|v| *v == values[0]) {
        return (Some(values[0]), (values.len() > 1).then_some(0.0));
    }
    let mean = values.iter().sum::<f64>() / n;
    let square = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
    (Some(mean), (values.len() > 1).then(|| (square / (n - 1.0)).sqrt()))
}

fn direction<'a>(cells: impl Iterator<Item = &'a CellModel>) -> Direction {
    cells.fold(Direction::default(), |mut d, c| {
        match (c.summary.difference_low, c.summary.difference_high) {
            (Some(low), _) if low > 0.0 => d.above += 1,
            (_, Some(high)) if high < 0.0 => d.below += 1,
            // a cell of which nothing finished is not level with backpropagation
            _ if c.all_diverged() => d.below += 1,
            _ => d.open += 1,
        }
        d
    })
}

impl<'a> Model<'a> {
    pub fn new(inputs: &Inputs<'a>) -> Result<Model<'a>, ReportError> {
        let provenance = inputs.provenance;
        let profile: Option<Profile> = provenance.profile.parse().ok();
        let all_runs = reading::runs(inputs.trials)?;
        let all_summaries = reading::summaries(inputs.summary)?;
        let all_curves = reading::curves(inputs.curves, &all_runs)?;
        let study = provenance.study.as_ref().map(|text| Study::read("study", text)).transpose()?;
        let (mut shown, mut skipped) = (Vec::new(), Vec::new());
        for figure in figures::REGISTRY.iter().copied().chain(study.as_ref().map(|s| s.figure)) {
            // a trial that two figures share does not make the other one asked for
            if !provenance.figures.iter().any(|id| id == figure.id) {
                continue;
            }
            let mut hash = Sha256::new();
            let mut hashed: Vec<String> = Vec::new();
            let mut cells = Vec::new();
            for cell in figure.cells() {
                let canonical = cell.canonical().to_string();
                if !provenance.cells.is_empty() && !provenance.cells.contains(&canonical) {
                    continue;
                }
                let asked = |(name, _): &(String, String)| {
                    all_runs.get(name).is_none_or(|runs| runs.iter().any(|(r, _)| inputs.uses.shows(figure.id, &r.key)))
                };
                // another figure may have trained the cell for longer
                let mut names: Vec<_> = names(&all_runs, &canonical).into_iter().filter(asked).collect();
                if let ([only], true) = (&mut names[..], figure.plot != PlotKind::Rows) {
                    only.1.clear();
                }
                if names.is_empty() {
                    names.push((format!("{canonical} [not for this figure]"), String::new()));
                }
                if names.len() > 1 && figure.plot != PlotKind::Rows {
                    let variants = names.iter().map(|n| n.1.as_str()).collect::<Vec<_>>().join("; ");
                    return Err(ReportError::Mixed { figure: figure.id, cell: canonical, variants });
                }
                for (name, variant) in names {
                    let rows = all_runs.get(&name).map_or(&[][..], Vec::as_slice);
                    let wanted = |r: &Run| r.repeat == 0 || figure.fixed_runs.is_some();
                    if !hashed.contains(&name) {
                        rows.iter().filter(|(r, _)| wanted(r)).for_each(|(_, row)| hash.update(row.as_bytes()));
                        hashed.push(name.clone());
                    }
                    let first = rows.first().map(|(r, _)| r.seed);
                    let pick = |f: &dyn Fn(&Run) -> bool| -> Vec<Run> {
                        rows.iter().map(|(r, _)| r).filter(|r| f(r)).cloned().collect()
                    };
                    let repeated = rows.iter().find(|(r, _)| r.repeat > 0).map(|(r, _)| r.seed).or(first);
                    cells.push(CellModel {
                        runs: pick(&|r| r.repeat == 0),
                        repeats: match figure.fixed_runs {
                            Some(_) => pick(&|r| Some(r.seed) == repeated),
                            None => Vec::new(),
                        },
                        summary: all_summaries.get(&name).copied().unwrap_or_default(),
                        curves: all_curves.get(&name).map_or_else(Vec::new, |c| c.values().cloned().collect()),
                        cell: cell.clone(),
                        canonical: canonical.clone(),
                        variant,
                    });
                }
            }
            if cells.iter().all(|c| c.runs.is_empty()) {
                skipped.push(figure);
                continue;
            }
            let compares = figure.plot != PlotKind::Growth;
            let feedback =
                |matched| cells.iter().filter(move |c| compares && c.is_compared() && c.is_matched() == matched);
            // a study need not hold backpropagation beside every cell
            let beside = |c: &&CellModel| figure.plot != PlotKind::Rows || c.summary.difference.is_some();
            let present = |matched| feedback(matched).filter(|c| !c.runs.is_empty()).filter(beside);
            shown.push(FigureModel {
                figure,
                seeds_wanted: figure.fixed_runs.map_or(provenance.seeds.len(), |f| f.seeds as usize),
                sha256: hex::encode(hash.finalize()),
                own: direction(present(false)),
                matched: direction(present(true)),
                cells,
            });
        }
        Ok(Model {
            provenance,
            claims: inputs.claims,
            margins: inputs.margins,
            reference: inputs.reference,
            profile,
            headline: if study.is_some() { Vec::new() } else { headline(&shown) },
            lengths: lengths(&shown),
            rates: rates(&shown, provenance),
            robustness: inputs.robustness,
            train_time_s: all_runs.values().flatten().map(|(r, _)| r.train_time_s).sum(),
            trained_by: reading::commits(inputs.trials)?,
            figures: shown,
            skipped,
            study,
        })
    }

    /// Whether every dataset's trials are shorter than the post's.
    pub fn is_short(&self) -> bool {
        self.lengths.iter().any(|l| l.steps < l.steps_of_the_post)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_deviate_by_exactly_zero() {
        assert_eq!(mean_std(&[0.1, 0.1, 0.1]).1, Some(0.0));
        assert_eq!(mean_std(&[0.1]), (Some(0.1), None));
        assert_eq!(mean_std(&[1.0, 3.0]), (Some(2.0), Some(2f64.sqrt())));
    }
}
