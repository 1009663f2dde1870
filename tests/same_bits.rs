//! The same bits whatever the number of threads, the order of trials, interruptions and the instructions of the
//! processor: one short trial of every rule. What is promised, and what not: `docs/robustness.md`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bioprop::data::{DataSize, Dataset, DatasetId, load};
use bioprop::net::Isa;
use bioprop::rules::REGISTRY;
use bioprop::run::Store;
use bioprop::run::execute::{execute, missing};
use bioprop::run::observer::Quiet;
use bioprop::run::plan::{Datasets, Plan, Planned, Request};
use bioprop::study::{Profile, Study};
use bioprop::train::{Keeper, Monitor, Outcome, Stopped, train_keeping, train_on};

/// Cells with the first half of the hash of their weights after two epochs on the smoke images: a change here needs a new
/// `study::REVISION`.
const GOLDEN: &[(&str, &str)] = &[
    ("mnist/1x30/frozen", "bcefa6a5343d98cf"),
    ("mnist/1x30/growth/local=hebb", "e46aaec8aca0f21f"),
    ("mnist/1x30/hebbnet/local=hebb,sign=plus,variant=t", "7adb3ab0287967cc"),
    ("mnist/1x30/hebbnet/local=oja,mask=top,sign=plus,variant=t-gs", "38648509e1e79e8a"),
    ("mnist/2x30-relu/bp", "0d8c9a3969aed1a4"),
    ("mnist/2x30-relu/dfa/feedback=hebb,renormalise=yes,start=random", "afd2edc47217a06c"),
    ("mnist/2x30-relu/drtp/feedback=random", "e159ec532a1852fb"),
    ("mnist/2x30-relu/fa/decay=1e-4,feedback=kolen-pollack,start=random", "e58a2019b50c7594"),
    ("mnist/2x30-relu/fa/feedback=random-sign", "26b4793c1438fa45"),
    ("mnist/2x30-relu/hd/centre=running,reading=d,train=full", "ea2e5f40511af2fc"),
    ("mnist/2x30-relu/sum/beta=0.01,local=oja,sign=plus", "4c586e53987bc0b9"),
    ("mnist/2x30-tanh/bp", "c2268ad53d53e162"),
];

struct Silent;
impl Monitor for Silent {
    fn progress(&self, _: f64) {}
    fn cancelled(&self) -> bool {
        false
    }
}

fn data() -> Dataset {
    load(DatasetId::Mnist, DataSize::Smoke, None).unwrap()
}

fn plan() -> (Plan, Datasets) {
    let cells: Vec<&str> = GOLDEN.iter().map(|g| g.0).collect();
    let text = format!(
        "id = \"same-bits\"\ntitle = \"t\"\nseeds = 1\nepochs = 2\nlearning_rate = 0.02\ngrowth = 0.5\nfeedback_rate = 0.01\ncells = {cells:?}\n"
    );
    let study = Arc::new(Study::read("same bits", &text).unwrap());
    let datasets = Datasets::from([(DatasetId::Mnist, Arc::new(data()))]);
    let request = Request { figures: vec![study.figure], study: Some(study), ..Request::of(Profile::Smoke) };
    let plan = Plan::new(&request, &datasets).unwrap();
    assert_eq!(plan.trials.len(), GOLDEN.len());
    (plan, datasets)
}

/// All of an outcome but what was measured.
fn bits(outcome: &Outcome) -> Outcome {
    let mut outcome = outcome.clone();
    (outcome.train_time_s, outcome.total_time_s) = (0.0, 0.0);
    outcome.curve.iter_mut().for_each(|e| e.epoch_time_s = 0.0);
    outcome
}

type Bits = BTreeMap<String, Outcome>;

/// Trains parts of the plan one after the other into one store.
fn trained(datasets: &Datasets, parts: &[Vec<&Planned>], threads: usize) -> Bits {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut all = Bits::new();
    for part in parts {
        execute(part, datasets, &store, threads, None, &AtomicBool::new(false), &Quiet).unwrap();
        for planned in part {
            let stored = store.peek(&planned.key).unwrap().unwrap();
            all.insert(planned.trial.cell.to_string(), bits(&stored.outcome));
        }
        assert!(missing(&part.iter().map(|p| (*p).clone()).collect::<Vec<_>>(), &store, &Quiet).unwrap().is_empty());
    }
    all
}

