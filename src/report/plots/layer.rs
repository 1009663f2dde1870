//! A thin layer over plotters: a canvas in real pixels with fine positions, our fonts, axes with explicit ticks,
//! text that is measured, spots to hover over, and PNG by resvg.
//!
//! Plotters' SVG coordinates are whole numbers, so everything is drawn `FINE` times larger and scaled by the view box.

use std::cell::RefCell;
use std::sync::LazyLock;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontTransform, register_font};

use super::PlotError;
use super::canvas::{BOLD, FAMILY, FINE, REGULAR, fine};
use super::plot::{Plot, Raster, Spot};
use crate::report::palette::{Fill, INK, MUTED, SURFACE, Tone};

/// Plotters writes the font size divided by this.
const FONT: f64 = 1.24;

static FONTS: LazyLock<bool> = LazyLock::new(|| {
    register_font(FAMILY, FontStyle::Normal, REGULAR).is_ok() && register_font(FAMILY, FontStyle::Bold, BOLD).is_ok()
});

/// Where text sits relative to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// Draws on a canvas; all positions are pixels from the top left corner of the whole plot.
pub struct Pen<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    spots: RefCell<Vec<Spot>>,
    rasters: RefCell<Vec<Raster>>,
}

/// Look of a piece of text.
#[derive(Debug, Clone, Copy)]
pub struct Type {
    pub size: f64,
    pub tone: Tone,
    pub bold: bool,
    pub anchor: Anchor,
}

impl Type {
    pub fn new(size: f64, tone: Tone) -> Type {
        Type { size, tone, bold: false, anchor: Anchor::Start }
    }
    pub fn bold(self) -> Type {
        Type { bold: true, ..self }
    }
    pub fn anchor(self, anchor: Anchor) -> Type {
        Type { anchor, ..self }
    }

    fn style(self) -> TextStyle<'static> {
        let weight = if self.bold { FontStyle::Bold } else { FontStyle::Normal };
        let h = match self.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        TextStyle {
            font: (FAMILY, self.size * FONT * FINE, weight).into_font(),
            color: self.tone.light.to_backend_color(),
            pos: Pos::new(h, VPos::Center),
        }
    }
}

