//! One colour for each rule and feedback kind, the same in every figure, in light and in dark.
//!
//! Plots are drawn in the light colours; [`theme_css`] maps each to its dark twin where the page is dark.
//! Blues carry random matrices, oranges binary ones, the lighter of each pair follows the signs of `W`
//! (Okabe and Ito's colour-blind-safe set); green is Hebb's rule and purple Oja's wherever they stand. Options of a
//! rule keep its colour and change the fill.

use std::fmt::Write;

use plotters::style::RGBColor;

use crate::feedback::{KINDS, KindEntry};
use crate::rules::RuleSpec;
use crate::study::Cell;

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

/// How the area of a series is filled, so that options of one rule share its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    Solid,
    /// Paler with stripes: norm-matched, threshold, renormalised, one layer frozen.
    Striped,
    /// Pale with an outline.
    Outlined,
    /// Paler with stripes both ways.
    Crossed,
}

impl Fill {
    pub fn is_solid(self) -> bool {
        self == Fill::Solid
    }
    /// Class of a swatch, after the colour's.
    pub fn class(self) -> &'static str {
        match self {
            Fill::Solid => "",
            Fill::Striped => " sw-hatched",
            Fill::Outlined => " sw-outlined",
            Fill::Crossed => " sw-crossed",
        }
    }
}

/// How one series is drawn and called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    pub tone: Tone,
    pub fill: Fill,
    /// Name in legends: `backpropagation`, `fixed binary, norm-matched`.
    pub label: String,
    /// Name for CSS classes: `bp`, `random-sign`.
    pub class: &'static str,
}

/// Colours by name: a baseline, a feedback kind, a local rule, a reading.
const TONES: &[(&str, Tone)] = &[
    ("bp", tone(0x4a5665, 0xb6c0cd)),
    ("linear", tone(0x9aa4b0, 0x7b8694)),
    ("frozen", tone(0x8a6a3f, 0xc9a673)),
    ("random", tone(0x0067a3, 0x4ba6dd)),
    ("random-sign", tone(0x4fb0e6, 0x9bd7f7)),
    ("binary", tone(0xc94f00, 0xf07f3c)),
    ("binary-sign", tone(0xe99a06, 0xfbc65e)),
    ("hebb", tone(0x00875f, 0x2fc496)),
    ("oja", tone(0x7457a6, 0xb59ee2)),
    ("subspace", tone(0xb4559a, 0xe596cf)),
    ("kolen-pollack", tone(0x127d8c, 0x4fc3d2)),
    ("drtp", tone(0x857a10, 0xcfc24a)),
    ("kept", tone(0x2f74c0, 0x7fb4ee)),
    // the sum rule: the larger beta, the darker (and on a dark page the brighter)
    ("hebb-1", tone(0xa6dbc8, 0x1b5443)),
    ("hebb-2", tone(0x7cc9ae, 0x1f6f57)),
    ("hebb-3", tone(0x4fb592, 0x238b6c)),
    ("hebb-4", tone(0x1f9d75, 0x29a880)),
    ("hebb-5", tone(0x007a55, 0x46d3a5)),
    ("hebb-6", tone(0x00503a, 0x9beccf)),
    ("oja-1", tone(0xd6cbea, 0x41345c)),
    ("oja-2", tone(0xbaa9dc, 0x55437a)),
    ("oja-3", tone(0x9f89cd, 0x6b5599)),
    ("oja-4", tone(0x856abb, 0x846bb9)),
    ("oja-5", tone(0x65479c, 0xa48dd8)),
    ("oja-6", tone(0x432a73, 0xd5c7f3)),
];
const OTHER: Tone = tone(0x6b6f2a, 0xb4b96a);

/// Place of a beta among the ramp's colours: a decade each, 0.1 the last.
fn place(beta: &str) -> usize {
    let beta: f64 = beta.parse().unwrap_or(0.0);
    if beta > 0.0 { (beta.log10().round() + 7.0).clamp(1.0, 6.0) as usize } else { 1 }
}

fn local_name(local: &str) -> &'static str {
    match local {
        "oja" => "Oja",
        "oja-subspace" => "Oja, subspace",
        _ => "Hebb",
    }
}

/// The tone, fill and name of B's kind.
fn of_feedback(rule: &RuleSpec, kind: &'static KindEntry) -> (&'static str, Fill, String) {
    let mut label = match kind.name {
        name if name.starts_with("hebb") || name.starts_with("oja") => format!("B {}", kind.title),
        _ => kind.title.to_string(),
    };
    let mut fill = Fill::Solid;
    match rule.option("scale") {
        Some("matched") => (fill, label) = (Fill::Striped, label + ", norm-matched"),
        Some(_) => label += ", ±1",
        None => {}
    }
    if rule.option("renormalise") == Some("yes") {
        (fill, label) = (Fill::Striped, label + ", renormalised");
    }
    if rule.option("start") == Some("transpose") {
        fill = if fill.is_solid() { Fill::Outlined } else { Fill::Crossed };
        label += ", started at the weights";
    }
    if let Some(decay) = rule.option("decay") {
        if decay == "0" {
            fill = Fill::Striped;
        }
        label += &format!(", decay {decay}");
    }
    let tone = match kind.name {
        "oja-g1" => "oja",
        "oja-subspace" => "subspace",
        "binary-sign-top" => "binary-sign",
        name => name,
    };
    (tone, fill, label)
}

