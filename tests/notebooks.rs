//! What the notebooks hold, checked without Jupyter: their code is the one that `tests/notebook_code` compiles, and their
//! committed outputs are whole. After a change of a notebook: `BIOPROP_WRITE=1 cargo test --test notebooks`.

use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// A cell's code without the kernel's commands; a last line that is a value is shown.
fn code(source: &str) -> String {
    let mut lines: Vec<String> =
        source.lines().filter(|l| !l.starts_with(':')).map(|l| format!("        {l}").trim_end().to_string()).collect();
    if let Some(last) = lines.iter_mut().rfind(|l| !l.is_empty())
        && !last.ends_with([';', '}', ','])
    {
        *last = format!("        super::show(&{});", last.trim_start());
    }
    lines.join("\n") + "\n"
}

fn text(value: &Value) -> String {
    match value {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().unwrap_or_default().to_string(),
    }
}

fn notebooks() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("notebooks");
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "ipynb"))
        .map(|p| {
            let read = serde_json::from_str(&std::fs::read_to_string(&p).unwrap());
            (p.file_stem().unwrap().to_str().unwrap().to_string(), read.unwrap())
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn code_cells(notebook: &Value) -> Vec<&Value> {
    notebook["cells"].as_array().unwrap().iter().filter(|c| c["cell_type"] == "code").collect()
}

#[test]
fn the_code_that_is_compiled_is_that_of_the_notebooks() {
    let mut all = String::from("// Written from the notebooks by tests/notebooks.rs: do not edit.\n");
    for (name, notebook) in notebooks() {
        all += &format!(
            "\nmod {name} {{\n    use bioprop as notebook;\n\n    pub fn run() -> Result<(), bioprop::notebook::Problem> {{\n"
        );
        code_cells(&notebook).iter().for_each(|cell| all += &code(&text(&cell["source"])));
        all += "        Ok(())\n    }\n}\n";
    }
    all += "\npub const ALL: &[(&str, fn() -> Result<(), bioprop::notebook::Problem>)] = &[\n";
    notebooks().iter().for_each(|(name, _)| all += &format!("    (\"{name}\", {name}::run),\n"));
    all += "];\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/notebook_code/cells.rs");
    if std::env::var_os("BIOPROP_WRITE").is_some() {
        std::fs::write(&path, &all).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap();
    assert!(committed == all, "cells.rs is not what the notebooks hold: BIOPROP_WRITE=1 cargo test --test notebooks");
}

/// What the cell's author promised that it shows (`notebooks/run.py` looks for it after every run).
fn promises(cell: &Value) -> Vec<&str> {
    cell["metadata"]["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The parts of an output with their types, but for encoded pictures; what was printed counts as plain text.
fn contents(output: &Value) -> Vec<(String, String)> {
    let data = output["data"].as_object().into_iter().flatten();
    let mut all: Vec<_> = data.filter(|d| d.0 != "image/png").map(|(kind, part)| (kind.clone(), text(part))).collect();
    if output["output_type"] == "stream" {
        all.push(("text/plain".into(), text(&output["text"])));
    }
    all
}

#[test]
fn a_cell_that_shows_something_promises_it() {
    for (name, notebook) in notebooks() {
        for (i, cell) in code_cells(&notebook).iter().enumerate() {
            let code = code(&text(&cell["source"]));
            let shows = code.contains("super::show(") || code.contains("print");
            assert_eq!(shows, !promises(cell).is_empty(), "{name}, code cell {}: tag it table, picture or text", i + 1);
        }
    }
}

#[test]
fn committed_outputs_are_whole_and_hold_no_error() {
    for (name, notebook) in notebooks() {
        for (i, cell) in code_cells(&notebook).iter().enumerate() {
            let place = format!("{name}, code cell {}", i + 1);
            assert_eq!(cell["execution_count"], i + 1, "{place}: not run; .ci/notebooks --write");
            let outputs = cell["outputs"].as_array().unwrap();
            for output in outputs {
                let clean = output["output_type"] != "error" && output["name"] != "stderr";
                assert!(clean, "{place}: {}", text(&output["text"]));
            }
            let parts: Vec<_> = outputs.iter().flat_map(contents).collect();
            let holds = |kind: &str, mark: &str| parts.iter().any(|(k, part)| k == kind && part.contains(mark));
            for promise in promises(cell) {
                let kept = match promise {
                    "table" => holds("text/html", "<table"),
                    "picture" => holds("image/svg+xml", "<svg") || holds("text/html", "<img"),
                    "text" => holds("text/plain", ""),
                    other => panic!("{place}: no such promise, {other}"),
                };
                assert!(kept, "{place}: the promised {promise} is not there");
            }
            for path in ["/home/", "/Users/", env!("CARGO_MANIFEST_DIR")] {
                assert!(parts.iter().all(|p| !p.1.contains(path)), "{place}: a path of one machine, {path}");
            }
        }
    }
}

#[test]
fn committed_outputs_are_those_of_the_code() {
    for (name, notebook) in notebooks() {
        let code: Vec<String> = code_cells(&notebook).iter().map(|c| text(&c["source"])).collect();
        let hash = hex::encode(Sha256::digest(code.join("\n")));
        assert_eq!(notebook["metadata"]["outputs_of"], hash, "{name} was changed after its run: .ci/notebooks --write");
    }
}
