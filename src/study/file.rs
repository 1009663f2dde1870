//! Studies of one's own: a TOML file with cells, or grids of them, and what to sweep over (`report run --study`).
//!
//! ```toml
//! id = "width"                       # a-z, 0-9 and dashes
//! title = "Does width help feedback alignment?"
//! seeds = 3                          # optional; else the profile's
//! epochs = 4                         # optional, a number or a list; else the profile's
//! recipe = "main"                    # optional, a name or a list
//! learning_rate = [0.03, 0.1]        # optional, a number, a list, or "tune": searched before; else the profile's table
//! growth = 1.0                       # optional; growth exponent of HebbNet's hidden layers, else the table's
//! feedback_rate = 0.01               # optional; rate of feedback that learns, else the table's
//! cells = ["mnist/1x2000/bp"]        # single cells, as `report list cells` prints them
//!
//! [[grid]]                           # and products
//! datasets = ["mnist"]
//! networks = ["1x100", "1x400"]
//! rules = ["bp", "fa/feedback=random"]
//! ```

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::Deserialize;

use super::figures::{self, Figure, FixedRuns, Grid, PlotKind};
use super::{Cell, Recipe};
use crate::data::DatasetId;
use crate::net::Architecture;
use crate::rules::RuleSpec;

/// Most cells times settings that one study may hold: a typing error should not ask for a year.
pub const MOST: usize = 10_000;

/// A study that was read and checked.
#[derive(Debug, Clone)]
pub struct Study {
    /// Its grid and words, in the form of the post's figures.
    pub figure: &'static Figure,
    /// The file as it was written: provenance.
    pub text: String,
    /// Different seeds of every cell.
    pub seeds: Option<u64>,
    /// Recipes to sweep over.
    pub recipes: Vec<Recipe>,
    /// Rates to sweep over; empty: the profile's table, or what is searched.
    pub learning_rates: Vec<f64>,
    /// Rates are searched on validation before the run, for the family of each cell.
    pub tune: bool,
    /// Growth exponent of HebbNet's hidden layers instead of the table's.
    pub growth: Option<f64>,
    /// Rate of feedback that learns instead of the table's.
    pub feedback_rate: Option<f64>,
    /// Lengths to sweep over; empty: the profile's.
    pub epochs: Vec<u32>,
}

/// Why a study file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct StudyError {
    pub name: String,
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    title: String,
    about: Option<String>,
    /// Figures of the post have it: profile `full` trains as long.
    epochs_of_the_post: Option<u32>,
    seeds: Option<u64>,
    /// Trainings of the first seed.
    repeats: Option<u32>,
    recipe: Option<OneOrMany<String>>,
    learning_rate: Option<LearningRate>,
    growth: Option<f64>,
    feedback_rate: Option<f64>,
    epochs: Option<OneOrMany<u32>>,
    #[serde(default)]
    cells: Vec<Cell>,
    #[serde(default)]
    grid: Vec<Product>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Product {
    datasets: Vec<String>,
    networks: Vec<String>,
    rules: Vec<String>,
}

/// `x = 1` or `x = [1, 2]`.
#[derive(Deserialize)]
#[serde(untagged, expecting = "one value of the right kind, or a list of them")]
enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

/// `x = 1`, `x = [1, 2]` or `x = "tune"`.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a number, a list of numbers, or \"tune\"")]
enum LearningRate {
    Given(OneOrMany<f64>),
    Word(String),
}

impl<T> OneOrMany<T> {
    fn list(self) -> Vec<T> {
        match self {
            OneOrMany::One(value) => vec![value],
            OneOrMany::Many(values) => values,
        }
    }
}

