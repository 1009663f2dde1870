//! bioprop: learning rules between biology and backpropagation.
//!
//! Map of the rooms: to be written by whoever owns this file.
pub mod cli;
pub mod data;
pub mod feedback;
pub mod net;
pub mod random;
pub mod report;
pub mod rules;
pub mod run;
pub mod stats;
pub mod study;
pub mod train;
