//! Images and labels: the two datasets, where they come from, and how they are checked.
//!
//! * `idx`, `cifar`: readers of the two file formats, on top of `raw` (bounded reading, unpacking, atomic writing)
//! * `official`: the table of the official files and their checksums; `bundled`: the same of the committed `data/`
//! * `subset`: the rule that chose the committed images, and the mean images
//! * `places`: where files are looked for; `load`: from a dataset's name to a verified [`Dataset`]
//! * `fetch`: downloads and package clients that fill the cache folder; `status`: what is there, and is it whole

mod bundled;
mod cifar;
mod error;
#[cfg(feature = "program")]
mod fetch;
mod idx;
mod load;
mod official;
mod places;
mod raw;
mod status;
mod subset;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use bundled::{BundledFile, bundled_counts, bundled_files};
pub use cifar::{parse_records, read_records};
pub use error::DataError;
#[cfg(feature = "program")]
pub use fetch::{FetchEvent, FetchReport, fetch};
pub use idx::{IdxImages, parse_images, parse_labels, read_images, read_labels};
pub use load::{fingerprint, load};
pub use official::{Content, OfficialFile, Split, full_fingerprint, full_sizes, official_files};
pub use places::{DATA_VARIABLE, bundled_dir, cache_dir};
pub use status::{Check, FileSet, FileStatus, status, verify};
pub use subset::{DerivedFile, bundled_difference, derive_bundled, mean_image};

/// The datasets of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DatasetId {
    Mnist,
    Cifar10,
}

impl DatasetId {
    pub const ALL: [DatasetId; 2] = [DatasetId::Mnist, DatasetId::Cifar10];

    /// Name in cells, files and flags.
    pub fn name(self) -> &'static str {
        match self {
            DatasetId::Mnist => "mnist",
            DatasetId::Cifar10 => "cifar10",
        }
    }

    /// Name in sentences and plots.
    pub fn title(self) -> &'static str {
        match self {
            DatasetId::Mnist => "MNIST",
            DatasetId::Cifar10 => "CIFAR-10",
        }
    }

    /// Numbers in one image (pixels times channels).
    pub fn inputs(self) -> usize {
        match self {
            DatasetId::Mnist => 784,
            DatasetId::Cifar10 => 3072,
        }
    }

    /// Number of classes.
    pub fn classes(self) -> usize {
        10
    }

    /// Standard deviation of all raw training pixels (0..1, all channels together): recipe `main` divides by it.
    pub fn pixel_std(self) -> f64 {
        match self {
            DatasetId::Mnist => 0.30811,
            DatasetId::Cifar10 => 0.2516,
        }
    }

    /// Accuracy of guessing, as a fraction (both test sets are near balance).
    pub fn chance(self) -> f64 {
        0.1
    }
}

impl fmt::Display for DatasetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DatasetId {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        DatasetId::ALL
            .into_iter()
            .find(|d| d.name() == s)
            .ok_or_else(|| format!("unknown dataset `{s}`; known: mnist, cifar10"))
    }
}

/// Which images a run uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataSize {
    /// The first images of the bundled subset: 600 for training, 200 for testing (class-balanced).
    Smoke,
    /// The bundled subset in `data/`.
    Bundled,
    /// All of it.
    Full,
}

impl DataSize {
    pub fn name(self) -> &'static str {
        match self {
            DataSize::Smoke => "smoke",
            DataSize::Bundled => "bundled",
            DataSize::Full => "full",
        }
    }
}

/// Images of one split, one row per image, raw bytes, with their class numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct Images {
    /// `len * inputs` bytes, row-major; CIFAR-10 keeps its order of planes (R, G, B).
    pub pixels: Vec<u8>,
    /// One class number (0..classes) per image.
    pub labels: Vec<u8>,
    /// Bytes per image.
    pub inputs: usize,
}

impl Images {
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The bytes of image `i`.
    pub fn image(&self, i: usize) -> &[u8] {
        &self.pixels[i * self.inputs..(i + 1) * self.inputs]
    }

    /// The images at `rows`, in that order.
    pub fn select(&self, rows: &[usize]) -> Images {
        let mut pixels = Vec::with_capacity(rows.len() * self.inputs);
        for &r in rows {
            pixels.extend_from_slice(self.image(r));
        }
        Images { pixels, labels: rows.iter().map(|&r| self.labels[r]).collect(), inputs: self.inputs }
    }
}

/// A dataset as a trial sees it: shared read-only between trials.
#[derive(Clone, PartialEq)]
pub struct Dataset {
    pub id: DatasetId,
    pub train: Images,
    pub test: Images,
    /// Mean image of the *full* training set in 0..1, `inputs` numbers (committed in `data/`).
    pub mean_image: Vec<f32>,
    /// SHA-256 (hex) over train pixels, train labels, test pixels, test labels: part of a trial's identity.
    pub fingerprint: String,
    /// Words for the report: `bundled subset`, `full set from <where>`.
    pub origin: String,
}
