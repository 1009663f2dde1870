//! Every kernel on every available path against scalar loops, bit for bit, over odd shapes.

use super::*;

pub(super) fn noise(seed: u32) -> impl FnMut(usize, usize) -> f32 {
    let mut s = seed;
    move |_, _| {
        s = s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (s >> 8) as f32 / 8_388_608.0 - 1.0
    }
}

pub(super) fn bits(m: &Matrix) -> Vec<u32> {
    m.values().map(f32::to_bits).collect()
}

/// A path with the products of a step; each call may pack into its buffers.
pub(super) trait Products {
    fn update(&mut self, w: &mut Matrix, waiting: &Waiting) -> bool;
    fn forward(&mut self, w: &mut Matrix, bias: &[f32], input: &Matrix, out: &mut Matrix);
    fn both(&mut self, w: &mut Matrix, waiting: &Waiting, bias: &[f32], input: &Matrix, out: &mut Matrix) -> bool;
    fn backward(&mut self, m: &Matrix, signal: &Matrix, out: &mut Matrix);
}

impl Products for Isa {
    fn update(&mut self, w: &mut Matrix, waiting: &Waiting) -> bool {
        update(*self, w, waiting)
    }
    fn forward(&mut self, w: &mut Matrix, bias: &[f32], input: &Matrix, out: &mut Matrix) {
        forward(*self, w, bias, input, out);
    }
    fn both(&mut self, w: &mut Matrix, waiting: &Waiting, bias: &[f32], input: &Matrix, out: &mut Matrix) -> bool {
        update_forward(*self, w, waiting, bias, input, out)
    }
    fn backward(&mut self, m: &Matrix, signal: &Matrix, out: &mut Matrix) {
        backward(*self, m, signal, out);
    }
}

/// The two factors of each term of a sum.
type Terms<'a> = &'a dyn Fn(usize) -> (f32, f32);

/// How a path sums.
pub(super) struct Oracle {
    /// A first value and `n` terms.
    pub chain: fn(f32, usize, Terms) -> f32,
    /// Whether a forward product starts at the bias, or adds it at the end.
    pub bias_first: bool,
}

const F32: Oracle =
    Oracle { chain: |start, n, term| (0..n).map(term).fold(start, |sum, (a, b)| a.mul_add(b, sum)), bias_first: true };

impl Oracle {
    /// Decay, then chains from zero over blocks of 64 samples.
    fn update(&self, w: &Matrix, post: &Matrix, pre: &Matrix, scale: f32, decay: Option<&[f32]>) -> Matrix {
        Matrix::from_fn(w.rows(), w.cols(), |r, k| {
            let w = w.row(r)[k];
            let w = decay.map_or(w, |d| (-d[r]).mul_add(w, w));
            (0..pre.cols()).step_by(64).fold(w, |w, n0| {
                let term = |n: usize| (post.row(r)[n0 + n], pre.row(k)[n0 + n]);
                scale.mul_add((self.chain)(0.0, 64.min(pre.cols() - n0), &term), w)
            })
        })
    }

    fn forward(&self, w: &Matrix, bias: &[f32], input: &Matrix) -> Matrix {
        Matrix::from_fn(w.rows(), input.cols(), |r, n| {
            let sum = |start| (self.chain)(start, w.cols(), &|k| (w.row(r)[k], input.row(k)[n]));
            if self.bias_first { sum(bias[r]) } else { sum(0.0) + bias[r] }
        })
    }

    fn backward(&self, m: &Matrix, signal: &Matrix) -> Matrix {
        Matrix::from_fn(m.cols(), signal.cols(), |j, n| {
            (self.chain)(0.0, m.rows(), &|k| (m.row(k)[j], signal.row(k)[n]))
        })
    }

