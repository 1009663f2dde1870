//! What a run trains: the trials of its figures, each once, in a fixed order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::data::{Dataset, DatasetId, Images, full_fingerprint, full_sizes};
use crate::study::figures;
use crate::study::figures::Figure;
use crate::study::rates::{Given, RateError, RateTable};
use crate::study::robustness::{self, Change};
use crate::study::{Cell, Precision, Profile, REVISION, Recipe, Study, Trial};
use crate::train;

/// Samples of one step in every recipe.
pub const BATCH: usize = 64;

/// The datasets of a run, shared read-only by its threads.
pub type Datasets = BTreeMap<DatasetId, Arc<Dataset>>;

/// What was asked for.
#[derive(Clone)]
pub struct Request {
    pub profile: Profile,
    pub figures: Vec<&'static Figure>,
    /// Only these cells of the figures (canonical); `None`: all.
    pub cells: Option<Vec<Cell>>,
    /// Instead of the profile's number of seeds.
    pub seeds: Option<u64>,
    /// Instead of the profile's epochs.
    pub epochs: Option<u32>,
    pub recipe: Recipe,
    /// Instead of the table's rates, for every cell.
    pub rate: Option<f64>,
    /// The user's own study instead of figures.
    pub study: Option<Arc<Study>>,
    /// What was searched for the study, instead of the profile's table.
    pub rates: Option<Arc<RateTable>>,
    /// The robustness tables too.
    pub robustness: bool,
    pub precision: Precision,
}

impl Request {
    /// Everything of a profile.
    pub fn of(profile: Profile) -> Request {
        Request {
            profile,
            figures: figures::REGISTRY.to_vec(),
            cells: None,
            seeds: None,
            epochs: None,
            recipe: Recipe::Main,
            rate: None,
            study: None,
            rates: None,
            robustness: false,
            precision: Precision::F32,
        }
    }

    /// Seeds are paired across cells: 1, 2, ...
    pub fn seeds(&self) -> Vec<u64> {
        let of_study = self.study.as_ref().and_then(|s| s.seeds);
        (1..=self.seeds.or(of_study).unwrap_or(self.profile.seeds())).collect()
    }

    /// The command that asks for this.
    pub fn command(&self) -> String {
        let mut text = format!("report run --profile {}", self.profile);
        if let Some(study) = &self.study {
            text += &format!(" --study {}.toml", study.figure.id);
        } else if !self.figures.iter().map(|f| f.id).eq(figures::REGISTRY.iter().map(|f| f.id)) {
            let ids: Vec<_> = self.figures.iter().map(|f| f.id).collect();
            text += &format!(" --figures {}", if ids.is_empty() { "none".into() } else { ids.join(",") });
        }
        if self.robustness {
            text += " --robustness";
        }
        for cell in self.cells.iter().flatten() {
            text += &format!(" --cell {cell}");
        }
        if let Some(seeds) = self.seeds {
            text += &format!(" --seeds {seeds}");
        }
        if let Some(epochs) = self.epochs {
            text += &format!(" --epochs {epochs}");
        }
        if self.recipe != Recipe::Main {
            text += &format!(" --recipe {}", self.recipe);
        }
        if let Some(rate) = self.rate {
            text += &format!(" --rate {rate}");
        }
        if self.precision != Precision::F32 {
            text += &format!(" --precision {}", self.precision.argument());
        }
        text
    }

    fn table(&self) -> &RateTable {
        self.rates.as_deref().unwrap_or_else(|| RateTable::of(self.profile))
    }

    /// The cells of a figure that are asked for.
    pub fn cells_of(&self, figure: &Figure) -> Vec<Cell> {
        let asked = |cell: &Cell| self.cells.as_ref().is_none_or(|only| only.contains(&cell.canonical()));
        figure.cells().into_iter().filter(asked).collect()
    }

    /// Datasets that the figures ask for.
    pub fn datasets(&self) -> Vec<DatasetId> {
        let mut ids: Vec<_> = self.figures.iter().flat_map(|f| self.cells_of(f)).map(|c| c.dataset).collect();
        if self.robustness {
            ids.extend(robustness::cells().iter().map(|c| c.dataset));
        }
        ids.sort();
        ids.dedup();
        ids
    }

