//! Every registered rule through one suite: its f32 steps against plain f64 loops that share no code with the engine,
//! bits on every code path, frozen layers, rates of zero, refusals, and the exact identities between rules.

mod fixture;

use std::collections::BTreeMap;

use bioprop::data::{Dataset, DatasetId, Images};
use bioprop::net::{Activation, Isa, Matrix};
use bioprop::random::{self, Purpose};
use bioprop::rules::{REGISTRY, RuleSpec};
use bioprop::study::Cell;
use bioprop::train::{Config, InputScaling, Inputs, Trainer, train, train_on};
use fixture::{CLASSES, Silent, dataset};

/// Rows of numbers: one per unit or per sample.
type Mat = Vec<Vec<f64>>;

/// Rules with options; the conformance test makes sure that every registered name is among them.
const RULES: &[&str] = &[
    "bp",
    "fa/feedback=random",
    "fa/feedback=binary-sign,scale=matched",
    "fa/feedback=hebb",
    "fa/feedback=hebb,renormalise=yes",
    "fa/feedback=hebb,start=transpose",
    "fa/feedback=oja",
    "fa/feedback=oja-subspace",
    "fa/feedback=kolen-pollack",
    "fa/feedback=kolen-pollack,decay=0",
    "dfa/feedback=random-sign",
    "dfa/feedback=binary-sign-top,scale=matched",
    "dfa/feedback=hebb",
    "dfa/feedback=oja-g1",
    "dfa/feedback=oja-g1,renormalise=yes",
    "dfa/feedback=kolen-pollack,decay=0.01",
    "drtp",
    "frozen",
    "growth/local=hebb",
    "growth/local=oja",
    "growth/local=oja-subspace",
    "hebbnet/local=hebb,variant=hl",
    "hebbnet/local=oja,variant=hl",
    "hebbnet/local=oja-subspace,variant=hl",
    "hebbnet/local=hebb,variant=t",
    "hebbnet/local=oja,variant=t",
    "hebbnet/local=hebb,variant=t-gs",
    "hebbnet/local=oja,variant=t-gs",
    "hebbnet/local=oja,variant=t-gs,mask=random",
    "hebbnet/local=oja,variant=t,sign=minus",
    "sum/beta=0.1,local=hebb",
    "sum/beta=0.1,local=oja",
    "sum/beta=0.01,local=hebb,sign=literal",
    "sum/beta=0.01,local=oja,sign=literal",
    "hd/reading=d",
    "hd/reading=k",
    "hd/reading=d,centre=none",
    "hd/reading=k,centre=none",
    "hd/reading=o1",
    "hd/reading=o2",
    "hd/reading=d,train=output",
    "hd/reading=d,train=hidden",
    "hd/reading=k,train=hidden",
    "hd/reading=o1,train=output",
    "hd/reading=o2,train=hidden",
];

const NETWORKS: [&str; 4] = ["1x70", "2x50-relu", "2x50-tanh", "2x40-relu-tanh"];

fn config(network: &str, rule: &str) -> Config {
    Config { hidden_rate: Some(0.002), feedback_rate: Some(0.02), ..fixture::config(network, rule) }
}

fn fits(network: &str, rule: &str) -> bool {
    rule.parse::<RuleSpec>().unwrap().check(&network.parse().unwrap(), CLASSES).is_ok()
}

fn mat(m: &Matrix) -> Mat {
    (0..m.rows()).map(|r| m.row(r).iter().map(|&v| f64::from(v)).collect()).collect()
}

fn by_sample(m: &Matrix) -> Mat {
    (0..m.cols()).map(|n| (0..m.rows()).map(|r| f64::from(m.row(r)[n])).collect()).collect()
}

fn largest(m: &Mat) -> f64 {
    m.iter().flatten().fold(0.0, |a, v| a.max(v.abs()))
}

fn bits(t: &Trainer) -> Vec<u32> {
    (1..=t.depth())
        .flat_map(|l| t.weights(l).values().chain(t.bias(l).iter().copied()).map(f32::to_bits).collect::<Vec<_>>())
        .collect()
}

fn feedback_bits(t: &Trainer) -> Vec<u32> {
    let all = (1..t.depth()).filter_map(|l| t.feedback(l));
    all.flat_map(|b| b.values().map(f32::to_bits).collect::<Vec<_>>()).collect()
}

fn batches(n: u32) -> Vec<Vec<u32>> {
    (0..n).map(|s| (0..32).map(|i| (s * 37 + i * 11) % 200).collect()).collect()
}

/// `a^T b / N`: `n_a x n_b`.
fn product(a: &Mat, b: &Mat) -> Mat {
    let n = a.len() as f64;
    let mut out = vec![vec![0.0; b[0].len()]; a[0].len()];
    for (a, b) in a.iter().zip(b) {
        for (row, a) in out.iter_mut().zip(a) {
            row.iter_mut().zip(b).for_each(|(o, b)| *o += a * b / n);
        }
    }
    out
}

/// `a m`: rows of `a` carried through `m`.
fn through(a: &Mat, m: &Mat) -> Mat {
    a.iter()
        .map(|a| {
            let mut out = vec![0.0; m[0].len()];
            for (a, row) in a.iter().zip(m) {
                out.iter_mut().zip(row).for_each(|(o, m)| *o += a * m);
            }
            out
        })
        .collect()
}

