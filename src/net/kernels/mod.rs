//! Fast paths for the arithmetic of a step: safe functions over [`Matrix`], each backed by AVX-512, AVX2 or portable
//! code that is chosen at run time and gives the same bits.
//!
//! This folder holds the project's only `unsafe` code: `simd.rs` (vector types), `products.rs` (matrix products), `bf16.rs`
//! with `bf16_words.rs`, `bf16_avx512.rs` and `amx.rs` (the same in bf16), `elementwise.rs` and `local.rs` (the rest), `limit.rs` (for
//! benchmarks), and the calls into them here, where shapes are checked. Each file states its contract under *Safety*;
//! `tests/valgrind` runs the tests under valgrind, and `amx_emulator.rs` runs the tests of `amx.rs` without such a processor.

#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(all(test, target_arch = "x86_64", target_os = "linux"))]
pub mod amx_emulator;
#[cfg(target_arch = "x86_64")]
mod bf16;
#[cfg(not(target_arch = "x86_64"))]
#[path = "bf16_absent.rs"]
mod bf16;
#[cfg(target_arch = "x86_64")]
mod bf16_avx512;
#[cfg(target_arch = "x86_64")]
mod bf16_words;
mod elementwise;
mod limit;
mod local;
mod products;
mod simd;

use super::Matrix;
use products::{Backward, Pass};
use simd::Portable;
#[cfg(target_arch = "x86_64")]
use simd::{Avx2, Avx512};

pub use bf16::Bf16;
pub use products::CHUNK;

/// Why bf16 does not run here, and the way out.
fn no_bf16(feature: &str) -> String {
    format!("this processor has no {feature}, which bf16 needs; train with f32, or on a machine with AVX-512-BF16")
}

/// Why AMX does not run here, and the way out.
fn no_amx(reason: &str) -> String {
    format!("{reason}; `--precision bf16` takes what this machine has (other bits), or train with f32")
}

/// Instructions that bf16 is computed with. Unlike the paths of [`Isa`], each has bits of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bf16Path {
    Avx512,
    Amx,
}

impl Bf16Path {
    pub fn name(self) -> &'static str {
        match self {
            Bf16Path::Avx512 => "AVX-512-BF16",
            Bf16Path::Amx => "AMX",
        }
    }
}

/// An instruction set that the kernels are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isa {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Isa {
    /// Every path that this machine can run, the fastest first.
    pub fn available() -> Vec<Isa> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                all.push(Isa::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                all.push(Isa::Avx2);
            }
        }
        all.push(Isa::Portable);
        all
    }

    /// The fastest path of this machine.
    pub fn best() -> Isa {
        Isa::available()[0]
    }

    pub fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => "AVX2 with FMA",
            Isa::Portable => "portable",
        }
    }
}

/// Calls a generic kernel on the path `$isa` names. The block must be one call whose generics start with the vector
/// type; tiles are given per path.
macro_rules! on {
    ($isa:expr, $f:ident, [$($wide:tt)*], [$($narrow:tt)*], [$($plain:tt)*], ($($arg:ident: $ty:ty),*) $(-> $ret:ty)?) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f")]
        unsafe fn avx512($($arg: $ty),*) $(-> $ret)? {
            unsafe { $f::<Avx512 $($wide)*>($($arg),*) }
        }
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma")]
        unsafe fn avx2($($arg: $ty),*) $(-> $ret)? {
            unsafe { $f::<Avx2 $($narrow)*>($($arg),*) }
        }
        // SAFETY: `Isa` values other than Portable come from `Isa::available`, which asks the processor; the callers
        // below check every shape, so that all pointers stay inside their matrices.
        unsafe {
            match $isa {
                #[cfg(target_arch = "x86_64")]
                Isa::Avx512 => avx512($($arg),*),
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 => avx2($($arg),*),
                Isa::Portable => $f::<Portable $($plain)*>($($arg),*),
            }
        }
    }};
    ($isa:expr, $f:ident, ($($arg:ident: $ty:ty),*) $(-> $ret:ty)?) => {
        on!($isa, $f, [], [], [], ($($arg: $ty),*) $(-> $ret)?)
    };
}

