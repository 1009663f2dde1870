//! Stable rank of a weight matrix without its singular values: only the largest is needed.

use crate::net::Matrix;

/// Lanczos steps from a cold start, and from where the last epoch ended. At the random start, where the spectrum is
/// flattest, the first leave the rank 0.1 to 2 % too large, the next 0.3 %; plain power iterations leave 4 %.
const FIRST: usize = 16;
const LATER: usize = 4;
/// Partial sums of a product, so that it can use the processor's vectors and has the same bits on each.
const LANES: usize = 16;

/// Squared Frobenius norm over squared spectral norm of one matrix, epoch after epoch. The spectral norm is that of
/// `W^T W` on a Krylov space (Lanczos, Golub and Van Loan, Matrix Computations, section 10.1), which begins where the
/// last one ended.
#[derive(Default)]
pub(super) struct StableRank {
    /// The leading right singular vector found so far, `n_in` numbers.
    direction: Option<Vec<f32>>,
}

impl StableRank {
    /// Goes on from a [`Self::direction`]; an empty one is a cold start.
    pub fn going_on_from(direction: Vec<f32>) -> StableRank {
        StableRank { direction: Some(direction).filter(|d| !d.is_empty()) }
    }

    pub fn direction(&self) -> Option<Vec<f32>> {
        self.direction.clone()
    }

    /// Stable rank of `w` with Frobenius norm `norm`; `None` if it is zero or its products overflow.
    pub fn of(&mut self, w: &Matrix, norm: f64) -> Option<f64> {
        let steps = if self.direction.is_some() { LATER } else { FIRST };
        let from = self.direction.take().unwrap_or_else(|| (0..w.cols()).map(|k| 1.0 + 0.1 * (k % 7) as f32).collect());
        let (top, direction) = leading(w, from, steps)?;
        let rank = norm * norm / top;
        self.direction = rank.is_finite().then_some(direction);
        rank.is_finite().then_some(rank)
    }
}

/// Largest eigenvalue of `w^T w` on the Krylov space of `steps` dimensions that begins with `from`, and its vector.
fn leading(w: &Matrix, from: Vec<f32>, steps: usize) -> Option<(f64, Vec<f32>)> {
    let mut basis: Vec<Vec<f32>> = vec![];
    let (mut diagonal, mut beside) = (vec![], vec![]);
    let mut next = from;
    let mut scale = 0.0f64;
    for _ in 0..steps.min(w.cols()) {
        let length = dot(&next, &next).sqrt();
        if !length.is_finite() {
            return None;
        }
        // nothing left outside of the space
        if length <= 1e-6 * scale || length == 0.0 {
            break;
        }
        if !basis.is_empty() {
            beside.push(length);
        }
        next.iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
        let image = squared(w, &next);
        diagonal.push(dot(&next, &image));
        basis.push(std::mem::replace(&mut next, image));
        scale = scale.max(dot(&next, &next).sqrt());
        // against all of them, twice: rounding would let the leading vector in again
        for q in basis.iter().chain(&basis) {
            let along = dot(q, &next) as f32;
            next.iter_mut().zip(q).for_each(|(x, q)| *x -= along * q);
        }
    }
    beside.truncate(diagonal.len().saturating_sub(1));
    let (top, weights) = leading_of_tridiagonal(&diagonal, &beside)?;
    let mut direction = vec![0.0f64; w.cols()];
    for (q, weight) in basis.iter().zip(&weights) {
        direction.iter_mut().zip(q).for_each(|(d, q)| *d += weight * f64::from(*q));
    }
    Some((top, direction.into_iter().map(|d| d as f32).collect()))
}

/// `w^T w v` in one pass over `w`.
fn squared(w: &Matrix, v: &[f32]) -> Vec<f32> {
    let mut out = vec![0.0f32; v.len()];
    for r in 0..w.rows() {
        let row = w.row(r);
        let along = product(row, v);
        out.iter_mut().zip(row).for_each(|(o, w)| *o += along * w);
    }
    out
}

/// Inner product in f32.
fn product(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a.zip(b) {
        lanes.iter_mut().zip(a.iter().zip(b)).for_each(|(lane, (a, b))| *lane += a * b);
    }
    lanes.iter().sum::<f32>() + rest
}

/// Inner product in f64.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut lanes = [0.0f64; LANES];
    let (a, b) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f64 = a.remainder().iter().zip(b.remainder()).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    for (a, b) in a.zip(b) {
        lanes.iter_mut().zip(a.iter().zip(b)).for_each(|(lane, (a, b))| *lane += f64::from(*a) * f64::from(*b));
    }
    lanes.iter().sum::<f64>() + rest
}

