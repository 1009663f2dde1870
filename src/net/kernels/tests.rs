//! Every kernel on every available path against scalar loops, bit for bit, over odd shapes.

use super::*;

fn noise(seed: u32) -> impl FnMut(usize, usize) -> f32 {
    let mut s = seed;
    move |_, _| {
        s = s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (s >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

fn bits(m: &Matrix) -> Vec<u32> {
    m.values().map(f32::to_bits).collect()
}

/// The oracle of an update: chains from zero over blocks of 64 samples.
fn slow_update(w: &mut Matrix, post: &Matrix, pre: &Matrix, samples: usize, scale: f32) {
    for r in 0..w.rows() {
        for k in 0..w.cols() {
            let mut v = w.row(r)[k];
            for n0 in (0..samples).step_by(64) {
                let mut sum = 0.0f32;
                for n in n0..(n0 + 64).min(samples) {
                    sum = post.row(r)[n].mul_add(pre.row(k)[n], sum);
                }
                v = scale.mul_add(sum, v);
            }
            w.row_mut(r)[k] = v;
        }
    }
}

fn slow_forward(w: &Matrix, bias: &[f32], input: &Matrix) -> Matrix {
    Matrix::from_fn(w.rows(), input.cols(), |r, n| {
        (0..w.cols()).fold(bias[r], |a, k| w.row(r)[k].mul_add(input.row(k)[n], a))
    })
}

fn slow_backward(m: &Matrix, signal: &Matrix) -> Matrix {
    Matrix::from_fn(m.cols(), signal.cols(), |j, n| {
        (0..m.rows()).fold(0.0, |a, k| m.row(k)[j].mul_add(signal.row(k)[n], a))
    })
}

fn check(n_out: usize, n_in: usize, batch: usize) {
    let w0 = Matrix::from_fn(n_out, n_in, noise(1));
    let post = Matrix::from_fn(n_out, batch, noise(2));
    let pre = Matrix::from_fn(n_in, batch, noise(3));
    let input = Matrix::from_fn(n_in, batch, noise(4));
    let bias: Vec<f32> = (0..n_out).map(|r| r as f32 * 0.01).collect();
    let mut panels = Panels::zeros(n_in, batch);
    pack(&pre, &mut panels);
    let mut again = Matrix::zeros(n_in, batch);
    unpack(&panels, &mut again);
    assert_eq!(bits(&again), bits(&pre));
    let mut w1 = w0.clone();
    slow_update(&mut w1, &post, &pre, batch, -0.3);
    let a1 = slow_forward(&w1, &bias, &input);
    let d1 = slow_backward(&w0, &post);
    for isa in Isa::available() {
        let waiting = Waiting { post: &post, panels: &panels, scale: -0.3, decay: None };
        let (mut w, mut a) = (w0.clone(), Matrix::zeros(n_out, batch));
        assert!(update_forward(isa, &mut w, &waiting, &bias, &input, &mut a));
        assert_eq!(bits(&w), bits(&w1), "fused update {isa:?} {n_out}x{n_in} n{batch}");
        assert_eq!(bits(&a), bits(&a1), "fused forward {isa:?} {n_out}x{n_in} n{batch}");
        let (mut w, mut a) = (w0.clone(), Matrix::zeros(n_out, batch));
        assert!(update(isa, &mut w, &waiting));
        forward(isa, &mut w, &bias, &input, &mut a);
        assert_eq!((bits(&w), bits(&a)), (bits(&w1), bits(&a1)), "two passes {isa:?}");
        let mut d = Matrix::zeros(n_in, batch);
        backward(isa, &w0, &post, &mut d);
        assert_eq!(bits(&d), bits(&d1), "backward {isa:?} {n_out}x{n_in} n{batch}");
    }
}

#[test]
fn products_equal_scalar_chains_on_every_path() {
    for (n_out, n_in, batch) in
        [(1, 1, 1), (10, 37, 64), (7, 64, 5), (61, 130, 64), (5, 80, 128), (13, 100, 70), (66, 33, 17)]
    {
        check(n_out, n_in, batch);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn products_equal_scalar_chains_over_random_shapes(n_out in 1usize..140, n_in in 1usize..200, batch in 1usize..140) {
        check(n_out, n_in, batch);
    }
}

#[test]
fn a_weight_that_stops_being_finite_is_noticed() {
    for isa in Isa::available() {
        for bad in [f32::INFINITY, f32::NAN, f32::MAX] {
            let mut w = Matrix::from_fn(20, 70, noise(1));
            let mut post = Matrix::zeros(20, 8);
            post.row_mut(13)[5] = bad;
            let mut panels = Panels::zeros(70, 8);
            pack(&Matrix::from_fn(70, 8, |_, _| 2.0), &mut panels);
            assert!(
                !update(isa, &mut w, &Waiting { post: &post, panels: &panels, scale: 1.0, decay: None }),
                "{isa:?} {bad}"
            );
        }
    }
}

#[test]
fn not_a_number_passes_every_activation() {
    for isa in Isa::available() {
        for f in [relu, tanh, sigmoid] {
            let mut m = Matrix::from_fn(1, 16, |_, c| if c == 3 { f32::NAN } else { 1.0 });
            f(isa, &mut m);
            assert!(m.row(0)[3].is_nan() && m.row(0)[4].is_finite(), "{isa:?}");
        }
        let mut m = Matrix::from_fn(10, 16, |r, c| if (r, c) == (9, 3) { f32::NAN } else { 1.0 });
        softmax(isa, &mut m);
        assert!((0..10).all(|r| m.row(r)[3].is_nan() && (m.row(r)[4] - 0.1).abs() < 1e-7), "{isa:?}");
    }
}

/// Error in units of the last place of the exact value.
fn ulps(got: f32, exact: f64) -> f64 {
    let unit = f64::from((exact as f32).abs().max(f32::MIN_POSITIVE));
    let unit = 2f64.powi(unit.log2().floor() as i32 - 23);
    (f64::from(got) - exact).abs() / unit
}

#[test]
fn exp_and_tanh_are_within_two_ulp_and_alike_on_every_path() {
    let xs = |c: usize, lo: f32, hi: f32| lo + (hi - lo) * c as f32 / 40_000.0;
    let mut outputs: Vec<Vec<u32>> = Vec::new();
    for isa in Isa::available() {
        let x = Matrix::from_fn(1, 40_000, |_, c| xs(c, -10.0, 10.0));
        let mut t = x.clone();
        tanh(isa, &mut t);
        let mut all = bits(&t);
        for (x, t) in x.values().zip(t.values()) {
            assert!(ulps(t, f64::from(x).tanh()) < 2.0, "tanh {x} = {t}");
        }
        // softmax of (x, 0) gives e^x / (e^x + 1)-like quotients; check exp itself through the row maximum
        let z = Matrix::from_fn(2, 40_000, |r, c| if r == 0 { 0.0 } else { xs(c, -87.0, 0.0) });
        let mut s = z.clone();
        softmax(isa, &mut s);
        all.extend(bits(&s));
        for c in 0..40_000 {
            let e = f64::from(z.row(1)[c]).exp();
            assert!(ulps(s.row(1)[c], e / (1.0 + e)) < 4.0, "softmax at {}", z.row(1)[c]);
        }
        let mut g = x.clone();
        sigmoid(isa, &mut g);
        all.extend(bits(&g));
        for (x, g) in x.values().zip(g.values()) {
            assert!(ulps(g, 1.0 / (1.0 + (-f64::from(x)).exp())) < 4.0, "sigmoid {x}");
        }
        outputs.push(all);
    }
    assert!(outputs.windows(2).all(|w| w[0] == w[1]));
}

#[test]
fn the_rest_is_alike_on_every_path() {
    let mut outputs: Vec<Vec<u32>> = Vec::new();
    for isa in Isa::available() {
        let h = Matrix::from_fn(9, 37, noise(5));
        let d0 = Matrix::from_fn(9, 37, noise(6));
        let mut all = Vec::new();
        let mut d = d0.clone();
        tanh_derivative(isa, &mut d, &h);
        all.extend(bits(&d));
        assert!(d.values().zip(d0.values().zip(h.values())).all(|(d, (d0, h))| (d - d0 * (1.0 - h * h)).abs() < 1e-6));
        let mut d = d0.clone();
        relu_derivative(isa, &mut d, &h);
        all.extend(bits(&d));
        assert!(d.values().zip(d0.values().zip(h.values())).all(|(d, (d0, h))| d == if h > 0.0 { d0 } else { 0.0 }));
        let mut sums = vec![0.0; 9];
        row_sums(isa, &d0, &mut sums);
        for (r, s) in sums.iter().enumerate() {
            assert!((s - d0.row(r).iter().sum::<f32>()).abs() < 1e-5);
        }
        all.extend(sums.iter().map(|s| s.to_bits()));
        let mut b = Matrix::zeros(9, 37);
        let magnitude = Matrix::from_fn(9, 37, |_, _| 0.5);
        let mut w = h.clone();
        w.row_mut(0)[0] = 0.0;
        w.row_mut(0)[1] = -0.0;
        signs(isa, &magnitude, &w, &mut b);
        assert!(b.values().zip(w.values()).all(|(b, w)| b == if w < 0.0 { -0.5 } else { 0.5 }));
        let (mut w, mut v) = (d0.clone(), Matrix::from_fn(9, 37, |_, _| 0.25));
        assert!(rmsprop(isa, w.padded_mut(), v.padded_mut(), h.padded(), 0.1, 0.99, 1e-8));
        for ((w, w0), (v, g)) in w.values().zip(d0.values()).zip(v.values().zip(h.values())) {
            let mean = 0.99 * 0.25 + 0.01 * g * g;
            assert!((v - mean).abs() < 1e-6 && (w - (w0 - 0.1 * g / (mean.sqrt() + 1e-8))).abs() < 1e-6);
        }
        all.extend(bits(&w).into_iter().chain(bits(&v)));
        outputs.push(all);
    }
    assert!(outputs.windows(2).all(|w| w[0] == w[1]));
}

#[test]
fn row_decay_is_a_multiply_add_of_its_own_on_every_path() {
    for (n_out, n_in, batch) in [(1, 1, 1), (13, 100, 70), (61, 130, 64), (5, 80, 128), (66, 33, 17)] {
        let w0 = Matrix::from_fn(n_out, n_in, noise(1));
        let post = Matrix::from_fn(n_out, batch, noise(2));
        let pre = Matrix::from_fn(n_in, batch, noise(3));
        let decay: Vec<f32> = (0..n_out).map(|r| 0.01 * r as f32 - 0.03).collect();
        let mut panels = Panels::zeros(n_in, batch);
        pack(&pre, &mut panels);
        let mut want = Matrix::from_fn(n_out, n_in, |r, k| (-decay[r]).mul_add(w0.row(r)[k], w0.row(r)[k]));
        slow_update(&mut want, &post, &pre, batch, 0.2);
        for isa in Isa::available() {
            let waiting = Waiting { post: &post, panels: &panels, scale: 0.2, decay: Some(&decay) };
            let mut w = w0.clone();
            assert!(update(isa, &mut w, &waiting));
            assert_eq!(bits(&w), bits(&want), "{isa:?} {n_out}x{n_in} n{batch}");
            let (mut w, mut a) = (w0.clone(), Matrix::zeros(n_out, batch));
            assert!(update_forward(isa, &mut w, &waiting, &vec![0.0; n_out], &pre, &mut a));
            assert_eq!(bits(&w), bits(&want), "fused {isa:?} {n_out}x{n_in} n{batch}");
            assert_eq!(bits(&a), bits(&slow_forward(&want, &vec![0.0; n_out], &pre)));
            let mut w = w0.clone();
            decay_rows(isa, &decay, &mut w);
            let alone = Matrix::from_fn(n_out, n_in, |r, k| (-decay[r]).mul_add(w0.row(r)[k], w0.row(r)[k]));
            assert_eq!(bits(&w), bits(&alone));
        }
    }
}

#[test]
fn the_passes_of_local_rules_equal_scalar_loops_on_every_path() {
    let m = |seed| Matrix::from_fn(9, 37, noise(seed));
    let (x, y, w0, t0, g0) = (m(1), m(2), m(3), m(4), m(5));
    let factors: Vec<f32> = (0..9).map(|r| 0.1 * r as f32).collect();
    for isa in Isa::available() {
        let mut out = Matrix::zeros(9, 37);
        combine(isa, 0.3, &x, -1.0, &y, &mut out);
        assert_eq!(bits(&out), bits(&Matrix::from_fn(9, 37, |r, c| 0.3f32.mul_add(x.row(r)[c], -y.row(r)[c]))));
        multiply(isa, &x, &y, &mut out);
        assert_eq!(bits(&out), bits(&Matrix::from_fn(9, 37, |r, c| x.row(r)[c] * y.row(r)[c])));
        subtract_rows(isa, &x, &factors, &mut out);
        assert_eq!(bits(&out), bits(&Matrix::from_fn(9, 37, |r, c| x.row(r)[c] - factors[r])));
        let mut out = x.clone();
        subtract_rows_in_place(isa, &mut out, &factors);
        assert_eq!(bits(&out), bits(&Matrix::from_fn(9, 37, |r, c| x.row(r)[c] - factors[r])));
        let mut out = x.clone();
        add_rows(isa, &factors, &y, &mut out);
        assert_eq!(bits(&out), bits(&Matrix::from_fn(9, 37, |r, c| factors[r].mul_add(y.row(r)[c], x.row(r)[c]))));
        let (mut padded, mut sums) = (x.clone(), vec![0.0; 9]);
        padded.padded_mut()[37] = 1e9; // padding is not looked at
        row_products(isa, &padded, &y, &mut sums);
        for (r, s) in sums.iter().enumerate() {
            let want: f64 = x.row(r).iter().zip(y.row(r)).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            assert!((f64::from(*s) - want).abs() < 1e-5, "{isa:?} row {r}: {s} {want}");
        }
        let mut again = vec![0.0; 9];
        row_products(Isa::Portable, &x, &y, &mut again);
        assert_eq!(
            sums.iter().map(|s| s.to_bits()).collect::<Vec<_>>(),
            again.iter().map(|s| s.to_bits()).collect::<Vec<_>>()
        );
        for decay in [None, Some(&factors[..])] {
            let d = |r: usize, c: usize| {
                let d = g0.row(r)[c] - t0.row(r)[c];
                decay.map_or(d, |f: &[f32]| (-f[r]).mul_add(w0.row(r)[c], d))
            };
            let (mut w, mut t, mut g) = (w0.clone(), t0.clone(), g0.clone());
            assert!(threshold(isa, &mut w, &mut t, &mut g, decay, 0.25, 0.5, true));
            assert_eq!(bits(&g), bits(&Matrix::from_fn(9, 37, d)));
            assert_eq!(bits(&w), bits(&Matrix::from_fn(9, 37, |r, c| 0.5f32.mul_add(d(r, c), w0.row(r)[c]))));
            let mean = |r: usize, c: usize| 0.25f32.mul_add(g0.row(r)[c] - t0.row(r)[c], t0.row(r)[c]);
            assert_eq!(bits(&t), bits(&Matrix::from_fn(9, 37, mean)));
            let (mut w, mut t, mut g) = (w0.clone(), t0.clone(), g0.clone());
            threshold(isa, &mut w, &mut t, &mut g, decay, 0.25, 0.5, false);
            assert_eq!((bits(&w), bits(&g)), (bits(&w0), bits(&Matrix::from_fn(9, 37, d))));
        }
        let mut w = w0.clone();
        assert!(masked_add(isa, &mut w, &g0, 0.6, 0.5));
        let masked = |r: usize, c: usize| {
            let (d, w) = (g0.row(r)[c], w0.row(r)[c]);
            if d.abs() >= 0.6 { 0.5f32.mul_add(d, w) } else { w }
        };
        assert_eq!(bits(&w), bits(&Matrix::from_fn(9, 37, masked)));
    }
}
