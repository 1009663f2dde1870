//! The products of a step in bf16 on AVX-512-BF16: f32 weights and sums, bf16 where a product reads W, a signal or a
//! teaching signal (rounded to nearest, ties to even). Updates are summed in f32 and added to the f32 weights.
//!
//! `vdpbf16ps` takes two terms at once, so signals are kept as words of two: pairs of units for forward and backward
//! products, pairs of samples for updates. Every element is one sequential chain, for each pair the second term before
//! the first, subnormal numbers as zero: the tests' oracle is a scalar loop again.
//!
//! # Safety
//! [`Bf16`] exists only where the processor has the instructions ([`Bf16::detect`]), and its methods check all shapes.
//! The functions below get pointers into matrices of those shapes: rows padded to 16 floats, so that whole vectors may
//! be read and written as long as their first element is inside; scratch has the room that `Bf16::new` and `room` give.

#![allow(clippy::too_many_arguments)] // strides and pointers of a tile

use std::arch::x86_64::*;

use super::products::{BLOCK, CHUNK, Start};
use super::{Panels, Waiting};
use crate::net::Matrix;

/// Rows and vectors of a tile.
const R: usize = 5;
const V: usize = 4;
const LANES: usize = 16;
/// Rows of W in a block.
const ROWS: usize = 60;

/// The bf16 path with its buffers.
#[derive(Clone)]
pub struct Bf16 {
    /// A signal in pairs of units: `units/2 x batch` words.
    signal: Matrix,
    /// The post signal in pairs of samples: `units x batch/2` words.
    post: Matrix,
    /// Panels in pairs of samples: chunks of `samples/2 x 64` words.
    panels: Matrix,
}

/// What a pass over W needs; a null `post` means no update, a null `out` no product.
struct Pass {
    w: *mut f32,
    w_stride: usize,
    n_out: usize,
    n_in: usize,
    post: *const u32,
    post_stride: usize,
    panels: *const u32,
    /// Pairs of samples.
    pairs: usize,
    scale: f32,
    /// Row decay, null without one.
    decay: *const f32,
    bias: *const f32,
    input: *const u32,
    out: *mut f32,
    /// Of `input` and `out`.
    stride: usize,
}

impl Bf16 {
    /// Buffers for layers of up to `units` units.
    ///
    /// # Errors
    /// Names what this processor lacks.
    pub fn new(units: usize, batch: usize) -> Result<Bf16, String> {
        Bf16::detect()?;
        let stride = Matrix::zeros(0, batch).stride();
        let words = |n| Matrix::zeros(1, n);
        Ok(Bf16 {
            signal: words(units.div_ceil(2) * stride),
            post: words(units * stride / 2),
            panels: words(units.next_multiple_of(CHUNK) * batch.div_ceil(2)),
        })
    }

    /// Whether this processor has what bf16 needs.
    ///
    /// # Errors
    /// Names what it lacks.
    pub fn detect() -> Result<(), String> {
        for (feature, there) in [
            ("avx512f", is_x86_feature_detected!("avx512f")),
            ("avx512bw", is_x86_feature_detected!("avx512bw")),
            ("avx512_bf16", is_x86_feature_detected!("avx512bf16")),
        ] {
            if !there {
                return Err(super::no_bf16(feature));
            }
        }
        Ok(())
    }

    /// As [`super::update`].
    pub fn update(&mut self, w: &mut Matrix, waiting: &Waiting) -> bool {
        self.pass(w, Some(waiting), None)
    }

    /// As [`super::forward`].
    pub fn forward(&mut self, w: &mut Matrix, bias: &[f32], input: &Matrix, out: &mut Matrix) {
        self.pass(w, None, Some((bias, input, out)));
    }

    /// As [`super::update_forward`].
    pub fn update_forward(
        &mut self,
        w: &mut Matrix,
        waiting: &Waiting,
        bias: &[f32],
        input: &Matrix,
        out: &mut Matrix,
    ) -> bool {
        self.pass(w, Some(waiting), Some((bias, input, out)))
    }

