//! Dense networks: shapes, activations, losses, initialisation.

mod architecture;

pub use architecture::{Activation, Architecture};
