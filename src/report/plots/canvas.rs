//! What every plot is drawn with: the embedded font, and the enlargement that gives Plotters' whole numbers a tenth of a pixel.

/// Name of the embedded font in SVG, CSS and PNG.
pub const FAMILY: &str = "Bioprop Sans";
/// What readers without the embedded font see.
pub const FAMILIES: &str = "Bioprop Sans, Lato, Helvetica, Arial, sans-serif";
pub static REGULAR: &[u8] = include_bytes!("../../../templates/fonts/BiopropSans-Regular.ttf");
pub static BOLD: &[u8] = include_bytes!("../../../templates/fonts/BiopropSans-Bold.ttf");

/// Pixels of the canvas to one of the plot.
pub(super) const FINE: f64 = 10.0;

/// A position or length on the enlarged canvas.
pub(super) fn fine(v: f64) -> i32 {
    (v * FINE).round() as i32
}
