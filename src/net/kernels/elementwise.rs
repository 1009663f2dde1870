//! Element-wise work of a step, generic over the vector type: one pass each, the same bits on every path.
//!
//! # Safety
//! The vector type's instructions must exist (see `simd.rs`). Pointers must be valid for `len` floats (`stride` times rows
//! where there are rows), both multiples of 16; what is written overlaps nothing else.

use super::simd::Simd;

/// `e^x` within 2 ulp for results in the normal range; below -87.3 it stays at the smallest of them, above 88.7 it is
/// infinite; NaN stays NaN. (Range reduction by ln 2 in two parts, then a polynomial of degree 6: Cephes' scheme.)
#[inline(always)]
pub unsafe fn exp<S: Simd>(x: S::V) -> S::V {
    unsafe {
        let s = |v| S::splat(v);
        // operand order keeps NaN: min and max return the second operand then
        let clamped = S::max(s(-87.3), S::min(s(88.8), x));
        let n = S::min(s(127.0), S::round(S::mul(clamped, s(std::f32::consts::LOG2_E))));
        let r = S::fma(n, s(-0.693_359_4), clamped);
        let r = S::fma(n, s(2.121_944_4e-4), r);
        let mut p = s(1.388_888_9e-3);
        for c in [8.333_334e-3, 4.166_666_6e-2, 1.666_666_7e-1, 0.5, 1.0, 1.0] {
            p = S::fma(p, r, s(c));
        }
        let y = S::mul(p, S::exp2(n));
        S::select_lt(s(88.72), x, s(f32::INFINITY), y)
    }
}

