//! Training one network: configuration, steps, epochs, evaluation, divergence.

mod checkpoint;
mod cost;
mod evaluate;
mod gate;
mod growth;
mod inputs;
mod observe;
mod outcome;
#[cfg(test)]
mod poison_tests;
mod products;
mod split;
mod stable_rank;
#[cfg(test)]
pub(crate) mod test_support;
mod trainer;

pub use checkpoint::{Keeper, NoKeeper};
pub use cost::{Timing, operations, step_operations};
pub use growth::{GROWTH_STEPS, resolved};
pub use inputs::{InputScaling, Inputs};
pub use outcome::{EpochRow, Filters, GrowthRow, Outcome, Score, Status};
pub use split::{Split, epoch_order};
pub use trainer::{StepReport, Trainer};

use std::time::Instant;

use cpu_time::ThreadTime;
use sha2::{Digest, Sha256};

use crate::data::Dataset;
use crate::net::{Architecture, Isa, Loss, Matrix, Precision};
use crate::rules::RuleSpec;
use evaluate::Evaluator;

/// How weights follow their updates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Optimiser {
    /// Plain stochastic gradient descent at a constant rate.
    Sgd,
    /// RMSprop, `eps` outside the root.
    RmsProp { alpha: f32, eps: f32 },
}

/// What a trial needs to be trained. `study::Trial::config` makes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub network: Architecture,
    pub rule: RuleSpec,
    pub inputs: InputScaling,
    pub loss: Loss,
    pub optimiser: Optimiser,
    /// All weights and biases start at zero instead of `U(+-1/sqrt(fan_in))`.
    pub zero_init: bool,
    pub learning_rate: f64,
    /// Rate of local rules in hidden layers, where they have their own.
    pub hidden_rate: Option<f64>,
    /// The same as a growth exponent: [`resolved`] turns it into the rate for the data.
    pub growth: Option<f64>,
    /// Rate of feedback that learns, where it has its own.
    pub feedback_rate: Option<f64>,
    pub batch: usize,
    pub epochs: u32,
    /// Instead of epochs, so many steps without evaluation, the weights followed every few (study of growth).
    pub follow_steps: Option<u64>,
    /// Images of the fixed training sample followed each epoch.
    pub train_sample: usize,
    pub precision: Precision,
    pub seed: u64,
    /// Keep some first-layer weights with the outcome.
    pub keep_filters: bool,
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

/// A trial whose weight norm passed this many times its initial value is flagged.
const RUNAWAY: f64 = 100.0;

/// Trains a network from initialisation to its last epoch. Deterministic: same configuration and data, same bits.
///
/// # Errors
/// [`Stopped`] if the monitor says so.
///
/// # Panics
/// If the configuration has no batch in the training images, or the rule refuses its options: `study` checks both; or if
/// the processor cannot train in this precision ([`Precision::available`]).
pub fn train(config: &Config, data: &Dataset, monitor: &dyn Monitor) -> Result<Outcome, Stopped> {
    train_on(Isa::best(), config, data, monitor)
}

/// [`train`] on one code path of the kernels: all give the same bits.
///
/// # Errors
/// As [`train`].
pub fn train_on(isa: Isa, config: &Config, data: &Dataset, monitor: &dyn Monitor) -> Result<Outcome, Stopped> {
    train_keeping(isa, config, data, monitor, &NoKeeper)
}

