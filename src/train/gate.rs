//! HebbNet's threshold and gradient sparsity: updates that need the product itself, applied at once.

use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

use crate::net::kernels::{self, Waiting};
use crate::net::{Isa, Matrix};
use crate::random::{self, Purpose};
use crate::rules::Gate;

/// State of one layer's gate.
pub(super) struct GateState {
    gate: Gate,
    /// Mean of past products.
    pub theta: Matrix,
    /// This step's product, then its change of the weights before the mask.
    change: Matrix,
    /// Products in the mean.
    seen: u64,
    /// Counts for the selection: by the upper half of a number's bits, then by the lower.
    upper: Vec<u32>,
    lower: Vec<u32>,
    rng: ChaCha8Rng,
    /// The mask of the last step.
    last: Mask,
}

/// A mask, by what it was made from.
enum Mask {
    None,
    /// Changes of at least this size.
    Least(f32),
    /// Draws from here on, row by row.
    Drawn(Box<ChaCha8Rng>, f64),
    Nothing,
}

impl GateState {
    pub fn new(gate: Gate, n_out: usize, n_in: usize, seed: u64, layer: u32) -> GateState {
        let top = matches!(gate, Gate::ThresholdTop(_));
        GateState {
            gate,
            theta: Matrix::zeros(n_out, n_in),
            change: Matrix::zeros(n_out, n_in),
            seen: 0,
            upper: vec![0; if top { 1 << 16 } else { 0 }],
            lower: vec![0; if top { 1 << 16 } else { 0 }],
            rng: random::stream(seed, Purpose::Mask, layer),
            last: Mask::None,
        }
    }

    /// `W += rate * keep(G - Theta - decay o W)` with `G` the product that `product` stands for, then `Theta` takes `G`
    /// into its mean. False if a weight is not finite.
    pub fn step(&mut self, isa: Isa, w: &mut Matrix, product: &Waiting, decay: Option<&[f32]>, rate: f32) -> bool {
        self.change.padded_mut().fill(0.0);
        kernels::update(isa, &mut self.change, product);
        self.seen += 1;
        let share = (1.0 / self.seen as f64) as f32;
        let apply = self.gate == Gate::Threshold;
        let finite = kernels::threshold(isa, w, &mut self.theta, &mut self.change, decay, share, rate, apply);
        match self.gate {
            Gate::None => unreachable!("no state without a gate"),
            Gate::Threshold => finite,
            Gate::ThresholdTop(p) => {
                let count = (p * (w.rows() * w.cols()) as f64).ceil() as usize;
                match self.least_of(count) {
                    Some(least) => {
                        self.last = Mask::Least(least);
                        kernels::masked_add(isa, w, &self.change, least, rate)
                    }
                    None => {
                        self.last = Mask::Nothing;
                        true
                    }
                }
            }
            Gate::ThresholdRandom(p) => {
                match &mut self.last {
                    Mask::Drawn(rng, _) => **rng = self.rng.clone(),
                    last => *last = Mask::Drawn(Box::new(self.rng.clone()), p),
                }
                for r in 0..self.change.rows() {
                    for v in self.change.row_mut(r) {
                        if !drawn(&mut self.rng, p) {
                            *v = 0.0;
                        }
                    }
                }
                kernels::masked_add(isa, w, &self.change, 0.0, rate)
            }
        }
    }

    /// How many [`Self::counters`] there are.
    pub const COUNTERS: usize = 3;

    /// Products in the mean, and how far the random stream is (low and high half).
    pub fn counters(&self) -> [u64; Self::COUNTERS] {
        let position = self.rng.get_word_pos();
        [self.seen, position as u64, (position >> 64) as u64]
    }

    pub fn set_counters(&mut self, counters: &[u64]) {
        self.seen = counters[0];
        self.rng.set_word_pos(u128::from(counters[1]) | u128::from(counters[2]) << 64);
    }

    /// Which entries the last step changed, row by row; `None` without a mask.
    pub fn mask(&self) -> Option<Vec<bool>> {
        match &self.last {
            Mask::None => None,
            Mask::Least(least) => Some(self.change.values().map(|d| d.abs() >= *least).collect()),
            Mask::Drawn(rng, p) => {
                let mut rng = rng.clone();
                Some(self.change.values().map(|_| drawn(&mut rng, *p)).collect())
            }
            Mask::Nothing => Some(self.change.values().map(|_| false).collect()),
        }
    }

    /// Size of the `count`-th largest change, found by counting: exact, in two passes, without sorting.
    fn least_of(&mut self, count: usize) -> Option<f32> {
        if count == 0 {
            return None;
        }
        let GateState { change, upper, lower, .. } = self;
        upper.fill(0);
        lower.fill(0);
        let bits = |v: &f32| v.to_bits() & 0x7fff_ffff;
        for r in 0..change.rows() {
            change.row(r).iter().for_each(|v| upper[(bits(v) >> 16) as usize] += 1);
        }
        let (high, left) = bin(upper, count)?;
        for r in 0..change.rows() {
            change.row(r).iter().map(bits).filter(|b| b >> 16 == high).for_each(|b| lower[(b & 0xffff) as usize] += 1);
        }
        let (low, _) = bin(lower, left)?;
        Some(f32::from_bits(high << 16 | low))
    }
}

