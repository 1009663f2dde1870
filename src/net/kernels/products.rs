//! The matrix products of a training step, generic over vector type and tile.
//!
//! Every element is one sequential chain of fused multiply-adds (`k` ascending in forward and backward products,
//! samples ascending in updates, from zero over blocks of 64 samples), so its bits depend neither on the vector
//! width nor on the blocking: the oracle in the tests is a four-line scalar loop.

#![allow(clippy::too_many_arguments)] // strides and pointers of a tile

use super::simd::Simd;

/// Columns of W in a chunk; also the width of a panel.
pub const CHUNK: usize = 64;
/// Samples whose products are summed from zero before they are added to the weights.
pub const BLOCK: usize = 64;
/// Rows of W that one input chunk serves while it is in the first-level cache.
const ROWS: usize = 60;

/// Views for [`pass`]. With `UPDATE`: `post`, `panels`, `scale`. With `FORWARD`: `bias`, `input`, `out`.
#[derive(Clone, Copy)]
pub struct Pass {
    /// `n_out x n_in`.
    pub w: *mut f32,
    pub w_stride: usize,
    pub n_out: usize,
    pub n_in: usize,
    /// `n_out x samples`, one row per unit.
    pub post: *const f32,
    pub post_stride: usize,
    /// Input side of the update: chunks of `samples x 64`.
    pub panels: *const f32,
    pub scale: f32,
    /// Row decay (`n_out`), null without one: a block is multiplied by `1 - r` before its update.
    pub decay: *const f32,
    /// Samples of the update.
    pub samples: usize,
    /// `n_out`: where the forward chains start.
    pub bias: *const f32,
    /// `n_in x batch`, one row per unit.
    pub input: *const f32,
    pub input_stride: usize,
    /// `n_out x batch`.
    pub out: *mut f32,
    pub out_stride: usize,
}

/// Runs `$f::<S, rows, ..>` with the row count as a constant.
macro_rules! with_rows {
    ($rows:expr, $f:ident, $v:tt, ($($arg:expr),*)) => {
        match $rows {
            1 => $f::<S, 1, $v>($($arg),*),
            2 => $f::<S, 2, $v>($($arg),*),
            3 => $f::<S, 3, $v>($($arg),*),
            4 => $f::<S, 4, $v>($($arg),*),
            5 => $f::<S, 5, $v>($($arg),*),
            _ => $f::<S, 6, $v>($($arg),*),
        }
    };
}

/// `W += scale * post panels` on `R x V` vectors; `bad` turns into NaN if a weight stops being finite.
#[inline(always)]
unsafe fn update_tile<S: Simd, const R: usize, const V: usize>(
    w: *mut f32,
    w_stride: usize,
    post: *const f32,
    post_stride: usize,
    panel: *const f32,
    samples: usize,
    scale: f32,
    bad: &mut S::V,
) {
    unsafe {
        let mut acc = [[S::splat(0.0); V]; R];
        for n in 0..samples {
            let q: [S::V; V] = std::array::from_fn(|v| S::load(panel.add(n * CHUNK + v * S::LANES)));
            for (r, acc) in acc.iter_mut().enumerate() {
                let p = S::splat(*post.add(r * post_stride + n));
                for v in 0..V {
                    acc[v] = S::fma(p, q[v], acc[v]);
                }
            }
        }
        let scale = S::splat(scale);
        for (r, acc) in acc.iter().enumerate() {
            for (v, &sum) in acc.iter().enumerate() {
                let at = w.add(r * w_stride + v * S::LANES);
                let new = S::fma(scale, sum, S::load(at));
                S::store(at, new);
                // 0 for every finite weight, NaN otherwise: the divergence check costs one operation per vector
                *bad = S::fma(new, S::splat(0.0), *bad);
            }
        }
    }
}

