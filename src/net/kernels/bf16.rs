//! The products of a step in bf16: f32 weights and sums, bf16 where a product reads W, a signal or a teaching signal
//! (rounded to nearest, ties to even, subnormal numbers as zero). Updates are summed in f32 from zero over blocks of 64
//! samples and added to the f32 weights; no bf16 copy of the weights is kept.
//!
//! Here: the safe side, which checks shapes, owns the buffers and chooses the path. Signals are packed in `bf16_words.rs`;
//! the products are in `bf16_avx512.rs` and `amx.rs`; each path has bits of its own, the same in every run.
//!
//! # Safety
//! A [`Bf16`] exists only where the processor has the instructions of its path ([`Bf16Path::detect`]), and its methods
//! check all shapes. The functions of the other files get pointers into matrices of those shapes: rows padded to 16 floats, so
//! that whole vectors may be read and written as long as their first element is inside; scratch has the room that `room` gives.

use super::bf16_words::{LANES, Pass, pair_panels, pair_samples, pair_units, room};
use super::products::CHUNK;
use super::{Bf16Path, Waiting, amx, bf16_avx512};
use crate::net::Matrix;

/// A bf16 path with its buffers.
#[derive(Clone)]
pub struct Bf16 {
    path: Bf16Path,
    /// A signal in pairs of units: `units/2 x batch` words.
    signal: Matrix,
    /// The post signal in pairs of samples: `units x batch/2` words.
    post: Matrix,
    /// Panels in pairs of samples: chunks of `samples/2 x 64` words.
    panels: Matrix,
    scratch: amx::Scratch,
}

impl Bf16Path {
    /// Whether this processor has what the path needs.
    ///
    /// # Errors
    /// Names what it lacks.
    pub fn detect(self) -> Result<(), String> {
        for (feature, there) in [
            ("avx512f", is_x86_feature_detected!("avx512f")),
            ("avx512bw", is_x86_feature_detected!("avx512bw")),
            ("avx512_bf16", is_x86_feature_detected!("avx512bf16")),
        ] {
            if !there {
                return Err(super::no_bf16(feature));
            }
        }
        match self {
            Bf16Path::Avx512 => Ok(()),
            Bf16Path::Amx => amx::detect(),
        }
    }

    /// What pairs, rows and columns are rounded up to, so that kernels need not look for edges.
    fn whole(self) -> (usize, usize, usize) {
        match self {
            Bf16Path::Avx512 => (1, 1, LANES),
            Bf16Path::Amx => (amx::PAIRS, amx::SIDE, amx::SIDE),
        }
    }
}

