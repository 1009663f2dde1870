//! What a training step computes with.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Isa;
use super::kernels::Bf16Path;

/// Arithmetic of the matrix products of a training step. Weights, sums, activations, updates of biases and every
/// evaluation are `f32` in all of them.
///
/// bf16 is rounded in one order by AVX-512-BF16 and in another by AMX, so these are two precisions: a trial's key holds
/// one of them, and a machine that has only the other never takes up or mixes in its results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Precision {
    /// The same bits on every machine.
    #[serde(rename = "f32")]
    F32,
    /// Products read weights, activities and teaching signals rounded to bf16 and sum in `f32`, by AVX-512-BF16.
    #[serde(rename = "bf16")]
    Bf16,
    /// The same by AMX.
    #[serde(rename = "bf16-amx")]
    Bf16Amx,
}

impl Precision {
    pub const ALL: [Precision; 3] = [Precision::F32, Precision::Bf16, Precision::Bf16Amx];

    /// As trials, tables and reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Precision::F32 => "f32",
            Precision::Bf16 => "bf16",
            Precision::Bf16Amx => "bf16-amx",
        }
    }

    /// As the command line asks for it on whatever machine: `bf16` alone would ask for the fastest there.
    pub fn argument(self) -> &'static str {
        match self {
            Precision::Bf16 => "bf16-avx512",
            other => other.name(),
        }
    }

    /// The fastest bf16 of this machine.
    pub fn fastest_bf16() -> Precision {
        if Precision::Bf16Amx.available().is_ok() { Precision::Bf16Amx } else { Precision::Bf16 }
    }

    /// Which instructions it takes, if it is a bf16.
    pub fn bf16_path(self) -> Option<Bf16Path> {
        match self {
            Precision::F32 => None,
            Precision::Bf16 => Some(Bf16Path::Avx512),
            Precision::Bf16Amx => Some(Bf16Path::Amx),
        }
    }

    /// Whether this machine can train in it.
    ///
    /// # Errors
    /// Names what the processor lacks and the way out.
    pub fn available(self) -> Result<(), String> {
        self.bf16_path().map_or(Ok(()), Bf16Path::detect)
    }

    /// Name of the code path that this machine takes.
    pub fn kernels(self) -> &'static str {
        self.bf16_path().map_or_else(|| Isa::best().name(), Bf16Path::name)
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
            .ok_or_else(|| format!("unknown precision `{s}`; known: f32, bf16, bf16-amx"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_both_kinds_of_bf16_stay_apart() {
        for p in Precision::ALL {
            assert_eq!(p.name().parse(), Ok(p));
            assert_eq!(serde_json::to_string(&p).unwrap(), format!("\"{p}\""), "trials are keyed by it");
        }
        assert_eq!(Precision::fastest_bf16() == Precision::Bf16Amx, Precision::Bf16Amx.available().is_ok());
        let arguments = Precision::ALL.map(Precision::argument);
        assert_eq!(arguments, ["f32", "bf16-avx512", "bf16-amx"], "`bf16` alone asks for the fastest");
        if let Err(reason) = Precision::Bf16Amx.available() {
            assert!(reason.contains("train with f32"), "{reason}");
        }
    }
}