    fn pass(
        &mut self,
        w: &mut Matrix,
        waiting: Option<&Waiting>,
        forward: Option<(&[f32], &Matrix, &mut Matrix)>,
    ) -> bool {
        let (w_stride, n_out, n_in) = (w.stride(), w.rows(), w.cols());
        let mut a = Pass {
            w: w.padded_mut().as_mut_ptr(),
            w_stride,
            n_out,
            n_in,
            post: std::ptr::null(),
            post_stride: 0,
            panels: std::ptr::null(),
            pairs: 0,
            scale: 0.0,
            decay: std::ptr::null(),
            bias: std::ptr::null(),
            input: std::ptr::null(),
            out: std::ptr::null_mut(),
            stride: 0,
        };
        if let Some(waiting) = waiting {
            assert_eq!((waiting.post.rows(), waiting.panels.units), (n_out, n_in), "update of another shape");
            assert!(waiting.panels.samples <= waiting.post.cols(), "more samples packed than the post signal holds");
            let post = room(&mut self.post, n_out * waiting.post.stride() / 2);
            let pairs = waiting.panels.samples.div_ceil(2);
            let panels = room(&mut self.panels, n_in.next_multiple_of(CHUNK) * pairs);
            // SAFETY: `self` exists, so the instructions do; `room` made the room
            unsafe {
                pair_samples(waiting.post, post);
                pair_panels(waiting.panels, panels);
            }
            (a.post, a.post_stride, a.panels) = (post, waiting.post.stride() / 2, panels);
            (a.pairs, a.scale) = (pairs, waiting.scale);
            assert!(waiting.decay.is_none_or(|r| r.len() == n_out), "row decay of another shape");
            a.decay = waiting.decay.map_or(std::ptr::null(), <[f32]>::as_ptr);
        }
        if let Some((bias, input, out)) = forward {
            assert_eq!((bias.len(), out.rows(), input.rows()), (n_out, n_out, n_in), "product of another shape");
            assert_eq!(input.stride(), out.stride(), "input and output differ in batch");
            let signal = room(&mut self.signal, n_in.div_ceil(2) * input.stride());
            // SAFETY: as above
            unsafe { pair_units(input, signal) };
            (a.bias, a.input, a.stride) = (bias.as_ptr(), signal, out.stride());
            a.out = out.padded_mut().as_mut_ptr();
        }
        // SAFETY: as above; all shapes were compared
        unsafe {
            match (a.post.is_null(), a.out.is_null()) {
                (false, false) => pass::<true, true>(&a),
                (false, true) => pass::<true, false>(&a),
                _ => pass::<false, true>(&a),
            }
        }
    }

    /// As [`super::backward`].
    pub fn backward(&mut self, m: &Matrix, signal: &Matrix, out: &mut Matrix) {
        assert_eq!((m.rows(), m.cols()), (signal.rows(), out.rows()), "feedback of another shape");
        assert_eq!(signal.stride(), out.stride(), "signal and output differ in batch");
        let stride = signal.stride();
        let pairs = room(&mut self.signal, m.rows().div_ceil(2) * stride);
        // SAFETY: as in `pass`
        unsafe {
            pair_units(signal, pairs);
            backward(m, pairs, out.padded_mut().as_mut_ptr(), stride);
        }
    }
}

/// The words of a buffer, at least `len` of them.
fn room(buffer: &mut Matrix, len: usize) -> *mut u32 {
    if buffer.cols() < len {
        *buffer = Matrix::zeros(1, len);
    }
    buffer.padded_mut().as_mut_ptr().cast()
}

/// 16 words: `lo[i]` in the lower half, `hi[i]` in the upper.
#[inline(always)]
unsafe fn interleave(lo: __m512, hi: __m512) -> __m512i {
    unsafe {
        let both: __m512i = std::mem::transmute(_mm512_cvtne2ps_pbh(hi, lo));
        let order = _mm512_or_si512(
            _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
            _mm512_slli_epi32::<16>(_mm512_setr_epi32(16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31)),
        );
        _mm512_permutexvar_epi16(order, both)
    }
}

/// 32 floats as bf16, in order: 16 words of neighbours.
#[inline(always)]
unsafe fn neighbours(first: __m512, second: __m512) -> __m512i {
    unsafe { std::mem::transmute(_mm512_cvtne2ps_pbh(second, first)) }
}

/// `out[k][n] = (m[2k][n], m[2k + 1][n])`; zero beside an odd last row.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn pair_units(m: &Matrix, out: *mut u32) {
    unsafe {
        let (p, stride, rows) = (m.padded().as_ptr(), m.stride(), m.rows());
        for k in 0..rows.div_ceil(2) {
            for n in (0..stride).step_by(LANES) {
                let lo = _mm512_loadu_ps(p.add(2 * k * stride + n));
                let hi = if 2 * k + 1 < rows {
                    _mm512_loadu_ps(p.add((2 * k + 1) * stride + n))
                } else {
                    _mm512_setzero_ps()
                };
                _mm512_storeu_si512(out.add(k * stride + n).cast(), interleave(lo, hi));
            }
        }
    }
}

