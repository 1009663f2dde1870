//! Frames as HTML tables, with numbers that can be read.

use polars::prelude::*;

use crate::report::format::escape;

/// Longer tables are shown by their first rows.
const WHOLE: usize = 20;
const FIRST: usize = 10;
const COLUMNS: usize = 10;

/// The same columns as plain text, for readers that show no HTML.
pub(super) fn text(frame: &DataFrame) -> String {
    let shown = frame.get_column_names().into_iter().take(COLUMNS).cloned();
    frame.select(shown).map_or_else(|error| error.to_string(), |f| f.to_string())
}

/// A table of the first rows, and how many there are in all.
pub(super) fn table(frame: &DataFrame) -> String {
    let names: Vec<&str> = frame.get_column_names().iter().map(|n| n.as_str()).collect();
    let shown = &names[..names.len().min(COLUMNS)];
    // Jupyter sets every cell to the right, which is for numbers
    let side = |name: &str| match frame.column(name).is_ok_and(|c| c.dtype().is_string()) {
        true => " style=\"text-align:left\"",
        false => "",
    };
    let rows = if frame.height() > WHOLE { FIRST } else { frame.height() };
    let mut html = String::from("<table><thead><tr>");
    shown.iter().for_each(|name| html += &format!("<th{}>{}</th>", side(name), escape(name)));
    html += "</tr></thead><tbody>";
    for row in 0..rows {
        html += "<tr>";
        for name in shown {
            let value = frame.column(name).and_then(|c| c.get(row)).map(|v| cell(&v)).unwrap_or_default();
            html += &format!("<td{}>{}</td>", side(name), escape(&value));
        }
        html += "</tr>";
    }
    html += "</tbody></table>";
    let mut note = format!("{} × {}", plural(frame.height(), "row"), plural(names.len(), "column"));
    if frame.height() > rows {
        note += &format!("; the first {rows} rows");
    }
    if names.len() > COLUMNS {
        note += &format!("; not shown: {}", names[COLUMNS..].join(", "));
    }
    html + &format!("<p><small>{}</small></p>", escape(&note))
}

fn plural(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

fn cell(value: &AnyValue) -> String {
    match value {
        AnyValue::Null => "–".into(),
        AnyValue::Float64(v) => number(*v),
        AnyValue::Float32(v) => number(f64::from(*v)),
        AnyValue::Binary(b) => plural(b.len(), "byte"),
        AnyValue::BinaryOwned(b) => plural(b.len(), "byte"),
        // hashes say enough with their first digits
        AnyValue::String(s) if s.len() >= 32 && s.bytes().all(|b| b.is_ascii_hexdigit()) => format!("{}…", &s[..8]),
        AnyValue::String(s) => (*s).to_string(),
        AnyValue::StringOwned(s) => s.to_string(),
        other => other.to_string(),
    }
}

/// Four significant digits, never an exponent where four decimals do.
fn number(v: f64) -> String {
    match v.abs() {
        a if !a.is_finite() => v.to_string(),
        0.0 => "0".into(),
        a if !(1e-4..1e6).contains(&a) => format!("{v:.3e}"),
        a if a >= 1000.0 => format!("{v:.0}"),
        a if a >= 10.0 => format!("{v:.2}"),
        _ => {
            let text = format!("{v:.4}");
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_escaped_cut_and_counted() {
        let frame =
            df!("a<b" => (0..25).collect::<Vec<i32>>(), "x" => vec![1.0 / 3.0; 25], "t" => vec!["&"; 25]).unwrap();
        let html = table(&frame);
        assert!(html.contains("<th>a&lt;b</th>") && html.contains("<td>0.3333</td>"));
        assert!(html.contains("<td style=\"text-align:left\">&amp;</td>"));
        assert_eq!(html.matches("<tr>").count(), 11);
        assert!(html.contains("25 rows × 3 columns; the first 10 rows"));
    }

    #[test]
    fn text_has_the_columns_of_the_table() {
        let columns = (0..COLUMNS + 2).map(|i| Column::new(format!("c{i}").into(), [7]));
        let frame = DataFrame::new(1, columns.collect()).unwrap();
        let text = text(&frame);
        assert!(text.contains("c0") && text.contains("shape: (1, 10)"), "{text}");
        assert!(!text.contains("c10") && !text.contains("c11"), "{text}");
    }

    #[test]
    fn numbers_are_short() {
        for (v, text) in [(0.1, "0.1"), (0.96231, "0.9623"), (54.321, "54.32"), (1e-5, "1.000e-5"), (12345.6, "12346")]
        {
            assert_eq!(number(v), text);
        }
    }
}
