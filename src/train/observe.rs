//! What is looked at after each epoch, beside accuracies. Nothing here changes a bit of the training.

use super::stable_rank::StableRank;
use super::{Filters, Trainer};
use crate::net::{Activation, Matrix};

/// What is looked at, beside accuracies; the fields of [`super::EpochRow`] of the same names.
pub(super) struct Observed {
    pub weight_norms: Vec<f64>,
    pub largest_weights: Vec<f64>,
    pub largest_row_norms: Vec<f64>,
    pub movements: Vec<f64>,
    pub stable_rank: Option<f64>,
    pub feedback_angles: Vec<Option<f64>>,
    pub feedback_norms: Vec<f64>,
    pub delta_angles: Vec<Option<f64>>,
    pub conserved_drift: Option<f64>,
    pub incoming_change: Option<f64>,
}

/// Looks at a network, and remembers how it started.
pub(super) struct Observer {
    stable_rank: StableRank,
    /// Every `W_l` at the start, with what its movement is measured by.
    weights: Vec<(Matrix, f64)>,
    /// Frobenius norm of every `B_l` at the start.
    feedback: Vec<f64>,
    /// Of each unit of the top hidden layer: half its squared incoming weights and bias, and what feedback conserves.
    units: Option<Vec<(f64, f64)>>,
}

impl Observer {
    pub fn new(trainer: &Trainer) -> Observer {
        let weights = (1..=trainer.depth()).map(|l| {
            let w = trainer.weights(l);
            // where weights start at zero, the expected norm of `U(+-1/sqrt(fan_in))`
            let norm = Some(w.norm()).filter(|n| *n > 0.0).unwrap_or((w.rows() as f64 / 3.0).sqrt());
            (w.clone(), norm)
        });
        Observer {
            stable_rank: StableRank::default(),
            weights: weights.collect(),
            feedback: feedback_norms(trainer),
            units: conserved(trainer, &(1..=trainer.depth()).map(|l| Rows::of(trainer.weights(l))).collect::<Vec<_>>()),
        }
    }

    /// The direction that the stable rank's iterations go on from.
    pub fn direction(&self) -> Option<Vec<f32>> {
        self.stable_rank.direction()
    }

    /// Whether a direction of this length fits (none at all does).
    pub fn takes(&self, length: usize) -> bool {
        length == 0 || length == self.weights[0].0.cols()
    }

    pub fn set_direction(&mut self, v: Vec<f32>) {
        self.stable_rank = StableRank::going_on_from(v);
    }

    /// Looks at `trainer`, which has been flushed.
    pub fn look(&mut self, trainer: &mut Trainer) -> Observed {
        let rows: Vec<Rows> = (1..=trainer.depth()).map(|l| Rows::of(trainer.weights(l))).collect();
        let weight_norms: Vec<f64> = rows.iter().map(|r| r.squares.iter().sum::<f64>().sqrt()).collect();
        let largest_weights = rows.iter().map(|r| r.largest).collect();
        let largest_row_norms = rows.iter().map(Rows::largest_norm).collect();
        let movements = (1..).zip(&self.weights).map(|(l, (w, norm))| distance(trainer.weights(l), w) / norm).collect();
        let stable_rank = self.stable_rank.of(trainer.weights(1), weight_norms[0]);
        let delta_angles = trainer.delta_angles();
        trainer.refresh_feedback();
        let feedback_norms =
            feedback_norms(trainer).iter().zip(&self.feedback).map(|(now, start)| now / start).collect();
        let changes = self.units.as_ref().and_then(|start| Some(changes(start, &conserved(trainer, &rows)?)));
        Observed {
            weight_norms,
            largest_weights,
            largest_row_norms,
            movements,
            stable_rank,
            feedback_angles: trainer.feedback_angles(),
            feedback_norms,
            delta_angles,
            conserved_drift: changes.map(|c| c.1).filter(|c| c.is_finite()),
            incoming_change: changes.map(|c| c.0).filter(|c| c.is_finite()),
        }
    }
}

fn feedback_norms(trainer: &Trainer) -> Vec<f64> {
    (1..trainer.depth()).map_while(|l| trainer.feedback(l)).map(Matrix::norm).collect()
}