fn zip(a: &Mat, b: &Mat, f: impl Fn(f64, f64) -> f64) -> Mat {
    a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect()).collect()
}

/// Mean over samples of each column.
fn mean(a: &Mat) -> Vec<f64> {
    (0..a[0].len()).map(|j| a.iter().map(|r| r[j]).sum::<f64>() / a.len() as f64).collect()
}

fn rows_scaled(m: &Mat, f: &[f64]) -> Mat {
    m.iter().zip(f).map(|(row, f)| row.iter().map(|v| v * f).collect()).collect()
}

/// Everything that a step reads and changes, in f64.
#[derive(Clone)]
struct State {
    w: Vec<Mat>,
    b: Vec<Vec<f64>>,
    feedback: Vec<Mat>,
    mu: Vec<Vec<f64>>,
    theta: Vec<Option<Mat>>,
}

fn state(t: &Trainer) -> State {
    let wide = |v: &[f32]| v.iter().map(|&v| f64::from(v)).collect::<Vec<_>>();
    State {
        w: (1..=t.depth()).map(|l| mat(t.weights(l))).collect(),
        b: (1..=t.depth()).map(|l| wide(t.bias(l))).collect(),
        feedback: (1..t.depth()).filter_map(|l| t.feedback(l).map(mat)).collect(),
        mu: (0..t.depth()).map(|l| t.centre(l).map_or_else(|| vec![0.0; t.weights(l + 1).cols()], wide)).collect(),
        theta: (1..=t.depth()).map(|l| t.threshold(l).map(mat)).collect(),
    }
}

struct Signals {
    h: Vec<Mat>,
    delta: Vec<Option<Mat>>,
}

