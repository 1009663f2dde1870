//! The program `report`: a table of contents.

use std::process::ExitCode;

use bioprop::cli::{self, Command};

fn main() -> ExitCode {
    let cli = cli::parse();
    cli::exit_code(match &cli.command {
        None => cli::run::run(&cli.run),
        Some(Command::Run(args)) => cli::run::run(args),
        Some(Command::Plan(args)) => cli::plan::run(args),
        Some(Command::Render(args)) => cli::render::run(args),
        Some(Command::Compare(args)) => cli::compare::run(args),
        Some(Command::Tune(args)) => cli::tune::run(args),
        Some(Command::Trace(args)) => cli::trace::run(args),
        Some(Command::Data(args)) => cli::data::run(args),
        Some(Command::List(args)) => cli::list::run(args),
    })
}
