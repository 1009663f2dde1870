//! The words of the first page: what was done, how large it was, what it can decide, the direction seen.

use std::collections::HashMap;

use super::facts::{Fact, Notice, fact};
use super::format::{self, capital, figures_named};
use super::model::{Direction, FigureModel, Model, mean_std};
use crate::data::DatasetId;
use crate::stats::claims::Verdict;
use crate::study::figures::PlotKind;
use crate::study::{Profile, claims};

pub fn what(model: &Model) -> Vec<String> {
    let shown = figures_named(model.figures.iter().map(|f| f.figure.id));
    let seeds = model.provenance.seeds.len();
    let seeded = format!(
        "Every cell is trained from {}. A seed gives all rules the same split, the same order of images and the same initial weights, so rules are compared pair by pair.",
        format::plural(seeds, "seed", "seeds")
    );
    if let Some(study) = &model.study {
        return vec![
            study.figure.about.into(),
            "This is a study of its own, not a figure of the post: its cells and settings come from the study file shown under Provenance.".into(),
            seeded,
        ];
    }
    vec![
        "A blog post of Imagination Technologies (Learning from the best: How nature can inspire AI research, 4 October 2021) trained small image classifiers by learning rules closer to biology and set them beside backpropagation. It published plots, without their values, and left rates, seeds, scales and most of the recipe open.".into(),
        format!(
            "This report trains the networks anew, in a program of its own, and redraws {}. Some rules change weights by what two neighbours do together (Hebb, Oja), alone or added to a gradient; others send the error down through matrices of their own instead of the transposed weights. The question is how much accuracy each costs.",
            if shown.is_empty() { "nothing yet" } else { &shown }
        ),
        seeded,
    ]
}

pub fn facts(model: &Model) -> Vec<Fact> {
    let p = model.provenance;
    let cells = super::model::distinct(
        model.figures.iter().flat_map(|f| &f.cells).filter(|c| !c.runs.is_empty()).map(|c| c.canonical.clone()),
    );
    let of_figures = model.figures.iter().flat_map(|f| &f.cells).flat_map(|c| c.runs.iter().chain(&c.repeats));
    let of_figures: HashMap<&String, bool> = of_figures.map(|r| (&r.key, r.diverged)).collect();
    let diverged_of_figures = of_figures.values().filter(|d| **d).count();
    let tables = model.robustness.filter(|r| r.seeds > 0);
    let images = DatasetId::ALL.iter().filter_map(|id| {
        p.data.get(id.name()).map(|d| format!("{} {}", id.title(), format::count(d.train_images as u64)))
    });
    let epochs = match &model.study {
        // a study may sweep over lengths
        Some(_) => {
            let mut all: Vec<u32> =
                model.figures.iter().flat_map(|f| &f.cells).flat_map(|c| &c.runs).map(|r| r.epochs).collect();
            all.sort();
            all.dedup();
            all.iter().map(u32::to_string).collect()
        }
        None => super::model::distinct(model.lengths.iter().map(|l| l.epochs.to_string())),
    };
    let diverged = |n: usize| if n == 0 { "none diverged".to_string() } else { format!("{n} diverged") };
    let also = |n: Option<usize>| n.map_or_else(String::new, |n| format!(" (robustness tables {n})"));
    vec![
        fact(
            "Trials",
            format!(
                "{} in {} ({}){}",
                format::count(of_figures.len() as u64),
                format::plural(cells.len(), "cell", "cells"),
                diverged(diverged_of_figures),
                tables.map_or_else(String::new, |_| format!(
                    ", {} more in the robustness tables ({})",
                    format::count(p.trials.saturating_sub(of_figures.len()) as u64),
                    diverged(p.diverged.saturating_sub(diverged_of_figures))
                ))
            ),
        ),
        fact("Seeds", format!("{}{}", p.seeds.len(), also(tables.map(|r| r.seeds)))),
        fact("Epochs", format!("{}{}", epochs.join(" / "), also(tables.map(|r| r.epochs as usize)))),
        fact("Training images", images.collect::<Vec<_>>().join(" · ")),
        fact(
            "Time",
            format!("{} on {}", format::duration(p.wall_time_s), format::plural(p.threads, "thread", "threads")),
        ),
        fact("Machine", &p.cpu),
    ]
}