/// `tanh x` within 2 ulp; NaN stays NaN.
#[inline(always)]
pub unsafe fn tanh<S: Simd>(x: S::V) -> S::V {
    unsafe {
        let s = |v| S::splat(v);
        let magnitude = S::copysign(x, s(1.0));
        // small: x + x^3 P(x^2), Cephes' coefficients
        let z = S::mul(x, x);
        let mut p = s(-5.704_988_7e-3);
        for c in [2.063_908_9e-2, -5.373_971_6e-2, 1.333_144_2e-1, -3.333_328_2e-1] {
            p = S::fma(p, z, s(c));
        }
        let small = S::fma(S::mul(p, z), x, x);
        // large: 1 - 2 / (e^2|x| + 1); the bound keeps the exponential finite and gives exactly 1
        let e = exp::<S>(S::min(s(40.0), S::add(magnitude, magnitude)));
        let large = S::copysign(S::sub(s(1.0), S::div(s(2.0), S::add(e, s(1.0)))), x);
        S::select_lt(magnitude, s(0.625), small, large)
    }
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
pub unsafe fn sigmoid<S: Simd>(x: S::V) -> S::V {
    unsafe { S::div(S::splat(1.0), S::add(S::splat(1.0), exp::<S>(S::sub(S::splat(0.0), x)))) }
}

/// `max(0, a)` in place; NaN stays NaN (it must reach the divergence check).
#[inline(always)]
pub unsafe fn relu_all<S: Simd>(p: *mut f32, len: usize) {
    unsafe {
        for i in (0..len).step_by(S::LANES) {
            S::store(p.add(i), S::max(S::splat(0.0), S::load(p.add(i))));
        }
    }
}

/// `tanh` in place.
#[inline(always)]
pub unsafe fn tanh_all<S: Simd>(p: *mut f32, len: usize) {
    unsafe {
        for i in (0..len).step_by(S::LANES) {
            S::store(p.add(i), tanh::<S>(S::load(p.add(i))));
        }
    }
}

/// `delta *= f'(a)`, taken from `h = f(a)`: 1 where `h > 0` for ReLU, `1 - h^2` for tanh.
#[inline(always)]
pub unsafe fn derivative_all<S: Simd, const TANH: bool>(delta: *mut f32, h: *const f32, len: usize) {
    unsafe {
        let (zero, one) = (S::splat(0.0), S::splat(1.0));
        for i in (0..len).step_by(S::LANES) {
            let (d, h) = (S::load(delta.add(i)), S::load(h.add(i)));
            let new = if TANH {
                // 1 - h^2 = fma(-h, h, 1)
                S::mul(d, S::fma(S::sub(zero, h), h, one))
            } else {
                S::select_lt(zero, h, d, zero)
            };
            S::store(delta.add(i), new);
        }
    }
}

/// Sums of rows of `samples` floats: 16 partial sums (sample modulo 16), then a fixed tree. The padding must be zero.
#[inline(always)]
pub unsafe fn row_sums<S: Simd>(m: *const f32, stride: usize, rows: usize, out: *mut f32) {
    unsafe {
        for r in 0..rows {
            let mut lanes = [0.0f32; 16];
            for part in (0..16).step_by(S::LANES) {
                let mut acc = S::splat(0.0);
                for i in (0..stride).step_by(16) {
                    acc = S::add(acc, S::load(m.add(r * stride + i + part)));
                }
                S::store(lanes.as_mut_ptr().add(part), acc);
            }
            for width in [8, 4, 2, 1] {
                for i in 0..width {
                    lanes[i] += lanes[i + width];
                }
            }
            *out.add(r) = lanes[0];
        }
    }
}

/// Softmax over the rows of `z` (`classes x batch`, in place).
#[inline(always)]
pub unsafe fn softmax<S: Simd>(z: *mut f32, stride: usize, classes: usize) {
    unsafe {
        for c in (0..stride).step_by(S::LANES) {
            let at = |r: usize| z.add(r * stride + c);
            let mut m = S::load(at(0));
            for r in 1..classes {
                m = S::max(m, S::load(at(r)));
            }
            let mut sum = S::splat(0.0);
            for r in 0..classes {
                let e = exp::<S>(S::sub(S::load(at(r)), m));
                sum = S::add(sum, e);
                S::store(at(r), e);
            }
            for r in 0..classes {
                S::store(at(r), S::div(S::load(at(r)), sum));
            }
        }
    }
}

/// Logistic function in place.
#[inline(always)]
pub unsafe fn sigmoid_all<S: Simd>(p: *mut f32, len: usize) {
    unsafe {
        for i in (0..len).step_by(S::LANES) {
            S::store(p.add(i), sigmoid::<S>(S::load(p.add(i))));
        }
    }
}

/// `magnitude` with the signs of `w`, where zero counts as positive.
#[inline(always)]
pub unsafe fn signs_all<S: Simd>(magnitude: *const f32, w: *const f32, out: *mut f32, len: usize) {
    unsafe {
        let zero = S::splat(0.0);
        for i in (0..len).step_by(S::LANES) {
            let m = S::load(magnitude.add(i));
            S::store(out.add(i), S::select_lt(S::load(w.add(i)), zero, S::sub(zero, m), m));
        }
    }
}

/// RMSprop: `v = alpha v + (1 - alpha) g^2`, `w -= rate * g / (sqrt(v) + eps)`. False if a weight is not finite.
#[inline(always)]
pub unsafe fn rmsprop<S: Simd>(
    w: *mut f32,
    v: *mut f32,
    g: *const f32,
    len: usize,
    rate: f32,
    alpha: f32,
    eps: f32,
) -> bool {
    unsafe {
        let (rate, alpha, rest, eps) = (S::splat(rate), S::splat(alpha), S::splat(1.0 - alpha), S::splat(eps));
        let mut bad = S::splat(0.0);
        for i in (0..len).step_by(S::LANES) {
            let g = S::load(g.add(i));
            let mean = S::fma(alpha, S::load(v.add(i)), S::mul(S::mul(rest, g), g));
            S::store(v.add(i), mean);
            let step = S::div(S::mul(rate, g), S::add(S::sqrt(mean), eps));
            let new = S::sub(S::load(w.add(i)), step);
            S::store(w.add(i), new);
            bad = S::fma(new, S::splat(0.0), bad);
        }
        let mut lanes = [0.0f32; 16];
        S::store(lanes.as_mut_ptr(), bad);
        lanes[..S::LANES].iter().all(|x| !x.is_nan())
    }
}