/// Frobenius norm of the difference of two matrices of one shape.
fn distance(a: &Matrix, b: &Matrix) -> f64 {
    let mut sum = 0.0;
    for r in 0..a.rows() {
        let mut lanes = [0.0f64; 8];
        for (a, b) in a.row(r).chunks(8).zip(b.row(r).chunks(8)) {
            lanes.iter_mut().zip(a.iter().zip(b)).for_each(|(l, (&a, &b))| *l += f64::from(a - b) * f64::from(a - b));
        }
        sum += lanes.iter().sum::<f64>();
    }
    sum.sqrt()
}

/// Of each unit `j` of the top hidden layer: `I_j = (|w_j|^2 + b_j^2) / 2`, and what small steps do not change where
/// the layer's activation is ReLU: `Q_j = I_j - sum_k B[k, j] W_L[k, j]` under a fixed `B`, `I_j - |W_L[:, j]|^2 / 2`
/// under backpropagation. `None` if nothing teaches that layer.
fn conserved(trainer: &Trainer, rows: &[Rows]) -> Option<Vec<(f64, f64)>> {
    let top = trainer.depth();
    if top < 2 || !trainer.is_taught(top - 1) || trainer.activation(top - 1) != Activation::Relu {
        return None;
    }
    let (squares, bias, out) = (&rows[top - 2].squares, trainer.bias(top - 1), trainer.weights(top));
    let feedback = trainer.feedback(top - 1);
    let mut outgoing = vec![0.0f64; squares.len()];
    for k in 0..out.rows() {
        let factor = if feedback.is_some() { 1.0 } else { 0.5 };
        let carried = feedback.unwrap_or(out).row(k);
        for ((sum, &w), &b) in outgoing.iter_mut().zip(out.row(k)).zip(carried) {
            *sum += factor * f64::from(w) * f64::from(b);
        }
    }
    let incoming = |j: usize| (squares[j] + f64::from(bias[j]).powi(2)) / 2.0;
    Some(outgoing.iter().enumerate().map(|(j, out)| (incoming(j), incoming(j) - out)).collect())
}

/// Root mean square over units of what changed: of the incoming weights, and of what is conserved.
fn changes(start: &[(f64, f64)], now: &[(f64, f64)]) -> (f64, f64) {
    let squares = start.iter().zip(now).map(|(a, b)| ((b.0 - a.0).powi(2), (b.1 - a.1).powi(2)));
    let sum = squares.fold((0.0, 0.0), |s, d| (s.0 + d.0, s.1 + d.1));
    ((sum.0 / start.len() as f64).sqrt(), (sum.1 / start.len() as f64).sqrt())
}

/// Units whose incoming weights are kept with a trial.
const KEPT_UNITS: usize = 8;

/// The first units' incoming weights, in 255 levels of each unit's largest.
pub(super) fn filters(w: &Matrix) -> Filters {
    let (mut scales, mut values) = (vec![], vec![]);
    for r in 0..w.rows().min(KEPT_UNITS) {
        let largest = w.row(r).iter().fold(0.0f32, |m, w| m.max(w.abs()));
        scales.push(largest);
        let level = |w: f32| if largest > 0.0 { (w / largest * 127.0).round() as i8 } else { 0 };
        values.extend(w.row(r).iter().map(|&w| level(w) as u8));
    }
    Filters { inputs: w.cols() as u32, scales, values }
}

/// What one pass over a weight matrix tells.
pub(super) struct Rows {
    /// Squared norm of each row.
    squares: Vec<f64>,
    /// Largest absolute weight.
    largest: f64,
}

impl Rows {
    pub fn of(w: &Matrix) -> Rows {
        let mut largest = 0.0f32;
        let square = |r: usize| {
            let (mut lanes, mut most) = ([0.0f64; 8], [0.0f32; 8]);
            for chunk in w.row(r).chunks(8) {
                for ((lane, most), &v) in lanes.iter_mut().zip(&mut most).zip(chunk) {
                    *lane += f64::from(v) * f64::from(v);
                    *most = most.max(v.abs());
                }
            }
            largest = most.iter().fold(largest, |a, &b| a.max(b));
            lanes.iter().sum()
        };
        let squares = (0..w.rows()).map(square).collect();
        Rows { squares, largest: f64::from(largest) }
    }

