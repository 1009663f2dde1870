//! The engine: owns weights, feedback and optimiser state, and does one step at a time.
//!
//! A rule's updates wait and are applied in the pass that reads the weights next, the forward product of the
//! following step, so that a step travels over the weights once. [`Trainer::flush`] applies them before anybody looks.

use super::gate::GateState;
use super::products::Products;
use super::{Config, Inputs, Loss, Optimiser};
use crate::data::Images;
use crate::feedback::{self, FeedbackKind, Matrices, Route};
use crate::net::kernels::{self, Panels, Waiting};
use crate::net::{Activation, Isa, Matrix};
use crate::random::{self, Purpose};
use crate::rules::{Carrier, Centring, Gate, Post, Pre, Rate, RowDecay, Rule, RuleError, Source, UpdateTerm};

/// Images whose mean activity is the first centre of a hidden layer.
const CENTRE_IMAGES: usize = 2000;
/// Share of the batch's mean in the running centre.
const CENTRE_SHARE: f32 = 0.01;

/// One layer of weights with what a step needs around it. Signals hold one row per unit, the batch contiguous.
struct Layer {
    /// `n_l x n_(l-1)`.
    w: Matrix,
    /// `1 x n_l`.
    b: Matrix,
    /// `h_l`, `n_l x batch`; at the top the output.
    h: Matrix,
    /// Teaching signal, `n_l x batch`; at the top the output error.
    delta: Matrix,
    /// The post signal, where it is not delta itself (the forward pass overwrites activities).
    post: Option<Matrix>,
    /// The pre signal packed for the update.
    pre: Panels,
    /// What is subtracted from this layer's input, with the input less it.
    centre: Option<Centre>,
    /// `h_(l-1) - h_l W_l`.
    residual: Option<Matrix>,
    /// Row decay of the update, if it has one.
    decay: Option<Vec<f32>>,
    /// The update that waits, if one does: its scale.
    waiting: Option<f32>,
    optimiser: Option<RmsState>,
    gate: Option<GateState>,
}

/// The centre of a layer's input.
struct Centre {
    mu: Vec<f32>,
    /// Input less `mu`, `n_(l-1) x batch`.
    values: Matrix,
    /// Whether `mu` follows the activity below.
    moves: bool,
}

/// State of RMSprop: running mean squares and a place for the gradient.
struct RmsState {
    w: Matrix,
    b: Matrix,
    gradient: Matrix,
}

/// What a step tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// Mean loss of the batch before the update (nats a sample; summed over outputs for binary cross-entropy).
    pub loss: f64,
    /// Step (1-based) whose update or loss was not finite.
    pub diverged: Option<u64>,
}

/// A network in training.
pub struct Trainer {
    isa: Isa,
    products: Products,
    rule: Box<dyn Rule>,
    /// Of each hidden layer.
    activations: Vec<Activation>,
    loss: Loss,
    optimiser: Optimiser,
    learning_rate: f64,
    /// Rate of local rules in hidden layers.
    hidden_rate: f64,
    /// Rate of feedback that learns.
    feedback_rate: f64,
    /// What every rate is multiplied by in this epoch.
    rate_factor: f64,
    batch: usize,
    layers: Vec<Layer>,
    feedback: Option<Matrices>,
    /// The batch as the network sees it, `n_0 x batch`.
    input: Matrix,
    /// The batch packed; becomes `pre` of the first layer once the update that waits there is applied.
    gathered: Panels,
    labels: Vec<u8>,
    /// One-hot targets, `classes x batch`, where a rule carries them.
    target: Option<Matrix>,
    sums: Vec<f32>,
    steps: u64,
}

impl Trainer {
    /// A freshly initialised network of the registered rule.
    ///
    /// # Errors
    /// If the rule cannot be built with its options or does not fit the network.
    pub fn new(config: &Config, inputs: usize, classes: usize, isa: Isa) -> Result<Trainer, RuleError> {
        config.rule.check(&config.network, classes)?;
        Ok(Trainer::with_rule(config, config.rule.build()?, inputs, classes, isa))
    }

