//! Rates of local rules as growth exponents, which carry across lengths and datasets.
//!
//! A linear unit under Hebb's rule grows along the first principal axis by `1 + eta lambda_1` a step; a ReLU unit sees
//! about half of that. So `g = eta_0 (lambda_1 / 2) sum_t factor(t)` says by which power of e the weights would grow.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Config, GrowthRow, Inputs, Monitor, Split, Stopped, Trainer, epoch_order, observe, step_operations};
use crate::data::{Dataset, Images};
use crate::net::Matrix;
use crate::net::kernels::Panels;

/// Steps of the power iteration at most.
const ITERATIONS: usize = 100;

/// Steps of the study of growth, whatever the data.
pub const GROWTH_STEPS: u64 = 500;
/// Its weights are looked at after so many.
const EVERY: u64 = 10;

/// The configuration with its growth exponent turned into the hidden rate, if it has one.
pub fn resolved(config: &Config, data: &Dataset, inputs: &Inputs, split: &Split) -> Config {
    let (None, Some(growth)) = (config.hidden_rate, config.growth) else { return config.clone() };
    let decay = config.rule.build().map_or(1.0, |rule| rule.rate_decay());
    let steps = (split.train.len() / config.batch) as f64;
    let (mut factor, mut sum) = (1.0, 0.0);
    for _ in 0..config.epochs {
        sum += factor * steps;
        factor *= decay;
    }
    if config.rule.name() == "growth" {
        // the study of growth has one length in every profile
        sum = GROWTH_STEPS as f64;
    }
    let (lambda, _) = principal(data, config.seed, inputs, split);
    Config { hidden_rate: Some(growth / (lambda / 2.0 * sum)), growth: None, ..config.clone() }
}

/// Largest eigenvalue of the second moment of the training inputs and its direction.
type Principal = (f64, Arc<Vec<f64>>);

/// The first principal component (not centred once more), in `f64`, by power iteration; remembered, since every rule of
/// a seed asks for the same one.
fn principal(data: &Dataset, seed: u64, inputs: &Inputs, split: &Split) -> Principal {
    static KNOWN: Mutex<Option<HashMap<String, Principal>>> = Mutex::new(None);
    let key = format!("{} {seed} {} {:?}", data.fingerprint, split.train.len(), inputs.scaling());
    let known = |found: Option<Principal>| {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get_or_insert_default();
        match found {
            Some(found) => known.insert(key.clone(), found),
            None => known.get(&key).cloned(),
        }
    };
    // made-up data have no fingerprint to be known by
    if let Some(found) = (!data.fingerprint.is_empty()).then(|| known(None)).flatten() {
        return found;
    }
    let (lambda, direction) = power_iteration(&data.train, inputs, &split.train);
    let found = (lambda, Arc::new(direction));
    known(Some(found.clone()));
    found
}

fn power_iteration(images: &Images, inputs: &Inputs, rows: &[u32]) -> (f64, Vec<f64>) {
    let n = images.inputs;
    let (mut panels, mut x) = (Panels::zeros(n, 64), Matrix::zeros(n, 64));
    let mut v = vec![1.0 / (n as f64).sqrt(); n];
    // not orthogonal to anything likely
    v.iter_mut().enumerate().for_each(|(k, v)| *v *= 1.0 + (k % 7) as f64 * 0.1);
    let mut lambda = 0.0;
    for _ in 0..ITERATIONS {
        let mut next = vec![0.0; n];
        for rows in rows.chunks(64) {
            inputs.gather_transposed(images, rows, &mut panels, &mut x);
            let mut dots = [0.0f64; 64];
            for (k, &v) in v.iter().enumerate() {
                dots.iter_mut().zip(x.row(k)).for_each(|(d, &x)| *d += v * f64::from(x));
            }
            dots[rows.len()..].fill(0.0);
            for (k, next) in next.iter_mut().enumerate() {
                let mut lanes = [0.0f64; 8];
                for (d, x) in dots.chunks(8).zip(x.row(k).chunks(8)) {
                    lanes.iter_mut().zip(d.iter().zip(x)).for_each(|(l, (d, &x))| *l += d * f64::from(x));
                }
                *next += lanes.iter().sum::<f64>();
            }
        }
        let norm = next.iter().map(|v| v * v).sum::<f64>().sqrt();
        let new = norm / rows.len() as f64;
        next.iter_mut().for_each(|x| *x /= norm);
        v = next;
        if (new - lambda).abs() <= 1e-10 * new {
            return (new, v);
        }
        lambda = new;
    }
    (lambda, v)
}

/// Follows the hidden layer's weights for `steps` steps, epochs or not. `config` is [`resolved`].
pub(super) fn follow(
    config: &Config,
    steps: u64,
    data: &Dataset,
    (inputs, split): (&Inputs, &Split),
    trainer: &mut Trainer,
    monitor: &dyn Monitor,
) -> Result<(Vec<GrowthRow>, Option<u64>), Stopped> {
    let (lambda, direction) = principal(data, config.seed, inputs, split);
    let rate = config.hidden_rate.unwrap_or(config.learning_rate);
    let operations = step_operations(config, &config.network.sizes(data.train.inputs, data.id.classes()));
    let row = |trainer: &Trainer, step: u64| GrowthRow {
        step,
        projection: projection(trainer.weights(1), &direction),
        largest_row_norm: observe::Rows::of(trainer.weights(1)).largest_norm(),
        weight_norm: trainer.weights(1).norm(),
        exponent: rate * step as f64 * lambda / 2.0,
    };
    let mut rows = vec![row(trainer, 0)];
    let mut epoch = 0;
    loop {
        let order = epoch_order(&split.train, config.seed, epoch);
        if epoch == 0 {
            trainer.prepare(inputs, &data.train, &order);
        }
        trainer.start_epoch(epoch);
        for batch in order.chunks_exact(config.batch) {
            if monitor.cancelled() {
                return Err(Stopped);
            }
            let diverged = trainer.step(inputs, &data.train, batch).diverged;
            let step = trainer.steps();
            let look = step.is_multiple_of(EVERY) || step == steps;
            if diverged.is_some() || look && !(trainer.flush() && trainer.is_finite()) {
                return Ok((rows, diverged.or(Some(step))));
            }
            if look {
                rows.push(row(trainer, step));
                monitor.progress(operations * step as f64);
            }
            if step == steps {
                return Ok((rows, None));
            }
        }
        epoch += 1;
    }
}

/// Norm of `W v`: how much of the weights lies along one direction of the input.
fn projection(w: &Matrix, v: &[f64]) -> f64 {
    let along = |row: &[f32]| row.iter().zip(v).map(|(&w, v)| f64::from(w) * v).sum::<f64>();
    (0..w.rows()).map(|r| along(w.row(r)).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::{InputScaling, test_support};

    /// MNIST's first pixels are black: the mean image says nothing of the scaling there.
    #[test]
    fn what_one_scaling_remembered_is_not_taken_for_another() {
        let data = test_support::data();
        assert!(!data.fingerprint.is_empty() && data.mean_image[0] == 0.0);
        // a seed that no other test asks for
        let split = Split::draw(&data.train, 10, 100, 77);
        let asked = [InputScaling::Standardised, InputScaling::Unit].map(|scaling| {
            let inputs = Inputs::new(scaling, &data);
            let (lambda, direction) = principal(&data, 77, &inputs, &split);
            assert_eq!(
                (lambda, direction.to_vec()),
                power_iteration(&data.train, &inputs, &split.train),
                "{scaling:?}"
            );
            lambda
        });
        assert_ne!(asked[0], asked[1]);
    }
}