impl Study {
    /// Reads a study; `name` is for the error.
    ///
    /// # Errors
    /// A wrong key, value or combination, by name and with what is allowed.
    pub fn read(name: &str, text: &str) -> Result<Study, StudyError> {
        let fail = |reason: String| StudyError { name: name.to_string(), reason };
        let file: File = toml::from_str(text).map_err(|e| fail(e.to_string().trim_end().to_string()))?;
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if file.id.is_empty() || file.id.len() > 40 || !file.id.chars().all(named) {
            return Err(fail(format!("id = {:?}: write 1 to 40 of a-z, 0-9 and dashes", file.id)));
        }
        if figures::REGISTRY.iter().any(|f| f.id == file.id) {
            return Err(fail(format!("id = {:?} is a figure of the post; choose another name", file.id)));
        }
        if file.title.trim().is_empty() {
            return Err(fail("title is empty; say in a few words what is compared".into()));
        }
        let cells = cells(&file).map_err(fail)?;
        let recipes = file.recipe.map_or(vec![Recipe::Main.to_string()], OneOrMany::list);
        let (tune, given) = match file.learning_rate {
            None => (false, None),
            Some(LearningRate::Given(rates)) => (false, Some(rates)),
            Some(LearningRate::Word(word)) if word == "tune" => (true, None),
            Some(LearningRate::Word(word)) => {
                return Err(fail(format!("learning_rate = {word:?}: a number, a list of numbers, or \"tune\"")));
            }
        };
        let (recipes, rates, epochs) =
            (parsed::<Recipe>(&recipes).map_err(fail)?, given.map(OneOrMany::list), file.epochs.map(OneOrMany::list));
        for (key, empty) in [
            ("recipe", recipes.is_empty()),
            ("learning_rate", rates.as_ref().is_some_and(Vec::is_empty)),
            ("epochs", epochs.as_ref().is_some_and(Vec::is_empty)),
        ] {
            if empty {
                return Err(fail(format!(
                    "{key} = []: a sweep needs at least one value; leave the key out for the default"
                )));
            }
        }
        let (rates, epochs) = (rates.unwrap_or_default(), epochs.unwrap_or_default());
        if let Some(bad) = rates.iter().find(|r| !(r.is_finite() && **r > 0.0)) {
            return Err(fail(format!("learning_rate = {bad}: a positive, finite number, such as 0.1 or 3e-3")));
        }
        for (key, value) in [("growth", file.growth), ("feedback_rate", file.feedback_rate)] {
            if let Some(bad) = value.filter(|v| !(v.is_finite() && *v > 0.0)) {
                return Err(fail(format!("{key} = {bad}: a positive, finite number")));
            }
        }
        in_range("epochs", epochs.iter().map(|e| u64::from(*e)), 1..=10_000).map_err(fail)?;
        in_range("seeds", file.seeds, 1..=1000).map_err(fail)?;
        in_range("repeats", file.repeats.map(u64::from), 1..=1000).map_err(fail)?;
        in_range("epochs_of_the_post", file.epochs_of_the_post.map(u64::from), 1..=10_000).map_err(fail)?;
        let all = cells.len() * recipes.len() * rates.len().max(1) * epochs.len().max(1);
        if all > MOST {
            return Err(fail(format!("{all} cells with their settings; at most {MOST} fit into one study")));
        }
        if tune && recipes.contains(&Recipe::Nokland) {
            return Err(fail(
                "learning_rate = \"tune\": recipe nokland has a fixed rate (RMSprop 1e-4); use recipe main or unit, or leave learning_rate out".into(),
            ));
        }
        if tune && epochs.len() > 1 {
            return Err(fail(format!(
                "learning_rate = \"tune\": rates depend on the length of a run; give one number of epochs, not {}",
                epochs.len()
            )));
        }
        let repeats = file.repeats.unwrap_or(1);
        // lives as long as the program, like the post's figures; one study is read per run
        let figure = Box::leak(Box::new(Figure {
            id: String::leak(file.id),
            title: String::leak(file.title),
            about: file.about.map_or("A study of the user's own.", |t| String::leak(t)),
            reading: "",
            cells: Grid::Listed(cells),
            epochs_of_the_post: file.epochs_of_the_post.unwrap_or(300),
            fixed_runs: (repeats > 1).then(|| FixedRuns { seeds: file.seeds.unwrap_or(1), repeats }),
            assumptions: &[],
            plot: PlotKind::Rows,
        }));
        Ok(Study {
            figure,
            text: text.to_string(),
            seeds: file.seeds,
            growth: file.growth,
            feedback_rate: file.feedback_rate,
            recipes: distinct(recipes, |r| r.name().to_string()),
            learning_rates: distinct(rates, f64::to_string),
            tune,
            epochs: distinct(epochs, u32::to_string),
        })
    }
}

fn cells(file: &File) -> Result<Vec<Cell>, String> {
    let mut cells = file.cells.clone();
    for (i, product) in file.grid.iter().enumerate() {
        for (key, empty) in [
            ("datasets", product.datasets.is_empty()),
            ("networks", product.networks.is_empty()),
            ("rules", product.rules.is_empty()),
        ] {
            if empty {
                return Err(format!("grid {}: {key} = []: name at least one", i + 1));
            }
        }
        let rules = parsed::<RuleSpec>(&product.rules)?;
        let networks = parsed::<Architecture>(&product.networks)?;
        for dataset in parsed::<DatasetId>(&product.datasets)? {
            for network in &networks {
                for rule in &rules {
                    let cell = Cell::new(dataset, network.clone(), rule.clone());
                    cell.rule.check(network, dataset.classes()).map_err(|e| format!("{cell}: {e}"))?;
                    cells.push(cell);
                }
            }
        }
    }
    let cells = distinct(cells, Cell::to_string);
    match cells.is_empty() {
        true => {
            Err("no cells; name some by `cells = [\"mnist/1x2000/bp\"]` (`report list cells`), or by [[grid]]".into())
        }
        false => Ok(cells),
    }
}

