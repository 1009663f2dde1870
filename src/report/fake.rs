//! Made-up results of the real cells, for tests and for looking at the page: never part of the program.

use std::collections::BTreeMap;

use polars::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use crate::data::DatasetId;
use crate::run::{DataProvenance, Provenance};
use crate::study::figures;
use crate::study::{Cell, Profile};

pub struct Fake {
    pub trials: DataFrame,
    pub curves: DataFrame,
    pub summary: DataFrame,
    pub filters: DataFrame,
    pub tuning: DataFrame,
    pub provenance: Provenance,
}

/// One made-up trial.
#[derive(Clone)]
pub struct Made {
    pub cell: Cell,
    pub seed: u64,
    pub repeat: u32,
    pub diverged_at: Option<u64>,
    pub runaway: bool,
    /// Test accuracy per epoch.
    pub test: Vec<f64>,
}

fn unit(rng: &mut ChaCha8Rng) -> f64 {
    f64::from(rng.next_u32()) / f64::from(u32::MAX)
}

/// Roughly normal.
fn noise(rng: &mut ChaCha8Rng) -> f64 {
    (0..6).map(|_| unit(rng)).sum::<f64>() - 3.0
}

/// Plausible accuracies: binary ±1 erratic, some diverged.
pub fn trials(profile: Profile, seeds: u64) -> Vec<Made> {
    let mut all: Vec<Made> = Vec::new();
    for (f, figure) in figures::REGISTRY.iter().enumerate() {
        for (i, cell) in figure.cells().into_iter().enumerate() {
            let cell = cell.canonical();
            let (wanted, repeats) = figure.fixed_runs.map_or((seeds, 1), |r| (r.seeds, r.repeats));
            for seed in 0..wanted {
                for repeat in 0..if seed == 0 { repeats } else { 1 } {
                    if all.iter().any(|m| m.cell == cell && m.seed == seed && m.repeat == repeat) {
                        continue;
                    }
                    let mut rng = ChaCha8Rng::seed_from_u64(1000 * i as u64 + 100_000 * f as u64);
                    let mut own = ChaCha8Rng::seed_from_u64(seed * 7919 + i as u64 * 31);
                    let top = match cell.dataset {
                        DatasetId::Mnist => 0.955,
                        DatasetId::Cifar10 => 0.43,
                    };
                    let kind = cell.rule.option("feedback");
                    let literal = cell.rule.option("scale") == Some("literal");
                    let option = |key| cell.rule.option(key).unwrap_or_default();
                    let shift = match (kind, literal) {
                        _ if cell.network.depth == 0 => -0.05,
                        _ if cell.rule.name() == "frozen" => -0.03,
                        _ if cell.rule.name() == "drtp" => -0.035,
                        _ if cell.rule.name() == "hebbnet" => match (option("local"), option("variant")) {
                            ("hebb", "hl") => -0.25,
                            ("oja", "hl") => -0.2,
                            (_, "t") => -0.06,
                            _ => -0.04,
                        },
                        _ if cell.rule.name() == "sum" => {
                            let beta: f64 = option("beta").parse().unwrap();
                            if option("local") == "oja" { -0.28 * (beta * 1e4).min(1.5) } else { -0.8 * beta }
                        }
                        _ if cell.rule.name() == "hd" => match (option("reading"), option("train")) {
                            (_, "output") => -0.03,
                            (_, "hidden") => -0.02,
                            ("o1", _) => -0.12,
                            _ => -0.008,
                        },
                        (Some("hebb" | "oja" | "oja-g1"), _) => -0.022,
                        (Some("kolen-pollack"), _) => -0.002,
                        (None, _) => 0.0,
                        (Some("random"), _) => -0.018,
                        (Some("random-sign"), _) => -0.012,
                        (_, true) => [0.012, -0.006, -0.30, 0.004, -0.09, -0.81][(rng.next_u32() % 6) as usize],
                        _ => -0.014,
                    };
                    let spread = if literal && shift < -0.05 { 0.08 } else { 0.0035 };
                    let goal = (top + shift + spread * noise(&mut own)).clamp(0.08, 0.99);
                    let trained_b = kind == Some("hebb") && cell.rule.option("renormalise") == Some("no");
                    let diverges = (literal || trained_b) && cell.network.depth == 2 && rng.next_u32() % 5 == 0;
                    let diverged_at = (diverges && (rng.next_u32() % 2 == 0 || seed % 2 == 0)).then_some(37 + seed);
                    let epochs = profile.epochs(figure.epochs_of_the_post);
                    let test = (1..=epochs)
                        .map(|e| {
                            (goal
                                - (goal - 0.1)
                                    * 0.25
                                    * (-1.1 * f64::from(e)).exp()
                                    * 3.0
                                    * (1.0 - f64::from(e) / f64::from(epochs)))
                            .max(0.05)
                        })
                        .collect();
                    all.push(Made {
                        cell: cell.clone(),
                        seed,
                        repeat,
                        diverged_at,
                        runaway: literal && shift < -0.05,
                        test,
                    });
                }
            }
        }
    }
    all
}