    /// Settings to sweep over: one, but for studies of the user's own.
    fn settings(&self) -> Vec<Setting> {
        let Some(study) = &self.study else { return vec![Setting { recipe: self.recipe, ..Setting::default() }] };
        fn optional<T: Copy>(values: &[T]) -> Vec<Option<T>> {
            if values.is_empty() { vec![None] } else { values.iter().copied().map(Some).collect() }
        }
        let mut settings = vec![];
        for &recipe in &study.recipes {
            for epochs in optional(&study.epochs) {
                settings.extend(optional(&study.learning_rates).into_iter().map(|rate| Setting {
                    recipe,
                    rate,
                    epochs,
                }));
            }
        }
        settings
    }

    /// The trial of `cell` as this request trains it.
    pub fn trial(
        &self,
        cell: &Cell,
        epochs_of_the_post: u32,
        seed: u64,
        repeat: u32,
        data: &Dataset,
    ) -> Result<Trial, RateError> {
        let setting = Setting { recipe: self.recipe, ..Setting::default() };
        self.trial_with(cell, setting, epochs_of_the_post, seed, repeat, data)
    }

    /// The trial of one cell at rates that are given, as far as they are, and of the length of its figure.
    pub fn trial_at(&self, cell: &Cell, given: Given, seed: u64, data: &Dataset) -> Result<Trial, RateError> {
        let cell = cell.canonical();
        let holds = |f: &&&Figure| f.cells().iter().any(|c| c.canonical() == cell);
        let of_the_post = figures::REGISTRY.iter().filter(holds).map(|f| f.epochs_of_the_post).max();
        let setting = Setting { recipe: self.recipe, ..Setting::default() };
        self.trial_given(cell, given, setting, of_the_post.unwrap_or(POST_EPOCHS), (seed, 0), data)
    }

    /// The trial of a robustness table.
    fn robustness_trial(&self, cell: &Cell, change: Change, seed: u64, data: &Dataset) -> Result<Trial, RateError> {
        let mut setting = Setting { epochs: Some(robustness::epochs(self.profile)), ..Setting::default() };
        match change {
            Change::Recipe(recipe) => setting.recipe = recipe,
            Change::OwnRate => setting.rate = Some(self.table().own_rate(cell, Recipe::Main)?),
            Change::None | Change::BestEpoch | Change::Choice => {}
        }
        self.trial_with(cell, setting, 0, seed, 0, data)
    }

    /// [`Request::trial`] with one setting of a sweep; what the command line says goes before it.
    fn trial_with(
        &self,
        cell: &Cell,
        setting: Setting,
        epochs_of_the_post: u32,
        seed: u64,
        repeat: u32,
        data: &Dataset,
    ) -> Result<Trial, RateError> {
        let cell = cell.canonical();
        let study = self.study.as_ref();
        let given = Given {
            learning_rate: self.rate.or(setting.rate),
            growth: study.and_then(|s| s.growth),
            feedback_rate: study.and_then(|s| s.feedback_rate),
        };
        self.trial_given(cell, given, setting, epochs_of_the_post, (seed, repeat), data)
    }

    fn trial_given(
        &self,
        cell: Cell,
        given: Given,
        setting: Setting,
        epochs_of_the_post: u32,
        (seed, repeat): (u64, u32),
        data: &Dataset,
    ) -> Result<Trial, RateError> {
        let epochs = self.epochs.or(setting.epochs).unwrap_or(self.profile.epochs(epochs_of_the_post));
        let rates = self.table().rates(&cell, setting.recipe, epochs, given)?;
        Ok(Trial {
            recipe: setting.recipe,
            learning_rate: rates.learning_rate,
            hidden_rate: None,
            growth: rates.growth,
            feedback_rate: rates.feedback_rate,
            batch: BATCH,
            epochs,
            data: self.profile.data(),
            data_fingerprint: data.fingerprint.clone(),
            train_sample: self.profile.train_sample(),
            precision: self.precision,
            seed,
            repeat,
            revision: REVISION,
            cell,
        })
    }
}