fn reference(plan: &Plan, datasets: &Datasets) -> Bits {
    trained(datasets, &[plan.trials.iter().collect()], 1)
}

#[test]
fn golden_hashes_of_every_rule_on_one_two_and_four_threads_and_in_any_order() {
    let rules: BTreeSet<&str> = GOLDEN.iter().map(|g| g.0.split('/').nth(2).unwrap()).collect();
    assert!(REGISTRY.iter().all(|r| rules.contains(r.name)), "a rule without a golden hash");
    let (plan, datasets) = plan();
    let one = reference(&plan, &datasets);
    let hashes: Vec<(&str, &str)> = one.iter().map(|(c, o)| (c.as_str(), &o.weights_sha256[..16])).collect();
    assert_eq!(hashes, GOLDEN, "bits changed: raise study::REVISION and write the new hashes here");
    for threads in [2, 4] {
        let many = trained(&datasets, &[plan.trials.iter().collect()], threads);
        assert!(many == one, "{threads} threads");
    }
    // one after the other, backwards and in strides: the queue of a run would sort them
    let n = plan.trials.len();
    for order in [(0..n).rev().collect::<Vec<_>>(), (0..n).map(|i| (i * 5 + 3) % n).collect()] {
        assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), n);
        let parts: Vec<Vec<&Planned>> = order.iter().map(|i| vec![&plan.trials[*i]]).collect();
        assert!(trained(&datasets, &parts, 1) == one, "order {order:?}");
    }
}

/// Stops after so many questions; keeps the state in memory after every epoch.
struct Interrupting {
    left: AtomicU64,
    state: RefCell<Option<Vec<u8>>>,
}

struct Left<'a>(&'a AtomicU64);
impl Monitor for Left<'_> {
    fn progress(&self, _: f64) {}
    fn cancelled(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_err()
    }
}

impl Keeper for Interrupting {
    fn stored(&self) -> Option<Vec<u8>> {
        self.state.borrow().clone()
    }
    fn due(&self) -> bool {
        true
    }
    fn keep(&self, bytes: &[u8]) {
        self.state.replace(Some(bytes.to_vec()));
    }
}

#[test]
fn interrupted_trials_give_the_bits_of_whole_ones() {
    let (plan, datasets) = plan();
    let whole = reference(&plan, &datasets);
    let data = data();
    for planned in &plan.trials {
        let config = planned.trial.config();
        // stopped again and again, a little later each time: before the first step, within epochs, between and after them
        let keeper = Interrupting { left: AtomicU64::new(0), state: RefCell::new(None) };
        let mut interruptions = 0;
        let outcome = loop {
            keeper.left.store(interruptions * 3, Ordering::Relaxed);
            match train_keeping(Isa::best(), &config, &data, &Left(&keeper.left), &keeper) {
                Ok(outcome) => break outcome,
                Err(Stopped) => interruptions += 1,
            }
            assert!(interruptions < 100);
        };
        assert!(interruptions >= 3, "{}: only {interruptions} interruptions", planned.title());
        assert!(bits(&outcome) == whole[&planned.trial.cell.to_string()], "{}", planned.title());
    }
}

#[test]
fn avx512_avx2_and_portable_code_give_the_same_bits() {
    let (plan, datasets) = plan();
    let best = reference(&plan, &datasets);
    let paths = Isa::available();
    println!("code paths: {:?}", paths.iter().map(|p| p.name()).collect::<Vec<_>>());
    if paths.len() < 3 {
        println!("skipped here: what this processor lacks of AVX-512 and AVX2");
    }
    let data = data();
    for isa in paths {
        for planned in &plan.trials {
            let outcome = train_on(isa, &planned.trial.config(), &data, &Silent).unwrap();
            assert!(bits(&outcome) == best[&planned.trial.cell.to_string()], "{}: {}", isa.name(), planned.title());
        }
    }
}
