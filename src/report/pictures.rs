//! The report's plots: of a figure, as pictures, and one by one for those who want a single one at hand (notebooks).

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::model::{CellModel, FigureModel, Model};
use super::plots::{self, Plot, PlotError};
use super::{Inputs, ReportError};
use crate::study::figures::PlotKind;

/// Pixels of a PNG to one of the plot.
const PNG_SCALE: f32 = 2.0;

/// A plot with the figure that it belongs to.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Id of the figure or study.
    pub figure: String,
    pub plot: Plot,
}

/// Every plot of the report that [`super::render`] would write.
///
/// # Errors
/// As [`super::render`], but for files.
pub fn pictures_of(inputs: &Inputs) -> Result<Vec<Picture>, ReportError> {
    let model = Model::new(inputs)?;
    let mut pictures = Vec::new();
    for figure in &model.figures {
        let id = figure.figure.id.to_string();
        pictures.extend(draw(figure)?.into_iter().map(|plot| Picture { figure: id.clone(), plot }));
    }
    Ok(pictures)
}

/// The plots of a figure, the main one first.
pub fn draw(figure: &FigureModel) -> Result<Vec<Plot>, PlotError> {
    let mut all = match figure.figure.plot {
        PlotKind::GroupedBars | PlotKind::Variants => vec![plots::grouped_bars(figure)?],
        PlotKind::Betas => vec![plots::betas(figure)?],
        PlotKind::Growth => plots::growth(figure)?.into_iter().collect(),
        PlotKind::Repeats => vec![plots::repeats(figure)?],
        PlotKind::Rows => vec![plots::rows(figure)?],
    };
    let compares = !matches!(figure.figure.plot, PlotKind::Repeats | PlotKind::Rows | PlotKind::Growth);
    if compares && figure.cells.iter().any(CellModel::is_compared) {
        all.push(plots::differences(figure)?);
    }
    if figure.figure.plot == PlotKind::Growth {
        return Ok(all);
    }
    all.extend(plots::accuracy_curves(figure)?);
    all.extend(plots::angle_curves(figure)?);
    Ok(all)
}

/// All pictures, drawn on every core, in the order of the plots.
pub fn pictures(plots: &[&Plot]) -> Result<Vec<Vec<u8>>, PlotError> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(plots.len());
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(plots.len())));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((i, plot)) = {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    plots.get(i).map(|p| (i, p))
                } {
                    let png = plot.png(PNG_SCALE);
                    done.lock().expect("no worker panics while it holds the lock").push((i, png));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no worker panicked");
    done.sort_by_key(|(i, _)| *i);
    done.into_iter().map(|(_, png)| png).collect()
}