impl Pen<'_> {
    fn fail<E: std::fmt::Display>(e: E) -> PlotError {
        PlotError::Draw(e.to_string())
    }

    pub fn rect(&self, [x, y, w, h]: [f64; 4], tone: Tone, opacity: f64) -> Result<(), PlotError> {
        let shape = [(fine(x), fine(y)), (fine(x + w), fine(y + h))];
        self.area.draw(&Rectangle::new(shape, tone.light.mix(opacity).filled())).map_err(Self::fail)
    }

    pub fn outline(&self, [x, y, w, h]: [f64; 4], tone: Tone, width: f64) -> Result<(), PlotError> {
        let c = [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)];
        self.line(&c, tone, width)
    }

    /// Stripes at 45 degrees inside a rectangle.
    pub fn stripes(&self, [x, y, w, h]: [f64; 4], tone: Tone, step: f64, width: f64) -> Result<(), PlotError> {
        let mut c = step / 2.0;
        while c < w + h {
            // the line x' + y' = c, cut by the rectangle
            let from = (c.min(w), c - c.min(w));
            let to = (c - c.min(h), c.min(h));
            self.line(&[(x + from.0, y + h - from.1), (x + to.0, y + h - to.1)], tone, width)?;
            c += step;
        }
        Ok(())
    }

    /// Stripes the other way.
    fn counter_stripes(&self, [x, y, w, h]: [f64; 4], tone: Tone, step: f64, width: f64) -> Result<(), PlotError> {
        let mut c = step / 2.0;
        while c < w + h {
            let from = (c.min(w), c - c.min(w));
            let to = (c - c.min(h), c.min(h));
            self.line(&[(x + from.0, y + from.1), (x + to.0, y + to.1)], tone, width)?;
            c += step;
        }
        Ok(())
    }

    /// A bar of a series: solid, or pale with an outline and perhaps stripes.
    pub fn bar(&self, at: [f64; 4], tone: Tone, fill: Fill) -> Result<(), PlotError> {
        if at[3] <= 0.0 {
            return Ok(());
        }
        match fill {
            Fill::Solid => return self.rect(at, tone, 1.0),
            Fill::Striped => {
                self.rect(at, tone, 0.16)?;
                self.stripes(at, tone, 6.0, 1.7)?;
            }
            Fill::Outlined => self.rect(at, tone, 0.34)?,
            Fill::Crossed => {
                self.rect(at, tone, 0.16)?;
                self.stripes(at, tone, 8.0, 1.2)?;
                self.counter_stripes(at, tone, 8.0, 1.2)?;
            }
        }
        self.outline([at[0] + 0.6, at[1] + 0.6, at[2] - 1.2, (at[3] - 0.6).max(0.1)], tone, 1.2)
    }

    pub fn line(&self, points: &[(f64, f64)], tone: Tone, width: f64) -> Result<(), PlotError> {
        self.stroke(points, tone, width, 1.0)
    }

    pub fn stroke(&self, points: &[(f64, f64)], tone: Tone, width: f64, opacity: f64) -> Result<(), PlotError> {
        let style = ShapeStyle { color: tone.light.mix(opacity), filled: false, stroke_width: fine(width) as u32 };
        let points: Vec<(i32, i32)> = points.iter().map(|&(x, y)| (fine(x), fine(y))).collect();
        self.area.draw(&PathElement::new(points, style)).map_err(Self::fail)
    }

    /// A broken line through the points, dashes of `on` with gaps of `off`.
    pub fn dashes(
        &self,
        points: &[(f64, f64)],
        tone: Tone,
        width: f64,
        (on, off): (f64, f64),
    ) -> Result<(), PlotError> {
        let (mut drawn, mut left) = (true, on);
        let mut piece = points.first().map(|p| vec![*p]).unwrap_or_default();
        for pair in points.windows(2) {
            let (mut from, to) = (pair[0], pair[1]);
            loop {
                let length = (to.0 - from.0).hypot(to.1 - from.1);
                if length <= left {
                    left -= length;
                    piece.push(to);
                    break;
                }
                let t = left / length;
                from = (from.0 + (to.0 - from.0) * t, from.1 + (to.1 - from.1) * t);
                piece.push(from);
                if drawn {
                    self.line(&piece, tone, width)?;
                }
                piece = vec![from];
                drawn = !drawn;
                left = if drawn { on } else { off };
            }
        }
        if drawn && piece.len() > 1 { self.line(&piece, tone, width) } else { Ok(()) }
    }

    pub fn polygon(&self, points: &[(f64, f64)], tone: Tone, opacity: f64) -> Result<(), PlotError> {
        let points: Vec<(i32, i32)> = points.iter().map(|&(x, y)| (fine(x), fine(y))).collect();
        self.area.draw(&Polygon::new(points, tone.light.mix(opacity))).map_err(Self::fail)
    }

    /// A dot with a rim in the colour of the background, so that it shows on bars too.
    pub fn dot(&self, (x, y): (f64, f64), radius: f64, tone: Tone) -> Result<(), PlotError> {
        let at = (fine(x), fine(y));
        self.area.draw(&Circle::new(at, fine(radius + 0.9), SURFACE.light.filled())).map_err(Self::fail)?;
        self.area.draw(&Circle::new(at, fine(radius), tone.light.filled())).map_err(Self::fail)
    }

    /// An open dot.
    pub fn ring(&self, (x, y): (f64, f64), radius: f64, tone: Tone, width: f64) -> Result<(), PlotError> {
        let at = (fine(x), fine(y));
        self.area.draw(&Circle::new(at, fine(radius + 0.9), SURFACE.light.filled())).map_err(Self::fail)?;
        let style = ShapeStyle { color: tone.light.to_rgba(), filled: false, stroke_width: fine(width) as u32 };
        self.area.draw(&Circle::new(at, fine(radius - width / 2.0), style)).map_err(Self::fail)
    }

    /// An upright interval at `x` between two heights; those that `ends` say so have short caps.
    pub fn whisker(&self, x: f64, ends: [(f64, bool); 2], cap: f64, tone: Tone) -> Result<(), PlotError> {
        self.line(&ends.map(|(y, _)| (x, y)), tone, 1.3)?;
        for (y, _) in ends.into_iter().filter(|(_, capped)| *capped) {
            self.line(&[(x - cap, y), (x + cap, y)], tone, 1.3)?;
        }
        Ok(())
    }

    /// Text centred vertically at its point.
    pub fn text(&self, text: &str, (x, y): (f64, f64), look: Type) -> Result<(), PlotError> {
        self.area.draw_text(text, &look.style(), (fine(x), fine(y))).map_err(Self::fail)
    }

    /// Text that runs upwards.
    pub fn upright(&self, text: &str, (x, y): (f64, f64), look: Type) -> Result<(), PlotError> {
        let style = look.style().transform(FontTransform::Rotate270);
        self.area.draw_text(text, &style, (fine(x), fine(y))).map_err(Self::fail)
    }

    /// Width of text in pixels.
    pub fn measure(&self, text: &str, look: Type) -> f64 {
        self.area.estimate_text_size(text, &look.style()).map_or(0.0, |(w, _)| f64::from(w) / FONT / FINE)
    }

    /// A place that shows `text` when pointed at.
    pub fn spot(&self, at: [f64; 4], text: String) {
        self.spots.borrow_mut().push(Spot { at, text });
    }

    /// A picture of `columns` pixels a row (red, green, blue), above everything drawn.
    pub fn image(&self, at: [f64; 4], columns: usize, rgb: Vec<u8>) {
        self.rasters.borrow_mut().push(Raster::new(at, columns, rgb));
    }

    /// Title in bold with a quieter line under it, at the top left.
    pub fn heading(&self, title: &str, sub: &str) -> Result<(), PlotError> {
        self.text(title, (24.0, 25.0), Type::new(17.0, INK).bold())?;
        self.text(sub, (24.0, 47.0), Type::new(12.5, MUTED))
    }
}

