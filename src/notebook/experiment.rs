//! From a few words to trained networks: an [`Experiment`] is a study file under construction, a [`Run`] its results.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Instant, SystemTime};

use polars::prelude::DataFrame;

use super::progress::Lines;
use super::{Problem, lines};
use crate::data::{self, DataSize, Dataset, DatasetId};
use crate::report::{self, Inputs, Plot};
use crate::run::execute::execute;
use crate::run::plan::{Datasets, Plan, Planned, Request};
use crate::run::{Sitting, Store, StoredTrial, collect, commit, cores, data_provenance};
use crate::stats::claims::Margins;
use crate::stats::{self, Results, Uses};
use crate::study::rates::RateError;
use crate::study::{Profile, Study};

/// The bundled images of a dataset (`mnist`, `cifar10`).
///
/// # Errors
/// An unknown name; images that are not there or damaged.
pub fn dataset(name: &str) -> Result<Dataset, Problem> {
    let id: DatasetId = name.parse().map_err(Problem::new)?;
    Ok(data::load(id, DataSize::Bundled, None)?)
}

/// What to train: every dataset with every network and every rule, each with the same seeds.
#[derive(Debug, Clone)]
pub struct Experiment {
    id: String,
    title: Option<String>,
    profile: String,
    datasets: Vec<String>,
    networks: Vec<String>,
    rules: Vec<String>,
    cells: Vec<String>,
    recipe: Option<String>,
    rates: Vec<f64>,
    growth: Option<f64>,
    feedback_rate: Option<f64>,
    seeds: u64,
    epochs: u32,
    threads: Option<usize>,
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|n| n.to_string()).collect()
}

impl Experiment {
    /// Backpropagation on MNIST with one hidden layer, two seeds, one epoch of the bundled images, until told otherwise.
    /// `id` names its plots: a-z, 0-9 and dashes.
    pub fn new(id: &str) -> Experiment {
        Experiment {
            id: id.to_string(),
            title: None,
            profile: "quick".into(),
            datasets: owned(&["mnist"]),
            networks: owned(&["1x2000"]),
            rules: owned(&["bp"]),
            cells: vec![],
            recipe: None,
            rates: vec![],
            growth: None,
            feedback_rate: None,
            seeds: 2,
            epochs: 1,
            threads: None,
        }
    }

    /// Words for the head of its plots.
    pub fn title(mut self, title: &str) -> Experiment {
        self.title = Some(title.to_string());
        self
    }

    /// Which images: `smoke` (600), `quick` (the bundled ones), `standard` (all of them). The variable `BIOPROP_PROFILE`
    /// says it for every experiment: `smoke` tries a notebook out in seconds.
    pub fn profile(mut self, name: &str) -> Experiment {
        self.profile = name.to_string();
        self
    }

    pub fn datasets(mut self, names: &[&str]) -> Experiment {
        self.datasets = owned(names);
        self
    }

    /// Such as `1x2000`, `2x800-tanh`.
    pub fn networks(mut self, names: &[&str]) -> Experiment {
        self.networks = owned(names);
        self
    }

    /// Rules with their options, such as `fa/feedback=random`, and rules of one's own that were registered.
    pub fn rules(mut self, names: &[&str]) -> Experiment {
        self.rules = owned(names);
        self
    }

    /// Single cells beside the product, such as `mnist/linear/bp`.
    pub fn cells(mut self, names: &[&str]) -> Experiment {
        self.cells = owned(names);
        self
    }

    /// `main`, `unit` or `nokland`.
    pub fn recipe(mut self, name: &str) -> Experiment {
        self.recipe = Some(name.to_string());
        self
    }

    /// One learning rate for every cell, instead of the tuned ones that the post's networks have.
    pub fn rate(self, rate: f64) -> Experiment {
        self.rates(&[rate])
    }

    /// Learning rates to sweep over.
    pub fn rates(mut self, rates: &[f64]) -> Experiment {
        self.rates = rates.to_vec();
        self
    }

    /// How far HebbNet's hidden layers grow, as a power of e, where the network has none that was tuned.
    pub fn growth(mut self, exponent: f64) -> Experiment {
        self.growth = Some(exponent);
        self
    }

    /// Learning rate of feedback that learns, where the network has none that was tuned.
    pub fn feedback_rate(mut self, rate: f64) -> Experiment {
        self.feedback_rate = Some(rate);
        self
    }

    /// Seeds 1, 2, ... of every cell, paired across cells.
    pub fn seeds(mut self, seeds: u64) -> Experiment {
        self.seeds = seeds;
        self
    }

    pub fn epochs(mut self, epochs: u32) -> Experiment {
        self.epochs = epochs;
        self
    }

    /// Trials at once; otherwise one per core. Changes no result.
    pub fn threads(mut self, threads: usize) -> Experiment {
        self.threads = Some(threads);
        self
    }