/// An update that waits: `W += scale * post^T-rows x panels` over `samples` samples.
#[derive(Clone, Copy)]
pub struct Waiting<'a> {
    /// `n_out x samples`, one row per unit.
    pub post: &'a Matrix,
    /// `n_in` packed by [`pack`].
    pub panels: &'a Panels,
    pub scale: f32,
    /// `r`, one per row: `W = (1 - r) o W + ...`, that is `fma(-r, w, w)` before the product is added.
    pub decay: Option<&'a [f32]>,
}

/// A signal packed for the input side of updates: chunks of 64 units, each `samples x 64`, padded with zeros.
#[derive(Clone)]
pub struct Panels {
    units: usize,
    samples: usize,
    data: Matrix,
}

impl Panels {
    pub fn zeros(units: usize, samples: usize) -> Panels {
        Panels { units, samples, data: Matrix::zeros(units.div_ceil(CHUNK) * samples, CHUNK) }
    }

    pub fn units(&self) -> usize {
        self.units
    }

    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Units `chunk * 64 ..` of one sample: 64 floats.
    pub fn slot_mut(&mut self, chunk: usize, sample: usize) -> &mut [f32] {
        self.data.row_mut(chunk * self.samples + sample)
    }

    pub fn slot(&self, chunk: usize, sample: usize) -> &[f32] {
        self.data.row(chunk * self.samples + sample)
    }
}

fn no_pass(w: &mut Matrix) -> Pass {
    let (w_stride, n_out, n_in) = (w.stride(), w.rows(), w.cols());
    Pass {
        w: w.padded_mut().as_mut_ptr(),
        w_stride,
        n_out,
        n_in,
        post: std::ptr::null(),
        post_stride: 0,
        panels: std::ptr::null(),
        scale: 0.0,
        decay: std::ptr::null(),
        samples: 0,
        bias: std::ptr::null(),
        input: std::ptr::null(),
        input_stride: 0,
        out: std::ptr::null_mut(),
        out_stride: 0,
    }
}

fn with_update(pass: Pass, w: &Waiting) -> Pass {
    assert_eq!((w.post.rows(), w.panels.units), (pass.n_out, pass.n_in), "update of another shape");
    assert!(w.panels.samples <= w.post.cols(), "more samples packed than the post signal holds");
    assert!(w.decay.is_none_or(|r| r.len() == pass.n_out), "row decay of another shape");
    Pass {
        post: w.post.padded().as_ptr(),
        post_stride: w.post.stride(),
        panels: w.panels.data.padded().as_ptr(),
        scale: w.scale,
        decay: w.decay.map_or(std::ptr::null(), <[f32]>::as_ptr),
        samples: w.panels.samples,
        ..pass
    }
}

fn with_forward(pass: Pass, bias: &[f32], input: &Matrix, out: &mut Matrix) -> Pass {
    assert_eq!((bias.len(), out.rows(), input.rows()), (pass.n_out, pass.n_out, pass.n_in), "product of another shape");
    assert_eq!(input.stride(), out.stride(), "input and output differ in batch");
    Pass {
        bias: bias.as_ptr(),
        input: input.padded().as_ptr(),
        input_stride: input.stride(),
        out_stride: out.stride(),
        out: out.padded_mut().as_mut_ptr(),
        ..pass
    }
}

/// Applies a waiting update. False if a weight is not finite afterwards.
pub fn update(isa: Isa, w: &mut Matrix, waiting: &Waiting) -> bool {
    use products::pass;
    let a = &with_update(no_pass(w), waiting);
    on!(isa, pass, [, 5, 4, true, false], [, 6, 2, true, false], [, 1, 1, true, false], (a: &Pass) -> bool)
}

