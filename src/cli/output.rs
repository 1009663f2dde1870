//! Words on standard output, and how numbers are said.

use std::io::{ErrorKind, Write};
use std::time::Duration;

/// Prints text; a reader that has gone away (`| head`) ends the program quietly.
pub fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(e) if e.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
        other => Ok(other?),
    }
}

/// `45 s`, `12 min 3 s`, `3 h 20 min`, `2 d 4 h`.
pub fn duration(seconds: f64) -> String {
    let s = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX).as_secs();
    match s {
        0 => format!("{:.1} s", seconds.max(0.0)),
        1..60 => format!("{s} s"),
        60..3600 => format!("{} min {} s", s / 60, s % 60),
        3600..86_400 => format!("{} h {} min", s / 3600, s / 60 % 60),
        _ => format!("{} d {} h", s / 86_400, s / 3600 % 24),
    }
}

/// `1 trial`, `2 trials`.
pub fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Rows as aligned columns, the first left, the others right.
pub fn table(rows: &[Vec<String>]) -> String {
    let width = |c: usize| rows.iter().filter_map(|r| r.get(c)).map(|s| s.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        for (c, cell) in row.iter().enumerate() {
            let pad = " ".repeat(width(c) - cell.chars().count());
            text += &if c == 0 { format!("{cell}{pad}") } else { format!("  {pad}{cell}") };
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_two_units() {
        for (s, text) in
            [(0.25, "0.2 s"), (59.9, "59 s"), (723.0, "12 min 3 s"), (12_000.0, "3 h 20 min"), (187_200.0, "2 d 4 h")]
        {
            assert_eq!(duration(s), text);
        }
        assert_eq!(duration(-1.0), "0.0 s");
        assert!(duration(f64::INFINITY).contains(" d "));
    }

    #[test]
    fn tables_are_aligned() {
        let rows = [vec!["a".into(), "10".into()], vec!["bcd".into(), "1".into()]];
        assert_eq!(table(&rows), "a    10\nbcd   1\n");
    }
}
