//! The engine against an independent `f64` oracle, and the exact identities between rules.

mod fixture;
mod reference;

use bioprop::feedback::Feedback;
use bioprop::net::{Isa, Loss, Matrix, Precision};
use bioprop::rules::{Carrier, Gate, Local, Rule, RuleSpec, Source, Teaching, UpdateTerm};
use bioprop::train::{Config, Inputs, Optimiser, Trainer, train, train_on};
use fixture::{CLASSES, Silent, config, dataset};
use reference::{Act, Mat, Net, Out, Teach};

fn mat(m: &Matrix) -> Mat {
    (0..m.rows()).map(|r| m.row(r).iter().map(|&v| f64::from(v)).collect()).collect()
}

/// One row per sample.
fn by_sample(m: &Matrix) -> Mat {
    (0..m.cols()).map(|n| (0..m.rows()).map(|r| f64::from(m.row(r)[n])).collect()).collect()
}

fn snapshot(t: &Trainer, act: Act, out: Out) -> Net {
    let layers = 1..=t.depth();
    Net {
        w: layers.clone().map(|l| mat(t.weights(l))).collect(),
        b: layers.map(|l| t.bias(l).iter().map(|&v| f64::from(v)).collect()).collect(),
        act,
        out,
    }
}

fn largest(m: &Mat) -> f64 {
    m.iter().flatten().fold(0.0, |a, v| a.max(v.abs()))
}

fn assert_near(got: &Mat, want: &Mat, tolerance: f64, what: &str) {
    for (r, (g, w)) in got.iter().zip(want).enumerate() {
        for (c, (g, w)) in g.iter().zip(w).enumerate() {
            assert!((g - w).abs() <= tolerance, "{what} [{r},{c}]: {g} against {w}, tolerance {tolerance:e}");
        }
    }
}

const RULES: [(&str, Teach); 9] = [
    ("bp", Teach::Bp),
    ("fa/feedback=random", Teach::Fa),
    ("fa/feedback=random-sign", Teach::Fa),
    ("fa/feedback=binary,scale=matched", Teach::Fa),
    ("fa/feedback=binary-sign,scale=literal", Teach::Fa),
    ("dfa/feedback=random", Teach::Dfa),
    ("dfa/feedback=random-sign", Teach::Dfa),
    ("dfa/feedback=binary,scale=literal", Teach::Dfa),
    ("dfa/feedback=binary-sign,scale=matched", Teach::Dfa),
];

