//! Short trials on the smoke images, for tests of what surrounds a trial.

use super::{Config, Monitor};
use crate::data::{DataSize, Dataset, DatasetId, load};
use crate::study::{Precision, REVISION, Recipe, Trial};

/// Says nothing and never stops.
pub struct Silent;
impl Monitor for Silent {
    fn progress(&self, _: f64) {}
    fn cancelled(&self) -> bool {
        false
    }
}

pub fn data() -> Dataset {
    load(DatasetId::Mnist, DataSize::Smoke, None).unwrap()
}

/// Two hidden layers of 20, one for HebbNet.
pub fn config(rule: &str, recipe: Recipe, epochs: u32) -> Config {
    let hebbnet = rule.starts_with("hebbnet");
    let network = if hebbnet { "1x20" } else { "2x20-relu" };
    let trial = Trial {
        cell: format!("mnist/{network}/{rule}").parse().unwrap(),
        recipe,
        learning_rate: if recipe == Recipe::Nokland { 1e-3 } else { 0.02 },
        hidden_rate: None,
        growth: hebbnet.then_some(0.5),
        feedback_rate: rule.contains("=hebb").then_some(0.01),
        batch: 64,
        epochs,
        data: DataSize::Smoke,
        data_fingerprint: String::new(),
        train_sample: 100,
        precision: Precision::F32,
        seed: 1,
        repeat: 0,
        revision: REVISION,
    };
    trial.config()
}
