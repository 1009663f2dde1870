//! How many seeds would decide it: power of the t test on paired differences.

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::gamma::ln_gamma;

use super::StatsError;
use super::summary::{mean, quantile, std_dev};

/// Power that counts as enough.
pub const POWER: f64 = 0.8;
/// No report asks for more seeds than this; beyond it the answer is "more".
pub const MOST_SEEDS: usize = 1000;

/// Probability that a t test with `n` pairs and level `alpha` finds a true mean of `effect` standard deviations.
/// One-sided (upwards) or two-sided.
pub fn power(n: usize, effect: f64, alpha: f64, two_sided: bool) -> f64 {
    let freedom = (n - 1) as f64;
    let critical = quantile(1.0 - if two_sided { alpha / 2.0 } else { alpha }, n - 1);
    let shift = effect * (n as f64).sqrt();
    let normal = Normal::standard();
    // T = (Z + shift) / S with S^2 = chi^2 / freedom: the tail given S, averaged over S by Simpson's rule
    let tail = |s: f64| {
        let above = normal.cdf(shift - critical * s);
        if two_sided { above + normal.cdf(-shift - critical * s) } else { above }
    };
    let scale = std::f64::consts::LN_2 + freedom / 2.0 * (freedom / 2.0).ln() - ln_gamma(freedom / 2.0);
    let density = |s: f64| {
        if s == 0.0 {
            return if n == 2 { scale.exp() } else { 0.0 };
        }
        (scale + (freedom - 1.0) * s.ln() - freedom * s * s / 2.0).exp()
    };
    let half_width = 9.0 / (2.0 * freedom).sqrt();
    let (from, to) = ((1.0 - half_width).max(0.0), 1.0 + half_width);
    const PIECES: usize = 400;
    let step = (to - from) / PIECES as f64;
    let sum: f64 = (0..=PIECES)
        .map(|i| {
            let s = from + step * i as f64;
            let weight = match i {
                0 | PIECES => 1.0,
                i if i % 2 == 1 => 4.0,
                _ => 2.0,
            };
            weight * density(s) * tail(s)
        })
        .sum();
    (sum * step / 3.0).clamp(0.0, 1.0)
}

/// Number of seeds with which a t test has power [`POWER`], if the mean and spread seen are the true ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seeds {
    About(usize),
    /// More than [`MOST_SEEDS`].
    TooMany,
}

impl std::fmt::Display for Seeds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Seeds::About(n) => write!(f, "about {n} seeds"),
            Seeds::TooMany => write!(f, "more than {MOST_SEEDS} seeds"),
        }
    }
}

/// Seeds needed to find that the mean differs from `value`, at level `alpha`.
pub fn seeds_to_differ(differences: &[f64], value: f64, alpha: f64) -> Result<Seeds, StatsError> {
    let spread = std_dev(differences)?;
    let distance = (mean(differences)? - value).abs();
    Ok(needed(distance, spread, alpha, true))
}

/// Seeds needed to find on which side of `value` the mean lies, by a one-sided test at level `alpha`.
pub fn seeds_to_be_beyond(differences: &[f64], value: f64, alpha: f64) -> Result<Seeds, StatsError> {
    let spread = std_dev(differences)?;
    Ok(needed((mean(differences)? - value).abs(), spread, alpha, false))
}

/// Seeds needed for an interval around `estimate` to leave out `value`, if it now reaches to `bound` (the end on the side of
/// `value`) with `n` seeds and shrinks with the root of their number. `None` where the estimate sits on the value.
pub fn seeds_to_leave_out(n: usize, estimate: f64, bound: f64, value: f64) -> Option<Seeds> {
    let (reach, distance) = ((bound - estimate).abs(), (value - estimate).abs());
    let factor = (reach / distance).powi(2);
    if n == 0 || !factor.is_finite() {
        return None;
    }
    let needed = (n as f64 * factor).ceil().max(n as f64 + 1.0);
    Some(if needed > MOST_SEEDS as f64 { Seeds::TooMany } else { Seeds::About(needed as usize) })
}

/// Seeds needed to find that the mean is within `margin` (the nearer of the two one-sided tests is the harder).
pub fn seeds_to_be_alike(differences: &[f64], margin: f64, alpha: f64) -> Result<Seeds, StatsError> {
    let spread = std_dev(differences)?;
    let distance = margin - mean(differences)?.abs();
    // outside the margin: the seeds that would show that it is outside
    Ok(needed(distance.abs(), spread, alpha, false))
}

