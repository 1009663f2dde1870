//! Rates of local rules as growth exponents, which carry across lengths and datasets.
//!
//! A linear unit under Hebb's rule grows along the first principal axis by `1 + eta lambda_1` a step; a ReLU unit sees
//! about half of that. So `g = eta_0 (lambda_1 / 2) sum_t factor(t)` says by which power of e the weights would grow.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{Config, Inputs, Split};
use crate::data::{Dataset, Images};
use crate::net::Matrix;
use crate::net::kernels::Panels;

/// Steps of the power iteration at most.
const ITERATIONS: usize = 100;

/// Steps of the study of growth.
const GROWTH_STEPS: f64 = 500.0;

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
        sum = GROWTH_STEPS;
    }
    let lambda = largest_eigenvalue(data, config.seed, inputs, split);
    Config { hidden_rate: Some(growth / (lambda / 2.0 * sum)), growth: None, ..config.clone() }
}

/// Largest eigenvalue of the second moment of the training inputs, in `f64`, by power iteration; remembered, since
/// every rule of a seed asks for the same one.
pub fn largest_eigenvalue(data: &Dataset, seed: u64, inputs: &Inputs, split: &Split) -> f64 {
    static KNOWN: Mutex<Option<HashMap<String, f64>>> = Mutex::new(None);
    let key = format!("{} {seed} {} {:?}", data.fingerprint, split.train.len(), inputs.mean().first());
    let known = |lambda: Option<f64>| {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get_or_insert_default();
        match lambda {
            Some(lambda) => known.insert(key.clone(), lambda),
            None => known.get(&key).copied(),
        }
    };
    // made-up data have no fingerprint to be known by
    if let Some(lambda) = (!data.fingerprint.is_empty()).then(|| known(None)).flatten() {
        return lambda;
    }
    let lambda = power_iteration(&data.train, inputs, &split.train);
    known(Some(lambda));
    lambda
}

fn power_iteration(images: &Images, inputs: &Inputs, rows: &[u32]) -> f64 {
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
            return new;
        }
        lambda = new;
    }
    lambda
}
