//! What a trial costs: counted floating-point operations (the same everywhere) and measured seconds (of this machine).

use std::time::Instant;

use super::{Config, Inputs, Trainer};
use crate::data::{Dataset, DatasetId, Images};
use crate::net::Isa;
use crate::rules::{Carrier, Pre, Source};

/// Counted operations of a trial.
pub(super) struct Cost {
    step: f64,
    steps_per_epoch: f64,
    evaluation_per_epoch: f64,
    evaluation_at_end: f64,
}

impl Cost {
    pub fn new(config: &Config, data: &Dataset) -> Cost {
        Cost::of(config, data.train.inputs, data.id.classes(), data.train.len(), data.test.len())
    }

    pub fn of(config: &Config, inputs: usize, classes: usize, train_images: usize, test_images: usize) -> Cost {
        let sizes = config.network.sizes(inputs, classes);
        let forward: f64 = sizes.windows(2).map(|w| 2.0 * (w[0] * w[1]) as f64).sum();
        let validation = train_images / 10;
        let train = train_images - validation;
        let followed = validation + test_images + config.train_sample.min(train);
        Cost {
            step: step_operations(config, &sizes),
            steps_per_epoch: (train / config.batch) as f64,
            evaluation_per_epoch: forward * followed as f64,
            evaluation_at_end: forward * train as f64,
        }
    }

    /// Operations done after `steps` steps of epoch `epoch` (0-based).
    pub fn done(&self, epoch: u32, steps: u64) -> f64 {
        f64::from(epoch) * (self.step * self.steps_per_epoch + self.evaluation_per_epoch) + steps as f64 * self.step
    }

    pub fn total(&self, epochs: u32) -> f64 {
        self.done(epochs, 0) + self.evaluation_at_end
    }
}

/// Operations of one step: products of the forward pass, of the updates of weights and feedback, of the deltas below
/// the top, and of the subspace rule's residuals.
fn step_operations(config: &Config, sizes: &[usize]) -> f64 {
    let Ok(rule) = config.rule.build() else { return 0.0 };
    let top = sizes.len() - 1;
    let mut products: usize = sizes.windows(2).map(|w| w[0] * w[1]).sum();
    for l in 1..=top {
        if let Some(term) = rule.update(l, top) {
            let passes = if term.pre == Pre::Residual { 2 } else { 1 };
            products += passes * sizes[l] * sizes[l - 1];
        }
    }
    let feedback = rule.feedback();
    for l in 1..top {
        if let Some(t) = rule.teaching(l) {
            let direct = t.carrier == Carrier::Feedback && t.source != Source::LayerAbove;
            products += sizes[l] * if direct { sizes[top] } else { sizes[l + 1] };
        }
        if let Some((feedback, term)) = feedback.and_then(|f| Some((f, f.update()?))) {
            let passes = if term.pre == Pre::Residual { 2 } else { 1 };
            products += passes * sizes[l] * feedback.rows(l, sizes);
        }
    }
    2.0 * config.batch as f64 * products as f64
}

/// Counted floating-point operations of a whole trial, training and evaluation: known before it runs, the same on every machine.
pub fn operations(config: &Config, data: &Dataset) -> f64 {
    Cost::new(config, data).total(config.epochs)
}

/// Seconds that one training step of this configuration takes on this machine now, measured on made-up data (about
/// a fifth of a second).
pub fn measure_step(config: &Config, inputs: usize, classes: usize) -> f64 {
    let images = Images {
        pixels: (0..config.batch * inputs).map(|i| (i * 31 % 251) as u8).collect(),
        labels: (0..config.batch).map(|i| (i % classes) as u8).collect(),
        inputs,
    };
    let rows: Vec<u32> = (0..config.batch as u32).collect();
    let data = Dataset {
        id: DatasetId::Mnist,
        train: images,
        test: Images { pixels: Vec::new(), labels: Vec::new(), inputs },
        mean_image: vec![0.5; inputs],
        fingerprint: String::new(),
        origin: String::new(),
    };
    let transform = Inputs::new(config.inputs, &data);
    // a tiny rate keeps made-up data from overflowing while it is timed
    let config = Config {
        learning_rate: 1e-6,
        hidden_rate: config.hidden_rate.map(|_| 1e-9),
        feedback_rate: config.feedback_rate.map(|_| 1e-6),
        ..config.clone()
    };
    let mut trainer =
        Trainer::new(&config, inputs, classes, Isa::best()).expect("options were checked when the cell was read");
    (0..3).for_each(|_| {
        trainer.step(&transform, &data.train, &rows);
    });
    let started = Instant::now();
    let mut steps = 0;
    while started.elapsed().as_secs_f64() < 0.2 {
        trainer.step(&transform, &data.train, &rows);
        steps += 1;
    }
    started.elapsed().as_secs_f64() / f64::from(steps)
}
