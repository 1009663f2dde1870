//! Numbers to text: the only place that decides digits, signs and units.

/// A missing value in tables.
pub const NONE: &str = "–";

/// The one sign for less than zero, instead of a hyphen.
fn signed(text: String) -> String {
    text.strip_prefix('-').map_or_else(|| text.clone(), |rest| format!("−{rest}"))
}

/// A number for other programs: twelve digits that count, so that `0.9601 * 100` is `96.01`.
pub fn exact(v: f64) -> String {
    format!("{v:.11e}").parse::<f64>().unwrap_or(v).to_string()
}

/// A fraction as percent with two decimals, without the sign: `96.23`.
pub fn percent(v: f64) -> String {
    signed(format!("{:.2}", v * 100.0))
}

pub fn percent_or_none(v: Option<f64>) -> String {
    v.map_or_else(|| NONE.into(), percent)
}

/// A difference of fractions in percentage points, always signed: `+0.31`, `−1.20`, `0.00`.
pub fn points(v: f64) -> String {
    let text = format!("{:.2}", (v * 100.0).abs());
    match text.as_str() {
        "0.00" => text,
        _ if v < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

/// Stands behind an end of an interval that [`interval`] clipped.
const CLIPPED: char = '†';

/// What [`interval`]'s mark means.
pub const CLIPPED_NOTE: &str = "†: the t interval reached beyond 0 or 100%, which no accuracy can.";

/// What an accuracy can be.
pub fn possible(v: f64) -> f64 {
    v.clamp(0.0, 1.0)
}

/// Whether an interval of an accuracy reaches beyond what one can be.
pub fn is_clipped(low: Option<f64>, high: Option<f64>) -> bool {
    low.into_iter().chain(high).any(|v| possible(v) != v)
}

/// `95.81 to 96.65` of an accuracy; an end that no accuracy can have stands at the limit, marked: `57.45 to 100.00†`.
pub fn interval(low: Option<f64>, high: Option<f64>) -> String {
    let end = |v: f64| {
        let mark = if possible(v) == v { String::new() } else { CLIPPED.into() };
        percent(possible(v)) + &mark
    };
    match (low, high) {
        (Some(l), Some(h)) => format!("{} to {}", end(l), end(h)),
        _ => NONE.into(),
    }
}

/// `−1.20 to +0.31`.
pub fn points_interval(low: Option<f64>, high: Option<f64>) -> String {
    match (low, high) {
        (Some(l), Some(h)) => format!("{} to {}", points(l), points(h)),
        _ => NONE.into(),
    }
}

/// `96.23 ± 0.31`; without a deviation (one run) the mean alone.
pub fn mean_std(mean: Option<f64>, std: Option<f64>) -> String {
    match (mean, std) {
        (Some(m), Some(s)) => format!("{} ± {}", percent(m), percent(s)),
        (Some(m), None) => percent(m),
        _ => NONE.into(),
    }
}

/// A standard deviation in points, with enough digits to tell a tiny one from zero.
pub fn deviation(v: Option<f64>) -> String {
    match v {
        None => NONE.into(),
        Some(0.0) => "exactly 0".into(),
        Some(v) => format!("{:.3}", v * 100.0),
    }
}

/// Thousands apart: `10,116`.
pub fn count(v: u64) -> String {
    let digits = v.to_string();
    let mut out = String::with_capacity(digits.len() + 4);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `14 min 20 s`, `3.2 s`, `2 h 5 min`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return NONE.into();
    }
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    let s = seconds.round() as u64;
    match (s / 3600, s / 60 % 60, s % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// A learning rate as short as it is exact: `0.0316`, `1e-4`.
pub fn rate(v: f64) -> String {
    if v != 0.0 && v.abs() < 1e-3 { format!("{v:e}") } else { format!("{v}") }
}

/// Three digits, for rates of a half-decade grid; the files hold them all.
pub fn short_rate(v: f64) -> String {
    rate(format!("{v:.2e}").parse().unwrap_or(v))
}

/// Three digits that count: `0.0123`, `1.23`, `123`, `1.2e-7`.
pub fn digits(v: f64) -> String {
    // what is rounded up to the next power of ten has that power's digits
    let rounded: f64 = format!("{:.2e}", v.abs()).parse().unwrap_or(v.abs());
    signed(match rounded {
        0.0 => "0".into(),
        a if !(1e-3..1e5).contains(&a) => format!("{v:.1e}"),
        a if a >= 100.0 => format!("{v:.0}"),
        a if a >= 10.0 => format!("{v:.1}"),
        a if a >= 1.0 => format!("{v:.2}"),
        _ => format!("{v:.3}"),
    })
}

/// `one`, `two` ... as words up to ten.
pub fn words(n: usize) -> String {
    const WORDS: [&str; 11] = ["none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    WORDS.get(n).map_or_else(|| count(n as u64), |w| (*w).to_string())
}

/// `1 cell`, `3 cells`.
pub fn plural(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(n as u64), if n == 1 { one } else { many })
}

/// Lines as they are, in a fence longer than any within.
pub fn markdown_block(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}toml\n{}\n{fence}", text.trim_end())
}

/// `Width: test accuracy`; after a title that ends a sentence, `Does width help? Test accuracy`.
pub fn headed(title: &str, rest: &str) -> String {
    if !title.ends_with(['?', '!', '.']) {
        return format!("{title}: {rest}");
    }
    let mut chars = rest.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{title} {first}{}", chars.as_str())
}

/// `MNIST`, `MNIST and CIFAR-10`, `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// For HTML and SVG, text and attributes.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML has no way to write other control characters
            c if c.is_control() && c != '\n' && c != '\t' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// For Markdown, in running text and in tables.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// For Markdown between backticks, in tables too.
pub fn markdown_code(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|c| {
            if c == '`' {
                '\''
            } else if c.is_control() {
                ' '
            } else {
                c
            }
        })
        .collect();
    format!("`{}`", clean.replace('|', "\\|"))
}

/// For LaTeX.
pub fn latex(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => {
                out.push('\\');
                out.push(c);
            }
            '\\' => out.push_str("\\textbackslash{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '±' => out.push_str("$\\pm$"),
            '‖' => out.push_str("$\\|$"),
            '°' => out.push_str("$^\\circ$"),
            '†' => out.push_str("$^\\dagger$"),
            '²' => out.push_str("$^2$"),
            '×' => out.push_str("$\\times$"),
            '−' => out.push_str("$-$"),
            '√' => out.push_str("$\\surd$"),
            '–' => out.push_str("--"),
            c => out.push(c),
        }
    }
    out
}

