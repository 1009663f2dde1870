//! Made-up results of the tables' cells: what is read from where, and which directions turn.

use super::super::frames::tests::stored;
use super::super::{Results, Uses, claims};
use super::*;
use crate::run::StoredTrial;
use crate::study::robustness::wanted;
use crate::study::{Recipe, Trial};

/// Of 16 test images, by seed.
type Correct = dyn Fn(&Setting, &Cell, u64) -> u32;

/// Trials of every setting but those that `skip` names, with what asked for them.
fn results(correct: &Correct, skip: &[&str]) -> Results {
    let (mut trials, mut uses) = (Vec::<StoredTrial>::new(), Uses::default());
    for (setting, cell) in wanted().into_iter().filter(|(s, _)| !skip.contains(&s.id)) {
        for seed in 1..=robustness::SEEDS {
            let mut t = stored(&cell.to_string(), seed, 0, &[1, correct(setting, &cell, seed)]);
            let trial: &mut Trial = &mut t.trial;
            match setting.change {
                Change::Recipe(recipe) => trial.recipe = recipe,
                Change::OwnRate => trial.learning_rate = 0.3,
                _ => {}
            }
            let key = t.trial.key();
            if !trials.iter().any(|o| o.trial.key() == key) {
                trials.push(t);
            }
            uses.0.entry(setting.mark()).or_default().insert(key);
        }
    }
    let provenance = serde_json::json!({
        "profile": "quick", "recipe": "main", "precision": "f32", "figures": [], "robustness": true, "seeds": [1, 2, 3],
        "command": "", "version": "", "commit": null, "dirty": null, "compiler": "", "operating_system": "", "cpu": "",
        "cores": 1, "threads": 1, "kernels": "", "started": "", "wall_time_s": 0.0, "trials": trials.len(),
        "trained_now": 0, "diverged": 0, "data": {}, "libraries": {},
    });
    Results::from_trials(&trials, uses, serde_json::from_value(provenance).unwrap()).unwrap()
}

fn is_bp(cell: &Cell) -> bool {
    cell.rule.name() == "bp" && cell.network.depth > 0
}

fn of<'a>(r: &'a Robustness, id: &str) -> &'a Table {
    r.tables.iter().find(|t| t.setting.id == id).unwrap()
}

#[test]
fn a_setting_that_turns_a_direction_names_the_claim() {
    // backpropagation leads, but not under recipe unit
    let r = results(
        &|s, c, _| match (is_bp(c), s.change == Change::Recipe(Recipe::Unit)) {
            (true, false) | (false, true) => 14,
            _ => 8,
        },
        &[],
    );
    let all = tables(&r, &Margins::default()).unwrap().unwrap();
    assert_eq!((all.tables.len(), all.seeds, all.epochs, all.full_data), (5, 3, 2, false));
    let turned: Vec<&str> = of(&all, "unit").turned.iter().map(|t| t.claim.id).collect();
    assert!(["C10", "C14", "C19"].iter().all(|id| turned.contains(id)), "{turned:?}");
    let c10 = of(&all, "unit").turned.iter().find(|t| t.claim.id == "C10").unwrap();
    assert_eq!((c10.before.seen, c10.after.seen), (Seen::Holds, Seen::Fails));
    assert!(c10.after.words.contains("+37.50"), "{}", c10.after.words);
    for same in ["nokland", "own-rate"] {
        assert!(of(&all, same).turned.is_empty() && of(&all, same).judged.contains(&"C10"), "{same}");
    }
    let row = |t: &Table, cell: &str| t.rows.iter().position(|r| r.cell.to_string() == cell).unwrap();
    let unit = of(&all, "unit");
    let fa = &unit.rows[row(unit, "mnist/1x2000/fa/feedback=random")];
    assert_eq!((fa.main.gap, fa.other.gap, fa.change), (Some(-0.375), Some(0.375), Some(0.375)));
    assert_eq!(unit.rows[row(unit, "mnist/1x2000/bp")].main.gap, None);
}

