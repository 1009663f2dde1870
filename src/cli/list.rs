//! `report list`: what there is, straight from the registries.

use std::collections::BTreeSet;

use clap::{Args, Subcommand};

use super::arguments::misuse;
use super::output::{count, print};
use crate::feedback;
use crate::options::number_text;
use crate::rules;
use crate::study::figures::{self, Figure};
use crate::study::rates::{BP, NOKLAND, RateTable};
use crate::study::robustness::{self as tables, CHOICES, Change, SEEDS, SETTINGS};
use crate::study::{Profile, Recipe, assumptions, claims};

#[derive(Args)]
pub struct ListArgs {
    #[command(subcommand)]
    pub what: What,
}

#[derive(Subcommand)]
pub enum What {
    /// The figures that can be run
    Figures,
    /// One figure; with --toml its grid as a study file
    Figure {
        /// Such as 7 or five-runs
        id: String,
        #[arg(long)]
        toml: bool,
    },
    /// Every cell of every figure, one a line
    Cells,
    /// Learning rules with their equations and options
    Rules,
    /// Kinds of feedback matrices
    Feedback,
    /// Profiles: how large a run is
    Profiles,
    /// Recipes: inputs, loss, optimiser, initialisation
    Recipes,
    /// What the post leaves open and what was chosen
    Assumptions,
    /// What the post claims, and when each claim counts as reproduced
    Claims,
    /// Learning rates with how they were found
    Rates,
    /// What --robustness trains: the cells, the settings that they are held against, and where it needs a rate searched
    Robustness,
}

pub fn run(args: &ListArgs) -> anyhow::Result<()> {
    print(&match &args.what {
        What::Figures => figures::REGISTRY.iter().map(|f| figure_line(f)).collect(),
        What::Figure { id, toml } => {
            let figure = figures::figure(id).map_err(misuse)?;
            if *toml { study_file(figure) } else { about(figure) }
        }
        What::Cells => cells(),
        What::Rules => rules(),
        What::Feedback => feedback::KINDS
            .iter()
            .map(|k| format!("{}: {}\n  {}\n  in the literature: {}\n", k.name, k.title, k.formula, k.literature))
            .collect(),
        What::Profiles => Profile::ALL.into_iter().map(profile_line).collect(),
        What::Recipes => Recipe::ALL.into_iter().map(|r| format!("{r}: {}\n", r.summary())).collect(),
        What::Assumptions => assumptions::REGISTRY
            .iter()
            .map(|a| format!("{} {}\n  {}\n  Why: {}\n", a.id, a.title, a.what, a.why))
            .collect(),
        What::Claims => claims::REGISTRY.iter().map(claim).collect(),
        What::Rates => rates(),
        What::Robustness => robustness(),
    })
}

fn figure_line(f: &Figure) -> String {
    format!("{}: {} ({})\n", f.id, f.title, count(f.cells().len(), "cell"))
}

fn about(f: &Figure) -> String {
    let cells: String = f.cells().iter().map(|c| format!("{c}\n")).collect();
    format!(
        "{}: {}\n{}\n{}\nAssumptions: {}\nThis figure alone: report run --figures {}\n\n{cells}",
        f.id,
        f.title,
        f.about,
        f.reading,
        f.assumptions.join(", "),
        f.id
    )
}

/// The grid of a figure as a study file.
fn study_file(f: &Figure) -> String {
    // a JSON string is a TOML string
    let text = |s: &str| serde_json::to_string(s).expect("text");
    let mut t = format!(
        "id = {}\ntitle = {}\nepochs_of_the_post = {}\n",
        text(&format!("like-{}", f.id)),
        text(f.title),
        f.epochs_of_the_post
    );
    if let Some(fixed) = f.fixed_runs {
        t += &format!("seeds = {}\nrepeats = {}\n", fixed.seeds, fixed.repeats);
    }
    t += "cells = [\n";
    for cell in f.cells() {
        t += &format!("  {},\n", text(&cell.to_string()));
    }
    t + "]\n"
}

/// Every cell as the figures name it (direct feedback alignment with one hidden layer too), each once.
fn cells() -> String {
    let mut seen = BTreeSet::new();
    let all = figures::REGISTRY.iter().flat_map(|f| f.cells()).map(|c| c.to_string());
    all.filter(|c| seen.insert(c.clone())).map(|c| format!("{c}\n")).collect()
}