/// The rule, written out once more from its description: new state from the old one.
#[allow(clippy::too_many_arguments)]
fn step(
    s: &State,
    cell: &str,
    tanh: &[bool],
    x: &Mat,
    labels: &[usize],
    (rate, hidden, eta_b): (f64, f64, f64),
    masks: &[Option<Vec<bool>>],
    count: f64,
) -> (State, Signals) {
    let (name, rest) = cell.split_once('/').unwrap_or((cell, ""));
    let o: BTreeMap<&str, &str> = rest.split(',').filter_map(|p| p.split_once('=')).collect();
    let is = |k: &str, v: &str| o.get(k) == Some(&v);
    let top = s.w.len();
    // forward
    let mut h = vec![x.clone()];
    let mut seen = Vec::new();
    for l in 0..top {
        let input: Mat = h[l].iter().map(|r| r.iter().zip(&s.mu[l]).map(|(h, m)| h - m).collect()).collect();
        let a: Mat = input
            .iter()
            .map(|r| {
                s.w[l].iter().zip(&s.b[l]).map(|(w, b)| b + w.iter().zip(r).map(|(w, x)| w * x).sum::<f64>()).collect()
            })
            .collect();
        h.push(
            a.iter()
                .map(|a: &Vec<f64>| match l + 1 == top {
                    true => {
                        let m = a.iter().cloned().fold(f64::MIN, f64::max);
                        let sum: f64 = a.iter().map(|a| (a - m).exp()).sum();
                        a.iter().map(|a| (a - m).exp() / sum).collect()
                    }
                    false if tanh[l] => a.iter().map(|a| a.tanh()).collect(),
                    false => a.iter().map(|a| a.max(0.0)).collect(),
                })
                .collect::<Mat>(),
        );
        seen.push(input);
    }
    // teaching signals
    let target: Mat = labels.iter().map(|&l| (0..CLASSES).map(|c| f64::from(u8::from(c == l))).collect()).collect();
    let error = zip(&h[top], &target, |y, t| y - t);
    let untaught = ["frozen", "growth", "hebbnet"].contains(&name) || is("train", "output");
    let mut delta = vec![None; top + 1];
    delta[top] = Some(error.clone());
    for l in (1..top).rev().filter(|_| !untaught) {
        let (matrix, source) = match name {
            "fa" => (&s.feedback[l - 1], delta[l + 1].as_ref().unwrap()),
            "dfa" => (&s.feedback[l - 1], &error),
            "drtp" => (&s.feedback[l - 1], &target),
            _ => (&s.w[l], delta[l + 1].as_ref().unwrap()),
        };
        let carried = through(source, matrix);
        let dropped = name == "hd" && !is("reading", "k");
        let slope = |h: f64| if tanh[l - 1] { 1.0 - h * h } else { f64::from(u8::from(h > 0.0)) };
        delta[l] = Some(if dropped { carried } else { zip(&carried, &h[l], |d, h| d * slope(h)) });
    }
    // updates
    let mut new = s.clone();
    for l in 1..=top {
        let (w, pre, post_h) = (&s.w[l - 1], &seen[l - 1], &h[l]);
        let squares = mean(&zip(post_h, post_h, |a, b| a * b));
        let frozen = match name {
            "frozen" => l < top,
            "growth" => l == top,
            "hd" => (is("train", "output") && l < top) || (is("train", "hidden") && l == top),
            _ => false,
        };
        if frozen {
            continue;
        }
        let gradient_step = |w: &Mat, d: &Mat| zip(w, &product(d, pre), |w, g| w - rate * g);
        new.w[l - 1] = match name {
            "growth" | "hebbnet" if l < top => {
                let g = match o.get("local") {
                    Some(&"oja-subspace") => product(post_h, &zip(pre, &through(post_h, w), |x, y| x - y)),
                    _ => product(post_h, pre),
                };
                let mut dw = g.clone();
                if let Some(theta) = &s.theta[l - 1] {
                    dw = zip(&dw, theta, |g, t| g - t);
                    new.theta[l - 1] = Some(zip(theta, &g, |t, g| (t * (count - 1.0) + g) / count));
                }
                if is("local", "oja") {
                    dw = zip(&dw, &rows_scaled(w, &squares), |d, w| d - w);
                }
                if let Some(mask) = &masks[l - 1] {
                    let n = dw[0].len();
                    let (mut kept, mut lost): (f64, f64) = (f64::MAX, 0.0);
                    for (i, d) in dw.iter_mut().flatten().enumerate() {
                        match mask[i] {
                            true => kept = kept.min(d.abs()),
                            false => {
                                lost = lost.max(d.abs());
                                *d = 0.0;
                            }
                        }
                    }
                    let kept_count = mask.iter().filter(|m| **m).count();
                    let wanted = (0.3 * (w.len() * n) as f64).ceil() as usize;
                    if is("mask", "random") {
                        assert!(
                            (kept_count as f64 - 0.3 * mask.len() as f64).abs()
                                < 5.0 * (0.21 * mask.len() as f64).sqrt()
                        );
                    } else {
                        assert!(
                            kept_count >= wanted && kept > lost - 1e-5 * lost,
                            "{kept_count} {wanted} {kept} {lost}"
                        );
                    }
                }
                let sign = if is("sign", "minus") { -1.0 } else { 1.0 };
                zip(w, &dw, |w, d| w + sign * hidden * d)
            }
            "sum" => {
                let beta: f64 = o["beta"].parse().unwrap();
                let mut local = product(post_h, pre);
                if is("local", "oja") {
                    local = zip(&local, &rows_scaled(w, &squares), |g, w| g - w);
                }
                let sign = if is("sign", "literal") { -1.0 } else { 1.0 };
                let moved = gradient_step(w, delta[l].as_ref().unwrap());
                zip(&moved, &local, |w, d| w + sign * rate * beta * d)
            }
            "hd" if is("reading", "o1") || is("reading", "o2") => {
                let d = delta[l].as_ref().unwrap();
                let d = if is("reading", "o2") { zip(d, post_h, |d, h| d * h) } else { d.clone() };
                // sample by sample: dw_j = -eta d_j (x - h_j w_j)
                let mut out = w.clone();
                for n in 0..pre.len() {
                    for j in 0..w.len() {
                        for k in 0..w[j].len() {
                            out[j][k] -= rate * d[n][j] * (pre[n][k] - post_h[n][j] * w[j][k]) / pre.len() as f64;
                        }
                    }
                }
                out
            }
            _ => {
                let mirrored = (name == "fa" && l > 1) || (name == "dfa" && l == top);
                let lambda = o.get("decay").map_or(0.0, |d| d.parse::<f64>().unwrap()) * f64::from(u8::from(mirrored));
                let kept: Mat = w.iter().map(|r| r.iter().map(|w| w * (1.0 - lambda)).collect()).collect();
                gradient_step(&kept, delta[l].as_ref().unwrap())
            }
        };
        let moves_bias = !(["growth", "hebbnet"].contains(&name) && l < top);
        if let (true, Some(d)) = (moves_bias, &delta[l]) {
            new.b[l - 1].iter_mut().zip(mean(d)).for_each(|(b, d)| *b -= rate * d);
        }
    }
    // centres
    if is("centre", "running") && !is("train", "output") {
        for l in 1..top {
            if is("train", "hidden") && l + 1 == top {
                continue;
            }
            let means = mean(&h[l]);
            let moved: Vec<f64> = s.mu[l].iter().zip(&means).map(|(m, h)| 0.99 * m + 0.01 * h).collect();
            for (b, w) in new.b[l].iter_mut().zip(&new.w[l]) {
                *b += w.iter().zip(moved.iter().zip(&s.mu[l])).map(|(w, (a, b))| w * (a - b)).sum::<f64>();
            }
            new.mu[l] = moved;
        }
    }
    // feedback
    if let Some(kind) =
        o.get("feedback").filter(|k| ["hebb", "oja", "oja-subspace", "oja-g1", "kolen-pollack"].contains(k))
    {
        for l in 1..top {
            let above = if name == "dfa" { top } else { l + 1 };
            let (b, post) = (&s.feedback[l - 1], &h[above]);
            let mut next = match *kind {
                "kolen-pollack" => {
                    let lambda: f64 = o["decay"].parse().unwrap();
                    zip(b, &product(delta[above].as_ref().unwrap(), &h[l]), |b, g| (1.0 - lambda) * b - rate * g)
                }
                "oja-subspace" => {
                    let rest = zip(&h[l], &through(post, b), |h, r| h - r);
                    zip(b, &product(post, &rest), |b, g| b + eta_b * g)
                }
                _ => zip(b, &product(post, &h[l]), |b, g| b + eta_b * g),
            };
            if kind.starts_with("oja") && *kind != "oja-subspace" {
                let squares = mean(&zip(post, post, |a, b| a * b));
                next = zip(&next, &rows_scaled(b, &squares), |n, b| n - eta_b * b);
            }
            if is("renormalise", "yes") {
                // the norm before this step is the initial one
                let norm = |m: &Mat| m.iter().flatten().map(|v| v * v).sum::<f64>().sqrt();
                let back = norm(b) / norm(&next);
                next.iter_mut().flatten().for_each(|v| *v *= back);
            }
            new.feedback[l - 1] = next;
        }
    }
    (new, Signals { h, delta })
}

