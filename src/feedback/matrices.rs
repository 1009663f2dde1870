//! The feedback matrices of one network: drawn once, signs refreshed or updated at each step where the kind asks for it.

use super::{Feedback, FeedbackKind, Route, Scale, Start};
use crate::net::kernels::{Panels, Waiting};
use crate::net::{Isa, Matrix, kernels};
use crate::random::{self, Purpose};
use crate::update::{Pre, RowDecay, UpdateTerm};

/// `B_l` for every hidden layer `l` (index `l - 1`).
#[derive(Clone)]
pub struct Matrices {
    spec: Feedback,
    /// As used at this step: `rows x n_l`.
    used: Vec<Matrix>,
    /// `|B|`, kept where signs follow the weights.
    magnitude: Vec<Matrix>,
    /// Forward path of each hidden layer, transposed (`n_l x classes`): scratch for the signs of DFA.
    paths: Vec<Matrix>,
    /// How each B learns, if it does.
    learning: Option<Learning>,
}

/// What feedback that learns needs around it.
#[derive(Clone)]
struct Learning {
    term: UpdateTerm,
    /// Row decay of the largest B.
    decay: Vec<f32>,
    /// `h_l - B_l^T post` and the same packed, for the subspace rule.
    residual: Vec<(Matrix, Panels)>,
    /// Frobenius norms at the start.
    norms: Vec<f64>,
}

impl Matrices {
    /// Draws the matrices for layer sizes `n_0 ..= n_L`. For one seed, the same layer and shape give the same `M`,
    /// and all four kinds are made from that `M`.
    pub fn new(spec: Feedback, sizes: &[usize], seed: u64, batch: usize) -> Matrices {
        let hidden = 1..sizes.len() - 1;
        use FeedbackKind::{Binary, BinarySign, BinarySignTop};
        let magnitude_of = |layer: usize| match (spec.kind, spec.scale) {
            (Binary | BinarySign | BinarySignTop, Scale::Literal) => Some(1.0),
            (Binary | BinarySign | BinarySignTop, Scale::Matched) => {
                Some((1.0 / (3.0 * sizes[layer] as f64).sqrt()) as f32)
            }
            _ => None,
        };
        let drawn: Vec<Matrix> = hidden
            .map(|layer| {
                let mut rng = random::stream(seed, Purpose::Feedback, layer as u32);
                let bound = (1.0 / (sizes[layer] as f64).sqrt()) as f32;
                Matrix::from_fn(spec.rows(layer, sizes), sizes[layer], |_, _| {
                    let m = random::uniform(&mut rng, bound);
                    magnitude_of(layer).map_or(m, |s| s.copysign(m))
                })
            })
            .collect();
        let magnitude = if spec.kind.follows_signs() {
            drawn.iter().map(|m| Matrix::from_fn(m.rows(), m.cols(), |r, c| m.row(r)[c].abs())).collect()
        } else {
            Vec::new()
        };
        let classes = *sizes.last().expect("a network has layers");
        let paths = sizes[1..sizes.len() - 1].iter().map(|&n| Matrix::zeros(n, classes)).collect();
        let learning = spec.update().map(|term| Learning {
            term,
            decay: vec![0.0; drawn.iter().map(Matrix::rows).max().unwrap_or(0)],
            residual: match term.pre {
                Pre::Residual => {
                    drawn.iter().map(|b| (Matrix::zeros(b.cols(), batch), Panels::zeros(b.cols(), batch))).collect()
                }
                Pre::Input => Vec::new(),
            },
            norms: drawn.iter().map(Matrix::norm).collect(),
        });
        Matrices { spec, used: drawn, magnitude, paths, learning }
    }

