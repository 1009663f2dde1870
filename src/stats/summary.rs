//! Means, standard deviations and t intervals, computed in a fixed order and never on doubtful input.

use ndarray::Array1;
use ndarray_stats::SummaryStatisticsExt;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::StatsError;

/// A mean with its two-sided t interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub mean: f64,
    pub low: f64,
    pub high: f64,
}

/// Level of every interval of the report.
pub const LEVEL: f64 = 0.95;

pub(super) fn checked(what: &'static str, values: &[f64], least: usize) -> Result<Array1<f64>, StatsError> {
    if values.len() < least {
        return Err(StatsError::TooFew { what, least });
    }
    if let Some((index, value)) = values.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        return Err(StatsError::NotFinite { what, index, value: *value });
    }
    Ok(Array1::from(values.to_vec()))
}

/// Arithmetic mean of at least one value.
pub fn mean(values: &[f64]) -> Result<f64, StatsError> {
    let values = checked("mean", values, 1)?;
    // equal values have their own value as mean, to the bit: a sum would round
    if values.iter().all(|v| *v == values[0]) {
        return Ok(values[0]);
    }
    Ok(SummaryStatisticsExt::mean(&*values).expect("at least one value"))
}

/// Standard deviation with `n - 1` of at least two values; exactly zero for equal values (Welford's method).
pub fn std_dev(values: &[f64]) -> Result<f64, StatsError> {
    Ok(checked("standard deviation", values, 2)?.std(1.0))
}

/// Quantile of Student's t with `freedom` degrees of freedom for a two-sided interval at `level`.
pub fn t_quantile(level: f64, freedom: usize) -> f64 {
    quantile(0.5 + level / 2.0, freedom)
}

/// Quantile of Student's t: the value that is not passed with this probability.
pub(super) fn quantile(probability: f64, freedom: usize) -> f64 {
    let t = StudentsT::new(0.0, 1.0, freedom as f64).expect("at least one degree of freedom");
    t.inverse_cdf(probability)
}

/// Mean with its 95% t interval, of at least two values.
pub fn interval(values: &[f64]) -> Result<Interval, StatsError> {
    let n = checked("t interval", values, 2)?.len();
    let mean = mean(values)?;
    let half = t_quantile(LEVEL, n - 1) * std_dev(values)? / (n as f64).sqrt();
    Ok(Interval { mean, low: mean - half, high: mean + half })
}

/// Mean of `left - right` with its 95% t interval; the values are pairs (by seed), at least two.
pub fn paired_difference(left: &[f64], right: &[f64]) -> Result<Interval, StatsError> {
    if left.len() != right.len() {
        return Err(StatsError::Mismatched { what: "paired difference", left: left.len(), right: right.len() });
    }
    checked("paired difference", left, 2)?;
    checked("paired difference", right, 2)?;
    interval(&left.iter().zip(right).map(|(l, r)| l - r).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIST StRD `NumAcc1`: certified mean 10000002, standard deviation 1 (n - 1).
    #[test]
    fn nist_numacc1_is_met() {
        let v = [10_000_001.0, 10_000_003.0, 10_000_002.0];
        assert_eq!(mean(&v).unwrap(), 10_000_002.0);
        assert!((std_dev(&v).unwrap() - 1.0).abs() < 1e-12);
    }

    /// NIST StRD `NumAcc2`: 1.2, then 500 times 1.1 and 1.3; certified mean 1.2, standard deviation 0.1.
    #[test]
    fn nist_numacc2_is_met() {
        let mut v = vec![1.2];
        for _ in 0..500 {
            v.extend([1.1, 1.3]);
        }
        assert!((mean(&v).unwrap() - 1.2).abs() < 1e-14);
        assert!((std_dev(&v).unwrap() - 0.1).abs() < 1e-14);
    }

    /// Two-sided 95% quantiles: closed forms for 1 and 2 degrees of freedom (`tan(0.475 pi)`, `0.95 sqrt(2 / 0.0975)`),
    /// the others as `scipy.stats.t.ppf(0.975, df)` prints them; to three digits they stand in every printed t table.
    #[test]
    fn t_quantiles_are_those_of_published_tables() {
        for (freedom, want) in [
            (1, 12.706204736174696),
            (2, 4.302652729749463),
            (4, 2.7764451051977934),
            (9, 2.262157162798205),
            (30, 2.0422724563012378),
        ] {
            let got = t_quantile(0.95, freedom);
            assert!((got / want - 1.0).abs() < 1e-9, "{freedom}: {got} {want}");
        }
    }

    /// Student's own sleep data (1908, the classic paired example): mean difference 1.58, and the 95% interval
    /// 0.7001142 to 2.4598858 that R prints for `t.test(extra ~ group, paired = TRUE)`.
    #[test]
    fn students_sleep_data_give_the_published_interval() {
        let first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let d = paired_difference(&second, &first).unwrap();
        assert!((d.mean - 1.58).abs() < 1e-12);
        assert!((d.low - 0.7001142).abs() < 1e-7, "{d:?}");
        assert!((d.high - 2.4598858).abs() < 1e-7, "{d:?}");
    }

    #[test]
    fn equal_values_have_exactly_no_spread() {
        let v = [0.9731; 5];
        assert_eq!(mean(&v).unwrap(), 0.9731);
        assert_eq!(std_dev(&v).unwrap(), 0.0);
        let i = interval(&v).unwrap();
        assert_eq!((i.low, i.high), (0.9731, 0.9731));
    }

    #[test]
    fn doubtful_input_is_refused() {
        assert!(matches!(mean(&[]), Err(StatsError::TooFew { least: 1, .. })));
        assert!(matches!(std_dev(&[1.0]), Err(StatsError::TooFew { least: 2, .. })));
        assert!(matches!(interval(&[1.0, f64::NAN]), Err(StatsError::NotFinite { index: 1, .. })));
        assert!(matches!(mean(&[f64::INFINITY]), Err(StatsError::NotFinite { index: 0, .. })));
        assert!(matches!(
            paired_difference(&[1.0, 2.0], &[1.0]),
            Err(StatsError::Mismatched { left: 2, right: 1, .. })
        ));
        assert!(matches!(paired_difference(&[1.0, 2.0], &[f64::NAN, 1.0]), Err(StatsError::NotFinite { .. })));
    }
}