    /// The same with a rule that is in no registry (`config.rule` is not looked at).
    pub fn with_rule(config: &Config, rule: Box<dyn Rule>, inputs: usize, classes: usize, isa: Isa) -> Trainer {
        let sizes = config.network.sizes(inputs, classes);
        let (batch, top) = (config.batch, sizes.len() - 1);
        let layers: Vec<Layer> = (1..=top).map(|l| Layer::new(config, l, &sizes, rule.as_ref())).collect();
        let mut feedback = rule.feedback().map(|spec| Matrices::new(spec, &sizes, config.seed, batch));
        if let Some(feedback) = &mut feedback {
            feedback.start(isa, |l| &layers[l - 1].w);
        }
        let target = (1..top).any(|l| rule.teaching(l).is_some_and(|t| t.source == Source::Target));
        let widest = *sizes.iter().max().expect("a network has layers");
        Trainer {
            isa,
            products: Products::new(config.precision, isa, widest, batch),
            feedback,
            rule,
            activations: (1..top).map(|l| config.network.activation_of(l)).collect(),
            loss: config.loss,
            optimiser: config.optimiser,
            learning_rate: config.learning_rate,
            hidden_rate: config.hidden_rate.unwrap_or(config.learning_rate),
            feedback_rate: config.feedback_rate.unwrap_or(config.learning_rate),
            rate_factor: 1.0,
            batch,
            layers,
            input: Matrix::zeros(inputs, batch),
            gathered: Panels::zeros(inputs, batch),
            labels: vec![0; batch],
            target: target.then(|| Matrix::zeros(classes, batch)),
            sums: vec![0.0; widest],
            steps: 0,
        }
    }

    /// Before the first step: the centres, from the images at `rows` (the training images in the order of the first
    /// epoch). Rules without centres need nothing.
    pub fn prepare(&mut self, inputs: &Inputs, images: &Images, rows: &[u32]) {
        if self.rule.centring() == Centring::None {
            return;
        }
        if let Some(centre) = &mut self.layers[0].centre {
            centre.mu.copy_from_slice(inputs.mean());
        }
        let rows = &rows[..rows.len().min(CENTRE_IMAGES)];
        if self.rule.centring() != Centring::Running || rows.is_empty() {
            return;
        }
        let top = self.layers.len();
        let mut sums: Vec<Vec<f64>> = self.layers.iter().map(|l| vec![0.0; l.w.rows()]).collect();
        let mut panels = Panels::zeros(self.input.rows(), self.batch);
        let mut x = Matrix::zeros(self.input.rows(), self.batch);
        let mut buffers = self.buffers(self.batch);
        for rows in rows.chunks(self.batch) {
            inputs.gather_transposed(images, rows, &mut panels, &mut x);
            self.run(&x, &mut buffers, |l, h| {
                for (unit, sum) in sums[l].iter_mut().enumerate() {
                    *sum += h.row(unit)[..rows.len()].iter().map(|&v| f64::from(v)).sum::<f64>();
                }
            });
        }
        for l in 2..=top {
            let layer = &mut self.layers[l - 1];
            let centre = layer.centre.as_mut().expect("every layer is centred");
            for (mu, sum) in centre.mu.iter_mut().zip(&sums[l - 2]) {
                *mu = (sum / rows.len() as f64) as f32;
            }
            layer.shift_bias(|k, centre| f64::from(centre.mu[k]));
        }
    }

    /// The rates of epoch `epoch` (0-based).
    pub fn start_epoch(&mut self, epoch: u32) {
        // multiplied out: the same bits everywhere
        self.rate_factor = (0..epoch).fold(1.0, |f, _| f * self.rule.rate_decay());
    }

