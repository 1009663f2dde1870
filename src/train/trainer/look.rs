//! What can be read from a trainer or replaced in it: weights, signals, angles, and the state that a checkpoint keeps.

use super::Trainer;
use crate::feedback::{self, Matrices};
use crate::net::{Activation, Matrix, kernels};
use crate::train::gate::GateState;

impl Trainer {
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

    /// Angles in degrees between the teaching signals and what backpropagation would carry to the same activities, both
    /// of the present network on the last batch, one per hidden layer; empty for a rule that teaches none. Flush first.
    pub fn delta_angles(&mut self) -> Vec<Option<f64>> {
        let top = self.layers.len();
        if (1..top).any(|l| !self.is_taught(l)) {
            return Vec::new();
        }
        debug_assert!(self.layers.iter().all(|l| l.waiting.is_none()), "flush before the state is looked at");
        // the signals of the step that was are of the weights before its update, which was made from this very batch
        self.forward();
        self.output_error();
        self.teach();
        let mut angles = vec![None; top - 1];
        let mut above = self.layers[top - 1].delta.clone();
        for l in (1..top).rev() {
            let layer = &self.layers[l - 1];
            let mut delta = Matrix::zeros(layer.h.rows(), self.batch);
            self.products.backward(&self.layers[l].w, &above, &mut delta);
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
    pub(in crate::train) fn state(&mut self) -> Vec<&mut [f32]> {
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

    /// Whether all of that is finite. The steps check what they change; this sees what an activation function hides
    /// (tanh of infinity is 1) and what nothing changes.
    pub(in crate::train) fn is_finite(&mut self) -> bool {
        self.state().iter().all(|part| part.iter().all(|v| v.is_finite()))
    }

    /// Everything counted that the next step depends on.
    pub(in crate::train) fn counters(&self) -> Vec<u64> {
        let gates = self.layers.iter().filter_map(|l| l.gate.as_ref());
        std::iter::once(self.steps).chain(gates.flat_map(GateState::counters)).collect()
    }

    /// Replaces what [`Self::counters`] gave for the same network.
    pub(in crate::train) fn set_counters(&mut self, counters: &[u64]) {
        self.steps = counters[0];
        let gates = self.layers.iter_mut().filter_map(|l| l.gate.as_mut());
        gates.zip(counters[1..].chunks(GateState::COUNTERS)).for_each(|(gate, c)| gate.set_counters(c));
    }

    pub fn steps(&self) -> u64 {
        self.steps
    }
}