    /// The study file of this experiment: `report run --study FILE` trains the same.
    pub fn study(&self) -> String {
        let quoted = |text: &String| serde_json::to_string(text).expect("text");
        let list = |all: &[String]| format!("[{}]", all.iter().map(quoted).collect::<Vec<_>>().join(", "));
        let mut text = format!("id = {}\n", quoted(&self.id));
        text += &format!("title = {}\n", quoted(self.title.as_ref().unwrap_or(&self.id)));
        text += &format!("seeds = {}\nepochs = {}\n", self.seeds, self.epochs);
        if let Some(recipe) = &self.recipe {
            text += &format!("recipe = {}\n", quoted(recipe));
        }
        if !self.rates.is_empty() {
            text += &format!("learning_rate = {:?}\n", self.rates);
        }
        for (key, value) in [("growth", self.growth), ("feedback_rate", self.feedback_rate)] {
            if let Some(value) = value {
                text += &format!("{key} = {value:?}\n");
            }
        }
        if !self.cells.is_empty() {
            text += &format!("cells = {}\n", list(&self.cells));
        }
        if self.cells.is_empty() || !self.rules.is_empty() {
            text += &format!(
                "\n[[grid]]\ndatasets = {}\nnetworks = {}\nrules = {}\n",
                list(&self.datasets),
                list(&self.networks),
                list(&self.rules)
            );
        }
        text
    }

    /// Trains everything and gathers the results. Same experiment, same bits.
    ///
    /// # Errors
    /// A name that is not known, a network without a tuned rate and none given, images that are not there.
    pub fn run(&self) -> Result<Run, Problem> {
        let started = (Instant::now(), SystemTime::now());
        let profile = std::env::var("BIOPROP_PROFILE").unwrap_or_else(|_| self.profile.clone());
        let profile: Profile = profile.parse().map_err(Problem::new)?;
        let study = Arc::new(Study::read("experiment", &self.study())?);
        let request = Request { figures: vec![study.figure], study: Some(study), ..Request::of(profile) };
        for cell in request.cells_of(request.figures[0]) {
            cell.rule.check(&cell.network, cell.dataset.classes())?;
        }
        let mut datasets = Datasets::new();
        for id in request.datasets() {
            datasets.insert(id, Arc::new(data::load(id, profile.data(), None)?));
        }
        let plan = Plan::new(&request, &datasets).map_err(untuned)?;
        let threads = self.threads.unwrap_or_else(cores);
        let trials = train(&plan, &datasets, threads)?;
        let mut seeds: Vec<u64> = trials.iter().map(|t| t.trial.seed).collect();
        seeds.sort();
        seeds.dedup();
        let sitting = Sitting {
            seeds,
            threads,
            started: started.1,
            wall_time_s: started.0.elapsed().as_secs_f64(),
            trials: trials.len(),
            trained_now: trials.len(),
            reused: 0,
            diverged: 0,
            data: &data_provenance(&datasets),
        };
        let mut results = Results::from_trials(&trials, Uses(plan.uses), collect(&request, sitting))?;
        results.provenance.diverged = stats::diverged(&results.trials);
        Ok(Run { results })
    }
}

/// The table has no rate: in a notebook's words.
fn untuned(error: RateError) -> Problem {
    match error {
        RateError::NotInTable { cell, recipe, .. } => Problem::new(format!(
            "no tuned rate for {cell} with recipe {recipe}. Write .rate(0.1) for every cell, beside it .growth(1.0) for \
             HebbNet and .feedback_rate(0.01) for feedback that learns; or take a network of the post: .networks(&[\"1x2000\"])"
        )),
        other => other.into(),
    }
}

/// Trains in a folder of its own that is removed at the end: a rule that was changed must not find its old results.
fn train(plan: &Plan, datasets: &Datasets, threads: usize) -> Result<Vec<StoredTrial>, Problem> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(folder.path())?;
    let all: Vec<&Planned> = plan.trials.iter().collect();
    let commit = commit();
    let observer = Lines::new(&plan.trials)?;
    execute(&all, datasets, &store, threads, commit.as_deref(), &AtomicBool::new(false), &observer)?;
    let mut trials = Vec::with_capacity(all.len());
    for planned in all {
        let stored = store.peek(&planned.key)?;
        trials.push(stored.ok_or_else(|| Problem::new(format!("{} was not trained", planned.title())))?);
    }
    Ok(trials)
}

/// Results: of an experiment, or of a report that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    results: Results,
}

/// The results in a report's folder (`results.parquet`, `curves.parquet`, `provenance.json`).
///
/// # Errors
/// A folder without them.
pub fn read_report(folder: &str) -> Result<Run, Problem> {
    // the frames hold what the figures show; robustness tables have trials of the same cells under other settings
    Ok(Run { results: Results::read(Path::new(folder))?.of_figures()? })
}

