//! What asked for each trial: figures, and the settings of robustness tables. Written as `uses.parquet` beside the results,
//! so that a report made of the files alone shows every trial where it belongs.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;

use super::StatsError;
use crate::run::StoredTrial;
use crate::study::figures;
use crate::study::robustness::MARK;

/// Keys of trials by a figure's id or the mark of a robustness setting. Empty where nobody wrote it down: then every
/// trial belongs to every figure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uses(pub BTreeMap<String, BTreeSet<String>>);

impl Uses {
    /// One row per use.
    pub fn frame(&self) -> Result<DataFrame, StatsError> {
        let rows: Vec<(&str, &str)> =
            self.0.iter().flat_map(|(by, keys)| keys.iter().map(move |k| (k.as_str(), by.as_str()))).collect();
        Ok(df!(
            "key" => rows.iter().map(|r| r.0).collect::<Vec<_>>(),
            "used_by" => rows.iter().map(|r| r.1).collect::<Vec<_>>(),
        )?)
    }

    pub fn from_frame(frame: &DataFrame) -> Result<Uses, StatsError> {
        let (keys, by) = (frame.column("key")?.str()?, frame.column("used_by")?.str()?);
        let mut uses = Uses::default();
        for (key, by) in keys.iter().zip(by.iter()).filter_map(|(k, b)| k.zip(b)) {
            uses.0.entry(by.to_string()).or_default().insert(key.to_string());
        }
        Ok(uses)
    }

    /// Every trial for every one of these figures.
    pub fn all(figures: &[String], trials: &DataFrame) -> Result<Uses, StatsError> {
        let keys: BTreeSet<String> = trials.column("key")?.str()?.iter().flatten().map(String::from).collect();
        Ok(Uses(figures.iter().map(|f| (f.clone(), keys.clone())).collect()))
    }

    /// Seeds of what figures show, as far as they do not have a number of runs of their own; without such a figure, of
    /// all trials.
    pub fn seeds(&self, trials: &[StoredTrial]) -> Vec<u64> {
        let own = |by: &str| by.starts_with(MARK) || figures::figure(by).is_ok_and(|f| f.fixed_runs.is_some());
        let shown: BTreeSet<&String> = self.0.iter().filter(|(by, _)| !own(by)).flat_map(|(_, keys)| keys).collect();
        let of = |wanted: &dyn Fn(&String) -> bool| -> BTreeSet<u64> {
            trials.iter().filter(|t| wanted(&t.trial.key())).map(|t| t.trial.seed).collect()
        };
        let seeds = of(&|key| shown.contains(key));
        let seeds = if seeds.is_empty() { of(&|_| true) } else { seeds };
        seeds.into_iter().collect()
    }

    /// Both; nothing where one of them does not know.
    pub fn join(mut self, other: Uses) -> Uses {
        if self.0.is_empty() || other.0.is_empty() {
            return Uses::default();
        }
        other.0.into_iter().for_each(|(by, keys)| self.0.entry(by).or_default().extend(keys));
        self
    }

    /// Whether a figure shows the trial.
    pub fn shows(&self, figure: &str, key: &str) -> bool {
        self.0.is_empty() || self.0.get(figure).is_some_and(|keys| keys.contains(key))
    }

    /// Keys that some figure shows; `None`: all.
    pub fn of_figures(&self) -> Option<BTreeSet<&str>> {
        let marked = |by: &str| by.starts_with(MARK);
        if !self.0.keys().any(|by| marked(by)) {
            return None;
        }
        Some(self.0.iter().filter(|(by, _)| !marked(by)).flat_map(|(_, k)| k.iter().map(String::as_str)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(of: &[(&str, &[&str])]) -> Uses {
        let keys = |k: &[&str]| k.iter().map(ToString::to_string).collect();
        Uses(of.iter().map(|(by, k)| (by.to_string(), keys(k))).collect())
    }

    #[test]
    fn uses_read_back_and_join() {
        let a = uses(&[("7", &["a", "b"]), ("robustness/unit", &["c"])]);
        assert_eq!(Uses::from_frame(&a.frame().unwrap()).unwrap(), a);
        let b = uses(&[("7", &["d"])]);
        assert_eq!(a.clone().join(b).0["7"].len(), 3);
        // what one side does not know cannot be told for the whole
        assert_eq!(a.join(Uses::default()), Uses::default());
    }

    #[test]
    fn figures_do_not_show_what_only_robustness_asked_for() {
        let some = uses(&[("7", &["a", "b"]), ("robustness/main", &["b", "c"])]);
        assert_eq!(some.of_figures(), Some(["a", "b"].into()));
        assert!(some.shows("7", "b") && !some.shows("7", "c") && !some.shows("8", "a"));
        let none = Uses::default();
        assert!(none.of_figures().is_none() && none.shows("8", "a"));
    }
}