    /// Starts at the forward path where the kind asks for it.
    pub fn start<'a>(&mut self, isa: Isa, weights: impl Fn(usize) -> &'a Matrix) {
        if self.spec.start == Start::Transpose {
            if self.spec.route == Route::Direct {
                forward_paths(isa, &mut self.paths, &weights);
            }
            for (l, b) in self.used.iter_mut().enumerate() {
                match self.spec.route {
                    Route::Layered => b.padded_mut().copy_from_slice(weights(l + 2).padded()),
                    Route::Direct => {
                        for c in 0..b.rows() {
                            for (j, v) in b.row_mut(c).iter_mut().enumerate() {
                                *v = self.paths[l].row(j)[c];
                            }
                        }
                    }
                }
            }
        }
        if let Some(learning) = &mut self.learning {
            learning.norms = self.used.iter().map(Matrix::norm).collect();
        }
    }

    /// One step of learning of `B_layer`: `pre` is `h_l` with the same packed, `post` the signal where B begins, `rate`
    /// the rate of B. Does nothing where B is fixed. False if an entry is not finite.
    pub fn learn(&mut self, isa: Isa, layer: usize, pre: (&Matrix, &Panels), post: &Matrix, rate: f64) -> bool {
        let Some(Learning { term, decay, residual, norms }) = &mut self.learning else { return true };
        let b = &mut self.used[layer - 1];
        let step = rate * f64::from(term.scale) / pre.1.samples() as f64;
        let decay = &mut decay[..b.rows()];
        let decay = match term.decay {
            RowDecay::None => None,
            RowDecay::Constant(lambda) => {
                decay.fill(lambda);
                Some(&*decay)
            }
            RowDecay::Squares(c) => {
                kernels::row_products(isa, post, post, decay);
                let factor = (step * f64::from(c)) as f32;
                decay.iter_mut().for_each(|d| *d *= factor);
                Some(&*decay)
            }
            RowDecay::PostTimesActivity => unreachable!("no kind of feedback decays by it"),
        };
        let panels = match term.pre {
            Pre::Input => pre.1,
            Pre::Residual => {
                let (rest, packed) = &mut residual[layer - 1];
                kernels::backward(isa, b, post, rest);
                kernels::subtract_from(isa, pre.0, rest);
                kernels::pack(rest, packed);
                &*packed
            }
        };
        let finite = kernels::update(isa, b, &Waiting { post, panels, scale: step as f32, decay });
        if self.spec.renormalise && finite && step != 0.0 {
            let norm = b.norm();
            let back = (norms[layer - 1] / norm) as f32;
            if norm > 0.0 && back.is_finite() {
                b.padded_mut().iter_mut().for_each(|v| *v *= back);
            }
        }
        finite
    }

    /// Every float that the next step depends on, in a fixed order.
    pub fn state(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.used.iter_mut().map(Matrix::padded_mut)
    }

    pub fn spec(&self) -> &Feedback {
        &self.spec
    }

    /// `B` that feeds hidden layer `layer` (1-based), as used at this step.
    pub fn used(&self, layer: usize) -> &Matrix {
        &self.used[layer - 1]
    }

    /// Replaces `B` of hidden layer `layer`.
    pub fn set(&mut self, layer: usize, b: &Matrix) {
        let own = &mut self.used[layer - 1];
        assert_eq!((own.rows(), own.cols()), (b.rows(), b.cols()), "feedback of another shape");
        own.padded_mut().copy_from_slice(b.padded());
    }

    /// Takes the signs of the forward weights `W_1 ..= W_L` where the kind asks for it.
    pub fn refresh<'a>(&mut self, isa: Isa, weights: impl Fn(usize) -> &'a Matrix) {
        if !self.spec.kind.follows_signs() {
            return;
        }
        let hidden = self.used.len();
        match self.spec.route {
            Route::Layered => {
                for l in 1..=hidden {
                    kernels::signs(isa, &self.magnitude[l - 1], weights(l + 1), &mut self.used[l - 1]);
                }
            }
            Route::Direct => {
                // no forward matrix has the shape of a lower B: its signs come from the product of the forward path
                let paths = if self.spec.kind == FeedbackKind::BinarySignTop { 1..1 } else { 1..hidden };
                if !paths.is_empty() {
                    forward_paths(isa, &mut self.paths, &weights);
                }
                for l in paths {
                    let (path, magnitude, used) = (&self.paths[l - 1], &self.magnitude[l - 1], &mut self.used[l - 1]);
                    for c in 0..used.rows() {
                        for (j, (b, m)) in used.row_mut(c).iter_mut().zip(magnitude.row(c)).enumerate() {
                            *b = if path.row(j)[c] < 0.0 { -m } else { *m };
                        }
                    }
                }
                kernels::signs(isa, &self.magnitude[hidden - 1], weights(hidden + 1), &mut self.used[hidden - 1]);
            }
        }
    }

    /// Angle in degrees between each `B_l` and the forward path that it replaces; `None` if one of them is zero or
    /// not finite.
    pub fn angles<'a>(&mut self, isa: Isa, weights: impl Fn(usize) -> &'a Matrix) -> Vec<Option<f64>> {
        let hidden = self.used.len();
        if self.spec.route == Route::Direct {
            forward_paths(isa, &mut self.paths, &weights);
        }
        (1..=hidden)
            .map(|l| {
                let b = self.used(l);
                match self.spec.route {
                    Route::Layered => angle(b.values().zip(weights(l + 1).values())),
                    Route::Direct => {
                        let path = &self.paths[l - 1];
                        angle((0..b.rows()).flat_map(|c| (0..b.cols()).map(move |j| (b.row(c)[j], path.row(j)[c]))))
                    }
                }
            })
            .collect()
    }
}