#[test]
fn the_best_epoch_reads_the_same_trials() {
    let r = results(&|_, _, _| 4, &["unit", "nokland", "own-rate", "choices"]);
    let all = tables(&r, &Margins::default()).unwrap().unwrap();
    let best = of(&all, "best-epoch");
    assert!(best.rows.iter().all(|r| r.other.finished == 3 && r.main.mean == Some(0.25)));
    assert!(!best.judged.is_empty());
    // what was not trained is a row without numbers, speaks of no claim and turns nothing
    for id in ["unit", "choices"] {
        let table = of(&all, id);
        assert!(table.rows.iter().all(|r| r.other.is_empty()), "{id}");
        assert!(table.judged.is_empty() && table.turned.is_empty(), "{id}: {:?}", table.judged);
    }
}

#[test]
fn whether_anything_overfits_is_not_seen_in_a_few_epochs() {
    let all = tables(&results(&|_, _, _| 4, &[]), &Margins::default()).unwrap().unwrap();
    for table in &all.tables {
        assert!(!table.judged.is_empty() && !table.judged.contains(&"C16"), "{}", table.setting.id);
        assert!(table.judged.is_sorted_by_key(|id| id[1..].parse::<u32>().unwrap()), "{:?}", table.judged);
    }
}

#[test]
fn a_choice_that_is_not_trained_says_nothing_of_its_claims() {
    let mut r = results(&|_, _, _| 4, &[]);
    let cells = r.trials.column("cell").unwrap().str().unwrap().clone();
    let keys = r.trials.column("key").unwrap().str().unwrap().clone();
    let of_cell = |key: &str| keys.iter().position(|k| k == Some(key)).and_then(|i| cells.get(i)).unwrap().to_string();
    r.uses.0.get_mut("robustness/choices").unwrap().retain(|key| of_cell(key).contains("hd/reading=o2"));
    let all = tables(&r, &Margins::default()).unwrap().unwrap();
    let choices = of(&all, "choices");
    // only Hebbian descent with Oja's expression is there: no claim about the sum rule or HebbNet alone
    assert!(choices.judged.contains(&"C13"), "{:?}", choices.judged);
    assert!(["C1", "C2", "C9"].iter().all(|id| !choices.judged.contains(id)), "{:?}", choices.judged);
}

#[test]
fn another_reading_stands_for_the_cell_that_the_claims_speak_of() {
    // O1 is far below D, O2 is not
    let o = |c: &Cell, reading| c.rule.option("reading") == Some(reading);
    let r = results(
        &move |_, c, _| {
            if o(c, "o1") {
                5
            } else if o(c, "o2") {
                12
            } else {
                10
            }
        },
        &[],
    );
    let all = tables(&r, &Margins::default()).unwrap().unwrap();
    let choices = of(&all, "choices");
    let turned: Vec<(&str, &str)> = choices.turned.iter().map(|t| (t.claim.id, t.choice.unwrap().assumption)).collect();
    assert!(turned.contains(&("C13", "A14")), "{turned:?}");
    assert!(turned.iter().all(|(_, assumption)| *assumption == "A14"), "{turned:?}");
    // beside backpropagation of its own network, or else of the main setting
    let row = |cell: &str| choices.rows.iter().find(|r| r.cell.to_string() == cell).unwrap();
    assert_eq!(row("mnist/1x2000/hd/reading=o2,train=full").other.gap, Some(0.125));
    assert_eq!(row("mnist/2x800-relu-tanh/bp").other.gap, None);
    assert_eq!(row("mnist/2x800-relu-tanh/dfa/feedback=random").other.gap, Some(0.0));
}

#[test]
fn verdicts_and_figures_do_not_see_these_trials() {
    let mut r = results(&|_, _, _| 4, &[]);
    let nothing = r.of_figures().unwrap();
    assert_eq!((nothing.trials.height(), nothing.summary.height()), (0, 0));
    let main = r.uses.0["robustness/main"].clone();
    r.uses.0.insert("7".into(), main);
    let shown = r.of_figures().unwrap();
    assert_eq!(shown.trials.height(), 2 * 16 * 3);
    let judged = claims::judge(&shown.trials, &shown.curves, &Margins::default()).unwrap();
    let alone = results(&|_, _, _| 4, &["unit", "nokland", "own-rate", "choices"]);
    assert_eq!(judged, claims::judge(&alone.trials, &alone.curves, &Margins::default()).unwrap());
    r.provenance.robustness = false;
    assert!(tables(&r, &Margins::default()).unwrap().is_none());
}
