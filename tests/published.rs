//! The committed reports are what this code makes of their results: every file follows from the Parquet files and the
//! provenance beside it, and the README's table from the reference's. After a change of words or plots: `report render
//! FOLDER` for each folder that a failure names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders under `reports/` that hold a published report (`local` holds the user's own and is not in git).
fn published() -> Vec<PathBuf> {
    let reports = Path::new(env!("CARGO_MANIFEST_DIR")).join("reports");
    let folders = fs::read_dir(reports).expect("reports/ is there").flatten().map(|f| f.path());
    folders.filter(|f| f.join("provenance.json").exists() && f.file_name().is_some_and(|n| n != "local")).collect()
}

/// All files of a report by their relative names, without the store of trials.
fn files(report: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![report.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).expect("a folder").flatten().map(|f| f.path()) {
            if path.ends_with("trials") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(report).expect("inside").to_path_buf();
                found.insert(name, fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

#[test]
fn every_file_of_a_published_report_follows_from_its_results() {
    let published = published();
    assert!(!published.is_empty(), "reports/ holds no report");
    for report in published {
        let scratch = tempfile::tempdir().expect("a folder");
        let (results, again) = (scratch.path().join("results"), scratch.path().join("again"));
        fs::create_dir(&results).expect("a folder");
        let committed = files(&report);
        for (name, bytes) in &committed {
            if name.extension().is_some_and(|e| e == "parquet") || name == Path::new("provenance.json") {
                fs::write(results.join(name), bytes).expect("written");
            }
        }
        let output = Command::new(env!("CARGO_BIN_EXE_report"))
            .arg("render")
            .args([&results, Path::new("--out"), &again])
            .output()
            .expect("the program starts");
        assert!(output.status.success(), "{}: {}", report.display(), String::from_utf8_lossy(&output.stderr));
        let rendered = files(&again);
        let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&rendered), names(&committed), "files of {}", report.display());
        let stale: Vec<&PathBuf> =
            rendered.iter().filter(|(n, bytes)| committed[*n] != **bytes).map(|(n, _)| n).collect();
        assert!(stale.is_empty(), "not what this code makes; `report render {}`: {stale:?}", report.display());
    }
}

/// Verdicts of the reference, from the first table of its Markdown report: claim with a link to its evidence, verdict.
fn verdicts(reference: &str) -> String {
    let rows = reference.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| [C")?.split(" | ").collect();
        let claim = format!("[C{}", cells[0]).replace("](#", "](reports/reference/report.md#");
        Some(format!("| {claim} | {} |", cells[1]))
    });
    let head = ["| Claim of the post | Verdict |".to_string(), "| --- | --- |".to_string()];
    head.into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_table_in_the_readme_is_the_reference_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(root.join(name)).expect(name);
    let want = verdicts(&read("reports/reference/report.md"));
    assert_eq!(want.lines().count(), 2 + bioprop::study::claims::REGISTRY.len(), "{want}");
    assert!(read("README.md").contains(&format!("\n{want}\n")), "the README's table should be:\n{want}");
}