fn near(got: &Mat, want: &Mat, tolerance: f64, what: &str) {
    for (r, (g, w)) in got.iter().zip(want).enumerate() {
        for (c, (g, w)) in g.iter().zip(w).enumerate() {
            assert!((g - w).abs() <= tolerance, "{what} [{r},{c}]: {g} against {w}, tolerance {tolerance:e}");
        }
    }
}

/// Section 11.3: `1e-5 max|dW| + 2^-22 max|W|` around the new weights.
fn moved_to(got: &Mat, want: &Mat, from: &Mat, what: &str) {
    let step = largest(&zip(want, from, |a, b| a - b));
    near(got, want, 1e-5 * step + largest(from).max(largest(want)) * 2f64.powi(-22), what);
}

#[test]
fn every_rules_step_agrees_with_plain_f64_loops() {
    for entry in REGISTRY {
        assert!(RULES.iter().any(|r| r.split('/').next() == Some(entry.name)), "{} is not tested", entry.name);
    }
    let data = dataset(61, 200, 50);
    for network in NETWORKS {
        for scaling in [InputScaling::Standardised, InputScaling::Unit] {
            for rule in RULES.iter().filter(|r| fits(network, r)) {
                let c = Config { inputs: scaling, ..config(network, rule) };
                let inputs = Inputs::new(c.inputs, &data);
                let mut t = Trainer::new(&c, 61, CLASSES, Isa::best()).unwrap();
                t.prepare(&inputs, &data.train, &(0..200).collect::<Vec<_>>());
                let cell = c.rule.to_string();
                for (i, rows) in batches(4).iter().enumerate() {
                    let what = format!("{network} {cell} {scaling:?} step {i}");
                    let signs = cell.contains("sign,") || cell.contains("-sign");
                    let before = state(&t);
                    let report = t.step(&inputs, &data.train, rows);
                    assert!(report.diverged.is_none() && t.flush(), "{what}");
                    let mut start = before.clone();
                    if signs {
                        // taken from the weights at the start of the step
                        start.feedback = (1..t.depth()).filter_map(|l| t.feedback(l).map(mat)).collect();
                    }
                    let labels: Vec<usize> = rows.iter().map(|&r| usize::from(data.train.labels[r as usize])).collect();
                    let masks: Vec<_> = (1..=t.depth()).map(|l| t.mask(l)).collect();
                    let rates = (0.05, 0.002, 0.02);
                    let x = by_sample(t.activity(0));
                    let tanh: Vec<bool> =
                        (1..t.depth()).map(|l| c.network.activation_of(l) == Activation::Tanh).collect();
                    let (want, s) = step(&start, &cell, &tanh, &x, &labels, rates, &masks, (i + 1) as f64);
                    let got = state(&t);
                    for l in 1..=t.depth() {
                        near(&by_sample(t.activity(l)), &s.h[l], 1e-5 * largest(&s.h[l]), &format!("{what}: h{l}"));
                        assert_eq!(s.delta[l].is_some(), t.is_taught(l), "{what}: delta{l}");
                        if let Some(d) = &s.delta[l] {
                            near(&by_sample(t.delta(l)), d, 1e-5 * largest(d), &format!("{what}: delta{l}"));
                        }
                        let at = l - 1;
                        moved_to(&got.w[at], &want.w[at], &before.w[at], &format!("{what}: W{l}"));
                        let row = |v: &Vec<f64>| vec![v.clone()];
                        moved_to(&row(&got.b[at]), &row(&want.b[at]), &row(&before.b[at]), &format!("{what}: b{l}"));
                        moved_to(
                            &row(&got.mu[at]),
                            &row(&want.mu[at]),
                            &row(&before.mu[at]),
                            &format!("{what}: mu{at}"),
                        );
                        if let (Some(got), Some(want), Some(from)) =
                            (&got.theta[at], &want.theta[at], &before.theta[at])
                        {
                            moved_to(got, want, from, &format!("{what}: theta{l}"));
                        }
                    }
                    for (l, want) in want.feedback.iter().enumerate() {
                        moved_to(&got.feedback[l], want, &start.feedback[l], &format!("{what}: B{}", l + 1));
                    }
                }
            }
        }
    }
}

#[test]
fn every_rule_gives_the_same_bits_on_every_path_and_twice() {
    let data = dataset(61, 120, 50);
    for network in ["1x70", "2x50-tanh"] {
        for rule in RULES.iter().filter(|r| fits(network, r)) {
            let c = config(network, rule);
            let mut all: Vec<String> =
                Isa::available().iter().map(|&isa| train_on(isa, &c, &data, &Silent).unwrap().weights_sha256).collect();
            all.push(train(&c, &data, &Silent).unwrap().weights_sha256);
            assert!(all.windows(2).all(|w| w[0] == w[1] && !w[0].is_empty()), "{network} {rule}: {all:?}");
        }
    }
}

