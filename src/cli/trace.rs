//! `report trace`: the first steps of one trial as arrays.

use std::path::PathBuf;

use clap::{Args, value_parser};

use super::arguments::rate;
use super::output::print;
use crate::data;
use crate::run::plan::Request;
use crate::run::trace;
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
    /// Learning rate instead of the table's
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub rate: Option<f64>,
    /// Folder with your own copy of the full datasets
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

pub fn run(args: &TraceArgs) -> anyhow::Result<()> {
    let data = data::load(args.cell.dataset, args.profile.data(), args.data.as_deref())?;
    let request = Request { recipe: args.recipe, rate: args.rate, ..Request::of(args.profile) };
    let mut trial = request.trial(&args.cell, args.profile.epochs(1), args.seed, 0, &data)?;
    // as asked, not as stored: a trace of DFA with one hidden layer shows DFA's own matrices
    trial.cell = args.cell.clone();
    trace::write(&trial, &data, args.steps as usize, &args.out)?;
    print(&format!("trace: {}\n", args.out.display()))
}
