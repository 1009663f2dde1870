//! Counting right answers, in batches; the result does not depend on the batch.

use super::{Inputs, Score, Trainer};
use crate::data::Images;
use crate::net::Matrix;
use crate::net::kernels::Panels;

/// Images evaluated together.
pub(super) const BATCH: usize = 128;

/// Buffers for evaluating one network.
pub struct Evaluator {
    panels: Panels,
    input: Matrix,
    buffers: Vec<Matrix>,
    saw_no_number: bool,
}

impl Evaluator {
    pub fn new(trainer: &Trainer, inputs: usize) -> Evaluator {
        Evaluator {
            panels: Panels::zeros(inputs, BATCH),
            input: Matrix::zeros(inputs, BATCH),
            buffers: trainer.buffers(BATCH),
            saw_no_number: false,
        }
    }

    /// Whether an output of any image so far was not a number: then no score of this network means anything.
    pub fn saw_no_number(&self) -> bool {
        self.saw_no_number
    }

    /// Score on the images at `rows`; with `bits`, also which were right (the first image in the lowest bit of the
    /// first byte). An output that is not a number counts as wrong.
    pub fn score(
        &mut self,
        trainer: &mut Trainer,
        inputs: &Inputs,
        images: &Images,
        rows: &[u32],
        bits: Option<&mut Vec<u8>>,
    ) -> Score {
        self.watched(trainer, inputs, images, rows, bits, |_, _, _| {})
    }

    /// The same; `watch` sees every layer's activity (index from 0, one row per unit) and how many of its columns are
    /// images.
    pub fn watched(
        &mut self,
        trainer: &mut Trainer,
        inputs: &Inputs,
        images: &Images,
        rows: &[u32],
        bits: Option<&mut Vec<u8>>,
        mut watch: impl FnMut(usize, &Matrix, usize),
    ) -> Score {
        let mut right = vec![0u8; rows.len().div_ceil(8)];
        let mut correct = 0;
        for (i, rows) in rows.chunks(BATCH).enumerate() {
            inputs.gather_transposed(images, rows, &mut self.panels, &mut self.input);
            let watch = |l: usize, h: &Matrix| watch(l, h, rows.len());
            let saw_no_number = &mut self.saw_no_number;
            trainer.predict_watched(&self.input, &mut self.buffers, watch, |n, class| {
                *saw_no_number |= n < rows.len() && class.is_none();
                if n < rows.len() && class == Some(images.labels[rows[n] as usize]) {
                    correct += 1;
                    right[(i * BATCH + n) / 8] |= 1 << (n % 8);
                }
            });
        }
        if let Some(bits) = bits {
            *bits = right;
        }
        Score { correct, total: rows.len() as u32 }
    }
}
