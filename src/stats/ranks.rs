//! Kendall's coefficient of concordance: do several blocks order the same things alike?

use super::StatsError;

/// Mean ranks (1 is the smallest) of values in which everything within `tolerance` of the smallest of its group
/// shares a rank.
pub fn ranks(values: &[f64], tolerance: f64) -> Result<Vec<f64>, StatsError> {
    let what = "ranks";
    if let Some((index, &value)) = values.iter().enumerate().find(|(_, v)| !v.is_finite()) {
        return Err(StatsError::NotFinite { what, index, value });
    }
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut out = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let first = values[order[from]];
        let to = from + order[from..].iter().take_while(|&&i| values[i] - first <= tolerance).count();
        // ranks from + 1 ..= to, shared
        let rank = (from + 1 + to) as f64 / 2.0;
        order[from..to].iter().for_each(|&i| out[i] = rank);
        from = to;
    }
    Ok(out)
}

/// Kendall's W of `blocks` (each a row of ranks of the same items), corrected for ties: 0 no agreement, 1 the same
/// order in all. `None` where every block ties everything, so that there is no order to agree on.
pub fn kendalls_w(blocks: &[Vec<f64>]) -> Result<Option<f64>, StatsError> {
    let what = "Kendall's W";
    let Some(first) = blocks.first() else { return Err(StatsError::TooFew { what, least: 1 }) };
    let (m, k) = (blocks.len() as f64, first.len() as f64);
    if first.len() < 2 {
        return Err(StatsError::TooFew { what, least: 2 });
    }
    let mut sums = vec![0.0; first.len()];
    let mut ties = 0.0;
    for block in blocks {
        if block.len() != first.len() {
            return Err(StatsError::Mismatched { what, left: first.len(), right: block.len() });
        }
        if let Some((index, &value)) = block.iter().enumerate().find(|(_, v)| !v.is_finite()) {
            return Err(StatsError::NotFinite { what, index, value });
        }
        let mut sorted = block.clone();
        sorted.sort_by(f64::total_cmp);
        for group in sorted.chunk_by(|a, b| a == b) {
            let t = group.len() as f64;
            ties += t * t * t - t;
        }
        sums.iter_mut().zip(block).for_each(|(s, r)| *s += r);
    }
    let centre = m * (k + 1.0) / 2.0;
    let s: f64 = sums.iter().map(|r| (r - centre).powi(2)).sum();
    let most = m * m * (k * k * k - k) - m * ties;
    Ok((most > 0.0).then(|| 12.0 * s / most))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three judges, six contestants; through SciPy's `friedmanchisquare`, W = chi2 / (m (k - 1)).
    #[test]
    fn w_is_friedmans_statistic_over_its_largest_value() {
        let judges = [[1, 6, 3, 2, 5, 4], [1, 5, 6, 2, 4, 3], [6, 3, 2, 5, 4, 1]];
        let blocks: Vec<Vec<f64>> = judges.iter().map(|r| r.iter().map(|v| f64::from(*v)).collect()).collect();
        assert!((kendalls_w(&blocks).unwrap().unwrap() - 0.21269841269841269).abs() < 1e-12);
    }

    /// The same with ties (SciPy ranks them and corrects): 0.33953488372.
    #[test]
    fn ties_are_corrected_for() {
        let raw = [[1, 2, 2, 4], [1, 1, 3, 4], [2, 1, 4, 2], [1, 2, 3, 4], [3, 3, 3, 1]];
        let blocks: Vec<Vec<f64>> = raw.iter().map(|r| ranks(&r.map(f64::from), 0.0).unwrap()).collect();
        assert!((kendalls_w(&blocks).unwrap().unwrap() - 0.3395348837209299).abs() < 1e-12);
    }

    #[test]
    fn full_agreement_is_one_and_no_order_is_none() {
        assert_eq!(kendalls_w(&[vec![1.0, 2.0, 3.0], vec![1.0, 2.0, 3.0]]).unwrap(), Some(1.0));
        assert_eq!(kendalls_w(&[vec![2.0, 2.0, 2.0]]).unwrap(), None);
        assert!(kendalls_w(&[]).is_err());
        assert!(kendalls_w(&[vec![1.0, 2.0], vec![1.0]]).is_err());
        assert!(kendalls_w(&[vec![1.0, f64::NAN]]).is_err());
    }

    #[test]
    fn values_within_the_tolerance_share_a_rank() {
        assert_eq!(ranks(&[0.95, 0.5, 0.955, 0.97], 0.01).unwrap(), [2.5, 1.0, 2.5, 4.0]);
        assert!(ranks(&[f64::NAN], 0.0).is_err());
    }
}