/// Largest eigenvalue of a symmetric tridiagonal matrix by bisection, and its vector by inverse iteration. `None` if it
/// is not above zero.
fn leading_of_tridiagonal(diagonal: &[f64], beside: &[f64]) -> Option<(f64, Vec<f64>)> {
    let n = diagonal.len();
    let around = |i: usize| {
        let left = if i > 0 { beside[i - 1] } else { 0.0 };
        left + beside.get(i).copied().unwrap_or(0.0)
    };
    let mut high = (0..n).map(|i| diagonal[i] + around(i)).fold(0.0, f64::max);
    if !(high > 0.0 && high.is_finite()) {
        return None;
    }
    // every pivot of T - x is negative where x is above all eigenvalues (Sturm)
    let above_all = |x: f64| {
        let mut pivot = 1.0;
        (0..n).all(|i| {
            let square = if i > 0 { beside[i - 1] * beside[i - 1] } else { 0.0 };
            pivot = diagonal[i] - x - square / pivot;
            pivot < 0.0
        })
    };
    let mut low = 0.0;
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if above_all(middle) { high = middle } else { low = middle }
    }
    // just above it T - x is negative definite: elimination needs no pivoting
    let shift = high * (1.0 + 1e-12);
    let mut vector = vec![1.0; n];
    for _ in 0..4 {
        let mut pivots = vec![0.0; n];
        for i in 0..n {
            let factor = if i > 0 { beside[i - 1] / pivots[i - 1] } else { 0.0 };
            pivots[i] = diagonal[i] - shift - if i > 0 { factor * beside[i - 1] } else { 0.0 };
            if i > 0 {
                vector[i] -= factor * vector[i - 1];
            }
        }
        for i in (0..n).rev() {
            let known = if i + 1 < n { beside[i] * vector[i + 1] } else { 0.0 };
            vector[i] = (vector[i] - known) / pivots[i];
        }
        let length = vector.iter().map(|v| v * v).sum::<f64>().sqrt();
        vector.iter_mut().for_each(|v| *v /= length);
    }
    vector.iter().all(|v| v.is_finite()).then_some((high, vector))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{self, Purpose};

    fn rank(w: Matrix) -> Option<f64> {
        StableRank::default().of(&w, w.norm())
    }

    #[test]
    fn stable_ranks_of_known_matrices() {
        // diagonal 3, 1, 1: (9 + 1 + 1) / 9
        let diagonal = Matrix::from_fn(5, 3, |r, c| if r == c { [3.0, 1.0, 1.0][r] } else { 0.0 });
        assert!((rank(diagonal).unwrap() - 11.0 / 9.0).abs() < 1e-5);
        let one = Matrix::from_fn(40, 30, |r, c| (r as f32 - 3.5) * (c as f32 + 1.0));
        assert!((rank(one).unwrap() - 1.0).abs() < 1e-5);
        let identity = Matrix::from_fn(9, 9, |r, c| if r == c { 2.0 } else { 0.0 });
        assert!((rank(identity).unwrap() - 9.0).abs() < 1e-5);
        assert_eq!(rank(Matrix::zeros(4, 4)), None);
        assert_eq!(rank(Matrix::from_fn(4, 4, |_, _| 1e30)), None);
    }

    /// Where the spectrum is flat, and again where it does not move.
    #[test]
    fn a_random_matrix_has_its_rank_at_once_and_keeps_it() {
        let mut draws = random::stream(5, Purpose::Init, 1);
        let entries: Vec<f32> = (0..400 * 300).map(|_| random::uniform(&mut draws, 0.5)).collect();
        let w = Matrix::from_fn(400, 300, |r, c| entries[r * 300 + c]);
        let norm = w.norm();
        // by a thousand power iterations in f64
        let mut v = vec![1.0f64; 300];
        let mut top = 0.0;
        for _ in 0..1000 {
            let length = v.iter().map(|v| v * v).sum::<f64>().sqrt();
            v.iter_mut().for_each(|v| *v /= length);
            let u: Vec<f64> = (0..400).map(|r| (0..300).map(|c| f64::from(w.row(r)[c]) * v[c]).sum()).collect();
            top = u.iter().map(|u| u * u).sum::<f64>();
            v = (0..300).map(|c| (0..400).map(|r| f64::from(w.row(r)[c]) * u[r]).sum()).collect();
        }
        let exact = norm * norm / top;
        let mut of = StableRank::default();
        let first = of.of(&w, norm).unwrap();
        assert!((first / exact - 1.0).abs() < 3e-3, "{first} for {exact}");
        for _ in 0..4 {
            let later = of.of(&w, norm).unwrap();
            assert!((later / exact - 1.0).abs() < 3e-3 && later <= first * (1.0 + 1e-6), "{later} for {exact}");
        }
    }
}
