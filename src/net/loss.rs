//! Output non-linearity with its loss; in both pairs the output error is `yhat - t`.

use super::kernels;
use super::{Isa, Matrix};

/// Output and loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Softmax with cross-entropy.
    SoftmaxCrossEntropy,
    /// Sigmoid with binary cross-entropy, summed over the outputs.
    SigmoidBinaryCrossEntropy,
}

impl Loss {
    pub fn name(self) -> &'static str {
        match self {
            Loss::SoftmaxCrossEntropy => "softmax cross-entropy",
            Loss::SigmoidBinaryCrossEntropy => "sigmoid binary cross-entropy",
        }
    }

    /// Turns logits (`classes x batch`) into outputs in place and returns the loss summed over the first
    /// `labels.len()` columns, in nats. Not finite if a logit is not a number.
    pub fn output(self, isa: Isa, z: &mut Matrix, labels: &[u8]) -> f64 {
        match self {
            Loss::SoftmaxCrossEntropy => {
                // the label's distance from the largest logit, then the largest output, 1 / sum of exp(z - largest):
                // a label's own output may be too small for f32
                let largest =
                    |z: &Matrix, n: usize| (0..z.rows()).map(|k| z.row(k)[n]).fold(f32::NEG_INFINITY, f32::max);
                let mut loss = 0.0;
                for (n, &label) in labels.iter().enumerate() {
                    loss += f64::from(largest(z, n)) - f64::from(z.row(usize::from(label))[n]);
                }
                kernels::softmax(isa, z);
                for (n, &label) in labels.iter().enumerate() {
                    // a logit that is no number makes none of all outputs
                    let known = !z.row(usize::from(label))[n].is_nan();
                    loss -= if known { libm::log(f64::from(largest(z, n))) } else { f64::NAN };
                }
                loss
            }
            Loss::SigmoidBinaryCrossEntropy => {
                let mut loss = 0.0;
                for (n, &label) in labels.iter().enumerate() {
                    for class in 0..z.rows() {
                        // from logits, in the form that neither overflows nor takes the logarithm of zero
                        let z = f64::from(z.row(class)[n]);
                        let target = if usize::from(label) == class { z } else { 0.0 };
                        let tail = libm::log1p(libm::exp(-z.abs()));
                        loss += if z.is_nan() { f64::NAN } else { z.max(0.0) - target + tail };
                    }
                }
                kernels::sigmoid(isa, z);
                loss
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6 * b.abs().max(1.0)
    }

    #[test]
    fn losses_by_hand() {
        // logits (0, ln 3): softmax (1/4, 3/4); sigmoid (1/2, 3/4)
        let logits = || Matrix::from_fn(2, 1, |r, _| if r == 0 { 0.0 } else { 3f32.ln() });
        let mut z = logits();
        assert!(close(Loss::SoftmaxCrossEntropy.output(Isa::best(), &mut z, &[1]), -(0.75f64.ln())));
        assert!(close(f64::from(z.row(0)[0]), 0.25));
        let mut z = logits();
        let loss = Loss::SigmoidBinaryCrossEntropy.output(Isa::best(), &mut z, &[0]);
        assert!(close(loss, -(0.5f64.ln()) - 0.25f64.ln()), "{loss}");
        assert!(close(f64::from(z.row(1)[0]), 0.75));
    }

    #[test]
    fn a_label_far_below_costs_what_it_is_below() {
        let mut z = Matrix::from_fn(10, 2, |r, n| if r == 0 { 500.0 } else { [-500.0, 499.0][n] });
        let two = (1.0 + 9.0 * (-1f64).exp()).ln();
        assert!(close(Loss::SoftmaxCrossEntropy.output(Isa::best(), &mut z, &[1, 3]), 1000.0 + 1.0 + two));
    }

    #[test]
    fn extreme_logits_stay_finite_and_nan_shows() {
        for loss in [Loss::SoftmaxCrossEntropy, Loss::SigmoidBinaryCrossEntropy] {
            let mut z = Matrix::from_fn(10, 3, |r, _| if r == 0 { 1e4 } else { -1e4 });
            assert!(loss.output(Isa::best(), &mut z, &[1, 0, 2]).is_finite(), "{loss:?}");
            let mut z = Matrix::from_fn(10, 3, |r, n| if (r, n) == (4, 1) { f32::NAN } else { 0.0 });
            assert!(!loss.output(Isa::best(), &mut z, &[0, 0, 0]).is_finite(), "{loss:?}");
        }
    }
}