    /// Trains on one batch: the images at `rows`, exactly `batch` of them.
    pub fn step(&mut self, inputs: &Inputs, images: &Images, rows: &[u32]) -> StepReport {
        assert_eq!(rows.len(), self.batch, "a step takes a whole batch");
        inputs.gather_transposed(images, rows, &mut self.gathered, &mut self.input);
        for (label, &row) in self.labels.iter_mut().zip(rows) {
            *label = images.labels[row as usize];
        }
        let finite = self.forward();
        if !finite {
            return StepReport { loss: f64::NAN, diverged: Some(self.steps) };
        }
        let loss = self.output_error();
        if let Some(target) = &mut self.target {
            target.padded_mut().fill(0.0);
            for (n, &label) in self.labels.iter().enumerate() {
                target.row_mut(usize::from(label))[n] = 1.0;
            }
        }
        self.steps += 1;
        if !loss.is_finite() {
            return StepReport { loss, diverged: Some(self.steps) };
        }
        self.teach();
        let finite = self.schedule_updates() && self.learn_feedback() && self.move_centres();
        StepReport { loss, diverged: (!finite).then_some(self.steps) }
    }

    /// Forward through all layers, applying the updates that wait. False if a weight is not finite.
    fn forward(&mut self) -> bool {
        let (isa, top) = (self.isa, self.layers.len() - 1);
        let mut finite = true;
        for l in 0..=top {
            let (below, rest) = self.layers.split_at_mut(l);
            let layer = &mut rest[0];
            let input = if l == 0 { &self.input } else { &below[l - 1].h };
            let Layer { w, b, h, delta, post, pre, centre, decay, waiting, .. } = layer;
            let input = match centre {
                Some(centre) => {
                    kernels::subtract_rows(isa, input, &centre.mu, &mut centre.values);
                    &centre.values
                }
                None => input,
            };
            match waiting.take() {
                Some(scale) => {
                    let (post, decay) = (post.as_ref().unwrap_or(delta), decay.as_deref());
                    let waiting = Waiting { post, panels: pre, scale, decay };
                    finite &= self.products.update_forward(w, &waiting, b.row(0), input, h);
                }
                None => self.products.forward(w, b.row(0), input, h),
            }
            if l == 0 {
                std::mem::swap(pre, &mut self.gathered);
            }
            if l < top {
                match self.activations[l] {
                    Activation::Relu => kernels::relu(isa, h),
                    Activation::Tanh => kernels::tanh(isa, h),
                }
            }
        }
        finite
    }

    /// Turns the top layer's preactivation into the output, its error into `delta`, and returns the mean loss.
    fn output_error(&mut self) -> f64 {
        let layer = self.layers.last_mut().expect("a network has layers");
        let loss = self.loss.output(self.isa, &mut layer.h, &self.labels);
        for class in 0..layer.h.rows() {
            let error = layer.delta.row_mut(class);
            for ((e, &y), &label) in error.iter_mut().zip(layer.h.row(class)).zip(&self.labels) {
                *e = y - f32::from(u8::from(usize::from(label) == class));
            }
        }
        loss / self.batch as f64
    }

    /// Carries the error down to every hidden layer as the rule says.
    fn teach(&mut self) {
        let (isa, top) = (self.isa, self.layers.len());
        let layers = &self.layers;
        if let Some(feedback) = &mut self.feedback {
            feedback.refresh(isa, |l| &layers[l - 1].w);
        }
        for l in (1..top).rev() {
            let Some(teaching) = self.rule.teaching(l) else { continue };
            let (below, above) = self.layers.split_at_mut(l);
            let layer = &mut below[l - 1];
            let matrix = match teaching.carrier {
                Carrier::ForwardWeights => &above[0].w,
                Carrier::Feedback => self.feedback.as_ref().expect("a rule that uses feedback declares it").used(l),
            };
            let signal = match teaching.source {
                Source::LayerAbove => &above[0].delta,
                Source::OutputError => &above[above.len() - 1].delta,
                Source::Target => self.target.as_ref().expect("made where a rule carries it"),
            };
            self.products.backward(matrix, signal, &mut layer.delta);
            if !teaching.derivative {
                continue;
            }
            match self.activations[l - 1] {
                Activation::Relu => kernels::relu_derivative(isa, &mut layer.delta, &layer.h),
                Activation::Tanh => kernels::tanh_derivative(isa, &mut layer.delta, &layer.h),
            }
        }
    }

