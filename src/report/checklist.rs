//! The field's reproducibility checklist, answered from what the run recorded.

use serde::Serialize;

use super::format;
use super::model::Model;
use crate::feedback::KINDS;
use crate::study::assumptions;

/// A question with its answer.
#[derive(Debug, Clone, Serialize)]
pub struct Item {
    pub question: &'static str,
    /// `yes`, `partly`, `no`.
    pub state: &'static str,
    pub answer: String,
}

fn item(question: &'static str, state: &'static str, answer: String) -> Item {
    Item { question, state, answer }
}

/// All items, in the usual order: models, data, code, experiments.
pub fn items(model: &Model) -> Vec<Item> {
    let p = model.provenance;
    let sizes = p.data.iter().map(|(name, d)| {
        let (train, test) = (format::count(d.train_images as u64), format::count(d.test_images as u64));
        format!("{name}: {train} training and {test} test images, {}", d.origin)
    });
    let fingerprints = p.data.iter().map(|(name, d)| format!("{name} {}", d.fingerprint));
    let clean = match (&p.commit, p.dirty) {
        (Some(c), Some(false)) => ("yes", format!("Commit {c}, without local changes.")),
        (Some(c), Some(true)) => {
            ("partly", format!("Commit {c}, but tracked files differed from it when this was made."))
        }
        (Some(c), None) => ("partly", format!("Commit {c}; whether files differed from it is not known.")),
        (None, _) => ("partly", format!("Version {}; not run from a checkout, so no commit is known.", p.version)),
    };
    let seeds = p.seeds.iter().map(u64::to_string).collect::<Vec<_>>();
    let repeats = match p.seeds.len() {
        0 | 1 => ("no", "One seed: no interval can be given.".to_string()),
        n => (
            "yes",
            format!(
                "Mean, standard deviation (n−1) and 95% t interval over {n} seeds ({}); differences from backpropagation are paired by seed.",
                seeds.join(", ")
            ),
        ),
    };
    let own_code = "Trials that diverged are counted and shown, never dropped.";
    vec![
        item("Is every model and rule described with its equation?", "yes", format!("Each of the {} feedback kinds and each rule has its equation, shapes and source in the code's registries; report list prints them.", format::words(KINDS.len()))),
        item("Are assumptions stated?", "yes", format!("{} numbered assumptions, below, each with its reason.", assumptions::REGISTRY.len())),
        item("Are dataset sizes and splits given?", "yes", format!("{}. A tenth of the training images is held out for validation.", sizes.collect::<Vec<_>>().join("; "))),
        item("Can the data be had and checked?", "yes", format!("A real subset is part of the project; the full sets are fetched and checked. SHA-256 of images and labels used: {}.", fingerprints.collect::<Vec<_>>().join("; "))),
        item("Is the code complete, with the version that made this?", clean.0, clean.1),
        item("Are dependencies pinned?", "yes", format!("Exact versions in the lock file; compiler {}.", p.compiler)),
        item("Is there one command that makes this report?", "yes", p.command.clone()),
        item("How were hyper-parameters chosen?", "yes", "On validation images, with seeds that no reported trial uses; the table of rates is below. Test images were only ever measured.".into()),
        item("Is variation reported?", repeats.0, repeats.1),
        item("Are failures reported?", "yes", format!("{} of {} trials diverged. {own_code}", p.diverged, p.trials)),
        item("Do the same seeds give the same bits?", "yes", "Within a trial no result depends on the number of threads or on timing; each trial's final weights are hashed, and each figure names the hash of its rows.".into()),
        item("Is the machine described, and what it took?", "yes", format!("{}, {}, {} of them used; {}; {} {}, training steps alone {} of one core.", p.cpu, format::plural(p.cores, "core", "cores"), p.threads, p.operating_system, if p.trained_now == 0 { "time that the trials took" } else { "wall time" }, format::duration(p.wall_time_s), format::duration(model.train_time_s))),
        match model.study {
            Some(_) => item("Were choices fixed before the results were seen?", "partly", "Cells, settings and seeds are those of the study file, shown under Provenance; when it was written is not known to the program.".into()),
            None => item("Were choices fixed before the results were seen?", "partly", "Figures, cells and recipe are fixed in code; rates come from the validation search. The best kinds in the first table are picked by the accuracy that is shown, which flatters them.".into()),
        },
    ]
}
