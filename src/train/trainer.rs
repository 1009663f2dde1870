//! The engine: owns weights, feedback and optimiser state, and does one step at a time.
//!
//! A rule's updates wait and are applied in the pass that reads the weights next, the forward product of the
//! following step, so that a step travels over the weights once. [`Trainer::flush`] applies them before anybody looks.

use super::products::Products;
use super::{Config, Inputs, Loss, Optimiser};
use crate::data::Images;
use crate::feedback::Matrices;
use crate::net::kernels::{self, Panels, Waiting};
use crate::net::{Activation, Isa, Matrix};
use crate::random::{self, Purpose};
use crate::rules::{Carrier, Rule, RuleError, Signal, Source};

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
    /// Copy of the post signal, where a rule takes an activity there (the forward pass overwrites activities).
    post: Option<Matrix>,
    /// `h_(l-1)` packed for the update.
    pre: Panels,
    /// The update that waits, if one does: its scale.
    waiting: Option<f32>,
    optimiser: Option<RmsState>,
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
    activation: Activation,
    loss: Loss,
    optimiser: Optimiser,
    learning_rate: f64,
    batch: usize,
    layers: Vec<Layer>,
    feedback: Option<Matrices>,
    /// The batch as the network sees it, `n_0 x batch`.
    input: Matrix,
    /// The batch packed; becomes `pre` of the first layer once the update that waits there is applied.
    gathered: Panels,
    labels: Vec<u8>,
    sums: Vec<f32>,
    steps: u64,
}

impl Trainer {
    /// A freshly initialised network of the registered rule.
    ///
    /// # Errors
    /// If the rule cannot be built with its options.
    pub fn new(config: &Config, inputs: usize, classes: usize, isa: Isa) -> Result<Trainer, RuleError> {
        Ok(Trainer::with_rule(config, config.rule.build()?, inputs, classes, isa))
    }

    /// The same with a rule that is in no registry (`config.rule` is not looked at).
    pub fn with_rule(config: &Config, rule: Box<dyn Rule>, inputs: usize, classes: usize, isa: Isa) -> Trainer {
        let sizes = config.network.sizes(inputs, classes);
        let batch = config.batch;
        let layers = (1..sizes.len()).map(|l| Layer::new(config, l, &sizes, rule.as_ref())).collect();
        let widest = *sizes.iter().max().expect("a network has layers");
        Trainer {
            isa,
            products: Products::new(config.precision, isa, widest, batch),
            feedback: rule.feedback().map(|spec| Matrices::new(spec, &sizes, config.seed)),
            rule,
            activation: config.network.activation,
            loss: config.loss,
            optimiser: config.optimiser,
            learning_rate: config.learning_rate,
            batch,
            layers,
            input: Matrix::zeros(inputs, batch),
            gathered: Panels::zeros(inputs, batch),
            labels: vec![0; batch],
            sums: vec![0.0; widest],
            steps: 0,
        }
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
        self.steps += 1;
        if !loss.is_finite() {
            return StepReport { loss, diverged: Some(self.steps) };
        }
        self.teach();
        let finite = self.schedule_updates();
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
            let Layer { w, b, h, delta, post, pre, waiting, .. } = layer;
            match waiting.take() {
                Some(scale) => {
                    let waiting = Waiting { post: post.as_ref().unwrap_or(delta), panels: pre, scale };
                    finite &= self.products.update_forward(w, &waiting, b.row(0), input, h);
                }
                None => self.products.forward(w, b.row(0), input, h),
            }
            if l == 0 {
                std::mem::swap(pre, &mut self.gathered);
            }
            if l < top {
                match self.activation {
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
            };
            self.products.backward(matrix, signal, &mut layer.delta);
            match self.activation {
                Activation::Relu => kernels::relu_derivative(isa, &mut layer.delta, &layer.h),
                Activation::Tanh => kernels::tanh_derivative(isa, &mut layer.delta, &layer.h),
            }
        }
    }

    /// Updates biases, and weights or what will update them in the next pass. False if something is not finite.
    fn schedule_updates(&mut self) -> bool {
        let mut finite = true;
        for l in 1..=self.layers.len() {
            let Some(term) = self.rule.update(l) else { continue };
            assert_eq!(term.pre, Signal::Activity(l - 1), "the pre signal of W_l is h_(l-1)");
            let (below, rest) = self.layers.split_at_mut(l - 1);
            let layer = &mut rest[0];
            if let Some(below) = below.last() {
                kernels::pack(&below.h, &mut layer.pre);
            }
            match term.post {
                Signal::Delta(at) if at == l => {}
                Signal::Activity(at) if at == l => {
                    let Layer { post, h, .. } = layer;
                    let post = post.get_or_insert_with(|| Matrix::zeros(h.rows(), h.cols()));
                    for unit in 0..h.rows() {
                        post.row_mut(unit).copy_from_slice(h.row(unit));
                    }
                }
                other => panic!("{other:?} is not a signal of layer {l}"),
            }
            let mean = f64::from(term.scale) / self.batch as f64;
            finite &= match self.optimiser {
                Optimiser::Sgd => layer.descend(self.isa, (mean * self.learning_rate) as f32, &mut self.sums),
                Optimiser::RmsProp { alpha, eps } => layer.rmsprop(
                    self.isa,
                    &mut self.products,
                    (-mean as f32, self.learning_rate as f32),
                    (alpha, eps),
                    &mut self.sums,
                ),
            };
        }
        finite
    }

