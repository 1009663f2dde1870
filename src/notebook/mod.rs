//! The library as a notebook wants it: few lines from dataset to plot, values that show themselves, errors in words.
//!
//! * [`Experiment`]: what to train; [`Run`]: what came of it, as frames and plots
//! * [`Show`]: tables and pictures by naming a value; [`Problem`]: an error that reads well in a cell
//! * [`lines`]: any measured column over epochs

mod experiment;
mod frames;
mod html;
mod lines;
mod problem;
mod progress;
mod show;

pub use experiment::{Experiment, Run, dataset, read_report};
pub use frames::{numbers, parquet, texts};
pub use lines::lines;
pub use problem::Problem;
pub use show::Show;