/// `(W_L ... W_(l+1))^T` for every hidden layer `l`, from the top down.
fn forward_paths<'a>(isa: Isa, paths: &mut [Matrix], weights: &impl Fn(usize) -> &'a Matrix) {
    let hidden = paths.len();
    let top = weights(hidden + 1);
    for j in 0..top.cols() {
        for c in 0..top.rows() {
            paths[hidden - 1].row_mut(j)[c] = top.row(c)[j];
        }
    }
    for l in (1..hidden).rev() {
        let (below, above) = paths.split_at_mut(l);
        kernels::backward(isa, weights(l + 1), &above[0], &mut below[l - 1]);
    }
}

/// Angle between two vectors in degrees, in `f64` on values scaled by the largest, so that no square overflows.
pub fn angle(pairs: impl Iterator<Item = (f32, f32)> + Clone) -> Option<f64> {
    let largest =
        pairs.clone().fold((0.0f64, 0.0f64), |(a, b), (x, y)| (a.max(f64::from(x.abs())), b.max(f64::from(y.abs()))));
    if !(largest.0 > 0.0 && largest.1 > 0.0 && largest.0.is_finite() && largest.1.is_finite()) {
        return None;
    }
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        let (x, y) = (f64::from(x) / largest.0, f64::from(y) / largest.1);
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    let angle = libm::acos((xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0)).to_degrees();
    angle.is_finite().then_some(angle)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [usize; 4] = [30, 400, 300, 10];

    fn weights() -> Vec<Matrix> {
        (1..SIZES.len())
            .map(|l| {
                let mut rng = random::stream(3, Purpose::Init, l as u32);
                Matrix::from_fn(SIZES[l], SIZES[l - 1], |_, _| random::uniform(&mut rng, 0.1))
            })
            .collect()
    }

    fn made(route: Route, kind: FeedbackKind, scale: Scale) -> Matrices {
        let w = weights();
        let mut m = Matrices::new(
            Feedback { route, kind, scale, start: Start::Random, renormalise: false, decay: 0.0 },
            &SIZES,
            5,
            16,
        );
        m.refresh(Isa::best(), |l| &w[l - 1]);
        m
    }

    #[test]
    fn shapes_replace_the_forward_path() {
        let shape = |m: &Matrices, l: usize| (m.used(l).rows(), m.used(l).cols());
        let fa = made(Route::Layered, FeedbackKind::Random, Scale::Literal);
        assert_eq!((shape(&fa, 1), shape(&fa, 2)), ((300, 400), (10, 300)));
        let dfa = made(Route::Direct, FeedbackKind::Random, Scale::Literal);
        assert_eq!((shape(&dfa, 1), shape(&dfa, 2)), ((10, 400), (10, 300)));
        // the same seed, layer and shape: the same matrix
        assert!(fa.used(2).values().eq(dfa.used(2).values()));
    }

    #[test]
    fn signs_follow_the_weights_and_magnitudes_stay() {
        let w = weights();
        for route in [Route::Layered, Route::Direct] {
            let random = made(route, FeedbackKind::Random, Scale::Literal);
            let signed = made(route, FeedbackKind::RandomSign, Scale::Literal);
            let binary = made(route, FeedbackKind::BinarySign, Scale::Literal);
            for l in 1..=2 {
                for c in 0..random.used(l).rows() {
                    for j in 0..SIZES[l] {
                        let path = match (route, l) {
                            (Route::Layered, _) => f64::from(w[l].row(c)[j]),
                            (_, 2) => f64::from(w[2].row(c)[j]),
                            _ => (0..300).map(|k| f64::from(w[2].row(c)[k]) * f64::from(w[1].row(k)[j])).sum(),
                        };
                        if path.abs() < 1e-6 {
                            continue; // too close to zero to have a sure sign in f32
                        }
                        let (m, s, b) = (random.used(l).row(c)[j], signed.used(l).row(c)[j], binary.used(l).row(c)[j]);
                        assert_eq!(s, m.abs().copysign(path as f32));
                        assert_eq!(b, 1f32.copysign(path as f32));
                    }
                }
            }
        }
    }

    #[test]
    fn signs_on_top_only_leave_the_lower_matrices_as_they_were_drawn() {
        let made = |kind| made(Route::Direct, kind, Scale::Literal);
        let (top, signs, fixed) =
            (made(FeedbackKind::BinarySignTop), made(FeedbackKind::BinarySign), made(FeedbackKind::Binary));
        assert!(top.used(2).values().eq(signs.used(2).values()) && !top.used(2).values().eq(fixed.used(2).values()));
        assert!(top.used(1).values().eq(fixed.used(1).values()) && !top.used(1).values().eq(signs.used(1).values()));
    }

    #[test]
    fn matched_binary_has_the_norm_of_random() {
        let random = made(Route::Layered, FeedbackKind::Random, Scale::Literal);
        let matched = made(Route::Layered, FeedbackKind::Binary, Scale::Matched);
        let literal = made(Route::Layered, FeedbackKind::Binary, Scale::Literal);
        for l in 1..=2 {
            assert!((matched.used(l).norm() / random.used(l).norm() - 1.0).abs() < 0.02);
            let ratio = literal.used(l).norm() / matched.used(l).norm();
            assert!((ratio - (3.0 * SIZES[l] as f64).sqrt()).abs() < 1e-3);
            assert!(literal.used(l).values().zip(random.used(l).values()).all(|(b, m)| b == 1f32.copysign(m)));
        }
    }

    #[test]
    fn expected_initial_angles() {
        // uniform weights: |M| o sign(W) makes cos 3/4, ones o sign(W) make cos sqrt(3)/2, independent draws 90 degrees
        let w = weights();
        for (kind, degrees) in
            [(FeedbackKind::RandomSign, 41.41), (FeedbackKind::BinarySign, 30.0), (FeedbackKind::Random, 90.0)]
        {
            let mut m = made(Route::Layered, kind, Scale::Matched);
            for (l, angle) in m.angles(Isa::best(), |l| &w[l - 1]).into_iter().enumerate() {
                let tolerance = 5.0 * 57.3 / ((SIZES[l + 1] * SIZES[l + 2]) as f64).sqrt();
                assert!((angle.unwrap() - degrees).abs() < tolerance, "{kind:?} {l} {angle:?}");
            }
        }
    }

    #[test]
    fn angle_of_extremes() {
        assert_eq!(angle([(1e38f32, 1e-38f32), (1e38, 1e-38)].into_iter()).map(|a| a.round()), Some(0.0));
        assert_eq!(angle([(1.0, 0.0), (2.0, 0.0)].into_iter()), None);
        assert_eq!(angle([(1.0, f32::INFINITY)].into_iter()), None);
        assert_eq!(angle([(1.0, -1.0)].into_iter()).map(|a| a.round()), Some(180.0));
    }
}
