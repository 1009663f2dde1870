//! Where results come from: machine, code, data, command. Written as `provenance.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Everything about a run that is not a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    pub profile: String,
    pub recipe: String,
    pub precision: String,
    pub figures: Vec<String>,
    pub seeds: Vec<u64>,
    /// The command that makes this report.
    pub command: String,
    /// Version of this program.
    pub version: String,
    /// Git commit of the code, if it was run from a checkout.
    pub commit: Option<String>,
    /// Whether tracked files differed from that commit.
    pub dirty: Option<bool>,
    pub compiler: String,
    pub operating_system: String,
    pub cpu: String,
    pub cores: usize,
    pub threads: usize,
    /// SIMD path of the kernels.
    pub kernels: String,
    /// UTC, RFC 3339.
    pub started: String,
    pub wall_time_s: f64,
    pub trials: usize,
    /// Of these trained in this sitting; the others were already in the folder.
    pub trained_now: usize,
    pub diverged: usize,
    /// Per dataset: name -> (origin, fingerprint, training images, test images).
    pub data: BTreeMap<String, DataProvenance>,
    /// Library versions that matter: name -> version.
    pub libraries: BTreeMap<String, String>,
}

/// Which images were used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataProvenance {
    pub origin: String,
    pub fingerprint: String,
    pub train_images: usize,
    pub test_images: usize,
}
