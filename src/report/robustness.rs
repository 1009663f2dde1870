//! The robustness tables as text.

use serde::Serialize;

use super::context::AssumptionContext;
use super::format::{self, NONE};
use super::model::Model;
use super::tables::{Column, Field, Row, Table};
use crate::stats::robustness::{self as stats, Side, Turned};
use crate::study::rates::{Given, RateTable};
use crate::study::robustness::{CHOICES, Change, SEEDS};
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
    /// Which claims were looked at, and how many turn.
    pub verdict: String,
    /// A sentence for each claim that turns.
    pub turned: Vec<String>,
}

/// Nothing where the run was not asked for them.
pub fn context(
    model: &Model,
    robustness: Option<&stats::Robustness>,
    assumptions: impl Fn(&[&'static str]) -> Vec<AssumptionContext>,
) -> Option<RobustnessContext> {
    let robustness = robustness?;
    let size = match robustness.full_data {
        true => "on all images".to_string(),
        false => "on a subset of the images: far too small a run to decide anything".to_string(),
    };
    let about = format!(
        "A few cells once more under other recipes, rates and readings, to see whether what they show hangs on a choice that the post leaves open. {} and {} {size}. Only directions are judged, by means and without a test; the verdicts of the claims above are made of the figures' trials alone. A diverged trial counts as chance in differences.",
        format::plural(SEEDS as usize, "seed", "seeds"),
        format::plural(robustness.epochs as usize, "epoch", "epochs"),
    );
    let tables = robustness.tables.iter().map(|t| {
        let slug = format!("robustness-{}", t.setting.id);
        let (judged, turned) = (t.judged.len(), t.turned.len());
        RobustnessTable {
            heading: t.setting.title.into(),
            about: about_setting(t),
            assumptions: assumptions(t.setting.assumptions),
            gaps: gaps(model.profile, t),
            table: table(model.profile, t, &slug),
            verdict: match (judged, turned) {
                (0, _) => "No claim can be looked at yet: its cells have no trials.".into(),
                (_, n) => format!(
                    "Verdicts it would change: {} of the {} that these cells show a direction for ({}).",
                    if n == 0 { "none".into() } else { n.to_string() },
                    format::plural(judged, "claim", "claims"),
                    t.judged.join(", ")
                ),
            },
            turned: t.turned.iter().map(turn).collect(),
            slug,
        }
    });
    Some(RobustnessContext { about, tables: tables.collect() })
}

/// What it changes; the other readings one by one.
fn about_setting(t: &stats::Table) -> String {
    if t.setting.change != Change::Choice {
        return t.setting.about.into();
    }
    let choices: Vec<String> = CHOICES.iter().map(|c| format!("{}: {}", c.assumption, c.title)).collect();
    format!("{} {}.", t.setting.about, choices.join("; "))
}

/// `C11 Hebbian descent is close ...: holds as in the figures (...), fails here (...).`
fn turn(t: &Turned) -> String {
    let choice = t.choice.map_or(String::new(), |c| format!(" with {}", c.title));
    format!(
        "{} {}: {} in the figures' setting ({}); {} here{choice} ({}).",
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
        Change::Recipe(recipe) => table.rates(cell, recipe, Given::default()).map(drop),
        _ => table.rates(cell, Recipe::Main, Given::default()).map(drop),
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

/// What is marked at rates that nothing has searched, here and in the table of rates.
pub const PRELIMINARY: &str = "preliminary: not searched";

fn gaps(profile: Option<Profile>, t: &stats::Table) -> Vec<String> {
    let empty = |s: &Side| s.finished + s.diverged == 0;
    let missing: Vec<&stats::Row> = t.rows.iter().filter(|r| empty(&r.other)).collect();
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
            !empty(&r.other) && preliminary(rates, t.setting.change, &r.cell)
                || !empty(&r.main) && preliminary(rates, Change::None, &r.of)
        };
        t.rows.iter().filter(either).count()
    });
    if by_hand > 0 {
        out.push(format!(
            "Rates set by hand in {}, marked there: no search has chosen them yet, so what changes may be the rate's doing and the verdicts below are as preliminary.",
            format::plural(by_hand, "row", "rows")
        ));
    }
    if !absent.is_empty() {
        out.push(format!("Not trained yet: {}.", format::plural(absent.len(), "row", "rows")));
    }
    out
}

fn table(profile: Option<Profile>, t: &stats::Table, slug: &str) -> Table {
    let accuracy = |s: &Side| Field::number(format::mean_std(s.mean, s.std), s.mean);
    let gap = |s: &Side| Field::number(s.gap.map_or_else(|| NONE.into(), format::points), s.gap);
    let rates = profile.map(RateTable::of);
    let by_hand = |change, cell: &Cell| rates.filter(|t| preliminary(t, change, cell)).map(|_| PRELIMINARY);
    let row = |r: &stats::Row| {
        let empty = r.other.finished + r.other.diverged == 0;
        let waits = empty.then(|| unsearched(profile, t.setting.change, &r.cell)).flatten();
        // which choice it is; the words stand above the table
        let choice = r.choice.map_or(String::new(), |c| format!(" ({})", c.assumption));
        let other = match waits {
            Some(_) => Field::text("not searched yet"),
            None if empty => Field::text("no trials"),
            None => {
                let own = r.same.then_some("the same rate");
                let notes = own.into_iter().chain(by_hand(t.setting.change, &r.cell)).collect::<Vec<_>>();
                accuracy(&r.other).note(notes.join("; "))
            }
        };
        let main = match r.main.finished + r.main.diverged {
            0 => accuracy(&r.main),
            _ => accuracy(&r.main).note(by_hand(Change::None, &r.of).unwrap_or_default().into()),
        };
        let diverged = format!("{} / {}", r.main.diverged, r.other.diverged);
        let any = r.main.diverged + r.other.diverged > 0;
        let turned = r.main.gap.zip(r.other.gap).is_some_and(|(a, b)| a * b < 0.0);
        Row {
            strong: r.cell.rule.name() == "bp" && r.cell.network.depth > 0,
            cells: vec![
                Field::text(name(&r.cell) + &choice).of(&r.cell),
                Field::text(r.cell.dataset.title()),
                Field::text(r.cell.network.title()),
                main,
                other,
                Field::number(r.change.map_or_else(|| NONE.into(), format::points), r.change),
                gap(&r.main),
                Field { alert: turned, ..gap(&r.other) },
                Field { alert: any, ..Field::number(diverged, Some((r.main.diverged + r.other.diverged) as f64)) },
            ],
        }
    };
    let column = |title: &str, numeric| Column { title: title.into(), numeric };
    Table {
        id: format!("{slug}-table"),
        caption: format!(
            "{}: beside the figures' setting. Differences in points, by seed; BP is backpropagation on the same network; marked where a cell changes sides with it; diverged trials in the figures' setting / here.",
            t.setting.title
        ),
        columns: vec![
            column("Rule", false),
            column("Dataset", false),
            column("Network", false),
            column("Figures, %", true),
            column("Here, %", true),
            column("Change", true),
            column("Minus BP, figures", true),
            column("Minus BP, here", true),
            column("Diverged", true),
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
