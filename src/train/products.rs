//! The products of a step in the precision that was asked for.

use crate::net::kernels::{self, Bf16, Waiting};
use crate::net::{Isa, Matrix, Precision};

/// Where the products of training steps are computed.
pub(super) enum Products {
    F32(Isa),
    Bf16(Bf16),
}

impl Products {
    /// For layers of up to `units` units.
    ///
    /// # Panics
    /// If this machine does not have it: [`Precision::available`] tells before.
    pub fn new(precision: Precision, isa: Isa, units: usize, batch: usize) -> Products {
        let Some(path) = precision.bf16_path() else { return Products::F32(isa) };
        Products::Bf16(Bf16::new(path, units, batch).unwrap_or_else(|e| panic!("{e}")))
    }

    pub fn update(&mut self, w: &mut Matrix, waiting: &Waiting) -> bool {
        match self {
            Products::F32(isa) => kernels::update(*isa, w, waiting),
            Products::Bf16(path) => path.update(w, waiting),
        }
    }

    pub fn forward(&mut self, w: &mut Matrix, bias: &[f32], input: &Matrix, out: &mut Matrix) {
        match self {
            Products::F32(isa) => kernels::forward(*isa, w, bias, input, out),
            Products::Bf16(path) => path.forward(w, bias, input, out),
        }
    }

    pub fn update_forward(
        &mut self,
        w: &mut Matrix,
        waiting: &Waiting,
        bias: &[f32],
        input: &Matrix,
        out: &mut Matrix,
    ) -> bool {
        match self {
            Products::F32(isa) => kernels::update_forward(*isa, w, waiting, bias, input, out),
            Products::Bf16(path) => path.update_forward(w, waiting, bias, input, out),
        }
    }

    pub fn backward(&mut self, m: &Matrix, signal: &Matrix, out: &mut Matrix) {
        match self {
            Products::F32(isa) => kernels::backward(*isa, m, signal, out),
            Products::Bf16(path) => path.backward(m, signal, out),
        }
    }
}