    pub fn largest_norm(&self) -> f64 {
        self.squares.iter().fold(0.0f64, |a, &b| a.max(b)).sqrt()
    }
}

/// Which units of each hidden layer have been above zero on any image so far (ReLU; tanh units never are silent).
pub(super) struct Awake(Vec<Vec<bool>>);

impl Awake {
    pub fn new(trainer: &Trainer) -> Awake {
        let tanh = |l: usize| trainer.activation(l) == Activation::Tanh;
        Awake((1..trainer.depth()).map(|l| vec![tanh(l); trainer.weights(l).rows()]).collect())
    }

    /// Looks at the first `images` columns of a layer's activity (index from 0; the top one is nobody's).
    pub fn see(&mut self, layer: usize, h: &Matrix, images: usize) {
        for (unit, awake) in self.0.get_mut(layer).into_iter().flatten().enumerate() {
            *awake = *awake || h.row(unit)[..images].iter().any(|&v| v > 0.0);
        }
    }

    /// Share of each hidden layer's units that were zero on every image.
    pub fn silent(&self) -> Vec<f64> {
        self.0.iter().map(|a| a.iter().filter(|a| !**a).count() as f64 / a.len() as f64).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Recipe;
    use crate::train::{Config, test_support, train};

    /// Where the signal is backpropagation's, the angle to it is zero, whatever the rate, the optimiser and the centring.
    #[test]
    fn the_signals_of_backpropagation_are_at_no_angle_to_it() {
        let data = test_support::data();
        let cases = [("bp", Recipe::Main), ("bp", Recipe::Nokland), ("sum/local=hebb,beta=0.1", Recipe::Main)];
        for (rule, recipe) in cases.into_iter().chain([("hd/reading=k,train=full", Recipe::Main)]) {
            let config = Config { learning_rate: 0.2, ..test_support::config(rule, recipe, 3) };
            let curve = train(&config, &data, &test_support::Silent).unwrap().curve;
            let angles: Vec<f64> = curve.iter().flat_map(|e| e.delta_angles.iter().flatten().copied()).collect();
            assert!(angles.len() >= 2 && angles.iter().all(|a| *a < 0.05), "{rule}, {recipe:?}: {angles:?}");
        }
        let fixed = test_support::config("fa/feedback=random", Recipe::Main, 1);
        let angle = train(&fixed, &data, &test_support::Silent).unwrap().curve[0].delta_angles[0].unwrap();
        assert!((60.0..120.0).contains(&angle), "{angle}");
    }

    #[test]
    fn filters_keep_signs_and_proportions() {
        let w = Matrix::from_fn(9, 3, |r, c| [[0.5, -1.0, 0.0], [0.0; 3]][usize::from(r == 1)][c] * (r + 1) as f32);
        let f = filters(&w);
        assert_eq!((f.inputs, f.scales.len(), f.values.len()), (3, 8, 24));
        assert_eq!(f.scales[..2], [1.0, 0.0]);
        assert_eq!(f.values[..6].iter().map(|v| *v as i8).collect::<Vec<_>>(), [64, -127, 0, 0, 0, 0]);
    }

    #[test]
    fn distances_and_changes_by_hand() {
        let a = Matrix::from_fn(2, 9, |_, _| 1.0);
        let b = Matrix::from_fn(2, 9, |r, c| {
            if (r, c) == (1, 8) {
                4.0
            } else if (r, c) == (0, 0) {
                -3.0
            } else {
                1.0
            }
        });
        assert_eq!(distance(&a, &b), 5.0);
        assert_eq!(changes(&[(1.0, 2.0), (0.0, 0.0)], &[(1.0, 5.0), (2.0, 0.0)]), (2f64.sqrt(), 4.5f64.sqrt()));
    }

    #[test]
    fn extremes_by_hand() {
        let w = Matrix::from_fn(2, 3, |r, c| [[3.0, -4.0, 0.0], [0.0, -4.5, 0.0]][r][c]);
        let rows = Rows::of(&w);
        assert_eq!((rows.largest, rows.largest_norm()), (4.5, 5.0));
        assert_eq!(rows.squares, [25.0, 20.25]);
    }
}
