//! Local rules: what a layer can do with its own input and output alone.
//!
//! With `x` the layer's input, `y` its output: Hebb `dW = mean(y x^T)`; Oja neuron by neuron
//! `dW = mean(y x^T) - diag(mean(y^2)) W`; Oja's subspace rule `dW = mean(y (x - W^T y)^T)`.

use super::{Gate, OptionValues, Post, Pre, Rate, RowDecay, UpdateTerm};

/// A local rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local {
    Hebb,
    Oja,
    OjaSubspace,
}

impl Local {
    /// From the checked option `local`.
    pub fn from_options(options: &OptionValues) -> Local {
        match options.get("local").map(AsRef::as_ref) {
            Some("oja") => Local::Oja,
            Some("oja-subspace") => Local::OjaSubspace,
            _ => Local::Hebb,
        }
    }

    /// `W += sign * eta * dW` at the hidden layers' own rate; biases stay.
    pub fn term(self, sign: f32, gate: Gate) -> UpdateTerm {
        UpdateTerm {
            post: Post::Activity,
            pre: if self == Local::OjaSubspace { Pre::Residual } else { Pre::Input },
            scale: sign,
            decay: if self == Local::Oja { RowDecay::Squares(1.0) } else { RowDecay::None },
            gate,
            rate: Rate::Hidden,
            bias: false,
        }
    }
}
