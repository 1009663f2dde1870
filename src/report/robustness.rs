//! The robustness tables as text.

use serde::Serialize;

use super::facts::AssumptionContext;
use super::format;
use super::model::{Model, distinct};
use super::tables::{Column, Field, PRELIMINARY, Row, Table};
use crate::stats::robustness::{self as stats, Side, Turned};
use crate::study::rates::RateTable;
use crate::study::robustness::{CHOICES, Change};
use crate::study::{Cell, Profile, Recipe};

/// The appendix.
#[derive(Serialize)]
pub struct RobustnessContext {
    pub about: String,
    pub tables: Vec<RobustnessTable>,
}

/// One setting beside the main one.
#[derive(Serialize)]
pub struct RobustnessTable {
    pub slug: String,
    pub heading: String,
    pub about: String,
    pub assumptions: Vec<AssumptionContext>,
    /// Rows that are missing, and what would fill them.
    pub gaps: Vec<String>,
    pub table: Table,
    /// Of which claims these cells show a direction, and how many turn.
    pub directions: String,
    /// A sentence for each direction that turns.
    pub turned: Vec<String>,
}

/// Nothing where the run was not asked for them.
pub fn context(
    model: &Model,
    robustness: Option<&stats::Robustness>,
    assumptions: impl Fn(&[&'static str]) -> Vec<AssumptionContext>,
) -> Option<RobustnessContext> {
    let robustness = robustness?;
    let of_figures = (!model.lengths.is_empty())
        .then(|| (model.provenance.seeds.len(), distinct(model.lengths.iter().map(|l| l.epochs))));
    let tables = robustness.tables.iter().map(|t| {
        let slug = format!("robustness-{}", t.setting.id);
        RobustnessTable {
            heading: t.setting.title.into(),
            about: about_setting(t),
            assumptions: assumptions(t.setting.assumptions),
            gaps: gaps(model.profile, t),
            table: table(model.profile, t, &slug, &size(robustness)),
            directions: directions(t),
            turned: t.turned.iter().map(turn).collect(),
            slug,
        }
    });
    Some(RobustnessContext { about: about(robustness, of_figures), tables: tables.collect() })
}

/// `3 seeds and 5 epochs`: of the tables, not of the figures.
pub fn size(r: &stats::Robustness) -> String {
    let (seeds, epochs) = (r.seeds, r.epochs as usize);
    if seeds == 0 {
        return "not trained yet".into();
    }
    format!("{} and {}", format::plural(seeds, "seed", "seeds"), format::plural(epochs, "epoch", "epochs"))
}

/// What the tables are, and how large beside the figures (seeds and lengths, if any is shown).
fn about(r: &stats::Robustness, of_figures: Option<(usize, Vec<u32>)>) -> String {
    let images = match r.full_data {
        true => "on all images",
        false => "on a subset of the images: far too small a run to decide anything",
    };
    let trained = match r.seeds {
        0 => "Nothing of the main recipe is trained yet.".into(),
        _ => format!("{} {images}.", size(r)),
    };
    let other = of_figures.filter(|(seeds, epochs)| r.seeds > 0 && (*seeds, &epochs[..]) != (r.seeds, &[r.epochs]));
    let other = other.map_or_else(String::new, |(seeds, epochs)| {
        let epochs: Vec<String> = epochs.iter().map(u32::to_string).collect();
        format!(
            " The figures have {} and {} epochs, so the same cell has other numbers there.",
            format::plural(seeds, "seed", "seeds"),
            format::list(&epochs)
        )
    });
    format!(
        "A few cells once more under other recipes, rates and readings, to see whether what they show hangs on a choice that the post leaves open. {trained}{other} Only directions are judged: what the means of these few cells say of a claim, without a test, in the main recipe and in another. The verdicts of the claims above are made of the figures' trials alone, and nothing here changes them. A diverged trial counts as chance in differences."
    )
}

/// How many directions turn, of the claims that the cells trained in this setting say something of.
fn directions(t: &stats::Table) -> String {
    if t.rows.iter().all(|r| r.other.is_empty()) {
        return "Not trained: there is no direction to compare.".into();
    }
    let turned = distinct(t.turned.iter().map(|t| t.claim.id)).len();
    match t.judged.len() {
        0 => "Of no claim do the cells that are trained show a direction.".into(),
        judged => format!(
            "Directions it turns: {} of the {} that these cells show one for ({}).",
            if turned == 0 { "none".into() } else { turned.to_string() },
            format::plural(judged, "claim", "claims"),
            t.judged.join(", ")
        ),
    }
}

/// What it changes; the other readings one by one.
fn about_setting(t: &stats::Table) -> String {
    if t.setting.change != Change::Choice {
        return t.setting.about.into();
    }
    let choices: Vec<String> = CHOICES.iter().map(|c| format!("{}: {}", c.assumption, c.title)).collect();
    format!("{} {}.", t.setting.about, choices.join("; "))
}

/// `C11 Hebbian descent is close ...: holds in the main recipe (...), fails here (...).`
fn turn(t: &Turned) -> String {
    let choice = t.choice.map_or(String::new(), |c| format!("{}, {}; ", c.assumption, c.title));
    format!(
        "{} {}: {} in the main recipe ({}); {} here ({choice}{}).",
        t.claim.id,
        t.claim.title,
        t.before.seen.name(),
        t.before.words,
        t.after.seen.name(),
        t.after.words
    )
}

/// The rate that a row waits for.
fn unsearched(profile: Option<Profile>, change: Change, cell: &Cell) -> Option<String> {
    let table = RateTable::of(profile?);
    let found = match change {
        Change::OwnRate => table.own_rate(cell, Recipe::Main).map(drop),
        Change::Recipe(recipe) => table.rate(cell, recipe).map(drop),
        _ => table.rate(cell, Recipe::Main).map(drop),
    };
    found.err().map(|e| e.to_string())
}

/// Whether the rates of a row in this setting come from the table, set by hand and not searched.
fn preliminary(rates: &RateTable, change: Change, cell: &Cell) -> bool {
    match change {
        Change::OwnRate => rates.is_own_preliminary(cell, Recipe::Main),
        Change::Recipe(recipe) => rates.is_preliminary(cell, recipe),
        Change::None | Change::BestEpoch | Change::Choice => rates.is_preliminary(cell, Recipe::Main),
    }
}

fn gaps(profile: Option<Profile>, t: &stats::Table) -> Vec<String> {
    let missing: Vec<&stats::Row> = t.rows.iter().filter(|r| r.other.is_empty()).collect();
    let (waiting, absent): (Vec<_>, Vec<_>) =
        missing.into_iter().partition(|r| unsearched(profile, t.setting.change, &r.cell).is_some());
    let mut out = vec![];
    if let (false, Some(profile)) = (waiting.is_empty(), profile) {
        let rates = profile.rates();
        out.push(format!(
            "Rates not searched yet: {}. report tune --profile {rates} --robustness searches them; after a build the same run trains them.",
            format::plural(waiting.len(), "row", "rows")
        ));
    }
    let by_hand = profile.map_or(0, |profile| {
        let rates = RateTable::of(profile);
        let either = |r: &&stats::Row| {
            !r.other.is_empty() && preliminary(rates, t.setting.change, &r.cell)
                || !r.main.is_empty() && preliminary(rates, Change::None, &r.of)
        };
        t.rows.iter().filter(either).count()
    });
    if by_hand > 0 {
        out.push(format!(
            "Rates set by hand in {}, marked there: no search has chosen them yet, so what changes may be the rate's doing and the directions below are as preliminary.",
            format::plural(by_hand, "row", "rows")
        ));
    }
    if !absent.is_empty() {
        out.push(format!("Not trained yet: {}.", format::plural(absent.len(), "row", "rows")));
    }
    out
}

/// `size`: of the tables, in words.
fn table(profile: Option<Profile>, t: &stats::Table, slug: &str, size: &str) -> Table {
    let accuracy = |s: &Side| Field::mean_std(s.mean, s.std);
    let rates = profile.map(RateTable::of);
    let by_hand = |change, cell: &Cell| rates.filter(|t| preliminary(t, change, cell)).map(|_| PRELIMINARY);
    let row = |r: &stats::Row| {
        let empty = r.other.is_empty();
        let waits = empty.then(|| unsearched(profile, t.setting.change, &r.cell)).flatten();
        // which choice it is; the words stand above the table
        let choice = r.choice.map_or(String::new(), |c| format!(" ({})", c.assumption));
        let other = match waits {
            Some(_) => Field::number("not searched yet".into(), None),
            None if empty => Field::number("not trained".into(), None),
            None => {
                let own = r.same.then_some("the same rate");
                let notes = own.into_iter().chain(by_hand(t.setting.change, &r.cell)).collect::<Vec<_>>();
                accuracy(&r.other).note(notes.join("; "))
            }
        };
        let main = match r.main.is_empty() {
            true => accuracy(&r.main),
            false => accuracy(&r.main).note(by_hand(Change::None, &r.of).unwrap_or_default().into()),
        };
        let turned = r.main.gap.zip(r.other.gap).is_some_and(|(a, b)| a * b < 0.0);
        Row {
            strong: r.cell.rule.name() == "bp" && r.cell.network.depth > 0,
            cells: vec![
                Field::text(name(&r.cell) + &choice).of(&r.cell),
                Field::text(r.cell.dataset.title()),
                Field::text(r.cell.network.title()),
                main,
                other,
                Field::points(r.change),
                Field::points(r.main.gap),
                Field { alert: turned, ..Field::points(r.other.gap) },
                Field::tally(r.main.diverged),
                Field::tally(r.other.diverged),
            ],
        }
    };
    let column = |title: &str, numeric| Column { title: title.into(), numeric };
    Table {
        id: format!("{slug}-table"),
        caption: format!(
            "{}: beside the main recipe at the rates of the figures, {size}, read after the last epoch. Differences by seed; BP is backpropagation on the same network; marked where a cell changes sides with it.",
            t.setting.title
        ),
        columns: vec![
            column("Rule", false),
            column("Dataset", false),
            column("Network", false),
            column("Main recipe, %", true),
            column("Here, %", true),
            column("Change, points", true),
            column("Main recipe minus BP, points", true),
            column("Here minus BP, points", true),
            column("Diverged, main recipe", true),
            column("Diverged, here", true),
        ],
        tall: t.rows.len() > 20,
        rows: t.rows.iter().map(row).collect(),
    }
}

/// A series' label says only what differs within its figure: here the rule stands before it.
fn name(cell: &Cell) -> String {
    let label = super::palette::series(cell).label;
    match cell.rule.name() {
        "bp" => label,
        "fa" | "dfa" => format!("{}: {label}", cell.rule.name().to_uppercase()),
        _ => format!("{}: {label}", cell.rule.entry().title),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table in which some rates were set by hand.
    fn rates(by_hand: &[&str]) -> RateTable {
        let mut table = RateTable::of(Profile::Quick).clone();
        let mut own = table.entries.iter().find(|e| e.family == "bp").unwrap().clone();
        own.family = "fa/feedback=random".into();
        table.entries.retain(|e| e.family != own.family);
        table.entries.push(own);
        table.entries.iter_mut().for_each(|e| e.preliminary = by_hand.contains(&e.family.as_str()));
        table
    }

    /// The choices' table of a run that trained the main recipe, and of the choices as many rows as asked.
    fn choices(trained: usize) -> stats::Table {
        let side = Side { mean: Some(0.9), std: Some(0.01), finished: 3, diverged: 1, gap: Some(-0.02) };
        let rows = CHOICES.iter().flat_map(|c| c.pairs().into_iter().map(move |(new, of)| (c, new, of))).enumerate();
        let row = |(i, (choice, cell, of))| stats::Row {
            cell,
            of,
            choice: Some(choice),
            main: side,
            other: if i < trained { Side { gap: Some(0.01), ..side } } else { Side::default() },
            change: (i < trained).then_some(0.03),
            same: false,
        };
        stats::Table {
            setting: crate::study::robustness::setting("choices"),
            rows: rows.map(row).collect(),
            judged: if trained > 0 { vec!["C9", "C23"] } else { vec![] },
            turned: vec![],
        }
    }

    #[test]
    fn directions_are_no_verdicts_and_what_is_not_trained_has_none() {
        assert_eq!(directions(&choices(0)), "Not trained: there is no direction to compare.");
        let one = directions(&choices(1));
        assert_eq!(one, "Directions it turns: none of the 2 claims that these cells show one for (C9, C23).");
        let table = table(None, &choices(1), "s", "3 seeds and 5 epochs");
        let row = |i: usize| table.rows[i].cells[3..].iter().map(|f| f.text.as_str()).collect::<Vec<_>>();
        assert_eq!(row(0), ["90.00 ± 1.00", "90.00 ± 1.00", "+3.00", "−2.00", "+1.00", "1", "1"]);
        assert_eq!(row(1)[1], "not trained");
    }

    #[test]
    fn the_main_recipe_is_called_by_its_own_size() {
        let mut r = stats::Robustness { tables: vec![], seeds: 3, epochs: 5, full_data: true };
        let text = about(&r, Some((5, vec![12])));
        assert!(text.contains("3 seeds and 5 epochs on all images. The figures have 5 seeds and 12 epochs"), "{text}");
        assert!(!about(&r, Some((3, vec![5]))).contains("The figures have"));
        assert!(!about(&r, None).contains("The figures have"));
        let table = table(None, &choices(1), "s", &size(&r));
        assert!(table.caption.contains("the main recipe at the rates of the figures, 3 seeds and 5 epochs"));
        assert_eq!(table.columns[3].title, "Main recipe, %");
        (r.seeds, r.epochs) = (0, 0);
        let text = about(&r, Some((5, vec![4])));
        assert!(text.contains("Nothing of the main recipe is trained yet. Only directions"), "{text}");
    }

    #[test]
    fn a_rate_set_by_hand_is_told_by_what_the_setting_uses() {
        let of = |dataset: &str, rule: &str| -> Cell { format!("{dataset}/1x2000/{rule}").parse().unwrap() };
        let first =
            RateTable::of(Profile::Quick).entries.iter().find(|e| e.family == "bp" && e.network == "1x2000").unwrap();
        let (dataset, main) = (first.dataset.name(), Change::Recipe(Recipe::Main));
        let fa = of(dataset, "fa/feedback=random");
        // borrowed from backpropagation, but not where the rule has its own
        assert!(preliminary(&rates(&["bp"]), Change::None, &fa) && preliminary(&rates(&["bp"]), main, &fa));
        assert!(!preliminary(&rates(&["bp"]), Change::OwnRate, &fa));
        assert!(preliminary(&rates(&["fa/feedback=random"]), Change::OwnRate, &fa));
        assert!(!preliminary(&rates(&["fa/feedback=random"]), Change::BestEpoch, &fa));
        // a B that learns has a rate beside
        let hebb = of(dataset, "fa/feedback=hebb");
        assert!(preliminary(&rates(&["feedback=hebb"]), Change::Choice, &hebb));
        assert!(preliminary(&rates(&["feedback=hebb"]), Change::OwnRate, &hebb));
        // RMSprop's rate is given
        assert!(!preliminary(&rates(&["bp"]), Change::Recipe(Recipe::Nokland), &fa));
        assert!(!preliminary(&rates(&[]), Change::None, &fa));
    }
}
