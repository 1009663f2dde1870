//! A finished plot: a file of its own, part of the page, or a picture.

use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::PlotError;
use super::canvas::{BOLD, FAMILIES, FAMILY, REGULAR, fine};
use crate::report::format::escape;

/// A place that shows a value when pointed at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spot {
    pub at: [f64; 4],
    pub text: String,
}

/// A small picture within a plot.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Raster {
    pub at: [f64; 4],
    /// Pixels of a row.
    pub columns: usize,
    /// Red, green, blue.
    rgb: Vec<u8>,
    /// The same as a PNG in base64: the file and the page both hold it.
    data: String,
}

impl Raster {
    pub fn new(at: [f64; 4], columns: usize, rgb: Vec<u8>) -> Raster {
        let rows = rgb.len() / 3 / columns.max(1);
        let picture = encode(columns as u32, rows as u32, &rgb, png::Compression::High);
        let data = STANDARD.encode(picture.expect("pixels match their size, and memory takes them"));
        Raster { at, columns, rgb, data }
    }

    fn rows(&self) -> usize {
        self.rgb.len() / 3 / self.columns.max(1)
    }

    /// As an element of SVG, its pixels sharp.
    fn element(&self) -> String {
        let [x, y, w, h] = self.at.map(fine);
        format!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" style=\"image-rendering:pixelated\" href=\"data:image/png;base64,{}\"/>",
            self.data
        )
    }

    /// Onto pixels with four bytes each, `scale` to one of the plot.
    fn paint(&self, pixels: &mut [u8], width: usize, scale: f64) {
        let [left, top, right, bottom] = [self.at[0], self.at[1], self.at[0] + self.at[2], self.at[1] + self.at[3]]
            .map(|v| (v * scale).round() as usize);
        let height = pixels.len() / 4 / width;
        for y in top..bottom.min(height) {
            let row = (y - top) * self.rows() / (bottom - top);
            for x in left..right.min(width) {
                let from = 3 * (row * self.columns + (x - left) * self.columns / (right - left));
                pixels[4 * (y * width + x)..][..3].copy_from_slice(&self.rgb[from..from + 3]);
            }
        }
    }
}

/// A PNG of these pixels (red, green, blue).
fn encode(width: u32, height: u32, rgb: &[u8], compression: png::Compression) -> Result<Vec<u8>, png::EncodingError> {
    let grey = rgb.chunks_exact(3).all(|p| p[0] == p[1] && p[1] == p[2]);
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(if grey { png::ColorType::Grayscale } else { png::ColorType::Rgb });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(compression);
    let mut writer = encoder.write_header()?;
    if grey {
        writer.write_image_data(&rgb.chunks_exact(3).map(|p| p[0]).collect::<Vec<u8>>())?;
    } else {
        writer.write_image_data(rgb)?;
    }
    writer.finish()?;
    Ok(bytes)
}

/// A finished plot.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// Stem of its files: `figure-7-accuracy`.
    pub name: String,
    /// What it shows, for readers who do not see it.
    pub alt: String,
    pub width: f64,
    pub height: f64,
    /// Shapes, without the opening and closing of the document.
    pub(super) body: String,
    pub(super) spots: Vec<Spot>,
    pub(super) rasters: Vec<Raster>,
}

impl Plot {
    fn open(&self, attributes: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" width=\"{}\" height=\"{}\" font-family=\"{FAMILIES}\" {attributes}>",
            fine(self.width),
            fine(self.height),
            self.width,
            self.height
        )
    }

    /// A file of its own.
    pub fn file(&self) -> String {
        let open = self.open("role=\"img\"");
        format!("{open}<title>{}</title>{}{}</svg>\n", escape(&self.alt), self.body, self.images())
    }

    fn images(&self) -> String {
        self.rasters.iter().map(Raster::element).collect()
    }

    /// For the page: follows its theme and shows values where pointed at.
    pub fn inline(&self) -> String {
        let mut svg = self.open(&format!("class=\"plot\" role=\"img\" aria-label=\"{}\"", escape(&self.alt)));
        svg = svg.replace(" xmlns=\"http://www.w3.org/2000/svg\"", "");
        svg.push_str(&self.body);
        svg.push_str(&self.images());
        svg.push_str("<g class=\"spots\">");
        for Spot { at: [x, y, w, h], text } in &self.spots {
            svg.push_str(&format!(
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}</title></rect>",
                fine(*x),
                fine(*y),
                fine(*w),
                fine(*h),
                escape(text)
            ));
        }
        svg.push_str("</g></svg>");
        svg
    }

    /// The same as a picture, `scale` pixels to one.
    pub fn png(&self, scale: f32) -> Result<Vec<u8>, PlotError> {
        static DATABASE: LazyLock<Arc<resvg::usvg::fontdb::Database>> = LazyLock::new(|| {
            let mut db = resvg::usvg::fontdb::Database::new();
            db.load_font_data(REGULAR.to_vec());
            db.load_font_data(BOLD.to_vec());
            Arc::new(db)
        });
        let options = resvg::usvg::Options {
            fontdb: DATABASE.clone(),
            font_family: FAMILY.to_string(),
            ..resvg::usvg::Options::default()
        };
        let fail = |e: &dyn std::fmt::Display| PlotError::Picture(self.name.clone(), e.to_string());
        // rasters are painted here: the renderer is built without decoders
        let shapes = format!("{}{}</svg>", self.open(""), self.body);
        let tree = resvg::usvg::Tree::from_str(&shapes, &options).map_err(|e| fail(&e))?;
        // a tall picture is legible with fewer pixels, and takes most of the time
        let scale = if self.height > 900.0 { scale * 0.75 } else { scale };
        let size = tree.size().to_int_size().scale_by(scale).ok_or_else(|| fail(&"its size is zero"))?;
        let mut pixmap =
            resvg::tiny_skia::Pixmap::new(size.width(), size.height()).ok_or_else(|| fail(&"its size is zero"))?;
        let transform = resvg::tiny_skia::Transform::from_scale(scale, scale);
        resvg::render(&tree, transform, &mut pixmap.as_mut());
        let width = size.width() as usize;
        self.rasters.iter().for_each(|r| r.paint(pixmap.data_mut(), width, f64::from(scale)));
        // opaque (the card is drawn first), so alpha can go
        let pixels: Vec<u8> = pixmap.data().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
        encode(size.width(), size.height(), &pixels, png::Compression::Balanced).map_err(|e| fail(&e))
    }
}
