//! Rate searches side by side: trains in rounds until each has its winner (`report tune`, studies with rates to tune).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;
use std::sync::Arc;

use super::train::train;
use crate::data;
use crate::run::plan::{Datasets, Planned};
use crate::run::tune::{Grid, MOVED, Next, Point, Target, entry, grid, score};
use crate::run::{Store, StoredTrial};
use crate::study::rates::{BP, RateEntry};
use crate::study::{Cell, Profile};

/// Where searches are done and what they are called.
pub struct Bench<'a> {
    pub profile: Profile,
    /// Folder with the user's own copy of the data.
    pub data: Option<&'a Path>,
    pub threads: usize,
    pub store: &'a Store,
    pub out: &'a Path,
    /// For the table: what makes these searches again.
    pub command: &'a dyn Fn(&str, &Cell) -> String,
}

/// One search: what was tried with what came of it.
struct Search {
    target: Target,
    /// The first rates.
    grid: Grid,
    tried: BTreeMap<Point, StoredTrial>,
    /// To try next.
    wanted: Vec<Point>,
    /// How it ended.
    end: Option<Next>,
}

impl Bench<'_> {
    /// What to say, and the winners' entries. Trials that the store has are not trained again.
    pub fn search(&self, targets: Vec<Target>, datasets: &mut Datasets) -> anyhow::Result<(String, Vec<RateEntry>)> {
        let mut searches: Vec<Search> = targets
            .into_iter()
            .map(|target| {
                let grid = grid(target.known);
                Search { wanted: target.searched.first(&grid), target, grid, tried: BTreeMap::new(), end: None }
            })
            .collect();
        for s in &searches {
            let id = s.target.cell.dataset;
            if let Entry::Vacant(slot) = datasets.entry(id) {
                slot.insert(Arc::new(data::load(id, self.profile.data(), self.data)?));
            }
        }
        loop {
            let mut round = vec![];
            for s in &searches {
                let data = &datasets[&s.target.cell.dataset];
                round.extend(s.wanted.iter().map(|p| Planned::new(s.target.trial(self.profile, *p, data), data)));
            }
            if round.is_empty() {
                break;
            }
            train(&round, datasets, self.store, self.threads, self.out)?;
            for s in &mut searches {
                self.advance(s, datasets)?;
            }
        }
        let (mut text, mut entries) = (String::new(), vec![]);
        for s in &searches {
            let (said, entry) = self.result(s);
            text += &said;
            entries.extend(entry);
        }
        Ok((text, entries))
    }

    /// Takes the results of a round and decides on the next.
    fn advance(&self, s: &mut Search, datasets: &Datasets) -> anyhow::Result<()> {
        let data = &datasets[&s.target.cell.dataset];
        for point in std::mem::take(&mut s.wanted) {
            let key = s.target.trial(self.profile, point, data).key();
            let stored = self.store.peek(&key)?;
            let vanished = || anyhow::anyhow!("{}: vanished", self.store.path(&key).display());
            s.tried.insert(point, stored.ok_or_else(vanished)?);
        }
        if s.end.is_none() {
            let scores = s.tried.iter().map(|(p, t)| (*p, score(&t.outcome))).collect();
            match s.target.searched.next(&s.grid, &scores) {
                Next::Try(points) => s.wanted = points,
                end => s.end = Some(end),
            }
        }
        Ok(())
    }

    /// A line, and the winner's entry if there is one.
    fn result(&self, s: &Search) -> (String, Option<RateEntry>) {
        let Target { cell, recipe, family, .. } = &s.target;
        let family = if family == BP { String::new() } else { format!(" {family}") };
        let name = format!("{}/{}{family} recipe {recipe}", cell.dataset, cell.network);
        let (winner, unmoved) = match s.end {
            Some(Next::Winner(point)) => (point, false),
            Some(Next::Unmoved(point)) => (point, true),
            _ => {
                return (format!("{name}: everything down to the smallest rates overflowed; no entry written\n"), None);
            }
        };
        let tried: BTreeMap<_, _> = s.tried.iter().map(|(p, t)| (*p, &t.outcome)).collect();
        let found = entry(&s.target, &(self.command)(&s.target.family, &s.target.cell), (winner, unmoved), &tried);
        let mut text = format!("{name}: {}", found.learning_rate);
        if let Some(growth) = found.growth {
            text += &format!(", growth exponent {growth}");
        }
        if unmoved {
            text += &format!(
                " (no admissible rate: whatever stayed finite moved the hidden layer by less than {:.0} %)",
                MOVED * 100.0
            );
        }
        text += &format!("; {} tried\n", found.tried.len());
        (text, Some(found))
    }
}
