//! Forward without training.

use super::Trainer;
use crate::net::{Activation, Matrix, kernels};

impl Trainer {
    /// Class numbers predicted for the columns of `input` (`n_0 x batch`), the lowest of equals; `None` where an output
    /// is not a number. `buffers` come from [`Trainer::buffers`]. Flush first.
    pub fn predict(&mut self, input: &Matrix, buffers: &mut [Matrix], each: impl FnMut(usize, Option<u8>)) {
        self.predict_watched(input, buffers, |_, _| {}, each);
    }

    /// The same; `watch` sees every layer's activity (index from 0; at the top the preactivation).
    pub(in crate::train) fn predict_watched(
        &mut self,
        input: &Matrix,
        buffers: &mut [Matrix],
        watch: impl FnMut(usize, &Matrix),
        mut each: impl FnMut(usize, Option<u8>),
    ) {
        debug_assert!(self.layers.iter().all(|l| l.waiting.is_none()), "flush before predicting");
        let top = self.layers.len() - 1;
        self.run(input, buffers, watch);
        let z = &buffers[top];
        for n in 0..z.cols() {
            let mut best = Some((0, z.row(0)[n]));
            for class in 0..z.rows() {
                let v = z.row(class)[n];
                best = match best {
                    Some((_, b)) if b.is_nan() || v.is_nan() => None,
                    Some((_, b)) if v > b => Some((class as u8, v)),
                    unchanged => unchanged,
                };
            }
            each(n, best.map(|b| b.0));
        }
    }

    /// Forward without training; `each` sees every layer's activity (at the top the preactivation).
    pub(super) fn run(&mut self, input: &Matrix, buffers: &mut [Matrix], mut each: impl FnMut(usize, &Matrix)) {
        let (isa, top) = (self.isa, self.layers.len() - 1);
        // the last buffer is for the input less its centre, where there is one
        let (buffers, centred) = buffers.split_at_mut(top + 1);
        for l in 0..=top {
            let (below, rest) = buffers.split_at_mut(l);
            let layer = &mut self.layers[l];
            let h = &mut rest[0];
            let input = match (&layer.centre, below.last_mut()) {
                (Some(centre), None) => {
                    kernels::subtract_rows(isa, input, &centre.mu, &mut centred[0]);
                    &centred[0]
                }
                (Some(centre), Some(below)) => {
                    kernels::subtract_rows_in_place(isa, below, &centre.mu);
                    &*below
                }
                (None, Some(below)) => &*below,
                (None, None) => input,
            };
            kernels::forward(isa, &mut layer.w, layer.b.row(0), input, h);
            if l < top {
                match self.activations[l] {
                    Activation::Relu => kernels::relu(isa, h),
                    Activation::Tanh => kernels::tanh(isa, h),
                }
            }
            each(l, h);
        }
    }

    /// Buffers for [`Trainer::predict`] on batches of `batch` images; the top layer's is at index `L - 1`.
    pub fn buffers(&self, batch: usize) -> Vec<Matrix> {
        let centred = self.layers[0].centre.as_ref().map(|c| c.mu.len());
        self.layers.iter().map(|l| l.w.rows()).chain(centred).map(|n| Matrix::zeros(n, batch)).collect()
    }
}