    /// Updates biases, and weights or what will update them in the next pass. False if something is not finite.
    fn schedule_updates(&mut self) -> bool {
        let (isa, top) = (self.isa, self.layers.len());
        let mut finite = true;
        for l in 1..=top {
            let Some(term) = self.rule.update(l, top) else { continue };
            let (below, rest) = self.layers.split_at_mut(l - 1);
            let layer = &mut rest[0];
            let input = below.last().map_or(&self.input, |below| &below.h);
            layer.pack_pre(isa, &term, input, l == 1);
            layer.fill_post(isa, &term);
            let rate = self.rate_factor
                * match term.rate {
                    Rate::Learning => self.learning_rate,
                    Rate::Hidden => self.hidden_rate,
                };
            let sums = &mut self.sums[..layer.w.rows()];
            finite &= match self.optimiser {
                Optimiser::RmsProp { alpha, eps } if term.rate == Rate::Learning => {
                    layer.fill_decay(isa, &term, 1.0 / self.batch as f64);
                    layer.rmsprop(isa, &mut self.products, &term, self.batch, (rate as f32, alpha, eps), sums)
                }
                _ if term.gate != Gate::None => {
                    // the terms of dW itself: the rate comes in where it is applied
                    layer.fill_decay(isa, &UpdateTerm { scale: 1.0, ..term }, 1.0 / self.batch as f64);
                    layer.gated(isa, &term, self.batch, rate)
                }
                _ => {
                    let step = f64::from(term.scale) / self.batch as f64 * rate;
                    layer.fill_decay(isa, &term, step);
                    layer.waiting = Some(step as f32);
                    let descend = (-1.0 / self.batch as f64 * rate) as f32;
                    !term.bias || layer.descend_bias(isa, descend, sums)
                }
            };
        }
        finite
    }

    /// One step of feedback that learns. False if an entry is not finite.
    fn learn_feedback(&mut self) -> bool {
        let Some(feedback) = &mut self.feedback else { return true };
        let Some(term) = feedback.spec().update() else { return true };
        let (route, mirrors) = (feedback.spec().route, feedback.spec().kind == FeedbackKind::KolenPollack);
        let rate = self.rate_factor * if mirrors { self.learning_rate } else { self.feedback_rate };
        let mut finite = true;
        for l in 1..self.layers.len() {
            let begins = match route {
                Route::Layered => &self.layers[l],
                Route::Direct => &self.layers[self.layers.len() - 1],
            };
            let post = if term.post == Post::Delta { &begins.delta } else { &begins.h };
            // the layer above packed h_l for its own update
            let pre = (&self.layers[l - 1].h, &self.layers[l].pre);
            finite &= feedback.learn(self.isa, l, pre, post, rate);
        }
        finite
    }

    /// Lets running centres follow the batch; the bias above takes the difference, with the new weights, so that the
    /// function stays. False if something is not finite.
    fn move_centres(&mut self) -> bool {
        let mut finite = true;
        for l in 2..=self.layers.len() {
            let (below, rest) = self.layers.split_at_mut(l - 1);
            let (below, layer) = (&below[l - 2], &mut rest[0]);
            if !layer.centre.as_ref().is_some_and(|c| c.moves) {
                continue;
            }
            finite &= layer.flush(&mut self.products);
            let means = &mut self.sums[..below.h.rows()];
            for (unit, mean) in means.iter_mut().enumerate() {
                *mean = lane_sum(below.h.row(unit)) / self.batch as f32;
            }
            let moved = |old: f32, mean: f32| (1.0 - CENTRE_SHARE) * old + CENTRE_SHARE * mean;
            layer.shift_bias(|k, c| f64::from(moved(c.mu[k], means[k])) - f64::from(c.mu[k]));
            let centre = layer.centre.as_mut().expect("it moves");
            centre.mu.iter_mut().zip(means).for_each(|(mu, mean)| *mu = moved(*mu, *mean));
            finite &= layer.b.row(0).iter().all(|b| b.is_finite());
        }
        finite
    }

    /// Applies every update that waits, so that the weights are what the last step made them. False if one is not
    /// finite.
    pub fn flush(&mut self) -> bool {
        let mut finite = true;
        for layer in &mut self.layers {
            finite &= layer.flush(&mut self.products);
        }
        finite
    }

