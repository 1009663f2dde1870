//! Signals in bf16 as both paths read them. Their instructions take two terms at once, so signals are kept as words of two:
//! pairs of units for forward and backward products, pairs of samples for updates.
//!
//! # Safety
//! As in `bf16.rs`: the processor has AVX-512 with bf16, and pointers go to matrices and scratch of the shapes named.

use std::arch::x86_64::*;

use super::Panels;
use super::products::CHUNK;
use crate::net::Matrix;

pub const LANES: usize = 16;

/// What a pass over W needs; a null `post` means no update, a null `out` no product.
pub struct Pass {
    /// `n_out x n_in`.
    pub w: *mut f32,
    pub w_stride: usize,
    pub n_out: usize,
    pub n_in: usize,
    /// `n_out` rows of pairs of samples, zero past the last sample; whole tiles of rows for AMX.
    pub post: *const u32,
    pub post_stride: usize,
    /// Chunks of `pairs x 64` words, zero past the last sample.
    pub panels: *const u32,
    /// Pairs of samples; whole tiles for AMX.
    pub pairs: usize,
    pub scale: f32,
    /// Row decay (`n_out`), null without one.
    pub decay: *const f32,
    /// `n_out`.
    pub bias: *const f32,
    /// Pairs of units by `input_stride` samples, zero past the last unit; whole tiles of both for AMX.
    pub input: *const u32,
    pub input_stride: usize,
    /// `n_out x stride`.
    pub out: *mut f32,
    pub stride: usize,
}

/// The words of a buffer, at least `len` of them.
pub fn room(buffer: &mut Matrix, len: usize) -> *mut u32 {
    if buffer.cols() < len {
        *buffer = Matrix::zeros(1, len);
    }
    buffer.padded_mut().as_mut_ptr().cast()
}

/// 16 words: `lo[i]` in the lower half, `hi[i]` in the upper.
#[inline(always)]
pub unsafe fn interleave(lo: __m512, hi: __m512) -> __m512i {
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
pub unsafe fn neighbours(first: __m512, second: __m512) -> __m512i {
    unsafe { std::mem::transmute(_mm512_cvtne2ps_pbh(second, first)) }
}

/// The vector at `from` of a row of which `count` elements count, zero past them.
#[inline(always)]
pub unsafe fn part(row: *const f32, from: usize, count: usize) -> __m512 {
    let lanes = count.saturating_sub(from).min(LANES);
    // SAFETY: lanes that are masked out are not read
    unsafe { _mm512_maskz_loadu_ps(((1u32 << lanes) - 1) as __mmask16, row.wrapping_add(from)) }
}

/// `out[k][n] = (m[2k][n], m[2k + 1][n])` for `pairs x width` words; zero outside `m`.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub unsafe fn pair_units(m: &Matrix, out: *mut u32, (pairs, width): (usize, usize)) {
    unsafe {
        let (p, stride, rows) = (m.padded().as_ptr(), m.stride(), m.rows());
        let row_at = |r: usize, n: usize| {
            if r < rows && n < stride { _mm512_loadu_ps(p.add(r * stride + n)) } else { _mm512_setzero_ps() }
        };
        for k in 0..pairs {
            for n in (0..width).step_by(LANES) {
                let words = interleave(row_at(2 * k, n), row_at(2 * k + 1, n));
                _mm512_storeu_si512(out.add(k * width + n).cast(), words);
            }
        }
    }
}

/// The first `samples` of every row as bf16, in order; zero past them. `stride` words a row, a multiple of 8.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub unsafe fn pair_samples(m: &Matrix, samples: usize, out: *mut u32, stride: usize) {
    unsafe {
        for r in 0..m.rows() {
            let (row, out) = (m.padded().as_ptr().add(r * m.stride()), out.add(r * stride));
            for n in (0..stride).step_by(LANES) {
                let words = neighbours(part(row, 2 * n, samples), part(row, 2 * n + LANES, samples));
                if n + LANES <= stride {
                    _mm512_storeu_si512(out.add(n).cast(), words);
                } else {
                    _mm256_storeu_si256(out.add(n).cast(), _mm512_castsi512_si256(words));
                }
            }
        }
    }
}

/// Panels in `pairs` pairs of samples; zero past the last sample.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
pub unsafe fn pair_panels(panels: &Panels, out: *mut u32, pairs: usize) {
    unsafe {
        for chunk in 0..panels.units.div_ceil(CHUNK) {
            for pair in 0..pairs {
                let slot = |n: usize| (n < panels.samples).then(|| panels.slot(chunk, n).as_ptr());
                let (first, second) = (slot(2 * pair), slot(2 * pair + 1));
                for c in (0..CHUNK).step_by(LANES) {
                    let at = |p: Option<*const f32>| p.map_or(_mm512_setzero_ps(), |p| _mm512_loadu_ps(p.add(c)));
                    let words = interleave(at(first), at(second));
                    _mm512_storeu_si512(out.add((chunk * pairs + pair) * CHUNK + c).cast(), words);
                }
            }
        }
    }
}