#[test]
fn pending_updates_change_no_bits_under_any_rule() {
    let data = dataset(61, 200, 50);
    for rule in RULES {
        let c = config("1x70", rule);
        let inputs = Inputs::new(c.inputs, &data);
        let made = || {
            let mut t = Trainer::new(&c, 61, CLASSES, Isa::best()).unwrap();
            t.prepare(&inputs, &data.train, &(0..200).collect::<Vec<_>>());
            t
        };
        let (mut waiting, mut at_once) = (made(), made());
        for rows in batches(6) {
            waiting.step(&inputs, &data.train, &rows);
            at_once.step(&inputs, &data.train, &rows);
            at_once.flush();
        }
        waiting.flush();
        assert_eq!(bits(&waiting), bits(&at_once), "{rule}");
        assert_eq!(feedback_bits(&waiting), feedback_bits(&at_once), "{rule}");
    }
}

#[test]
fn a_zero_rate_changes_nothing_under_any_rule() {
    let data = dataset(61, 200, 50);
    for network in ["1x70", "2x50-relu"] {
        // lambda of Kolen-Pollack decays whatever the rate, and a running centre moves with the bias above it
        let moves =
            |r: &str| (r.contains("kolen") && !r.ends_with("decay=0")) || (r.starts_with("hd") && !r.contains("o1"));
        for rule in RULES.iter().filter(|r| fits(network, r) && !moves(r) || r.contains("centre=none")) {
            let c = Config {
                learning_rate: 0.0,
                hidden_rate: Some(0.0),
                feedback_rate: Some(0.0),
                ..config(network, rule)
            };
            let inputs = Inputs::new(c.inputs, &data);
            let mut t = Trainer::new(&c, 61, CLASSES, Isa::best()).unwrap();
            let (before, b) = (bits(&t), feedback_bits(&t));
            batches(3).iter().for_each(|rows| {
                t.step(&inputs, &data.train, rows);
            });
            assert!(t.flush());
            assert!(before == bits(&t), "{network} {rule}");
            assert!(rule.contains("sign") || b == feedback_bits(&t), "{rule}");
        }
    }
}

/// Outputs of the network for 64 images.
fn outputs(t: &mut Trainer, inputs: &Inputs, data: &Dataset) -> Vec<f32> {
    let (mut panels, mut x) = (bioprop::net::kernels::Panels::zeros(61, 64), Matrix::zeros(61, 64));
    inputs.gather_transposed(&data.train, &(0..64).collect::<Vec<_>>(), &mut panels, &mut x);
    let (mut buffers, top) = (t.buffers(64), t.depth() - 1);
    t.predict(&x, &mut buffers, |_, _| {});
    buffers[top].values().collect()
}

#[test]
fn moving_a_centre_leaves_the_function_alone() {
    let data = dataset(61, 200, 50);
    for network in ["1x70", "2x50-tanh"] {
        let c = Config { learning_rate: 0.0, ..config(network, "hd/reading=k") };
        let inputs = Inputs::new(c.inputs, &data);
        let mut t = Trainer::new(&c, 61, CLASSES, Isa::best()).unwrap();
        let before = outputs(&mut t, &inputs, &data);
        t.prepare(&inputs, &data.train, &(0..200).collect::<Vec<_>>());
        assert!(t.centre(1).unwrap().iter().any(|m| m.abs() > 0.01));
        let prepared = outputs(&mut t, &inputs, &data);
        let mu = t.centre(1).unwrap().to_vec();
        batches(20).iter().for_each(|rows| {
            t.step(&inputs, &data.train, rows);
        });
        t.flush();
        assert_ne!(mu, t.centre(1).unwrap());
        let after = outputs(&mut t, &inputs, &data);
        for ((a, b), c) in before.iter().zip(&prepared).zip(&after) {
            assert!((a - b).abs() < 1e-5 && (a - c).abs() < 1e-5, "{network}: {a} {b} {c}");
        }
    }
}

#[test]
fn frozen_layers_keep_their_bits_bias_and_centre_included() {
    let data = dataset(61, 200, 50);
    for network in ["1x70", "2x50-relu"] {
        for (rule, layers) in [
            ("frozen", "hidden"),
            ("growth/local=oja", "top"),
            ("hd/reading=d,train=output", "hidden"),
            ("hd/reading=o1,train=output", "hidden"),
            ("hd/reading=k,train=hidden", "top"),
            ("hd/reading=o2,train=hidden", "top"),
        ] {
            let c = config(network, rule);
            let inputs = Inputs::new(c.inputs, &data);
            let mut t = Trainer::new(&c, 61, CLASSES, Isa::best()).unwrap();
            t.prepare(&inputs, &data.train, &(0..200).collect::<Vec<_>>());
            let top = t.depth();
            let range = if layers == "top" { top..=top } else { 1..=top - 1 };
            let kept = |t: &Trainer| -> Vec<u32> {
                let centre = t.centre(top - 1).unwrap_or_default().to_vec();
                let layer = |l| t.weights(l).values().chain(t.bias(l).iter().copied()).collect::<Vec<_>>();
                range.clone().flat_map(layer).chain(centre).map(f32::to_bits).collect()
            };
            let (before, all) = (kept(&t), bits(&t));
            batches(10).iter().for_each(|rows| {
                t.step(&inputs, &data.train, rows);
            });
            t.flush();
            assert_eq!(before, kept(&t), "{network} {rule}");
            assert_ne!(all, bits(&t), "{network} {rule}: something learns");
        }
    }
}

