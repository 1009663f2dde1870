//! Many comparisons at once: Holm's correction and simultaneous bounds.

use super::StatsError;
use super::summary::{checked, mean, quantile, std_dev};

/// Holm's step-down adjusted p values, in the order given (Holm 1979). None for none.
pub fn holm(p: &[f64]) -> Result<Vec<f64>, StatsError> {
    let what = "Holm's correction";
    if let Some((index, &value)) = p.iter().enumerate().find(|(_, v)| !(0.0..=1.0).contains(*v)) {
        return Err(StatsError::NotFinite { what, index, value });
    }
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut largest: f64 = 0.0;
    for (rank, &i) in order.iter().enumerate() {
        largest = largest.max((p[i] * (p.len() - rank) as f64).min(1.0));
        adjusted[i] = largest;
    }
    Ok(adjusted)
}

/// Level that each p value is held against in Holm's procedure, if all smaller ones pass theirs: the smallest of `m` against
/// `alpha / m`, the largest against `alpha`.
pub fn holm_levels(p: &[f64], alpha: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut levels = vec![alpha; p.len()];
    order.iter().enumerate().for_each(|(rank, &i)| levels[i] = alpha / (p.len() - rank) as f64);
    levels
}

/// Upper bound of the mean that holds for `together` such bounds at once with probability `level` (Bonferroni).
pub fn simultaneous_upper(values: &[f64], level: f64, together: usize) -> Result<f64, StatsError> {
    let n = checked("simultaneous bound", values, 2)?.len();
    let error = std_dev(values)? / (n as f64).sqrt();
    Ok(mean(values)? + quantile(1.0 - (1.0 - level) / together.max(1) as f64, n - 1) * error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R: `p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")`; statsmodels `multipletests(method="holm")` says the same.
    #[test]
    fn holm_is_rs_p_adjust() {
        let got = holm(&[0.01, 0.04, 0.03, 0.005]).unwrap();
        for (got, want) in got.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((got - want).abs() < 1e-15, "{got} {want}");
        }
        assert_eq!(holm(&[]).unwrap(), Vec::<f64>::new());
        assert_eq!(holm(&[0.9, 0.8]).unwrap(), [1.0, 1.0]);
        assert!(holm(&[0.1, f64::NAN]).is_err() && holm(&[1.1]).is_err());
        assert_eq!(holm_levels(&[0.01, 0.04, 0.03, 0.005], 0.06), [0.02, 0.06, 0.03, 0.015]);
    }

    /// SciPy: `t.ppf(1 - 0.05 / k, 4)` for k = 1 (the one-sided table value 2.132), 3 and 12.
    #[test]
    fn bounds_widen_with_their_number() {
        let values = [0.01, 0.02, 0.03, 0.02, 0.02];
        let error = std_dev(&values).unwrap() / 5f64.sqrt();
        for (together, want) in [(1, 2.1318467863266495), (3, 3.186315545559684), (12, 4.851008443097864)] {
            let got = (simultaneous_upper(&values, 0.95, together).unwrap() - 0.02) / error;
            assert!((got - want).abs() < 1e-6, "{together}: {got}");
        }
        assert_eq!(simultaneous_upper(&[0.1; 4], 0.95, 9).unwrap(), 0.1);
        assert!(simultaneous_upper(&[0.1], 0.95, 9).is_err());
    }
}