/// Every row as bf16, in order.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn pair_samples(m: &Matrix, out: *mut u32) {
    unsafe {
        let (p, len) = (m.padded().as_ptr(), m.padded().len());
        let mut i = 0;
        while i + 2 * LANES <= len {
            let words = neighbours(_mm512_loadu_ps(p.add(i)), _mm512_loadu_ps(p.add(i + LANES)));
            _mm512_storeu_si512(out.add(i / 2).cast(), words);
            i += 2 * LANES;
        }
        if i < len {
            let words = neighbours(_mm512_loadu_ps(p.add(i)), _mm512_setzero_ps());
            _mm256_storeu_si256(out.add(i / 2).cast(), _mm512_castsi512_si256(words));
        }
    }
}

/// Panels in pairs of samples; zero beside an odd last sample.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn pair_panels(panels: &Panels, out: *mut u32) {
    unsafe {
        let samples = panels.samples;
        let pairs = samples.div_ceil(2);
        for chunk in 0..panels.units.div_ceil(CHUNK) {
            for pair in 0..pairs {
                let first = panels.slot(chunk, 2 * pair).as_ptr();
                let second = (2 * pair + 1 < samples).then(|| panels.slot(chunk, 2 * pair + 1).as_ptr());
                for c in (0..CHUNK).step_by(LANES) {
                    let hi = second.map_or(_mm512_setzero_ps(), |p| _mm512_loadu_ps(p.add(c)));
                    let words = interleave(_mm512_loadu_ps(first.add(c)), hi);
                    _mm512_storeu_si512(out.add((chunk * pairs + pair) * CHUNK + c).cast(), words);
                }
            }
        }
    }
}

/// Runs `$f::<rows, $v>` with the row count as a constant.
macro_rules! with_rows {
    ($rows:expr, $f:ident, $v:tt, ($($arg:expr),*)) => {
        match $rows {
            1 => $f::<1, $v>($($arg),*),
            2 => $f::<2, $v>($($arg),*),
            3 => $f::<3, $v>($($arg),*),
            4 => $f::<4, $v>($($arg),*),
            _ => $f::<5, $v>($($arg),*),
        }
    };
}

#[inline(always)]
unsafe fn dot(acc: __m512, a: __m512i, b: __m512i) -> __m512 {
    unsafe {
        _mm512_dpbf16_ps(acc, std::mem::transmute::<__m512i, __m512bh>(a), std::mem::transmute::<__m512i, __m512bh>(b))
    }
}

/// `W += scale * post panels` on `R x V` vectors.
#[inline(always)]
unsafe fn update_tile<const R: usize, const V: usize>(
    (w, w_stride): (*mut f32, usize),
    (post, post_stride): (*const u32, usize),
    panel: *const u32,
    pairs: usize,
    scale: f32,
    bad: &mut __m512,
) {
    unsafe {
        let mut acc = [[_mm512_setzero_ps(); V]; R];
        for n in 0..pairs {
            let q: [__m512i; V] = std::array::from_fn(|v| _mm512_loadu_si512(panel.add(n * CHUNK + v * LANES).cast()));
            for (r, acc) in acc.iter_mut().enumerate() {
                let p = _mm512_set1_epi32(*post.add(r * post_stride + n) as i32);
                for v in 0..V {
                    acc[v] = dot(acc[v], p, q[v]);
                }
            }
        }
        let scale = _mm512_set1_ps(scale);
        for (r, acc) in acc.iter().enumerate() {
            for (v, &sum) in acc.iter().enumerate() {
                let at = w.add(r * w_stride + v * LANES);
                let new = _mm512_fmadd_ps(scale, sum, _mm512_loadu_ps(at));
                _mm512_storeu_ps(at, new);
                // 0 for every finite weight, NaN otherwise
                *bad = _mm512_fmadd_ps(new, _mm512_setzero_ps(), *bad);
            }
        }
    }
}

