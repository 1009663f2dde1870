//! A straight line through points.

use super::StatsError;
use super::summary::{checked, mean};

/// Least squares of `y` on `x`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    pub slope: f64,
    pub intercept: f64,
    /// Share of the variance of `y` that the line explains; 1 where `y` does not vary (the line meets every point).
    pub r_squared: f64,
}

/// The line through at least two points with different `x`.
pub fn line(x: &[f64], y: &[f64]) -> Result<Line, StatsError> {
    let what = "regression line";
    if x.len() != y.len() {
        return Err(StatsError::Mismatched { what, left: x.len(), right: y.len() });
    }
    checked(what, x, 2)?;
    checked(what, y, 2)?;
    let (mx, my) = (mean(x)?, mean(y)?);
    let sum = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(a, b)| f(a - mx, b - my)).sum::<f64>();
    let (xx, xy, yy) = (sum(&|a, _| a * a), sum(&|a, b| a * b), sum(&|_, b| b * b));
    if xx == 0.0 {
        return Err(StatsError::TooFew { what: "regression line (different x)", least: 2 });
    }
    let slope = xy / xx;
    Ok(Line { slope, intercept: my - slope * mx, r_squared: if yy == 0.0 { 1.0 } else { xy * xy / (xx * yy) } })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Anscombe's first data set (1973): y = 3.00 + 0.500 x, R^2 = 0.67; the digits are SciPy's `linregress`.
    #[test]
    fn anscombes_first_line() {
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68];
        let l = line(&x, &y).unwrap();
        assert!((l.slope - 0.5000909090909091).abs() < 1e-12);
        assert!((l.intercept - 3.0000909090909103).abs() < 1e-12);
        assert!((l.r_squared - 0.666542459508775).abs() < 1e-12);
    }

    #[test]
    fn doubtful_input_is_refused() {
        assert!(matches!(line(&[1.0, 2.0], &[1.0]), Err(StatsError::Mismatched { .. })));
        assert!(line(&[1.0], &[1.0]).is_err());
        assert!(line(&[1.0, 1.0], &[1.0, 2.0]).is_err());
        assert!(matches!(line(&[1.0, 2.0], &[f64::NAN, 1.0]), Err(StatsError::NotFinite { .. })));
        assert_eq!(line(&[1.0, 2.0], &[3.0, 3.0]).unwrap().r_squared, 1.0);
    }
}