/// A study says how large it is; it has nothing of the post's to be measured by.
fn notice_of_study(model: &Model, directions: Vec<String>, directions_note: String) -> Notice {
    let mut lengths = Vec::new();
    for dataset in DatasetId::ALL {
        let cells = model.figures.iter().flat_map(|f| &f.cells).filter(|c| c.cell.dataset == dataset);
        let steps: Vec<u64> = cells.flat_map(|c| &c.runs).filter(|r| !r.diverged).map(|r| r.steps).collect();
        let Some((least, most)) = steps.iter().min().zip(steps.iter().max()) else { continue };
        let range = match least == most {
            true => format::count(*least),
            false => format!("{} to {}", format::count(*least), format::count(*most)),
        };
        lengths.push(format!("{range} steps on {}", dataset.title()));
    }
    let subset = model.profile.is_none_or(|p| matches!(p, Profile::Smoke | Profile::Quick));
    Notice {
        short: false,
        heading: "How far this run carries".into(),
        body: match lengths.is_empty() {
            true => "No trial has finished.".into(),
            false => format!(
                "Trials have {}{}. What holds at this length and size need not hold for longer training.",
                format::list(&lengths),
                if subset { ", on a subset of the images" } else { "" }
            ),
        },
        groups: vec![],
        directions,
        directions_note,
        can: vec![],
        cannot: vec![],
    }
}

/// The statements that have a verdict, by verdict.
fn groups(model: &Model) -> Vec<Fact> {
    let of = |verdict: Verdict| {
        let those = model.claims.iter().filter(|j| j.verdict == verdict).filter_map(|j| {
            let provisional = if j.provisional { ", provisional" } else { "" };
            Some(format!("{} ({}{provisional})", claims::claim(&j.id)?.title, j.id))
        });
        let those: Vec<String> = those.collect();
        (!those.is_empty()).then(|| fact(&capital(verdict.name()), format!("{}.", those.join("; "))))
    };
    let verdicts = Verdict::ALL.into_iter().filter(|v| *v != Verdict::NotTestable);
    verdicts.filter_map(of).collect()
}

pub fn notice(model: &Model) -> Notice {
    let short = model.is_short();
    let directions = model
        .figures
        .iter()
        .map(|f| (f, direction(f)))
        .filter(|(_, d)| !d.is_empty())
        .map(|(f, d)| {
            format!(
                "{} {d}",
                if f.figure.title.ends_with(['?', '!', '.']) {
                    f.figure.title.to_string()
                } else {
                    format!("{}.", f.figure.title)
                }
            )
        })
        .collect();
    let directions_note = "Above, below: the 95% interval of the difference, paired by seed, leaves out zero; one comparison at a time. Cells of which no trial finished count as below.".to_string();
    if model.study.is_some() {
        return notice_of_study(model, directions, directions_note);
    }
    let post = model.figures.iter().map(|f| f.figure.epochs_of_the_post).max().unwrap_or(0);
    let lengths: Vec<String> = model
        .lengths
        .iter()
        .map(|l| {
            let share = 100.0 * l.steps as f64 / l.steps_of_the_post.max(1) as f64;
            let share = if share < 0.1 {
                "under 0.1%".into()
            } else if share < 10.0 {
                format!("{share:.1}%")
            } else {
                format!("{share:.0}%")
            };
            format!("{} steps on {} ({share} of those of {post} epochs)", format::count(l.steps), l.dataset.title())
        })
        .collect();
    if !short {
        return Notice {
            short,
            heading: "This run is as long as the post's".into(),
            body: format!("Trials have {}. What differs from the post is listed below.", format::list(&lengths)),
            groups: groups(model),
            directions,
            directions_note,
            can: vec![],
            cannot: vec![],
        };
    }
    let only_subset = model.profile.is_none_or(|p| matches!(p, Profile::Smoke | Profile::Quick));
    let count = |wanted: &[Verdict]| model.claims.iter().filter(|c| wanted.contains(&c.verdict)).count();
    let judged = [Verdict::Reproduced, Verdict::Partly, Verdict::NotReproduced];
    let (firm, open) = (count(&judged), count(&[Verdict::Inconclusive]));
    let provisional = model.claims.iter().filter(|c| c.provisional && judged.contains(&c.verdict)).count();
    let mut rest = vec![];
    if provisional > 0 {
        rest.push("Provisional means that accuracies were still moving".to_string());
    }
    if open > 0 {
        rest.push(format!(
            "{} {} inconclusive: more seeds would decide",
            capital(&format::words(open)),
            if open == 1 { "is" } else { "are" }
        ));
    }
    let rest: String = rest.iter().map(|r| format!("{r}. ")).collect();
    // most statements judged: no longer the start of training
    let long = 2 * (firm + open) > model.claims.len();
    let (can, cannot) = if long { (LONG_CAN, LONG_CANNOT) } else { (SHORT_CAN, SHORT_CANNOT) };
    let borrowed = match model.robustness {
        Some(_) => "the figures use backpropagation's, a few cells of the robustness tables have their own",
        None => "they use backpropagation's",
    };
    let lines = |lines: &[&str]| {
        lines.iter().map(|l| l.replace("POST", &post.to_string()).replace("BORROWED", borrowed)).collect()
    };
    Notice {
        short,
        heading: format!(
            "This run is short: it decides {} of the post's {} statements{}",
            format::words(firm),
            model.claims.len(),
            match provisional {
                0 => String::new(),
                n if n == firm => ", provisionally".into(),
                n => format!(", {} of them provisionally", format::words(n)),
            }
        ),
        body: format!(
            "The post states {post} epochs for its longest training. Trials here have {}{}. {rest}{}",
            format::list(&lengths),
            if only_subset { ", on a subset of the images" } else { "" },
            if firm + open < model.claims.len() {
                "For the other statements what follows is the direction seen so far, no more."
            } else {
                ""
            }
        ),
        groups: groups(model),
        directions,
        directions_note,
        can: lines(can),
        cannot: lines(cannot),
    }
}

