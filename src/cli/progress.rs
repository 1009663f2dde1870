//! Progress of a run: one bar for the whole, one line per running trial; plain lines where nobody watches a terminal.
//!
//! Everything is counted in operations, which are known beforehand, not in trials, which differ a hundredfold.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::output::duration;
use crate::run::observer::Observer;
use crate::run::plan::{Planned, time_left};
use crate::train::{Outcome, Status};

/// Longest silence of a bar, and shortest time between two plain lines.
const REDRAW: Duration = Duration::from_millis(200);
const PLAIN: Duration = Duration::from_secs(10);

struct Running {
    title: String,
    operations: f64,
    done: f64,
    since: Instant,
}

struct State {
    /// Operations of trials that need no more work.
    finished: f64,
    finished_trials: usize,
    /// Of these, what this sitting did, and the seconds its threads took.
    here: f64,
    busy: f64,
    running: Vec<Option<Running>>,
    /// Key and operations of what waits, longest first.
    waiting: Vec<(String, f64)>,
    drawn: Option<Instant>,
    decile: u32,
}

/// Shows how far a run is.
pub struct Progress {
    state: Mutex<State>,
    total: f64,
    trials: usize,
    threads: usize,
    bars: Option<(MultiProgress, ProgressBar, Vec<ProgressBar>)>,
}

impl Progress {
    /// For a run of `all` trials of which `missing` are still to be trained.
    pub fn new(all: &[Planned], missing: &[&Planned], threads: usize) -> Progress {
        let threads = threads.clamp(1, missing.len().max(1));
        let total: f64 = all.iter().map(|p| p.operations).sum();
        let mut waiting: Vec<_> = missing.iter().map(|p| (p.key.clone(), p.operations)).collect();
        waiting.sort_by(|a, b| b.1.total_cmp(&a.1));
        let left: f64 = waiting.iter().map(|w| w.1).sum();
        let bars = (std::io::stderr().is_terminal() && !missing.is_empty()).then(|| {
            let all = MultiProgress::new();
            let style = |text: &str| ProgressStyle::with_template(text).expect("a valid template");
            let whole = all.add(ProgressBar::new(1000));
            whole.set_style(style("{wide_bar} {msg}"));
            let lines = (0..threads).map(|_| {
                let line = all.add(ProgressBar::new_spinner());
                line.set_style(style("  {msg}"));
                line
            });
            let lines = lines.collect();
            (all, whole, lines)
        });
        let state = State {
            finished: (total - left).max(0.0),
            finished_trials: all.len() - missing.len(),
            here: 0.0,
            busy: 0.0,
            running: (0..threads).map(|_| None).collect(),
            waiting,
            drawn: None,
            decile: 0,
        };
        Progress { state: Mutex::new(state), total, trials: all.len(), threads, bars }
    }

    /// Takes the bars away.
    pub fn close(&self) {
        if let Some((all, ..)) = &self.bars {
            let _ = all.clear();
        }
    }

    fn draw(&self, state: &mut State, now: Instant) {
        let fraction = state.fraction(self.total);
        let decile = (fraction * 10.0) as u32;
        let pause = state.drawn.map_or(Duration::MAX, |t| now - t);
        match &self.bars {
            Some((_, whole, lines)) if pause >= REDRAW => {
                whole.set_position((fraction * 1000.0) as u64);
                whole.set_message(self.words(state, now));
                for (line, running) in lines.iter().zip(&state.running) {
                    line.set_message(match running {
                        Some(r) => format!("{:>3.0} %  {}", 100.0 * r.done / r.operations, r.title),
                        None => String::new(),
                    });
                }
                state.drawn = Some(now);
            }
            None if pause >= PLAIN || decile > state.decile => {
                eprintln!("{}", self.words(state, now));
                state.drawn = Some(now);
                state.decile = decile;
            }
            _ => {}
        }
    }

    fn words(&self, state: &State, now: Instant) -> String {
        let left = match state.rate(now) {
            Some(rate) => {
                let running: Vec<f64> = state.running.iter().flatten().map(|r| r.operations - r.done).collect();
                let waiting: Vec<f64> = state.waiting.iter().map(|w| w.1).collect();
                format!("about {} left", duration(time_left(&running, &waiting, self.threads, rate)))
            }
            None => "measuring".into(),
        };
        format!(
            "{:>3.0} %  {} of {} trials, {left}",
            (100.0 * state.fraction(self.total)).floor(),
            state.finished_trials,
            self.trials
        )
    }
}

impl State {
    fn fraction(&self, total: f64) -> f64 {
        let running: f64 = self.running.iter().flatten().map(|r| r.done).sum();
        if total > 0.0 { ((self.finished + running) / total).min(1.0) } else { 1.0 }
    }

    /// Operations a second of one busy thread, over finished and running trials of this sitting.
    fn rate(&self, now: Instant) -> Option<f64> {
        let running = self.running.iter().flatten().filter(|r| r.done > 0.0);
        let (mut done, mut seconds) = (self.here, self.busy);
        for r in running {
            done += r.done;
            seconds += (now - r.since).as_secs_f64();
        }
        (done > 0.0 && seconds > 0.5).then(|| done / seconds)
    }
}

impl Observer for Progress {
    fn started(&self, slot: usize, trial: &Planned) {
        let mut state = self.state.lock().expect("no panic while held");
        let now = Instant::now();
        state.waiting.retain(|w| w.0 != trial.key);
        state.running[slot] =
            Some(Running { title: trial.title(), operations: trial.operations, done: 0.0, since: now });
        self.draw(&mut state, now);
    }

    fn progress(&self, slot: usize, operations: f64) {
        let mut state = self.state.lock().expect("no panic while held");
        if let Some(r) = &mut state.running[slot] {
            r.done = operations.min(r.operations);
        }
        self.draw(&mut state, Instant::now());
    }

    fn finished(&self, slot: usize, trial: &Planned, outcome: Option<&Outcome>) {
        let mut state = self.state.lock().expect("no panic while held");
        let now = Instant::now();
        state.waiting.retain(|w| w.0 != trial.key);
        if let Some(r) = state.running[slot].take() {
            // a diverged trial stopped early: its operations were not all done
            let done = if outcome.is_some_and(|o| o.status == Status::Finished) { r.operations } else { r.done };
            state.here += done;
            state.busy += (now - r.since).as_secs_f64();
        }
        state.finished += trial.operations;
        state.finished_trials += 1;
        self.draw(&mut state, now);
    }

    fn note(&self, text: &str) {
        match &self.bars {
            Some((all, ..)) => drop(all.println(text)),
            None => eprintln!("{text}"),
        }
    }
}

/// Notes on stderr, nothing else.
pub struct Notes;

impl Observer for Notes {
    fn started(&self, _: usize, _: &Planned) {}
    fn progress(&self, _: usize, _: f64) {}
    fn finished(&self, _: usize, _: &Planned, _: Option<&Outcome>) {}
    fn note(&self, text: &str) {
        eprintln!("note: {text}");
    }
}
