//! What a trial costs: counted floating-point operations (the same everywhere) and measured seconds (of this machine).

use std::time::Instant;

use super::{Config, Inputs, Trainer, evaluate, observe};
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
pub fn step_operations(config: &Config, sizes: &[usize]) -> f64 {
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
    let cost = Cost::new(config, data);
    config.follow_steps.map_or_else(|| cost.total(config.epochs), |steps| cost.done(0, steps))
}

/// Seconds of the parts of a trial on this machine now.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timing {
    /// Initialisation before the first step, norms and the hash of the weights after the last.
    pub around: f64,
    pub step: f64,
    /// Evaluating one batch, a started one too.
    pub evaluation: f64,
    /// What observers compute after each epoch.
    pub epoch: f64,
}

impl Timing {
    /// Seconds of a whole trial of `config` on this many images.
    pub fn trial(&self, config: &Config, train_images: usize, test_images: usize) -> f64 {
        let validation = train_images / 10;
        let train = train_images - validation;
        let batches = |images: usize| images.div_ceil(evaluate::BATCH) as f64;
        let followed = batches(validation) + batches(test_images) + batches(config.train_sample.min(train));
        let steps = (train / config.batch) as f64;
        if let Some(steps) = config.follow_steps {
            return self.around + steps as f64 * self.step;
        }
        self.around
            + f64::from(config.epochs) * (steps * self.step + followed * self.evaluation + self.epoch)
            + batches(train) * self.evaluation
    }

    /// Measures on made-up data for about a quarter of a second, on `threads` threads at once: trials that run together
    /// share memory and power. The mean of all.
    pub fn measure(config: &Config, inputs: usize, classes: usize, threads: usize) -> Timing {
        let all: Vec<Timing> = std::thread::scope(|scope| {
            let run = || Timing::of_one(config, inputs, classes);
            let running: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(run)).collect();
            running.into_iter().map(|t| t.join().expect("measuring does not panic")).collect()
        });
        let mean = |part: fn(&Timing) -> f64| all.iter().map(part).sum::<f64>() / all.len() as f64;
        Timing {
            around: mean(|t| t.around),
            step: mean(|t| t.step),
            evaluation: mean(|t| t.evaluation),
            epoch: mean(|t| t.epoch),
        }
    }

    fn of_one(config: &Config, inputs: usize, classes: usize) -> Timing {
        // several batches, so that gathering them is not free
        let count = 16 * config.batch;
        let images = Images {
            pixels: (0..count * inputs).map(|i| (i * 31 % 251) as u8).collect(),
            labels: (0..count).map(|i| (i % classes) as u8).collect(),
            inputs,
        };
        let rows: Vec<u32> = (0..count as u32).collect();
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
            hidden_rate: Some(1e-9),
            growth: None,
            feedback_rate: config.feedback_rate.map(|_| 1e-6),
            ..config.clone()
        };
        let clock = Instant::now();
        let mut trainer =
            Trainer::new(&config, inputs, classes, Isa::best()).expect("options were checked when the cell was read");
        let mut evaluator = evaluate::Evaluator::new(&trainer, inputs);
        super::reference_norm(&trainer);
        super::weights_hash(&trainer);
        let around = clock.elapsed().as_secs_f64();
        let mut batches = rows.chunks_exact(config.batch).cycle();
        let mut step = || {
            trainer.step(&transform, &data.train, batches.next().expect("endless"));
        };
        (0..2).for_each(|_| step());
        let step = mean_seconds(0.12, step);
        trainer.flush();
        let some = &rows[..evaluate::BATCH.min(count)];
        let evaluation = mean_seconds(0.03, || {
            evaluator.score(&mut trainer, &transform, &data.train, some, None);
        });
        let mut observer = observe::Observer::new(&trainer);
        let epoch = mean_seconds(0.0, || {
            observer.look(&mut trainer);
        });
        Timing { around, step, evaluation, epoch }
    }
}

/// Seconds of one call, over about `time` seconds of calls (at least one).
fn mean_seconds(time: f64, mut f: impl FnMut()) -> f64 {
    let clock = Instant::now();
    let mut calls = 0;
    loop {
        f();
        calls += 1;
        let seconds = clock.elapsed().as_secs_f64();
        if seconds >= time {
            return seconds / f64::from(calls);
        }
    }
}