#[test]
fn hebbian_descent_that_keeps_the_derivative_without_centres_is_backpropagation_bit_for_bit() {
    let data = dataset(61, 200, 50);
    for network in NETWORKS {
        let hash = |rule: &str| train(&config(network, rule), &data, &Silent).unwrap().weights_sha256;
        assert_eq!(hash("hd/reading=k,centre=none"), hash("bp"), "{network}");
    }
}

#[test]
fn identities_between_rules_with_one_hidden_layer() {
    let data = dataset(61, 200, 50);
    let hash = |rule: &str| train(&config("1x70", rule), &data, &Silent).unwrap().weights_sha256;
    for (a, b) in [
        ("dfa/feedback=oja-g1", "fa/feedback=oja"),
        ("dfa/feedback=oja", "fa/feedback=oja"),
        ("dfa/feedback=hebb", "fa/feedback=hebb"),
        ("dfa/feedback=kolen-pollack", "fa/feedback=kolen-pollack"),
        ("hd/reading=k,train=output", "hd/reading=d,train=output"),
    ] {
        assert_eq!(hash(a), hash(b), "{a} {b}");
    }
    let canonical = |c: &str| c.parse::<Cell>().unwrap().canonical().to_string();
    assert_eq!(canonical("mnist/1x2000/dfa/feedback=oja-g1"), canonical("mnist/1x2000/fa/feedback=oja"));
    assert_eq!(canonical("mnist/1x2000/hd/reading=k,train=output"), canonical("mnist/1x2000/hd/train=output"));
}

#[test]
fn kolen_pollack_shrinks_the_difference_of_w_and_b_by_lambda_a_step() {
    let data = dataset(61, 200, 50);
    for (rule, lambda) in [
        ("fa/feedback=kolen-pollack,decay=0.01", 0.01),
        ("fa/feedback=kolen-pollack,decay=0", 0.0),
        ("dfa/feedback=kolen-pollack,decay=0.01", 0.01),
    ] {
        let c = config("2x50-relu", rule);
        let inputs = Inputs::new(c.inputs, &data);
        let mut t = Trainer::new(&c, 61, CLASSES, Isa::best()).unwrap();
        // under DFA only the top hidden layer's B has a W to mirror
        let from = if rule.starts_with("dfa") { 2 } else { 1 };
        let gap = |t: &Trainer, l: usize| zip(&mat(t.weights(l + 1)), &mat(t.feedback(l).unwrap()), |w, b| w - b);
        let start: Vec<Mat> = (from..=2).map(|l| gap(&t, l)).collect();
        for rows in batches(40) {
            t.step(&inputs, &data.train, &rows);
        }
        t.flush();
        for (l, start) in (from..=2).zip(&start) {
            let want: Mat = start.iter().map(|r| r.iter().map(|g| g * (1.0f64 - lambda).powi(40)).collect()).collect();
            near(&gap(&t, l), &want, 1e-5, rule);
        }
    }
}

#[test]
fn unusable_combinations_are_refused_with_a_reason() {
    for (cell, word) in [
        ("mnist/2x800-relu/dfa/feedback=oja", "layer 2: 800 x 800"),
        ("mnist/2x800-relu/dfa/feedback=oja", "B_1 is 10 x 800"),
        ("mnist/2x800-relu/dfa/feedback=oja-subspace", "oja-g1"),
        ("mnist/linear/fa/feedback=random", "use bp"),
        ("mnist/linear/hebbnet", "use bp"),
        ("mnist/1x2000/hebbnet/local=oja-subspace,variant=t", "use variant=hl"),
    ] {
        let e = cell.parse::<Cell>().unwrap_err();
        assert!(e.contains(word), "{cell}: {e}");
    }
    for cell in ["mnist/1x2000/dfa/feedback=oja", "mnist/2x800-relu/dfa/feedback=oja-g1", "cifar10/linear/bp"] {
        assert!(cell.parse::<Cell>().is_ok(), "{cell}");
    }
    let c = config("2x50-relu", "dfa/feedback=oja");
    assert!(Trainer::new(&c, 61, CLASSES, Isa::best()).is_err());
}

/// Gaussian-like cloud in `n` dimensions with one long axis; pixels around 128.
fn cloud(n: usize, images: usize) -> Dataset {
    let mut rng = random::stream(5, Purpose::Subset, 1);
    let mut pixels = Vec::new();
    for _ in 0..images {
        let along = f64::from(random::uniform(&mut rng, 60.0));
        for k in 0..n {
            let axis = if k % 2 == 0 { 1.0 } else { -1.0 };
            pixels.push((127.5 + along * axis + f64::from(random::uniform(&mut rng, 15.0))).round() as u8);
        }
    }
    let images = Images { pixels, labels: vec![0; images], inputs: n };
    Dataset {
        id: DatasetId::Mnist,
        train: images.clone(),
        test: images,
        mean_image: vec![0.5; n],
        fingerprint: String::new(),
        origin: String::new(),
    }
}

