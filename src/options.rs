//! Options of rules and of feedback: which values they take, and how these are written.

use std::borrow::Cow;
use std::collections::BTreeMap;

/// An option of a rule.
pub struct OptionInfo {
    pub key: &'static str,
    /// Allowed values with a few words on each; the first is the default. Of a number: its default and what it is.
    pub values: &'static [(&'static str, &'static str)],
    /// The range, where the option is a number.
    pub number: Option<NumberInfo>,
    /// The option exists only where this other option has one of these values.
    pub only_with: Option<(&'static str, &'static [&'static str])>,
}

impl OptionInfo {
    /// An option with a list of values.
    pub const fn choice(key: &'static str, values: &'static [(&'static str, &'static str)]) -> OptionInfo {
        OptionInfo { key, values, number: None, only_with: None }
    }

    /// The same where another option has one of these values.
    pub const fn with(self, key: &'static str, values: &'static [&'static str]) -> OptionInfo {
        OptionInfo { only_with: Some((key, values)), ..self }
    }

    /// What may be written, for messages.
    pub(crate) fn allowed(&self) -> String {
        match self.number {
            Some(n) => format!("a number from {} to {}", number_text(n.least), number_text(n.most)),
            None => self.values.iter().map(|v| v.0).collect::<Vec<_>>().join(", "),
        }
    }

    /// The canonical text of a value.
    pub(crate) fn checked(&self, value: &str) -> Option<Cow<'static, str>> {
        match self.number {
            Some(n) => {
                let v: f64 = value.parse().ok()?;
                (n.least..=n.most).contains(&v).then(|| Cow::Owned(number_text(v)))
            }
            None => self.values.iter().map(|v| v.0).find(|v| *v == value).map(Cow::Borrowed),
        }
    }
}

/// The range of a numeric option, both ends allowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberInfo {
    pub least: f64,
    pub most: f64,
}

/// The shortest text of a number: `1e-6`, `1e-3`, `0.1`, `0`; of equals the one without exponent.
pub fn number_text(v: f64) -> String {
    // -0 is 0
    let (plain, scientific) = (format!("{}", v + 0.0), format!("{:e}", v + 0.0));
    if scientific.len() < plain.len() { scientific } else { plain }
}

/// Checked options: every applicable key is present.
pub type OptionValues = BTreeMap<&'static str, Cow<'static, str>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_text() {
        for (v, text) in
            [(1e-6, "1e-6"), (1e-4, "1e-4"), (1e-3, "1e-3"), (0.01, "0.01"), (0.1, "0.1"), (0.0, "0"), (1.0, "1")]
        {
            assert_eq!(number_text(v), text);
        }
    }
}
