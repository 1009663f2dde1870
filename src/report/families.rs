//! The first page's table of what each family of rules costs: a row per figure and dataset.

use super::field::Field;
use super::model::{CellModel, FigureModel, Model};
use super::palette::series;
use super::tables::{Row, Table, columns};
use crate::study::figures::PlotKind;

/// No rows where there is nothing to set beside backpropagation, or the cells are a study's own.
pub fn table(model: &Model) -> Table {
    let shown = |f: &&FigureModel| !matches!(f.figure.plot, PlotKind::Growth | PlotKind::Repeats | PlotKind::Rows);
    let figures = model.figures.iter().filter(shown);
    Table {
        id: "families-table".into(),
        caption: "Test accuracy after the last epoch minus backpropagation's on the same network, paired by seed, in points, with the cell that has it.".into(),
        columns: columns(&[
            ("Figure", false),
            ("Dataset", false),
            ("Cells", true),
            ("Failed to train", true),
            ("Best cell", true),
            ("Median cell", true),
            ("Worst cell", true),
        ]),
        tall: false,
        rows: figures.flat_map(rows).collect(),
    }
}

fn rows(f: &FigureModel) -> Vec<Row> {
    let of = |dataset| {
        let rules = f.cells.iter().filter(|c| c.cell.dataset == dataset && c.is_compared());
        let rules = rules.filter(|c| !stands_beside(f, c) && !c.runs.is_empty());
        let failed = rules.clone().filter(|c| c.all_diverged()).count();
        // what has no backpropagation beside it, or one seed alone, is not compared
        let mut trained: Vec<(f64, &CellModel)> = rules.filter_map(|c| Some((c.summary.difference?, c))).collect();
        trained.sort_by(|a, b| b.0.total_cmp(&a.0));
        let trained: Vec<&CellModel> = trained.into_iter().map(|t| t.1).collect();
        let all = trained.len() + failed;
        // those that failed stand below all others; of two in the middle the better
        let median = trained.get(all.saturating_sub(1) / 2).copied();
        let worst = trained.last().copied();
        (all > 0).then(|| Row {
            strong: false,
            cells: vec![
                Field::text(f.figure.title),
                Field::text(dataset.title()),
                Field::count(all),
                Field::tally(failed),
                place(trained.first().copied()),
                place(median),
                place(worst),
            ],
        })
    };
    f.datasets().into_iter().filter_map(of).collect()
}

/// A baseline of its figure, not one of its rules: frozen random features, fixed feedback beside feedback that learns.
fn stands_beside(f: &FigureModel, c: &CellModel) -> bool {
    let of = |c: &CellModel| c.cell.rule.option("feedback") == Some("kolen-pollack") || c.feedback_rate().is_some();
    let learns = || f.cells.iter().any(of);
    let fixed = || matches!(c.cell.rule.name(), "fa" | "dfa") && c.cell.rule.option("feedback") == Some("random");
    c.cell.rule.name() == "frozen" || (fixed() && learns())
}

/// A difference with the cell that has it.
fn place(cell: Option<&CellModel>) -> Field {
    let Some(c) = cell else { return Field::none() };
    let s = &c.summary;
    let note = format!("{}, {}", c.cell.network.title(), series(&c.cell).label);
    // the interval goes to other programs; here it would widen the page
    Field::points(s.difference).points_interval(s.difference_low, s.difference_high).note(note).of(&c.cell)
}
