//! `report compare`: two result folders side by side, for people and for CI.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::Args;

use super::arguments::misuse;
use super::output::{count, print, table};
use super::render;
use crate::stats::claims::{self, Judged, Margins};
use crate::stats::{CellChange, Changes, Comparison, LEVEL, Results, Test, changes, same_bits, settings};

/// Lines of one kind that are printed; the rest is counted.
const MOST: usize = 20;

#[derive(Args)]
pub struct CompareArgs {
    /// Result folder before
    #[arg(value_name = "A")]
    pub before: PathBuf,
    /// Result folder after
    #[arg(value_name = "B")]
    pub after: PathBuf,
    /// Exit code 1 if a verdict flipped or a cell moved beyond noise
    #[arg(long)]
    pub strict: bool,
    /// List every cell that both hold, not only those that moved
    #[arg(long)]
    pub cells: bool,
    /// Percentage points within which accuracies count as alike: MNIST, CIFAR-10
    #[arg(long, value_name = "M,C", default_value = "1,2")]
    pub margins: Margins,
}

pub fn run(args: &CompareArgs) -> anyhow::Result<()> {
    let (a, b) = (read(&args.before)?, read(&args.after)?);
    let (text, moved, flipped) = compared((&args.before, &a), (&args.after, &b), &args.margins, args.cells)?;
    print(&text)?;
    if args.strict && moved + flipped > 0 {
        bail!("--strict: {} flipped, {} moved beyond noise", count(flipped, "verdict"), count(moved, "cell"));
    }
    Ok(())
}

/// A folder that holds no results is the user's mistake.
fn read(folder: &Path) -> anyhow::Result<Results> {
    render::read(folder).map_err(|e| misuse(format!("{e:#}")))
}

/// The text, how many cells moved, how many verdicts flipped.
fn compared(
    (path_a, a): (&Path, &Results),
    (path_b, b): (&Path, &Results),
    margins: &Margins,
    every: bool,
) -> anyhow::Result<(String, usize, usize)> {
    let mut text = head("A", path_a, a) + &head("B", path_b, b);
    text += &bits(&same_bits([&a.trials, &a.curves], [&b.trials, &b.curves])?);

    let different = settings(&a.trials, &b.trials)?;
    text += if different.is_empty() {
        "\nSettings: the same in every cell that both hold\n"
    } else {
        "\nSettings that differ:\n"
    };
    let lines = different.iter().map(|(s, cells)| {
        let whose = if let [only] = &cells[..] { only.clone() } else { count(cells.len(), "cell") };
        format!("{}: {} -> {} ({whose})", s.column, s.before, s.after)
    });
    text += &some(lines.collect());

    let Changes { cells, only_before, only_after } = changes(&a.trials, &b.trials)?;
    let beyond: Vec<&CellChange> = cells.iter().filter(|c| c.p.is_some_and(|p| p < 1.0 - LEVEL)).collect();
    let tested = cells.iter().filter(|c| c.p.is_some()).count();
    text += &format!(
        "\nCells: {} in both, {} moved beyond noise (test accuracy, p < {:.2} after Holm over {tested})",
        cells.len(),
        beyond.len(),
        1.0 - LEVEL
    );
    if tested < cells.len() {
        text += &format!("; {} with too few trials to tell", cells.len() - tested);
    }
    text.push('\n');
    text += &side_by_side(&if every { cells.iter().collect() } else { beyond.clone() });
    for (name, only) in [("A", only_before), ("B", only_after)] {
        if !only.is_empty() {
            text += &format!("Only in {name}: {}\n{}", count(only.len(), "cell"), some(only));
        }
    }

    let flipped = match (&a.provenance.study, &b.provenance.study) {
        (None, None) => {
            let judge = |r: &Results| r.of_figures().and_then(|r| claims::judge(&r.trials, &r.curves, margins));
            let (text_of, flipped) = verdicts(&judge(a)?, &judge(b)?);
            text += &text_of;
            flipped
        }
        _ => {
            text += "\nVerdicts: none, claims are the post's and a study of its own has none\n";
            0
        }
    };
    Ok((text, beyond.len(), flipped))
}

