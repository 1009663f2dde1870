//! Bootstrap over seeds and test images together: seeds are the replicates, images alone are not.
//!
//! Each resample draws seeds and images with replacement, the same draw for every cell, so that differences stay
//! paired. Accuracies on drawn images are one product of a (trials x images) matrix of bits by an (images x
//! resamples) matrix of multiplicities, in whole numbers: exact, and the same on every machine.

use super::StatsError;
use crate::random::{Purpose, below, stream};

/// What one trial got right.
#[derive(Debug, Clone, PartialEq)]
pub enum Right<'a> {
    /// One bit per test image, the first in the lowest bit of the first byte.
    Bits(&'a [u8]),
    /// No image-wise record: a fixed accuracy (a diverged trial counts as chance).
    Fixed(f64),
}

/// The trials of one cell: position of the seed among the seeds that are drawn from, and what it got right.
pub type Trials<'a> = Vec<(usize, Right<'a>)>;

/// Resamples of the report.
pub const RESAMPLES: usize = 1000;

/// Resamples that are counted at once: their multiplicities stay in a core's cache.
const BLOCK: usize = 64;

/// Mean accuracy of each cell in each resample (`None` where no drawn seed has a trial of that cell). Cells share the
/// same `images` test images and draw from the same `seeds` seeds.
pub fn bootstrap(
    cells: &[Trials],
    seeds: usize,
    images: usize,
    resamples: usize,
    seed: u64,
) -> Result<Vec<Vec<Option<f64>>>, StatsError> {
    let what = "bootstrap";
    if seeds == 0 || images == 0 || resamples == 0 {
        return Err(StatsError::TooFew { what, least: 1 });
    }
    if images > usize::from(u16::MAX) {
        return Err(StatsError::TooMany { what, most: u16::MAX.into(), given: images });
    }
    for (index, (position, right)) in cells.iter().flatten().enumerate() {
        if *position >= seeds {
            return Err(StatsError::Mismatched { what: "bootstrap (seeds)", left: seeds, right: *position });
        }
        match right {
            Right::Bits(bits) if bits.len() != images.div_ceil(8) => {
                return Err(StatsError::Mismatched { what, left: images.div_ceil(8), right: bits.len() });
            }
            Right::Fixed(value) if !value.is_finite() => {
                return Err(StatsError::NotFinite { what, index, value: *value });
            }
            _ => {}
        }
    }
    let mut rng = stream(seed, Purpose::Bootstrap, 0);
    let mut out = vec![Vec::with_capacity(resamples); cells.len()];
    for from in (0..resamples).step_by(BLOCK) {
        let width = BLOCK.min(resamples - from);
        let mut drawn_seeds = vec![vec![0u32; seeds]; width];
        let mut multiplicity = vec![[0u16; BLOCK]; images];
        for r in 0..width {
            (0..seeds).for_each(|_| drawn_seeds[r][below(&mut rng, seeds as u32) as usize] += 1);
            (0..images).for_each(|_| multiplicity[below(&mut rng, images as u32) as usize][r] += 1);
        }
        for (cell, out) in cells.iter().zip(&mut out) {
            let accuracies: Vec<(usize, [f64; BLOCK])> = cell
                .iter()
                .map(|(position, right)| {
                    let accuracy = match right {
                        Right::Bits(bits) => count(bits, &multiplicity).map(|c| f64::from(c) / images as f64),
                        Right::Fixed(value) => [*value; BLOCK],
                    };
                    (*position, accuracy)
                })
                .collect();
            for r in 0..width {
                let (mut sum, mut n) = (0.0, 0);
                for (position, accuracy) in &accuracies {
                    let times = drawn_seeds[r][*position];
                    sum += f64::from(times) * accuracy[r];
                    n += times;
                }
                out.push((n > 0).then(|| sum / f64::from(n)));
            }
        }
    }
    Ok(out)
}

/// Right answers among the drawn images of each resample.
fn count(bits: &[u8], multiplicity: &[[u16; BLOCK]]) -> [u16; BLOCK] {
    let mut sums = [0u16; BLOCK];
    for (i, row) in multiplicity.iter().enumerate() {
        if bits[i / 8] >> (i % 8) & 1 == 1 {
            sums.iter_mut().zip(row).for_each(|(s, m)| *s += m);
        }
    }
    sums
}

