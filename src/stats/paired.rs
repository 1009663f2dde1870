//! Tests on paired differences: paired t, exact sign-flip, equivalence by two one-sided tests.
//!
//! Degenerate samples are decided, not refused: if all differences are zero nothing speaks for a difference (p = 1);
//! if they are all the same non-zero number, its sign decides (p = 0).

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::StatsError;
use super::summary::{checked, mean, std_dev};

/// Up to this many pairs the sign-flip test goes through all `2^n` sign patterns.
pub const MOST_FLIPPED: usize = 20;

/// Tail probabilities of Student's t for `sample - value`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Tails {
    /// P(T >= t): small where the sample lies above.
    above: f64,
    /// P(T <= t): small where it lies below.
    below: f64,
}

fn tails(what: &'static str, differences: &[f64], value: f64) -> Result<Tails, StatsError> {
    checked(what, differences, 2)?;
    if !value.is_finite() {
        return Err(StatsError::NotFinite { what, index: 0, value });
    }
    let n = differences.len() as f64;
    let centre = mean(differences)? - value;
    let error = std_dev(differences)? / n.sqrt();
    if error == 0.0 {
        // no spread: the sign alone decides
        let (above, below) = match centre {
            c if c > 0.0 => (0.0, 1.0),
            c if c < 0.0 => (1.0, 0.0),
            _ => (0.5, 0.5),
        };
        return Ok(Tails { above, below });
    }
    let t = centre / error;
    let student = StudentsT::new(0.0, 1.0, n - 1.0).expect("at least one degree of freedom");
    Ok(Tails { above: student.cdf(-t), below: student.cdf(t) })
}

/// Two-sided p value of the t test that the mean of paired differences is `value` (usually 0); at least two pairs.
pub fn paired_t(differences: &[f64], value: f64) -> Result<f64, StatsError> {
    let t = tails("paired t test", differences, value)?;
    Ok((2.0 * t.above.min(t.below)).min(1.0))
}

/// One-sided p value against "the mean is at most `value`": small where the mean lies above.
pub fn above(differences: &[f64], value: f64) -> Result<f64, StatsError> {
    Ok(tails("one-sided t test", differences, value)?.above)
}

/// One-sided p value against "the mean is at least `value`": small where the mean lies below.
pub fn below(differences: &[f64], value: f64) -> Result<f64, StatsError> {
    Ok(tails("one-sided t test", differences, value)?.below)
}

/// Equivalence by two one-sided tests: p value against "the mean differs by `margin` or more". At most the level:
/// alike. `margin` is positive.
pub fn equivalence(differences: &[f64], margin: f64) -> Result<f64, StatsError> {
    if !(margin.is_finite() && margin > 0.0) {
        return Err(StatsError::NotFinite { what: "margin of equivalence (positive)", index: 0, value: margin });
    }
    Ok(above(differences, -margin)?.max(below(differences, margin)?))
}

/// Two-sided exact sign-flip test: the share of all `2^n` sign patterns whose mean is at least as far from zero as
/// the one seen. With 5 pairs it cannot go below 2/32 = 0.0625. At most [`MOST_FLIPPED`] pairs.
pub fn sign_flip(differences: &[f64]) -> Result<f64, StatsError> {
    let what = "sign-flip test";
    checked(what, differences, 1)?;
    if differences.len() > MOST_FLIPPED {
        return Err(StatsError::TooMany { what, most: MOST_FLIPPED, given: differences.len() });
    }
    let n = differences.len();
    let size: f64 = differences.iter().map(|d| d.abs()).sum();
    let seen = differences.iter().sum::<f64>().abs();
    // sums of the same numbers in another order may differ in the last bits
    let limit = seen - 1e-12 * size;
    let at_least = (0..1u32 << n)
        .filter(|signs| {
            let sum: f64 = differences.iter().enumerate().map(|(i, d)| if signs >> i & 1 == 1 { -d } else { *d }).sum();
            sum.abs() >= limit
        })
        .count();
    Ok(at_least as f64 / f64::from(1u32 << n))
}

