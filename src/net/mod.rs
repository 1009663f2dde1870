//! Dense networks: shapes, activations, losses, initialisation, and the arithmetic of a step.

mod architecture;
pub mod kernels;
mod loss;
mod matrix;
mod precision;

pub use architecture::{Activation, Architecture};
pub use kernels::Isa;
pub use loss::Loss;
pub use matrix::Matrix;
pub use precision::Precision;