    /// Class numbers predicted for the columns of `input` (`n_0 x batch`), the lowest of equals; `None` where an output
    /// is not a number. `buffers` come from [`Trainer::buffers`]. Flush first.
    pub fn predict(&mut self, input: &Matrix, buffers: &mut [Matrix], each: impl FnMut(usize, Option<u8>)) {
        self.predict_watched(input, buffers, |_, _| {}, each);
    }

    /// The same; `watch` sees every layer's activity (index from 0; at the top the preactivation).
    pub(super) fn predict_watched(
        &mut self,
        input: &Matrix,
        buffers: &mut [Matrix],
        watch: impl FnMut(usize, &Matrix),
        mut each: impl FnMut(usize, Option<u8>),
    ) {
        debug_assert!(self.layers.iter().all(|l| l.waiting.is_none()), "flush before predicting");
        let top = self.layers.len() - 1;
        self.run(input, buffers, watch);
        let z = &buffers[top];
        for n in 0..z.cols() {
            let mut best = Some((0, z.row(0)[n]));
            for class in 0..z.rows() {
                let v = z.row(class)[n];
                best = match best {
                    Some((_, b)) if b.is_nan() || v.is_nan() => None,
                    Some((_, b)) if v > b => Some((class as u8, v)),
                    unchanged => unchanged,
                };
            }
            each(n, best.map(|b| b.0));
        }
    }

    /// Forward without training; `each` sees every layer's activity (at the top the preactivation).
    fn run(&mut self, input: &Matrix, buffers: &mut [Matrix], mut each: impl FnMut(usize, &Matrix)) {
        let (isa, top) = (self.isa, self.layers.len() - 1);
        // the last buffer is for the input less its centre, where there is one
        let (buffers, centred) = buffers.split_at_mut(top + 1);
        for l in 0..=top {
            let (below, rest) = buffers.split_at_mut(l);
            let layer = &mut self.layers[l];
            let h = &mut rest[0];
            let input = match (&layer.centre, below.last_mut()) {
                (Some(centre), None) => {
                    kernels::subtract_rows(isa, input, &centre.mu, &mut centred[0]);
                    &centred[0]
                }
                (Some(centre), Some(below)) => {
                    kernels::subtract_rows_in_place(isa, below, &centre.mu);
                    &*below
                }
                (None, Some(below)) => &*below,
                (None, None) => input,
            };
            kernels::forward(isa, &mut layer.w, layer.b.row(0), input, h);
            if l < top {
                match self.activations[l] {
                    Activation::Relu => kernels::relu(isa, h),
                    Activation::Tanh => kernels::tanh(isa, h),
                }
            }
            each(l, h);
        }
    }

    /// Buffers for [`Trainer::predict`] on batches of `batch` images; the top layer's is at index `L - 1`.
    pub fn buffers(&self, batch: usize) -> Vec<Matrix> {
        let centred = self.layers[0].centre.as_ref().map(|c| c.mu.len());
        self.layers.iter().map(|l| l.w.rows()).chain(centred).map(|n| Matrix::zeros(n, batch)).collect()
    }

    /// Angles between feedback matrices and forward paths in degrees, one per hidden layer; empty without feedback.
    pub fn feedback_angles(&mut self) -> Vec<Option<f64>> {
        let layers = &self.layers;
        self.feedback.as_mut().map(|f| f.angles(self.isa, |l| &layers[l - 1].w)).unwrap_or_default()
    }

    /// Takes the signs of the present weights, as the next step will; only observers need it.
    pub fn refresh_feedback(&mut self) {
        let layers = &self.layers;
        if let Some(feedback) = &mut self.feedback {
            feedback.refresh(self.isa, |l| &layers[l - 1].w);
        }
    }

    /// Angles in degrees between the teaching signals of the last step and what backpropagation would carry to the same
    /// activities through the present weights (one update later: nothing at an epoch's end), one per hidden layer;
    /// empty for a rule that teaches none.
    pub fn delta_angles(&self) -> Vec<Option<f64>> {
        let top = self.layers.len();
        if (1..top).any(|l| !self.is_taught(l)) {
            return Vec::new();
        }
        let mut angles = vec![None; top - 1];
        let mut above = self.layers[top - 1].delta.clone();
        for l in (1..top).rev() {
            let layer = &self.layers[l - 1];
            let mut delta = Matrix::zeros(layer.h.rows(), self.batch);
            kernels::backward(self.isa, &self.layers[l].w, &above, &mut delta);
            match self.activations[l - 1] {
                Activation::Relu => kernels::relu_derivative(self.isa, &mut delta, &layer.h),
                Activation::Tanh => kernels::tanh_derivative(self.isa, &mut delta, &layer.h),
            }
            angles[l - 1] = feedback::angle(layer.delta.values().zip(delta.values()));
            above = delta;
        }
        angles
    }