    /// Applies every update that waits, so that the weights are what the last step made them. False if one is not
    /// finite.
    pub fn flush(&mut self) -> bool {
        let mut finite = true;
        for layer in &mut self.layers {
            if let Some(scale) = layer.waiting.take() {
                let waiting = Waiting { post: layer.post.as_ref().unwrap_or(&layer.delta), panels: &layer.pre, scale };
                finite &= self.products.update(&mut layer.w, &waiting);
            }
        }
        finite
    }

    /// Class numbers predicted for the columns of `input` (`n_0 x batch`), the lowest of equals; `None` where an output
    /// is not a number. `buffers` come from [`Trainer::buffers`]. Flush first.
    pub fn predict(&mut self, input: &Matrix, buffers: &mut [Matrix], mut each: impl FnMut(usize, Option<u8>)) {
        debug_assert!(self.layers.iter().all(|l| l.waiting.is_none()), "flush before predicting");
        let top = self.layers.len() - 1;
        for l in 0..=top {
            let (below, rest) = buffers.split_at_mut(l);
            let layer = &mut self.layers[l];
            let h = &mut rest[0];
            kernels::forward(self.isa, &mut layer.w, layer.b.row(0), if l == 0 { input } else { &below[l - 1] }, h);
            if l < top {
                match self.activation {
                    Activation::Relu => kernels::relu(self.isa, h),
                    Activation::Tanh => kernels::tanh(self.isa, h),
                }
            }
        }
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

    /// Buffers for [`Trainer::predict`] on batches of `batch` images.
    pub fn buffers(&self, batch: usize) -> Vec<Matrix> {
        self.layers.iter().map(|l| Matrix::zeros(l.w.rows(), batch)).collect()
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

    /// RMSprop's running mean squares of `W_l` and `b_l`.
    pub fn mean_squares(&self, layer: usize) -> Option<(&Matrix, &Matrix)> {
        self.layers[layer - 1].optimiser.as_ref().map(|o| (&o.w, &o.b))
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
        let optimiser = matches!(config.optimiser, Optimiser::RmsProp { .. }).then(|| RmsState {
            w: Matrix::zeros(n_out, n_in),
            b: Matrix::zeros(1, n_out),
            gradient: Matrix::zeros(n_out, n_in),
        });
        let takes_activity = rule.update(l).is_some_and(|t| matches!(t.post, Signal::Activity(_)));
        Layer {
            w,
            b,
            h: Matrix::zeros(n_out, batch),
            delta: Matrix::zeros(n_out, batch),
            post: takes_activity.then(|| Matrix::zeros(n_out, batch)),
            pre: Panels::zeros(n_in, batch),
            waiting: None,
            optimiser,
        }
    }

    /// `b += scale * sum(post)` now, `W += scale * post^T pre` in the next pass. False if a bias is not finite.
    fn descend(&mut self, isa: Isa, scale: f32, sums: &mut [f32]) -> bool {
        let sums = &mut sums[..self.w.rows()];
        kernels::row_sums(isa, self.post.as_ref().unwrap_or(&self.delta), sums);
        let mut finite = true;
        for (b, s) in self.b.row_mut(0).iter_mut().zip(sums) {
            *b += scale * *s;
            finite &= b.is_finite();
        }
        self.waiting = Some(scale);
        finite
    }

    /// One RMSprop step at once, on the gradient `mean * post^T pre`. False if something is not finite.
    fn rmsprop(
        &mut self,
        isa: Isa,
        products: &mut Products,
        (mean, rate): (f32, f32),
        (alpha, eps): (f32, f32),
        sums: &mut [f32],
    ) -> bool {
        let post = self.post.as_ref().unwrap_or(&self.delta);
        let state = self.optimiser.as_mut().expect("made with the layer");
        let sums = &mut sums[..self.w.rows()];
        kernels::row_sums(isa, post, sums);
        state.gradient.padded_mut().fill(0.0);
        products.update(&mut state.gradient, &Waiting { post, panels: &self.pre, scale: mean });
        let weights =
            kernels::rmsprop(isa, self.w.padded_mut(), state.w.padded_mut(), state.gradient.padded(), rate, alpha, eps);
        let mut finite = weights;
        for ((b, v), s) in self.b.row_mut(0).iter_mut().zip(state.b.row_mut(0)).zip(sums) {
            let g = mean * *s;
            *v = alpha * *v + (1.0 - alpha) * g * g;
            *b -= rate * g / (v.sqrt() + eps);
            finite &= b.is_finite();
        }
        finite
    }
}