/// `out = W input + bias`, samples in columns.
pub fn forward(isa: Isa, w: &mut Matrix, bias: &[f32], input: &Matrix, out: &mut Matrix) {
    use products::pass;
    let a = &with_forward(no_pass(w), bias, input, out);
    on!(isa, pass, [, 5, 4, false, true], [, 6, 2, false, true], [, 1, 1, false, true], (a: &Pass) -> bool);
}

/// [`update`] and [`forward`] in one pass over W: the same bits, half the memory traffic.
pub fn update_forward(
    isa: Isa,
    w: &mut Matrix,
    waiting: &Waiting,
    bias: &[f32],
    input: &Matrix,
    out: &mut Matrix,
) -> bool {
    use products::pass;
    let a = &with_forward(with_update(no_pass(w), waiting), bias, input, out);
    on!(isa, pass, [, 5, 4, true, true], [, 6, 2, true, true], [, 1, 1, true, true], (a: &Pass) -> bool)
}

/// `out[j, :] = sum_k m[k, j] signal[k, :]`: carries a signal down through `m` (`n_k x n_j`).
pub fn backward(isa: Isa, m: &Matrix, signal: &Matrix, out: &mut Matrix) {
    use products::backward;
    assert_eq!((m.rows(), m.cols()), (signal.rows(), out.rows()), "feedback of another shape");
    assert_eq!(signal.stride(), out.stride(), "signal and output differ in batch");
    let a = &Backward {
        m: m.padded().as_ptr(),
        m_stride: m.stride(),
        n_k: m.rows(),
        n_j: m.cols(),
        signal: signal.padded().as_ptr(),
        signal_stride: signal.stride(),
        out_stride: out.stride(),
        out: out.padded_mut().as_mut_ptr(),
    };
    on!(isa, backward, [, 5, 4], [, 6, 2], [, 1, 1], (a: &Backward));
}

/// `max(0, a)` in place.
pub fn relu(isa: Isa, m: &mut Matrix) {
    use elementwise::relu_all;
    let (p, len) = (m.padded_mut().as_mut_ptr(), m.padded().len());
    on!(isa, relu_all, (p: *mut f32, len: usize));
}

/// `tanh a` in place.
pub fn tanh(isa: Isa, m: &mut Matrix) {
    use elementwise::tanh_all;
    let (p, len) = (m.padded_mut().as_mut_ptr(), m.padded().len());
    on!(isa, tanh_all, (p: *mut f32, len: usize));
}

/// `1 / (1 + e^-a)` in place.
pub fn sigmoid(isa: Isa, m: &mut Matrix) {
    use elementwise::sigmoid_all;
    let (p, len) = (m.padded_mut().as_mut_ptr(), m.padded().len());
    on!(isa, sigmoid_all, (p: *mut f32, len: usize));
}

/// Softmax over rows, for each column, in place.
pub fn softmax(isa: Isa, m: &mut Matrix) {
    use elementwise::softmax;
    let (z, stride, classes) = (m.padded_mut().as_mut_ptr(), m.stride(), m.rows());
    on!(isa, softmax, (z: *mut f32, stride: usize, classes: usize));
}

/// `delta *= f'(a)` where `h = max(0, a)`.
pub fn relu_derivative(isa: Isa, delta: &mut Matrix, h: &Matrix) {
    use elementwise::derivative_all;
    assert_eq!((delta.rows(), delta.stride()), (h.rows(), h.stride()));
    let (d, h, len) = (delta.padded_mut().as_mut_ptr(), h.padded().as_ptr(), h.padded().len());
    on!(isa, derivative_all, [, false], [, false], [, false], (d: *mut f32, h: *const f32, len: usize));
}

/// `delta *= f'(a)` where `h = tanh a`.
pub fn tanh_derivative(isa: Isa, delta: &mut Matrix, h: &Matrix) {
    use elementwise::derivative_all;
    assert_eq!((delta.rows(), delta.stride()), (h.rows(), h.stride()));
    let (d, h, len) = (delta.padded_mut().as_mut_ptr(), h.padded().as_ptr(), h.padded().len());
    on!(isa, derivative_all, [, true], [, true], [, true], (d: *mut f32, h: *const f32, len: usize));
}