fn t95(n: usize) -> f64 {
    [f64::NAN, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262][(n - 1).min(9)]
}

/// Mean, deviation, interval.
fn estimate(v: &[f64]) -> [Option<f64>; 4] {
    let (mean, std) = super::model::mean_std(v);
    let half = std.map(|s| s * t95(v.len()) / (v.len() as f64).sqrt());
    [mean, std, mean.zip(half).map(|(m, h)| m - h), mean.zip(half).map(|(m, h)| m + h)]
}

/// The frames of some trials.
pub fn frames(profile: Profile, made: &[Made]) -> Fake {
    let steps_per_epoch = |d: DatasetId| match (profile, d) {
        (Profile::Smoke, _) => 8,
        (Profile::Quick, DatasetId::Mnist) => 140,
        (Profile::Quick, DatasetId::Cifar10) => 56,
        (_, DatasetId::Mnist) => 843,
        (_, DatasetId::Cifar10) => 703,
    };
    let seeds: Vec<u64> = super::model::distinct(made.iter().map(|m| m.seed));
    let text = |f: &dyn Fn(&Made) -> String| made.iter().map(f).collect::<Vec<_>>();
    let last = |m: &Made| m.test.last().copied().filter(|_| m.diverged_at.is_none());
    let train = |m: &Made| last(m).map(|v| (v + 0.02).min(0.9991));
    let key = |m: &Made| format!("{}-{}-{}", m.cell, m.seed, m.repeat);
    let epochs = profile.epochs(300);
    let trials = df!(
        "key" => text(&key),
        "cell" => text(&|m| m.cell.to_string()),
        "dataset" => text(&|m| m.cell.dataset.to_string()),
        "network" => text(&|m| m.cell.network.to_string()),
        "rule" => text(&|m| m.cell.rule.name().to_string()),
        "options" => text(&|m| m.cell.rule.options_text()),
        "recipe" => text(&|_| "main".into()),
        "precision" => text(&|_| "f32".into()),
        "learning_rate" => made.iter().map(|m| if m.cell.dataset == DatasetId::Mnist { 0.1 } else { 0.0316 }).collect::<Vec<f64>>(),
        "feedback_rate" => made.iter().map(|m| m.cell.rule.option("feedback").filter(|k| ["hebb", "oja"].contains(k)).map(|_| 1e-3)).collect::<Vec<Option<f64>>>(),
        "batch" => vec![64u32; made.len()],
        "epochs" => vec![epochs; made.len()],
        "data" => text(&|_| profile.data().name().into()),
        "data_fingerprint" => text(&|m| format!("{:064x}", m.cell.dataset as u32 + 7)),
        "train_sample" => vec![500u32; made.len()],
        "seed" => made.iter().map(|m| m.seed).collect::<Vec<u64>>(),
        "repeat" => made.iter().map(|m| m.repeat).collect::<Vec<u32>>(),
        "revision" => vec![1u32; made.len()],
        "status" => text(&|m| if m.diverged_at.is_some() { "diverged".into() } else { "finished".into() }),
        "diverged_at_step" => made.iter().map(|m| m.diverged_at).collect::<Vec<Option<u64>>>(),
        "runaway" => made.iter().map(|m| m.runaway).collect::<Vec<bool>>(),
        "steps" => made.iter().map(|m| m.diverged_at.unwrap_or(u64::from(epochs) * steps_per_epoch(m.cell.dataset))).collect::<Vec<u64>>(),
        "train_accuracy" => made.iter().map(train).collect::<Vec<Option<f64>>>(),
        "train_sample_accuracy" => made.iter().map(train).collect::<Vec<Option<f64>>>(),
        "validation_accuracy" => made.iter().map(last).collect::<Vec<Option<f64>>>(),
        "test_accuracy" => made.iter().map(last).collect::<Vec<Option<f64>>>(),
        "best_epoch" => made.iter().map(|m| last(m).map(|_| epochs)).collect::<Vec<Option<u32>>>(),
        "best_validation_accuracy" => made.iter().map(last).collect::<Vec<Option<f64>>>(),
        "best_test_accuracy" => made.iter().map(last).collect::<Vec<Option<f64>>>(),
        "test_images" => vec![2000u32; made.len()],
        "weights_sha256" => text(&|m| if m.diverged_at.is_some() { String::new() } else { format!("{:016x}{:048x}", m.seed * 0x9e37_79b9 + 12_345, 1) }),
        "train_time_s" => vec![3.3f64; made.len()],
        "total_time_s" => vec![4.1f64; made.len()],
        "peak_memory_bytes" => vec![None::<u64>; made.len()],
        "commit" => vec![None::<String>; made.len()],
    )
    .unwrap();
    let rows: Vec<(&Made, u32, f64)> = made
        .iter()
        .flat_map(|m| m.test.iter().enumerate().map(move |(e, t)| (m, e as u32 + 1, *t)))
        .filter(|(m, _, _)| m.diverged_at.is_none())
        .collect();
    let angle = |m: &Made, e: u32| {
        m.cell
            .rule
            .option("feedback")
            .map(|k| if k.ends_with("sign") { 40.0 - f64::from(e) } else { 52.0 + 38.0 * (-f64::from(e) / 2.0).exp() })
    };
    let mut curves = df!(
        "key" => rows.iter().map(|r| key(r.0)).collect::<Vec<_>>(),
        "cell" => rows.iter().map(|r| r.0.cell.to_string()).collect::<Vec<_>>(),
        "seed" => rows.iter().map(|r| r.0.seed).collect::<Vec<u64>>(),
        "repeat" => rows.iter().map(|r| r.0.repeat).collect::<Vec<u32>>(),
        "epoch" => rows.iter().map(|r| r.1).collect::<Vec<u32>>(),
        "train_loss" => rows.iter().map(|r| 1.0 - r.2).collect::<Vec<f64>>(),
        "validation_accuracy" => rows.iter().map(|r| r.2).collect::<Vec<f64>>(),
        "test_accuracy" => rows.iter().map(|r| r.2).collect::<Vec<f64>>(),
        "feedback_angle_1" => rows.iter().map(|r| angle(r.0, r.1)).collect::<Vec<Option<f64>>>(),
        "feedback_angle_2" => rows.iter().map(|r| angle(r.0, r.1).filter(|_| r.0.cell.network.depth == 2)).collect::<Vec<Option<f64>>>(),
    )
    .unwrap();
    super::why::fake::observe(&mut curves);
    let cells: Vec<Cell> = super::model::distinct(made.iter().map(|m| m.cell.clone()));
    let of = |c: &Cell, f: &dyn Fn(&Made) -> Option<f64>| -> Vec<f64> {
        made.iter().filter(|m| m.cell == *c && m.repeat == 0).filter_map(f).collect()
    };
    let tests: Vec<[Option<f64>; 4]> = cells.iter().map(|c| estimate(&of(c, &last))).collect();
    let trains: Vec<[Option<f64>; 4]> = cells.iter().map(|c| estimate(&of(c, &train))).collect();
    let gaps: Vec<[Option<f64>; 4]> = cells
        .iter()
        .map(|c| {
            let reference = |seed| {
                made.iter().find(|m| {
                    m.cell.dataset == c.dataset
                        && m.cell.network == c.network
                        && m.cell.rule.name() == "bp"
                        && m.seed == seed
                        && m.repeat == 0
                })
            };
            let pairs = made.iter().filter(|m| m.cell == *c && m.repeat == 0 && c.rule.name() != "bp");
            estimate(&pairs.filter_map(|m| Some(last(m)? - last(reference(m.seed)?)?)).collect::<Vec<_>>())
        })
        .collect();
    let column = |v: &[[Option<f64>; 4]], i: usize| v.iter().map(|e| e[i]).collect::<Vec<Option<f64>>>();
    let summary = df!(
        "cell" => cells.iter().map(Cell::to_string).collect::<Vec<_>>(),
        "variant" => vec![""; cells.len()],
        "n" => cells.iter().map(|c| of(c, &last).len() as u32).collect::<Vec<u32>>(),
        "mean" => column(&tests, 0),
        "std" => column(&tests, 1),
        "ci_low" => column(&tests, 2),
        "ci_high" => column(&tests, 3),
        "train_mean" => column(&trains, 0),
        "train_std" => column(&trains, 1),
        "best_mean" => column(&tests, 0),
        "best_std" => column(&tests, 1),
        "learning_rate" => cells.iter().map(|c| if c.dataset == DatasetId::Mnist { 0.1 } else { 0.0316 }).collect::<Vec<f64>>(),
        "difference_mean" => column(&gaps, 0),
        "difference_low" => column(&gaps, 2),
        "difference_high" => column(&gaps, 3),
    )
    .unwrap();
    let data = |train, test, n: u32| DataProvenance {
        origin: "bundled subset".into(),
        fingerprint: format!("{n:064x}"),
        train_images: train,
        test_images: test,
    };
    let provenance = Provenance {
        profile: profile.name().into(),
        recipe: "main".into(),
        precision: "f32".into(),
        figures: figures::REGISTRY.iter().map(|f| f.id.to_string()).collect(),
        cells: vec![],
        robustness: false,
        study: None,
        rates: None,
        seeds: seeds.into_iter().take(if profile == Profile::Smoke { 2 } else { 5 }).collect(),
        command: format!("cargo run --bin report -- run --profile {}", profile.name()),
        version: "0.1.0".into(),
        commit: Some("ea7066d0c0ffee00112233445566778899aabbcc".into()),
        dirty: Some(false),
        compiler: "rustc 1.95.0".into(),
        operating_system: "linux x86_64".into(),
        cpu: "Example CPU @ 2.80GHz".into(),
        cores: 2,
        threads: 2,
        kernels: "avx512".into(),
        started: "2026-11-25T04:00:00Z".into(),
        wall_time_s: 873.0,
        trials: made.len(),
        trained_now: made.len(),
        reused: 0,
        diverged: made.iter().filter(|m| m.diverged_at.is_some()).count(),
        data: BTreeMap::from([
            ("cifar10".to_string(), data(4000, 1000, 8)),
            ("mnist".to_string(), data(10_000, 2000, 7)),
        ]),
        libraries: BTreeMap::from([
            ("ndarray".to_string(), "0.17.2".to_string()),
            ("polars".to_string(), "0.55.2".to_string()),
        ]),
    };
    let entries = &crate::study::rates::RateTable::of(profile).entries;
    let tuning = crate::stats::tuning_frame(entries).unwrap();
    Fake { trials, curves, summary, filters: super::why::fake::filters(&cells), tuning, provenance }
}
