//! Progress in few lines: a notebook keeps everything that is printed.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::problem::Problem;
use crate::report::format::duration;
use crate::run::observer::Observer;
use crate::run::plan::Planned;
use crate::train::Outcome;

/// Nothing is said before this; every next line waits twice as long, up to a minute.
const FIRST: Duration = Duration::from_secs(8);
const LONGEST: Duration = Duration::from_secs(60);

/// `off` silences it: what a notebook holds is then the same on every run.
const VARIABLE: &str = "BIOPROP_PROGRESS";

/// Prints `7 of 30 trials, about 40 s left` now and then, unless the variable says otherwise.
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
    /// # Errors
    /// A value of the variable that means nothing.
    pub fn new(trials: &[Planned]) -> Result<Lines, Problem> {
        let value = std::env::var_os(VARIABLE).unwrap_or_default();
        let silent = silent(&value.to_string_lossy())?;
        let now = Instant::now();
        Ok(Lines {
            started: now,
            operations: trials.iter().map(|t| t.operations).sum(),
            state: Mutex::new(State { trials: 0, of: trials.len(), done: 0.0, next: now + FIRST, pause: FIRST }),
            silent,
        })
    }
}

fn silent(value: &str) -> Result<bool, Problem> {
    match value {
        "" => Ok(false),
        "off" => Ok(true),
        _ => Err(Problem::new(format!("{VARIABLE}={value}: known is off; leave it unset to see progress"))),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_means_nothing_is_refused() {
        assert_eq!((silent(""), silent("off")), (Ok(false), Ok(true)));
        for value in ["OFF", "on", "0"] {
            let error = silent(value).unwrap_err().to_string();
            assert!(error.contains(value) && error.contains("known is off"), "{error}");
        }
    }
}
