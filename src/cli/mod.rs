//! The program: arguments, one file per command, progress, exit codes.
//!
//! Exit codes: 0 done, 1 failed, 2 misuse, 130 interrupted.

mod arguments;
pub mod compare;
pub mod data;
mod emit;
mod interrupt;
pub mod list;
mod output;
pub mod plan;
mod progress;
pub mod render;
pub mod run;
mod search;
mod study_rates;
pub mod trace;
mod train;
pub mod tune;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::data::DataError;
use crate::run::execute::ExecuteError;

/// Trains networks by backpropagation and by biologically inspired rules, and writes a report that compares them.
///
/// Without a command: trains what is missing of the default profile, then writes the report.
#[derive(Parser)]
#[command(name = "report", version, args_conflicts_with_subcommands = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 misuse, 130 interrupted (run the same command again to go on)."
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub run: run::RunArgs,
}

#[derive(Subcommand)]
pub enum Command {
    /// Train what is missing, then write the report (the default)
    Run(run::RunArgs),
    /// Show what a run would train, what is done, and how long the rest takes here
    Plan(plan::PlanArgs),
    /// Write the report again from stored results, without training
    Render(render::RenderArgs),
    /// Set two result folders side by side: what moved beyond noise, which verdicts flipped
    Compare(compare::CompareArgs),
    /// Search backpropagation's learning rates on validation accuracy
    Tune(tune::TuneArgs),
    /// Write the first steps of one trial as arrays, to check them in another language
    Trace(trace::TraceArgs),
    /// Look after the datasets
    Data(data::DataArgs),
    /// List what there is: figures, cells, rules, ...
    List(list::ListArgs),
}

/// Parses the command line; misuse ends the program with code 2.
pub fn parse() -> Cli {
    Cli::parse()
}

/// The user's mistake: code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Misuse(pub String);

/// Ctrl-C: code 130.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Interrupted(pub String);

/// Says what went wrong, if anything, and gives the exit code.
pub fn exit_code(result: anyhow::Result<()>) -> ExitCode {
    let Err(error) = result else { return ExitCode::SUCCESS };
    if let Some(interrupted) = error.downcast_ref::<Interrupted>() {
        eprintln!("{interrupted}");
        return ExitCode::from(130);
    }
    // transparent errors repeat their source: say each sentence once
    let mut said = String::new();
    for cause in error.chain().map(|c| c.to_string()) {
        if !said.contains(&cause) {
            said += if said.is_empty() { "" } else { ": " };
            said += &cause;
        }
    }
    eprintln!("error: {said}");
    let misuse = error.is::<Misuse>()
        || matches!(error.downcast_ref(), Some(ExecuteError::Variable(_)))
        || error.downcast_ref::<DataError>().is_some_and(DataError::is_misuse);
    ExitCode::from(if misuse { 2 } else { 1 })
}