/// Epochs of most of the post's figures, for a cell that is in none.
const POST_EPOCHS: u32 = 300;

/// What a study may sweep over beside its cells; `None`: the profile's own.
#[derive(Debug, Clone, Copy)]
struct Setting {
    recipe: Recipe,
    rate: Option<f64>,
    epochs: Option<u32>,
}

impl Default for Setting {
    fn default() -> Setting {
        Setting { recipe: Recipe::Main, rate: None, epochs: None }
    }
}

/// A trial of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub key: String,
    pub trial: Trial,
    /// Counted floating-point operations, training and evaluation.
    pub operations: f64,
}

impl Planned {
    pub fn new(trial: Trial, data: &Dataset) -> Planned {
        Planned { key: trial.key(), operations: train::operations(&trial.config(), data), trial }
    }

    /// `mnist/1x2000/bp, seed 3` for messages.
    pub fn title(&self) -> String {
        let repeat = if self.trial.repeat > 0 { format!(", run {}", self.trial.repeat + 1) } else { String::new() };
        format!("{}, seed {}{repeat}", self.trial.cell, self.trial.seed)
    }
}

/// Every trial of a request, once, sorted by (cell, seed, repeat): the order of `--index` and of the tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub trials: Vec<Planned>,
    /// Keys by what asks for them: a figure's id, or the mark of a robustness setting.
    pub uses: BTreeMap<String, BTreeSet<String>>,
    /// Cells of robustness tables that wait for a search of their rate, with what is missing.
    pub unsearched: Vec<(Cell, String)>,
}

impl Plan {
    pub fn new(request: &Request, datasets: &Datasets) -> Result<Plan, RateError> {
        if request.rates.is_none() && request.study.as_ref().is_some_and(|s| s.tune) {
            return Err(RateError::NotSearched);
        }
        let mut trials: BTreeMap<String, Planned> = BTreeMap::new();
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut add = |asked_by: &str, trial: Trial, data: &Dataset| {
            let key = trial.key();
            uses.entry(asked_by.to_string()).or_default().insert(key.clone());
            trials.entry(key).or_insert_with(|| Planned::new(trial, data));
        };
        for figure in &request.figures {
            for cell in request.cells_of(figure) {
                let data = &datasets[&cell.dataset];
                let seeds = match figure.fixed_runs {
                    Some(fixed) => (1..=fixed.seeds).collect(),
                    None => request.seeds(),
                };
                let repeats = figure.fixed_runs.map_or(1, |f| f.repeats);
                let runs = seeds.iter().map(|s| (*s, 0)).chain((1..repeats).map(|r| (seeds[0], r)));
                for (seed, repeat) in runs {
                    for setting in request.settings() {
                        let post = figure.epochs_of_the_post;
                        let trial = request.trial_with(&cell, setting, post, seed, repeat, data)?;
                        add(figure.id, trial, data);
                    }
                }
            }
        }
        let mut unsearched = vec![];
        let wanted = if request.robustness { robustness::wanted() } else { vec![] };
        for (setting, cell) in wanted {
            let data = &datasets[&cell.dataset];
            for seed in 1..=robustness::SEEDS {
                match request.robustness_trial(&cell, setting.change, seed, data) {
                    Ok(trial) => add(&setting.mark(), trial, data),
                    // a table waits for its search, the rest of the run does not wait for the table
                    Err(e @ RateError::NotInTable { .. }) => {
                        unsearched.push((cell.clone(), e.to_string()));
                        break;
                    }
                    Err(e) => return Err(e),
                }
            }
        }
        let mut trials: Vec<Planned> = trials.into_values().collect();
        trials.sort_by_cached_key(|p| (p.trial.cell.to_string(), p.trial.seed, p.trial.repeat, p.key.clone()));
        Ok(Plan { trials, uses, unsearched })
    }