const SHORT_CAN: &[&str] = &[
    "which rules train at all, and which cells run away or diverge early;",
    "how rules and kinds of feedback order at the start of training, and what scale does to it;",
    "whether backpropagation from different seeds gives different results.",
];
const SHORT_CANNOT: &[&str] = &[
    "which rule is ahead after POST epochs, or whether any catches up;",
    "whether the kinds of feedback differ in the end;",
    TUNED,
];
const LONG_CAN: &[&str] = &[
    "which rules train, which run away or diverge, and at which sizes of their own term;",
    "how far each rule is from backpropagation after this many steps, seed by seed;",
    "whether backpropagation from different seeds gives different results.",
];
const LONG_CANNOT: &[&str] = &[
    "which rule is ahead after POST epochs: a provisional verdict may still turn;",
    "whether backpropagation overfits, which takes longer;",
    TUNED,
];
const TUNED: &str = "what each kind of feedback reaches at a rate of its own: BORROWED.";

fn sentence(d: Direction, of: &str) -> Option<String> {
    let total = d.above + d.below + d.open;
    (total > 0).then(|| {
        format!("of {total} {of}, {} above backpropagation, {} below, {} not told apart", d.above, d.below, d.open)
    })
}

pub fn direction(f: &FigureModel) -> String {
    if f.figure.plot == PlotKind::Repeats {
        let cell = &f.cells[0];
        let std = |runs: &[super::model::Run]| mean_std(&runs.iter().filter_map(|r| r.test).collect::<Vec<_>>()).1;
        let mut parts = Vec::new();
        if let Some(v) = std(&cell.runs) {
            parts.push(format!(
                "{} different seeds: standard deviation of test accuracy {} points",
                cell.runs.len(),
                format::deviation(Some(v))
            ));
        }
        if let Some(v) = std(&cell.repeats) {
            parts.push(format!(
                "one seed trained {} times: {}",
                cell.repeats.len(),
                if v == 0.0 { "exactly 0 points".into() } else { format!("{} points", format::deviation(Some(v))) }
            ));
        }
        return if parts.is_empty() { String::new() } else { format!("{}.", capital(&parts.join("; "))) };
    }
    let study = f.figure.plot == PlotKind::Rows;
    if study && f.cells.iter().all(|c| c.summary.difference.is_none()) {
        // nothing to compare with
        return String::new();
    }
    let own = if study { "cells beside backpropagation" } else { "cells" };
    let parts: Vec<String> =
        [sentence(f.own, own), sentence(f.matched, "norm-matched ones besides")].into_iter().flatten().collect();
    match parts.is_empty() {
        true => String::new(),
        false => format!("{}.", capital(&parts.join("; "))),
    }
}

pub fn differences(model: &Model) -> Vec<String> {
    let mut out = Vec::new();
    if model.study.is_some() {
        return out;
    }
    if model.is_short() {
        let profile = model.profile.map_or("this", Profile::name);
        out.push(format!(
            "Length: the {profile} profile is shorter than the post's {} epochs.",
            model.figures.iter().map(|f| f.figure.epochs_of_the_post).max().unwrap_or(0)
        ));
    }
    out.extend([
        "Backpropagation runs from different seeds here; the post reports no spread at all between its five runs.".into(),
        "Binary feedback also runs at the norm of the random kind, since its size acts as a learning rate. These bars are ours, not the post's.".into(),
        "Optimiser, rates, loss, batch size, input scaling and the size of the feedback are not stated in the post. Ours are the numbered assumptions.".into(),
        "The post's figures are pictures without values; nothing here was read off them.".into(),
    ]);
    out
}
