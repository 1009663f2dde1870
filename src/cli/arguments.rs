//! Arguments that several commands share, and how their values are checked.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use clap::{Args, value_parser};

use super::Misuse;
use crate::data::{self, DataError};
use crate::run::plan::{Datasets, Request};
use crate::run::{atomic, cores};
use crate::study::figures::{Figure, REGISTRY, figure};
use crate::study::{Cell, DataSize, Precision, Profile, Recipe, Study};

/// Which trials.
#[derive(Args, Clone)]
pub struct StudyArgs {
    /// Sizes of the run: smoke, quick, standard or full (`report list profiles`)
    #[arg(long, default_value = "quick")]
    pub profile: Profile,
    /// Figures, such as `3,7-8` or `five-runs` (`report list figures`), or `none` beside --robustness [default: all]
    #[arg(long, value_name = "LIST")]
    pub figures: Option<FigureList>,
    /// The robustness tables too: a few cells under other recipes, rates and readings (`report list robustness`); 3 seeds
    #[arg(long, conflicts_with_all = ["study", "cells", "recipe", "rate"])]
    pub robustness: bool,
    /// A study of your own instead of the figures (`report list figure 7 --toml` prints one to start from)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["figures", "cells", "recipe", "rate"])]
    pub study: Option<PathBuf>,
    /// Only this cell of the figures, as `report list cells` prints it; may be given several times
    #[arg(long = "cell", value_name = "CELL")]
    pub cells: Vec<Cell>,
    /// Seeds 1 to N (1 to 1000) instead of the profile's; `five-runs` keeps its five
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..=1000))]
    pub seeds: Option<u64>,
    /// Epochs (1 to 10000) instead of the profile's
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=10_000))]
    pub epochs: Option<u32>,
    /// Recipe: main, unit or nokland (`report list recipes`)
    #[arg(long, default_value = "main")]
    pub recipe: Recipe,
    /// One learning rate for every cell, instead of the table's (`report list rates`)
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub rate: Option<f64>,
    /// Products in f32, or in bf16 with f32 weights and sums: faster where the processor has it, results differ slightly.
    /// `bf16` is the fastest here of `bf16-amx` and `bf16-avx512`, which differ in their last bits
    #[arg(long, default_value = "f32", value_name = "f32|bf16", value_parser = precision)]
    pub precision: Precision,
}

impl StudyArgs {
    /// What the arguments ask for.
    ///
    /// # Errors
    /// A cell that is in none of the figures; a study file that cannot be used.
    pub fn request(&self) -> anyhow::Result<Request> {
        let study = self.study.as_deref().map(read_study).transpose()?;
        let mut figures = match (&study, &self.figures) {
            (Some(study), _) => vec![study.figure],
            (None, Some(figures)) if figures.0.is_empty() && !self.robustness => {
                return Err(misuse("--figures none: nothing to do; it is for --robustness alone".into()));
            }
            (None, Some(figures)) => figures.0.clone(),
            (None, None) => REGISTRY.to_vec(),
        };
        let mut cells: Vec<Cell> = self.cells.iter().map(Cell::canonical).collect();
        cells.sort();
        cells.dedup();
        let holds = |f: &Figure, cell: &Cell| f.cells().iter().any(|c| c.canonical() == *cell);
        if let Some(stray) = cells.iter().find(|cell| !figures.iter().any(|f| holds(f, cell))) {
            let names: Vec<_> = figures.iter().map(|f| f.id).collect();
            return Err(misuse(format!(
                "--cell {stray}: not a cell of the figures asked for ({}); `report list cells` prints them all",
                names.join(", ")
            )));
        }
        if !cells.is_empty() && self.figures.is_none() {
            // a check that trains one seed again and again is not what a single cell asks for
            figures.retain(|f| f.fixed_runs.is_none() && cells.iter().any(|cell| holds(f, cell)));
        }
        Ok(Request {
            profile: self.profile,
            figures,
            cells: (!cells.is_empty()).then_some(cells),
            seeds: self.seeds,
            epochs: self.epochs,
            recipe: self.recipe,
            rate: self.rate,
            study: study.map(Arc::new),
            rates: None,
            robustness: self.robustness,
            precision: self.precision,
        })
    }
}

fn read_study(path: &Path) -> anyhow::Result<Study> {
    let name = path.display().to_string();
    let text =
        atomic::read_text(path, atomic::MOST_TEXT).map_err(|e| misuse(format!("--study {name}: cannot read: {e}")))?;
    Study::read(&name, &text).map_err(|e| misuse(e.to_string()))
}