/// Two-sided percentile interval at `level` of some resampled values (linear between order statistics, as NumPy's
/// `quantile` does by default); at least two.
pub fn percentile_interval(values: &[f64], level: f64) -> Result<(f64, f64), StatsError> {
    let what = "percentile interval";
    if values.len() < 2 {
        return Err(StatsError::TooFew { what, least: 2 });
    }
    if let Some((index, &value)) = values.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        return Err(StatsError::NotFinite { what, index, value });
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |q: f64| {
        let position = q * (sorted.len() - 1) as f64;
        let (low, share) = (position.floor() as usize, position.fract());
        let high = (low + 1).min(sorted.len() - 1);
        sorted[low] + share * (sorted[high] - sorted[low])
    };
    Ok((at((1.0 - level) / 2.0), at((1.0 + level) / 2.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(images: usize, right: impl Fn(usize) -> bool) -> Vec<u8> {
        let mut out = vec![0u8; images.div_ceil(8)];
        (0..images).filter(|i| right(*i)).for_each(|i| out[i / 8] |= 1 << (i % 8));
        out
    }

    fn spread(v: &[f64]) -> f64 {
        super::super::std_dev(v).unwrap()
    }

    /// With one seed only images vary: the spread must be the binomial standard error sqrt(p (1 - p) / n).
    #[test]
    fn images_alone_give_the_binomial_error() {
        let b = bits(2000, |i| i % 10 < 8);
        let got = bootstrap(&[vec![(0, Right::Bits(&b))]], 1, 2000, 4000, 1).unwrap();
        let values: Vec<f64> = got[0].iter().map(|v| v.unwrap()).collect();
        let want = (0.8f64 * 0.2 / 2000.0).sqrt();
        assert!((spread(&values) / want - 1.0).abs() < 0.05, "{} {want}", spread(&values));
        assert!((values.iter().sum::<f64>() / 4000.0 - 0.8).abs() < 5e-4);
    }

    /// With fixed accuracies only seeds vary: the spread is the population standard deviation over sqrt(n).
    #[test]
    fn seeds_alone_give_the_standard_error() {
        let values = [0.90, 0.92, 0.91, 0.95, 0.93];
        let trials: Trials = values.iter().enumerate().map(|(i, v)| (i, Right::Fixed(*v))).collect();
        let got = bootstrap(&[trials], 5, 8, 4000, 1).unwrap();
        let means: Vec<f64> = got[0].iter().map(|v| v.unwrap()).collect();
        let want = spread(&values) * (4.0f64 / 5.0).sqrt() / 5f64.sqrt();
        assert!((spread(&means) / want - 1.0).abs() < 0.05, "{} {want}", spread(&means));
    }

    /// Both at once: of 20 images both seeds have 14 right, one of them 4 more. With a share w of the draws for that seed the
    /// mean is 0.7 + 0.2 w, and w is 0, 1/2 or 1 (probabilities 1/4, 1/2, 1/4): by hand a variance of 0.04 / 8 from the seeds
    /// and of (0.775 - 0.645) / 20 from the images.
    #[test]
    fn seeds_and_images_add_up() {
        let (more, less) = (bits(20, |i| i < 18), bits(20, |i| i < 14));
        let got = bootstrap(&[vec![(0, Right::Bits(&more)), (1, Right::Bits(&less))]], 2, 20, 8000, 3).unwrap();
        let means: Vec<f64> = got[0].iter().map(|v| v.unwrap()).collect();
        let want = (0.005f64 + 0.0065).sqrt();
        assert!((spread(&means) / want - 1.0).abs() < 0.03, "{} {want}", spread(&means));
    }

    #[test]
    fn cells_share_their_draws_and_seeds_repeat_them() {
        let (a, b) = (bits(100, |i| i < 90), bits(100, |i| i < 80));
        let cells =
            [vec![(0, Right::Bits(&a[..])), (1, Right::Bits(&a))], vec![(0, Right::Bits(&b)), (1, Right::Bits(&b))]];
        let got = bootstrap(&cells, 2, 100, 130, 7).unwrap();
        // b is right on a part of a's images: never ahead, whatever is drawn
        assert!(got[0].iter().zip(&got[1]).all(|(a, b)| a.unwrap() >= b.unwrap()));
        assert_eq!(got[0].len(), 130);
        assert_eq!(got, bootstrap(&cells, 2, 100, 130, 7).unwrap());
        assert_ne!(got, bootstrap(&cells, 2, 100, 130, 8).unwrap());
        let alone = bootstrap(&[vec![(0, Right::Bits(&a))]], 2, 100, 50, 7).unwrap();
        assert!(alone[0].iter().any(Option::is_none), "sometimes only the other seed is drawn");
    }

    #[test]
    fn doubtful_input_is_refused() {
        assert!(bootstrap(&[], 0, 10, 10, 1).is_err());
        assert!(bootstrap(&[vec![(0, Right::Bits(&[1]))]], 1, 100, 10, 1).is_err());
        assert!(bootstrap(&[vec![(3, Right::Fixed(0.5))]], 1, 100, 10, 1).is_err());
        assert!(bootstrap(&[vec![(0, Right::Fixed(f64::NAN))]], 1, 100, 10, 1).is_err());
        assert!(percentile_interval(&[1.0], 0.95).is_err());
        assert!(percentile_interval(&[1.0, f64::NAN], 0.95).is_err());
    }

    /// NumPy: `quantile(arange(101), [0.025, 0.975])` = 2.5, 97.5.
    #[test]
    fn percentiles_are_numpys() {
        let v: Vec<f64> = (0..=100).rev().map(f64::from).collect();
        let (low, high) = percentile_interval(&v, 0.95).unwrap();
        assert!((low - 2.5).abs() < 1e-12 && (high - 97.5).abs() < 1e-12);
    }
}