/// The bin that holds the `count`-th largest, and its place among those of the bin.
fn bin(counts: &[u32], count: usize) -> Option<(u32, usize)> {
    let mut left = count;
    for (bin, &n) in counts.iter().enumerate().rev() {
        if left <= n as usize {
            return Some((bin as u32, left));
        }
        left -= n as usize;
    }
    None
}

/// True with probability `p`.
fn drawn(rng: &mut ChaCha8Rng, p: f64) -> bool {
    f64::from(rng.next_u32()) < p * 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::kernels::{Panels, pack};

    fn noise(rows: usize, cols: usize, seed: u32) -> Matrix {
        let mut rng = random::stream(7, Purpose::Subset, seed);
        Matrix::from_fn(rows, cols, |_, _| random::uniform(&mut rng, 1.0))
    }

    /// One step on the same product; gives the new weights and the mask.
    fn stepped(gate: Gate) -> (Matrix, Option<Vec<bool>>, GateState) {
        let (post, pre) = (noise(30, 8, 1), noise(40, 8, 2));
        let mut panels = Panels::zeros(40, 8);
        pack(&pre, &mut panels);
        let mut w = noise(30, 40, 3);
        let mut state = GateState::new(gate, 30, 40, 1, 1);
        let product = Waiting { post: &post, panels: &panels, scale: 0.125, decay: None };
        assert!(state.step(Isa::best(), &mut w, &product, None, 0.5));
        let mask = state.mask();
        (w, mask, state)
    }

    fn bits(m: &Matrix) -> Vec<u32> {
        m.values().map(f32::to_bits).collect()
    }

    #[test]
    fn the_top_mask_holds_the_largest_exactly() {
        let all = bits(&stepped(Gate::Threshold).0);
        for p in [0.001, 0.3, 0.5, 0.999] {
            let (w, mask, state) = stepped(Gate::ThresholdTop(p));
            let mask = mask.unwrap();
            assert_eq!(mask.iter().filter(|m| **m).count(), (p * 1200.0f64).ceil() as usize);
            let mut sizes: Vec<f32> = state.change.values().map(f32::abs).collect();
            sizes.sort_by(f32::total_cmp);
            let least = sizes[1200 - (p * 1200.0f64).ceil() as usize];
            for (i, (keep, d)) in mask.iter().zip(state.change.values()).enumerate() {
                assert_eq!(*keep, d.abs() >= least);
                let before = noise(30, 40, 3).values().nth(i).unwrap().to_bits();
                assert_eq!(w.values().nth(i).unwrap().to_bits(), if *keep { all[i] } else { before });
            }
        }
    }

    #[test]
    fn all_is_no_sparsity_and_none_changes_nothing() {
        assert_eq!(bits(&stepped(Gate::ThresholdTop(1.0)).0), bits(&stepped(Gate::Threshold).0));
        assert_eq!(bits(&stepped(Gate::ThresholdTop(0.0)).0), bits(&noise(30, 40, 3)));
        assert_eq!(bits(&stepped(Gate::ThresholdRandom(1.0)).0), bits(&stepped(Gate::Threshold).0));
        assert_eq!(bits(&stepped(Gate::ThresholdRandom(0.0)).0), bits(&noise(30, 40, 3)));
    }

    #[test]
    fn ties_are_kept() {
        let mut state = GateState::new(Gate::ThresholdTop(0.3), 2, 5, 1, 1);
        state.change = Matrix::from_fn(2, 5, |_, c| [2.0, -1.0, 1.0, 0.5, 0.0][c]);
        assert_eq!(state.least_of(3), Some(1.0));
        assert_eq!(state.least_of(2), Some(2.0));
        assert_eq!(state.least_of(10), Some(0.0));
        assert_eq!(state.least_of(0), None);
    }

    #[test]
    fn the_random_mask_has_its_share_and_says_what_it_was() {
        let (w, mask, _) = stepped(Gate::ThresholdRandom(0.3));
        let (mask, all, before) = (mask.unwrap(), stepped(Gate::Threshold).0, noise(30, 40, 3));
        let count = mask.iter().filter(|m| **m).count() as f64;
        assert!((count - 360.0).abs() < 5.0 * (1200.0f64 * 0.3 * 0.7).sqrt(), "{count}");
        for (((w, a), b), keep) in w.values().zip(all.values()).zip(before.values()).zip(&mask) {
            assert_eq!(w, if *keep { a } else { b });
        }
    }

    #[test]
    fn a_product_held_constant_is_its_own_threshold() {
        let (post, pre) = (noise(30, 8, 1), noise(40, 8, 2));
        let mut panels = Panels::zeros(40, 8);
        pack(&pre, &mut panels);
        let product = Waiting { post: &post, panels: &panels, scale: 0.125, decay: None };
        let (mut w, mut state) = (noise(30, 40, 3), GateState::new(Gate::Threshold, 30, 40, 1, 1));
        state.step(Isa::best(), &mut w, &product, None, 0.5);
        let after_first = bits(&w);
        for _ in 0..5 {
            state.step(Isa::best(), &mut w, &product, None, 0.5);
            assert!(state.change.values().all(|d| d == 0.0));
            assert_eq!(bits(&w), after_first);
        }
    }
}
