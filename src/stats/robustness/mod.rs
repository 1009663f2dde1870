//! The robustness tables: each setting held against the main one, cell by cell and claim by claim, by direction only.

mod direction;

use std::collections::BTreeSet;

use super::claims::{CellData, Evidence, Margins};
use super::files::keep;
use super::{Results, StatsError, mean, std_dev};
pub use direction::{Direction, Seen};
use direction::{differences, directions};

use crate::study::claims::{CellName, Claim, REGISTRY};
use crate::study::robustness::{self, CHOICES, Change, Choice, SETTINGS, Setting};
use crate::study::{Cell, DataSize};

/// What a cell came to in one setting.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Side {
    /// Of the finished trials.
    pub mean: Option<f64>,
    pub std: Option<f64>,
    pub finished: usize,
    pub diverged: usize,
    /// Mean difference to backpropagation in the same setting, by seed; a diverged trial counts as chance.
    pub gap: Option<f64>,
}

impl Side {
    /// Whether anything was trained.
    pub fn is_empty(&self) -> bool {
        self.finished + self.diverged == 0
    }
}

/// A cell in the main setting and in another.
#[derive(Debug, Clone)]
pub struct Row {
    /// What the other setting trains.
    pub cell: Cell,
    /// What it stands for in the figures.
    pub of: Cell,
    pub choice: Option<&'static Choice>,
    pub main: Side,
    pub other: Side,
    /// Other minus main, by seed.
    pub change: Option<f64>,
    /// Both are the same trials: the rule had a rate of its own anyway.
    pub same: bool,
}

/// A claim whose direction another setting turns.
#[derive(Clone)]
pub struct Turned {
    pub claim: &'static Claim,
    pub choice: Option<&'static Choice>,
    pub before: Direction,
    pub after: Direction,
}

/// One setting beside the main one.
#[derive(Clone)]
pub struct Table {
    pub setting: &'static Setting,
    pub rows: Vec<Row>,
    /// Claims that could be looked at with these cells.
    pub judged: Vec<&'static str>,
    pub turned: Vec<Turned>,
}

/// Every table, with the sizes behind it.
#[derive(Clone)]
pub struct Robustness {
    pub tables: Vec<Table>,
    /// Seeds of a cell of the main setting, and epochs of its longest trial: the tables' own, not the figures'.
    pub seeds: usize,
    pub epochs: u32,
    /// On the full sets; else on a subset.
    pub full_data: bool,
}

/// Cells of a setting.
struct Cells(Vec<CellData>);

impl Cells {
    fn of(results: &Results, setting: &Setting) -> Result<Cells, StatsError> {
        let keys: BTreeSet<&str> = match results.uses.0.get(&setting.mark()) {
            Some(keys) => keys.iter().map(String::as_str).collect(),
            None => BTreeSet::new(),
        };
        let mut cells = Evidence::of_trials(&keep(&results.trials, &keys)?)?.into_cells();
        if setting.change == Change::BestEpoch {
            cells.iter_mut().flat_map(|c| &mut c.runs).for_each(|r| r.test = r.best);
        }
        Ok(Cells(cells))
    }

    fn find(&self, cell: &Cell) -> Option<&CellData> {
        let name = CellName::parse(&cell.to_string())?;
        self.0.iter().find(|c| c.name == name)
    }

    fn has_trials(&self, cell: &Cell) -> bool {
        self.find(cell).is_some_and(|c| !c.runs.is_empty())
    }
}

/// The tables of a run that was asked for them; `None` for any other.
pub fn tables(results: &Results, margins: &Margins) -> Result<Option<Robustness>, StatsError> {
    if !results.provenance.robustness {
        return Ok(None);
    }
    let main = Cells::of(results, &SETTINGS[0])?;
    let tables = SETTINGS.iter().filter(|s| s.change != Change::None);
    let tables = tables.map(|s| table(results, s, &main, margins)).collect::<Result<Vec<_>, _>>()?;
    let profile = results.provenance.profile.parse().ok();
    Ok(Some(Robustness {
        tables,
        seeds: main.0.iter().map(|c| c.runs.len()).max().unwrap_or(0),
        epochs: main.0.iter().map(|c| c.epochs).max().unwrap_or(0),
        full_data: profile.is_some_and(|p: crate::study::Profile| p.data() == DataSize::Full),
    }))
}

