//! One colour for each rule and feedback kind, the same in every figure, in light and in dark.
//!
//! Plots are drawn in the light colours; [`theme_css`] maps each to its dark twin where the page is dark.
//! Blues carry random matrices, oranges binary ones, the lighter of each pair follows the signs of `W`
//! (Okabe and Ito's colour-blind-safe set). Norm-matched kinds keep their colour and are hatched.

use std::fmt::Write;

use plotters::style::RGBColor;

use crate::feedback::KINDS;
use crate::rules::RuleSpec;

/// A colour in both themes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tone {
    pub light: RGBColor,
    pub dark: RGBColor,
}

const fn rgb(v: u32) -> RGBColor {
    RGBColor((v >> 16) as u8, (v >> 8) as u8, v as u8)
}

const fn tone(light: u32, dark: u32) -> Tone {
    Tone { light: rgb(light), dark: rgb(dark) }
}

/// Text and axes.
pub const INK: Tone = tone(0x1d2733, 0xe8ecf1);
/// Secondary text.
pub const MUTED: Tone = tone(0x566170, 0xa9b4c2);
/// Grid lines.
pub const GRID: Tone = tone(0xe3e6ea, 0x323a46);
/// Behind the plot.
pub const SURFACE: Tone = tone(0xffffff, 0x1a2029);
/// Shaded bands and separators.
pub const BAND: Tone = tone(0xf3f5f8, 0x222a35);
/// Chance level.
pub const CHANCE: Tone = tone(0x9b2d5e, 0xf08fbd);

/// How one series is drawn and called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    pub tone: Tone,
    /// Paler fill with stripes (norm-matched).
    pub hatched: bool,
    /// Name in legends: `backpropagation`, `fixed binary, norm-matched`.
    pub label: String,
    /// Name for CSS classes: `bp`, `random-sign`.
    pub class: &'static str,
}

/// Colours by name: a rule without feedback, or a feedback kind.
const TONES: &[(&str, Tone)] = &[
    ("bp", tone(0x4a5665, 0xb6c0cd)),
    ("random", tone(0x0067a3, 0x4ba6dd)),
    ("random-sign", tone(0x4fb0e6, 0x9bd7f7)),
    ("binary", tone(0xc94f00, 0xf07f3c)),
    ("binary-sign", tone(0xe99a06, 0xfbc65e)),
];
const OTHER: Tone = tone(0x7a5ea8, 0xb9a2e3);

/// The series of a rule with its options.
pub fn series(rule: &RuleSpec) -> Series {
    let kind = rule.option("feedback").and_then(|name| KINDS.iter().find(|k| k.name == name));
    let name = kind.map_or(rule.name(), |k| k.name);
    let found = TONES.iter().find(|t| t.0 == name);
    let scale = rule.option("scale");
    let label = match (kind, scale) {
        (Some(k), Some("matched")) => format!("{}, norm-matched", k.title),
        (Some(k), Some(_)) => format!("{}, ±1", k.title),
        (Some(k), None) => k.title.to_string(),
        (None, _) => rule.entry().title.to_lowercase(),
    };
    Series {
        tone: found.map_or(OTHER, |t| t.1),
        hatched: scale == Some("matched"),
        label,
        class: found.map_or("other", |t| t.0),
    }
}

/// `#1D2733`, as plotters writes it.
pub fn hex(c: RGBColor) -> String {
    format!("#{:02X}{:02X}{:02X}", c.0, c.1, c.2)
}

/// CSS custom properties for both themes, and rules that let inline plots follow them.
pub fn theme_css() -> String {
    let mut named: Vec<(&str, Tone)> = vec![
        ("ink", INK),
        ("muted", MUTED),
        ("grid", GRID),
        ("surface", SURFACE),
        ("band", BAND),
        ("chance", CHANCE),
        ("other", OTHER),
    ];
    named.extend_from_slice(TONES);
    let block = |pick: fn(&Tone) -> RGBColor| {
        named.iter().fold(String::new(), |mut css, (name, tone)| {
            write!(css, "--p-{name}:{};", hex(pick(tone))).expect("a string takes all");
            css
        })
    };
    let mut css = format!(
        ":root{{{}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{}}}}}\n",
        block(|t| t.light),
        block(|t| t.dark)
    );
    for (name, tone) in &named {
        let c = hex(tone.light);
        writeln!(css, ".plot [fill=\"{c}\"]{{fill:var(--p-{name})}}.plot [stroke=\"{c}\"]{{stroke:var(--p-{name})}}")
            .expect("a string takes all");
        writeln!(css, ".sw-{name}{{--sw:var(--p-{name})}}").expect("a string takes all");
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::figures;

    #[test]
    fn every_cell_has_its_own_look() {
        let mut seen: Vec<Series> = Vec::new();
        for figure in figures::REGISTRY {
            for cell in figure.cells() {
                let s = series(&cell.rule);
                assert_ne!(s.class, "other", "{cell} has no colour");
                if !seen.contains(&s) {
                    assert!(seen.iter().all(|o| o.tone != s.tone || o.hatched != s.hatched), "{cell}: colour taken");
                    seen.push(s);
                }
            }
        }
        assert_eq!(seen.len(), 7);
    }

    #[test]
    fn light_colours_are_told_apart_by_value() {
        let css = theme_css();
        for c in ["#1D2733", "#566170", "#0067A3"] {
            assert_eq!(css.matches(&format!("[fill=\"{c}\"]")).count(), 1);
        }
    }
}