impl Bf16 {
    /// Buffers for layers of up to `units` units; they grow where that was too small.
    ///
    /// # Errors
    /// Names what this processor lacks.
    pub fn new(path: Bf16Path, units: usize, batch: usize) -> Result<Bf16, String> {
        path.detect()?;
        let mut new = Bf16 {
            path,
            signal: Matrix::zeros(1, 0),
            post: Matrix::zeros(1, 0),
            panels: Matrix::zeros(1, 0),
            scratch: amx::Scratch::default(),
        };
        let (whole, _, columns) = path.whole();
        let (pairs, width) = (units.div_ceil(2).next_multiple_of(whole), stride(batch).next_multiple_of(columns));
        new.room_for_signal(pairs, width);
        new.room_for_update(units, units, batch);
        Ok(new)
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

    /// Room for `pairs x width` words of a signal, and what the path needs beside it.
    fn room_for_signal(&mut self, pairs: usize, width: usize) -> *mut u32 {
        if self.path == Bf16Path::Amx {
            self.scratch.make_room(pairs, width);
        }
        room(&mut self.signal, pairs * width)
    }

    /// Room for both sides of an update: `(post, its stride, panels, pairs)`.
    fn room_for_update(&mut self, n_out: usize, n_in: usize, samples: usize) -> (*mut u32, usize, *mut u32, usize) {
        let (whole, rows, _) = self.path.whole();
        let pairs = samples.div_ceil(2).next_multiple_of(whole);
        let stride = pairs.next_multiple_of(LANES / 2);
        let post = room(&mut self.post, n_out.next_multiple_of(rows) * stride);
        (post, stride, room(&mut self.panels, n_in.next_multiple_of(CHUNK) * pairs), pairs)
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
            input_stride: 0,
            out: std::ptr::null_mut(),
            stride: 0,
        };
        if let Some(waiting) = waiting {
            let samples = waiting.panels.samples;
            assert_eq!((waiting.post.rows(), waiting.panels.units), (n_out, n_in), "update of another shape");
            assert!(samples <= waiting.post.cols(), "more samples packed than the post signal holds");
            assert!(waiting.decay.is_none_or(|r| r.len() == n_out), "row decay of another shape");
            let (post, stride, panels, pairs) = self.room_for_update(n_out, n_in, samples);
            // SAFETY: `self` exists, so the instructions do; there is room
            unsafe {
                pair_samples(waiting.post, samples, post, stride);
                pair_panels(waiting.panels, panels, pairs);
            }
            (a.post, a.post_stride, a.panels, a.pairs) = (post, stride, panels, pairs);
            a.scale = waiting.scale;
            a.decay = waiting.decay.map_or(std::ptr::null(), <[f32]>::as_ptr);
        }
        if let Some((bias, input, out)) = forward {
            assert_eq!((bias.len(), out.rows(), input.rows()), (n_out, n_out, n_in), "product of another shape");
            assert_eq!(input.stride(), out.stride(), "input and output differ in batch");
            (a.input, _, a.input_stride) = self.pack_signal(input);
            (a.bias, a.stride) = (bias.as_ptr(), out.stride());
            a.out = out.padded_mut().as_mut_ptr();
        }
        // SAFETY: as above; all shapes were compared
        unsafe {
            match self.path {
                Bf16Path::Avx512 => match (a.post.is_null(), a.out.is_null()) {
                    (false, false) => bf16_avx512::pass::<true, true>(&a),
                    (false, true) => bf16_avx512::pass::<true, false>(&a),
                    _ => bf16_avx512::pass::<false, true>(&a),
                },
                Bf16Path::Amx => match (a.post.is_null(), a.out.is_null()) {
                    (false, false) => amx::pass::<true, true>(&a, &mut self.scratch),
                    (false, true) => amx::pass::<true, false>(&a, &mut self.scratch),
                    _ => amx::pass::<false, true>(&a, &mut self.scratch),
                },
            }
        }
    }

    /// As [`super::backward`].
    pub fn backward(&mut self, m: &Matrix, signal: &Matrix, out: &mut Matrix) {
        assert_eq!((m.rows(), m.cols()), (signal.rows(), out.rows()), "feedback of another shape");
        assert_eq!(signal.stride(), out.stride(), "signal and output differ in batch");
        let (packed, pairs, width) = self.pack_signal(signal);
        let (stride, out) = (out.stride(), out.padded_mut().as_mut_ptr());
        // SAFETY: as in `pass`
        unsafe {
            match self.path {
                Bf16Path::Avx512 => bf16_avx512::backward(m, packed, out, stride),
                Bf16Path::Amx => amx::backward(m, (packed, pairs, width), (out, stride), &mut self.scratch),
            }
        }
    }

    /// A signal in pairs of units: `(words, pairs, samples from one pair to the next)`.
    fn pack_signal(&mut self, signal: &Matrix) -> (*const u32, usize, usize) {
        let (whole, _, columns) = self.path.whole();
        let pairs = signal.rows().div_ceil(2).next_multiple_of(whole);
        let width = signal.stride().next_multiple_of(columns);
        let packed = self.room_for_signal(pairs, width);
        // SAFETY: as in `pass`
        unsafe { pair_units(signal, packed, (pairs, width)) };
        (packed, pairs, width)
    }
}

#[cfg(test)]
impl Bf16 {
    /// Where the buffers lie, and the scratch of AMX.
    pub fn places(&self) -> Vec<*const f32> {
        let own = [&self.signal, &self.post, &self.panels];
        own.into_iter().chain(self.scratch.buffers()).map(|m| m.padded().as_ptr()).collect()
    }
}

/// Floats from one row to the next in a signal of `batch` samples.
fn stride(batch: usize) -> usize {
    Matrix::zeros(0, batch).stride()
}