/// Where the work is done.
#[derive(Args, Clone)]
pub struct PlaceArgs {
    /// Threads (1 to 1024), one trial each; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..=1024))]
    pub threads: Option<u64>,
    /// Folder with your own copy of the full datasets
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Output folder [default: reports/local/<profile>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

impl PlaceArgs {
    pub fn threads(&self) -> usize {
        self.threads.map_or_else(cores, |n| n as usize)
    }

    /// The output folder; `name` is the last part of the default.
    pub fn out(&self, name: &str) -> PathBuf {
        self.out.clone().unwrap_or_else(|| Path::new("reports").join("local").join(name))
    }
}

/// Datasets of a request, loaded and checked.
pub fn load(request: &Request, dir: Option<&Path>) -> Result<Datasets, DataError> {
    if let Some(dir) = dir.filter(|_| request.profile.data() != DataSize::Full) {
        eprintln!(
            "note: profile {} trains on the bundled subset: --data {} is not read (--profile standard or full reads it)",
            request.profile,
            dir.display()
        );
    }
    request.datasets().into_iter().map(|id| Ok((id, Arc::new(data::load(id, request.profile.data(), dir)?)))).collect()
}

/// A positive, finite learning rate.
pub fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("a learning rate is a positive, finite number, such as 0.1 or 3e-3".into()),
    }
}

/// A precision that this machine can train in. `bf16`: the fastest it has.
fn precision(text: &str) -> Result<Precision, String> {
    let precision = match text {
        "bf16" => Precision::fastest_bf16(),
        _ => Precision::ALL
            .into_iter()
            .find(|p| p.argument() == text)
            .ok_or_else(|| format!("unknown precision `{text}`; known: f32, bf16, bf16-avx512, bf16-amx"))?,
    };
    precision.available().map(|()| precision)
}

/// Figures in the order of the registry, each once.
#[derive(Clone)]
pub struct FigureList(pub Vec<&'static Figure>);

impl FromStr for FigureList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut wanted: Vec<&'static str> = vec![];
        if text == "none" {
            return Ok(FigureList(vec![]));
        }
        for part in text.split(',').map(str::trim) {
            // `five-runs` holds a dash too: names first
            if let Ok(f) = figure(part) {
                wanted.push(f.id);
                continue;
            }
            let range = part.split_once('-').and_then(|(a, b)| Some((a.parse::<u32>().ok()?, b.parse::<u32>().ok()?)));
            match range {
                Some((from, to)) if from <= to && to <= 99 => {
                    for n in from..=to {
                        wanted.push(figure(&n.to_string())?.id);
                    }
                }
                Some((from, to)) => {
                    return Err(format!(
                        "`{from}-{to}` is not a range of figures; write the smaller first, such as 7-8"
                    ));
                }
                None => return Err(figure(part).err().unwrap_or_default()),
            }
        }
        Ok(FigureList(REGISTRY.iter().copied().filter(|f| wanted.contains(&f.id)).collect()))
    }
}

/// Part `index` of `of`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    pub index: usize,
    pub of: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not I/N with I from 0 to N-1 and N up to 100000, such as 0/4");
        let (index, of) = text.split_once('/').ok_or_else(bad)?;
        let (index, of) = (index.parse().map_err(|_| bad())?, of.parse().map_err(|_| bad())?);
        if index < of && of <= 100_000 { Ok(Shard { index, of }) } else { Err(bad()) }
    }
}

/// A mistake in a value that only shows when the plan is known.
pub fn misuse(text: String) -> anyhow::Error {
    Misuse(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Result<Vec<&'static str>, String> {
        text.parse::<FigureList>().map(|l| l.0.iter().map(|f| f.id).collect())
    }

    #[test]
    fn figure_lists_are_names_and_ranges() {
        assert_eq!(ids("8,7").unwrap(), ["7", "8"]);
        assert_eq!(ids("7-8, five-runs,7").unwrap(), ["7", "8", "five-runs"]);
        for bad in ["", "12", "7-12", "8-7", "7,,8", "five", "7-", "1-99999999999"] {
            let e = ids(bad).unwrap_err();
            assert!(e.contains("known: 3, 4, 5, 7, 8, five-runs") || e.contains("such as 7-8"), "{bad}: {e}");
        }
    }

    #[test]
    fn shards_and_rates_are_checked() {
        assert_eq!("3/4".parse(), Ok(Shard { index: 3, of: 4 }));
        for bad in ["4/4", "0/0", "1", "-1/3", "a/b", "0/100001"] {
            assert!(bad.parse::<Shard>().unwrap_err().contains("0 to N-1"), "{bad}");
        }
        assert_eq!(rate("3e-3"), Ok(0.003));
        for bad in ["0", "-1", "nan", "inf", "x", ""] {
            assert!(rate(bad).is_err(), "{bad}");
        }
    }
}
