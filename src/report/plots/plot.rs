//! A finished plot: a file of its own, part of the page, or a picture.

use std::sync::{Arc, LazyLock};

use super::PlotError;
use super::layer::{BOLD, FAMILIES, FAMILY, REGULAR, fine};
use crate::report::format::escape;

/// A place that shows a value when pointed at.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spot {
    pub at: [f64; 4],
    pub text: String,
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
        format!("{}<title>{}</title>{}</svg>\n", self.open("role=\"img\""), escape(&self.alt), self.body)
    }

    /// For the page: follows its theme and shows values where pointed at.
    pub fn inline(&self) -> String {
        let mut svg = self.open(&format!("class=\"plot\" role=\"img\" aria-label=\"{}\"", escape(&self.alt)));
        svg = svg.replace(" xmlns=\"http://www.w3.org/2000/svg\"", "");
        svg.push_str(&self.body);
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
        let tree = resvg::usvg::Tree::from_str(&self.file(), &options).map_err(|e| fail(&e))?;
        let size = tree.size().to_int_size().scale_by(scale).ok_or_else(|| fail(&"its size is zero"))?;
        let mut pixmap =
            resvg::tiny_skia::Pixmap::new(size.width(), size.height()).ok_or_else(|| fail(&"its size is zero"))?;
        let transform = resvg::tiny_skia::Transform::from_scale(scale, scale);
        resvg::render(&tree, transform, &mut pixmap.as_mut());
        // opaque (the card is drawn first), so alpha can go
        let pixels: Vec<u8> = pixmap.data().chunks_exact(4).flat_map(|p| [p[0], p[1], p[2]]).collect();
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, size.width(), size.height());
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_compression(png::Compression::Balanced);
        let mut writer = encoder.write_header().map_err(|e| fail(&e))?;
        writer.write_image_data(&pixels).map_err(|e| fail(&e))?;
        writer.finish().map_err(|e| fail(&e))?;
        Ok(bytes)
    }
}
