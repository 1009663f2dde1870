//! Who watches a run.

use super::plan::Planned;
use crate::train::Outcome;

/// Watches a run; called from the training threads.
pub trait Observer: Sync {
    /// `slot` is the number of the thread.
    fn started(&self, slot: usize, trial: &Planned);
    /// Operations done so far by the trial of this slot.
    fn progress(&self, slot: usize, operations: f64);
    /// `None`: another process had trained it meanwhile.
    fn finished(&self, slot: usize, trial: &Planned, outcome: Option<&Outcome>);
    /// A sentence for the reader, such as a damaged file that was set aside.
    fn note(&self, text: &str);
}

/// An observer that sees nothing.
pub struct Quiet;

impl Observer for Quiet {
    fn started(&self, _: usize, _: &Planned) {}
    fn progress(&self, _: usize, _: f64) {}
    fn finished(&self, _: usize, _: &Planned, _: Option<&Outcome>) {}
    fn note(&self, _: &str) {}
}
