//! One layer of weights and its part of a step.

use crate::net::kernels::{self, Panels, Waiting};
use crate::net::{Isa, Matrix};
use crate::random::{self, Purpose};
use crate::rules::{Centring, Gate, Post, Pre, RowDecay, Rule, UpdateTerm};
use crate::train::gate::GateState;
use crate::train::products::Products;
use crate::train::{Config, Optimiser};

/// One layer of weights with what a step needs around it. Signals hold one row per unit, the batch contiguous.
pub(super) struct Layer {
    /// `n_l x n_(l-1)`.
    pub(super) w: Matrix,
    /// `1 x n_l`.
    pub(super) b: Matrix,
    /// `h_l`, `n_l x batch`; at the top the output.
    pub(super) h: Matrix,
    /// Teaching signal, `n_l x batch`; at the top the output error.
    pub(super) delta: Matrix,
    /// The post signal, where it is not delta itself (the forward pass overwrites activities).
    pub(super) post: Option<Matrix>,
    /// The pre signal packed for the update.
    pub(super) pre: Panels,
    /// What is subtracted from this layer's input, with the input less it.
    pub(super) centre: Option<Centre>,
    /// `h_(l-1) - h_l W_l`.
    pub(super) residual: Option<Matrix>,
    /// Row decay of the update, if it has one.
    pub(super) decay: Option<Vec<f32>>,
    /// The update that waits, if one does: its scale.
    pub(super) waiting: Option<f32>,
    pub(super) optimiser: Option<RmsState>,
    pub(super) gate: Option<GateState>,
}

/// The centre of a layer's input.
pub(super) struct Centre {
    pub(super) mu: Vec<f32>,
    /// Input less `mu`, `n_(l-1) x batch`.
    pub(super) values: Matrix,
    /// Whether `mu` follows the activity below.
    pub(super) moves: bool,
}

/// State of RMSprop: running mean squares and a place for the gradient.
pub(super) struct RmsState {
    pub(super) w: Matrix,
    pub(super) b: Matrix,
    pub(super) gradient: Matrix,
}

impl Layer {
    pub(super) fn new(config: &Config, l: usize, sizes: &[usize], rule: &dyn Rule) -> Layer {
        let (n_in, n_out, batch) = (sizes[l - 1], sizes[l], config.batch);
        let bound = (1.0 / (n_in as f64).sqrt()) as f32;
        let mut rng = random::stream(config.seed, Purpose::Init, l as u32);
        let mut draw = |rows, cols| Matrix::from_fn(rows, cols, |_, _| random::uniform(&mut rng, bound));
        let (mut w, mut b) = (draw(n_out, n_in), draw(1, n_out));
        if config.zero_init {
            (w, b) = (Matrix::zeros(n_out, n_in), Matrix::zeros(1, n_out));
        }
        let top = sizes.len() - 1;
        if l < top && !rule.hidden_bias() {
            b = Matrix::zeros(1, n_out);
        }
        let term = rule.update(l, top);
        let post = term.is_some_and(|t| t.post != Post::Delta);
        let residual = term.is_some_and(|t| t.pre == Pre::Residual);
        let decay = term.is_some_and(|t| t.decay != RowDecay::None);
        let centred = match rule.centring() {
            Centring::None => false,
            Centring::Input => l == 1,
            Centring::Running => true,
        };
        // held where it would have to move a frozen bias, or where the layer below is frozen
        let moves = l > 1 && term.is_some() && rule.update(l - 1, top).is_some();
        let gate = term.map_or(Gate::None, |t| t.gate);
        let optimiser = matches!(config.optimiser, Optimiser::RmsProp { .. }).then(|| RmsState {
            w: Matrix::zeros(n_out, n_in),
            b: Matrix::zeros(1, n_out),
            gradient: Matrix::zeros(n_out, n_in),
        });
        Layer {
            w,
            b,
            h: Matrix::zeros(n_out, batch),
            delta: Matrix::zeros(n_out, batch),
            post: post.then(|| Matrix::zeros(n_out, batch)),
            pre: Panels::zeros(n_in, batch),
            centre: centred.then(|| Centre { mu: vec![0.0; n_in], values: Matrix::zeros(n_in, batch), moves }),
            residual: residual.then(|| Matrix::zeros(n_in, batch)),
            decay: decay.then(|| vec![0.0; n_out]),
            waiting: None,
            optimiser,
            gate: (gate != Gate::None).then(|| GateState::new(gate, n_out, n_in, config.seed, l as u32)),
        }
    }

    /// Packs the pre signal; `first` layers without centre have theirs packed while it was gathered.
    pub(super) fn pack_pre(&mut self, isa: Isa, term: &UpdateTerm, input: &Matrix, first: bool) {
        let Layer { w, h, pre, centre, residual, .. } = self;
        let seen = centre.as_ref().map_or(input, |c| &c.values);
        match (term.pre, residual) {
            (Pre::Residual, Some(residual)) => {
                kernels::backward(isa, w, h, residual);
                kernels::subtract_from(isa, seen, residual);
                kernels::pack(residual, pre);
            }
            _ if first && centre.is_none() => {}
            _ => kernels::pack(seen, pre),
        }
    }

