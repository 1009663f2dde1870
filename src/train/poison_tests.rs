//! Something that is not finite, put into each stage of a trial in turn: the trial ends as diverged.

use std::cell::RefCell;

use super::test_support::{self, Silent, data};
use super::*;
use crate::study::Recipe;

const POISONS: [f32; 3] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];

/// Keeps the state after every epoch, gives back one.
struct States {
    kept: RefCell<Vec<Vec<u8>>>,
    given: Option<Vec<u8>>,
}

impl Keeper for States {
    fn stored(&self) -> Option<Vec<u8>> {
        self.given.clone()
    }
    fn due(&self) -> bool {
        true
    }
    fn keep(&self, bytes: &[u8]) {
        self.kept.borrow_mut().push(bytes.to_vec());
    }
}

fn config(rule: &str, recipe: Recipe) -> Config {
    test_support::config(rule, recipe, 2)
}

fn diverged(outcome: &Outcome) -> bool {
    let told = matches!(outcome.status, Status::Diverged { .. });
    assert!(outcome.curve.iter().all(EpochRow::is_finite), "a curve holds what is not finite");
    assert!(!told || outcome.last().is_none() && outcome.best().is_none() && outcome.train.is_none());
    told
}

const RULES: [&str; 9] = [
    "bp",
    "fa/feedback=random",
    "dfa/feedback=hebb,renormalise=yes",
    "fa/feedback=kolen-pollack",
    "sum/local=oja,beta=0.001",
    "hd/reading=d,train=full",
    "drtp",
    "hebbnet/local=hebb,variant=t",
    "hebbnet/local=oja,variant=t-gs",
];

/// Weights, biases, centres, thresholds, feedback, the optimiser's squares: each part of what is learned, one value.
#[test]
fn every_part_of_the_state() {
    let data = data();
    for (rule, recipe) in RULES.map(|r| (r, Recipe::Main)).into_iter().chain([("bp", Recipe::Nokland)]) {
        let config = config(rule, recipe);
        let run = |given| {
            let states = States { kept: RefCell::default(), given };
            let outcome = train_keeping(Isa::best(), &config, &data, &Silent, &states).unwrap();
            (outcome, states.kept.into_inner())
        };
        let (clean, kept) = run(None);
        assert!(!diverged(&clean), "{rule}");
        let after_one = &kept[0];
        let floats = after_one.iter().position(|b| *b == b'\n').unwrap() + 1;
        let header: serde_json::Value = serde_json::from_slice(&after_one[..floats]).unwrap();
        let lengths: Vec<usize> = serde_json::from_value(header["floats"].clone()).unwrap();
        let mut start = floats;
        // the last part is where the stable rank's iterations go on from: an observer's, not the network's
        for (part, length) in lengths[..lengths.len() - 1].iter().enumerate() {
            for poison in POISONS {
                let mut bytes = after_one.clone();
                bytes[start..start + 4].copy_from_slice(&poison.to_le_bytes());
                let (outcome, _) = run(Some(bytes));
                assert!(diverged(&outcome), "{rule} {recipe:?}: {poison} in part {part} of the state went unnoticed");
                assert_eq!(outcome.curve[..1], clean.curve[..1], "what was seen before stays");
            }
            start += 4 * length;
        }
    }
}

#[test]
fn inputs_and_rates() {
    let data = data();
    for rule in RULES {
        for poison in POISONS {
            let mut bad = data.clone();
            bad.mean_image[300] = poison;
            // made-up data have no fingerprint to be remembered by
            bad.fingerprint.clear();
            assert!(diverged(&train(&config(rule, Recipe::Main), &bad, &Silent).unwrap()), "{rule}: {poison} as input");
            let rate = Config { learning_rate: f64::from(poison), ..config(rule, Recipe::Main) };
            assert!(diverged(&train(&rate, &data, &Silent).unwrap()), "{rule}: {poison} as learning rate");
        }
    }
}
