//! The report as a whole, from made-up results.

mod clipped;
mod exported;

use std::path::Path;

use polars::prelude::*;

use super::fake::{Fake, Made, frames, trials};
use super::model::Model;
use super::{Inputs, Reference, Written, render};
use crate::stats::claims::{Margins, judge};
use crate::stats::{Uses, summarise};
use crate::study::Profile;
use crate::study::figures;

fn report(fake: &Fake, out: &Path) -> Written {
    let claims = judge(&fake.trials, &fake.curves, &Margins::default()).unwrap();
    let reference = Reference { claims: claims.clone(), provenance: fake.provenance.clone() };
    let inputs = Inputs {
        trials: &fake.trials,
        curves: &fake.curves,
        summary: &fake.summary,
        filters: &fake.filters,
        tuning: &fake.tuning,
        uses: &Uses::default(),
        robustness: None,
        provenance: &fake.provenance,
        claims: &claims,
        margins: Margins::default(),
        reference: (fake.provenance.profile == "quick").then_some(&reference),
    };
    render(&inputs, out).unwrap()
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// Renders into a fresh folder, or below `BIOPROP_LOOK` to be looked at.
fn rendered(name: &str, fake: &Fake) -> (tempfile::TempDir, std::path::PathBuf, Written) {
    let dir = tempfile::tempdir().unwrap();
    let out = std::env::var_os("BIOPROP_LOOK").map_or_else(|| dir.path().to_path_buf(), |d| Path::new(&d).join(name));
    let start = std::time::Instant::now();
    let written = report(fake, &out);
    println!("{name}: {:?}", start.elapsed());
    (dir, out, written)
}

#[test]
fn everything_is_written_and_nothing_is_fetched() {
    let fake = frames(Profile::Quick, &trials(Profile::Quick, 5));
    let (_dir, out, written) = rendered("quick", &fake);
    assert!(written.skipped.is_empty());
    for file in &written.files {
        assert!(std::fs::metadata(file).unwrap().len() > 100, "{}", file.display());
    }
    let leftovers = std::fs::read_dir(&out)
        .unwrap()
        .filter(|e| e.as_ref().unwrap().file_name().to_string_lossy().starts_with(".report-"));
    assert_eq!(leftovers.count(), 0);
    let (html, md) = (read(&out, "index.html"), read(&out, "report.md"));
    for figure in figures::REGISTRY {
        let slug =
            if figure.id.starts_with(char::is_numeric) { format!("figure-{}", figure.id) } else { figure.id.into() };
        assert!(html.contains(&format!("<section id=\"{slug}\"")), "{slug}");
        assert!(md.contains(&format!("<a id=\"{slug}\"></a>")), "{slug}");
        assert!(html.contains(&format!("--figures {}", figure.id)));
    }
    // links in citations are the only addresses
    let loads = ["src=\"http", "url(http", "<link", "@import", "<iframe", "<img", "srcset", "fetch(", "xmlns"];
    for load in loads {
        assert!(!html.contains(load), "{load}");
    }
    let addresses = html.matches("http://").count() + html.matches("https://").count();
    assert_eq!(addresses, html.matches("<a href=\"https://").count());
    // every picture that the Markdown names is there
    for link in md.split("](figures/").skip(1) {
        let name = link.split(')').next().unwrap();
        assert!(out.join("figures").join(name).is_file(), "{name}");
    }
    for id in 1..=24 {
        assert!(html.contains(&format!("id=\"a{id}\"")));
    }
    assert!(html.contains("This run is short: it decides"));
    for id in 1..=24 {
        assert!(html.contains(&format!("<span class=\"tag\">C{id}</span>")) && md.contains(&format!("C{id}")));
    }
    assert!(html.contains("Reference run (quick, 5 seeds, commit ea7066d0)"));
    for name in ["figure-3", "figure-4", "figure-7", "figure-8", "five-runs", "beyond"] {
        assert!(read(&out, &format!("tables/{name}.tex")).contains("\\bottomrule"));
    }
    for panel in ["rank", "features", "growth", "scale", "angles", "conserved", "cost", "filters"] {
        assert!(
            html.contains(&format!("<section id=\"why-{panel}\"")) && html.contains(&format!("href=\"#why-{panel}\""))
        );
        assert!(md.contains(&format!("<a id=\"why-{panel}\"></a>")), "{panel}");
    }
    // each table for papers is there for other programs too, with a line per row
    for tex in written.files.iter().filter(|f| f.extension().is_some_and(|e| e == "tex")) {
        let (tex, csv) =
            (std::fs::read_to_string(tex).unwrap(), std::fs::read_to_string(tex.with_extension("csv")).unwrap());
        assert_eq!(tex.matches("\\\\\n").count(), csv.lines().count());
    }
    assert!(read(&out, "tables/verdicts.csv").contains("\nC24,"));
    assert!(read(&out, "tables/beyond-published.csv").contains("direct random targets"));
}

#[test]
fn feedback_that_learns_shows_its_rate_and_what_became_of_its_norm() {
    let fake = frames(Profile::Quick, &trials(Profile::Quick, 5));
    let (_dir, out, _) = rendered("feedback", &fake);
    let md = read(&out, "report.md");
    let rows =
        |name: &str| md.lines().filter(|l| l.starts_with(&format!("| {name} | MNIST | 1 × 2000"))).collect::<Vec<_>>();
    let (hebb, oja, fixed) = (rows("B trained by Hebb"), rows("B trained by Oja"), rows("fixed random"));
    assert!(!hebb.is_empty() && hebb.iter().all(|r| r.contains("(B 0.001, ‖B‖ × 4")), "{hebb:?}");
    assert!(!oja.is_empty() && oja.iter().all(|r| r.contains("(B 0.001, ‖B‖ × 1.00)")), "{oja:?}");
    assert!(!fixed.is_empty() && fixed.iter().all(|r| !r.contains("‖B‖")), "{fixed:?}");
    assert_eq!(md.matches("Under the rate: the rate of B").count(), 3);
}

#[test]
fn the_same_results_give_the_same_files() {
    let fake = frames(Profile::Smoke, &trials(Profile::Smoke, 2));
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = report(&fake, a.path());
    report(&fake, b.path());
    for file in &first.files {
        let name = file.strip_prefix(a.path()).unwrap();
        assert_eq!(std::fs::read(file).unwrap(), std::fs::read(b.path().join(name)).unwrap(), "{}", name.display());
    }
}

#[test]
fn one_seed_and_long_runs_render() {
    let one: Vec<Made> = trials(Profile::Smoke, 1).into_iter().filter(|m| m.seed == 0).collect();
    rendered("smoke", &frames(Profile::Smoke, &one));
    let (_dir, out, _) = rendered("standard", &frames(Profile::Standard, &trials(Profile::Standard, 5)));
    assert!(read(&out, "index.html").contains("This run is short: it decides"));
    let full: Vec<Made> = trials(Profile::Full, 2);
    let (_dir, out, _) = rendered("full", &frames(Profile::Full, &full));
    assert!(!read(&out, "index.html").contains("This run is short: it decides"));
}

#[test]
fn partial_and_diverged_results_say_so() {
    let mut made: Vec<Made> = trials(Profile::Quick, 5)
        .into_iter()
        .filter(|m| m.cell.rule.name() != "dfa" && m.repeat == 0)
        .filter(|m| m.seed < 3 || m.cell.network.depth == 1)
        .filter(|m| m.cell.to_string() != "cifar10/2x800-tanh/fa/feedback=random-sign")
        .collect();
    for m in &mut made {
        if m.cell.to_string() == "mnist/2x800-relu/fa/feedback=binary,scale=literal" {
            m.diverged_at = Some(99);
        }
    }
    let (_dir, out, _) = rendered("partial", &frames(Profile::Quick, &made));
    let html = read(&out, "index.html");
    assert!(html.contains("Partial:"));
    assert!(html.contains("diverged 3 of 3"));
    assert!(html.contains("no trials"));
}

#[test]
fn figures_without_trials_are_left_out_with_a_sentence() {
    let made: Vec<Made> =
        trials(Profile::Quick, 5).into_iter().filter(|m| m.cell.to_string() == "mnist/1x2000/bp").collect();
    let fake = frames(Profile::Quick, &made);
    let (_dir, out, written) = rendered("only-five", &fake);
    assert!(read(&out, "index.html").contains("id=\"five-runs\""));
    // backpropagation of 1x2000 is part of the grids, so they stay, but for two without it; without any trial all go
    assert_eq!(written.skipped, ["10", "growth"]);
    let empty = Fake {
        trials: fake.trials.head(Some(0)),
        curves: fake.curves.head(Some(0)),
        summary: fake.summary.head(Some(0)),
        ..fake
    };
    let (_dir, out, written) = rendered("empty", &empty);
    assert_eq!(written.skipped.len(), figures::REGISTRY.len());
    assert!(read(&out, "index.html").contains("Figure 7 (Feedback alignment) is not shown"));
}

/// Whatever a file, a path or a machine's name says is text in the page, never markup.
#[test]
fn what_comes_from_outside_is_escaped() {
    let mut fake = frames(Profile::Smoke, &trials(Profile::Smoke, 2));
    let evil = || "<script>alert(1)</script> a|b *c*".to_string();
    fake.provenance.command = "cargo run -- --out 'x`<b>|' && y".into();
    let p = &mut fake.provenance;
    (p.version, p.compiler, p.operating_system, p.cpu) = (evil(), evil(), evil(), evil());
    (p.kernels, p.started, p.commit, p.dirty) = (evil(), evil(), Some(evil()), Some(true));
    for data in p.data.values_mut() {
        (data.origin, data.fingerprint) = (evil(), evil());
    }
    p.libraries.insert(evil(), evil());
    for name in ["commit", "data_fingerprint", "weights_sha256"] {
        if fake.trials.column(name).is_ok() {
            let values = vec![evil(); fake.trials.height()];
            fake.trials.with_column(Column::new(name.into(), values)).unwrap();
        }
    }
    let (_dir, out, _) = rendered("hostile", &fake);
    let (html, md) = (read(&out, "index.html"), read(&out, "report.md"));
    assert!(!html.contains("<script>alert") && html.contains("&lt;script&gt;alert"));
    assert!(!html.contains("<b>|"));
    // between backticks it is text as it stands
    assert!(!md.replace("`<script>", "").contains("<script>") && md.contains("a\\|b \\*c\\*"));
    // every row of a Markdown table has as many cells as its head
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    let mut wanted = None;
    for line in md.lines() {
        match (line.starts_with('|'), wanted) {
            (true, None) => wanted = Some(cells(line)),
            (true, Some(n)) => assert_eq!(cells(line), n, "{line}"),
            (false, _) => wanted = None,
        }
    }
}

#[test]
fn a_missing_column_is_named() {
    let fake = frames(Profile::Smoke, &trials(Profile::Smoke, 2));
    let trials = fake.trials.drop("seed").unwrap();
    let inputs = Inputs {
        trials: &trials,
        curves: &fake.curves,
        summary: &fake.summary,
        filters: &fake.filters,
        tuning: &fake.tuning,
        uses: &Uses::default(),
        robustness: None,
        provenance: &fake.provenance,
        claims: &[],
        margins: Margins::default(),
        reference: None,
    };
    let error = render(&inputs, tempfile::tempdir().unwrap().path()).unwrap_err().to_string();
    assert!(error.contains("`seed`"), "{error}");
}

/// Figure 4 with trials of 12 epochs and figure 7 with trials of 300: profile `full` has two lengths of one cell.
fn two_lengths() -> (Fake, Uses) {
    let cells = |id: &str| figures::figure(id).unwrap().cells();
    let of = |profile: Profile, id: &str| {
        let mut made = trials(profile, 2);
        made.retain(|m| m.seed < 2 && m.repeat == 0 && cells(id).contains(&m.cell));
        frames(profile, &made)
    };
    let (mut short, long) = (of(Profile::Standard, "4"), of(Profile::Full, "7"));
    for frame in [&mut short.trials, &mut short.curves] {
        let keys: Vec<String> =
            frame.column("key").unwrap().str().unwrap().iter().flatten().map(|k| format!("short {k}")).collect();
        frame.with_column(Column::new("key".into(), keys)).unwrap();
    }
    let uses = |id: &str, fake: &Fake| Uses::all(&[id.to_string()], &fake.trials).unwrap();
    let uses = uses("4", &short).join(uses("7", &long));
    let stacked = short.trials.vstack(&long.trials).unwrap();
    let mut provenance = long.provenance.clone();
    provenance.figures = vec!["4".into(), "7".into()];
    let curves = short.curves.vstack(&long.curves).unwrap();
    (Fake { summary: summarise(&stacked).unwrap(), trials: stacked, curves, provenance, ..long }, uses)
}

#[test]
fn a_figure_shows_its_own_trials_where_another_trained_the_cell_for_longer() {
    let (fake, uses) = two_lengths();
    let inputs = |uses| Inputs {
        trials: &fake.trials,
        curves: &fake.curves,
        summary: &fake.summary,
        filters: &fake.filters,
        tuning: &fake.tuning,
        uses,
        robustness: None,
        provenance: &fake.provenance,
        claims: &[],
        margins: Margins::default(),
        reference: None,
    };
    let inputs_with = inputs(&uses);
    let model = Model::new(&inputs_with).unwrap();
    for (id, epochs) in [("4", 12), ("7", 300)] {
        let figure = model.figures.iter().find(|f| f.figure.id == id).unwrap();
        for cell in &figure.cells {
            assert!(cell.runs.iter().all(|r| r.epochs == epochs), "figure {id}: {}", cell.cell);
            assert_eq!((cell.runs.len(), cell.variant.as_str()), (2, ""));
            if cell.diverged() > 0 {
                continue;
            }
            // each beside backpropagation of its own length
            assert!(cell.summary.mean.is_some(), "figure {id}: {}", cell.cell);
            assert_eq!(cell.summary.difference.is_some(), cell.is_compared(), "figure {id}: {}", cell.cell);
        }
    }
    // where nobody wrote down which belongs where, the figure says so
    let unknown = Uses::default();
    let error = Model::new(&inputs(&unknown)).err().unwrap().to_string();
    assert!(error.contains("trained in several ways") && error.contains("300 epochs"), "{error}");
}

#[test]
fn claims_compare_cells_of_one_length() {
    let (fake, _) = two_lengths();
    let judged = judge(&fake.trials, &fake.curves, &Margins::default()).unwrap();
    let c6 = judged.iter().find(|j| j.id == "C6").unwrap();
    // two seeds of the sum rule's length, not four of both
    assert_eq!(c6.numbers["parts"][0]["tests"][0]["n"], 2, "{}", c6.reason);
    assert_eq!(c6.numbers["steps"], 12 * 703);
}

/// One seed leaves nothing to compare, which is no failure to train.
#[test]
fn a_family_of_single_seeds_has_no_row() {
    let one: Vec<Made> = trials(Profile::Quick, 1).into_iter().filter(|m| m.seed == 0).collect();
    let mut fake = frames(Profile::Quick, &one);
    fake.summary = summarise(&fake.trials).unwrap();
    let (_dir, out, _) = rendered("single", &fake);
    let md = read(&out, "report.md");
    let families = md.split("## What each family").nth(1).map_or("", |rest| rest.split("\n## ").next().unwrap_or(""));
    assert!(!families.contains("| Hebbian descent |") && !families.contains("| HebbNet |"), "{families}");
}

/// The row of a family holds its extremes, and baselines are none of its cells.
#[test]
fn what_a_family_costs_is_read_from_its_own_cells() {
    let fake = frames(Profile::Quick, &trials(Profile::Quick, 5));
    let (_dir, out, _) = rendered("families", &fake);
    let md = read(&out, "report.md");
    let row = md.lines().find(|l| l.starts_with("| HebbNet | MNIST |")).expect("a row");
    let fields: Vec<&str> = row.split('|').map(str::trim).collect();
    let cells = fake.summary.column("cell").unwrap().str().unwrap().clone();
    let differences = fake.summary.column("difference_mean").unwrap().f64().unwrap().clone();
    let of_family = (0..fake.summary.height()).filter(|&i| cells.get(i).unwrap().starts_with("mnist/1x2000/hebbnet/"));
    // figure 3 holds three variants with Hebb's and Oja's rule; the subspace rule stands in another figure
    let of_family = of_family.filter(|&i| !cells.get(i).unwrap().contains("subspace"));
    let of_family: Vec<f64> = of_family.filter_map(|i| differences.get(i)).collect();
    assert_eq!(fields[3], of_family.len().to_string(), "{row}");
    let (most, least) =
        (of_family.iter().copied().fold(f64::MIN, f64::max), of_family.iter().copied().fold(f64::MAX, f64::min));
    assert!(fields[5].starts_with(&super::format::points(most)), "{most}: {row}");
    assert!(fields[7].starts_with(&super::format::points(least)), "{least}: {row}");
    // direct random targets are a rule of their own, fixed feedback beside feedback that learns is not
    let row = md.lines().find(|l| l.starts_with("| Beyond the post | MNIST |")).expect("a row");
    assert_eq!(row.split('|').nth(3).map(str::trim), Some("4"), "{row}");
}
