//! One figure of the report as text.

use super::{FigureContext, SourceContext, assumption};
use crate::report::format::slug;
use crate::report::model::{CellModel, FigureModel, Model, distinct};
use crate::report::plots::Plot;
use crate::report::robustness::size;
use crate::report::section::PlotContext;
use crate::report::{first_page, format, growth_table, published, tables, verdicts};
use crate::stats::robustness;
use crate::study::Cell;
use crate::study::assumptions;
use crate::study::figures::PlotKind;
use crate::study::robustness::Change;

pub(super) fn figure(model: &Model, f: &FigureModel, plots: &[Plot]) -> FigureContext {
    let id = f.figure.id;
    let slug = slug(id);
    let heading = if slug == id { f.figure.title.to_string() } else { format!("Figure {id}: {}", f.figure.title) };
    let repeats = f.figure.plot == PlotKind::Repeats;
    let published = if repeats { None } else { tables::published(f, &slug) };
    let (published, sources) = published.map_or((None, vec![]), |(table, sources)| (Some(table), sources));
    FigureContext {
        before: vec![],
        heading,
        about: f.figure.about.into(),
        reading: f.figure.reading.into(),
        direction: first_page::direction(f),
        direction_note: if repeats || first_page::direction(f).is_empty() {
            String::new()
        } else {
            "By the 95% interval of the difference, paired by seed, one comparison at a time.".into()
        },
        claims: verdicts::of_figure(model, id),
        gaps: gaps(model, f),
        plots: plots.iter().filter(|p| !follows(p)).map(plot).collect(),
        more_plots: plots.iter().filter(|p| follows(p)).map(plot).collect(),
        table: match f.figure.plot {
            PlotKind::Repeats => tables::repeats(f, &slug, format::headed(f.figure.title, "every run.")),
            PlotKind::Growth => growth_table::table(f, &slug, format::headed(f.figure.title, "every cell, over seeds.")),
            _ => tables::cells(f, &slug, format::headed(f.figure.title, "every cell, over seeds.")),
        },
        table_note: match f.figure.plot {
            PlotKind::Repeats => "Standard deviations are in percentage points. Equal hashes mean equal weights, bit for bit.",
            PlotKind::Growth => "Mean over seeds, from the lowest to the highest under it. Slope of the log of the projection's norm against the predicted log growth: 1 is growth exactly as predicted. No accuracy is measured here.",
            _ => "Mean ± standard deviation (n−1) of test accuracy after the last epoch, 95% t interval under it; differences are paired by seed; n counts finished trials. Diverged: weights or loss stopped being finite. Runaway: the weights' norm passed 100 times its start. Train accuracy is on all training images. * seeds missing.",
        }
        .to_string()
            + if f.figure.plot == PlotKind::Growth { "" } else { tables::other_rate_note(f) }
            + &tables::clipped_note(f),
        published,
        published_note: published::NOTE.into(),
        published_sources: sources
            .into_iter()
            .map(|s| SourceContext { name: s.name, link: s.link, note: s.note })
            .collect(),
        assumptions: f
            .figure
            .assumptions
            .iter()
            .filter_map(|id| assumptions::assumption(id))
            .map(|a| assumption(model, a))
            .collect(),
        command: command(model, f),
        sha256: f.sha256.clone(),
        id: id.into(),
        slug,
    }
}

/// What is missing in a figure, as sentences.
fn gaps(model: &Model, f: &FigureModel) -> Vec<String> {
    let mut out = Vec::new();
    let (present, wanted) = f.progress();
    if present < wanted {
        let cells = f.cells.iter().filter(|c| c.runs.len() < f.seeds_wanted).count();
        out.push(format!(
            "Partial: {} of {} trials are there so far; {} incomplete.",
            format::count(present as u64),
            format::count(wanted as u64),
            if cells == 1 { "one cell is".into() } else { format!("{cells} cells are") }
        ));
    }
    if f.figure.plot != PlotKind::Growth && f.cells.iter().flat_map(|c| &c.runs).all(|r| r.epochs <= 1) {
        out.push("Trials of one epoch: there are no learning curves.".into());
    }
    let of = |f: &FigureModel, count: fn(&CellModel) -> usize| -> (usize, usize) {
        (f.cells.iter().map(count).sum(), f.cells.iter().filter(|c| count(c) > 0).count())
    };
    let (trials, cells) = of(f, |c| c.diverged());
    if trials > 0 {
        out.push(format!(
            "Diverged: {} in {}.",
            format::plural(trials, "trial", "trials"),
            format::plural(cells, "cell", "cells")
        ));
    }
    let (trials, cells) = of(f, |c| c.runaway());
    if trials > 0 {
        out.push(format!(
            "Runaway weights: {} in {}; the accuracies of those that finished count as they are.",
            format::plural(trials, "trial", "trials"),
            format::plural(cells, "cell", "cells")
        ));
    }
    out.extend(fell_apart(f));
    out.extend(at_own_rate(model, f));
    out
}

