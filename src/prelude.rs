//! What a notebook needs, in one line: `use notebook::prelude::*;` (see `notebooks/README.md`).
//!
//! ```
//! use bioprop::prelude::*;
//!
//! # fn main() -> Result<(), Problem> {
//! let run: Run = Experiment::new("first").profile("smoke").networks(&["1x100"]).rate(0.1).run()?;
//! println!("{}", run.summary());
//! # Ok(()) }
//! ```

pub use crate::data::{DataSize, Dataset, DatasetId};
pub use crate::feedback::{Feedback, Route};
pub use crate::notebook::{Experiment, Problem, Run, Show, dataset, lines, numbers, parquet, read_report, texts};
pub use crate::report::Plot;
pub use crate::rules::{
    Carrier, Centring, Gate, OptionValues, Post, Pre, Rate, RowDecay, Rule, RuleEntry, RuleError, RuleSpec, Source,
    Teaching, UpdateTerm, register,
};
pub use polars::prelude::DataFrame;
