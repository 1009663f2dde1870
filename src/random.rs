//! Random numbers: one ChaCha stream per (seed, purpose, index), and the few draws made from them.
//!
//! The draws are written out here, so that no release of a library can change the bits of a result.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

/// What a stream is for. Streams of different purposes are independent, so cells that differ in one thing
/// (say, the feedback) share everything else: split, order of batches, initial weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Training and validation split.
    Split = 1,
    /// Order of the training images; index: epoch.
    Order = 2,
    /// Initial weights and biases; index: layer.
    Init = 3,
    /// Feedback matrices; index: hidden layer that is fed.
    Feedback = 4,
    /// The training images whose accuracy is followed.
    TrainSample = 5,
    /// The bundled subset of a dataset; index: split and class.
    Subset = 6,
    /// HebbNet's random mask; index: layer.
    Mask = 7,
}

/// The stream of a seed for a purpose.
pub fn stream(seed: u64, purpose: Purpose, index: u32) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(((purpose as u64) << 32) | u64::from(index));
    rng
}

/// Uniform in `(-bound, bound)`: an odd multiple of 2^-24 times `bound`, symmetric and never zero.
pub fn uniform(rng: &mut impl Rng, bound: f32) -> f32 {
    let odd = 2 * (rng.next_u32() >> 8) + 1;
    (odd as i32 - (1 << 24)) as f32 / (1 << 24) as f32 * bound
}

/// Uniform in `0..n` without bias (Lemire's multiplication with rejection).
pub fn below(rng: &mut impl Rng, n: u32) -> u32 {
    assert!(n > 0, "nothing to choose from");
    let threshold = n.wrapping_neg() % n;
    loop {
        let wide = u64::from(rng.next_u32()) * u64::from(n);
        if wide as u32 >= threshold {
            return (wide >> 32) as u32;
        }
    }
}

/// Fisher-Yates shuffle.
pub fn shuffle<T>(rng: &mut impl Rng, items: &mut [T]) {
    for i in (1..items.len()).rev() {
        items.swap(i, below(rng, i as u32 + 1) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_reproducible_and_apart() {
        let draw = |seed, purpose, index| stream(seed, purpose, index).next_u64();
        assert_eq!(draw(1, Purpose::Init, 2), draw(1, Purpose::Init, 2));
        let all = [
            draw(1, Purpose::Init, 2),
            draw(2, Purpose::Init, 2),
            draw(1, Purpose::Init, 3),
            draw(1, Purpose::Feedback, 2),
        ];
        for i in 0..4 {
            for j in 0..i {
                assert_ne!(all[i], all[j]);
            }
        }
    }

    #[test]
    fn uniform_fills_its_range_and_is_never_zero() {
        let mut rng = stream(7, Purpose::Init, 0);
        let x: Vec<f64> = (0..100_000).map(|_| f64::from(uniform(&mut rng, 0.5))).collect();
        assert!(x.iter().all(|v| v.abs() < 0.5 && *v != 0.0));
        let mean = x.iter().sum::<f64>() / 1e5;
        let var = x.iter().map(|v| v * v).sum::<f64>() / 1e5;
        // variance of U(-a, a) is a^2/3; 5 standard errors
        assert!(mean.abs() < 5.0 * 0.29 / 316.0 && (var - 0.25 / 3.0).abs() < 5.0 * 0.075 / 316.0, "{mean} {var}");
    }

    #[test]
    fn below_is_unbiased_and_shuffle_permutes() {
        let mut rng = stream(7, Purpose::Order, 0);
        let mut counts = [0u32; 3];
        (0..30_000).for_each(|_| counts[below(&mut rng, 3) as usize] += 1);
        assert!(counts.iter().all(|c| c.abs_diff(10_000) < 5 * 82), "{counts:?}");
        let mut v: Vec<u32> = (0..100).collect();
        shuffle(&mut rng, &mut v);
        assert_ne!(v, (0..100).collect::<Vec<_>>());
        v.sort();
        assert_eq!(v, (0..100).collect::<Vec<_>>());
    }
}