/// Sum of each row (its padding must be zero).
pub fn row_sums(isa: Isa, m: &Matrix, out: &mut [f32]) {
    use elementwise::row_sums;
    assert_eq!(m.rows(), out.len());
    let (p, stride, rows, out) = (m.padded().as_ptr(), m.stride(), m.rows(), out.as_mut_ptr());
    on!(isa, row_sums, (p: *const f32, stride: usize, rows: usize, out: *mut f32));
}

/// `out = magnitude o sign(w)`, zero counting as positive.
pub fn signs(isa: Isa, magnitude: &Matrix, w: &Matrix, out: &mut Matrix) {
    use elementwise::signs_all;
    assert_eq!((magnitude.rows(), magnitude.cols()), (w.rows(), w.cols()));
    assert_eq!((out.rows(), out.cols()), (w.rows(), w.cols()));
    let (m, len, w, out) =
        (magnitude.padded().as_ptr(), w.padded().len(), w.padded().as_ptr(), out.padded_mut().as_mut_ptr());
    on!(isa, signs_all, (m: *const f32, w: *const f32, out: *mut f32, len: usize));
}

/// One RMSprop step (`eps` outside the root). False if a weight is not finite afterwards.
pub fn rmsprop(isa: Isa, w: &mut [f32], v: &mut [f32], g: &[f32], rate: f32, alpha: f32, eps: f32) -> bool {
    use elementwise::rmsprop;
    assert!(w.len() == v.len() && v.len() == g.len() && w.len().is_multiple_of(super::matrix::LINE));
    let (w, v, len, g) = (w.as_mut_ptr(), v.as_mut_ptr(), g.len(), g.as_ptr());
    on!(isa, rmsprop, (w: *mut f32, v: *mut f32, g: *const f32, len: usize, rate: f32, alpha: f32, eps: f32) -> bool)
}

/// `out = a x + b y`: `fma(a, x, b * y)`.
pub fn combine(isa: Isa, a: f32, x: &Matrix, b: f32, y: &Matrix, out: &mut Matrix) {
    use local::combine;
    assert_eq!((x.rows(), x.stride()), (y.rows(), y.stride()), "combining other shapes");
    assert_eq!((x.rows(), x.stride()), (out.rows(), out.stride()), "combining into another shape");
    let (x, y, len) = (x.padded().as_ptr(), y.padded().as_ptr(), x.padded().len());
    let out = out.padded_mut().as_mut_ptr();
    on!(isa, combine, (a: f32, x: *const f32, b: f32, y: *const f32, out: *mut f32, len: usize));
}

/// `y = x - y`.
pub fn subtract_from(isa: Isa, x: &Matrix, y: &mut Matrix) {
    use local::combine;
    assert_eq!((x.rows(), x.stride()), (y.rows(), y.stride()), "subtracting another shape");
    let (x, len, out) = (x.padded().as_ptr(), x.padded().len(), y.padded_mut().as_mut_ptr());
    let (a, b, y): (f32, f32, *const f32) = (1.0, -1.0, out);
    on!(isa, combine, (a: f32, x: *const f32, b: f32, y: *const f32, out: *mut f32, len: usize));
}

/// `out = x o y`.
pub fn multiply(isa: Isa, x: &Matrix, y: &Matrix, out: &mut Matrix) {
    use local::multiply;
    assert_eq!((x.rows(), x.stride()), (y.rows(), y.stride()), "multiplying other shapes");
    assert_eq!((x.rows(), x.stride()), (out.rows(), out.stride()), "multiplying into another shape");
    let (x, y, len) = (x.padded().as_ptr(), y.padded().as_ptr(), x.padded().len());
    let out = out.padded_mut().as_mut_ptr();
    on!(isa, multiply, (x: *const f32, y: *const f32, out: *mut f32, len: usize));
}

