//! bioprop: learning rules between biology and backpropagation.
pub mod data;
pub mod feedback;
pub mod net;
pub mod random;
pub mod report;
pub mod rules;
pub mod run;
pub mod study;
pub mod train;
