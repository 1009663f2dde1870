//! The report's plots one by one, for those who want a single one at hand (notebooks).

use super::model::Model;
use super::{Inputs, Plot, ReportError, draw};

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