    pub fn operations(&self) -> f64 {
        self.trials.iter().map(|p| p.operations).sum()
    }

    /// Part `index` of `of` (0-based): longest first to the part with the least, so that parts are about equally long.
    /// Cut by counted operations only, never by time or by what is done: every machine cuts alike.
    pub fn shard(&self, index: usize, of: usize) -> Plan {
        let mut load = vec![0.0; of];
        let mut part = vec![0; self.trials.len()];
        let mut order: Vec<usize> = (0..self.trials.len()).collect();
        order.sort_by(|a, b| {
            let (a, b) = (&self.trials[*a], &self.trials[*b]);
            b.operations.total_cmp(&a.operations).then_with(|| a.key.cmp(&b.key))
        });
        for i in order {
            let least = (0..of).min_by(|a, b| f64::total_cmp(&load[*a], &load[*b])).expect("at least one part");
            load[least] += self.trials[i].operations;
            part[i] = least;
        }
        let trials = self.trials.iter().zip(part).filter(|(_, p)| *p == index).map(|(t, _)| t.clone()).collect();
        Plan { trials, ..self.clone() }
    }
}

/// A stand-in of the full set's size and fingerprint, to plan with where its files are not on this machine: trials
/// get their real keys and counts of operations, nothing can be trained on it.
pub fn full_stand_in(id: DatasetId) -> Dataset {
    let (train, test) = full_sizes(id);
    let images = |n: usize| Images { pixels: vec![0; n * id.inputs()], labels: vec![0; n], inputs: id.inputs() };
    Dataset {
        id,
        train: images(train),
        test: images(test),
        mean_image: vec![0.0; id.inputs()],
        fingerprint: full_fingerprint(id).into(),
        origin: "not here".into(),
    }
}