/// `out[r, :] += sum_k m[r * row + k * step] . input[k, :]` on `R x V` vectors, `k` counting pairs.
#[inline(always)]
unsafe fn product_tile<const R: usize, const V: usize>(
    m: *const u32,
    (row, step): (usize, usize),
    input: *const u32,
    count: usize,
    out: *mut f32,
    stride: usize,
    start: Start,
) {
    unsafe {
        let mut acc: [[__m512; V]; R] = std::array::from_fn(|r| {
            std::array::from_fn(|v| match start {
                Start::Zero => _mm512_setzero_ps(),
                Start::Bias(b) => _mm512_set1_ps(*b.add(r)),
                Start::Continue => _mm512_loadu_ps(out.add(r * stride + v * LANES)),
            })
        });
        for k in 0..count {
            let x: [__m512i; V] = std::array::from_fn(|v| _mm512_loadu_si512(input.add(k * stride + v * LANES).cast()));
            for (r, acc) in acc.iter_mut().enumerate() {
                let w = _mm512_set1_epi32(*m.add(r * row + k * step) as i32);
                for v in 0..V {
                    acc[v] = dot(acc[v], w, x[v]);
                }
            }
        }
        for (r, acc) in acc.iter().enumerate() {
            for (v, &a) in acc.iter().enumerate() {
                _mm512_storeu_ps(out.add(r * stride + v * LANES), a);
            }
        }
    }
}

/// All tiles of `rows` rows of a product over `count` pairs; `out` points at the first of them.
#[inline(always)]
unsafe fn rows_of_product(
    m: *const u32,
    (row, step): (usize, usize),
    input: *const u32,
    count: usize,
    out: *mut f32,
    stride: usize,
    rows: usize,
    start: Start,
) {
    unsafe {
        let mut c = 0;
        while c < stride {
            let wide = c + V * LANES <= stride;
            let mut r = 0;
            while r < rows {
                let now = R.min(rows - r);
                let (m, x, o, s) = (m.add(r * row), input.add(c), out.add(r * stride + c), start.at_row(r));
                if wide {
                    with_rows!(now, product_tile, V, (m, (row, step), x, count, o, stride, s));
                } else {
                    with_rows!(now, product_tile, 1, (m, (row, step), x, count, o, stride, s));
                }
                r += now;
            }
            c += if wide { V * LANES } else { LANES };
        }
    }
}

/// One pass over W: the waiting update, then the product, block by block.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn pass<const UPDATE: bool, const FORWARD: bool>(a: &Pass) -> bool {
    unsafe {
        let mut bad = _mm512_setzero_ps();
        let mut block = [[0u32; CHUNK / 2]; ROWS];
        for r0 in (0..a.n_out).step_by(ROWS) {
            let r1 = (r0 + ROWS).min(a.n_out);
            for k0 in (0..a.n_in).step_by(CHUNK) {
                let kc = CHUNK.min(a.n_in - k0);
                let mut r = r0;
                while r < r1 {
                    let rows = R.min(r1 - r);
                    prefetch_next(a, (r, r + rows), (r0, r1), k0);
                    if UPDATE {
                        update_rows(a, (r, rows), (k0, kc), &mut bad);
                    }
                    if FORWARD {
                        let w = a.w.add(r * a.w_stride + k0);
                        for i in 0..rows {
                            round_row(w.add(i * a.w_stride), kc, block[r - r0 + i].as_mut_ptr());
                        }
                    }
                    r += rows;
                }
                if FORWARD {
                    let start = if k0 == 0 { Start::Bias(a.bias.add(r0)) } else { Start::Continue };
                    rows_of_product(
                        block.as_ptr().cast(),
                        (CHUNK / 2, 1),
                        a.input.add(k0 / 2 * a.stride),
                        kc.div_ceil(2),
                        a.out.add(r0 * a.stride),
                        a.stride,
                        r1 - r0,
                        start,
                    );
                }
            }
        }
        let mut lanes = [0.0f32; LANES];
        _mm512_storeu_ps(lanes.as_mut_ptr(), bad);
        lanes.iter().all(|x| !x.is_nan())
    }
}

