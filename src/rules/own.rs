//! Rules of the user's own: known by name from [`register`] on, as long as the process lives.

use std::sync::RwLock;

use super::{OptionValues, REGISTRY, Rule, RuleEntry, RuleError};

static OWN: RwLock<Vec<&'static RuleEntry>> = RwLock::new(Vec::new());

impl RuleEntry {
    /// A rule without options that fits every network: what a first sketch needs.
    pub const fn own(
        name: &'static str,
        title: &'static str,
        equation: &'static str,
        build: fn(&OptionValues) -> Result<Box<dyn Rule>, RuleError>,
    ) -> RuleEntry {
        RuleEntry {
            name,
            title,
            equation,
            shapes: "",
            source: "the user's own",
            options: &[],
            build,
            stands_for: |_, _| None,
            refuses: |_, _, _| None,
        }
    }
}

/// Makes a rule known: cells, studies and plots take its name from now on. The same name again replaces the rule for
/// what is read from then on, so that a notebook's cell can be run twice.
///
/// # Errors
/// A name that a built-in rule has, or that could not be written in a cell.
pub fn register(entry: RuleEntry) -> Result<(), RuleError> {
    let fail = |reason: &str| RuleError::BadName { name: entry.name.to_string(), reason: reason.to_string() };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if entry.name.is_empty() || !entry.name.chars().all(plain) {
        return Err(fail("write a-z, 0-9 and dashes"));
    }
    if REGISTRY.iter().any(|e| e.name == entry.name) {
        return Err(fail("a built-in rule has it; choose another"));
    }
    // lives as long as the program, like the built-in rules
    let entry: &'static RuleEntry = Box::leak(Box::new(entry));
    let mut own = OWN.write().unwrap_or_else(|e| e.into_inner());
    own.retain(|e| e.name != entry.name);
    own.push(entry);
    Ok(())
}

/// Every rule of the user's own.
pub(super) fn all() -> Vec<&'static RuleEntry> {
    OWN.read().unwrap_or_else(|e| e.into_inner()).clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{RuleSpec, Teaching};

    struct Nothing;
    impl Rule for Nothing {
        fn teaching(&self, _: usize) -> Option<Teaching> {
            None
        }
    }

    #[test]
    fn a_registered_rule_is_read_by_name_and_may_be_replaced() {
        for title in ["first", "second"] {
            register(RuleEntry::own("own-test", title, "", |_| Ok(Box::new(Nothing)))).unwrap();
            assert_eq!("own-test".parse::<RuleSpec>().unwrap().entry().title, title);
        }
        let known = "no-such".parse::<RuleSpec>().unwrap_err();
        assert!(known.contains("own-test"), "{known}");
    }

    #[test]
    fn names_that_are_taken_or_unwritable_are_refused() {
        for (name, words) in [("bp", "built-in"), ("My Rule", "a-z"), ("", "a-z")] {
            let e = register(RuleEntry::own(name, "", "", |_| Ok(Box::new(Nothing)))).unwrap_err();
            assert!(e.to_string().contains(words), "{e}");
        }
    }
}