/// The smallest p value that [`sign_flip`] can give for `n` pairs.
pub fn least_sign_flip(n: usize) -> f64 {
    2f64.powi(1 - n as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Student's sleep data, second drug minus first.
    const SLEEP: [f64; 10] = [1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4];
    /// Darwin's fifteen pairs of maize, crossed minus selfed, in eighths of an inch (Fisher 1935, section 17).
    const DARWIN: [f64; 15] =
        [49.0, -67.0, 8.0, 16.0, 6.0, 23.0, 28.0, 41.0, 14.0, 29.0, 56.0, 24.0, 75.0, 60.0, -48.0];

    fn near(got: f64, want: f64, tolerance: f64) {
        assert!((got - want).abs() <= tolerance, "{got} instead of {want}");
    }

    /// R prints p = 0.002833 for `t.test(extra ~ group, paired = TRUE)`; the digits are SciPy 1.17 `ttest_rel`.
    /// Fisher gives p = 0.0497 for Darwin's maize, SciPy `ttest_1samp` 0.049702944.
    #[test]
    fn paired_t_meets_published_values() {
        near(paired_t(&SLEEP, 0.0).unwrap(), 0.002832890197384273, 1e-10);
        near(paired_t(&DARWIN, 0.0).unwrap(), 0.049702944021800866, 1e-9);
    }

    /// Fisher (1935) counted 1,726 of 32,768 sign patterns; SciPy `permutation_test(permutation_type="samples")`
    /// gives 0.00390625 for the sleep data.
    #[test]
    fn sign_flip_counts_as_fisher_did() {
        assert_eq!(sign_flip(&DARWIN).unwrap(), 1726.0 / 32768.0);
        assert_eq!(sign_flip(&SLEEP).unwrap(), 0.00390625);
        assert_eq!(sign_flip(&[0.1, 0.2, 0.3, 0.1, 0.4]).unwrap(), 0.0625);
        assert_eq!(least_sign_flip(5), 0.0625);
        assert_eq!(sign_flip(&[0.0; 5]).unwrap(), 1.0);
    }

    /// By the definition with SciPy's `t.sf` and `t.cdf`: margins 3 and 2 on the sleep data, 0.5 on five numbers.
    #[test]
    fn equivalence_is_the_worse_of_two_one_sided_tests() {
        near(equivalence(&SLEEP, 3.0).unwrap(), 0.002655570292658671, 1e-10);
        near(equivalence(&SLEEP, 2.0).unwrap(), 0.1541572356690974, 1e-9);
        near(equivalence(&[0.1, -0.2, 0.3, 0.0, 0.15], 0.5).unwrap(), 0.003310919532338507, 1e-10);
    }

    #[test]
    fn samples_without_spread_are_decided() {
        assert_eq!(paired_t(&[0.0; 5], 0.0).unwrap(), 1.0);
        assert_eq!(paired_t(&[0.01; 5], 0.0).unwrap(), 0.0);
        assert_eq!(equivalence(&[0.0; 5], 0.01).unwrap(), 0.0);
        assert_eq!(equivalence(&[0.02; 5], 0.01).unwrap(), 1.0);
        assert_eq!(above(&[0.02; 3], 0.0).unwrap(), 0.0);
        assert_eq!(below(&[0.02; 3], 0.0).unwrap(), 1.0);
    }

    #[test]
    fn doubtful_input_is_refused() {
        assert!(matches!(paired_t(&[1.0], 0.0), Err(StatsError::TooFew { least: 2, .. })));
        assert!(matches!(paired_t(&[1.0, f64::NAN], 0.0), Err(StatsError::NotFinite { index: 1, .. })));
        assert!(matches!(paired_t(&[1.0, 2.0], f64::INFINITY), Err(StatsError::NotFinite { .. })));
        assert!(matches!(sign_flip(&[]), Err(StatsError::TooFew { least: 1, .. })));
        assert!(matches!(sign_flip(&[1.0; 21]), Err(StatsError::TooMany { given: 21, .. })));
        for margin in [0.0, -1.0, f64::NAN] {
            assert!(equivalence(&[1.0, 2.0], margin).is_err(), "{margin}");
        }
    }
}
