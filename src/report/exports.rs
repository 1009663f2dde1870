//! Every table of the report for other programs: LaTeX to be `\input` into a paper, CSV for whatever reads tables.

use super::context::Page;
use super::format;
use super::sections::Sections;
use super::tables::{Field, Table, plain};
use super::verdicts::Verdicts;

/// Tables with the stems of their files, in the order of the page.
pub fn tables(page: &Page, sections: &Sections) -> Vec<(String, Table)> {
    let mut all = vec![];
    if !page.study_name.is_empty() || page.verdicts.rows.is_empty() {
        // a study of one's own judges nothing
    } else {
        all.push(("verdicts".to_string(), verdicts(&page.verdicts)));
    }
    if !page.families.rows.is_empty() {
        all.push(("families".into(), page.families.clone()));
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

/// What a column of a table becomes in a file for other programs: its value, then what its fields show around it.
struct Parts {
    std: bool,
    interval: bool,
    range: bool,
    /// Words; an interval or a range has columns of its own.
    note: bool,
}

impl Parts {
    fn of(table: &Table, column: usize) -> Parts {
        let any = |has: fn(&Field) -> bool| table.rows.iter().any(|r| r.cells.get(column).is_some_and(has));
        Parts {
            std: any(|f| f.export.std.is_some()),
            interval: any(|f| f.export.interval.is_some()),
            range: any(|f| f.export.range.is_some()),
            note: any(|f| !words(f).is_empty()),
        }
    }

    fn titles(&self, title: &str) -> Vec<String> {
        let more = [
            (self.std, "std"),
            (self.interval, "95% low"),
            (self.interval, "95% high"),
            (self.range, "lowest"),
            (self.range, "highest"),
            (self.note, "note"),
        ];
        let more = more.into_iter().filter(|(there, _)| *there).map(|(_, name)| format!("{title} ({name})"));
        std::iter::once(title.to_string()).chain(more).map(|t| quoted(&t)).collect()
    }

    fn fields(&self, field: &Field, numeric: bool) -> Vec<String> {
        let e = field.export;
        let value = match e.value.filter(|_| numeric) {
            Some(v) => format::exact(v),
            // nothing is an empty field where numbers stand
            None if numeric && field.text == format::NONE => String::new(),
            None => quoted(&field.text),
        };
        let more = [
            (self.std, e.std),
            (self.interval, e.interval.map(|i| i.0)),
            (self.interval, e.interval.map(|i| i.1)),
            (self.range, e.range.map(|r| r.0)),
            (self.range, e.range.map(|r| r.1)),
        ];
        let more = more.into_iter().filter(|(there, _)| *there).map(|(_, v)| v.map_or_else(String::new, format::exact));
        let note = self.note.then(|| quoted(words(field)));
        std::iter::once(value).chain(more).chain(note).collect()
    }
}

fn words(field: &Field) -> &str {
    if field.export.interval.or(field.export.range).is_some() { "" } else { &field.note }
}

/// Comma-separated: numbers in their column's unit, neither rounded nor clipped as the page shows them, with deviations
/// and the ends of intervals and ranges in columns of their own.
pub fn csv(table: &Table) -> String {
    let parts: Vec<Parts> = (0..table.columns.len()).map(|i| Parts::of(table, i)).collect();
    let line = |fields: Vec<String>| fields.join(",") + "\n";
    let mut out = line(table.columns.iter().zip(&parts).flat_map(|(c, p)| p.titles(&c.title)).collect());
    for row in &table.rows {
        let fields = row.cells.iter().zip(&table.columns).zip(&parts);
        out += &line(fields.flat_map(|((field, column), p)| p.fields(field, column.numeric)).collect());
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

    #[test]
    fn what_a_field_shows_around_its_number_has_columns_of_its_own() {
        let mut table = plain("t", "c", &["Rule", "x, %"], vec![vec!["a".into(); 2]; 3]);
        table.columns[1].numeric = true;
        table.rows[0].cells[1] = Field::mean_std(Some(0.9601), Some(0.002)).accuracy_interval(Some(0.9), Some(1.02));
        table.rows[1].cells[1] = Field::none();
        table.rows[2].cells[1] = Field::number("no trials".into(), None).note("not searched".into());
        let lines: Vec<String> = csv(&table).lines().map(str::to_string).collect();
        assert_eq!(lines[0], r#"Rule,"x, %","x, % (std)","x, % (95% low)","x, % (95% high)","x, % (note)""#);
        assert_eq!(lines[1..], ["a,96.01,0.2,90,102,", "a,,,,,", "a,no trials,,,,not searched"]);
    }
}