/// The series of a cell.
pub fn series(cell: &Cell) -> Series {
    let rule = &cell.rule;
    let option = |key| rule.option(key).unwrap_or_default();
    let kind = rule.option("feedback").and_then(|name| KINDS.iter().find(|k| k.name == name));
    let tone_of_local = match option("local") {
        "oja" => "oja",
        "oja-subspace" => "subspace",
        _ => "hebb",
    };
    let (name, fill, label) = match (rule.name(), kind) {
        ("drtp", Some(kind)) if kind.name != "random" => {
            let (_, fill, of) = of_feedback(rule, kind);
            ("drtp", if fill.is_solid() { Fill::Outlined } else { fill }, format!("direct targets, {of}"))
        }
        ("drtp", _) => ("drtp", Fill::Solid, "direct random targets".into()),
        (_, Some(kind)) => of_feedback(rule, kind),
        ("bp", _) if cell.network.depth == 0 => ("linear", Fill::Solid, "linear classifier".into()),
        ("bp", _) => ("bp", Fill::Solid, "backpropagation".into()),
        ("frozen", _) => ("frozen", Fill::Solid, "frozen random features".into()),
        ("hebbnet", _) => {
            let (fill, more) = match option("variant") {
                "t" => (Fill::Striped, " + threshold"),
                "t-gs" => (Fill::Outlined, " + threshold + sparsity"),
                _ => (Fill::Solid, ""),
            };
            let mut label = format!("{}{more}", local_name(option("local")));
            let mut fill = fill;
            if option("mask") == "random" {
                (fill, label) = (Fill::Crossed, label + ", random mask");
            }
            if option("sign") == "minus" {
                label += ", subtracted";
            }
            (tone_of_local, fill, label)
        }
        ("sum", _) => {
            let ramp = match option("local") {
                "oja" => ["oja-1", "oja-2", "oja-3", "oja-4", "oja-5", "oja-6"],
                _ => ["hebb-1", "hebb-2", "hebb-3", "hebb-4", "hebb-5", "hebb-6"],
            };
            let literal = option("sign") == "literal";
            let label = format!(
                "beta {} {}{}",
                option("beta"),
                local_name(option("local")),
                if literal { ", subtracted" } else { "" }
            );
            (ramp[place(option("beta")) - 1], if literal { Fill::Striped } else { Fill::Solid }, label)
        }
        ("hd", _) => {
            let (tone, reading) = match option("reading") {
                "k" => ("kept", "K (derivative kept)"),
                "o1" => ("oja", "O1 (Oja's factor)"),
                "o2" => ("subspace", "O2 (Oja's expression)"),
                _ => ("hebb", "D (derivative dropped)"),
            };
            let (fill, more) = match (option("train"), option("centre")) {
                ("output", _) => (Fill::Striped, ", hidden frozen"),
                ("hidden", _) => (Fill::Outlined, ", output frozen"),
                (_, "none") => (Fill::Crossed, ", no centre"),
                _ => (Fill::Solid, ""),
            };
            (tone, fill, format!("{reading}{more}"))
        }
        ("growth", _) => (tone_of_local, Fill::Solid, format!("{} alone", local_name(option("local")))),
        _ => ("other", Fill::Solid, rule.entry().title.to_lowercase()),
    };
    let found = TONES.iter().find(|t| t.0 == name);
    Series { tone: found.map_or(OTHER, |t| t.1), fill, label, class: found.map_or("other", |t| t.0) }
}

/// The colour called `name`, for what is no cell.
pub fn named(name: &str) -> Tone {
    TONES.iter().find(|t| t.0 == name).map_or(OTHER, |t| t.1)
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
    fn every_cell_of_a_figure_has_its_own_look_and_name() {
        for figure in figures::REGISTRY.iter() {
            let mut seen: Vec<(Series, (String, String))> = Vec::new();
            for cell in figure.cells() {
                let (s, rule) = (series(&cell), (cell.rule.to_string(), (cell.network.depth > 0).to_string()));
                assert_ne!(s.class, "other", "{cell} has no colour");
                for (other, of) in seen.iter().filter(|(_, of)| *of != rule) {
                    assert!(
                        (other.tone, other.fill) != (s.tone, s.fill) && other.label != s.label,
                        "figure {}: {cell} looks or is called like {of:?}",
                        figure.id
                    );
                }
                seen.push((s, rule));
            }
        }
    }

    #[test]
    fn names_in_legends() {
        for (cell, label) in [
            ("mnist/linear/bp", "linear classifier"),
            ("mnist/1x2000/hebbnet/local=hebb,variant=t", "Hebb + threshold"),
            ("mnist/1x2000/sum/beta=1e-4,local=oja", "beta 1e-4 Oja"),
            ("mnist/1x2000/fa/feedback=hebb,renormalise=yes", "B trained by Hebb, renormalised"),
            ("mnist/1x2000/fa/feedback=kolen-pollack,decay=0", "Kolen-Pollack, decay 0"),
            ("mnist/1x2000/hd/reading=d,train=output", "D (derivative dropped), hidden frozen"),
        ] {
            assert_eq!(series(&cell.parse().unwrap()).label, label);
        }
    }

    #[test]
    fn light_colours_are_told_apart_by_value() {
        let css = theme_css();
        for c in ["#1D2733", "#566170", "#0067A3"] {
            assert_eq!(css.matches(&format!("[fill=\"{c}\"]")).count(), 1);
        }
        for (name, tone) in TONES {
            let count = css.matches(&format!("[fill=\"{}\"]", hex(tone.light))).count();
            assert_eq!(count, 1, "{name}: another colour looks the same on paper");
        }
    }
}
