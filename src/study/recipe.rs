//! Recipes: inputs, loss, optimiser and initialisation. A recipe sets no epochs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How a network is trained, apart from its size, rule, rate and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Recipe {
    /// Pixel minus mean image, divided by the pixels' standard deviation; softmax with cross-entropy; plain SGD.
    Main,
    /// `main` with pixels left in 0..1, as HebbNet used them.
    Unit,
    /// Nøkland 2016: pixels in 0..1, sigmoid with binary cross-entropy, RMSprop 1e-4, zero weights for tanh under FA and DFA.
    Nokland,
}

impl Recipe {
    pub const ALL: [Recipe; 3] = [Recipe::Main, Recipe::Unit, Recipe::Nokland];

    pub fn name(self) -> &'static str {
        match self {
            Recipe::Main => "main",
            Recipe::Unit => "unit",
            Recipe::Nokland => "nokland",
        }
    }

    /// One line for `report list recipes`.
    pub fn summary(self) -> &'static str {
        match self {
            Recipe::Main => {
                "pixels minus mean image over pixel std; softmax cross-entropy; SGD, batch 64, constant rate; W, b ~ U(±1/√fan_in); B ~ U(±1/√n_l)"
            }
            Recipe::Unit => "main with pixels in 0..1",
            Recipe::Nokland => {
                "pixels in 0..1; sigmoid with binary cross-entropy; RMSprop 1e-4 (alpha 0.99, eps 1e-8 outside the root); zero weights for tanh under FA/DFA unless the feedback follows signs"
            }
        }
    }
}

impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Recipe {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Recipe::ALL
            .into_iter()
            .find(|r| r.name() == s)
            .ok_or_else(|| format!("unknown recipe `{s}`; known: main, unit, nokland"))
    }
}
