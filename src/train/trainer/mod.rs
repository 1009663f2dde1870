//! The engine: owns weights, feedback and optimiser state, and does one step at a time.
//!
//! A rule's updates wait and are applied in the pass that reads the weights next, the forward product of the
//! following step, so that a step travels over the weights once. [`Trainer::flush`] applies them before anybody looks.

mod fits;
mod layer;
mod look;
mod predict;

use super::products::Products;
use super::{Config, Inputs, Loss, Optimiser};
use crate::data::Images;
use crate::feedback::{FeedbackKind, Matrices, Route};
use crate::net::kernels::{self, Panels, Waiting};
use crate::net::{Activation, Isa, Matrix};
use crate::rules::{Carrier, Centring, Gate, Post, Rate, Rule, RuleError, Source, UpdateTerm};
use layer::Layer;

/// Images whose mean activity is the first centre of a hidden layer.
const CENTRE_IMAGES: usize = 2000;
/// Share of the batch's mean in the running centre.
const CENTRE_SHARE: f32 = 0.01;

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
        Trainer::with_rule(config, config.rule.build()?, inputs, classes, isa)
    }

    /// The same with a rule that is in no registry (of `config.rule` only the name is used, in errors).
    ///
    /// # Errors
    /// If the rule asks for a combination that the trainer does not have, such as a gate under RMSprop.
    pub fn with_rule(
        config: &Config,
        rule: Box<dyn Rule>,
        inputs: usize,
        classes: usize,
        isa: Isa,
    ) -> Result<Trainer, RuleError> {
        let sizes = config.network.sizes(inputs, classes);
        let (batch, top) = (config.batch, sizes.len() - 1);
        if let Some(reason) = fits::refuses(rule.as_ref(), config.optimiser, top) {
            let (rule, network) = (config.rule.to_string(), config.network.to_string());
            return Err(RuleError::DoesNotFit { rule, network, reason });
        }
        let layers: Vec<Layer> = (1..=top).map(|l| Layer::new(config, l, &sizes, rule.as_ref())).collect();
        let mut feedback = rule.feedback().map(|spec| Matrices::new(spec, &sizes, config.seed, batch));
        if let Some(feedback) = &mut feedback {
            feedback.start(isa, |l| &layers[l - 1].w);
        }
        let target = (1..top).any(|l| rule.teaching(l).is_some_and(|t| t.source == Source::Target));
        let widest = *sizes.iter().max().expect("a network has layers");
        Ok(Trainer {
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
        })
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
