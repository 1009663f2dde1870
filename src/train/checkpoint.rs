//! The state of a trial between two epochs, so that a long one goes on where it was killed, to the same bits.
//!
//! One line of JSON (what is counted and what was seen so far), then every float of the state as little-endian bytes.

use serde::{Deserialize, Serialize};

use super::{Outcome, Trainer, observe::Observer};

/// Where checkpoints of a trial are kept.
pub trait Keeper {
    /// The last one, if there is any.
    fn stored(&self) -> Option<Vec<u8>>;
    /// Whether it is time for another.
    fn due(&self) -> bool;
    fn keep(&self, bytes: &[u8]);
}

/// Keeps nothing.
pub struct NoKeeper;

impl Keeper for NoKeeper {
    fn stored(&self) -> Option<Vec<u8>> {
        None
    }
    fn due(&self) -> bool {
        false
    }
    fn keep(&self, _: &[u8]) {}
}

#[derive(Serialize, Deserialize)]
struct Header {
    /// Epochs done.
    epochs: u32,
    counters: Vec<u64>,
    /// Lengths of the parts of the state, in their order.
    floats: Vec<usize>,
    /// As of the last epoch: seconds so far, which test images were right.
    outcome: Outcome,
}

/// The state after `epochs` epochs.
pub(super) fn save(epochs: u32, trainer: &mut Trainer, observer: &Observer, outcome: &Outcome) -> Vec<u8> {
    let counters = trainer.counters();
    let direction = observer.direction().unwrap_or_default();
    let mut parts: Vec<&[f32]> = trainer.state().into_iter().map(|part| &*part).collect();
    parts.push(&direction);
    let header = Header { epochs, counters, floats: parts.iter().map(|p| p.len()).collect(), outcome: outcome.clone() };
    let mut bytes = serde_json::to_vec(&header).expect("a checkpoint is plain data");
    bytes.push(b'\n');
    bytes.reserve(4 * header.floats.iter().sum::<usize>());
    for value in parts.into_iter().flatten() {
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    bytes
}

/// Takes up a saved state: epochs done, and the outcome so far. `None`, and nothing is changed, if it is not one of this
/// trial.
pub(super) fn load(bytes: &[u8], trainer: &mut Trainer, observer: &mut Observer) -> Option<(u32, Outcome)> {
    let end = bytes.iter().position(|b| *b == b'\n')?;
    let header: Header = serde_json::from_slice(&bytes[..end]).ok()?;
    let mut floats = bytes[end + 1..].chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().expect("four bytes")));
    let (&direction, lengths) = header.floats.split_last()?;
    let total = lengths.iter().try_fold(direction, |sum, n| sum.checked_add(*n))?;
    if !lengths.iter().copied().eq(trainer.state().iter().map(|part| part.len()))
        || header.counters.len() != trainer.counters().len()
        || total.checked_mul(4)? != bytes.len() - end - 1
        || !observer.takes(direction)
    {
        return None;
    }
    for part in trainer.state() {
        part.iter_mut().for_each(|v| *v = floats.next().expect("counted above"));
    }
    trainer.set_counters(&header.counters);
    observer.set_direction(floats.collect());
    Some((header.epochs, header.outcome))
}