/// The waiting update of `rows` rows from `r` on columns `k0 .. k0 + kc`.
#[inline(always)]
unsafe fn update_rows(a: &Pass, (r, rows): (usize, usize), (k0, kc): (usize, usize), bad: &mut __m512) {
    unsafe {
        if !a.decay.is_null() {
            super::local::decay_block::<super::simd::Avx512>(a.w.add(k0), a.w_stride, a.decay, (r, r + rows), kc);
        }
        for k in (k0..k0 + kc).step_by(CHUNK) {
            let columns = CHUNK.min(k0 + kc - k);
            for n0 in (0..a.pairs).step_by(BLOCK / 2) {
                let pairs = (BLOCK / 2).min(a.pairs - n0);
                let post = (a.post.add(r * a.post_stride + n0), a.post_stride);
                let (w, panel) = (a.w.add(r * a.w_stride + k), a.panels.add(k * a.pairs + n0 * CHUNK));
                let mut c = 0;
                while c < columns {
                    let (w, q) = ((w.add(c), a.w_stride), panel.add(c));
                    if c + V * LANES <= columns {
                        with_rows!(rows, update_tile, V, (w, post, q, pairs, a.scale, bad));
                        c += V * LANES;
                    } else {
                        with_rows!(rows, update_tile, 1, (w, post, q, pairs, a.scale, bad));
                        c += LANES;
                    }
                }
            }
        }
    }
}

/// `count` weights of a row as bf16, in whole pairs of vectors.
#[inline(always)]
unsafe fn round_row(w: *const f32, count: usize, words: *mut u32) {
    unsafe {
        for c in (0..count).step_by(2 * LANES) {
            let second = if c + LANES < count { _mm512_loadu_ps(w.add(c + LANES)) } else { _mm512_setzero_ps() };
            _mm512_storeu_si512(words.add(c / 2).cast(), neighbours(_mm512_loadu_ps(w.add(c)), second));
        }
    }
}

/// Asks for what comes after rows `first..last` of these columns of block `r0..r1`.
#[inline(always)]
unsafe fn prefetch_next(a: &Pass, (first, last): (usize, usize), (r0, r1): (usize, usize), k0: usize) {
    let (down, k) = if k0 + CHUNK < a.n_in { (0, k0 + CHUNK) } else { (r1 - r0, 0) };
    for r in first + down..(last + down).min(a.n_out) {
        for line in 0..CHUNK / LANES {
            // SAFETY: never faults
            unsafe { _mm_prefetch::<_MM_HINT_T0>(a.w.wrapping_add(r * a.w_stride + k + LANES * line).cast()) };
        }
    }
}

/// `out[j, :] = sum_k m[k, j] signal[k, :]`, the signal in pairs of units.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
unsafe fn backward(m: &Matrix, signal: *const u32, out: *mut f32, stride: usize) {
    unsafe {
        let (p, m_stride, n_k, n_j) = (m.padded().as_ptr(), m.stride(), m.rows(), m.cols());
        let mut block = [[0u32; CHUNK]; CHUNK / 2];
        for j0 in (0..n_j).step_by(CHUNK) {
            let columns = CHUNK.min(n_j - j0);
            for k0 in (0..n_k).step_by(CHUNK) {
                let count = CHUNK.min(n_k - k0);
                for pair in 0..count.div_ceil(2) {
                    let row = p.add((k0 + 2 * pair) * m_stride + j0);
                    for c in (0..columns).step_by(LANES) {
                        let lo = _mm512_loadu_ps(row.add(c));
                        let hi = if 2 * pair + 1 < count {
                            _mm512_loadu_ps(row.add(m_stride + c))
                        } else {
                            _mm512_setzero_ps()
                        };
                        _mm512_storeu_si512(block[pair].as_mut_ptr().add(c).cast(), interleave(lo, hi));
                    }
                }
                rows_of_product(
                    block.as_ptr().cast(),
                    (1, CHUNK),
                    signal.add(k0 / 2 * stride),
                    count.div_ceil(2),
                    out.add(j0 * stride),
                    stride,
                    columns,
                    if k0 == 0 { Start::Zero } else { Start::Continue },
                );
            }
        }
    }
}