#[test]
fn every_step_agrees_with_plain_f64_loops() {
    let data = dataset(61, 200, 50);
    let rows: Vec<u32> = (0..32).map(|i| i * 5).collect();
    for (network, act) in
        [("1x70", Act::Relu), ("2x50-relu", Act::Relu), ("2x50-tanh", Act::Tanh), ("3x20-tanh", Act::Tanh)]
    {
        for (rule, teach) in RULES {
            for (loss, out) in
                [(Loss::SoftmaxCrossEntropy, Out::Softmax), (Loss::SigmoidBinaryCrossEntropy, Out::Sigmoid)]
            {
                for optimiser in [Optimiser::Sgd, Optimiser::RmsProp { alpha: 0.99, eps: 1e-8 }] {
                    let c = Config { loss, optimiser, learning_rate: 0.001, ..config(network, rule) };
                    let inputs = Inputs::new(c.inputs, &data);
                    let mut t = Trainer::new(&c, 61, CLASSES, Isa::best()).unwrap();
                    let what = format!("{network} {rule} {loss:?} {optimiser:?}");
                    for _ in 0..3 {
                        let net = snapshot(&t, act, out);
                        let squares: Vec<Option<Mat>> =
                            (1..=t.depth()).map(|l| t.mean_squares(l).map(|v| mat(v.0))).collect();
                        let report = t.step(&inputs, &data.train, &rows);
                        let labels: Vec<usize> =
                            rows.iter().map(|&r| usize::from(data.train.labels[r as usize])).collect();
                        let feedback: Vec<Mat> = (1..t.depth()).filter_map(|l| t.feedback(l).map(mat)).collect();
                        let s = net.signals(&by_sample(t.activity(0)), &labels, teach, &feedback);
                        assert!((report.loss - s.loss).abs() < 1e-5 * (1.0 + s.loss), "{what}: loss");
                        for l in 1..=t.depth() {
                            assert_near(
                                &by_sample(t.activity(l)),
                                &s.h[l],
                                1e-5 * largest(&s.h[l]),
                                &format!("{what}: h{l}"),
                            );
                            assert_near(
                                &by_sample(t.delta(l)),
                                &s.delta[l - 1],
                                1e-5 * largest(&s.delta[l - 1]),
                                &format!("{what}: delta{l}"),
                            );
                        }
                        assert!(t.flush());
                        let g = net.gradient(&s);
                        for l in 1..=t.depth() {
                            let dw: Mat = match (&squares[l - 1], optimiser) {
                                (Some(v), Optimiser::RmsProp { alpha, eps }) => {
                                    let (alpha, eps) = (f64::from(alpha), f64::from(eps));
                                    let one = |(g, v): (&f64, &f64)| {
                                        -0.001 * g / ((alpha * v + (1.0 - alpha) * g * g).sqrt() + eps)
                                    };
                                    g.w[l - 1].iter().zip(v).map(|(g, v)| g.iter().zip(v).map(one).collect()).collect()
                                }
                                _ => g.w[l - 1].iter().map(|g| g.iter().map(|g| -0.001 * g).collect()).collect(),
                            };
                            let want: Mat = net.w[l - 1]
                                .iter()
                                .zip(&dw)
                                .map(|(w, d)| w.iter().zip(d).map(|(w, d)| w + d).collect())
                                .collect();
                            let mut slack = vec![vec![0.0; want[0].len()]; want.len()];
                            if let (Some(v), Optimiser::RmsProp { alpha, .. }) = (&squares[l - 1], optimiser) {
                                // RMSprop divides by the gradient's own size: what rounding did to a gradient (1e-6 of the
                                // largest) counts for more where both it and its mean square are tiny
                                let largest = largest(&g.w[l - 1]);
                                for (r, row) in slack.iter_mut().enumerate() {
                                    for (k, s) in row.iter_mut().enumerate() {
                                        let g = g.w[l - 1][r][k];
                                        let root =
                                            (f64::from(alpha) * v[r][k] + (1.0 - f64::from(alpha)) * g * g).sqrt();
                                        *s = (0.001 * 1e-6 * largest / root.max(1e-30)).min(0.02);
                                    }
                                }
                            }
                            let tolerance = 1e-5 * largest(&dw) + largest(&net.w[l - 1]) * 2f64.powi(-22);
                            for (r, (got, want)) in mat(t.weights(l)).iter().zip(&want).enumerate() {
                                for (k, (got, want)) in got.iter().zip(want).enumerate() {
                                    assert!(
                                        (got - want).abs() <= tolerance + slack[r][k],
                                        "{what}: W{l} [{r},{k}] {got} {want}"
                                    );
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn the_oracles_backpropagation_agrees_with_central_differences() {
    let data = dataset(13, 40, 20);
    for (network, act) in [("1x9", Act::Relu), ("2x8-tanh", Act::Tanh), ("2x8-relu", Act::Relu)] {
        for out in [Out::Softmax, Out::Sigmoid] {
            let t = Trainer::new(&config(network, "bp"), 13, CLASSES, Isa::best()).unwrap();
            let net = snapshot(&t, act, out);
            let x: Mat =
                (0..6).map(|i| data.train.image(i).iter().map(|&p| f64::from(p) / 255.0 - 0.4).collect()).collect();
            let labels: Vec<usize> = (0..6).map(|i| usize::from(data.train.labels[i])).collect();
            let g = net.gradient(&net.signals(&x, &labels, Teach::Bp, &[]));
            let step = 1e-5;
            for l in 0..net.w.len() {
                let scale = largest(&g.w[l]);
                for r in 0..net.w[l].len() {
                    for k in (0..net.w[l][r].len()).chain([usize::MAX]) {
                        let loss = |by: f64| {
                            let mut moved = net.clone();
                            if k == usize::MAX {
                                moved.b[l][r] += by
                            } else {
                                moved.w[l][r][k] += by
                            }
                            moved.forward(&x, &labels).1
                        };
                        let numeric = (loss(step) - loss(-step)) / (2.0 * step);
                        let analytic = if k == usize::MAX { g.b[l][r] } else { g.w[l][r][k] };
                        assert!(
                            (numeric - analytic).abs() < 1e-6 * scale,
                            "{network} {out:?} layer {l} [{r},{k}]: {numeric} {analytic}"
                        );
                    }
                }
            }
        }
    }
}

/// Bits of all weights and biases.
fn bits(t: &Trainer) -> Vec<u32> {
    (1..=t.depth())
        .flat_map(|l| t.weights(l).values().chain(t.bias(l).iter().copied()).map(f32::to_bits).collect::<Vec<_>>())
        .collect()
}

fn batches(n: u32) -> Vec<Vec<u32>> {
    (0..n).map(|s| (0..32).map(|i| (s * 37 + i * 11) % 200).collect()).collect()
}

#[test]
fn feedback_alignment_with_b_equal_w_is_backpropagation_bit_for_bit() {
    let data = dataset(61, 200, 50);
    for network in ["1x70", "2x50-relu", "3x30-tanh"] {
        let (cb, cf) = (config(network, "bp"), config(network, "fa/feedback=random"));
        let inputs = Inputs::new(cb.inputs, &data);
        let mut bp = Trainer::new(&cb, 61, CLASSES, Isa::best()).unwrap();
        let mut fa = Trainer::new(&cf, 61, CLASSES, Isa::best()).unwrap();
        assert_eq!(bits(&bp), bits(&fa), "paired initialisation");
        for rows in batches(20) {
            for l in 1..fa.depth() {
                let w = fa.weights(l + 1).clone();
                fa.set_feedback(l, &w);
            }
            bp.step(&inputs, &data.train, &rows);
            fa.step(&inputs, &data.train, &rows);
            assert!(bp.flush() && fa.flush());
            assert_eq!(bits(&bp), bits(&fa), "{network}");
        }
    }
}

#[test]
fn direct_feedback_alignment_with_one_hidden_layer_is_feedback_alignment_bit_for_bit() {
    let data = dataset(61, 200, 50);
    for (fa, _) in &RULES[1..5] {
        let options = fa.strip_prefix("fa").unwrap();
        let hash =
            |rule: &str| train(&config("1x70", &format!("{rule}{options}")), &data, &Silent).unwrap().weights_sha256;
        assert_eq!(hash("fa"), hash("dfa"), "{options}");
    }
}

#[test]
fn pending_updates_change_no_bits() {
    let data = dataset(61, 200, 50);
    for (rule, _) in RULES {
        let c = config("2x50-relu", rule);
        let inputs = Inputs::new(c.inputs, &data);
        let mut waiting = Trainer::new(&c, 61, CLASSES, Isa::best()).unwrap();
        let mut at_once = Trainer::new(&c, 61, CLASSES, Isa::best()).unwrap();
        for rows in batches(10) {
            waiting.step(&inputs, &data.train, &rows);
            at_once.step(&inputs, &data.train, &rows);
            at_once.flush();
        }
        waiting.flush();
        assert_eq!(bits(&waiting), bits(&at_once), "{rule}");
    }
}

#[test]
fn every_code_path_gives_the_same_bits() {
    let data = dataset(61, 120, 50);
    for network in ["1x70", "2x50-tanh"] {
        for (rule, _) in RULES {
            let c = config(network, rule);
            let all: Vec<String> =
                Isa::available().iter().map(|&isa| train_on(isa, &c, &data, &Silent).unwrap().weights_sha256).collect();
            assert!(all.windows(2).all(|w| w[0] == w[1]), "{network} {rule}: {all:?}");
        }
    }
}

#[test]
fn predictions_do_not_depend_on_the_evaluation_batch() {
    let data = dataset(61, 200, 150);
    let c = config("2x50-relu", "bp");
    let inputs = Inputs::new(c.inputs, &data);
    let mut t = Trainer::new(&c, 61, CLASSES, Isa::best()).unwrap();
    let mut outputs = Vec::new();
    for batch in [1usize, 7, 64, 150] {
        let (mut panels, mut x) = (bioprop::net::kernels::Panels::zeros(61, batch), Matrix::zeros(61, batch));
        let mut buffers = t.buffers(batch);
        let mut logits = Vec::new();
        for rows in (0..150u32).collect::<Vec<_>>().chunks(batch) {
            inputs.gather_transposed(&data.test, rows, &mut panels, &mut x);
            t.predict(&x, &mut buffers, |_, _| {});
            let top = buffers.last().unwrap();
            logits.extend(
                (0..rows.len()).flat_map(|n| (0..CLASSES).map(move |c| (n, c))).map(|(n, c)| top.row(c)[n].to_bits()),
            );
        }
        outputs.push(logits);
    }
    assert!(outputs.windows(2).all(|w| w[0] == w[1]));
}

#[test]
fn a_zero_rate_changes_nothing_and_seeds_are_paired() {
    let data = dataset(61, 200, 50);
    for (rule, _) in RULES {
        let c = Config { learning_rate: 0.0, ..config("2x50-relu", rule) };
        let inputs = Inputs::new(c.inputs, &data);
        let mut t = Trainer::new(&c, 61, CLASSES, Isa::best()).unwrap();
        let before = bits(&t);
        for rows in batches(3) {
            t.step(&inputs, &data.train, &rows);
        }
        assert!(t.flush());
        assert_eq!(before, bits(&t), "{rule}");
        assert_eq!(
            before,
            bits(&Trainer::new(&config("2x50-relu", "bp"), 61, CLASSES, Isa::best()).unwrap()),
            "{rule}: initialisation is paired"
        );
    }
}

/// Hebb's rule in the first layer, the second frozen, gradient descent on top: a rule from outside the registry.
struct HebbFrozenGradient;
impl Rule for HebbFrozenGradient {
    fn teaching(&self, _: usize) -> Option<Teaching> {
        None
    }
    fn update(&self, layer: usize, _top: usize) -> Option<UpdateTerm> {
        match layer {
            1 => Some(Local::Hebb.term(0.001, Gate::None)),
            2 => None,
            _ => Some(UpdateTerm::DESCEND),
        }
    }
}

/// A rule of one's own that asks for one thing too many.
struct Asking {
    term: UpdateTerm,
    taught: bool,
    learning_feedback: bool,
}
impl Rule for Asking {
    fn teaching(&self, _: usize) -> Option<Teaching> {
        let carrier = if self.learning_feedback { Carrier::Feedback } else { Carrier::ForwardWeights };
        self.taught.then_some(Teaching { carrier, source: Source::LayerAbove, derivative: true })
    }
    fn feedback(&self) -> Option<Feedback> {
        let spec = || "fa/feedback=hebb".parse::<RuleSpec>().unwrap().build().unwrap().feedback().unwrap();
        self.learning_feedback.then(spec)
    }
    fn update(&self, layer: usize, top: usize) -> Option<UpdateTerm> {
        // with feedback that learns the layer above is frozen
        (layer < top || !self.learning_feedback).then_some(if layer == top { UpdateTerm::DESCEND } else { self.term })
    }
}

#[test]
fn what_the_trainer_cannot_do_is_refused_with_the_reason() {
    let gated = UpdateTerm { gate: Gate::Threshold, bias: false, ..UpdateTerm::DESCEND };
    let asked = |term, taught, learning_feedback, optimiser| {
        let c = Config { optimiser, ..config("1x50", "bp") };
        let rule = Asking { term, taught, learning_feedback };
        Trainer::with_rule(&c, Box::new(rule), 61, CLASSES, Isa::best()).err().map(|e| e.to_string())
    };
    let rms = Optimiser::RmsProp { alpha: 0.99, eps: 1e-8 };
    assert_eq!(asked(gated, true, false, Optimiser::Sgd), None);
    for (error, word) in [
        (asked(gated, true, false, rms), "RMSprop"),
        (asked(UpdateTerm { bias: true, ..gated }, true, false, Optimiser::Sgd), "bias"),
        (asked(UpdateTerm::DESCEND, false, false, Optimiser::Sgd), "nothing teaches it"),
        (asked(UpdateTerm::DESCEND, true, true, Optimiser::Sgd), "frozen"),
    ] {
        assert!(error.as_deref().is_some_and(|e| e.contains(word)), "{word}: {error:?}");
    }
}

#[test]
fn a_rule_of_ones_own_fits_the_seam_and_a_frozen_layer_keeps_its_bits() {
    let data = dataset(61, 200, 50);
    let c = config("2x50-relu", "bp");
    let inputs = Inputs::new(c.inputs, &data);
    let mut t = Trainer::with_rule(&c, Box::new(HebbFrozenGradient), 61, CLASSES, Isa::best()).unwrap();
    let frozen: Vec<u32> = t.weights(2).values().chain(t.bias(2).iter().copied()).map(f32::to_bits).collect();
    for rows in batches(4) {
        let w: Mat = mat(t.weights(1));
        t.step(&inputs, &data.train, &rows);
        let (x, h) = (by_sample(t.activity(0)), by_sample(t.activity(1)));
        t.flush();
        // W_1 += eta * 0.001 / N * H^T X
        let want: Mat = (0..50)
            .map(|r| {
                (0..61)
                    .map(|k| w[r][k] + 0.05 * 0.001 / 32.0 * (0..32).map(|n| h[n][r] * x[n][k]).sum::<f64>())
                    .collect()
            })
            .collect();
        assert_near(&mat(t.weights(1)), &want, 1e-6, "W1");
    }
    let after: Vec<u32> = t.weights(2).values().chain(t.bias(2).iter().copied()).map(f32::to_bits).collect();
    assert_eq!(frozen, after);
}

#[test]
fn a_common_column_added_to_b_changes_no_teaching_signal_under_softmax() {
    // 1^T e = 0: what all classes share is never seen
    let data = dataset(61, 200, 50);
    for rule in ["fa/feedback=random", "dfa/feedback=random"] {
        let c = config("2x50-relu", rule);
        let inputs = Inputs::new(c.inputs, &data);
        let mut a = Trainer::new(&c, 61, CLASSES, Isa::best()).unwrap();
        let mut b = Trainer::new(&c, 61, CLASSES, Isa::best()).unwrap();
        let from = if rule.starts_with("dfa") { 1 } else { 2 };
        for l in from..=2 {
            let old = b.feedback(l).unwrap().clone();
            b.set_feedback(l, &Matrix::from_fn(old.rows(), old.cols(), |r, j| old.row(r)[j] + 0.1 * j as f32 / 50.0));
        }
        let rows = &batches(1)[0];
        a.step(&inputs, &data.train, rows);
        b.step(&inputs, &data.train, rows);
        for l in from..=2 {
            let want = by_sample(a.delta(l));
            assert_near(&by_sample(b.delta(l)), &want, 1e-5 * largest(&want), rule);
        }
    }
}

/// `Q_j = (|w_j|^2 + b_j^2)/2 - sum_k B[k,j] W_(l+1)[k,j]` for every hidden unit of layer `l` (1-based).
fn conserved(net: &Net, feedback: &[Mat], l: usize) -> Vec<f64> {
    (0..net.w[l - 1].len())
        .map(|j| {
            let own = net.w[l - 1][j].iter().map(|w| w * w).sum::<f64>() + net.b[l - 1][j].powi(2);
            let outgoing: f64 = (0..net.w[l].len()).map(|k| feedback[l - 1][k][j] * net.w[l][k][j]).sum();
            own / 2.0 - outgoing
        })
        .collect()
}

#[test]
fn what_feedback_alignment_conserves_drifts_by_half_the_squared_steps_exactly() {
    // ReLU, fixed B, SGD: Q_t - Q_0 = sum over steps of eta^2/2 (|g_w|^2 + g_b^2), in f64 to rounding
    let data = dataset(20, 200, 50);
    let c = config("2x30-relu", "fa/feedback=random");
    let t = Trainer::new(&c, 20, CLASSES, Isa::best()).unwrap();
    let feedback: Vec<Mat> = (1..=2).map(|l| mat(t.feedback(l).unwrap())).collect();
    let mut net = snapshot(&t, Act::Relu, Out::Softmax);
    let rate = 0.1;
    let before: Vec<Vec<f64>> = (1..=2).map(|l| conserved(&net, &feedback, l)).collect();
    let mut drift = [vec![0.0; 30], vec![0.0; 30]];
    for rows in batches(50) {
        let x: Mat = rows
            .iter()
            .map(|&r| data.train.image(r as usize).iter().map(|&p| f64::from(p) / 255.0).collect())
            .collect();
        let labels: Vec<usize> = rows.iter().map(|&r| usize::from(data.train.labels[r as usize])).collect();
        let g = net.gradient(&net.signals(&x, &labels, Teach::Fa, &feedback));
        for l in 0..2 {
            for (j, d) in drift[l].iter_mut().enumerate() {
                *d += rate * rate / 2.0 * (g.w[l][j].iter().map(|g| g * g).sum::<f64>() + g.b[l][j].powi(2));
            }
        }
        net.descend(&g, rate);
    }
    for l in 1..=2 {
        let after = conserved(&net, &feedback, l);
        let moved = drift[l - 1].iter().cloned().fold(0.0, f64::max);
        assert!(moved > 1e-6, "the network must have moved");
        for j in 0..30 {
            let change = after[j] - before[l - 1][j];
            assert!(
                (change - drift[l - 1][j]).abs() < 1e-12,
                "layer {l} unit {j}: {change:e} against {:e}",
                drift[l - 1][j]
            );
        }
    }
}

#[test]
fn the_engine_conserves_the_same_quantity_to_single_precision() {
    let data = dataset(61, 200, 50);
    let c = config("1x70", "fa/feedback=random");
    let inputs = Inputs::new(c.inputs, &data);
    let mut t = Trainer::new(&c, 61, CLASSES, Isa::best()).unwrap();
    let feedback = vec![mat(t.feedback(1).unwrap())];
    let start = snapshot(&t, Act::Relu, Out::Softmax);
    let mut drift = vec![0.0; 70];
    for rows in batches(20) {
        let net = snapshot(&t, Act::Relu, Out::Softmax);
        t.step(&inputs, &data.train, &rows);
        t.flush();
        for (j, d) in drift.iter_mut().enumerate() {
            let w: f64 = t.weights(1).row(j).iter().zip(&net.w[0][j]).map(|(a, b)| (f64::from(*a) - b).powi(2)).sum();
            *d += (w + (f64::from(t.bias(1)[j]) - net.b[0][j]).powi(2)) / 2.0;
        }
    }
    let (before, after) =
        (conserved(&start, &feedback, 1), conserved(&snapshot(&t, Act::Relu, Out::Softmax), &feedback, 1));
    for j in 0..70 {
        assert!(
            (after[j] - before[j] - drift[j]).abs() < 1e-5,
            "unit {j}: {} against {}",
            after[j] - before[j],
            drift[j]
        );
    }
}

#[test]
fn training_learns_and_divergence_is_told_with_its_step() {
    let data = dataset(61, 400, 100);
    for (rule, _) in RULES {
        let o = train(&Config { epochs: 6, ..config("1x70", rule) }, &data, &Silent).unwrap();
        assert!(rule.contains("literal") || o.last().unwrap().test.accuracy() > 0.8, "{rule}: {:?}", o.last());
        assert_eq!(o.test_bits.iter().map(|b| b.count_ones()).sum::<u32>(), o.last().unwrap().test.correct);
    }
    let o = train(&Config { learning_rate: 1e30, ..config("1x70", "bp") }, &data, &Silent).unwrap();
    let bioprop::train::Status::Diverged { step } = o.status else { panic!("1e30 must diverge") };
    assert!((1..4).contains(&step) && o.weights_sha256.is_empty() && o.last().is_none() && o.train.is_none());
}

#[test]
fn bf16_follows_f32_within_its_rounding_and_repeats_its_bits() {
    if let Err(missing) = Precision::Bf16.available() {
        assert!(missing.contains("train with f32"), "{missing}");
        return;
    }
    let data = dataset(61, 400, 100);
    for (rule, _) in RULES {
        for network in ["1x70", "2x50-relu", "2x50-tanh"] {
            let at = |precision, epochs| {
                train(&Config { precision, epochs, ..config(network, rule) }, &data, &Silent).unwrap()
            };
            let (full, half) = (at(Precision::F32, 1), at(Precision::Bf16, 1));
            let (a, b) = (full.last().unwrap(), half.last().unwrap());
            // eight bits of mantissa in every product: 2^-9 each, far less on the mean
            assert!((a.train_loss - b.train_loss).abs() < 0.01 * a.train_loss, "{rule} {network}");
            for (a, b) in a.weight_norms.iter().zip(&b.weight_norms) {
                assert!((a - b).abs() < 0.01 * a, "{rule} {network}: norms {a} and {b}");
            }
            assert_ne!(full.weights_sha256, half.weights_sha256, "bf16 was asked for");
            assert_eq!(half.weights_sha256, at(Precision::Bf16, 1).weights_sha256);
        }
    }
    let o = train(&Config { precision: Precision::Bf16, epochs: 6, ..config("1x70", "bp") }, &data, &Silent).unwrap();
    assert!(o.last().unwrap().test.accuracy() > 0.8);
    let wild = Config { precision: Precision::Bf16, learning_rate: 1e30, ..config("1x70", "bp") };
    assert!(matches!(train(&wild, &data, &Silent).unwrap().status, bioprop::train::Status::Diverged { .. }));
}

/// Bits of trained networks: a change here needs a new `study::REVISION`.
#[test]
fn golden_hashes() {
    let data = dataset(61, 200, 50);
    let hash = |network, rule| train(&config(network, rule), &data, &Silent).unwrap().weights_sha256[..16].to_string();
    let all: Vec<String> = [
        ("1x70", "bp"),
        ("2x50-tanh", "bp"),
        ("2x50-relu", "fa/feedback=random"),
        ("2x50-relu", "dfa/feedback=random-sign"),
    ]
    .into_iter()
    .map(|(n, r)| hash(n, r))
    .collect();
    assert_eq!(
        all,
        ["075958a3a8c217ba", "30b33a7a6690006e", "97b5dd4f632e33c8", "15f4a52c9a0d97c9"],
        "bits changed: raise study::REVISION and write the new hashes here"
    );
}
