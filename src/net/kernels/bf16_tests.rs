//! Both bf16 paths against scalar loops, bit for bit: AVX-512-BF16 where the processor has it, AMX there too, in the emulator
//! (also on processors with AMX: then the emulator is never called, and the hardware is held against the oracle).

use super::amx_emulator::with_amx;
use super::tests::{EDGES, Oracle, Products, bits, check_divergence, noise};
use super::*;

fn bf16(v: f32) -> f32 {
    let bits = v.to_bits();
    f32::from_bits((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
}

/// Over pairs of terms, the second of each first.
const AVX512: Oracle = Oracle {
    chain: |start, n, term| {
        let add = |sum: f32, i: usize| {
            let (a, b) = if i < n { term(i) } else { (0.0, 0.0) };
            bf16(a).mul_add(bf16(b), sum)
        };
        (0..n.div_ceil(2)).fold(start, |sum, pair| add(add(sum, 2 * pair + 1), 2 * pair))
    },
    bias_first: true,
};

/// Over blocks of 32 terms: those with even numbers in one chain, the others in another.
const AMX: Oracle = Oracle {
    chain: |start, n, term| {
        (0..n).step_by(32).fold(start, |sum, k0| {
            let chain = |first: usize| {
                (k0 + first..n.min(k0 + 32))
                    .step_by(2)
                    .map(term)
                    .fold(0.0, |sum, (a, b)| flushed(flushed(bf16(a)).mul_add(flushed(bf16(b)), sum)))
            };
            flushed(sum + flushed(chain(0) + chain(1)))
        })
    },
    bias_first: false,
};

/// Results too small for a normal number are zero.
fn flushed(v: f32) -> f32 {
    if v.abs() < f32::MIN_POSITIVE { 0.0f32.copysign(v) } else { v }
}

impl Products for Bf16 {
    fn update(&mut self, w: &mut Matrix, waiting: &Waiting) -> bool {
        Bf16::update(self, w, waiting)
    }
    fn forward(&mut self, w: &mut Matrix, bias: &[f32], input: &Matrix, out: &mut Matrix) {
        Bf16::forward(self, w, bias, input, out);
    }
    fn both(&mut self, w: &mut Matrix, waiting: &Waiting, bias: &[f32], input: &Matrix, out: &mut Matrix) -> bool {
        self.update_forward(w, waiting, bias, input, out)
    }
    fn backward(&mut self, m: &Matrix, signal: &Matrix, out: &mut Matrix) {
        Bf16::backward(self, m, signal, out);
    }
}

/// Runs `f` on every path that can run here, in the emulator where the processor has no AMX.
fn on_every_path(units: usize, batch: usize, mut f: impl FnMut(&Oracle, &mut Bf16)) {
    if let Ok(mut path) = Bf16::new(Bf16Path::Avx512, units, batch) {
        f(&AVX512, &mut path);
        with_amx(|| f(&AMX, &mut Bf16::new(Bf16Path::Amx, units, batch).expect("AVX-512-BF16 is there")));
    }
}

#[test]
fn edges_equal_scalar_chains() {
    for shape in EDGES {
        let (n_out, n_in, batch, _) = shape;
        on_every_path(n_out.max(n_in), batch, |oracle, path| oracle.check(path, shape));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn products_equal_scalar_chains(
        n_out in 1usize..140, n_in in 1usize..400, batch in 1usize..140, left_out in 0usize..40
    ) {
        let shape = (n_out, n_in, batch, batch.saturating_sub(left_out).max(1));
        on_every_path(n_out.max(n_in), batch, |oracle, path| oracle.check(path, shape));
    }
}

#[test]
fn one_path_takes_many_shapes_in_turn() {
    // what one shape leaves in the buffers must not reach the next
    on_every_path(70, 64, |oracle, path| {
        for shape in [(70, 64, 64, 64), (3, 5, 7, 6), (61, 33, 17, 17), (10, 300, 100, 99), (33, 31, 1, 1)] {
            oracle.check(path, shape);
        }
    });
}

#[test]
fn a_weight_that_stops_being_finite_is_noticed() {
    on_every_path(70, 8, |_, path| check_divergence(path));
}

#[test]
fn what_is_not_a_number_stays_in_its_sample() {
    on_every_path(40, 20, |_, path| {
        let mut w = Matrix::from_fn(35, 40, noise(1));
        let mut input = Matrix::from_fn(40, 20, noise(2));
        input.row_mut(7)[3] = f32::NAN;
        let mut out = Matrix::zeros(35, 20);
        path.forward(&mut w, &[0.0; 35], &input, &mut out);
        let mut below = Matrix::zeros(40, 20);
        out.row_mut(5)[3] = f32::NAN;
        path.backward(&w, &out, &mut below);
        for m in [&out, &below] {
            for r in 0..m.rows() {
                assert!((0..20).all(|n| m.row(r)[n].is_nan() == (n == 3)), "row {r}");
            }
        }
    });
}

#[test]
fn subnormal_sums_are_zero() {
    on_every_path(4, 2, |_, path| {
        let mut w = Matrix::from_fn(4, 4, |_, _| 1e-25);
        let (input, mut out) = (Matrix::from_fn(4, 2, |_, n| [1e-15, 1e-5][n]), Matrix::zeros(4, 2));
        path.forward(&mut w, &[0.0; 4], &input, &mut out);
        assert!((0..4).all(|r| out.row(r)[0] == 0.0 && out.row(r)[1] > 3.9e-30), "{:?}", out.row(0));
    });
}

#[test]
fn buffers_stay_where_they_are() {
    on_every_path(70, 64, |oracle, path| {
        let before = path.places();
        oracle.check(path, (70, 64, 64, 64));
        oracle.check(path, (10, 70, 33, 33));
        assert_eq!(path.places(), before, "a step allocates nothing");
    });
}

#[test]
fn turned_signals_give_the_same_bits_wherever_they_stand() {
    // one sample's results do not depend on its place in the batch, nor on the others
    on_every_path(64, 70, |_, path| {
        let mut w = Matrix::from_fn(50, 64, noise(1));
        let input = Matrix::from_fn(64, 70, noise(2));
        let signal = Matrix::from_fn(50, 70, noise(3));
        let run = |path: &mut Bf16, w: &mut Matrix, order: &dyn Fn(usize) -> usize, batch: usize| {
            let x = Matrix::from_fn(64, batch, |k, n| input.row(k)[order(n)]);
            let s = Matrix::from_fn(50, batch, |k, n| signal.row(k)[order(n)]);
            let (mut a, mut d) = (Matrix::zeros(50, batch), Matrix::zeros(64, batch));
            path.forward(w, &[0.5; 50], &x, &mut a);
            path.backward(w, &s, &mut d);
            (a, d)
        };
        let (a, d) = run(path, &mut w, &|n| n, 70);
        let (a1, d1) = run(path, &mut w, &|n| 69 - n, 9);
        for (whole, part) in [(&a, &a1), (&d, &d1)] {
            let want = Matrix::from_fn(whole.rows(), 9, |r, n| whole.row(r)[69 - n]);
            assert_eq!(bits(part), bits(&want));
        }
    });
}
