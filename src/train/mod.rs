//! Training one network: configuration, steps, epochs, evaluation, divergence.

mod outcome;

pub use outcome::{EpochRow, Outcome, Score, Status};

use crate::data::Dataset;
use crate::net::Architecture;
use crate::rules::RuleSpec;

/// What a trial needs to be trained. `study::Trial::config` makes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub network: Architecture,
    pub rule: RuleSpec,
    pub learning_rate: f64,
    pub batch: usize,
    pub epochs: u32,
    /// Images of the fixed training sample followed each epoch.
    pub train_sample: usize,
    pub seed: u64,
}

/// Listens while a trial trains; sees, never touches.
pub trait Monitor: Sync {
    /// Called now and then with the counted floating-point operations done so far by this trial.
    fn progress(&self, operations: f64);
    /// Asked at every step; `true` stops the trial, its work is lost.
    fn cancelled(&self) -> bool;
}

/// The trial was stopped by its monitor.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("stopped before the end")]
pub struct Stopped;

/// Trains a network from initialisation to its last epoch. Deterministic: same configuration and data, same bits.
pub fn train(config: &Config, data: &Dataset, monitor: &dyn Monitor) -> Result<Outcome, Stopped> {
    // TEMPORARY STUB until the engine lands: invented numbers of the right shape.
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(format!("{config:?}").as_bytes());
    let n_test = data.test.len() as u32;
    let bits: Vec<u8> = (0..n_test.div_ceil(8)).map(|i| hash[i as usize % 32] | 0x77).collect();
    let correct = bits.iter().map(|b| b.count_ones()).sum::<u32>().min(n_test);
    let score =
        |total: u32, e: u32| Score { correct: total * (60 + 3 * e + u32::from(hash[e as usize]) % 4) / 100, total };
    let mut curve = vec![];
    for e in 1..=config.epochs.min(12) {
        std::thread::sleep(std::time::Duration::from_millis(50));
        if monitor.cancelled() {
            return Err(Stopped);
        }
        monitor.progress(operations(config, data) * f64::from(e) / f64::from(config.epochs));
        curve.push(EpochRow {
            epoch: e,
            train_loss: 1.0 / f64::from(e),
            train_sample: score(config.train_sample as u32, e),
            validation: score(data.train.len() as u32 / 10, e),
            test: score(n_test, e),
            weight_norms: vec![20.0, 3.0],
            feedback_angles: vec![Some(60.0)],
            epoch_time_s: 0.05,
        });
    }
    Ok(Outcome {
        status: Status::Finished,
        runaway: false,
        steps: 100,
        curve,
        train: Some(score(data.train.len() as u32, config.epochs)),
        test_bits: {
            let _ = correct;
            bits
        },
        weights_sha256: hex::encode(hash),
        train_time_s: 0.2,
        total_time_s: 0.25,
    })
}

/// Counted floating-point operations of a whole trial, training and evaluation: known before it runs, the same on every machine.
pub fn operations(config: &Config, data: &Dataset) -> f64 {
    let sizes = config.network.sizes(data.train.inputs, 10);
    let weights: usize = sizes.windows(2).map(|w| w[0] * w[1]).sum();
    (config.epochs as usize * data.train.len() * 4 * weights) as f64
}

/// Seconds that one training step of this configuration takes on this machine now, measured on made-up data.
pub fn measure_step(_config: &Config, _inputs: usize, _classes: usize) -> f64 {
    0.004
}
