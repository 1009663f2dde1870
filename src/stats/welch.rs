//! Welch's t test: two independent samples whose variances may differ.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::StatsError;
use super::summary::{checked, mean, std_dev};

/// Two-sided p value that both means are equal; at least two values each. Without any spread the means decide.
pub fn welch_t(left: &[f64], right: &[f64]) -> Result<f64, StatsError> {
    let what = "Welch's t test";
    checked(what, left, 2)?;
    checked(what, right, 2)?;
    let part = |v: &[f64]| -> Result<f64, StatsError> { Ok(std_dev(v)?.powi(2) / v.len() as f64) };
    let (a, b) = (part(left)?, part(right)?);
    let difference = mean(left)? - mean(right)?;
    if a + b == 0.0 {
        return Ok(if difference == 0.0 { 1.0 } else { 0.0 });
    }
    let freedom = (a + b).powi(2) / (a.powi(2) / (left.len() as f64 - 1.0) + b.powi(2) / (right.len() as f64 - 1.0));
    let student = StudentsT::new(0.0, 1.0, freedom).expect("positive degrees of freedom");
    Ok((2.0 * student.cdf(-(difference / (a + b).sqrt()).abs())).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R prints p = 0.07939 (17.776 degrees of freedom) for `t.test(extra ~ group)` on Student's sleep data.
    #[test]
    fn the_sleep_data_give_what_r_prints() {
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let p = welch_t(&first, &second).unwrap();
        assert!((p - 0.07939).abs() < 5e-6, "{p}");
        assert_eq!(p, welch_t(&second, &first).unwrap());
    }

    #[test]
    fn samples_without_spread_are_decided_and_short_ones_refused() {
        assert_eq!(welch_t(&[0.5; 2], &[0.5; 3]).unwrap(), 1.0);
        assert_eq!(welch_t(&[0.5; 2], &[0.6; 3]).unwrap(), 0.0);
        assert!(welch_t(&[0.5], &[0.6; 3]).is_err());
        assert!(welch_t(&[0.5, f64::NAN], &[0.6; 3]).is_err());
    }
}