    /// Makes the post signal where it is not delta itself.
    pub(super) fn fill_post(&mut self, isa: Isa, term: &UpdateTerm) {
        let Layer { post, h, delta, .. } = self;
        let Some(post) = post else { return };
        match term.post {
            Post::Delta => {}
            Post::Activity => post.padded_mut().copy_from_slice(h.padded()),
            Post::Sum { activity, delta: factor } => kernels::combine(isa, activity, h, factor, delta, post),
            Post::DeltaTimesActivity => kernels::multiply(isa, delta, h, post),
        }
    }

    /// Row decay; `step` is `scale * eta / N`.
    pub(super) fn fill_decay(&mut self, isa: Isa, term: &UpdateTerm, step: f64) {
        let Layer { post, h, delta, decay, .. } = self;
        let Some(decay) = decay else { return };
        let factor = match term.decay {
            RowDecay::None => return,
            RowDecay::Constant(lambda) => return decay.fill(lambda),
            RowDecay::Squares(c) => {
                kernels::row_products(isa, h, h, decay);
                (step * f64::from(c)) as f32
            }
            RowDecay::PostTimesActivity => {
                kernels::row_products(isa, post.as_ref().unwrap_or(delta), h, decay);
                step as f32
            }
        };
        decay.iter_mut().for_each(|d| *d *= factor);
    }

    /// `b += scale * sum(delta)`. False if a bias is not finite.
    pub(super) fn descend_bias(&mut self, isa: Isa, scale: f32, sums: &mut [f32]) -> bool {
        kernels::row_sums(isa, &self.delta, sums);
        let mut finite = true;
        for (b, s) in self.b.row_mut(0).iter_mut().zip(sums) {
            *b += scale * *s;
            finite &= b.is_finite();
        }
        finite
    }

    /// Applies the update that waits. False if a weight is not finite.
    pub(super) fn flush(&mut self, products: &mut Products) -> bool {
        let Some(scale) = self.waiting.take() else { return true };
        let (post, decay) = (self.post.as_ref().unwrap_or(&self.delta), self.decay.as_deref());
        products.update(&mut self.w, &Waiting { post, panels: &self.pre, scale, decay })
    }

    /// HebbNet's threshold and mask, at once. False if a weight is not finite.
    pub(super) fn gated(&mut self, isa: Isa, term: &UpdateTerm, batch: usize, rate: f64) -> bool {
        let Layer { w, post, delta, pre, decay, gate, .. } = self;
        let gate = gate.as_mut().expect("made with the layer");
        let waiting = Waiting {
            post: post.as_ref().unwrap_or(delta),
            panels: pre,
            scale: (1.0 / batch as f64) as f32,
            decay: None,
        };
        let decay = if term.decay == RowDecay::None { None } else { decay.as_deref() };
        gate.step(isa, w, &waiting, decay, (f64::from(term.scale) * rate) as f32)
    }

    /// `b += W delta_mu`, with `W` as it is.
    pub(super) fn shift_bias(&mut self, moved: impl Fn(usize, &Centre) -> f64) {
        let Layer { w, b, centre, .. } = self;
        let centre = centre.as_ref().expect("only centred layers shift");
        for (r, b) in b.row_mut(0).iter_mut().enumerate() {
            let mut lanes = [0.0f64; 4];
            for (k, &w) in w.row(r).iter().enumerate() {
                lanes[k % 4] += f64::from(w) * moved(k, centre);
            }
            *b = (f64::from(*b) + (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) as f32;
        }
    }

    /// One RMSprop step at once, on the gradient that the term stands for. False if something is not finite.
    pub(super) fn rmsprop(
        &mut self,
        isa: Isa,
        products: &mut Products,
        term: &UpdateTerm,
        batch: usize,
        (rate, alpha, eps): (f32, f32, f32),
        sums: &mut [f32],
    ) -> bool {
        let mean = 1.0 / batch as f64;
        let post = self.post.as_ref().unwrap_or(&self.delta);
        let state = self.optimiser.as_mut().expect("made with the layer");
        let mean_scale = (-f64::from(term.scale) * mean) as f32;
        state.gradient.padded_mut().fill(0.0);
        let waiting = Waiting { post, panels: &self.pre, scale: mean_scale, decay: None };
        products.update(&mut state.gradient, &waiting);
        match (term.decay, &mut self.decay) {
            (RowDecay::None, _) | (_, None) => {}
            // not a gradient: W loses its share, whatever the optimiser
            (RowDecay::Constant(_), Some(decay)) => kernels::decay_rows(isa, decay, &mut self.w),
            (_, Some(decay)) => {
                // filled for a rate of 1: scale * c * mean(..)
                decay.iter_mut().for_each(|d| *d *= term.scale);
                kernels::add_rows(isa, decay, &self.w, &mut state.gradient);
            }
        }
        let weights =
            kernels::rmsprop(isa, self.w.padded_mut(), state.w.padded_mut(), state.gradient.padded(), rate, alpha, eps);
        let mut finite = weights;
        if term.bias {
            kernels::row_sums(isa, &self.delta, sums);
            for ((b, v), s) in self.b.row_mut(0).iter_mut().zip(state.b.row_mut(0)).zip(sums) {
                let g = mean as f32 * *s;
                *v = alpha * *v + (1.0 - alpha) * g * g;
                *b -= rate * g / (v.sqrt() + eps);
                finite &= b.is_finite();
            }
        }
        finite
    }
}
