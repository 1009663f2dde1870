//! Intervals that reach beyond what an accuracy can be: clipped and marked where they are shown, whole in the files.

use super::*;

#[test]
fn an_interval_beyond_a_hundred_percent_ends_there_and_says_so() {
    let cell = "mnist/1x2000/fa/feedback=random-sign";
    let mut made = trials(Profile::Quick, 5);
    for m in made.iter_mut().filter(|m| m.cell.to_string() == cell) {
        m.test = vec![if m.seed < 3 { 0.99 } else { 0.02 }; m.test.len()];
    }
    let (_dir, out, _) = rendered("clipped", &frames(Profile::Quick, &made));
    let (html, md) = (read(&out, "index.html"), read(&out, "report.md"));
    let row = "| fixed random (sign) | MNIST | 1 × 2000 ReLU | 60.20 ± 53.13 (0.00† to 100.00†) |";
    let note = "†: the t interval reached beyond 0 or 100%";
    assert!(md.contains(row) && html.contains("0.00† to 100.00†"));
    // both grids show the cell; the other figures have nothing to explain
    assert_eq!((md.matches(note).count(), html.matches(note).count()), (2, 2));
    let foot = |id: u32| read(&out, &format!("figures/figure-{id}-accuracy.svg")).contains("open and marked †");
    assert_eq!([7, 8, 9].map(foot), [true, true, false]);
    let csv = read(&out, "tables/figure-7.csv");
    let row = csv.lines().find(|l| l.starts_with("fixed random (sign),MNIST,1 × 2000 ReLU,")).unwrap();
    let ends: Vec<f64> = row.split(',').skip(5).take(2).map(|v| v.parse().unwrap()).collect();
    assert!(ends[0] < -5.0 && ends[1] > 126.0, "{row}");
    assert!(read(&out, "tables/figure-7.tex").contains("0.00$^\\dagger$ to 100.00$^\\dagger$"));
}