/// Seconds until all work is done: `running` and then `queue` (in this order) on `threads` threads that do `rate`
/// operations a second each. A count of trials would be wrong near the end, when some threads have nothing left.
pub fn time_left(running: &[f64], queue: &[f64], threads: usize, rate: f64) -> f64 {
    let mut free: Vec<f64> = running.to_vec();
    free.resize(threads.max(running.len()).max(1), 0.0);
    for job in queue {
        let next = (0..free.len()).min_by(|a, b| f64::total_cmp(&free[*a], &free[*b])).expect("a thread");
        free[next] += job;
    }
    free.into_iter().fold(0.0, f64::max) / rate
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::figures::figure;
    use std::collections::BTreeSet;

    fn datasets() -> Datasets {
        DatasetId::ALL.into_iter().map(|id| (id, Arc::new(full_stand_in(id)))).collect()
    }

    fn plan(figures: &[&str], seeds: Option<u64>) -> Plan {
        let figures = figures.iter().map(|f| figure(f).unwrap()).collect();
        Plan::new(&Request { figures, seeds, ..Request::of(Profile::Quick) }, &datasets()).unwrap()
    }

    #[test]
    fn figures_share_trials() {
        // 2 datasets x 3 networks x 7 cells x 5 seeds, figure 8 adds its two-layer cells, five-runs four repeats
        assert_eq!(plan(&["7"], None).trials.len(), 210);
        assert_eq!(plan(&["7", "8"], None).trials.len(), 210 + 2 * 2 * 6 * 5);
        assert_eq!(plan(&["five-runs"], None).trials.len(), 9);
        assert_eq!(plan(&["7", "8", "five-runs"], None).trials.len(), 334);
    }

    #[test]
    fn a_cell_may_be_asked_for_alone() {
        let cells = Some(vec!["mnist/1x2000/fa/feedback=random".parse().unwrap()]);
        let request = Request { cells, seeds: Some(3), ..Request::of(Profile::Quick) };
        assert_eq!(request.datasets(), [DatasetId::Mnist]);
        assert_eq!(Plan::new(&request, &datasets()).unwrap().trials.len(), 3);
        assert_eq!(request.command(), "report run --profile quick --cell mnist/1x2000/fa/feedback=random --seeds 3");
    }

    #[test]
    fn robustness_tables_share_what_figures_train_and_wait_for_their_rates() {
        let request = |figures: &[&str]| Request {
            figures: figures.iter().map(|f| figure(f).unwrap()).collect(),
            robustness: true,
            ..Request::of(Profile::Quick)
        };
        let of = |figures: &[&str]| Plan::new(&request(figures), &datasets()).unwrap();
        let (alone, with) = (of(&[]), of(&["7"]));
        let main = &with.uses["robustness/main"];
        // figure 7 has five seeds: the three of the tables are among them
        let shared = main.intersection(&with.uses["7"]).count();
        assert_eq!((main.len(), shared), (2 * 16 * 3, 2 * 5 * 3));
        assert_eq!(with.trials.len(), 210 + alone.trials.len() - shared);
        assert!(alone.trials.iter().all(|t| t.trial.seed <= 3 && t.trial.epochs == 4));
        // what has a rate of its own is the main setting's trial
        assert!(!main.is_disjoint(&with.uses["robustness/own-rate"]));
        assert!(main.is_disjoint(&with.uses["robustness/unit"]));
        for (cell, words) in &alone.unsearched {
            assert!(words.contains("report tune --profile quick") && words.contains("--family"), "{cell}: {words}");
        }
        assert_eq!(request(&[]).command(), "report run --profile quick --figures none --robustness");
    }

    #[test]
    fn full_trains_a_cell_as_long_as_each_figure_asks() {
        let figures = ["4", "7"].map(|f| figure(f).unwrap()).to_vec();
        let p = Plan::new(&Request { figures, seeds: Some(1), ..Request::of(Profile::Full) }, &datasets()).unwrap();
        let epochs = |id: &str| -> BTreeSet<u32> {
            p.trials.iter().filter(|t| p.uses[id].contains(&t.key)).map(|t| t.trial.epochs).collect()
        };
        assert_eq!((epochs("4"), epochs("7")), ([200].into(), [300].into()));
    }

    #[test]
    fn five_runs_are_five_whatever_is_asked() {
        let p = plan(&["five-runs"], Some(2));
        let runs: Vec<_> = p.trials.iter().map(|t| (t.trial.seed, t.trial.repeat)).collect();
        assert_eq!(runs, [(1, 0), (1, 1), (1, 2), (1, 3), (1, 4), (2, 0), (3, 0), (4, 0), (5, 0)]);
    }

    #[test]
    fn feedback_rules_use_backpropagations_rate() {
        let p = plan(&["7", "8"], Some(1));
        let rates: BTreeSet<_> = p
            .trials
            .iter()
            .map(|t| (t.trial.cell.dataset, t.trial.cell.network.to_string(), t.trial.learning_rate.to_bits()))
            .collect();
        assert_eq!(rates.len(), 6);
    }

    #[test]
    fn shards_are_a_fair_partition() {
        let p = plan(&["7", "8", "five-runs"], None);
        for of in [1, 3, 8] {
            let shards: Vec<Plan> = (0..of).map(|i| p.shard(i, of)).collect();
            let keys: Vec<_> = shards.iter().flat_map(|s| &s.trials).map(|t| &t.key).collect();
            assert_eq!(keys.len(), p.trials.len());
            assert_eq!(keys.into_iter().collect::<BTreeSet<_>>().len(), p.trials.len());
            let longest = p.trials.iter().map(|t| t.operations).fold(0.0, f64::max);
            for s in &shards {
                assert!((s.operations() - p.operations() / of as f64).abs() <= longest);
            }
        }
        assert_eq!(p.shard(1, 3), p.shard(1, 3));
        assert!(plan(&["five-runs"], None).shard(20, 30).trials.is_empty());
    }

    #[test]
    fn the_time_left_counts_idle_threads() {
        assert_eq!(time_left(&[], &[4.0, 4.0, 2.0], 2, 2.0), 3.0);
        assert_eq!(time_left(&[1.0, 5.0], &[1.0], 2, 1.0), 5.0);
        assert_eq!(time_left(&[], &[], 4, 1.0), 0.0);
    }
}