fn rules() -> String {
    let mut t = String::new();
    for r in rules::REGISTRY {
        t += &format!("{}: {}\n  {}\n  {}\n  {}\n", r.name, r.title, r.equation, r.shapes, r.source);
        for o in r.options {
            let when = o.only_with.map_or(String::new(), |(k, v)| format!(" (with {k}={})", v.join("|")));
            t += &format!("  option {}{when}:\n", o.key);
            if let Some(n) = o.number {
                let (least, most) = (number_text(n.least), number_text(n.most));
                t += &format!("    a number from {least} to {most}\n");
            }
            for (i, (value, words)) in o.values.iter().enumerate() {
                t += &format!("    {value}: {words}{}\n", if i == 0 { " (default)" } else { "" });
            }
        }
    }
    t
}

fn claim(c: &claims::Claim) -> String {
    let least = match c.least_steps {
        0 => "no run decides it".to_string(),
        n => format!("at least {n} steps"),
    };
    format!(
        "{} (figure {}) {}\n  {}\n  Reproduced: {}\n  {least}; corrected together: {}\n",
        c.id,
        c.figures.join(", "),
        c.title,
        c.claim,
        c.rule,
        c.family
    )
}

fn profile_line(p: Profile) -> String {
    let epochs = match p {
        Profile::Full => "the post's epochs".to_string(),
        _ => count(p.epochs(0) as usize, "epoch"),
    };
    let default = if p == Profile::Quick { " (default)" } else { "" };
    format!("{p}{default}: {} data, {epochs}, {}\n", p.data().name(), count(p.seeds() as usize, "seed"))
}

fn rates() -> String {
    let mut t = String::new();
    for profile in [Profile::Quick, Profile::Standard] {
        t += &format!("profile {profile}\n");
        for e in &RateTable::of(profile).entries {
            let how = match e.preliminary {
                true => "preliminary, not searched yet".to_string(),
                false => format!("best of {}: {}", count(e.tried.len(), "rate"), e.command),
            };
            let family = if e.family == BP { String::new() } else { format!(" {}", e.family) };
            let growth = e.growth.map_or(String::new(), |g| format!(", growth exponent {g}"));
            t += &format!(
                "  {}/{}{family} recipe {}: {}{growth} ({how})\n",
                e.dataset, e.network, e.recipe, e.learning_rate
            );
        }
    }
    t + &format!("recipe {}: {NOKLAND} everywhere, fixed\n", Recipe::Nokland)
}

/// Every setting with what it trains.
fn robustness() -> String {
    let mut t = format!(
        "{} and {} on full data ({} and {} in smoke and quick), judged by direction only\ncells:\n",
        count(SEEDS as usize, "seed"),
        count(tables::epochs(Profile::Standard) as usize, "epoch"),
        tables::epochs(Profile::Smoke),
        tables::epochs(Profile::Quick)
    );
    t.extend(tables::cells().iter().map(|c| format!("  {c}\n")));
    for s in SETTINGS.iter().filter(|s| s.change != Change::None) {
        t += &format!("{}: {} ({})\n  {}\n", s.id, s.title, s.assumptions.join(", "), s.about);
        if s.change != Change::Choice {
            continue;
        }
        for choice in &CHOICES {
            t += &format!("  {} {}:\n", choice.assumption, choice.title);
            t.extend(choice.pairs().iter().map(|(new, old)| format!("    {new} instead of {old}\n")));
        }
    }
    t + "rates of the rules' own: report tune --robustness\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Cell, Study};

    #[test]
    fn cells_read_back_and_are_unique() {
        let text = cells();
        let lines: Vec<&str> = text.lines().collect();
        // figure 7's 42, of figure 8's 42 all but the six baselines, and what figures 3, 4, 5, 9-11, growth and beyond add
        assert_eq!(lines.len(), 78 + 16 + 24 + 18 + 20 + 12 + 4 + 8);
        assert!(lines.contains(&"mnist/1x2000/dfa/feedback=random"));
        for line in lines {
            assert_eq!(line.parse::<Cell>().unwrap().to_string(), line);
        }
    }

    #[test]
    fn a_study_file_reads_back_as_the_figures_grid() {
        for f in figures::REGISTRY {
            let study = Study::read("printed", &study_file(f)).unwrap();
            assert_eq!(study.figure.cells(), f.cells());
            assert_eq!(study.figure.fixed_runs, f.fixed_runs);
        }
    }
}