/// `out[r, :] = m[r, :] - centre[r]`.
pub fn subtract_rows(isa: Isa, m: &Matrix, centre: &[f32], out: &mut Matrix) {
    use local::subtract_rows;
    assert_eq!((m.rows(), m.stride(), m.rows()), (out.rows(), out.stride(), centre.len()), "centring another shape");
    let (x, stride, rows) = (m.padded().as_ptr(), m.stride(), m.rows());
    let (c, out) = (centre.as_ptr(), out.padded_mut().as_mut_ptr());
    on!(isa, subtract_rows, (x: *const f32, stride: usize, rows: usize, c: *const f32, out: *mut f32));
}

/// `m[r, :] -= centre[r]`.
pub fn subtract_rows_in_place(isa: Isa, m: &mut Matrix, centre: &[f32]) {
    use local::subtract_rows;
    assert_eq!(m.rows(), centre.len(), "centring another shape");
    let (stride, rows, c, out) = (m.stride(), m.rows(), centre.as_ptr(), m.padded_mut().as_mut_ptr());
    let x: *const f32 = out;
    on!(isa, subtract_rows, (x: *const f32, stride: usize, rows: usize, c: *const f32, out: *mut f32));
}

/// `out[r] = sum over columns of x[r, :] o y[r, :]`; padding is not looked at.
pub fn row_products(isa: Isa, x: &Matrix, y: &Matrix, out: &mut [f32]) {
    use local::row_products;
    assert_eq!((x.rows(), x.cols(), x.rows()), (y.rows(), y.cols(), out.len()), "row products of other shapes");
    let (stride, rows, cols) = (x.stride(), x.rows(), x.cols());
    let (x, y, out) = (x.padded().as_ptr(), y.padded().as_ptr(), out.as_mut_ptr());
    on!(isa, row_products, (x: *const f32, y: *const f32, stride: usize, rows: usize, cols: usize, out: *mut f32));
}

/// `m[r, :] += factors[r] * w[r, :]`.
pub fn add_rows(isa: Isa, factors: &[f32], w: &Matrix, m: &mut Matrix) {
    use local::add_rows;
    assert_eq!((w.rows(), w.stride(), w.rows()), (m.rows(), m.stride(), factors.len()), "adding rows of another shape");
    let (f, w, stride, rows) = (factors.as_ptr(), w.padded().as_ptr(), m.stride(), m.rows());
    let m = m.padded_mut().as_mut_ptr();
    on!(isa, add_rows, (f: *const f32, w: *const f32, stride: usize, rows: usize, m: *mut f32));
}

/// `w[r, :] *= 1 - r[r]`, as a waiting update does it.
pub fn decay_rows(isa: Isa, decay: &[f32], w: &mut Matrix) {
    use local::decay_block;
    assert_eq!(decay.len(), w.rows(), "row decay of another shape");
    let (stride, rows, cols, decay) = (w.stride(), (0, w.rows()), w.cols(), decay.as_ptr());
    let w = w.padded_mut().as_mut_ptr();
    on!(isa, decay_block, (w: *mut f32, stride: usize, decay: *const f32, rows: (usize, usize), cols: usize));
}

/// Element by element, with `g` the product of this step: `d = g - theta`, less `decay[r] * w` where there is a decay;
/// `theta += share * (g - theta)`; `g` becomes `d`, and with `APPLY` `w += rate * d`. False if a weight is not finite.
#[allow(clippy::too_many_arguments)]
pub fn threshold(
    isa: Isa,
    w: &mut Matrix,
    theta: &mut Matrix,
    g: &mut Matrix,
    decay: Option<&[f32]>,
    share: f32,
    rate: f32,
    apply: bool,
) -> bool {
    use local::threshold;
    let shape = (w.rows(), w.stride());
    assert!(shape == (theta.rows(), theta.stride()) && shape == (g.rows(), g.stride()), "threshold of another shape");
    assert!(decay.is_none_or(|r| r.len() == shape.0), "row decay of another shape");
    let (rows, stride) = shape;
    let decay = decay.map_or(std::ptr::null(), <[f32]>::as_ptr);
    let (w, t) = (w.padded_mut().as_mut_ptr(), theta.padded_mut().as_mut_ptr());
    let g = g.padded_mut().as_mut_ptr();
    on!(isa, threshold, (w: *mut f32, t: *mut f32, g: *mut f32, decay: *const f32, stride: usize, rows: usize, share: f32, rate: f32, apply: bool) -> bool)
}

