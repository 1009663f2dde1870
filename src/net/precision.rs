//! What a training step computes with.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Isa;
use super::kernels::Bf16;

/// Arithmetic of the matrix products of a training step. Weights, sums, activations, updates of biases and every
/// evaluation are `f32` in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// The same bits on every machine.
    F32,
    /// Products read weights, activities and teaching signals rounded to bf16 and sum in `f32`.
    Bf16,
}

impl Precision {
    pub const ALL: [Precision; 2] = [Precision::F32, Precision::Bf16];

    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::Bf16 => "bf16",
        }
    }

    /// Whether this machine can train in it.
    ///
    /// # Errors
    /// Names what the processor lacks and the way out.
    pub fn available(self) -> Result<(), String> {
        match self {
            Precision::F32 => Ok(()),
            Precision::Bf16 => Bf16::detect(),
        }
    }

    /// Name of the code path that this machine takes.
    pub fn kernels(self) -> &'static str {
        match self {
            Precision::F32 => Isa::best().name(),
            Precision::Bf16 => "AVX-512-BF16",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Precision {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Precision::ALL
            .into_iter()
            .find(|p| p.name() == s)
            .ok_or_else(|| format!("unknown precision `{s}`; known: f32, bf16"))
    }
}