    /// Activation of hidden layer `layer` (1-based).
    pub fn activation(&self, layer: usize) -> Activation {
        self.activations[layer - 1]
    }

    /// `W_l` for the kernels that read it through a pass.
    pub(super) fn weights_mut(&mut self, layer: usize) -> &mut Matrix {
        &mut self.layers[layer - 1].w
    }

    /// Number of weight layers, L.
    pub fn depth(&self) -> usize {
        self.layers.len()
    }

    /// `W_l`, `n_l x n_(l-1)`, as of the last flush.
    pub fn weights(&self, layer: usize) -> &Matrix {
        &self.layers[layer - 1].w
    }

    /// `b_l`.
    pub fn bias(&self, layer: usize) -> &[f32] {
        self.layers[layer - 1].b.row(0)
    }

    /// Replaces a weight matrix, which must have the same shape.
    pub fn set_weights(&mut self, layer: usize, w: &Matrix) {
        let own = &mut self.layers[layer - 1].w;
        assert_eq!((own.rows(), own.cols()), (w.rows(), w.cols()), "weights of another shape");
        own.padded_mut().copy_from_slice(w.padded());
    }

    /// Replaces a bias.
    pub fn set_bias(&mut self, layer: usize, b: &[f32]) {
        self.layers[layer - 1].b.row_mut(0).copy_from_slice(b);
    }

    /// Replaces `B_l`, which must have the same shape (kinds that follow signs take them anew at the next step).
    ///
    /// # Panics
    /// If the rule has no feedback.
    pub fn set_feedback(&mut self, layer: usize, b: &Matrix) {
        self.feedback.as_mut().expect("this rule has no feedback matrices").set(layer, b);
    }

    /// `h_l` of the last step, `n_l x batch` (one row per unit); layer 0 is the input, the top one the output.
    pub fn activity(&self, layer: usize) -> &Matrix {
        if layer == 0 { &self.input } else { &self.layers[layer - 1].h }
    }

    /// Teaching signal of the last step, `n_l x batch`; at the top the output error.
    pub fn delta(&self, layer: usize) -> &Matrix {
        &self.layers[layer - 1].delta
    }

    /// `B_l` as used at the last step, if the rule has feedback.
    pub fn feedback(&self, layer: usize) -> Option<&Matrix> {
        self.feedback.as_ref().map(|f| f.used(layer))
    }

    /// Whether hidden layer `layer` had a teaching signal (the top layer always has one).
    pub fn is_taught(&self, layer: usize) -> bool {
        layer == self.layers.len() || self.rule.teaching(layer).is_some()
    }

    /// Whether the feedback matrices change by a rule of their own.
    pub fn feedback_learns(&self) -> bool {
        self.feedback.as_ref().is_some_and(|f| f.spec().kind.learns())
    }

    /// `mu_layer`, the centre of `h_layer` (0: of the input), if the rule centres there.
    pub fn centre(&self, layer: usize) -> Option<&[f32]> {
        self.layers.get(layer).and_then(|l| l.centre.as_ref()).map(|c| c.mu.as_slice())
    }

    /// `Theta_l`, the mean of past products, if the rule has a threshold there.
    pub fn threshold(&self, layer: usize) -> Option<&Matrix> {
        self.layers[layer - 1].gate.as_ref().map(|g| &g.theta)
    }

    /// Which weights of the layer the last step changed, row by row, if the rule has a mask there.
    pub fn mask(&self, layer: usize) -> Option<Vec<bool>> {
        self.layers[layer - 1].gate.as_ref().and_then(|g| g.mask())
    }

