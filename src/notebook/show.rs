//! Values that a notebook shows as tables and pictures: the evcxr kernel calls `evcxr_display` on a cell's last value.

use std::fmt::Display;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use polars::prelude::DataFrame;

use super::{Problem, Run, html};
use crate::data::{Dataset, Images};
use crate::report::Plot;

/// A type of content, and the content.
pub type Block = (&'static str, String);

/// Shows a value in a notebook. In scope by the prelude, so that foreign types (frames) have it too.
pub trait Show {
    /// What the kernel reads from standard output: blocks of content with their types.
    fn blocks(&self) -> Vec<Block>;

    /// Called by the kernel when a cell ends in this value.
    fn evcxr_display(&self) {
        for (kind, content) in self.blocks() {
            // one call each: the kernel reads line by line, and threads may print too
            println!("EVCXR_BEGIN_CONTENT {kind}\n{content}\nEVCXR_END_CONTENT");
        }
    }
}

/// A cell may end in `run.accuracy()`: what was made is shown, an error is said as one that `?` gives up with.
impl<T: Show, E: Display> Show for Result<T, E> {
    fn blocks(&self) -> Vec<Block> {
        self.as_ref().map_or_else(|_| vec![], Show::blocks)
    }

    fn evcxr_display(&self) {
        match self {
            Ok(value) => value.evcxr_display(),
            Err(error) => eprintln!("{error}"),
        }
    }
}

impl Show for Problem {
    fn blocks(&self) -> Vec<Block> {
        vec![("text/plain", self.to_string())]
    }
}

impl Show for String {
    fn blocks(&self) -> Vec<Block> {
        vec![("text/plain", self.clone())]
    }
}

impl Show for DataFrame {
    fn blocks(&self) -> Vec<Block> {
        vec![("text/html", html::table(self)), ("text/plain", html::text(self))]
    }
}

/// As SVG, and as a picture for readers that show no SVG (code hosts, untrusted notebooks).
impl Show for Plot {
    fn blocks(&self) -> Vec<Block> {
        // as wide as there is room, and legible on dark pages
        let style = "<svg style=\"max-width:100%;height:auto;background:#fff\" ";
        let svg = self.file().replacen("<svg ", style, 1);
        let mut blocks = vec![("image/svg+xml", svg), ("text/plain", self.alt.clone())];
        if let Ok(png) = self.png(1.0) {
            blocks.push(("image/png", STANDARD.encode(png)));
        }
        blocks
    }
}

/// The cells with mean, spread and distance to backpropagation.
impl Show for Run {
    fn blocks(&self) -> Vec<Block> {
        let wanted = ["cell", "variant", "n", "diverged", "mean", "std", "ci_low", "ci_high", "difference_mean"];
        let varied = self.summary().column("variant").and_then(|c| c.str().cloned());
        let varied = varied.is_ok_and(|v| v.iter().flatten().any(|t| !t.is_empty()));
        let names: Vec<&str> = wanted.into_iter().filter(|n| *n != "variant" || varied).collect();
        let frame = self.summary().select(names).unwrap_or_else(|_| self.summary().clone());
        frame.blocks()
    }
}

/// How many images there are, and one of each class.
impl Show for Dataset {
    fn blocks(&self) -> Vec<Block> {
        let words = format!(
            "{}: {} training and {} test images of {} numbers ({})",
            self.id.title(),
            self.train.len(),
            self.test.len(),
            self.id.inputs(),
            self.origin
        );
        let picture = samples(&self.train, self.id.classes()).map(|png| STANDARD.encode(png));
        let image = picture.map_or_else(String::new, |p| {
            format!(
                "<img alt=\"One image of each class\" style=\"width:600px;image-rendering:pixelated\" src=\"data:image/png;base64,{p}\">"
            )
        });
        vec![("text/html", format!("<p>{words}</p>{image}")), ("text/plain", words)]
    }
}

/// The first image of each class, side by side, as PNG.
fn samples(images: &Images, classes: usize) -> Option<Vec<u8>> {
    let colours = if images.inputs == 784 { 1 } else { 3 };
    let side = (images.inputs / colours).isqrt();
    let mut pixels = vec![0; side * side * classes * 3];
    for class in 0..classes {
        let row = images.labels.iter().position(|l| usize::from(*l) == class)?;
        let image = images.pixels.get(row * images.inputs..(row + 1) * images.inputs)?;
        for (y, x, c) in (0..side * side * 3).map(|i| (i / 3 / side, i / 3 % side, i % 3)) {
            // colours lie one after the other, not pixel by pixel
            let plane = if colours == 1 { 0 } else { c * side * side };
            pixels[((y * classes + class) * side + x) * 3 + c] = image[plane + y * side + x];
        }
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, (side * classes) as u32, side as u32);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header().ok()?.write_image_data(&pixels).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notebook::dataset;

    #[test]
    fn results_show_what_they_hold() {
        let frame = polars::df!("a" => [1]).map_err(Problem::from);
        assert_eq!(frame.blocks(), frame.as_ref().unwrap().blocks());
        assert!(Err::<DataFrame, _>(Problem::new("no such frame")).blocks().is_empty());
    }

    #[test]
    fn a_dataset_shows_an_image_of_each_class() {
        for name in ["mnist", "cifar10"] {
            let data = dataset(name).unwrap();
            let png = samples(&data.train, 10).unwrap();
            let read = png::Decoder::new(std::io::Cursor::new(&png)).read_info().unwrap();
            let side = if name == "mnist" { 28 } else { 32 };
            assert_eq!((read.info().width, read.info().height), (10 * side, side));
            assert!(data.blocks()[0].1.contains("training and"));
        }
    }
}
