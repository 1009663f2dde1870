//! Progress in few lines: a notebook keeps everything that is printed.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::report::format::duration;
use crate::run::execute::Observer;
use crate::run::plan::Planned;
use crate::train::Outcome;

/// Nothing is said before this; every next line waits twice as long, up to a minute.
const FIRST: Duration = Duration::from_secs(8);
const LONGEST: Duration = Duration::from_secs(60);

/// Prints `7 of 30 trials, about 40 s left` now and then. `BIOPROP_PROGRESS=off` silences it: what a notebook holds
/// is then the same on every run.
pub(super) struct Lines {
    started: Instant,
    operations: f64,
    state: Mutex<State>,
    silent: bool,
}

struct State {
    trials: usize,
    of: usize,
    done: f64,
    next: Instant,
    pause: Duration,
}

impl Lines {
    pub fn new(trials: &[Planned]) -> Lines {
        let now = Instant::now();
        Lines {
            started: now,
            operations: trials.iter().map(|t| t.operations).sum(),
            state: Mutex::new(State { trials: 0, of: trials.len(), done: 0.0, next: now + FIRST, pause: FIRST }),
            silent: std::env::var("BIOPROP_PROGRESS").is_ok_and(|v| v == "off"),
        }
    }
}

impl Observer for Lines {
    fn started(&self, _: usize, _: &Planned) {}
    fn progress(&self, _: usize, _: f64) {}

    fn finished(&self, _: usize, trial: &Planned, _: Option<&Outcome>) {
        let mut s = self.state.lock().unwrap_or_else(|e| e.into_inner());
        s.trials += 1;
        s.done += trial.operations;
        if self.silent || s.trials == s.of || Instant::now() < s.next {
            return;
        }
        let left = self.started.elapsed().as_secs_f64() * (self.operations / s.done - 1.0);
        println!("{} of {} trials, about {} left", s.trials, s.of, duration(left));
        s.pause = (s.pause * 2).min(LONGEST);
        s.next = Instant::now() + s.pause;
    }

    fn note(&self, text: &str) {
        println!("{text}");
    }
}
