//! Passes that local rules, centring and feedback that learns need beside the products: row decay, combined signals,
//! HebbNet's threshold and mask. Generic over the vector type, the same bits on every path.

#![allow(clippy::too_many_arguments)] // strides and pointers

use super::simd::Simd;

/// `w = fma(-r, w, w)` on rows `r0..r1` and `cols` columns from `w`.
#[inline(always)]
pub unsafe fn decay_block<S: Simd>(w: *mut f32, stride: usize, decay: *const f32, rows: (usize, usize), cols: usize) {
    unsafe {
        for r in rows.0..rows.1 {
            let minus = S::splat(-*decay.add(r));
            for c in (0..cols).step_by(S::LANES) {
                let at = w.add(r * stride + c);
                let v = S::load(at);
                S::store(at, S::fma(minus, v, v));
            }
        }
    }
}

/// `out = fma(a, x, b * y)`.
#[inline(always)]
pub unsafe fn combine<S: Simd>(a: f32, x: *const f32, b: f32, y: *const f32, out: *mut f32, len: usize) {
    unsafe {
        let (a, b) = (S::splat(a), S::splat(b));
        for i in (0..len).step_by(S::LANES) {
            S::store(out.add(i), S::fma(a, S::load(x.add(i)), S::mul(b, S::load(y.add(i)))));
        }
    }
}

/// `out = x * y`.
#[inline(always)]
pub unsafe fn multiply<S: Simd>(x: *const f32, y: *const f32, out: *mut f32, len: usize) {
    unsafe {
        for i in (0..len).step_by(S::LANES) {
            S::store(out.add(i), S::mul(S::load(x.add(i)), S::load(y.add(i))));
        }
    }
}

/// `out[r, :] = x[r, :] - c[r]`.
#[inline(always)]
pub unsafe fn subtract_rows<S: Simd>(x: *const f32, stride: usize, rows: usize, c: *const f32, out: *mut f32) {
    unsafe {
        for r in 0..rows {
            let centre = S::splat(*c.add(r));
            for i in (r * stride..(r + 1) * stride).step_by(S::LANES) {
                S::store(out.add(i), S::sub(S::load(x.add(i)), centre));
            }
        }
    }
}

/// `m[r, :] = fma(f[r], w[r, :], m[r, :])`.
#[inline(always)]
pub unsafe fn add_rows<S: Simd>(f: *const f32, w: *const f32, stride: usize, rows: usize, m: *mut f32) {
    unsafe {
        for r in 0..rows {
            let factor = S::splat(*f.add(r));
            for i in (r * stride..(r + 1) * stride).step_by(S::LANES) {
                S::store(m.add(i), S::fma(factor, S::load(w.add(i)), S::load(m.add(i))));
            }
        }
    }
}

/// Sums of `x o y` over `cols` columns: 16 partial sums (column modulo 16), then a fixed tree.
#[inline(always)]
pub unsafe fn row_products<S: Simd>(
    x: *const f32,
    y: *const f32,
    stride: usize,
    rows: usize,
    cols: usize,
    out: *mut f32,
) {
    unsafe {
        let whole = cols / 16 * 16;
        for r in 0..rows {
            let mut lanes = [0.0f32; 16];
            for part in (0..16).step_by(S::LANES) {
                let mut acc = S::splat(0.0);
                for i in (0..whole).step_by(16) {
                    let at = r * stride + i + part;
                    acc = S::fma(S::load(x.add(at)), S::load(y.add(at)), acc);
                }
                S::store(lanes.as_mut_ptr().add(part), acc);
            }
            for i in whole..cols {
                lanes[i - whole] = (*x.add(r * stride + i)).mul_add(*y.add(r * stride + i), lanes[i - whole]);
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

/// See [`super::threshold`].
#[inline(always)]
pub unsafe fn threshold<S: Simd>(
    w: *mut f32,
    theta: *mut f32,
    g: *mut f32,
    decay: *const f32,
    stride: usize,
    rows: usize,
    share: f32,
    rate: f32,
    apply: bool,
) -> bool {
    unsafe {
        let (share, rate) = (S::splat(share), S::splat(rate));
        let mut bad = S::splat(0.0);
        for r in 0..rows {
            let minus = if decay.is_null() { None } else { Some(S::splat(-*decay.add(r))) };
            for i in (r * stride..(r + 1) * stride).step_by(S::LANES) {
                let mean = S::load(theta.add(i));
                let excess = S::sub(S::load(g.add(i)), mean);
                S::store(theta.add(i), S::fma(share, excess, mean));
                let old = S::load(w.add(i));
                let d = match minus {
                    Some(minus) => S::fma(minus, old, excess),
                    None => excess,
                };
                S::store(g.add(i), d);
                if apply {
                    let new = S::fma(rate, d, old);
                    S::store(w.add(i), new);
                    bad = S::fma(new, S::splat(0.0), bad);
                }
            }
        }
        finite::<S>(bad)
    }
}

/// See [`super::masked_add`].
#[inline(always)]
pub unsafe fn masked_add<S: Simd>(w: *mut f32, d: *const f32, len: usize, least: f32, rate: f32) -> bool {
    unsafe {
        let (least, rate) = (S::splat(least), S::splat(rate));
        let mut bad = S::splat(0.0);
        for i in (0..len).step_by(S::LANES) {
            let (d, old) = (S::load(d.add(i)), S::load(w.add(i)));
            // written so that what is not a number counts as large and reaches the weights
            let new = S::select_lt(S::copysign(d, S::splat(1.0)), least, old, S::fma(rate, d, old));
            S::store(w.add(i), new);
            bad = S::fma(new, S::splat(0.0), bad);
        }
        finite::<S>(bad)
    }
}

#[inline(always)]
unsafe fn finite<S: Simd>(bad: S::V) -> bool {
    let mut lanes = [0.0f32; 16];
    unsafe { S::store(lanes.as_mut_ptr(), bad) };
    lanes[..S::LANES].iter().all(|x| !x.is_nan())
}