#[test]
fn ojas_rule_finds_the_first_principal_axis_and_hebbs_grows_along_it() {
    let data = cloud(12, 640);
    let inputs = Inputs::new(InputScaling::Standardised, &data);
    let rows = |s: u32| (0..32u32).map(|i| (s * 32 + i) % 640).collect::<Vec<_>>();
    let axis = |row: &[f32]| -> f64 {
        row.iter().enumerate().map(|(k, &w)| f64::from(w) * if k % 2 == 0 { 1.0 } else { -1.0 }).sum::<f64>()
            / 12f64.sqrt()
    };
    let norm = |row: &[f32]| row.iter().map(|&w| f64::from(w).powi(2)).sum::<f64>().sqrt();
    let run = |local: &str, rate: f64, steps: u32| {
        let c = Config { hidden_rate: Some(rate), ..config("1x6", &format!("growth/local={local}")) };
        let mut t = Trainer::new(&c, 12, CLASSES, Isa::best()).unwrap();
        (0..steps).for_each(|s| {
            assert!(t.step(&inputs, &data.train, &rows(s)).diverged.is_none());
        });
        t.flush();
        t
    };
    // ReLU units see the half of the cloud where they are open: the axis is the same
    let oja = run("oja", 0.02, 4000);
    for r in 0..6 {
        let row = oja.weights(1).row(r);
        assert!((norm(row) - 1.0).abs() < 0.05 && (axis(row) / norm(row)).abs() > 0.99, "unit {r}: {row:?}");
    }
    // Hebb: ln |projection| grows by eta lambda_1 / 2 a step
    let (start, end) = (run("hebb", 0.002, 0), run("hebb", 0.002, 800));
    let x = |i: usize, k: usize| (f64::from(data.train.image(i)[k]) / 255.0 - 0.5) / 0.30811;
    let lambda = (0..640)
        .map(|i| (0..12).map(|k| x(i, k) * if k % 2 == 0 { 1.0 } else { -1.0 }).sum::<f64>().powi(2) / 12.0)
        .sum::<f64>()
        / 640.0;
    let projection = |t: &Trainer| (0..6).map(|r| axis(t.weights(1).row(r)).powi(2)).sum::<f64>().sqrt();
    let slope = (projection(&end) / projection(&start)).ln() / (800.0 * 0.002 * lambda / 2.0);
    assert!((0.8..1.25).contains(&slope), "{slope}");
}

#[test]
fn the_subspace_rule_reaches_orthonormal_rows() {
    // tiny inputs: tanh units are linear to 1e-3. Six pixels of 0..=10, uniform and independent: in pixels squared the
    // second moment is 160 along the mean and 10 across it
    let mut rng = random::stream(6, Purpose::Subset, 1);
    let pixels = (0..6 * 640).map(|_| random::below(&mut rng, 11) as u8).collect();
    let images = Images { pixels, labels: vec![0; 640], inputs: 6 };
    let data = Dataset { train: images.clone(), test: images, ..cloud(6, 1) };
    let inputs = Inputs::new(InputScaling::Unit, &data);
    let rate = 0.1 / (160.0 / 255.0f64.powi(2));
    let c = Config {
        hidden_rate: Some(rate),
        inputs: InputScaling::Unit,
        ..config("1x3-tanh", "growth/local=oja-subspace")
    };
    let mut t = Trainer::new(&c, 6, CLASSES, Isa::best()).unwrap();
    for s in 0..6000u32 {
        t.step(&inputs, &data.train, &(0..32u32).map(|i| (s * 32 + i) % 640).collect::<Vec<_>>());
    }
    t.flush();
    let w = mat(t.weights(1));
    let off: f64 = (0..3)
        .flat_map(|i| (0..3).map(move |j| (i, j)))
        .map(|(i, j)| {
            let dot: f64 = w[i].iter().zip(&w[j]).map(|(a, b)| a * b).sum();
            (dot - f64::from(u8::from(i == j))).powi(2)
        })
        .sum();
    assert!(off.sqrt() < 0.05, "{}", off.sqrt());
}

/// What a step costs: run by hand with `cargo test --test rules -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn the_cost_of_a_step_of_each_rule() {
    let time = |rule: &str| {
        let c = Config { batch: 64, ..config("1x2000", rule) };
        (0..3).map(|_| bioprop::train::Timing::measure(&c, 784, CLASSES, 1).step).fold(f64::MAX, f64::min)
    };
    for rule in RULES {
        let (bp, own) = (time("bp"), time(rule));
        println!("{rule}: {:.2} ms, {:.2} of backpropagation's", own * 1e3, own / bp);
    }
}

