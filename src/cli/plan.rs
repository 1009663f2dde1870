//! `report plan`: what a run would train, what is done, and how long the rest takes on this machine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, value_parser};

use super::arguments::{PlaceArgs, StudyArgs};
use super::emit::{Engine, Launch, default_shards};
use super::output::{count, duration, print, table};
use super::run::note_unsearched;
use super::study_rates;
use crate::data::{self, DatasetId};
use crate::run::Store;
use crate::run::cores;
use crate::run::plan::{Datasets, Plan, Planned, Request, full_stand_in, time_left};
use crate::study::DataSize;
use crate::train::Timing;

#[derive(Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub study: StudyArgs,
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Print a launcher for this engine instead: it trains what is missing, shard by shard
    #[arg(long, value_name = "ENGINE")]
    pub emit: Option<Engine>,
    /// Shards of the launcher (1 to 1000) [default: one for each half hour or so of a core]
    #[arg(long, value_name = "N", requires = "emit", value_parser = value_parser!(u64).range(1..=1000))]
    pub shards: Option<u64>,
}

/// Seconds that statistics, figures and pages take at the end of a run.
const REPORT: f64 = 1.0;

pub fn run(args: &PlanArgs) -> anyhow::Result<()> {
    let mut request = args.study.request()?;
    let out = args.place.out(request.profile.name());
    study_rates::read(&mut request, &out)?;
    let threads = args.place.threads();
    let clock = Instant::now();
    let (datasets, absent) = datasets(&request, args)?;
    let loading = clock.elapsed().as_secs_f64();
    let plan = Plan::new(&request, &datasets)?;
    note_unsearched(&plan);
    let store = Store::existing(&out.join("trials"));

    let mut cells: BTreeMap<String, (usize, usize, f64)> = BTreeMap::new();
    let mut left: Vec<&Planned> = vec![];
    let mut damaged = 0;
    for trial in &plan.trials {
        let done = match store.as_ref().map(|s| s.peek(&trial.key)) {
            Some(Ok(Some(_))) => true,
            Some(Err(_)) => {
                damaged += 1;
                false
            }
            _ => false,
        };
        let row = cells.entry(trial.trial.cell.to_string()).or_default();
        row.0 += 1;
        row.1 += usize::from(done);
        row.2 += trial.operations;
        if !done {
            left.push(trial);
        }
    }
    let mut rows = vec![["cell", "trials", "done", "GFLOP a trial"].map(String::from).to_vec()];
    for (cell, (trials, done, operations)) in &cells {
        let each = format!("{:.1}", operations / *trials as f64 / 1e9);
        rows.push(vec![cell.clone(), trials.to_string(), done.to_string(), each]);
    }
    let epochs: std::collections::BTreeSet<u32> = plan.trials.iter().map(|t| t.trial.epochs).collect();
    let mut text = format!("{}\n\n{}\n", request.command(), table(&rows));
    text += &format!(
        "{}, {}, {} {}: {} done, {} to train{}\n",
        count(cells.len(), "cell"),
        count(plan.trials.len(), "trial"),
        epochs.iter().map(u32::to_string).collect::<Vec<_>>().join(" or "),
        if epochs.iter().eq(&[1]) { "epoch" } else { "epochs" },
        plan.trials.len() - left.len(),
        left.len(),
        if damaged > 0 { format!(" ({damaged} of them damaged)") } else { String::new() },
    );
    let mut measured = Measured { timings: BTreeMap::new(), threads: threads.min(cores()) };
    let seconds = measured.seconds(&left, &datasets);
    if let Some(engine) = args.emit {
        let launch = Launch {
            request: &request,
            plan: &plan,
            missing: &left.iter().copied().zip(seconds).collect::<Vec<_>>(),
            shards: args.shards.map_or_else(|| default_shards(&plan), |n| n as usize),
            study: args.study.study.as_deref(),
            data: args.place.data.as_deref(),
            out: &out,
            memory: memory(&plan, &datasets, 1),
        };
        return print(&launch.launcher(engine));
    }
    let mut queue = seconds;
    queue.sort_by(|a, b| b.total_cmp(a));
    text += &format!(
        "time: about {} with {} on this machine ({} of one thread), report included, from parts measured just now\n",
        duration(loading + time_left(&[], &queue, threads, 1.0) + REPORT),
        count(threads, "thread"),
        duration(queue.iter().sum())
    );
    text += &format!("memory: about {:.1} GB\n", memory(&plan, &datasets, threads) / 1e9);
    for id in absent {
        text += &format!("{}: the full set is not here; fetch it before the run (`report data fetch`)\n", id.title());
    }
    print(&text)
}

/// Datasets to plan with; stand-ins for full sets that are not here.
fn datasets(request: &Request, args: &PlanArgs) -> anyhow::Result<(Datasets, Vec<DatasetId>)> {
    let size = request.profile.data();
    let mut datasets = Datasets::new();
    let mut absent = vec![];
    for id in request.datasets() {
        let dataset = match data::load(id, size, args.place.data.as_deref()) {
            Ok(dataset) => dataset,
            // a folder that was named and is wrong is an error; a full set that is nowhere is not
            Err(_) if size == DataSize::Full && args.place.data.is_none() => {
                absent.push(id);
                full_stand_in(id)
            }
            Err(e) => return Err(e.into()),
        };
        datasets.insert(id, Arc::new(dataset));
    }
    Ok((datasets, absent))
}

/// Measured seconds of the parts of a trial, by shape of network and rule.
struct Measured {
    timings: BTreeMap<String, Timing>,
    threads: usize,
}

impl Measured {
    /// Seconds of each trial on one of the threads.
    fn seconds(&mut self, trials: &[&Planned], datasets: &Datasets) -> Vec<f64> {
        trials
            .iter()
            .map(|planned| {
                let (trial, config) = (&planned.trial, planned.trial.config());
                let id = trial.cell.dataset;
                // feedback that follows the weights' signs is made anew at each step
                let feedback = trial.cell.rule.build().ok().and_then(|r| r.feedback());
                let signs = feedback.is_some_and(|f| f.kind.follows_signs());
                let shape = format!("{id}/{}/{}/{signs}", trial.cell.network, trial.cell.rule.name());
                let timing = *self
                    .timings
                    .entry(shape)
                    .or_insert_with(|| Timing::measure(&config, id.inputs(), id.classes(), self.threads));
                timing.trial(&config, datasets[&id].train.len(), datasets[&id].test.len())
            })
            .collect()
    }
}

/// Bytes: the images once, and per thread two copies of the largest trial's weights and feedback with its batches.
fn memory(plan: &Plan, datasets: &Datasets, threads: usize) -> f64 {
    let images: usize = datasets.values().map(|d| d.train.pixels.len() + d.test.pixels.len()).sum();
    let of_trial = |p: &Planned| {
        let id = p.trial.cell.dataset;
        let sizes = p.trial.cell.network.sizes(id.inputs(), id.classes());
        let weights: usize = sizes.windows(2).map(|w| w[0] * w[1]).sum();
        4 * (2 * weights + 3 * p.trial.batch * sizes.iter().sum::<usize>())
    };
    let largest = plan.trials.iter().map(of_trial).max().unwrap_or(0);
    (images + threads * largest) as f64
}