/// `out[r, :] += sum_k m[r * row + k * step] * input[k, :]` on `R x V` vectors; `start` says where chains begin.
#[inline(always)]
unsafe fn product_tile<S: Simd, const R: usize, const V: usize>(
    m: *const f32,
    (row, step): (usize, usize),
    input: *const f32,
    input_stride: usize,
    count: usize,
    out: *mut f32,
    out_stride: usize,
    start: Start,
) {
    unsafe {
        let mut acc: [[S::V; V]; R] = std::array::from_fn(|r| {
            std::array::from_fn(|v| match start {
                Start::Zero => S::splat(0.0),
                Start::Bias(b) => S::splat(*b.add(r)),
                Start::Continue => S::load(out.add(r * out_stride + v * S::LANES)),
            })
        });
        for k in 0..count {
            let x: [S::V; V] = std::array::from_fn(|v| S::load(input.add(k * input_stride + v * S::LANES)));
            for (r, acc) in acc.iter_mut().enumerate() {
                let w = S::splat(*m.add(r * row + k * step));
                for v in 0..V {
                    acc[v] = S::fma(w, x[v], acc[v]);
                }
            }
        }
        for (r, acc) in acc.iter().enumerate() {
            for (v, &a) in acc.iter().enumerate() {
                S::store(out.add(r * out_stride + v * S::LANES), a);
            }
        }
    }
}

/// Where the chains of a product tile begin.
#[derive(Clone, Copy)]
enum Start {
    Zero,
    Bias(*const f32),
    Continue,
}

impl Start {
    #[inline(always)]
    unsafe fn at_row(self, r: usize) -> Start {
        match self {
            Start::Bias(b) => Start::Bias(unsafe { b.add(r) }),
            other => other,
        }
    }
}

/// One pass over W: applies the waiting update, then multiplies with the next input, block by block while the block
/// is in the first-level cache. Returns false if an updated weight is not finite.
#[inline(always)]
pub unsafe fn pass<S: Simd, const R: usize, const V: usize, const UPDATE: bool, const FORWARD: bool>(a: &Pass) -> bool {
    unsafe {
        let mut bad = S::splat(0.0);
        let group = V * S::LANES;
        for r0 in (0..a.n_out).step_by(ROWS) {
            let r1 = (r0 + ROWS).min(a.n_out);
            for k0 in (0..a.n_in).step_by(CHUNK) {
                let kc = CHUNK.min(a.n_in - k0);
                prefetch_next::<S>(a, (r0, r1), k0);
                if UPDATE {
                    if !a.decay.is_null() {
                        super::local::decay_block::<S>(a.w.add(k0), a.w_stride, a.decay, (r0, r1), kc);
                    }
                    for n0 in (0..a.samples).step_by(BLOCK) {
                        let nb = BLOCK.min(a.samples - n0);
                        let mut r = r0;
                        while r < r1 {
                            let rows = R.min(r1 - r);
                            let w = a.w.add(r * a.w_stride + k0);
                            let post = a.post.add(r * a.post_stride + n0);
                            let panel = a.panels.add(k0 * a.samples + n0 * CHUNK);
                            let mut c = 0;
                            while c < kc {
                                let (w, q) = (w.add(c), panel.add(c));
                                if c + group <= kc {
                                    if rows == R {
                                        update_tile::<S, R, V>(
                                            w,
                                            a.w_stride,
                                            post,
                                            a.post_stride,
                                            q,
                                            nb,
                                            a.scale,
                                            &mut bad,
                                        );
                                    } else {
                                        with_rows!(
                                            rows,
                                            update_tile,
                                            V,
                                            (w, a.w_stride, post, a.post_stride, q, nb, a.scale, &mut bad)
                                        );
                                    }
                                    c += group;
                                } else {
                                    with_rows!(
                                        rows,
                                        update_tile,
                                        1,
                                        (w, a.w_stride, post, a.post_stride, q, nb, a.scale, &mut bad)
                                    );
                                    c += S::LANES;
                                }
                            }
                            r += rows;
                        }
                    }
                }
                if FORWARD {
                    let start = if k0 == 0 { Start::Bias(a.bias) } else { Start::Continue };
                    let m = a.w.add(k0);
                    let input = a.input.add(k0 * a.input_stride);
                    rows_of_product::<S, R, V>(
                        m,
                        (a.w_stride, 1),
                        input,
                        a.input_stride,
                        kc,
                        a.out,
                        a.out_stride,
                        (r0, r1),
                        start,
                    );
                }
            }
        }
        let mut lanes = [0.0f32; 16];
        S::store(lanes.as_mut_ptr(), bad);
        lanes[..S::LANES].iter().all(|x| !x.is_nan())
    }
}

