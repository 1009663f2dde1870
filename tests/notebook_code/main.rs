//! The code of every notebook, which must compile against the library. `tests/notebooks.rs` checks that it is what the
//! notebooks hold. It runs on few images here; as in the notebooks: `cargo test --test notebook_code -- --ignored`.

#[allow(unused, clippy::all)]
mod cells {
    include!("cells.rs");

    /// What a cell ends in must show itself.
    fn show<T: bioprop::prelude::Show>(value: &T) {
        let blocks = value.blocks();
        assert!(!blocks.is_empty() && blocks.iter().all(|(_, content)| !content.is_empty()), "a value shows nothing");
        if let Some(folder) = std::env::var_os("BIOPROP_SHOWN") {
            use std::sync::atomic::{AtomicUsize, Ordering};
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            let file = format!("{:03}.{}", COUNT.fetch_add(1, Ordering::Relaxed), blocks[0].0.replace('/', "-"));
            std::fs::write(std::path::Path::new(&folder).join(file), &blocks[0].1).unwrap();
        }
    }
}

#[test]
#[ignore = "trains for minutes"]
fn every_notebook_runs() {
    // paths in notebooks are relative to their folder
    std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/notebooks")).unwrap();
    for (name, run) in cells::ALL {
        let started = std::time::Instant::now();
        if let Err(problem) = run() {
            panic!("{name}: {problem}");
        }
        eprintln!("{name}: {:.1} s", started.elapsed().as_secs_f64());
    }
}

#[test]
fn every_notebook_runs_on_few_images() {
    // its own process: the variable holds for all of it
    let run = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "every_notebook_runs"])
        .env("BIOPROP_PROFILE", "smoke")
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
}