/// `w += rate * d` where `|d| >= least`; elsewhere `w` keeps its bits. False if a weight is not finite.
pub fn masked_add(isa: Isa, w: &mut Matrix, d: &Matrix, least: f32, rate: f32) -> bool {
    use local::masked_add;
    assert_eq!((w.rows(), w.stride()), (d.rows(), d.stride()), "update of another shape");
    let (d, len) = (d.padded().as_ptr(), d.padded().len());
    let w = w.padded_mut().as_mut_ptr();
    on!(isa, masked_add, (w: *mut f32, d: *const f32, len: usize, least: f32, rate: f32) -> bool)
}

/// Packs the first `panels.samples()` columns of `h` (one row per unit) for the input side of an update.
pub fn pack(h: &Matrix, panels: &mut Panels) {
    assert_eq!(h.rows(), panels.units, "packing another signal");
    let (stride, samples, units) = (h.stride(), panels.samples, panels.units);
    let h = h.padded();
    for chunk in 0..units.div_ceil(CHUNK) {
        let count = CHUNK.min(units - chunk * CHUNK);
        let rows = &h[chunk * CHUNK * stride..];
        for n in 0..samples {
            let slot = panels.slot_mut(chunk, n);
            for (k, v) in slot[..count].iter_mut().enumerate() {
                *v = rows[k * stride + n];
            }
        }
    }
}

/// The inverse of [`pack`]: one row per unit.
pub fn unpack(panels: &Panels, h: &mut Matrix) {
    assert_eq!(h.rows(), panels.units, "unpacking another signal");
    let (stride, samples, units) = (h.stride(), panels.samples, panels.units);
    let h = h.padded_mut();
    for chunk in 0..units.div_ceil(CHUNK) {
        let count = CHUNK.min(units - chunk * CHUNK);
        let rows = &mut h[chunk * CHUNK * stride..];
        for n0 in (0..samples).step_by(16) {
            for k in 0..count {
                let line = &mut rows[k * stride + n0..][..16];
                for (n, v) in line.iter_mut().enumerate().take(samples - n0) {
                    *v = panels.data.padded()[(chunk * samples + n0 + n) * CHUNK + k];
                }
            }
        }
    }
}

/// Runs `rounds` register tiles of fused multiply-adds and says how many operations that was (two a lane): what a core
/// can do at most, for benchmarks.
pub fn register_limit(isa: Isa, rounds: usize) -> f64 {
    use limit::multiply_adds;
    let seed = 1e-3f32;
    std::hint::black_box(on!(isa, multiply_adds, [, 5, 4], [, 6, 2], [, 1, 1], (rounds: usize, seed: f32) -> f32));
    let accumulators = match isa {
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => 5 * 4 * 16,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => 6 * 2 * 8,
        Isa::Portable => 16,
    };
    2.0 * (rounds * accumulators) as f64
}

/// [`register_limit`] of bf16: 0 where that path does not run.
pub fn register_limit_bf16(path: Bf16Path, rounds: usize) -> f64 {
    if path.detect().is_err() {
        return 0.0;
    }
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the processor was just asked
    return unsafe {
        match path {
            Bf16Path::Avx512 => bf16_avx512::multiply_adds(rounds, 0x3f80_3f80),
            Bf16Path::Amx => amx::multiply_adds(rounds),
        }
    };
    #[cfg(not(target_arch = "x86_64"))]
    0.0
}

#[cfg(all(test, target_arch = "x86_64", target_os = "linux"))]
mod bf16_tests;
#[cfg(test)]
mod tests;