/// The name of a figure in a sentence.
pub fn figure_named(id: &str) -> String {
    match id {
        "five-runs" => "the five-run check".into(),
        "growth" => "the growth of weights".into(),
        "beyond" => "what goes beyond the post".into(),
        _ if id.starts_with(|c: char| c.is_ascii_digit()) => format!("figure {id}"),
        _ => format!("“{id}”"),
    }
}

/// `figures 7 and 8 and the five-run check`.
pub fn figures_named<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    let (numbered, others): (Vec<&str>, Vec<&str>) = ids.partition(|id| id.starts_with(|c: char| c.is_ascii_digit()));
    let numbers: Vec<String> = numbered.iter().map(|id| (*id).to_string()).collect();
    let first = match numbers.len() {
        0 => None,
        1 => Some(figure_named(numbered[0])),
        _ => Some(format!("figures {}", list(&numbers))),
    };
    let all: Vec<String> = first.into_iter().chain(others.into_iter().map(figure_named)).collect();
    list(&all)
}

/// The first letter as a capital.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// Anchor of a figure and stem of its files.
pub fn slug(id: &str) -> String {
    if id.starts_with(|c: char| c.is_ascii_digit()) { format!("figure-{id}") } else { id.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_digits() {
        assert_eq!(points(0.00314), "+0.31");
        assert_eq!(points(-0.012), "−1.20");
        assert_eq!(points(-0.00001), "0.00");
        assert_eq!(mean_std(Some(0.5), None), "50.00");
        // one sign for less than zero
        assert_eq!(
            (percent(-0.0288), digits(-0.5), digits(-2e-7)),
            ("−2.88".into(), "−0.500".into(), "−2.0e-7".into())
        );
        assert_eq!([0.9996, 0.9994, 9.996, -99.96, 99_960.0].map(digits), ["1.00", "0.999", "10.0", "−100", "1.0e5"]);
        assert_eq!(count(1234567), "1,234,567");
        assert_eq!(count(12), "12");
        assert_eq!(duration(3.21), "3.2 s");
        assert_eq!(duration(59.9), "1 min");
        assert_eq!(duration(860.0), "14 min 20 s");
        assert_eq!(duration(7500.0), "2 h 5 min");
        assert_eq!(rate(0.0001), "1e-4");
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }

    #[test]
    fn intervals_of_accuracies_end_where_accuracies_do() {
        assert_eq!(interval(Some(0.9581), Some(0.9665)), "95.81 to 96.65");
        assert_eq!(interval(Some(0.5745), Some(1.0447)), "57.45 to 100.00†");
        assert_eq!(interval(Some(-0.0288), Some(0.3)), "0.00† to 30.00");
        assert!(!is_clipped(Some(0.0), Some(1.0)) && is_clipped(Some(-0.01), Some(0.5)) && !is_clipped(None, None));
        assert_eq!(latex(&interval(Some(0.5), Some(1.2))), "50.00 to 100.00$^\\dagger$");
    }

    #[test]
    fn escapes() {
        assert_eq!(escape("<a href='x'>&\u{1}"), "&lt;a href=&#39;x&#39;&gt;&amp;\u{fffd}");
        assert_eq!(markdown("a|b_c <i>\n"), "a\\|b\\_c &lt;i&gt; ");
        assert_eq!(markdown_code("a`b|c"), "`a'b\\|c`");
        assert_eq!(latex("50% ± a_b"), "50\\% $\\pm$ a\\_b");
    }
}
