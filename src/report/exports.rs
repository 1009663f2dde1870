//! Every table of the report for other programs: LaTeX to be `\input` into a paper, CSV for whatever reads tables.

use super::Sections;
use super::context::Page;
use super::format;
use super::tables::{Table, plain};
use super::verdicts::Verdicts;

/// Tables with the stems of their files, in the order of the page.
pub fn tables(page: &Page, sections: &Sections) -> Vec<(String, Table)> {
    let mut all = vec![];
    if !page.study_name.is_empty() || page.verdicts.rows.is_empty() {
        // a study of one's own judges nothing
    } else {
        all.push(("verdicts".to_string(), verdicts(&page.verdicts)));
    }
    if !page.headline.rows.is_empty() {
        all.push(("headline".into(), page.headline.clone()));
    }
    for figure in &page.figures {
        all.push((figure.slug.clone(), figure.table.clone()));
        if let Some(published) = &figure.published {
            all.push((published.id.clone(), published.clone()));
        }
    }
    let of_sections = sections.all().flat_map(|s| &s.tables);
    all.extend(of_sections.chain([&page.rates]).map(|t| (t.id.trim_end_matches("-table").to_string(), t.clone())));
    let of_robustness = page.robustness.iter().flat_map(|r| &r.tables);
    all.extend(of_robustness.map(|part| (part.slug.clone(), part.table.clone())));
    all
}

/// Every claim with its verdict, those that were not looked at too.
fn verdicts(verdicts: &Verdicts) -> Table {
    let mut titles = vec!["Claim", "What it says", "Verdict"];
    if !verdicts.reference.is_empty() {
        titles.push(&verdicts.reference);
    }
    titles.push("Why");
    let rows = verdicts.rows.iter().chain(&verdicts.absent).map(|c| {
        let provisional = if c.provisional { " (provisional)" } else { "" };
        let mut row = vec![c.id.to_string(), c.claim.to_string(), format!("{}{provisional}", c.verdict)];
        if !verdicts.reference.is_empty() {
            row.push(c.reference.clone());
        }
        row.push(c.reason.clone());
        row
    });
    plain("verdicts-table", &verdicts.caption, &titles, rows.collect())
}

/// Longest text of a column that still stands on one line of a page.
const ONE_LINE: usize = 44;

/// A `tabular` with booktabs rules; columns of sentences are paragraphs.
pub fn latex(table: &Table) -> String {
    let line = |fields: Vec<String>| format!("{} \\\\\n", fields.join(" & "));
    let longest = |i: usize| table.rows.iter().filter_map(|r| r.cells.get(i)).map(|f| f.text.chars().count()).max();
    let align: String = table
        .columns
        .iter()
        .enumerate()
        .map(|(i, c)| match longest(i) {
            _ if c.numeric => "r",
            Some(n) if n > ONE_LINE => "p{6cm}",
            _ => "l",
        })
        .collect();
    let mut out = format!("% {}\n% needs \\usepackage{{booktabs}}\n", table.caption.replace(['\n', '\r'], " "));
    out += &format!("\\begin{{tabular}}{{{align}}}\n\\toprule\n");
    out += &line(table.columns.iter().map(|c| format::latex(&c.title)).collect());
    out += "\\midrule\n";
    for row in &table.rows {
        out += &line(row.cells.iter().map(|f| format::latex(&f.whole())).collect());
    }
    out + "\\bottomrule\n\\end{tabular}\n"
}

/// Comma-separated: numbers as they are (not rounded), with what the page adds in a second line in a column of its own.
pub fn csv(table: &Table) -> String {
    let noted = |i: usize| table.rows.iter().any(|r| r.cells.get(i).is_some_and(|f| !f.note.is_empty()));
    let noted: Vec<bool> = (0..table.columns.len()).map(noted).collect();
    let mut head = vec![];
    for (column, noted) in table.columns.iter().zip(&noted) {
        head.push(quoted(&column.title));
        if *noted {
            head.push(quoted(&format!("{} (note)", column.title)));
        }
    }
    let mut out = head.join(",") + "\n";
    for row in &table.rows {
        let mut fields = vec![];
        for ((field, column), noted) in row.cells.iter().zip(&table.columns).zip(&noted) {
            let number = column.numeric && field.sort.parse::<f64>().is_ok();
            fields.push(if number { field.sort.clone() } else { quoted(&field.text) });
            if *noted {
                fields.push(quoted(&field.note));
            }
        }
        out += &(fields.join(",") + "\n");
    }
    out
}

/// A text field: quoted where it must be, and never taken for a formula by a spreadsheet.
fn quoted(text: &str) -> String {
    let text = text.replace(['\n', '\r'], " ");
    let formula = text.starts_with(['=', '+', '-', '@', '\t']) && text.len() > 1;
    let text = if formula { format!("'{text}") } else { text };
    if text.contains(['"', ',']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_no_formula() {
        assert_eq!(quoted("a, \"b\""), "\"a, \"\"b\"\"\"");
        assert_eq!(quoted("=1+1\n2"), "'=1+1 2");
        let table = plain("t", "c", &["a", "b"], vec![vec!["x & y".into(), "s ".repeat(30)]]);
        assert_eq!(csv(&table).lines().count(), 2);
        let tex = latex(&table);
        assert!(tex.contains("{lp{6cm}}") && tex.contains("x \\& y"), "{tex}");
    }
}
