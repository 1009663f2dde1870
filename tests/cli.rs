//! The program as a user runs it.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use bioprop::stats::read_parquet;
use bioprop::stats::same_bits;

fn report(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_report")).args(args).output().expect("the program starts")
}

fn smoke(out: &Path, more: &[&str]) -> Output {
    let out = out.to_str().unwrap();
    let output = report(&[&["run", "--profile", "smoke", "--figures", "five-runs", "--out", out], more].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

fn assert_same_results(a: &Path, b: &Path) {
    let read = |dir: &Path| read_parquet(&dir.join("results.parquet")).unwrap();
    let comparison = same_bits(&read(a), &read(b)).unwrap();
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
    ] {
        assert!(out.join(file).metadata().unwrap().len() > 0, "{file}");
    }
    let again = smoke(&out, &[]);
    assert!(
        String::from_utf8_lossy(&again.stdout).contains("0 trained now"),
        "{}",
        String::from_utf8_lossy(&again.stdout)
    );
    // from the Parquet files alone
    std::fs::remove_dir_all(out.join("trials")).unwrap();
    let render = report(&["render", out.to_str().unwrap()]);
    assert!(render.status.success(), "{}", String::from_utf8_lossy(&render.stderr));
}

#[test]
fn threads_and_a_kill_change_no_bits() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two, killed) = (dir.path().join("1"), dir.path().join("2"), dir.path().join("k"));
    smoke(&one, &["--threads", "1"]);
    smoke(&two, &["--threads", "2"]);
    assert_same_results(&one, &two);
    let mut child = Command::new(env!("CARGO_BIN_EXE_report"))
        .args([
            "run",
            "--profile",
            "smoke",
            "--figures",
            "five-runs",
            "--threads",
            "1",
            "--out",
            killed.to_str().unwrap(),
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // as soon as the first trials are stored: kill -9 in the middle of the next ones
    let started = Instant::now();
    let stored = || {
        std::fs::read_dir(killed.join("trials"))
            .map_or(0, |d| d.flatten().filter(|f| f.path().extension().is_some_and(|e| e == "trial")).count())
    };
    while stored() < 2 && started.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let kept = stored();
    assert!((2..9).contains(&kept), "{kept} trials were stored when the kill landed");
    let output = smoke(&killed, &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains(&format!("{kept} already there")), "{text}");
    assert_same_results(&one, &killed);
}

#[test]
fn bad_input_is_misuse_and_names_the_way_out() {
    for (args, word) in [
        (vec!["run", "--profile", "quik"], "smoke, quick, standard, full"),
        (vec!["run", "--figures", "12"], "five-runs"),
        (vec!["run", "--seeds", "0"], "0"),
        (vec!["trace", "mnist/1x2000/fb", "--out", "x.npz"], "known: bp"),
        (vec!["trace", "mnist/1x2000/bp", "--steps", "21", "--out", "x.npz"], "20"),
    ] {
        let output = report(&args);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {text}");
        assert!(text.contains(word), "{args:?}: {text}");
    }
}

#[test]
fn list_cells_prints_cells_that_read_back() {
    let text = String::from_utf8(report(&["list", "cells"]).stdout).unwrap();
    let cells: Vec<&str> = text.lines().collect();
    for cell in &cells {
        assert_eq!(cell.parse::<bioprop::study::Cell>().unwrap().to_string(), *cell);
    }
    let unique: std::collections::BTreeSet<&str> = cells.iter().copied().collect();
    assert_eq!(unique.len(), cells.len());
    assert!(
        unique.contains("mnist/1x2000/dfa/feedback=random"),
        "direct feedback alignment with one hidden layer is listed too"
    );
}

#[test]
fn a_trace_recomputes_in_numpy() {
    let numpy = Command::new("python3").args(["-c", "import numpy"]).output();
    if !numpy.is_ok_and(|o| o.status.success()) {
        eprintln!("skipped: no Python with NumPy here");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("t.npz");
    for (cell, recipe) in [
        ("mnist/1x2000/bp", "main"),
        ("mnist/1x2000/dfa/feedback=binary", "main"),
        ("mnist/2x800-relu/fa/feedback=random", "unit"),
        ("cifar10/2x800-tanh/dfa/feedback=binary-sign", "main"),
        ("mnist/2x800-tanh/dfa/feedback=random", "nokland"),
    ] {
        let made = report(&["trace", cell, "--recipe", recipe, "--steps", "2", "--out", out.to_str().unwrap()]);
        assert!(made.status.success(), "{cell}: {}", String::from_utf8_lossy(&made.stderr));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/check_trace.py");
        let checked = Command::new("python3").arg(script).arg(&out).output().unwrap();
        assert!(checked.status.success(), "{cell}: {}", String::from_utf8_lossy(&checked.stderr));
    }
}
