//! `report trace`: the first steps of one trial as arrays.

use std::path::PathBuf;

use clap::{Args, value_parser};

use super::arguments::{misuse, rate};
use super::output::print;
use crate::data;
use crate::rules::RuleSpec;
use crate::run::plan::Request;
use crate::run::trace::{self, TraceError};
use crate::study::rates::Given;
use crate::study::{Cell, Profile, Recipe};

#[derive(Args)]
pub struct TraceArgs {
    /// A cell as `report list cells` prints it, such as mnist/1x2000/bp
    pub cell: Cell,
    /// Seed (1 or more)
    #[arg(long, default_value_t = 1, value_parser = value_parser!(u64).range(1..))]
    pub seed: u64,
    /// Steps to write (1 to 20)
    #[arg(long, default_value_t = 3, value_parser = value_parser!(u64).range(1..=20))]
    pub steps: u64,
    /// The file to write (npz)
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Profile whose data and rates are used
    #[arg(long, default_value = "quick")]
    pub profile: Profile,
    /// Recipe: main, unit or nokland
    #[arg(long, default_value = "main")]
    pub recipe: Recipe,
    /// Learning rate instead of the table's (HebbNet: of the output layer)
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub rate: Option<f64>,
    /// Rate of the local rule in hidden layers (HebbNet, growth) instead of the table's
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub hidden_rate: Option<f64>,
    /// Rate of feedback that learns (Hebb, Oja) instead of the table's
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub eta_b: Option<f64>,
    /// Weight of the local rule (sum rule) instead of the cell's
    #[arg(long, value_name = "BETA")]
    pub beta: Option<String>,
    /// Folder with your own copy of the full datasets
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

pub fn run(args: &TraceArgs) -> anyhow::Result<()> {
    let mut cell = args.cell.clone();
    if let Some(beta) = &args.beta {
        let mut options: Vec<(&str, &str)> = cell.rule.options().iter().map(|(k, v)| (*k, v.as_ref())).collect();
        options.retain(|(key, _)| *key != "beta");
        options.push(("beta", beta));
        cell.rule = RuleSpec::new(args.cell.rule.name(), &options).map_err(|e| misuse(e.to_string()))?;
    }
    let data = data::load(cell.dataset, args.profile.data(), args.data.as_deref())?;
    let request = Request { recipe: args.recipe, ..Request::of(args.profile) };
    // a hidden rate stands for the exponent below: any exponent will do until then
    let given = Given { learning_rate: args.rate, growth: args.hidden_rate.map(|_| 1.0), feedback_rate: args.eta_b };
    let mut trial = request.trial_at(&cell, given, args.seed, &data)?;
    if let Some(rate) = args.hidden_rate {
        if trial.growth.is_none() {
            return Err(misuse(format!("{cell} has no rate of its own in hidden layers; leave --hidden-rate out")));
        }
        (trial.hidden_rate, trial.growth) = (Some(rate), None);
    }
    if args.eta_b.is_some() && trial.feedback_rate.is_none() {
        return Err(misuse(format!("{cell} has no feedback with a rate of its own; leave --eta-b out")));
    }
    // as asked, not as stored: a trace of DFA with one hidden layer shows DFA's own matrices
    trial.cell = cell;
    trace::write(&trial, &data, args.steps as usize, &args.out).map_err(|e| match e {
        TraceError::TooManySteps { .. } => misuse(e.to_string()),
        other => other.into(),
    })?;
    print(&format!("trace: {}\n", args.out.display()))
}
