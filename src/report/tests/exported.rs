//! What `tables/*.csv` say, held against the numbers that they are made of.

use super::*;
use crate::report::format::exact;

/// Rows of a file by the titles of its columns.
fn table(folder: &Path, name: &str) -> Vec<std::collections::HashMap<String, String>> {
    let split = |line: &str| {
        let (mut fields, mut within) = (vec![String::new()], false);
        for c in line.chars() {
            match c {
                '"' => within = !within,
                ',' if !within => fields.push(String::new()),
                c => fields.last_mut().unwrap().push(c),
            }
        }
        fields
    };
    let text = read(folder, &format!("tables/{name}.csv"));
    let mut lines = text.lines().map(split);
    let titles = lines.next().unwrap();
    lines
        .map(|fields| {
            assert_eq!(fields.len(), titles.len(), "{name}: {fields:?}");
            titles.iter().cloned().zip(fields).collect()
        })
        .collect()
}

/// A value of the summary's frame for a cell.
fn summary(fake: &Fake, cell: &str, column: &str) -> f64 {
    let cells = fake.summary.column("cell").unwrap().str().unwrap();
    let row = cells.iter().position(|c| c == Some(cell)).unwrap();
    fake.summary.column(column).unwrap().f64().unwrap().get(row).unwrap()
}

#[test]
fn numbers_are_in_the_unit_of_their_column_with_what_stands_around_them() {
    let fake = frames(Profile::Quick, &trials(Profile::Quick, 5));
    let (_dir, out, _) = rendered("exported", &fake);
    let cell = "mnist/2x800-relu/fa/feedback=random";
    let of = |column: &str| summary(&fake, cell, column);
    let find = |name: &str, place: [&str; 3]| {
        let columns = ["Feedback", "Dataset", "Network"];
        let rows = table(&out, name).into_iter();
        let mut found = rows.filter(|r| columns.iter().zip(place).all(|(c, v)| r[*c] == v));
        found.next().unwrap_or_else(|| panic!("{name} {place:?}"))
    };
    let place = ["fixed random", "MNIST", "2 × 800 ReLU"];
    let row = find("figure-7", place);
    for (title, value) in [
        ("Test accuracy, %", of("mean")),
        ("Test accuracy, % (std)", of("std")),
        ("Test accuracy, % (95% low)", of("ci_low")),
        ("Test accuracy, % (95% high)", of("ci_high")),
        ("Minus backpropagation, points", of("difference_mean")),
        ("Minus backpropagation, points (95% low)", of("difference_low")),
        ("Minus backpropagation, points (95% high)", of("difference_high")),
        ("Train, %", of("train_mean")),
    ] {
        assert_eq!(row[title], exact(value * 100.0), "{title}");
    }
    // one unit in a row
    let row = find("figure-7-published", place);
    assert_eq!(row["This run, %"], exact((1.0 - of("mean")) * 100.0));
    assert_eq!(row["This run, % (std)"], exact(of("std") * 100.0));
    assert_eq!(row["Published, other recipe and length, %"], "1.74");
    assert_eq!(row["Published, other recipe and length, % (std)"], "0.1");
    // why-tables name the same column and hold the same number
    let why = table(&out, "why-angles-mnist");
    let same = why.iter().find(|r| r["Rule"] == "FA, fixed random" && r["Dataset, network"] == "MNIST, 2 × 800 ReLU");
    let same = &same.unwrap()["Test accuracy, %"];
    assert_eq!(*same, exact(of("mean") * 100.0));
    // a percentage that no fraction could be mistaken for
    for file in std::fs::read_dir(out.join("tables")).unwrap().map(|f| f.unwrap().path()) {
        let name = file.file_stem().unwrap().to_str().unwrap();
        if file.extension().unwrap() != "csv" {
            continue;
        }
        for (title, value) in table(&out, name).iter().flatten() {
            let percent = title.ends_with(", %") && !title.contains("This run") && !title.contains("Published");
            let accuracy: Option<f64> = value.parse().ok().filter(|_| percent);
            assert!(accuracy.is_none_or(|v| v > 1.0), "{name}: {title} {value}");
        }
    }
}

#[test]
fn growth_is_the_mean_over_seeds_with_its_ends() {
    let mut made = trials(Profile::Quick, 5);
    made.retain(|m| m.cell.rule.name() == "growth");
    let mut fake = frames(Profile::Quick, &made);
    // seeds 0 to 4 grow with slopes 1.0, 1.1, ... of what was predicted
    let seeds = fake.curves.column("seed").unwrap().u64().unwrap().clone();
    let epochs = fake.curves.column("epoch").unwrap().u32().unwrap().clone();
    let each = |f: &dyn Fn(f64, f64) -> f64| -> Vec<f64> {
        seeds.iter().zip(epochs.iter()).map(|(s, e)| f(s.unwrap() as f64, f64::from(e.unwrap()))).collect()
    };
    for (name, values) in [
        ("growth_exponent", each(&|_, e| e)),
        ("projection", each(&|s, e| ((1.0 + 0.1 * s) * e).exp())),
        ("largest_row_norm", each(&|s, _| 1.0 + s)),
    ] {
        fake.curves.with_column(Column::new(name.into(), values)).unwrap();
    }
    let (_dir, out, _) = rendered("growth", &fake);
    let row = table(&out, "growth").swap_remove(0);
    let near = |title: &str, want: f64| {
        let got: f64 = row[title].parse().unwrap_or_else(|_| panic!("{title}: {row:?}"));
        assert!((got - want).abs() < 1e-9, "{title}: {got}");
    };
    near("Slope against prediction", 1.2);
    near("Slope against prediction (lowest)", 1.0);
    near("Slope against prediction (highest)", 1.4);
    near("Largest row norm", 3.0);
    assert!(read(&out, "report.md").contains("1.200 (1.000 to 1.400)"));
}