fn table(results: &Results, setting: &'static Setting, main: &Cells, margins: &Margins) -> Result<Table, StatsError> {
    let other = Cells::of(results, setting)?;
    let same_keys = results.uses.0.get(&SETTINGS[0].mark()).zip(results.uses.0.get(&setting.mark()));
    let keys = results.trials.column("key")?.str()?;
    let names = results.trials.column("cell")?.str()?;
    let shared: BTreeSet<&str> = match same_keys.filter(|_| setting.change == Change::OwnRate) {
        Some((a, b)) => keys
            .iter()
            .zip(names.iter())
            .filter_map(|(k, n)| n.filter(|_| k.is_some_and(|k| a.contains(k) && b.contains(k))))
            .collect(),
        None => BTreeSet::new(),
    };
    let beside = [&other, main];
    let row = |cell: Cell, of: Cell, choice: Option<&'static Choice>| -> Result<Row, StatsError> {
        let (new, old) = (other.find(&cell), main.find(&of));
        Ok(Row {
            main: side(old, &[main])?,
            // a choice is trained alone: backpropagation beside it is the main setting's, unless the network is another
            other: side(new, if choice.is_some() { &beside[..] } else { &beside[..1] })?,
            change: new.zip(old).and_then(|(n, o)| mean(&differences(n, o)).ok()),
            same: shared.contains(cell.to_string().as_str()),
            cell,
            of,
            choice,
        })
    };
    let mut rows = vec![];
    let (mut judged, mut turned) = (vec![], vec![]);
    let mut compare = |choice: Option<&'static Choice>, names: &[(Cell, Cell)], whole: bool| {
        let replaced = |of: &Cell| names.iter().find(|(_, o)| o == of).and_then(|(new, _)| other.find(new));
        let (mut before, mut after) = (vec![], vec![]);
        for old in main.0.iter().filter(|c| !c.runs.is_empty()) {
            let of: Option<&Cell> = names
                .iter()
                .map(|(_, o)| o)
                .find(|o| CellName::parse(&o.to_string()).is_some_and(|name| name == old.name));
            match of.map(replaced) {
                Some(Some(new)) => {
                    before.push(old.clone());
                    // under the name that the claims speak of
                    after.push(CellData { name: old.name.clone(), ..new.clone() });
                }
                // a choice changes its own cells, all others stay; a setting is judged on the cells that it has
                None if whole => [&mut before, &mut after].into_iter().for_each(|e| e.push(old.clone())),
                _ => {}
            }
        }
        // a choice says nothing of a claim whose cells it did not train
        let trained = |(new, of): &&(Cell, Cell)| [(&other, new), (main, of)].iter().all(|(s, c)| s.has_trials(c));
        let touched = |c: &Claim| !whole || names.iter().filter(trained).any(|(_, of)| speaks_of(c, of));
        let of = |cells: Vec<CellData>| directions(&Evidence::from_cells(cells), margins);
        let after = of(after);
        for before in of(before).into_iter().filter(|d| touched(d.claim)) {
            let Some(after) = after.iter().find(|a| a.claim.id == before.claim.id).cloned() else { continue };
            if !judged.contains(&before.claim.id) {
                judged.push(before.claim.id);
            }
            if before.seen != after.seen {
                turned.push(Turned { claim: before.claim, choice, before, after });
            }
        }
    };
    match setting.change {
        Change::Choice => {
            for choice in &CHOICES {
                let pairs = choice.pairs();
                compare(Some(choice), &pairs, true);
                for (new, old) in pairs {
                    rows.push(row(new, old, Some(choice))?);
                }
            }
        }
        _ => {
            let pairs: Vec<(Cell, Cell)> = robustness::cells().into_iter().map(|c| (c.clone(), c)).collect();
            compare(None, &pairs, false);
            for (new, old) in pairs {
                rows.push(row(new, old, None)?);
            }
        }
    }
    // choices name them in their own order
    let number = |id: &str| REGISTRY.iter().position(|c| c.id == id);
    judged.sort_by_key(|id| number(id));
    turned.sort_by_key(|t| number(t.claim.id));
    Ok(Table { setting, rows, judged, turned })
}

/// Whether a claim compares the cell.
fn speaks_of(claim: &Claim, cell: &Cell) -> bool {
    let Some(name) = CellName::parse(&cell.to_string()) else { return false };
    claim.predicate.cells().iter().filter_map(|c| CellName::parse(c)).any(|c| c.speaks_of(&name))
}

/// `beside`: where backpropagation is looked for, first come first.
fn side(cell: Option<&CellData>, beside: &[&Cells]) -> Result<Side, StatsError> {
    let Some(cell) = cell else { return Ok(Side::default()) };
    let values: Vec<f64> = cell.runs.iter().filter(|r| !r.diverged).filter_map(|r| r.test).collect();
    let bp = CellName::parse(&cell.name.backpropagation()).filter(|bp| *bp != cell.name);
    let bp = bp.and_then(|bp| beside.iter().find_map(|cells| cells.0.iter().find(|c| c.name == bp)));
    Ok(Side {
        mean: mean(&values).ok(),
        std: std_dev(&values).ok(),
        finished: values.len(),
        diverged: cell.runs.iter().filter(|r| r.diverged).count(),
        gap: bp.and_then(|bp| mean(&differences(cell, bp)).ok()),
    })
}

#[cfg(test)]
mod tests;