    /// RMSprop's running mean squares of `W_l` and `b_l`.
    pub fn mean_squares(&self, layer: usize) -> Option<(&Matrix, &Matrix)> {
        self.layers[layer - 1].optimiser.as_ref().map(|o| (&o.w, &o.b))
    }

    /// Every float that the next step depends on, in a fixed order; to be read or replaced between steps. Flush first.
    pub(super) fn state(&mut self) -> Vec<&mut [f32]> {
        let mut parts: Vec<&mut [f32]> = vec![];
        for layer in &mut self.layers {
            debug_assert!(layer.waiting.is_none(), "flush before the state is looked at");
            parts.push(layer.w.padded_mut());
            parts.push(layer.b.padded_mut());
            parts.extend(layer.centre.as_mut().map(|c| c.mu.as_mut_slice()));
            if let Some(rms) = &mut layer.optimiser {
                parts.push(rms.w.padded_mut());
                parts.push(rms.b.padded_mut());
            }
            parts.extend(layer.gate.as_mut().map(|g| g.theta.padded_mut()));
        }
        parts.extend(self.feedback.iter_mut().flat_map(Matrices::state));
        parts
    }

    /// Whether all of that is finite. The steps check what they change; this sees what an activation function hides (a
    /// ReLU makes zero of NaN) and what nothing changes.
    pub(super) fn is_finite(&mut self) -> bool {
        self.state().iter().all(|part| part.iter().all(|v| v.is_finite()))
    }

    /// Everything counted that the next step depends on.
    pub(super) fn counters(&self) -> Vec<u64> {
        let gates = self.layers.iter().filter_map(|l| l.gate.as_ref());
        std::iter::once(self.steps).chain(gates.flat_map(GateState::counters)).collect()
    }

    /// Replaces what [`Self::counters`] gave for the same network.
    pub(super) fn set_counters(&mut self, counters: &[u64]) {
        self.steps = counters[0];
        let gates = self.layers.iter_mut().filter_map(|l| l.gate.as_mut());
        gates.zip(counters[1..].chunks(GateState::COUNTERS)).for_each(|(gate, c)| gate.set_counters(c));
    }

    pub fn steps(&self) -> u64 {
        self.steps
    }
}

impl Layer {
    fn new(config: &Config, l: usize, sizes: &[usize], rule: &dyn Rule) -> Layer {
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
    fn pack_pre(&mut self, isa: Isa, term: &UpdateTerm, input: &Matrix, first: bool) {
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
    fn fill_post(&mut self, isa: Isa, term: &UpdateTerm) {
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
    fn fill_decay(&mut self, isa: Isa, term: &UpdateTerm, step: f64) {
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
    fn descend_bias(&mut self, isa: Isa, scale: f32, sums: &mut [f32]) -> bool {
        kernels::row_sums(isa, &self.delta, sums);
        let mut finite = true;
        for (b, s) in self.b.row_mut(0).iter_mut().zip(sums) {
            *b += scale * *s;
            finite &= b.is_finite();
        }
        finite
    }

    /// Applies the update that waits. False if a weight is not finite.
    fn flush(&mut self, products: &mut Products) -> bool {
        let Some(scale) = self.waiting.take() else { return true };
        let (post, decay) = (self.post.as_ref().unwrap_or(&self.delta), self.decay.as_deref());
        products.update(&mut self.w, &Waiting { post, panels: &self.pre, scale, decay })
    }

    /// HebbNet's threshold and mask, at once. False if a weight is not finite.
    fn gated(&mut self, isa: Isa, term: &UpdateTerm, batch: usize, rate: f64) -> bool {
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
    fn shift_bias(&mut self, moved: impl Fn(usize, &Centre) -> f64) {
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
    fn rmsprop(
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

/// Sum of a row: 16 partial sums, then a fixed tree.
fn lane_sum(row: &[f32]) -> f32 {
    let mut lanes = [0.0f32; 16];
    for chunk in row.chunks(16) {
        for (lane, v) in lanes.iter_mut().zip(chunk) {
            *lane += v;
        }
    }
    for width in [8, 4, 2, 1] {
        for i in 0..width {
            lanes[i] += lanes[i + width];
        }
    }
    lanes[0]
}
