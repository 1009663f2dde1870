//! The program as a user runs it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use bioprop::stats::{read_parquet, read_provenance, same_bits};
use bioprop::study::Cell;

const PROGRAM: &str = env!("CARGO_BIN_EXE_report");

fn report(args: &[&str]) -> Output {
    Command::new(PROGRAM).args(args).output().expect("the program starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Arguments of a run of nine short trials into `out`.
fn smoke_args(out: &Path) -> Vec<String> {
    ["run", "--profile", "smoke", "--figures", "five-runs", "--out"]
        .map(String::from)
        .into_iter()
        .chain([out.display().to_string()])
        .collect()
}

fn smoke(out: &Path, more: &[&str]) -> Output {
    let output = Command::new(PROGRAM).args(smoke_args(out)).args(more).output().expect("the program starts");
    assert!(output.status.success(), "{}", stderr(&output));
    output
}

/// Starts such a run with one thread, so that trials end one after the other.
fn start(out: &Path) -> Child {
    Command::new(PROGRAM)
        .args(smoke_args(out))
        .args(["--threads", "1"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

/// Trials in the store of `out`.
fn stored(out: &Path) -> BTreeSet<String> {
    let Ok(files) = std::fs::read_dir(out.join("trials")) else { return BTreeSet::new() };
    let names = files.flatten().map(|f| f.file_name().to_string_lossy().into_owned());
    names.filter(|n| n.ends_with(".trial")).collect()
}

fn wait_for_trials(out: &Path, least: usize) {
    let started = Instant::now();
    while stored(out).len() < least {
        assert!(started.elapsed() < Duration::from_secs(120), "no {least} trials within two minutes");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn assert_same_results(a: &Path, b: &Path) {
    let read = |dir: &Path| ["results", "curves"].map(|f| read_parquet(&dir.join(format!("{f}.parquet"))).unwrap());
    let comparison = same_bits(read(a).each_ref(), read(b).each_ref()).unwrap();
    assert!(comparison.identical(), "{comparison:?}");
}

#[test]
fn a_run_makes_a_report_and_a_second_one_trains_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("a");
    smoke(&out, &[]);
    for file in [
        "index.html",
        "report.md",
        "results.parquet",
        "results.csv",
        "curves.parquet",
        "summary.csv",
        "provenance.json",
        "figures/figure-five-runs-runs.svg",
        "figures/figure-five-runs-runs.png",
    ] {
        assert!(out.join(file).metadata().unwrap_or_else(|e| panic!("{file}: {e}")).len() > 0, "{file}");
    }
    let again = smoke(&out, &[]);
    assert!(stdout(&again).contains("0 trained now"), "{}", stdout(&again));
    // from the Parquet files alone, to the byte
    let page = std::fs::read(out.join("index.html")).unwrap();
    std::fs::remove_dir_all(out.join("trials")).unwrap();
    let render = report(&["render", out.to_str().unwrap()]);
    assert!(render.status.success(), "{}", stderr(&render));
    assert!(std::fs::read(out.join("index.html")).unwrap() == page, "another page from the same results");
}

/// `five-runs` has five seeds whatever is asked for; the report is of as many as were.
#[test]
fn seeds_are_those_of_the_figures_that_were_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let out = out.to_str().unwrap();
    let args = ["run", "--profile", "smoke", "--figures", "7,five-runs", "--cell", "mnist/1x2000/bp", "--seeds", "1"];
    assert!(report(&[&args[..], &["--out", out]].concat()).status.success());
    std::fs::remove_file(Path::new(out).join("provenance.json")).unwrap();
    assert!(report(&["render", out]).status.success());
    let page = std::fs::read_to_string(Path::new(out).join("report.md")).unwrap();
    assert!(page.contains("- **Seeds:** 1\n") && page.contains("5 different seeds: standard deviation"), "{page}");
}

#[test]
fn threads_shards_and_a_kill_change_no_bits() {
    let dir = tempfile::tempdir().unwrap();
    let [one, two, killed, sharded] = ["1", "2", "k", "s"].map(|n| dir.path().join(n));
    smoke(&one, &["--threads", "1"]);
    smoke(&two, &["--threads", "2"]);
    assert_same_results(&one, &two);

    let mut child = start(&killed);
    wait_for_trials(&killed, 2);
    // SIGKILL, in the middle of the next trial
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = stored(&killed);
    assert!((2..9).contains(&kept.len()), "{} trials were stored when the kill landed", kept.len());
    let times = |names: &BTreeSet<String>| -> Vec<_> {
        names.iter().map(|n| killed.join("trials").join(n).metadata().unwrap().modified().unwrap()).collect()
    };
    let before = times(&kept);
    let output = smoke(&killed, &[]);
    assert!(stdout(&output).contains(&format!("{} already there", kept.len())), "{}", stdout(&output));
    assert_eq!(before, times(&kept), "a finished trial was written again");
    assert_same_results(&one, &killed);

    for shard in ["1/2", "0/2"] {
        smoke(&sharded, &["--shard", shard]);
        assert!(!sharded.join("index.html").exists(), "a shard renders nothing");
    }
    let render = report(&["render", sharded.to_str().unwrap()]);
    assert!(render.status.success(), "{}", stderr(&render));
    assert_same_results(&one, &sharded);

    // the run that puts the parts together says what the parts took, not its own seconds
    std::fs::remove_file(sharded.join("provenance.json")).unwrap();
    smoke(&sharded, &["--threads", "2"]);
    let provenance = read_provenance(&sharded.join("provenance.json")).unwrap();
    let trials = read_parquet(&sharded.join("results.parquet")).unwrap();
    let took: f64 = trials.column("total_time_s").unwrap().f64().unwrap().iter().flatten().sum();
    assert_eq!((provenance.threads, provenance.trained_now), (1, 0));
    assert!((provenance.wall_time_s - took).abs() < 1e-6 * took, "{} {took}", provenance.wall_time_s);
}

#[cfg(unix)]
#[test]
fn ctrl_c_keeps_what_is_finished_and_says_how_to_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("a");
    let child = start(&out);
    wait_for_trials(&out, 1);
    let started = Instant::now();
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    // on a quick machine the run may have ended just before the signal came
    if stored(&out).len() < 9 {
        assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
        assert!(stderr(&output).contains("run the same command again"), "{}", stderr(&output));
    }
    smoke(&out, &[]);
    assert_eq!(stored(&out).len(), 9);
}

#[test]
fn one_cell_alone_and_what_is_in_no_figure() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("a");
    let cell = "mnist/2x800-tanh/dfa/feedback=random";
    let output = report(&["run", "--profile", "smoke", "--cell", cell, "--seeds", "2", "--out", out.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("2 trials: 2 trained now"), "{}", stdout(&output));
    let summary = std::fs::read_to_string(out.join("summary.csv")).unwrap();
    assert_eq!(summary.lines().count(), 2, "{summary}");
    let output = report(&["run", "--figures", "7", "--cell", cell]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("not a cell of the figures asked for (7)"), "{}", stderr(&output));
}

const WIDTH: &str = "id = \"width\"\ntitle = \"Does width help?\"\nabout = \"Two rates <side by side>.\"\nseeds = 2\nlearning_rate = [0.03, 0.1]\n\n[[grid]]\ndatasets = [\"mnist\"]\nnetworks = [\"1x20\"]\nrules = [\"bp\", \"fa/feedback=random\"]\n";

fn study(file: &Path, out: &Path, more: &[&str]) -> Output {
    let place = [file.to_str().unwrap(), "--out", out.to_str().unwrap()];
    report(&[&["run", "--profile", "smoke", "--study"][..], &place, more].concat())
}

#[test]
fn a_study_of_ones_own_speaks_of_itself_and_not_of_the_post() {
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = (dir.path().join("width.toml"), dir.path().join("a"));
    std::fs::write(&file, WIDTH).unwrap();
    let output = study(&file, &out, &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stdout(&output);
    assert!(said.contains("8 trials: 8 trained now") && !said.contains("claims:"), "{said}");
    let summary = std::fs::read_to_string(out.join("summary.csv")).unwrap();
    assert_eq!(summary.lines().count(), 5, "a row per rule and rate: {summary}");
    assert!(!out.join("claims.json").exists());
    let (html, md) = (
        std::fs::read_to_string(out.join("index.html")).unwrap(),
        std::fs::read_to_string(out.join("report.md")).unwrap(),
    );
    for text in [&html, &md] {
        for word in ["Does width help?", "A study of its own", "learning_rate = [0.03, 0.1]", "--study width.toml"] {
            assert!(text.contains(word), "{word}");
        }
        // the assumptions explain themselves by the post
        let page = text.split("Assumptions</h2>").next().unwrap().split("## Assumptions").next().unwrap();
        for word in [
            "What the post claims",
            "What differs from the post",
            "best kind",
            "This run is short: it decides",
            "300 epochs",
            "?: ",
        ] {
            assert!(!page.contains(word), "{word}");
        }
    }
    assert!(html.contains("<h1>Does width help?</h1>") && html.contains("Two rates &lt;side by side&gt;."));

    std::fs::write(&file, format!("sseeds = 3\n{WIDTH}")).unwrap();
    let output = study(&file, &out, &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("sseeds"), "{}", stderr(&output));
}

#[test]
fn a_report_refills_a_store_and_more_seeds_train_only_what_is_new() {
    let dir = tempfile::tempdir().unwrap();
    let (file, plain) = (dir.path().join("width.toml"), WIDTH.replace("[0.03, 0.1]", "0.1"));
    let [a, b] = ["a", "b"].map(|n| dir.path().join(n));
    std::fs::write(&file, &plain).unwrap();
    assert!(study(&file, &a, &[]).status.success());
    let trials = |out: &Path| -> Vec<(String, Vec<u8>)> {
        let files = stored(out).into_iter().map(|n| (n.clone(), std::fs::read(out.join("trials").join(n)).unwrap()));
        files.collect()
    };
    let before = trials(&a);
    assert_eq!(before.len(), 4);
    std::fs::remove_dir_all(a.join("trials")).unwrap();
    let output = study(&file, &b, &["--reuse", a.to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("4 trials: 0 trained now, 4 reused, 0 already there"), "{}", stdout(&output));
    assert!(trials(&b) == before, "another store than the one that made the files");
    assert_same_results(&a, &b);
    assert!(std::fs::read_to_string(b.join("report.md")).unwrap().contains("4 reused from an earlier report"));

    let more = dir.path().join("more");
    let output = study(&file, &more, &["--seeds", "3", "--reuse", a.to_str().unwrap()]);
    assert!(stdout(&output).contains("6 trials: 2 trained now, 4 reused, 0 already there"), "{}", stdout(&output));
    // weights are not kept: longer trials are trained from the start
    let longer = dir.path().join("longer");
    let output = study(&file, &longer, &["--epochs", "2", "--reuse", a.to_str().unwrap()]);
    assert!(stdout(&output).contains("4 trials: 4 trained now, 0 reused"), "{}", stdout(&output));
    assert!(stderr(&output).contains("none of its trials"), "{}", stderr(&output));
    let output = study(&file, &longer, &["--reuse", "no/such/folder"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
}

#[test]
fn two_folders_are_compared_and_strict_tells_ci() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("width.toml");
    let [a, b] = ["a", "b"].map(|n| dir.path().join(n));
    std::fs::write(&file, WIDTH.replace("[0.03, 0.1]", "0.1")).unwrap();
    assert!(study(&file, &a, &[]).status.success());
    let compare = |more: &[&str]| report(&[&["compare", a.to_str().unwrap(), b.to_str().unwrap()][..], more].concat());
    // a folder that is there but holds nothing
    std::fs::create_dir_all(&b).unwrap();
    let output = compare(&[]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("holds no results"), "{}", stderr(&output));

    assert!(study(&file, &b, &[]).status.success());
    let output = compare(&["--strict"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let said = stdout(&output);
    assert!(said.contains("4 equal bit for bit, 0 differ, 0 only in A, 0 only in B"), "{said}");
    assert!(said.contains("2 in both, 0 moved beyond noise"), "{said}");

    // a rate at which nothing is learned
    std::fs::write(&file, WIDTH.replace("[0.03, 0.1]", "1e-9").replace("seeds = 2", "seeds = 4")).unwrap();
    assert!(study(&file, &b, &[]).status.success());
    std::fs::write(&file, WIDTH.replace("[0.03, 0.1]", "0.1").replace("seeds = 2", "seeds = 4")).unwrap();
    assert!(study(&file, &a, &[]).status.success());
    let output = compare(&[]);
    assert!(output.status.success(), "only --strict fails");
    let said = stdout(&output);
    assert!(said.contains("learning_rate: 0.1 -> 0.000000001 (2 cells)"), "{said}");
    assert!(said.contains("2 in both, 2 moved beyond noise") && said.contains("paired, 4 seeds"), "{said}");
    let output = compare(&["--strict"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("0 verdicts flipped, 2 cells moved"), "{}", stderr(&output));
}

/// Rows of the tables of `docs/inputs.md`, as their cells.
fn inputs_tried() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/inputs.md")).unwrap();
    let rows =
        text.lines().filter(|l| l.starts_with("| ") && !l.starts_with("| command |") && !l.starts_with("| file |"));
    rows.map(|l| l.trim_matches('|').split(" | ").map(|c| c.trim().to_string()).collect()).collect()
}

#[test]
fn bad_input_is_answered_as_the_documentation_says() {
    let dir = tempfile::tempdir().unwrap();
    let [empty, file] = ["empty", "file"].map(|n| dir.path().join(n));
    std::fs::create_dir(&empty).unwrap();
    std::fs::write(&file, "x").unwrap();
    let mut tried = 0;
    for row in inputs_tried() {
        let [command, code, words] = &row[..] else { continue };
        let out = dir.path().join(format!("out-{tried}"));
        let place = |word: &str| {
            let (key, value) = word.split_once('=').map_or((None, word), |(k, v)| (Some(k), v));
            let value = match value {
                "OUT" => out.display().to_string(),
                "EMPTY" => empty.display().to_string(),
                "FILE" => file.display().to_string(),
                other => other.to_string(),
            };
            key.map_or(value.clone(), |k| format!("{k}={value}"))
        };
        let given: Vec<String> = command.trim_matches('`').split(' ').map(place).collect();
        let at = given.iter().position(|w| w == "report").expect("a command of this program");
        let mut program = Command::new(PROGRAM);
        program.args(&given[at + 1..]).env_remove("BIOPROP_DATA").stdout(Stdio::null()).stderr(Stdio::piped());
        program.envs(given[..at].iter().map(|v| v.split_once('=').expect("a variable")));
        let mut child = program.spawn().unwrap();
        // what is taken for good input would train for minutes
        let started = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if started.elapsed() > Duration::from_secs(60) {
                child.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let output = child.wait_with_output().unwrap();
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code.parse().unwrap()), "{command}: {said}");
        assert!(said.contains(words.as_str()), "{command}: {words:?} is not in: {said}");
        assert!(!said.contains("panicked"), "{command}: {said}");
        tried += 1;
    }
    assert!(tried > 50, "only {tried} commands in docs/inputs.md");
}

#[test]
fn every_file_of_the_documentation_is_tried_by_a_test() {
    let mut code = String::new();
    let mut folders = ["src", "tests"].map(|d| Path::new(env!("CARGO_MANIFEST_DIR")).join(d)).to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()) {
            match entry.extension() {
                None if entry.is_dir() => folders.push(entry),
                Some(rs) if rs == "rs" => code += &std::fs::read_to_string(entry).unwrap(),
                _ => {}
            }
        }
    }
    let files: Vec<Vec<String>> = inputs_tried().into_iter().filter(|r| r.len() == 4).collect();
    assert!(files.len() > 25, "{}", files.len());
    for row in files {
        let test = row[3].trim_matches('`');
        assert!(code.contains(&format!("fn {test}(")), "docs/inputs.md names a test `{test}` that is not there");
    }
}

#[test]
fn bad_result_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let good = dir.path().join("good");
    smoke(&good, &[]);
    let trial = format!("trials/{}", stored(&good).first().unwrap());
    let cases: [(&str, &[u8], bool, &str); 7] = [
        ("plan.json", b"{}", true, "run the same `report run` again"),
        ("plan.json", b"\xff{}", true, "byte 0 is not UTF-8"),
        (&trial, b"", true, "is damaged"),
        (&trial, b"bioprop-trial 0 x\n{}", true, "an older version"),
        ("provenance.json", b"{\"profile\": 3}", false, "not a provenance file"),
        ("results.parquet", b"x", false, "results.parquet"),
        ("curves.parquet", b"PAR1PAR1PAR1", false, "curves.parquet"),
    ];
    for (i, (name, bytes, with_store, words)) in cases.into_iter().enumerate() {
        let out = dir.path().join(i.to_string());
        std::fs::create_dir_all(out.join("trials")).unwrap();
        for file in ["plan.json", "provenance.json", "results.parquet", "curves.parquet"] {
            std::fs::copy(good.join(file), out.join(file)).unwrap();
        }
        for file in stored(&good) {
            std::fs::copy(good.join("trials").join(&file), out.join("trials").join(&file)).unwrap();
        }
        std::fs::write(out.join(name), bytes).unwrap();
        if !with_store {
            std::fs::remove_dir_all(out.join("trials")).unwrap();
        }
        let output = report(&["render", out.to_str().unwrap()]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains(words) && said.contains(name), "{name}: {words:?} is not in: {said}");
        assert!(!said.contains("panicked"), "{name}: {said}");
    }
    let study_file = dir.path().join("study.toml");
    std::fs::write(&study_file, b"id = \"\xff\"").unwrap();
    let output = study(&study_file, &dir.path().join("out"), &[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("byte 6 is not UTF-8"), "{}", stderr(&output));
}

#[test]
fn list_cells_prints_cells_that_read_back() {
    let text = stdout(&report(&["list", "cells"]));
    let cells: Vec<&str> = text.lines().collect();
    for cell in &cells {
        assert_eq!(cell.parse::<Cell>().unwrap().to_string(), *cell);
    }
    assert_eq!(cells.iter().collect::<BTreeSet<_>>().len(), cells.len());
    assert!(cells.contains(&"mnist/1x2000/dfa/feedback=random"), "with one hidden layer it is listed too");
}

/// Plans the full data with none of it there.
#[test]
fn a_plan_needs_no_data() {
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new(PROGRAM)
        .args(["plan", "--profile", "standard", "--figures", "five-runs"])
        .env("HOME", dir.path())
        .env("XDG_CACHE_HOME", dir.path())
        .env_remove("BIOPROP_DATA")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("9 trials, 12 epochs: 0 done, 9 to train"), "{text}");
    assert!(text.contains("the full set is not here"), "{text}");
}

/// With every rate given no table is asked.
#[test]
fn traces_of_networks_without_rates_take_what_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("t.npz");
    let trace = |cell: &str, rates: &[&str]| {
        let args = [&["trace", cell, "--profile", "smoke", "--out", out.to_str().unwrap()], rates].concat();
        let output = report(&args);
        (output.status.success(), stderr(&output))
    };
    for (cell, rates) in [
        ("mnist/1x20/hebbnet/local=hebb,variant=hl", ["--rate", "0.01", "--hidden-rate", "0.001"]),
        ("mnist/1x20/fa/feedback=hebb", ["--rate", "0.01", "--eta-b", "0.001"]),
    ] {
        let (made, words) = trace(cell, &rates);
        assert!(made, "{cell}: {words}");
        let (made, words) = trace(cell, &rates[..2]);
        assert!(!made && words.contains("--hidden-rate and --eta-b"), "{cell}: {words}");
    }
}

#[test]
fn traces_recompute_in_numpy() {
    let numpy = Command::new("python3").args(["-c", "import numpy"]).output();
    if !numpy.is_ok_and(|o| o.status.success()) {
        eprintln!("skipped: no Python with NumPy here");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut traces = vec![];
    let all =
        [("1x2000", "mnist"), ("2x800-relu", "cifar10"), ("2x800-tanh", "mnist")].into_iter().flat_map(|(n, d)| {
            ["bp", "fa/feedback=random", "dfa/feedback=random"].map(|rule| (format!("{d}/{n}/{rule}"), "main", 3))
        });
    let more = [
        ("mnist/1x2000/dfa/feedback=binary,scale=literal", "main", 10),
        ("mnist/2x800-tanh/fa/feedback=binary-sign,scale=literal", "main", 3),
        ("mnist/2x800-relu/fa/feedback=random-sign", "unit", 2),
        ("cifar10/2x800-tanh/dfa/feedback=binary-sign,scale=matched", "main", 2),
        ("mnist/2x800-tanh/dfa/feedback=random", "nokland", 4),
        ("mnist/2x800-relu/fa/feedback=binary-sign,scale=literal", "nokland", 2),
    ];
    for (cell, recipe, steps) in all.chain(more.map(|(c, r, s)| (c.to_string(), r, s))) {
        let out = dir.path().join(format!("{}.npz", traces.len()));
        let steps = steps.to_string();
        let made = report(&["trace", &cell, "--recipe", recipe, "--steps", &steps, "--out", out.to_str().unwrap()]);
        assert!(made.status.success(), "{cell}: {}", stderr(&made));
        traces.push(out);
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/check_trace.py");
    let checked = Command::new("python3").arg(script).args(&traces).output().unwrap();
    assert!(checked.status.success(), "{}{}", stdout(&checked), stderr(&checked));
    assert_eq!(stdout(&checked).matches("re-computed").count(), traces.len());
}

#[test]
fn robustness_tables_are_planned_rendered_and_redrawn() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("a");
    let place = out.to_str().unwrap();
    // one trial of the tables, then a report of what is there
    let run = ["run", "--profile", "smoke", "--figures", "none", "--robustness", "--index", "0", "--out", place];
    let output = report(&run);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("1 of ") && stdout(&output).contains("1 trained now"), "{}", stdout(&output));
    let output = report(&["render", place]);
    assert!(output.status.success(), "{}", stderr(&output));
    let (html, md) = (
        std::fs::read_to_string(out.join("index.html")).unwrap(),
        std::fs::read_to_string(out.join("report.md")).unwrap(),
    );
    for words in
        ["Robustness", "Recipe nokland", "Read at the best epoch", "Not trained yet", "Only directions are judged"]
    {
        assert!(html.contains(words) && md.contains(words), "{words}");
    }
    assert!(html.contains("<section id=\"robustness\">"));
    for file in ["uses.parquet", "tables/robustness-unit.tex", "tables/robustness-choices.csv"] {
        assert!(out.join(file).metadata().unwrap_or_else(|e| panic!("{file}: {e}")).len() > 0, "{file}");
    }
    assert!(std::fs::read_to_string(out.join("provenance.json")).unwrap().contains("\"robustness\": true"));
    std::fs::remove_dir_all(out.join("trials")).unwrap();
    assert!(report(&["render", place]).status.success());
    assert!(
        std::fs::read_to_string(out.join("report.md")).unwrap() == md,
        "another report from the Parquet files alone"
    );

    for (args, words) in [
        (&["run", "--robustness", "--recipe", "unit"][..], "cannot be used with"),
        (&["run", "--figures", "none"], "for --robustness alone"),
        (&["tune", "--robustness", "--recipe", "unit"], "leave --recipe out"),
    ] {
        let output = report(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(stderr(&output).contains(words), "{args:?}: {}", stderr(&output));
    }
    let list = stdout(&report(&["list", "robustness"]));
    assert!(list.contains("3 seeds and 5 epochs on full data") && list.contains("hd/reading=o2"), "{list}");
}

#[test]
fn a_study_may_have_its_rates_searched_first() {
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = (dir.path().join("width.toml"), dir.path().join("a"));
    std::fs::write(
        &file,
        WIDTH.replace("[0.03, 0.1]", "\"tune\"").replace("\"fa/feedback=random\"", "\"fa/feedback=hebb\""),
    )
    .unwrap();
    let (study_file, place) = (file.to_str().unwrap(), out.to_str().unwrap());
    let plan = ["plan", "--profile", "smoke", "--study", study_file, "--out", place];
    let output = report(&plan);
    assert!(!output.status.success() && stderr(&output).contains("not searched yet"), "{}", stderr(&output));

    let output = study(&file, &out, &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    // backpropagation's rate, which feedback alignment takes, and a rate of B
    let said = stderr(&output);
    assert!(
        said.contains("mnist/1x20 recipe main: ") && said.contains("mnist/1x20 feedback=hebb recipe main: "),
        "{said}"
    );
    assert!(stdout(&output).contains("4 trials: 4 trained now"), "{}", stdout(&output));
    let table = std::fs::read_to_string(out.join("rates.toml")).unwrap();
    assert!(
        table.contains("seed = 9001") && table.contains("epochs = 1") && table.contains("--study width.toml"),
        "{table}"
    );
    assert!(out.join("tuning.parquet").exists());
    let md = std::fs::read_to_string(out.join("report.md")).unwrap();
    assert!(md.contains("How the rates were chosen") && md.contains("Searched for this study before"));

    // the search is in the store as well: nothing is trained again, and the plan knows the rates
    let before = stored(&out);
    let output = study(&file, &out, &[]);
    assert!(stdout(&output).contains("4 trials: 0 trained now"), "{}", stdout(&output));
    assert_eq!(before, stored(&out));
    let output = report(&plan);
    assert!(stdout(&output).contains("4 done, 0 to train"), "{}{}", stdout(&output), stderr(&output));
    let page = std::fs::read(out.join("index.html")).unwrap();
    std::fs::remove_dir_all(out.join("trials")).unwrap();
    assert!(report(&["render", place]).status.success());
    assert!(std::fs::read(out.join("index.html")).unwrap() == page, "another page from the files alone");

    // searched under each recipe that the study names, and shown so
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("seeds = 2", "seeds = 2\nrecipe = [\"main\", \"unit\"]")).unwrap();
    let output = study(&file, &out, &[]);
    assert!(output.status.success() && stderr(&output).contains("mnist/1x20 recipe unit: "), "{}", stderr(&output));
    let md = std::fs::read_to_string(out.join("report.md")).unwrap();
    assert!(md.contains("MNIST, 1 × 20 ReLU, unit"), "{md}");
}
