//! The library under one name, as a dynamic library (see `Cargo.toml`).

pub use bioprop::*;