/// Draws a plot of this size in pixels.
pub fn draw(
    name: &str,
    alt: String,
    (width, height): (f64, f64),
    paint: impl FnOnce(&Pen) -> Result<(), PlotError>,
) -> Result<Plot, PlotError> {
    if !*FONTS {
        return Err(PlotError::Font);
    }
    let mut svg = String::new();
    let (spots, rasters);
    {
        let area = SVGBackend::with_string(&mut svg, (fine(width) as u32, fine(height) as u32)).into_drawing_area();
        let pen = Pen { area, spots: RefCell::default(), rasters: RefCell::default() };
        pen.rect([0.0, 0.0, width, height], SURFACE, 1.0)?;
        paint(&pen)?;
        pen.area.present().map_err(Pen::fail)?;
        (spots, rasters) = (pen.spots.into_inner(), pen.rasters.into_inner());
    }
    // what plotters puts around the shapes is replaced by our own opening
    let start = svg.find("<rect").ok_or_else(|| PlotError::Draw("no shapes".into()))?;
    let end = svg.rfind("</svg>").ok_or_else(|| PlotError::Draw("no end".into()))?;
    let body = svg[start..end]
        .replace(&format!("font-family=\"{FAMILY}\" "), "")
        .replace(" opacity=\"1\"", "")
        .replace(" stroke-width=\"1\"", "")
        .replace(">\n", ">")
        .replace("\n<", "<");
    Ok(Plot { name: name.to_string(), alt, width, height, body, spots, rasters })
}

/// A rectangle with an axis each way: turns values into positions.
#[derive(Debug, Clone)]
pub struct Frame {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub x: (f64, f64),
    pub y: (f64, f64),
}

impl Frame {
    pub fn x(&self, v: f64) -> f64 {
        self.left + self.width * (v - self.x.0) / (self.x.1 - self.x.0)
    }
    pub fn y(&self, v: f64) -> f64 {
        self.top + self.height * (1.0 - (v - self.y.0) / (self.y.1 - self.y.0))
    }
    pub fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.x(x), self.y(y))
    }
    pub fn right(&self) -> f64 {
        self.left + self.width
    }
    pub fn bottom(&self) -> f64 {
        self.top + self.height
    }
}

/// Round tick values that cover `low..=high`: about `wanted` of them.
pub fn ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let raw = (high - low).max(f64::MIN_POSITIVE) / wanted.max(1) as f64;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= raw * 0.999).unwrap_or(raw);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|i| i as f64 * step).collect()
}

/// A tick's value with the digits that the distance between ticks needs.
pub fn tick_label(value: f64, step: f64) -> String {
    let digits = (0..6).find(|d| (step * 10f64.powi(*d) - (step * 10f64.powi(*d)).round()).abs() < 1e-6).unwrap_or(6);
    let text = format!("{value:.*}", digits as usize);
    if text.trim_start_matches(['-', '0', '.']).is_empty() { "0".into() } else { text.replace('-', "−") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 1.0, 5), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(ticks(-10.0, 5.0, 4), [-10.0, -5.0, 0.0, 5.0]);
        assert!(!ticks(0.5, 0.5, 4).is_empty());
    }

    #[test]
    fn tick_labels_have_no_noise() {
        let step = 0.1;
        assert_eq!(tick_label(step * 3.0, step), "0.3");
        assert_eq!(tick_label(-0.0, 2.5), "0");
        assert_eq!(tick_label(-2.5, 2.5), "−2.5");
        assert_eq!(tick_label(95.2, 0.25), "95.20");
    }

    #[test]
    fn alt_and_spots_are_escaped() {
        let plot = draw("x", "a \"b\" <c>".into(), (40.0, 20.0), |pen| {
            pen.text("1 < 2 & 3", (2.0, 10.0), Type::new(10.0, MUTED))?;
            pen.spot([0.0, 0.0, 5.0, 5.0], "<script>".into());
            Ok(())
        })
        .unwrap();
        let inline = plot.inline();
        assert!(!inline.contains("<script>") && !inline.contains("<c>"), "{inline}");
        assert!(inline.contains("1 &lt; 2 &amp; 3"), "{inline}");
        let png = plot.png(1.0).unwrap();
        assert_eq!(&png[1..4], b"PNG");
    }

    #[test]
    fn stripes_stay_inside() {
        let plot = draw("x", String::new(), (40.0, 40.0), |pen| pen.stripes([10.0, 10.0, 20.0, 5.0], MUTED, 4.0, 1.0))
            .unwrap();
        for points in plot.file().split("points=\"").skip(1) {
            for p in points.split('"').next().unwrap().split_whitespace() {
                let (x, y) = p.split_once(',').unwrap();
                let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
                assert!((100.0..=300.0).contains(&x) && (100.0..=150.0).contains(&y), "{x} {y}");
            }
        }
    }
}
