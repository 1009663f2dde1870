//! Running trials: plan, store (one file per trial), execution on this machine, rate search, provenance.

pub mod atomic;
pub mod execute;
mod keeper;
mod memory;
pub mod observer;
pub mod plan;
mod provenance;
pub mod selection;
mod store;
#[cfg(feature = "program")]
pub mod trace;
pub mod tune;

pub use provenance::{DataProvenance, Provenance, Sitting, collect, commit, cores, data_provenance, rfc3339};
pub use store::{Loaded, Refused, Store, StoreError, StoredTrial};