impl Run {
    /// One row per cell: mean, spread, intervals, difference to backpropagation.
    pub fn summary(&self) -> &DataFrame {
        &self.results.summary
    }

    /// One row per trial, as in `results.parquet`.
    pub fn trials(&self) -> &DataFrame {
        &self.results.trials
    }

    /// One row per trial and epoch, as in `curves.parquet`.
    pub fn curves(&self) -> &DataFrame {
        &self.results.curves
    }

    /// The report's plot of test accuracies.
    ///
    /// # Errors
    /// If it cannot be drawn.
    pub fn accuracy(&self) -> Result<Plot, Problem> {
        self.plot("accuracy")
    }

    /// One of the report's plots by the end of its name: `accuracy`, `curves`, `angles`.
    ///
    /// # Errors
    /// No such plot, with those there are.
    pub fn plot(&self, kind: &str) -> Result<Plot, Problem> {
        let pictures = report::pictures_of(&self.inputs())?;
        let known = pictures.iter().map(|p| p.plot.name.clone()).collect::<Vec<_>>().join(", ");
        let found = pictures.into_iter().map(|p| p.plot).find(|p| p.name.ends_with(&format!("-{kind}")));
        found.ok_or_else(|| {
            Problem::new(format!(
                "no plot `{kind}`; there are {known} (curves need at least two epochs, angles feedback)"
            ))
        })
    }

    /// Any column of [`Run::curves`] over the epochs, a line per cell.
    ///
    /// # Errors
    /// No such column.
    pub fn lines(&self, column: &str) -> Result<Plot, Problem> {
        lines(self.curves(), column)
    }

    /// Writes the whole report (page, figures, tables, Parquet files) and gives the page's path.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn report(&self, folder: &str) -> Result<String, Problem> {
        let folder = Path::new(folder);
        self.results.write(folder)?;
        report::render(&self.inputs(), folder)?;
        Ok(folder.join("index.html").display().to_string())
    }

    fn inputs(&self) -> Inputs<'_> {
        Inputs {
            trials: &self.results.trials,
            curves: &self.results.curves,
            summary: &self.results.summary,
            filters: &self.results.filters,
            tuning: &self.results.tuning,
            uses: &self.results.uses,
            robustness: None,
            provenance: &self.results.provenance,
            // a study of one's own decides nothing about the post
            claims: &[],
            margins: Margins::default(),
            reference: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notebook::Show;

    fn small() -> Experiment {
        Experiment::new("small").profile("smoke").networks(&["1x20"]).rate(0.1).epochs(2)
    }

    #[test]
    fn an_experiment_gives_frames_plots_and_a_report_that_reads_back() {
        let run = small().rules(&["bp", "fa/feedback=random"]).run().unwrap();
        assert_eq!((run.trials().height(), run.curves().height(), run.summary().height()), (4, 8, 2));
        for plot in ["accuracy", "curves", "angles"] {
            assert!(run.plot(plot).unwrap().file().starts_with("<svg"), "{plot}");
        }
        assert!(run.plot("bars").unwrap_err().to_string().contains("figure-small-accuracy"));
        assert!(run.blocks()[0].1.contains("mnist/1x20/fa/feedback=random"));
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().to_str().unwrap();
        assert!(run.report(folder).unwrap().ends_with("index.html"));
        assert_eq!(read_report(folder).unwrap(), run);
    }

    #[test]
    fn rates_of_hidden_layers_and_of_feedback_can_be_given() {
        let rules = ["hebbnet/local=hebb,variant=hl", "fa/feedback=hebb"];
        let run = small().rules(&rules).growth(1.0).feedback_rate(0.01).run().unwrap();
        assert_eq!(run.trials().column("growth").unwrap().null_count(), 2);
        assert_eq!(run.trials().column("feedback_rate").unwrap().null_count(), 2);
    }

    #[test]
    fn mistakes_say_what_to_write() {
        for (experiment, words) in [
            (Experiment::new("x").networks(&["1x7"]), ".rate(0.1)"),
            (small().rules(&["hebbnet/local=hebb,variant=hl"]), ".growth(1.0)"),
            (small().rules(&["fa/feedback=hebb"]), ".feedback_rate(0.01)"),
            (small().rules(&["bpp"]), "known: bp"),
            (small().datasets(&["emnist"]), "emnist"),
            (small().profile("fast"), "known: smoke"),
            (small().seeds(0), "seeds = 0"),
            (small().networks(&["2x20-relu"]).rules(&["dfa/feedback=oja"]), "feedback=oja-g1"),
        ] {
            let e = experiment.run().unwrap_err().to_string();
            assert!(e.contains(words), "{e}");
        }
    }
}
