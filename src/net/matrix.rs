//! A row-major `f32` matrix whose rows start on cache lines.

use bytemuck::{Pod, Zeroable};

/// Floats in a cache line; rows are padded to a multiple of it.
pub const LINE: usize = 16;

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// `rows x cols` floats, row-major; rows are padded (see [`stride`]) and the padding is never read as a value.
#[derive(Clone)]
pub struct Matrix {
    rows: usize,
    cols: usize,
    stride: usize,
    lines: Vec<Line>,
}

/// Floats from one row to the next: whole cache lines, and for long rows never a multiple of four lines, so that a block
/// of rows spreads over all sets of the first-level cache (3072 columns would fall on four of its 64).
fn stride(cols: usize) -> usize {
    let lines = cols.div_ceil(LINE);
    LINE * if lines >= 16 && lines.is_multiple_of(4) { lines + 1 } else { lines }
}

impl Matrix {
    pub fn zeros(rows: usize, cols: usize) -> Matrix {
        let stride = stride(cols);
        Matrix { rows, cols, stride, lines: vec![Line([0.0; LINE]); rows * stride / LINE] }
    }

    /// From a function of row and column.
    pub fn from_fn(rows: usize, cols: usize, mut f: impl FnMut(usize, usize) -> f32) -> Matrix {
        let mut m = Matrix::zeros(rows, cols);
        for r in 0..rows {
            for (c, v) in m.row_mut(r).iter_mut().enumerate() {
                *v = f(r, c);
            }
        }
        m
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Floats from one row to the next.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All floats, padding included.
    pub fn padded(&self) -> &[f32] {
        bytemuck::cast_slice(&self.lines)
    }

    pub fn padded_mut(&mut self) -> &mut [f32] {
        bytemuck::cast_slice_mut(&mut self.lines)
    }

    pub fn row(&self, r: usize) -> &[f32] {
        &self.padded()[r * self.stride..][..self.cols]
    }

    pub fn row_mut(&mut self, r: usize) -> &mut [f32] {
        let (start, cols) = (r * self.stride, self.cols);
        &mut self.padded_mut()[start..][..cols]
    }

    /// Values row by row, without padding.
    pub fn values(&self) -> impl Iterator<Item = f32> + Clone + '_ {
        (0..self.rows).flat_map(|r| self.row(r).iter().copied())
    }

    /// Frobenius norm, summed in `f64` in row order.
    pub fn norm(&self) -> f64 {
        self.values().map(|v| f64::from(v) * f64::from(v)).sum::<f64>().sqrt()
    }
}