#[test]
fn hebbs_first_step_that_is_not_finite_is_where_the_closed_form_says() {
    // one unit, one repeated input: w_t = w_0 + ((1 + eta |x|^2)^t - 1) (w_0 . xhat) xhat while the unit is open
    let image: Vec<u8> = (0..12).map(|k| 150 + 5 * k as u8).collect();
    let images = Images { pixels: image.repeat(32), labels: vec![0; 32], inputs: 12 };
    let data = Dataset { train: images.clone(), test: images, ..cloud(12, 1) };
    let inputs = Inputs::new(InputScaling::Unit, &data);
    let c = Config { hidden_rate: Some(0.5), inputs: InputScaling::Unit, ..config("1x1", "growth/local=hebb") };
    let seed = (1..50)
        .find(|&seed| {
            let t = Trainer::new(&Config { seed, ..c.clone() }, 12, CLASSES, Isa::best()).unwrap();
            t.weights(1).row(0).iter().zip(&image).map(|(w, &x)| w * f32::from(x)).sum::<f32>() > 10.0
        })
        .expect("some unit is open");
    let mut t = Trainer::new(&Config { seed, ..c }, 12, CLASSES, Isa::best()).unwrap();
    let x: Vec<f64> = image.iter().map(|&p| f64::from(p) / 255.0).collect();
    let square: f64 = x.iter().map(|x| x * x).sum();
    let w0: Vec<f64> = t.weights(1).row(0).iter().map(|&w| f64::from(w)).collect();
    let along: f64 = w0.iter().zip(&x).map(|(w, x)| w * x).sum::<f64>() / square;
    let closed = |step: i32| -> (f64, f64) {
        let factor = (1.0 + 0.5 * square).powi(step) - 1.0;
        let w: Vec<f64> = w0.iter().zip(&x).map(|(w, x)| w + factor * along * x).collect();
        (w.iter().fold(0.0, |a: f64, w| a.max(w.abs())), w.iter().zip(&x).map(|(w, x)| w * x).sum())
    };
    let want = (1..).find(|&s| closed(s).0 > f64::from(f32::MAX) || closed(s).1 > f64::from(f32::MAX)).unwrap();
    let rows: Vec<u32> = (0..32).collect();
    let got = (1..).find_map(|_| t.step(&inputs, &data.train, &rows).diverged).unwrap();
    assert!((got as i64 - i64::from(want)).abs() <= 2, "diverged at {got}, closed form {want}");
}

#[test]
fn feedback_can_start_at_the_transposed_path_and_keep_its_norm() {
    let data = dataset(61, 200, 50);
    let inputs = Inputs::new(InputScaling::Standardised, &data);
    let t = Trainer::new(&config("2x50-relu", "fa/feedback=hebb,start=transpose"), 61, CLASSES, Isa::best()).unwrap();
    for l in 1..=2 {
        assert!(t.feedback(l).unwrap().values().eq(t.weights(l + 1).values()));
    }
    let mut t =
        Trainer::new(&config("2x50-relu", "dfa/feedback=hebb,start=transpose"), 61, CLASSES, Isa::best()).unwrap();
    assert!(t.feedback_angles().iter().all(|a| a.unwrap() < 0.01));
    let mut t =
        Trainer::new(&config("2x50-relu", "fa/feedback=hebb,renormalise=yes"), 61, CLASSES, Isa::best()).unwrap();
    let norms: Vec<f64> = (1..=2).map(|l| t.feedback(l).unwrap().norm()).collect();
    batches(30).iter().for_each(|rows| {
        t.step(&inputs, &data.train, rows);
    });
    for l in 1..=2 {
        assert!((t.feedback(l).unwrap().norm() / norms[l - 1] - 1.0).abs() < 1e-6);
    }
}

#[test]
fn rates_fall_by_five_percent_an_epoch_where_hebbnet_says_so() {
    let data = dataset(61, 200, 50);
    let inputs = Inputs::new(InputScaling::Standardised, &data);
    for (rule, factor) in [("hebbnet/local=hebb,variant=hl", 0.95f64 * 0.95), ("frozen", 0.95 * 0.95), ("bp", 1.0)] {
        let mut decayed = Trainer::new(&config("1x70", rule), 61, CLASSES, Isa::best()).unwrap();
        decayed.start_epoch(2);
        let c = config("1x70", rule);
        let given = Config { learning_rate: 0.05 * factor, hidden_rate: Some(0.002 * factor), ..c };
        let mut given = Trainer::new(&given, 61, CLASSES, Isa::best()).unwrap();
        for rows in batches(3) {
            decayed.step(&inputs, &data.train, &rows);
            given.step(&inputs, &data.train, &rows);
        }
        decayed.flush();
        given.flush();
        near(&mat(decayed.weights(1)), &mat(given.weights(1)), 1e-6, rule);
        near(&mat(decayed.weights(2)), &mat(given.weights(2)), 1e-6, rule);
    }
}

/// Bits of trained networks: a change here needs a new `study::REVISION`.
#[test]
fn golden_hashes() {
    let data = dataset(61, 200, 50);
    let all: Vec<String> = [
        ("1x70", "frozen"),
        ("1x70", "hebbnet/local=oja,variant=t-gs"),
        ("1x70", "hebbnet/local=oja-subspace,variant=hl"),
        ("2x50-relu", "sum/beta=0.01,local=oja"),
        ("2x50-tanh", "hd/reading=d"),
        ("2x50-relu", "hd/reading=o2"),
        ("2x50-relu", "fa/feedback=oja,renormalise=yes"),
        ("2x50-relu", "fa/feedback=kolen-pollack"),
        ("2x50-tanh", "dfa/feedback=oja-g1"),
        ("2x50-tanh", "drtp"),
        ("1x70", "growth/local=hebb"),
        ("linear", "bp"),
    ]
    .into_iter()
    .map(|(n, r)| train(&config(n, r), &data, &Silent).unwrap().weights_sha256[..16].to_string())
    .collect();
    let want = [
        "cdc8635af36a35fe",
        "120554f303563bea",
        "97343e37aef5c2ba",
        "6f13e973802a16e2",
        "84daa15988a4b387",
        "dc7d52cb65317699",
        "a9c09c2710746bf4",
        "4527cbfb527a1fa5",
        "137ae1f0955be564",
        "8b00f05bfab5f78d",
        "991744af7a145321",
        "e5501dcfea2ca814",
    ];
    assert_eq!(all, want, "bits changed: raise study::REVISION and write the new hashes here");
}
