//! Claims about backpropagation alone.

use serde_json::json;

use super::super::contrast::{ALPHA, points};
use super::super::{Verdict, combine};
use super::{Found, Judge, Truth, found};
use crate::stats::power::{Seeds, seeds_to_be_beyond};
use crate::stats::{StatsError, mean, paired, std_dev};

impl Judge<'_> {
    pub(super) fn last_as_best(&self, cells: &[String]) -> Result<Found, StatsError> {
        let (mut truths, mut words, mut numbers, mut seeds) = (vec![], vec![], vec![], Vec::<Seeds>::new());
        for cell in cells.iter().map(|c| self.cell(c)) {
            let margin = self.margins.of(cell.name.dataset);
            let d: Vec<f64> = cell.runs.iter().filter_map(|r| Some(r.test? - r.best?)).collect();
            let gap: Vec<f64> = cell.runs.iter().filter_map(|r| Some(r.train? - r.test?)).collect();
            truths.push(if d.len() < 2 {
                Truth::Open
            } else if paired::above(&d, -margin)? < ALPHA {
                Truth::Holds
            } else if paired::below(&d, -margin)? < ALPHA {
                Truth::Fails
            } else {
                seeds.extend(seeds_to_be_beyond(&d, -margin, ALPHA));
                Truth::Open
            });
            let mean = |v: &[f64]| mean(v).ok();
            let say = |v: Option<f64>| v.map_or("none".into(), points);
            words.push(format!(
                "{} {} {} (train minus test {})",
                cell.name.dataset.title(),
                cell.name.network,
                say(mean(&d)),
                say(mean(&gap))
            ));
            numbers.push(
                json!({ "cell": cell.name.to_string(), "last_minus_best": mean(&d), "train_minus_test": mean(&gap) }),
            );
        }
        Ok(found(
            combine(&truths),
            format!("last minus best epoch, points: {}", words.join("; ")),
            json!({ "cells": numbers }),
            seeds.into_iter().max(),
        ))
    }

    pub(super) fn no_spread(&self, cell: &str, limit: f64) -> Result<Found, StatsError> {
        let cell = self.cell(cell);
        let first: Vec<_> = cell.runs.iter().take(5).collect();
        let test: Vec<f64> = first.iter().filter_map(|r| r.test).collect();
        let train: Vec<f64> = first.iter().filter_map(|r| r.train).collect();
        let mut again: Vec<f64> = cell.repeats.iter().filter_map(|r| r.test).collect();
        again.extend(
            cell.repeats.first().and_then(|r| cell.runs.iter().find(|o| o.seed == r.seed)).and_then(|r| r.test),
        );
        if test.len() < 2 {
            return Ok(found(
                Verdict::Inconclusive,
                format!("{} finished of {} runs", test.len(), first.len()),
                json!({}),
                None,
            ));
        }
        let truth = |std: f64| if std < limit { Truth::Holds } else { Truth::Fails };
        let (of_test, of_train, of_again) = (std_dev(&test)?, std_dev(&train).ok(), std_dev(&again).ok());
        let mut truths = vec![truth(of_test)];
        let saturated = train.len() == test.len() && train.iter().all(|v| *v > 0.9999);
        if let Some(std) = of_train.filter(|_| saturated) {
            truths.push(truth(std));
        }
        let mut reason = format!(
            "{} seeds: standard deviation of test accuracy {:.3} points, of train accuracy {:.3}",
            test.len(),
            100.0 * of_test,
            100.0 * of_train.unwrap_or(f64::NAN)
        );
        if !saturated {
            reason += " (not judged: not above 99.99% in all runs)";
        }
        if let Some(std) = of_again {
            reason += &format!("; one seed trained {} times: {:.3} points", again.len(), 100.0 * std);
        }
        Ok(found(
            combine(&truths),
            reason,
            json!({ "test_std": of_test, "train_std": of_train, "repeated_std": of_again, "train_saturated": saturated }),
            None,
        ))
    }
}
