//! The first steps of one trial as NumPy arrays, for the sceptic who re-computes them in another language.
//!
//! Samples in rows; `t = 0..N-1` for a step, `0..N` for a state; `l = 1..L`. `delta{l}` is the teaching signal that
//! the rule used (none where a layer has none), `B{l}` feeds hidden layer `l`, signs applied, in the shape of the forward path that it replaces.

use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::path::{Path, PathBuf};

use ndarray::{Array1, Array2};
use ndarray_npy::{NpzWriter, WriteNpzError};

use super::atomic;
use crate::data::Dataset;
use crate::net::{Isa, Matrix};
use crate::rules::RuleError;
use crate::study::Trial;
use crate::train::{Inputs, Split, Trainer, epoch_order, resolved};

/// Why there is no trace.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    #[error("{path}: cannot write: {source}; make room or rights there, or choose another --out")]
    Io { path: PathBuf, source: std::io::Error },
    #[error(
        "--steps {asked}: allowed are 1..={available}, one epoch of this data; ask for fewer, or take a larger --profile"
    )]
    TooManySteps { asked: usize, available: usize },
    #[error(transparent)]
    Rule(#[from] RuleError),
}

/// Writes `steps` steps of `trial` to `out` (npz); the file appears whole or not at all.
///
/// # Errors
/// If the file cannot be written or an epoch has fewer steps.
pub fn write(trial: &Trial, data: &Dataset, steps: usize, out: &Path) -> Result<(), TraceError> {
    let config = trial.config();
    let classes = data.id.classes();
    let split = Split::draw(&data.train, classes, config.train_sample, config.seed);
    let inputs = Inputs::new(config.inputs, data);
    let config = resolved(&config, data, &inputs, &split);
    let order = epoch_order(&split.train, config.seed, 0);
    let available = order.len() / config.batch;
    if steps > available {
        return Err(TraceError::TooManySteps { asked: steps, available });
    }
    let text = serde_json::json!({
        "cell": trial.cell.to_string(),
        "dataset": trial.cell.dataset.name(),
        "network": trial.cell.network.to_string(),
        "activation": trial.cell.network.activation.name(),
        "activations": (1..=trial.cell.network.depth).map(|l| trial.cell.network.activation_of(l).name()).collect::<Vec<_>>(),
        "rule": trial.cell.rule.name(),
        "options": trial.cell.rule.options(),
        "learning_rate": trial.learning_rate,
        "hidden_rate": config.hidden_rate,
        "growth": trial.growth,
        "eta_b": config.feedback_rate,
        "recipe": trial.recipe.name(),
        "loss": config.loss.name(),
        "batch": config.batch,
        "seed": trial.seed,
        "data": trial.data.name(),
        "precision": "f32",
        "optimiser": format!("{:?}", config.optimiser),
        "steps": steps,
    });
    let mut trainer = Trainer::new(&config, data.train.inputs, classes, Isa::best())?;
    trainer.prepare(&inputs, &data.train, &order);
    trainer.start_epoch(0);
    let text = text.to_string();
    let fill = |w: &mut BufWriter<&File>| -> Result<(), WriteNpzError> {
        let mut arrays = NpzWriter::new(w);
        arrays.add_array("config_json", &Array1::from(text.into_bytes()))?;
        for t in 0..=steps {
            add_state(&mut arrays, &trainer, t)?;
            if t < steps {
                let rows = &order[t * config.batch..(t + 1) * config.batch];
                add_step(&mut arrays, &mut trainer, (&inputs, data), rows, t)?;
            }
        }
        arrays.finish().map(drop)
    };
    atomic::write_atomically(out, |w| fill(w).map_err(std::io::Error::other))
        .map_err(|source| TraceError::Io { path: out.to_path_buf(), source })
}

/// The state before step `t`.
fn add_state<W: Write + Seek>(arrays: &mut NpzWriter<W>, trainer: &Trainer, t: usize) -> Result<(), WriteNpzError> {
    for l in 1..=trainer.depth() {
        arrays.add_array(format!("W{l}_{t}"), &by_rows(trainer.weights(l)))?;
        arrays.add_array(format!("b{l}_{t}"), &Array1::from(trainer.bias(l).to_vec()))?;
        if let Some((w, b)) = trainer.mean_squares(l) {
            arrays.add_array(format!("vW{l}_{t}"), &by_rows(w))?;
            arrays.add_array(format!("vb{l}_{t}"), &Array1::from(b.row(0).to_vec()))?;
        }
    }
    for l in 0..trainer.depth() {
        if let Some(mu) = trainer.centre(l) {
            arrays.add_array(format!("mu{l}_{t}"), &Array1::from(mu.to_vec()))?;
        }
        if l > 0 && trainer.feedback_learns() {
            let b = trainer.feedback(l).expect("feedback that learns is there");
            arrays.add_array(format!("B_state{l}_{t}"), &by_rows(b))?;
        }
        if let Some(theta) = (l > 0).then(|| trainer.threshold(l)).flatten() {
            arrays.add_array(format!("theta{l}_{t}"), &by_rows(theta))?;
        }
    }
    Ok(())
}

/// Does step `t` on the images at `rows` and adds what it computed.
fn add_step<W: Write + Seek>(
    arrays: &mut NpzWriter<W>,
    trainer: &mut Trainer,
    (inputs, data): (&Inputs, &Dataset),
    rows: &[u32],
    t: usize,
) -> Result<(), WriteNpzError> {
    // as used at this step: feedback that learns changes at its end
    let mut used: Vec<Matrix> = (1..trainer.depth()).filter_map(|l| trainer.feedback(l).cloned()).collect();
    trainer.step(inputs, &data.train, rows);
    let labels: Vec<i64> = rows.iter().map(|&r| i64::from(data.train.labels[r as usize])).collect();
    arrays.add_array(format!("x_{t}"), &by_samples(trainer.activity(0)))?;
    arrays.add_array(format!("y_{t}"), &Array1::from(labels))?;
    arrays.add_array(format!("yhat_{t}"), &by_samples(trainer.activity(trainer.depth())))?;
    for l in 1..=trainer.depth() {
        arrays.add_array(format!("h{l}_{t}"), &by_samples(trainer.activity(l)))?;
        if trainer.is_taught(l) {
            arrays.add_array(format!("delta{l}_{t}"), &by_samples(trainer.delta(l)))?;
        }
        if let Some(mask) = trainer.mask(l) {
            let n_in = trainer.weights(l).cols();
            let mask = Array2::from_shape_fn((trainer.weights(l).rows(), n_in), |(r, k)| u8::from(mask[r * n_in + k]));
            arrays.add_array(format!("mask{l}_{t}"), &mask)?;
        }
        if l < trainer.depth() && !used.is_empty() {
            // kinds that follow signs took them at the start of the step
            if !trainer.feedback_learns() {
                used[l - 1] = trainer.feedback(l).expect("feedback was there").clone();
            }
            arrays.add_array(format!("B{l}_{t}"), &by_rows(&used[l - 1]))?;
        }
    }
    trainer.flush();
    Ok(())
}

fn by_rows(m: &Matrix) -> Array2<f32> {
    Array2::from_shape_fn((m.rows(), m.cols()), |(r, c)| m.row(r)[c])
}

fn by_samples(m: &Matrix) -> Array2<f32> {
    Array2::from_shape_fn((m.cols(), m.rows()), |(n, r)| m.row(r)[n])
}
