//! Profiles: how large a run is (data, epochs, seeds).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::data::DataSize;

/// Sizes of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    Smoke,
    Quick,
    Standard,
    Full,
}

impl Profile {
    pub const ALL: [Profile; 4] = [Profile::Smoke, Profile::Quick, Profile::Standard, Profile::Full];

    pub fn name(self) -> &'static str {
        match self {
            Profile::Smoke => "smoke",
            Profile::Quick => "quick",
            Profile::Standard => "standard",
            Profile::Full => "full",
        }
    }

    pub fn data(self) -> DataSize {
        match self {
            Profile::Smoke => DataSize::Smoke,
            Profile::Quick => DataSize::Bundled,
            Profile::Standard | Profile::Full => DataSize::Full,
        }
    }

    /// Epochs of a trial; `full` takes the post's number, which depends on the figure.
    pub fn epochs(self, of_the_post: u32) -> u32 {
        match self {
            Profile::Smoke => 1,
            Profile::Quick => 4,
            Profile::Standard => 12,
            Profile::Full => of_the_post,
        }
    }

    pub fn seeds(self) -> u64 {
        match self {
            Profile::Smoke => 2,
            _ => 5,
        }
    }

    /// Images of the fixed training sample on which train accuracy is followed each epoch.
    pub fn train_sample(self) -> usize {
        match self {
            Profile::Smoke | Profile::Quick => 500,
            Profile::Standard | Profile::Full => 2000,
        }
    }

    /// Profile whose rate table is read.
    pub fn rates(self) -> Profile {
        match self {
            Profile::Smoke | Profile::Quick => Profile::Quick,
            Profile::Standard | Profile::Full => Profile::Standard,
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Profile {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Profile::ALL
            .into_iter()
            .find(|p| p.name() == s)
            .ok_or_else(|| format!("unknown profile `{s}`; known: smoke, quick, standard, full"))
    }
}
