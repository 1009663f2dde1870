//! The products of a step in bf16 on AVX-512-BF16.
//!
//! `vdpbf16ps` takes two terms at once. Every element is one sequential chain, for each pair the second term before the
//! first, subnormal numbers as zero: the tests' oracle is a scalar loop.
//!
//! # Safety
//! `avx512f`, `avx512bw` and `avx512bf16` must exist. Pointers as `bf16.rs` makes them: see [`Pass`].

#![allow(clippy::too_many_arguments)] // strides and pointers of a tile

use std::arch::x86_64::*;

use super::bf16_words::{LANES, Pass, interleave, neighbours};
use super::products::{BLOCK, CHUNK, Start};
use crate::net::Matrix;

/// Rows and vectors of a tile.
const R: usize = 5;
const V: usize = 4;
/// Rows of W in a block.
const ROWS: usize = 60;

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
pub unsafe fn pass<const UPDATE: bool, const FORWARD: bool>(a: &Pass) -> bool {
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
                        a.input.add(k0 / 2 * a.input_stride),
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
pub unsafe fn backward(m: &Matrix, signal: *const u32, out: *mut f32, stride: usize) {
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

/// What a core can do at most, as `limit::multiply_adds`: four operations a lane. Operations done.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub unsafe fn multiply_adds(rounds: usize, seed: u32) -> f64 {
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
        std::hint::black_box(_mm512_reduce_add_ps(sum));
    }
    (rounds * R * V * LANES * 4) as f64
}