/// Asks for the chunk of W that comes after this one.
#[inline(always)]
unsafe fn prefetch_next<S: Simd>(a: &Pass, (r0, r1): (usize, usize), k0: usize) {
    let (rows, k) = if k0 + CHUNK < a.n_in { (r0..r1, k0 + CHUNK) } else { (r1..(r1 + ROWS).min(a.n_out), 0) };
    for r in rows {
        for line in 0..CHUNK / 16 {
            unsafe { S::prefetch(a.w.wrapping_add(r * a.w_stride + k + 16 * line)) };
        }
    }
}

/// All tiles of rows `r0..r1` of a product over one chunk of `count` terms.
#[inline(always)]
unsafe fn rows_of_product<S: Simd, const R: usize, const V: usize>(
    m: *const f32,
    (row, step): (usize, usize),
    input: *const f32,
    input_stride: usize,
    count: usize,
    out: *mut f32,
    out_stride: usize,
    (r0, r1): (usize, usize),
    start: Start,
) {
    unsafe {
        let group = V * S::LANES;
        let mut c = 0;
        while c < out_stride {
            let wide = c + group <= out_stride;
            let mut r = r0;
            while r < r1 {
                let rows = R.min(r1 - r);
                let (m, x, o, s) = (m.add(r * row), input.add(c), out.add(r * out_stride + c), start.at_row(r));
                if wide && rows == R {
                    product_tile::<S, R, V>(m, (row, step), x, input_stride, count, o, out_stride, s);
                } else if wide {
                    with_rows!(rows, product_tile, V, (m, (row, step), x, input_stride, count, o, out_stride, s));
                } else {
                    with_rows!(rows, product_tile, 1, (m, (row, step), x, input_stride, count, o, out_stride, s));
                }
                r += rows;
            }
            c += if wide { group } else { S::LANES };
        }
    }
}

/// Views for [`backward`]: `out[j, :] = sum_k m[k, j] * signal[k, :]`.
#[derive(Clone, Copy)]
pub struct Backward {
    /// `n_k x n_j`.
    pub m: *const f32,
    pub m_stride: usize,
    pub n_k: usize,
    pub n_j: usize,
    /// `n_k x batch`.
    pub signal: *const f32,
    pub signal_stride: usize,
    /// `n_j x batch`.
    pub out: *mut f32,
    pub out_stride: usize,
}

/// The product with a matrix read by columns: carries a teaching signal down.
#[inline(always)]
pub unsafe fn backward<S: Simd, const R: usize, const V: usize>(a: &Backward) {
    unsafe {
        for r0 in (0..a.n_j).step_by(ROWS) {
            let r1 = (r0 + ROWS).min(a.n_j);
            for k0 in (0..a.n_k).step_by(CHUNK) {
                let count = CHUNK.min(a.n_k - k0);
                let start = if k0 == 0 { Start::Zero } else { Start::Continue };
                let (m, x) = (a.m.add(k0 * a.m_stride), a.signal.add(k0 * a.signal_stride));
                rows_of_product::<S, R, V>(
                    m,
                    (1, a.m_stride),
                    x,
                    a.signal_stride,
                    count,
                    a.out,
                    a.out_stride,
                    (r0, r1),
                    start,
                );
            }
        }
    }
}