/// [`train_on`], going on from the last checkpoint if `keeper` has one, and handing it others after epochs when they are
/// due. The outcome has the same bits either way; its times count every sitting.
///
/// # Errors
/// As [`train`].
pub fn train_keeping(
    isa: Isa,
    config: &Config,
    data: &Dataset,
    monitor: &dyn Monitor,
    keeper: &dyn Keeper,
) -> Result<Outcome, Stopped> {
    let started = Instant::now();
    let classes = data.id.classes();
    let split = Split::draw(&data.train, classes, config.train_sample, config.seed);
    let steps_per_epoch = split.train.len() / config.batch;
    assert!(steps_per_epoch > 0, "{} training images hold no batch of {}", split.train.len(), config.batch);
    let inputs = Inputs::new(config.inputs, data);
    let config = &resolved(config, data, &inputs, &split);
    let mut trainer =
        Trainer::new(config, data.train.inputs, classes, isa).expect("options were checked when the cell was read");
    let mut evaluator = Evaluator::new(&trainer, data.train.inputs);
    let cost = cost::Cost::new(config, data);
    let norm_at_start = reference_norm(&trainer);
    let mut outcome = Outcome {
        status: Status::Finished,
        runaway: false,
        steps: 0,
        curve: Vec::new(),
        growth: Vec::new(),
        filters: None,
        train: None,
        test_bits: Vec::new(),
        weights_sha256: String::new(),
        train_time_s: 0.0,
        total_time_s: 0.0,
    };
    if let Some(steps) = config.follow_steps {
        let growth_started = ThreadTime::now();
        let (rows, diverged) = growth::follow(config, steps, data, (&inputs, &split), &mut trainer, monitor)?;
        outcome.steps = trainer.steps();
        outcome.train_time_s = growth_started.elapsed().as_secs_f64();
        outcome.total_time_s = started.elapsed().as_secs_f64();
        match diverged {
            Some(step) => outcome.status = Status::Diverged { step },
            None => outcome.weights_sha256 = weights_hash(&trainer),
        }
        // the output layer stays, so this is about the hidden one
        let last = rows.last().map_or(0.0, |r| r.weight_norm);
        outcome.runaway = last > RUNAWAY * norm_at_start;
        outcome.growth = rows;
        return Ok(outcome);
    }
    let all_test: Vec<u32> = (0..data.test.len() as u32).collect();
    let mut observer = observe::Observer::new(&trainer);
    let resumed = keeper.stored().and_then(|bytes| checkpoint::load(&bytes, &mut trainer, &mut observer));
    let mut done = 0;
    if let Some(so_far) = resumed {
        (done, outcome) = so_far;
    }
    let earlier = outcome.total_time_s;
    let mut test_bits = std::mem::take(&mut outcome.test_bits);
    'epochs: for epoch in done..config.epochs {
        let epoch_started = Instant::now();
        let order = epoch_order(&split.train, config.seed, epoch);
        if epoch == 0 {
            trainer.prepare(&inputs, &data.train, &order);
        }
        trainer.start_epoch(epoch);
        let steps_started = ThreadTime::now();
        let mut loss = 0.0;
        let mut diverged = None;
        for (i, rows) in order.chunks_exact(config.batch).enumerate() {
            if monitor.cancelled() {
                return Err(Stopped);
            }
            let report = trainer.step(&inputs, &data.train, rows);
            loss += report.loss;
            diverged = report.diverged;
            if diverged.is_some() {
                break;
            }
            if i % 8 == 0 {
                monitor.progress(cost.done(epoch, i as u64));
            }
        }
        if !trainer.flush() && diverged.is_none() {
            diverged = Some(trainer.steps());
        }
        outcome.train_time_s += steps_started.elapsed().as_secs_f64();
        outcome.steps = trainer.steps();
        if let Some(step) = diverged {
            outcome.status = Status::Diverged { step };
            break 'epochs;
        }
        let mut score = |images, rows: &[u32], bits: Option<&mut Vec<u8>>| {
            if monitor.cancelled() {
                return Err(Stopped);
            }
            Ok(evaluator.score(&mut trainer, &inputs, images, rows, bits))
        };
        let validation = score(&data.train, &split.validation, None)?;
        let test = score(&data.test, &all_test, Some(&mut test_bits))?;
        if monitor.cancelled() {
            return Err(Stopped);
        }
        let mut awake = observe::Awake::new(&trainer);
        let see = |l: usize, h: &Matrix, images: usize| awake.see(l, h, images);
        let train_sample = evaluator.watched(&mut trainer, &inputs, &data.train, &split.train_sample, None, see);
        let seen = observer.look(&mut trainer);
        outcome.runaway |= seen.weight_norms.iter().map(|n| n * n).sum::<f64>().sqrt() > RUNAWAY * norm_at_start;
        let row = EpochRow {
            epoch: epoch + 1,
            train_loss: loss / steps_per_epoch as f64,
            train_sample,
            validation,
            test,
            weight_norms: seen.weight_norms,
            feedback_angles: seen.feedback_angles,
            largest_weights: seen.largest_weights,
            largest_row_norms: seen.largest_row_norms,
            stable_rank: seen.stable_rank,
            silent_units: awake.silent(),
            delta_angles: seen.delta_angles,
            movements: seen.movements,
            feedback_norms: seen.feedback_norms,
            conserved_drift: seen.conserved_drift,
            incoming_change: seen.incoming_change,
            epoch_time_s: epoch_started.elapsed().as_secs_f64(),
        };
        // what the steps may not see: nothing of it gets into a curve
        if evaluator.saw_no_number() || !row.is_finite() || !trainer.is_finite() {
            outcome.status = Status::Diverged { step: trainer.steps() };
            break 'epochs;
        }
        outcome.curve.push(row);
        if keeper.due() {
            let total_time_s = earlier + started.elapsed().as_secs_f64();
            let so_far = Outcome { total_time_s, test_bits: test_bits.clone(), ..outcome.clone() };
            keeper.keep(&checkpoint::save(epoch + 1, &mut trainer, &observer, &so_far));
        }
    }
    if outcome.status == Status::Finished {
        if monitor.cancelled() {
            return Err(Stopped);
        }
        let score = evaluator.score(&mut trainer, &inputs, &data.train, &split.train, None);
        if evaluator.saw_no_number() {
            outcome.status = Status::Diverged { step: trainer.steps() };
        } else {
            outcome.train = Some(score);
            outcome.test_bits = test_bits;
            outcome.filters = config.keep_filters.then(|| observe::filters(trainer.weights(1)));
            outcome.weights_sha256 = weights_hash(&trainer);
        }
    }
    outcome.total_time_s = earlier + started.elapsed().as_secs_f64();
    Ok(outcome)
}

/// Norm of all weights at the start; where they start at zero, the expected norm of `U(+-1/sqrt(fan_in))`.
fn reference_norm(trainer: &Trainer) -> f64 {
    let squares = (1..=trainer.depth()).map(|l| trainer.weights(l).norm().powi(2)).sum::<f64>();
    let expected = (1..=trainer.depth()).map(|l| trainer.weights(l).rows() as f64 / 3.0).sum::<f64>();
    if squares > 0.0 { squares.sqrt() } else { expected.sqrt() }
}

/// SHA-256 over `W_1, b_1, W_2, ...` as little-endian `f32`, row by row.
fn weights_hash(trainer: &Trainer) -> String {
    let mut hash = Sha256::new();
    for l in 1..=trainer.depth() {
        let w = trainer.weights(l);
        for r in 0..w.rows() {
            hash.update(bytemuck::cast_slice::<u32, u8>(
                &w.row(r).iter().map(|v| v.to_bits().to_le()).collect::<Vec<_>>(),
            ));
        }
        hash.update(bytemuck::cast_slice::<u32, u8>(
            &trainer.bias(l).iter().map(|v| v.to_bits().to_le()).collect::<Vec<_>>(),
        ));
    }
    hex::encode(hash.finalize())
}
