//! Running trials: plan, store (one file per trial), execution on this machine.

mod provenance;

pub use provenance::{DataProvenance, Provenance};
