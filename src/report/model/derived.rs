//! What is made of the figures' cells: headline, lengths, rates.

use super::{CellModel, FigureModel, Headline, Length, Rate, Run, distinct};
use crate::data::DatasetId;
use crate::run::Provenance;
use crate::study::figures::PlotKind;
use crate::study::rates::RateTable;
use crate::study::{Profile, Recipe};

pub(super) fn headline(figures: &[FigureModel]) -> Vec<Headline> {
    let compared = |f: &&FigureModel| f.figure.plot != PlotKind::Growth && f.cells.iter().any(CellModel::is_compared);
    let kinds = |f: &&FigureModel| f.cells.iter().any(CellModel::is_matched);
    let mut grids: Vec<&FigureModel> = figures.iter().filter(compared).collect();
    // the grids of all feedback kinds, where they are; a table has room for two figures
    if grids.iter().any(kinds) {
        grids.retain(kinds);
    }
    grids.truncate(2);
    let Some(first) = grids.first() else { return Vec::new() };
    let mut rows = Vec::new();
    for dataset in first.datasets() {
        for network in first.networks() {
            let best = |f: &&FigureModel| {
                let cells = f.group(dataset, &network).into_iter().filter(|c| c.is_compared());
                let best = cells.filter(|c| c.summary.mean.is_some()).max_by(|a, b| {
                    // of equals the first in the figure's order
                    a.summary.mean.partial_cmp(&b.summary.mean).expect("finite means").then(std::cmp::Ordering::Greater)
                });
                (f.figure, best.cloned())
            };
            rows.push(Headline {
                dataset,
                reference: first.group(dataset, &network).into_iter().find(|c| c.is_reference()).cloned(),
                best: grids.iter().map(best).collect(),
                network: network.clone(),
            });
        }
    }
    rows
}

pub(super) fn lengths(figures: &[FigureModel]) -> Vec<Length> {
    let mut rows = Vec::new();
    for dataset in DatasetId::ALL {
        let full_epoch: u64 = match dataset {
            DatasetId::Mnist => 843,
            DatasetId::Cifar10 => 703,
        };
        let of = |f: &FigureModel| f.cells.iter().filter(|c| c.cell.dataset == dataset).cloned().collect::<Vec<_>>();
        // the study of growth has a length of its own
        let measured = figures.iter().filter(|f| f.figure.plot != PlotKind::Growth);
        let runs: Vec<Run> = measured.flat_map(of).flat_map(|c| c.runs).collect();
        let post = figures.iter().map(|f| f.figure.epochs_of_the_post).max().unwrap_or(0);
        if let Some(longest) = runs.iter().max_by_key(|r| r.steps) {
            rows.push(Length {
                dataset,
                epochs: longest.epochs,
                steps: longest.steps,
                steps_of_the_post: u64::from(post) * full_epoch,
            });
        }
    }
    rows
}

pub(super) fn rates(figures: &[FigureModel], provenance: &Provenance) -> Vec<Rate> {
    let profile: Option<Profile> = provenance.profile.parse().ok();
    // what a command line gave was set by hand too, but by the user
    let given = provenance.command.contains(" --rate ") || provenance.study.is_some();
    let table = profile.filter(|_| !given).map(RateTable::of).zip(provenance.recipe.parse::<Recipe>().ok());
    let mut rows: Vec<Rate> = Vec::new();
    for cell in figures.iter().flat_map(|f| &f.cells).filter(|c| !c.runs.is_empty()) {
        let (dataset, network) = (cell.cell.dataset.title().to_string(), cell.cell.network.title());
        let rule = cell.cell.rule.entry().title.to_string();
        let used = cell.runs.iter().map(|r| r.learning_rate);
        let by_hand = table.is_some_and(|(table, recipe)| table.is_preliminary(&cell.cell, recipe));
        match rows.iter_mut().find(|r| r.dataset == dataset && r.network == network && r.rule == rule) {
            Some(row) => {
                row.rates = distinct(row.rates.iter().copied().chain(used));
                row.by_hand |= by_hand;
            }
            None => rows.push(Rate { dataset, network, rule, rates: distinct(used), by_hand }),
        }
    }
    rows
}