/// As `limit::multiply_adds`, in bf16: four operations a lane.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub(super) unsafe fn multiply_adds(rounds: usize, seed: u32) -> f32 {
    unsafe {
        let x: [__m512i; V] = std::array::from_fn(|v| _mm512_set1_epi32((seed + v as u32) as i32));
        let mut acc = [[_mm512_setzero_ps(); V]; R];
        for _ in 0..rounds {
            let w = _mm512_set1_epi32(std::hint::black_box(seed) as i32);
            for acc in &mut acc {
                for v in 0..V {
                    acc[v] = dot(acc[v], w, x[v]);
                }
            }
        }
        let sum = acc.iter().flatten().fold(_mm512_setzero_ps(), |s, a| _mm512_add_ps(s, *a));
        _mm512_reduce_add_ps(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::super::pack;
    use super::super::tests::{bits, noise};
    use super::*;

    fn bf(v: f32) -> f32 {
        let bits = v.to_bits();
        f32::from_bits((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
    }

    /// Chain over pairs, the second term of each first.
    fn chain(start: f32, n: usize, term: impl Fn(usize) -> (f32, f32)) -> f32 {
        (0..n.div_ceil(2)).fold(start, |sum, pair| {
            let sum = if 2 * pair + 1 < n {
                let (a, b) = term(2 * pair + 1);
                bf(a).mul_add(bf(b), sum)
            } else {
                sum
            };
            let (a, b) = term(2 * pair);
            bf(a).mul_add(bf(b), sum)
        })
    }

    fn check(n_out: usize, n_in: usize, batch: usize) {
        let Ok(mut path) = Bf16::new(n_out.max(n_in), batch) else { return };
        let w0 = Matrix::from_fn(n_out, n_in, noise(1));
        let post = Matrix::from_fn(n_out, batch, noise(2));
        let pre = Matrix::from_fn(n_in, batch, noise(3));
        let input = Matrix::from_fn(n_in, batch, noise(4));
        let bias: Vec<f32> = (0..n_out).map(|r| r as f32 * 0.01).collect();
        let mut panels = Panels::zeros(n_in, batch);
        pack(&pre, &mut panels);
        let w1 = Matrix::from_fn(n_out, n_in, |r, k| {
            (0..batch).step_by(64).fold(w0.row(r)[k], |w, n0| {
                let sum = chain(0.0, 64.min(batch - n0), |n| (post.row(r)[n0 + n], pre.row(k)[n0 + n]));
                (-0.3f32).mul_add(sum, w)
            })
        });
        let a1 = Matrix::from_fn(n_out, batch, |r, n| chain(bias[r], n_in, |k| (w1.row(r)[k], input.row(k)[n])));
        let d1 = Matrix::from_fn(n_in, batch, |j, n| chain(0.0, n_out, |k| (w0.row(k)[j], post.row(k)[n])));
        let waiting = Waiting { post: &post, panels: &panels, scale: -0.3, decay: None };
        let (mut w, mut a) = (w0.clone(), Matrix::zeros(n_out, batch));
        assert!(path.update_forward(&mut w, &waiting, &bias, &input, &mut a));
        assert_eq!(bits(&w), bits(&w1), "fused update {n_out}x{n_in} n{batch}");
        assert_eq!(bits(&a), bits(&a1), "fused forward {n_out}x{n_in} n{batch}");
        let (mut w, mut a) = (w0.clone(), Matrix::zeros(n_out, batch));
        assert!(path.update(&mut w, &waiting));
        path.forward(&mut w, &bias, &input, &mut a);
        assert_eq!((bits(&w), bits(&a)), (bits(&w1), bits(&a1)), "two passes {n_out}x{n_in} n{batch}");
        let mut d = Matrix::zeros(n_in, batch);
        path.backward(&w0, &post, &mut d);
        assert_eq!(bits(&d), bits(&d1), "backward {n_out}x{n_in} n{batch}");
    }

    #[test]
    fn edges_equal_scalar_chains() {
        for (n_out, n_in, batch) in [
            (1, 1, 1),
            (10, 37, 64),
            (7, 64, 5),
            (61, 130, 65),
            (5, 80, 128),
            (13, 100, 70),
            (66, 33, 17),
            (3, 256, 256),
        ] {
            check(n_out, n_in, batch);
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
        #[test]
        fn products_equal_scalar_chains(n_out in 1usize..140, n_in in 1usize..200, batch in 1usize..140) {
            check(n_out, n_in, batch);
        }
    }

    #[test]
    fn a_weight_that_stops_being_finite_is_noticed() {
        let Ok(mut path) = Bf16::new(70, 8) else { return };
        for bad in [f32::INFINITY, f32::NAN, f32::MAX] {
            let mut w = Matrix::from_fn(20, 70, noise(1));
            let mut post = Matrix::zeros(20, 8);
            post.row_mut(13)[5] = bad;
            let mut panels = Panels::zeros(70, 8);
            pack(&Matrix::from_fn(70, 8, |_, _| 2.0), &mut panels);
            assert!(!path.update(&mut w, &Waiting { post: &post, panels: &panels, scale: 1.0, decay: None }), "{bad}");
        }
    }
}