fn parsed<T: FromStr<Err = String>>(texts: &[String]) -> Result<Vec<T>, String> {
    texts.iter().map(|t| t.parse()).collect()
}

fn distinct<T>(values: Vec<T>, name: impl Fn(&T) -> String) -> Vec<T> {
    let mut seen = BTreeSet::new();
    values.into_iter().filter(|v| seen.insert(name(v))).collect()
}

fn in_range(
    key: &str,
    values: impl IntoIterator<Item = u64>,
    range: std::ops::RangeInclusive<u64>,
) -> Result<(), String> {
    match values.into_iter().find(|v| !range.contains(v)) {
        Some(bad) => Err(format!("{key} = {bad}: allowed are {} to {}", range.start(), range.end())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Study, String> {
        Study::read("own.toml", text).map_err(|e| e.to_string())
    }

    const HEAD: &str = "id = \"own\"\ntitle = \"Own\"\n";

    #[test]
    fn a_grid_is_a_product_and_cells_come_first() {
        let study = read(&format!(
            "{HEAD}seeds = 3\nlearning_rate = [0.1, 0.3, 0.1]\nrecipe = [\"main\", \"unit\"]\ncells = [\"mnist/1x7/bp\"]\n[[grid]]\ndatasets = [\"mnist\", \"cifar10\"]\nnetworks = [\"1x7\", \"2x9-tanh\"]\nrules = [\"bp\", \"fa/feedback=binary\"]\n"
        ))
        .unwrap();
        let cells: Vec<String> = study.figure.cells().iter().map(Cell::to_string).collect();
        // the product holds mnist/1x7/bp again: it stands once
        assert_eq!(cells.len(), 8);
        assert_eq!(cells[0], "mnist/1x7/bp");
        assert_eq!(cells[1], "mnist/1x7/fa/feedback=binary,scale=literal");
        assert_eq!((study.learning_rates, study.recipes.len(), study.seeds), (vec![0.1, 0.3], 2, Some(3)));
    }

    #[test]
    fn mistakes_are_named_with_what_is_allowed() {
        let cell = "cells = [\"mnist/1x7/bp\"]\n";
        for (text, words) in [
            (String::new(), "missing field `id`"),
            (HEAD.to_string(), "no cells"),
            (format!("{HEAD}{cell}sseeds = 1\n"), "unknown field `sseeds`, expected one of"),
            (format!("{HEAD}{cell}seeds = 0\n"), "seeds = 0: allowed are 1 to 1000"),
            (format!("{HEAD}{cell}epochs = [1, 20000]\n"), "epochs = 20000: allowed are 1 to 10000"),
            (format!("{HEAD}{cell}learning_rate = -0.1\n"), "learning_rate = -0.1: a positive"),
            (format!("{HEAD}{cell}learning_rate = []\n"), "learning_rate = []"),
            (
                format!("{HEAD}{cell}learning_rate = \"tone\"\n"),
                "learning_rate = \"tone\": a number, a list of numbers, or \"tune\"",
            ),
            (format!("{HEAD}{cell}learning_rate = true\n"), "a number, a list of numbers, or \"tune\""),
            (
                format!("{HEAD}{cell}learning_rate = \"tune\"\nrecipe = [\"main\", \"nokland\"]\n"),
                "nokland has a fixed rate",
            ),
            (format!("{HEAD}{cell}learning_rate = \"tune\"\nepochs = [1, 2]\n"), "give one number of epochs, not 2"),
            (format!("{HEAD}{cell}recipe = \"mian\"\n"), "unknown recipe `mian`; known: main"),
            (format!("{HEAD}{cell}epochs = \"many\"\n"), "one value of the right kind"),
            (format!("{HEAD}cells = [\"mnist/1x7/bpp\"]\n"), "known: bp"),
            (format!("{HEAD}cells = [\"emnist/1x7/bp\"]\n"), "emnist"),
            (format!("{HEAD}[[grid]]\ndatasets = [\"mnist\"]\nnetworks = []\nrules = [\"bp\"]\n"), "networks = []"),
            (format!("{HEAD}[[grid]]\ndatasets = [\"mnist\"]\nnetworks = [\"7\"]\nrules = [\"bp\"]\n"), "DEPTHxWIDTH"),
            (
                format!(
                    "{HEAD}[[grid]]\ndatasets = [\"mnist\"]\nnetworks = [\"2x9-relu\"]\nrules = [\"dfa/feedback=oja\"]\n"
                ),
                "oja-g1",
            ),
            (format!("id = \"7\"\ntitle = \"x\"\n{cell}"), "figure of the post"),
            (format!("id = \"A b\"\ntitle = \"x\"\n{cell}"), "a-z, 0-9"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.contains(words) && error.starts_with("own.toml: "), "{text}: {error}");
        }
    }
}
