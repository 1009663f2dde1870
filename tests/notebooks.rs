//! What the notebooks hold, checked without Jupyter: their code is the one that `tests/notebook_code` compiles, and their
//! committed outputs are whole. After a change of a notebook: `BIOPROP_WRITE=1 cargo test --test notebooks`.

use std::path::Path;

use serde_json::Value;

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

#[test]
fn committed_outputs_are_whole_and_hold_no_error() {
    for (name, notebook) in notebooks() {
        // one that was never run holds nothing yet
        if code_cells(&notebook).iter().all(|c| c["execution_count"].is_null()) {
            continue;
        }
        for (i, cell) in code_cells(&notebook).iter().enumerate() {
            let place = format!("{name}, code cell {}", i + 1);
            assert!(!cell["execution_count"].is_null(), "{place}: not run; notebooks/run.py --write {name}.ipynb");
            let outputs = cell["outputs"].as_array().unwrap();
            for output in outputs {
                let clean = output["output_type"] != "error" && output["name"] != "stderr";
                assert!(clean, "{place}: {}", text(&output["text"]));
            }
            let holds = |kind: &str| outputs.iter().any(|o| !o["data"][kind].is_null());
            for tag in cell["metadata"]["tags"].as_array().into_iter().flatten() {
                let kind = if tag == "picture" { "image/svg+xml" } else { "text/html" };
                assert!(holds(kind), "{place}: promised {kind} is not there");
            }
        }
    }
}