    /// All products of one shape, with decay and without, against scalar loops, bit for bit. `samples` of the batch are
    /// packed for the update.
    pub fn check(&self, path: &mut dyn Products, (n_out, n_in, batch, samples): (usize, usize, usize, usize)) {
        let case = format!("{n_out}x{n_in} n{batch}, {samples} packed");
        let w0 = Matrix::from_fn(n_out, n_in, noise(1));
        let post = Matrix::from_fn(n_out, batch, noise(2));
        let pre = Matrix::from_fn(n_in, samples, noise(3));
        let input = Matrix::from_fn(n_in, batch, noise(4));
        let bias: Vec<f32> = (0..n_out).map(|r| r as f32 * 0.01).collect();
        let rates: Vec<f32> = (0..n_out).map(|r| 0.01 * r as f32 - 0.03).collect();
        let mut panels = Panels::zeros(n_in, samples);
        pack(&pre, &mut panels);
        // what lies past the packed samples is not looked at
        let mut part = post.clone();
        part.padded_mut().chunks_mut(post.stride()).for_each(|row| row[samples..].fill(f32::NAN));
        for decay in [None, Some(&rates[..])] {
            let waiting = Waiting { post: &part, panels: &panels, scale: -0.3, decay };
            let w1 = self.update(&w0, &post, &pre, -0.3, decay);
            let a1 = self.forward(&w1, &bias, &input);
            let (mut w, mut a) = (w0.clone(), Matrix::zeros(n_out, batch));
            assert!(path.both(&mut w, &waiting, &bias, &input, &mut a));
            assert_eq!(bits(&w), bits(&w1), "fused update {case}");
            assert_eq!(bits(&a), bits(&a1), "fused forward {case}");
            let (mut w, mut a) = (w0.clone(), Matrix::zeros(n_out, batch));
            assert!(path.update(&mut w, &waiting));
            path.forward(&mut w, &bias, &input, &mut a);
            assert_eq!((bits(&w), bits(&a)), (bits(&w1), bits(&a1)), "two passes {case}");
        }
        let mut d = Matrix::zeros(n_in, batch);
        path.backward(&w0, &post, &mut d);
        assert_eq!(bits(&d), bits(&self.backward(&w0, &post)), "backward {case}");
    }
}

/// Shapes at and around the edges of blocks and tiles: rows, columns, batch, samples packed.
pub(super) const EDGES: [(usize, usize, usize, usize); 9] = [
    (1, 1, 1, 1),
    (10, 37, 64, 64),
    (7, 64, 5, 5),
    (61, 130, 65, 65),
    (5, 80, 128, 128),
    (13, 100, 70, 33),
    (66, 33, 17, 16),
    (32, 256, 32, 32),
    (3, 257, 256, 256),
];