fn needed(distance: f64, spread: f64, alpha: f64, two_sided: bool) -> Seeds {
    if spread == 0.0 {
        return if distance > 0.0 { Seeds::About(2) } else { Seeds::TooMany };
    }
    let effect = distance / spread;
    let enough = |n: usize| power(n, effect, alpha, two_sided) >= POWER;
    if !enough(MOST_SEEDS) {
        return Seeds::TooMany;
    }
    // power grows with n
    let (mut low, mut high) = (1, MOST_SEEDS);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if enough(middle) { high = middle } else { low = middle }
    }
    Seeds::About(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SciPy 1.17: `nct.sf(t.ppf(0.975, n - 1), n - 1, effect * sqrt(n)) + nct.cdf(...)`. The pair 34 and 33 for half
    /// a standard deviation is G*Power's textbook example.
    #[test]
    fn power_is_that_of_the_noncentral_t() {
        for (n, effect, want) in [
            (5, 1.0, 0.40138991737179536),
            (10, 1.0, 0.8030968566327219),
            (20, 0.5, 0.564504418439021),
            (34, 0.5, 0.8077775012792738),
            (33, 0.5, 0.7953658414875041),
            (3, 2.0, 0.47074943127843494),
            (10, 0.2, 0.08765715402846738),
            (2, 1.0, 0.09280915505633605),
        ] {
            let got = power(n, effect, 0.05, true);
            assert!((got - want).abs() < 1e-6, "{n} {effect}: {got} {want}");
        }
    }

    /// SciPy 1.17: `nct.sf(t.ppf(0.95, n - 1), n - 1, effect * sqrt(n))`.
    #[test]
    fn one_sided_power_too() {
        for (n, effect, want) in
            [(5, 1.0, 0.5797373588621888), (10, 1.0, 0.8975169943396828), (20, 0.5, 0.6951493382443412)]
        {
            let got = power(n, effect, 0.05, false);
            assert!((got - want).abs() < 1e-6, "{n} {effect}: {got} {want}");
        }
    }

    /// statsmodels' `TTestPower().solve_power(power=0.8, alpha=0.05)`: 9.94, 33.4 and 198.2 pairs for effects of 1,
    /// 0.5 and 0.2.
    #[test]
    fn seeds_needed_are_those_of_statsmodels() {
        assert_eq!(needed(1.0, 1.0, 0.05, true), Seeds::About(10));
        assert_eq!(needed(0.5, 1.0, 0.05, true), Seeds::About(34));
        assert_eq!(needed(0.2, 1.0, 0.05, true), Seeds::About(199));
        // at a tenth of the level 17.3 and 57.2; one-sided ("larger") 7.7, 26.1 and 155.9
        assert_eq!(needed(1.0, 1.0, 0.005, true), Seeds::About(18));
        assert_eq!(needed(0.5, 1.0, 0.005, true), Seeds::About(58));
        assert_eq!([1.0, 0.5, 0.2].map(|e| needed(e, 1.0, 0.05, false)), [8, 27, 156].map(Seeds::About));
        // mean 0.02 and spread 0.01: one spread above 0.01 and three below 0.05
        let d = [0.01, 0.02, 0.03];
        assert_eq!(seeds_to_be_beyond(&d, 0.01, 0.05).unwrap(), Seeds::About(8));
        assert_eq!(seeds_to_be_alike(&d, 0.03, 0.05).unwrap(), Seeds::About(8));
        assert_eq!(needed(0.01, 1.0, 0.05, true), Seeds::TooMany);
        assert_eq!(seeds_to_differ(&[0.1, 0.1, 0.1], 0.0, 0.05).unwrap(), Seeds::About(2));
        assert_eq!(seeds_to_differ(&[0.0; 3], 0.0, 0.05).unwrap(), Seeds::TooMany);
        assert!(seeds_to_differ(&[0.1], 0.0, 0.05).is_err());
    }

    /// Half the reach takes four times the seeds.
    #[test]
    fn intervals_shrink_with_the_root_of_the_seeds() {
        assert_eq!(seeds_to_leave_out(5, 0.4, 0.6, 0.5), Some(Seeds::About(20)));
        assert_eq!(seeds_to_leave_out(5, -0.1, 0.05, 0.0), Some(Seeds::About(12)));
        // never fewer than there are
        assert_eq!(seeds_to_leave_out(5, 0.4, 0.45, 0.5), Some(Seeds::About(6)));
        assert_eq!(seeds_to_leave_out(5, 0.4999, 0.9, 0.5), Some(Seeds::TooMany));
        assert_eq!(seeds_to_leave_out(5, 0.5, 0.6, 0.5), None);
    }
}
