//! Numbers from trials: Polars frames with a fixed schema, summaries with intervals, tests, files, comparison of runs.
//!
//! Polars shapes and joins; every statistic is computed in a fixed order by `ndarray` and `statrs`, so that the
//! numbers do not depend on threads.

pub mod bootstrap;
pub mod claims;
mod compare;
mod error;
mod files;
mod frames;
mod moved;
pub mod multiple;
pub mod paired;
mod parquet;
pub mod power;
pub mod ranks;
mod refill;
pub mod regression;
pub mod robustness;
mod summarise;
mod summary;
mod tuning;
mod uses;
mod variants;
pub mod welch;

pub use compare::{Comparison, is_measured, same_bits};
pub use error::StatsError;
pub use files::{Results, diverged, parse_parquet, read_parquet, read_provenance, write_csv, write_parquet};
pub use frames::{curves_frame, filters_frame, trials_frame};
pub use moved::{CellChange, Changes, Setting, Test, changes, settings};
pub use refill::refill;
pub use summarise::summarise;
pub use summary::{Interval, LEVEL, interval, mean, paired_difference, std_dev};
pub use tuning::tuning_frame;
pub use uses::Uses;
pub use variants::{variants, with_variant};