#[test]
fn products_equal_scalar_chains_on_every_path() {
    for shape in EDGES {
        Isa::available().iter_mut().for_each(|isa| F32.check(isa, shape));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn products_equal_scalar_chains_over_random_shapes(
        n_out in 1usize..140, n_in in 1usize..200, batch in 1usize..140, left_out in 0usize..40
    ) {
        let shape = (n_out, n_in, batch, batch.saturating_sub(left_out).max(1));
        Isa::available().iter_mut().for_each(|isa| F32.check(isa, shape));
    }
}

/// A weight that stops being finite is told.
pub(super) fn check_divergence(path: &mut dyn Products) {
    for bad in [f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MAX] {
        let mut w = Matrix::from_fn(20, 70, noise(1));
        let mut post = Matrix::zeros(20, 8);
        post.row_mut(13)[5] = bad;
        let mut panels = Panels::zeros(70, 8);
        pack(&Matrix::from_fn(70, 8, |_, _| 2.0), &mut panels);
        let waiting = Waiting { post: &post, panels: &panels, scale: 1.0, decay: None };
        assert!(!path.update(&mut w, &waiting), "{bad}");
        let (input, mut out) = (Matrix::zeros(70, 8), Matrix::zeros(20, 8));
        assert!(!path.both(&mut w, &waiting, &[0.0; 20], &input, &mut out), "{bad}");
    }
}

#[test]
fn a_weight_that_stops_being_finite_is_noticed() {
    Isa::available().iter_mut().for_each(|isa| check_divergence(isa));
}

#[test]
fn packing_and_unpacking_are_inverse() {
    for (units, samples) in [(1, 1), (37, 64), (130, 65), (64, 17)] {
        let pre = Matrix::from_fn(units, samples, noise(3));
        let mut panels = Panels::zeros(units, samples);
        pack(&pre, &mut panels);
        let mut again = Matrix::zeros(units, samples);
        unpack(&panels, &mut again);
        assert_eq!(bits(&again), bits(&pre));
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

fn check_the_rest(rows: usize, cols: usize) {
    let mut outputs: Vec<Vec<u32>> = Vec::new();
    for isa in Isa::available() {
        let h = Matrix::from_fn(rows, cols, noise(5));
        let d0 = Matrix::from_fn(rows, cols, noise(6));
        let mut all = Vec::new();
        let mut d = d0.clone();
        tanh_derivative(isa, &mut d, &h);
        all.extend(bits(&d));
        assert!(d.values().zip(d0.values().zip(h.values())).all(|(d, (d0, h))| (d - d0 * (1.0 - h * h)).abs() < 1e-6));
        let mut d = d0.clone();
        relu_derivative(isa, &mut d, &h);
        all.extend(bits(&d));
        assert!(d.values().zip(d0.values().zip(h.values())).all(|(d, (d0, h))| d == if h > 0.0 { d0 } else { 0.0 }));
        let mut sums = vec![0.0; rows];
        row_sums(isa, &d0, &mut sums);
        for (r, s) in sums.iter().enumerate() {
            assert!((s - d0.row(r).iter().sum::<f32>()).abs() < 1e-4);
        }
        all.extend(sums.iter().map(|s| s.to_bits()));
        let mut b = Matrix::zeros(rows, cols);
        let magnitude = Matrix::from_fn(rows, cols, |_, _| 0.5);
        let mut w = h.clone();
        w.row_mut(0)[0] = 0.0;
        w.row_mut(rows - 1)[cols - 1] = -0.0;
        signs(isa, &magnitude, &w, &mut b);
        assert!(b.values().zip(w.values()).all(|(b, w)| b == if w < 0.0 { -0.5 } else { 0.5 }));
        let (mut w, mut v) = (d0.clone(), Matrix::from_fn(rows, cols, |_, _| 0.25));
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
fn the_rest_is_alike_on_every_path() {
    check_the_rest(9, 37);
    check_the_rest(1, 1);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn the_rest_is_alike_over_random_shapes(rows in 1usize..40, cols in 1usize..300) {
        check_the_rest(rows, cols);
    }

    #[test]
    fn activations_and_softmax_are_alike_over_random_shapes(rows in 1usize..30, cols in 1usize..150, reach in 0.1f32..90.0) {
        let mut outputs: Vec<Vec<u32>> = Vec::new();
        for isa in Isa::available() {
            let mut random = noise(7);
            let z = Matrix::from_fn(rows, cols, |r, c| reach * random(r, c));
            let mut all = Vec::new();
            for f in [relu, tanh, sigmoid, softmax] {
                let mut m = z.clone();
                f(isa, &mut m);
                all.extend(bits(&m));
            }
            let mut m = z.clone();
            softmax(isa, &mut m);
            for c in 0..cols {
                let sum: f32 = (0..rows).map(|r| m.row(r)[c]).sum();
                assert!((sum - 1.0).abs() < 1e-5, "column {c} sums to {sum}");
                let top = (0..rows).map(|r| z.row(r)[c]).fold(f32::MIN, f32::max);
                let whole: f64 = (0..rows).map(|r| f64::from(z.row(r)[c] - top).exp()).sum();
                for r in 0..rows {
                    let exact = f64::from(z.row(r)[c] - top).exp() / whole;
                    assert!((f64::from(m.row(r)[c]) - exact).abs() < 1e-6, "{} against {exact}", m.row(r)[c]);
                }
            }
            outputs.push(all);
        }
        assert!(outputs.windows(2).all(|w| w[0] == w[1]));
    }
}

fn check_local(rows: usize, cols: usize) {
    let m = |seed| Matrix::from_fn(rows, cols, noise(seed));
    let (x, y, w0, t0, g0) = (m(1), m(2), m(3), m(4), m(5));
    let factors: Vec<f32> = (0..rows).map(|r| 0.1 * r as f32).collect();
    for isa in Isa::available() {
        let mut out = Matrix::zeros(rows, cols);
        combine(isa, 0.3, &x, -1.0, &y, &mut out);
        assert_eq!(bits(&out), bits(&Matrix::from_fn(rows, cols, |r, c| 0.3f32.mul_add(x.row(r)[c], -y.row(r)[c]))));
        multiply(isa, &x, &y, &mut out);
        assert_eq!(bits(&out), bits(&Matrix::from_fn(rows, cols, |r, c| x.row(r)[c] * y.row(r)[c])));
        subtract_rows(isa, &x, &factors, &mut out);
        assert_eq!(bits(&out), bits(&Matrix::from_fn(rows, cols, |r, c| x.row(r)[c] - factors[r])));
        let mut out = x.clone();
        subtract_rows_in_place(isa, &mut out, &factors);
        assert_eq!(bits(&out), bits(&Matrix::from_fn(rows, cols, |r, c| x.row(r)[c] - factors[r])));
        let mut out = x.clone();
        add_rows(isa, &factors, &y, &mut out);
        assert_eq!(bits(&out), bits(&Matrix::from_fn(rows, cols, |r, c| factors[r].mul_add(y.row(r)[c], x.row(r)[c]))));
        let (mut padded, mut sums) = (x.clone(), vec![0.0; rows]);
        for line in padded.padded_mut().chunks_mut(x.stride()) {
            line[cols..].fill(1e9); // padding is not looked at
        }
        row_products(isa, &padded, &y, &mut sums);
        for (r, s) in sums.iter().enumerate() {
            let want: f64 = x.row(r).iter().zip(y.row(r)).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            assert!((f64::from(*s) - want).abs() < 1e-4, "{isa:?} row {r}: {s} {want}");
        }
        let mut again = vec![0.0; rows];
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
            assert_eq!(bits(&g), bits(&Matrix::from_fn(rows, cols, d)));
            assert_eq!(bits(&w), bits(&Matrix::from_fn(rows, cols, |r, c| 0.5f32.mul_add(d(r, c), w0.row(r)[c]))));
            let mean = |r: usize, c: usize| 0.25f32.mul_add(g0.row(r)[c] - t0.row(r)[c], t0.row(r)[c]);
            assert_eq!(bits(&t), bits(&Matrix::from_fn(rows, cols, mean)));
            let (mut w, mut t, mut g) = (w0.clone(), t0.clone(), g0.clone());
            threshold(isa, &mut w, &mut t, &mut g, decay, 0.25, 0.5, false);
            assert_eq!((bits(&w), bits(&g)), (bits(&w0), bits(&Matrix::from_fn(rows, cols, d))));
        }
        let mut w = w0.clone();
        decay_rows(isa, &factors, &mut w);
        let decayed = |r: usize, c: usize| (-factors[r]).mul_add(w0.row(r)[c], w0.row(r)[c]);
        assert_eq!(bits(&w), bits(&Matrix::from_fn(rows, cols, decayed)));
        let mut y1 = y.clone();
        subtract_from(isa, &x, &mut y1);
        assert_eq!(bits(&y1), bits(&Matrix::from_fn(rows, cols, |r, c| x.row(r)[c] - y.row(r)[c])));
        let mut w = w0.clone();
        assert!(masked_add(isa, &mut w, &g0, 0.6, 0.5));
        let masked = |r: usize, c: usize| {
            let (d, w) = (g0.row(r)[c], w0.row(r)[c]);
            if d.abs() >= 0.6 { 0.5f32.mul_add(d, w) } else { w }
        };
        assert_eq!(bits(&w), bits(&Matrix::from_fn(rows, cols, masked)));
    }
}

#[test]
fn the_passes_of_local_rules_equal_scalar_loops_on_every_path() {
    check_local(9, 37);
    check_local(1, 1);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn the_passes_of_local_rules_equal_scalar_loops_over_random_shapes(rows in 1usize..40, cols in 1usize..300) {
        check_local(rows, cols);
    }
}
