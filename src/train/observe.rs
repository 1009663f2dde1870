//! What is looked at after each epoch, beside accuracies. Nothing here changes a bit of the training.

use super::{Inputs, Trainer};
use crate::data::Images;
use crate::net::kernels::{self, Panels};
use crate::net::{Activation, Isa, Matrix};

/// Iterations from a cold start, and from where the last epoch ended.
const FIRST: usize = 20;
const LATER: usize = 4;

/// Squared Frobenius norm over squared spectral norm of one matrix, by warm-started power iterations.
#[derive(Default)]
pub(super) struct StableRank {
    /// `n_in x 1`, the direction found so far.
    v: Option<Matrix>,
}

impl StableRank {
    /// Stable rank of `w` with Frobenius norm `norm`; `None` if it is zero or its products overflow.
    pub fn of(&mut self, isa: Isa, w: &mut Matrix, norm: f64) -> Option<f64> {
        let iterations = if self.v.is_some() { LATER } else { FIRST };
        let v = self.v.get_or_insert_with(|| Matrix::from_fn(w.cols(), 1, |k, _| 1.0 + 0.1 * (k % 7) as f32));
        let (mut u, zero) = (Matrix::zeros(w.rows(), 1), vec![0.0; w.rows()]);
        let mut top = 0.0;
        for _ in 0..iterations {
            let length = v.norm();
            if !(length > 0.0 && length.is_finite()) {
                self.v = None;
                return None;
            }
            v.padded_mut().iter_mut().for_each(|x| *x = (f64::from(*x) / length) as f32);
            kernels::forward(isa, w, &zero, v, &mut u);
            top = u.norm();
            kernels::backward(isa, w, &u, v);
        }
        let rank = (norm / top).powi(2);
        rank.is_finite().then_some(rank)
    }
}

/// Largest absolute weight and largest norm of a row.
pub(super) fn extremes(w: &Matrix) -> (f64, f64) {
    let (mut weight, mut row_norm) = (0.0f32, 0.0f64);
    for r in 0..w.rows() {
        let mut lanes = [0.0f64; 8];
        let mut largest = [0.0f32; 8];
        for chunk in w.row(r).chunks(8) {
            for ((lane, large), &v) in lanes.iter_mut().zip(&mut largest).zip(chunk) {
                *lane += f64::from(v) * f64::from(v);
                *large = large.max(v.abs());
            }
        }
        weight = largest.iter().fold(weight, |a, &b| a.max(b));
        row_norm = row_norm.max(lanes.iter().sum::<f64>().sqrt());
    }
    (f64::from(weight), row_norm)
}

/// Share of the units of each hidden layer that are zero on every one of these images (ReLU; tanh units never are).
pub(super) fn silent(trainer: &mut Trainer, inputs: &Inputs, images: &Images, rows: &[u32]) -> Vec<f64> {
    const BATCH: usize = 64;
    if trainer.activation() == Activation::Tanh {
        return vec![0.0; trainer.depth() - 1];
    }
    let hidden = trainer.depth() - 1;
    let mut awake: Vec<Vec<bool>> = (1..=hidden).map(|l| vec![false; trainer.weights(l).rows()]).collect();
    let (mut panels, mut x) = (Panels::zeros(images.inputs, BATCH), Matrix::zeros(images.inputs, BATCH));
    let mut buffers = trainer.buffers(BATCH);
    for rows in rows.chunks(BATCH) {
        inputs.gather_transposed(images, rows, &mut panels, &mut x);
        trainer.run(&x, &mut buffers, |l, h| {
            if let Some(awake) = awake.get_mut(l) {
                for (unit, awake) in awake.iter_mut().enumerate() {
                    *awake = *awake || h.row(unit)[..rows.len()].iter().any(|&v| v > 0.0);
                }
            }
        });
    }
    awake.iter().map(|a| a.iter().filter(|a| !**a).count() as f64 / a.len() as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stable_ranks_of_known_matrices() {
        let rank = |w: Matrix| {
            let (norm, mut w) = (w.norm(), w);
            StableRank::default().of(Isa::best(), &mut w, norm)
        };
        // diagonal 3, 1, 1: (9 + 1 + 1) / 9
        let diagonal = Matrix::from_fn(5, 3, |r, c| if r == c { [3.0, 1.0, 1.0][r] } else { 0.0 });
        assert!((rank(diagonal).unwrap() - 11.0 / 9.0).abs() < 1e-5);
        let one = Matrix::from_fn(40, 30, |r, c| (r as f32 - 3.5) * (c as f32 + 1.0));
        assert!((rank(one).unwrap() - 1.0).abs() < 1e-5);
        assert_eq!(rank(Matrix::zeros(4, 4)), None);
        assert_eq!(rank(Matrix::from_fn(4, 4, |_, _| 1e30)), None);
    }

    #[test]
    fn extremes_by_hand() {
        let w = Matrix::from_fn(2, 3, |r, c| [[3.0, -4.0, 0.0], [0.0, -4.5, 0.0]][r][c]);
        assert_eq!(extremes(&w), (4.5, 5.0));
    }
}
