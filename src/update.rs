//! The parts of a weight update, of forward weights as of feedback that learns: one engine (`train`) computes them.

/// The signal on the output side of the weights, `N x n_l`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Post {
    /// `delta_l`; at the top layer the output error `e`.
    Delta,
    /// `h_l`; at the top the output.
    Activity,
    /// `activity * h_l + delta * delta_l`: two rules in one product.
    Sum { activity: f32, delta: f32 },
    /// `delta_l o h_l`.
    DeltaTimesActivity,
}

impl Post {
    /// Whether `delta_l` goes into it.
    pub fn needs_delta(self) -> bool {
        !matches!(self, Post::Activity)
    }
}

/// The signal on the input side, `N x n_(l-1)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pre {
    /// What the layer sees: `h_(l-1)`, or `h_(l-1) - mu_(l-1)` where the rule centres.
    Input,
    /// `h_(l-1) - h_l W_l`: what the layer's output does not explain (Oja's subspace rule).
    Residual,
}

/// What the rows of W lose with the update: `r` in `W = (1 - r) o W + ...`, one number per unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RowDecay {
    None,
    /// `r = c * scale * eta * mean(h_l^2)`: Oja's forgetting term.
    Squares(f32),
    /// `r = scale * eta * mean(post o h_l)`.
    PostTimesActivity,
    /// `r` itself, whatever the rate.
    Constant(f32),
}

/// What is done to the product before it reaches the weights. All but `None` need the product itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Gate {
    None,
    /// The running mean of past products is subtracted (HebbNet's threshold).
    Threshold,
    /// Then only the `ceil(p * entries)` largest are applied, ties included.
    ThresholdTop(f64),
    /// Then each is applied with probability `p`.
    ThresholdRandom(f64),
}

/// Which learning rate an update takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// The trial's rate, through its optimiser.
    Learning,
    /// The hidden layers' own rate, always a plain step.
    Hidden,
}

/// The update of a weight matrix: `W = (1 - r) o W + scale * eta / N * post^T pre`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UpdateTerm {
    pub post: Post,
    pub pre: Pre,
    /// -1 descends, +1 ascends.
    pub scale: f32,
    pub decay: RowDecay,
    pub gate: Gate,
    pub rate: Rate,
    /// Whether the bias descends along the teaching signal: `b -= eta * mean(delta_l)`.
    pub bias: bool,
}

impl UpdateTerm {
    /// Descend along the teaching signal: `W -= eta / N * delta_l^T h_(l-1)`, and the bias with it.
    pub const DESCEND: UpdateTerm = UpdateTerm {
        post: Post::Delta,
        pre: Pre::Input,
        scale: -1.0,
        decay: RowDecay::None,
        gate: Gate::None,
        rate: Rate::Learning,
        bias: true,
    };
}
