//! Where a run comes from, as facts.

use crate::report::facts::{Fact, code, fact};
use crate::report::format;
use crate::report::model::Model;

pub(super) fn provenance(model: &Model) -> Vec<Fact> {
    let p = model.provenance;
    let dirty = match p.dirty {
        Some(true) => ", with local changes",
        Some(false) => ", clean",
        None => "",
    };
    let mut out = vec![
        code("Command", &p.command),
        fact("Started (UTC)", &p.started),
        match p.trained_now {
            0 => fact(
                "Time that the trials took",
                format!("{}, as if one after the other", format::duration(p.wall_time_s)),
            ),
            _ => fact("Wall time", format::duration(p.wall_time_s)),
        },
        fact(
            "Trials",
            format!(
                "{} in total, {} trained in this sitting{}, {} diverged",
                format::count(p.trials as u64),
                format::count(p.trained_now as u64),
                match p.reused {
                    0 => String::new(),
                    n => format!(", {} reused from an earlier report", format::count(n as u64)),
                },
                p.diverged
            ),
        ),
        match &model.study {
            Some(_) => fact("Profile, precision", format!("{}, {}", p.profile, p.precision)),
            None => fact("Profile, recipe, precision", format!("{}, {}, {}", p.profile, p.recipe, p.precision)),
        },
        fact(
            if model.study.is_some() { "Study" } else { "Figures" },
            if p.figures.is_empty() { "none".into() } else { p.figures.join(", ") },
        ),
        fact("Robustness tables", if p.robustness { "yes" } else { "not asked for" }),
        fact("Seeds", p.seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
        fact("Program", format!("bioprop {}", p.version)),
        match &p.commit {
            Some(c) => code("Commit", format!("{c}{dirty}")),
            None => fact("Commit", "not known (not run from a checkout)"),
        },
        trained_by(model),
        fact("Compiler", &p.compiler),
        fact("Operating system", &p.operating_system),
        fact(
            "Processor",
            format!(
                "{} ({}, {})",
                p.cpu,
                format::plural(p.cores, "core", "cores"),
                format::plural(p.threads, "thread used", "threads used")
            ),
        ),
        fact("Kernels", &p.kernels),
    ];
    for (name, d) in &p.data {
        let (train, test) = (format::count(d.train_images as u64), format::count(d.test_images as u64));
        out.push(fact(&format!("Data: {name}"), format!("{}; {train} training and {test} test images", d.origin)));
        out.push(code(&format!("SHA-256 of {name}"), &d.fingerprint));
    }
    if !p.libraries.is_empty() {
        out.push(fact("Libraries", p.libraries.iter().map(|(n, v)| format!("{n} {v}")).collect::<Vec<_>>().join(", ")));
    }
    out
}

/// Trials may come from several sittings, between which the code moved on.
fn trained_by(model: &Model) -> Fact {
    let each = model.trained_by.iter().map(|(commit, n)| {
        let commit = if commit.is_empty() { "not known" } else { commit };
        format!("{commit} ({})", format::plural(*n, "trial", "trials"))
    });
    code("Commit of the figures' trials", each.collect::<Vec<_>>().join(", "))
}
