//! What is compared: cells, figures, recipes, profiles, trials and their seeds.

pub mod assumptions;
mod cell;
pub mod claims;
pub mod figures;
mod file;
mod profile;
pub mod rates;
mod recipe;
pub mod robustness;
mod trial;

pub use crate::data::DataSize;
pub use cell::Cell;
pub use file::{Study, StudyError};
pub use profile::Profile;
pub use recipe::Recipe;
pub use trial::{Precision, REVISION, Trial};
