//! Made-up observations for made-up results.

use polars::prelude::*;

use crate::study::Cell;

/// Adds the columns that observers fill to a frame of curves.
pub fn observe(curves: &mut DataFrame) {
    let cells: Vec<Cell> =
        curves.column("cell").unwrap().str().unwrap().iter().map(|c| c.unwrap().parse().unwrap()).collect();
    let epochs = curves.column("epoch").unwrap().u32().unwrap().clone();
    let seeds = curves.column("seed").unwrap().u64().unwrap().clone();
    let wiggle = |i: usize| 1.0 + 0.03 * ((seeds.get(i).unwrap() * 7 + epochs.get(i).unwrap() as u64) % 5) as f64;
    let mut add = |name: &str, of: &dyn Fn(&Cell, f64) -> Option<f64>| {
        let values: Vec<Option<f64>> = cells.iter().enumerate().map(|(i, c)| of(c, wiggle(i))).collect();
        curves.with_column(Column::new(name.into(), values)).unwrap();
    };
    let local = |c: &Cell| c.rule.option("local").unwrap_or_default().to_string();
    let feedback = |c: &Cell| c.rule.option("feedback").map(str::to_string);
    let two = |c: &Cell| c.network.depth == 2;
    add("stable_rank_1", &|c, w| Some(if local(c) == "oja" { 1.01 } else { 150.0 } * w));
    add("movement_1", &|c, w| match c.rule.name() {
        "frozen" => Some(0.0),
        "hebbnet" => Some(if local(c) == "hebb" { 12.0 } else { 0.4 } * w),
        _ => Some(0.2 * w),
    });
    add("weight_norm_1", &|c, w| Some(if local(c) == "hebb" { 300.0 } else { 26.0 } * w));
    add("largest_row_norm_1", &|c, w| Some(if local(c) == "hebb" { 20.0 } else { 1.02 } * w));
    add("feedback_norm_1", &|c, w| feedback(c).map(|f| if f == "hebb" { 40.0 * w } else { 1.0 }));
    add("delta_angle_1", &|c, w| feedback(c).map(|f| if f.ends_with("sign") { 35.0 } else { 68.0 } * w));
    add("delta_angle_2", &|c, w| feedback(c).filter(|_| two(c)).map(|_| 55.0 * w));
    add("conserved_drift", &|c, w| Some(if feedback(c).is_some_and(|f| f == "hebb") { 0.3 } else { 0.004 } * w));
    add("incoming_change", &|_, w| Some(0.3 * w));
}

/// Weights of two units for each cell on one hidden layer: a slope that depends on the cell.
pub fn filters(cells: &[Cell]) -> DataFrame {
    let kept: Vec<&Cell> = cells.iter().filter(|c| c.network.depth == 1 && c.rule.name() != "growth").collect();
    let rows: Vec<(usize, &Cell, u32)> =
        kept.iter().enumerate().flat_map(|(i, c)| (0..4).map(move |u| (i, *c, u))).collect();
    let bytes = |(i, c, u): &(usize, &Cell, u32)| -> Vec<u8> {
        let shade = |p: usize| (((p * (i + 1) + *u as usize * 37) % 251) as i32 - 125) as i8 as u8;
        (0..c.dataset.inputs()).map(shade).collect()
    };
    let values: Vec<Vec<u8>> = rows.iter().map(bytes).collect();
    let mut frame = df!(
        "key" => rows.iter().map(|r| format!("{}-0-0", r.1)).collect::<Vec<_>>(),
        "cell" => rows.iter().map(|r| r.1.to_string()).collect::<Vec<_>>(),
        "unit" => rows.iter().map(|r| r.2).collect::<Vec<u32>>(),
    )
    .unwrap();
    let column = BinaryChunked::from_iter_values("values".into(), values.iter().map(Vec::as_slice)).into_column();
    frame.with_column(column).unwrap();
    frame
}
