//! bioprop: learning rules between biology and backpropagation, compared with several seeds and reported.
//!
//! The rooms, in the order the data walks; nothing imports a room below it:
//!
//! * [`random`]: one random stream per seed and purpose
//! * [`data`]: the datasets, their files and checksums
//! * [`net`]: networks, losses, and the kernels that do the arithmetic
//! * [`update`] and [`options`]: what a weight update is made of, and what can be chosen; [`feedback`]: feedback matrices;
//!   [`rules`]: one file per learning rule
//! * [`train`]: the engine that trains one network
//! * [`study`]: cells, figures, recipes, profiles, trials
//! * [`run`]: plan, store, execution
//! * [`stats`]: frames, summaries, intervals
//! * [`report`]: the HTML and Markdown report and its plots
//! * [`cli`]: the commands of `report` (feature `program`); [`notebook`] and [`prelude`]: the same from a notebook
//!
//! Two rules on the same seed, split, batches and initial weights:
//!
//! ```
//! use bioprop::data::{DataSize, DatasetId, load};
//! use bioprop::study::{Cell, Profile};
//! use bioprop::run::plan::Request;
//! use bioprop::train::{Monitor, train};
//!
//! struct Silent;
//! impl Monitor for Silent {
//!     fn progress(&self, _: f64) {}
//!     fn cancelled(&self) -> bool { false }
//! }
//! let data = load(DatasetId::Mnist, DataSize::Smoke, None).unwrap();
//! for name in ["mnist/1x2000/bp", "mnist/1x2000/fa/feedback=random"] {
//!     let cell: Cell = name.parse().unwrap();
//!     let trial = Request::of(Profile::Smoke).trial(&cell, 1, 1, 0, &data).unwrap();
//!     let outcome = train(&trial.config(), &data, &Silent).unwrap();
//!     println!("{name}: {:.1} % of the test images", 100.0 * outcome.last().unwrap().test.accuracy());
//! }
//! ```
#[cfg(feature = "program")]
pub mod cli;
pub mod data;
pub mod feedback;
pub mod net;
pub mod notebook;
pub mod options;
pub mod prelude;
pub mod random;
pub mod report;
pub mod rules;
pub mod run;
pub mod stats;
pub mod study;
pub mod train;
pub mod update;

// a notebook names types of these: it must find them here, since it has this crate alone
pub use {ndarray, ndarray_stats, noisy_float, polars};