/// Cells whose accuracy shows training that failed rather than what a rule reaches.
fn fell_apart(f: &FigureModel) -> Option<String> {
    let apart: Vec<&CellModel> = f.cells.iter().filter(|c| c.fell_apart()).collect();
    let place = |c: &CellModel| format!("{} {}", c.cell.dataset.title(), c.cell.network.title());
    let each = distinct(apart.iter().map(|c| place(c))).into_iter().map(|at| {
        let names = apart.iter().filter(|c| place(c) == at).map(|c| tables::row_name(f, c).text);
        format!("{at}: {}", names.collect::<Vec<_>>().join(", "))
    });
    let each = each.collect::<Vec<_>>().join("; ");
    (!apart.is_empty()).then(|| {
        format!(
            "Training fell apart in {}: the training loss of the last epoch is above the first one's in every trial that finished ({each}).",
            format::plural(apart.len(), "cell", "cells")
        )
    })
}

/// What became of cells that fell apart or diverged at a borrowed rate once they had one of their own.
fn at_own_rate(model: &Model, f: &FigureModel) -> Option<String> {
    let robustness = model.robustness?;
    let own = robustness.tables.iter().find(|t| t.setting.change == Change::OwnRate)?;
    let failed = f.cells.iter().filter(|c| c.fell_apart() || c.all_diverged());
    let each = failed.filter_map(|c| {
        let (dataset, network) = (c.cell.dataset.title(), c.cell.network.title());
        Some(format!("{dataset} {network} {} {}", tables::row_name(f, c).text, both_rates(own, &c.cell)?))
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| {
        format!(
            "With backpropagation's rate and with one searched for the rule itself (robustness tables, {}): {}.",
            size(robustness),
            each.join("; ")
        )
    })
}

/// `31.67% and 49.40%`, or `diverged and 84.57%`, where the two differ in their rate.
fn both_rates(own: &robustness::Table, cell: &Cell) -> Option<String> {
    let row = own.rows.iter().find(|r| !r.same && r.of.canonical() == cell.canonical())?;
    let main = row.main.mean.map_or_else(|| "diverged".into(), |m| format!("{}%", format::percent(m)));
    Some(format!("{main} and {}%", format::percent(row.other.mean?)))
}

/// Plots over epochs stand after the table.
fn follows(p: &Plot) -> bool {
    p.name.ends_with("-curves") || p.name.ends_with("-angles")
}

pub fn plot(p: &Plot) -> PlotContext {
    let caption = match p.name.rsplit('-').next() {
        Some("accuracy") => "Test accuracy of every cell.",
        Some("growth") => "Weights of the hidden layer against their predicted growth.",
        Some("difference") => "The same results as differences from backpropagation, paired by seed.",
        Some("curves") => "Learning curves.",
        Some("angles") => "How far the feedback is from the path that it replaces.",
        _ => "Every run.",
    };
    PlotContext::new(p, caption)
}

/// The command that makes one figure alone, with whatever differs from its profile spelled out.
fn command(model: &Model, f: &FigureModel) -> String {
    let p = model.provenance;
    if model.study.is_some() {
        // one figure, and the run's own command holds the study file
        return p.command.replacen("report ", "cargo run --bin report -- ", 1);
    }
    let mut text = format!("cargo run --bin report -- run --profile {} --figures {}", p.profile, f.figure.id);
    if p.recipe != "main" {
        text += &format!(" --recipe {}", p.recipe);
    }
    if let Some(profile) = model.profile {
        if f.figure.fixed_runs.is_none() && p.seeds.len() as u64 != profile.seeds() {
            text += &format!(" --seeds {}", p.seeds.len());
        }
        let epochs = distinct(f.cells.iter().flat_map(|c| &c.runs).map(|r| r.epochs));
        if let [only] = epochs[..]
            && only != profile.epochs(f.figure.epochs_of_the_post)
        {
            text += &format!(" --epochs {only}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::robustness::{Row, Side};
    use crate::study::robustness::setting;

    #[test]
    fn rates_are_compared_only_where_they_differ() {
        let side = |mean| Side { mean, finished: 3, ..Side::default() };
        let cell = |rule: &str| format!("cifar10/1x2000/{rule}").parse::<Cell>().unwrap();
        let row = |rule: &str, other, same| Row {
            cell: cell(rule),
            of: cell(rule),
            choice: None,
            main: side(Some(0.3167)),
            other: side(other),
            change: None,
            same,
        };
        let own = robustness::Table {
            setting: setting("own-rate"),
            rows: vec![
                row("fa/feedback=random", Some(0.494), false),
                row("bp", Some(0.3167), true),
                row("drtp", None, false),
            ],
            judged: vec![],
            turned: vec![],
        };
        // with one hidden layer direct feedback alignment is the same cell
        for rule in ["fa/feedback=random", "dfa/feedback=random"] {
            assert_eq!(both_rates(&own, &cell(rule)).unwrap(), "31.67% and 49.40%");
        }
        for rule in ["bp", "drtp", "fa/feedback=random-sign"] {
            assert_eq!(both_rates(&own, &cell(rule)), None, "{rule}");
        }
    }
}