fn head(name: &str, path: &Path, r: &Results) -> String {
    let p = &r.provenance;
    let commit = p.commit.as_ref().map_or("unknown", |c| &c[..c.len().min(8)]);
    let dirty = if p.dirty == Some(true) { " with local changes" } else { "" };
    format!(
        "{name}: {} (profile {}, {}, {}, version {}, commit {commit}{dirty})\n",
        path.display(),
        p.profile,
        count(r.trials.height(), "trial"),
        count(p.seeds.len(), "seed"),
        p.version
    )
}

/// The first lines, indented, and how many more there are.
fn some(lines: Vec<String>) -> String {
    let mut text: String = lines.iter().take(MOST).map(|l| format!("  {l}\n")).collect();
    if lines.len() > MOST {
        text += &format!("  and {} more\n", lines.len() - MOST);
    }
    text
}

fn bits(c: &Comparison) -> String {
    let mut text = format!(
        "\nTrials, with their curves: {} equal bit for bit, {} differ, {} only in A, {} only in B\n",
        c.equal.len(),
        c.differ.len(),
        c.new.len(),
        c.missing.len()
    );
    text += &some(c.differ.iter().map(|(key, columns)| format!("{key} differs in {}", columns.join(", "))).collect());
    text
}

fn side_by_side(cells: &[&CellChange]) -> String {
    if cells.is_empty() {
        return String::new();
    }
    let mut rows = vec![["  cell", "A, %", "B, %", "B - A, points", "95 %", "p", "test"].map(String::from).to_vec()];
    for c in cells {
        rows.push(vec![
            format!("  {}", c.cell),
            format!("{:.2}", 100.0 * c.before),
            format!("{:.2}", 100.0 * c.after),
            format!("{:+.2}", 100.0 * (c.after - c.before)),
            c.interval.map_or_else(String::new, |(l, h)| format!("{:+.2} to {:+.2}", 100.0 * l, 100.0 * h)),
            c.p.map_or_else(String::new, |p| format!("{p:.2e}")),
            match c.test {
                Test::Paired(n) => format!("paired, {n} seeds"),
                Test::Welch(a, b) => format!("Welch, {a} and {b}"),
                Test::None => String::new(),
            },
        ]);
    }
    table(&rows)
}

fn verdicts(a: &[Judged], b: &[Judged]) -> (String, usize) {
    let flips: Vec<(&Judged, &Judged)> = a
        .iter()
        .filter_map(|l| Some((l, b.iter().find(|r| r.id == l.id)?)))
        .filter(|(l, r)| l.verdict != r.verdict)
        .collect();
    let mut text = format!("\nVerdicts: {} of {} flipped\n", flips.len(), a.len());
    for (l, r) in &flips {
        text += &format!("  {}: {} -> {}\n", l.id, named(l), named(r));
        text += &format!("    A: {}\n    B: {}\n", l.reason, r.reason);
    }
    (text, flips.len())
}

/// A verdict with its mark.
fn named(j: &Judged) -> String {
    format!("{}{}", j.verdict.name(), if j.provisional { " (provisional)" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::claims::Verdict;

    #[test]
    fn a_flipped_verdict_is_named_with_both_reasons() {
        let judged = |verdict, reason: &str| Judged {
            id: "C7".into(),
            verdict,
            provisional: false,
            reason: reason.into(),
            numbers: serde_json::json!({}),
        };
        let a = judged(Verdict::Reproduced, "was so.");
        let b = Judged { provisional: true, ..judged(Verdict::NotReproduced, "is not.") };
        let (text, flipped) = verdicts(std::slice::from_ref(&a), &[b]);
        assert_eq!(flipped, 1);
        assert!(
            text.contains("C7: reproduced -> not reproduced (provisional)\n    A: was so.\n    B: is not."),
            "{text}"
        );
        assert_eq!(verdicts(std::slice::from_ref(&a), std::slice::from_ref(&a)).1, 0);
    }

    #[test]
    fn long_lists_are_cut_and_counted() {
        let text = some((0..23).map(|n| n.to_string()).collect());
        assert_eq!(text.lines().count(), MOST + 1);
        assert!(text.ends_with("and 3 more\n"), "{text}");
    }
}
