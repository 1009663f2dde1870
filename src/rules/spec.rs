//! A rule with its options as it is written in cells: `fa/feedback=binary,scale=matched`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::{Rule, RuleEntry, entry};
use crate::net::Architecture;
use crate::options::OptionValues;

/// What can be wrong with a rule's name or options.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RuleError {
    #[error("a rule of one's own cannot be called `{name}`: {reason}")]
    BadName { name: String, reason: String },
    #[error("unknown rule `{name}`; known: {known} (see `report list rules`)")]
    UnknownRule { name: String, known: String },
    #[error("rule `{rule}` has no option `{key}`; its options: {known}")]
    UnknownOption { rule: &'static str, key: String, known: String },
    #[error("rule `{rule}`: option `{key}` cannot be `{value}`; allowed: {allowed}")]
    BadValue { rule: &'static str, key: &'static str, value: String, allowed: String },
    #[error("rule `{rule}`: option `{key}` applies only with {with}={allowed}")]
    NotApplicable { rule: &'static str, key: &'static str, with: &'static str, allowed: String },
    #[error("rule `{rule}`: `{text}` is not key=value")]
    NotAPair { rule: &'static str, text: String },
    #[error("rule `{rule}`: option `{key}` is given twice")]
    Twice { rule: &'static str, key: &'static str },
    #[error("`{rule}` cannot run on network {network}: {reason}")]
    DoesNotFit { rule: String, network: String, reason: String },
}

/// A registered rule with checked options; compares and prints canonically (defaults written out).
#[derive(Clone)]
pub struct RuleSpec {
    entry: &'static RuleEntry,
    options: OptionValues,
}

impl RuleSpec {
    /// `name` with `options` given as pairs; what is missing takes its default.
    pub fn new(name: &str, options: &[(&str, &str)]) -> Result<RuleSpec, RuleError> {
        let entry = entry(name)?;
        let mut given = OptionValues::new();
        for (key, value) in options {
            let info = entry.options.iter().find(|o| o.key == *key).ok_or_else(|| RuleError::UnknownOption {
                rule: entry.name,
                key: key.to_string(),
                known: match entry.options {
                    [] => "none".to_string(),
                    all => all.iter().map(|o| o.key).collect::<Vec<_>>().join(", "),
                },
            })?;
            let value = info.checked(value).ok_or_else(|| RuleError::BadValue {
                rule: entry.name,
                key: info.key,
                value: value.to_string(),
                allowed: info.allowed(),
            })?;
            if given.insert(info.key, value).is_some() {
                return Err(RuleError::Twice { rule: entry.name, key: info.key });
            }
        }
        let mut checked = OptionValues::new();
        for info in entry.options {
            let applies = info.only_with.is_none_or(|(k, vs)| checked.get(k).is_some_and(|v| vs.contains(&v.as_ref())));
            match (applies, given.remove(info.key)) {
                (true, value) => {
                    checked.insert(info.key, value.unwrap_or(Cow::Borrowed(info.values[0].0)));
                }
                (false, None) => {}
                (false, Some(_)) => {
                    let (with, allowed) = info.only_with.expect("an option that does not apply has a condition");
                    return Err(RuleError::NotApplicable {
                        rule: entry.name,
                        key: info.key,
                        with,
                        allowed: allowed.join("|"),
                    });
                }
            }
        }
        Ok(RuleSpec { entry, options: checked })
    }

    pub fn entry(&self) -> &'static RuleEntry {
        self.entry
    }

    pub fn name(&self) -> &'static str {
        self.entry.name
    }

    /// Value of an option, if it applies.
    pub fn option(&self, key: &str) -> Option<&str> {
        self.options.get(key).map(Cow::as_ref)
    }

    /// All options as `key=value,...` (empty without options).
    pub fn options_text(&self) -> String {
        self.options.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",")
    }

    pub fn options(&self) -> &OptionValues {
        &self.options
    }

    /// The rule itself.
    pub fn build(&self) -> Result<Box<dyn Rule>, RuleError> {
        (self.entry.build)(&self.options)
    }

    /// The rule that stands for this one on `network` (FA for DFA with one hidden layer).
    pub fn canonical(&self, network: &Architecture) -> RuleSpec {
        match (self.entry.stands_for)(network, &self.options) {
            Some((name, options)) => RuleSpec { entry: entry(name).expect("a registered rule"), options },
            None => self.clone(),
        }
    }

    /// Whether the rule can run on this network.
    ///
    /// # Errors
    /// With the reason, shapes named.
    pub fn check(&self, network: &Architecture, classes: usize) -> Result<(), RuleError> {
        match (self.entry.refuses)(network, classes, &self.options) {
            Some(reason) => Err(RuleError::DoesNotFit { rule: self.to_string(), network: network.to_string(), reason }),
            None => Ok(()),
        }
    }
}

impl fmt::Display for RuleSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry.name)?;
        if !self.options.is_empty() {
            write!(f, "/{}", self.options_text())?;
        }
        Ok(())
    }
}

impl fmt::Debug for RuleSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RuleSpec({self})")
    }
}

impl FromStr for RuleSpec {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        let (name, rest) = s.split_once('/').unwrap_or((s, ""));
        let rule = entry(name).map_err(|e| e.to_string())?.name;
        let pairs = rest
            .split(',')
            .filter(|p| !p.is_empty())
            .map(|p| p.split_once('=').ok_or(RuleError::NotAPair { rule, text: p.to_string() }))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| e.to_string())?;
        RuleSpec::new(name, &pairs).map_err(|e| e.to_string())
    }
}

/// Two specs are equal if they print alike.
macro_rules! by_text {
    ($($t:ty),*) => {$(
        impl PartialEq for $t { fn eq(&self, o: &Self) -> bool { self.to_string() == o.to_string() } }
        impl Eq for $t {}
        impl std::hash::Hash for $t { fn hash<H: std::hash::Hasher>(&self, h: &mut H) { self.to_string().hash(h) } }
        impl PartialOrd for $t { fn partial_cmp(&self, o: &Self) -> Option<std::cmp::Ordering> { Some(self.cmp(o)) } }
        impl Ord for $t { fn cmp(&self, o: &Self) -> std::cmp::Ordering { self.to_string().cmp(&o.to_string()) } }
    )*};
}
by_text!(RuleSpec);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_written_out() {
        let s: RuleSpec = "fa".parse().unwrap();
        assert_eq!(s.to_string(), "fa/feedback=random");
        let s: RuleSpec = "sum/beta=0.00001".parse().unwrap();
        assert_eq!(s.to_string(), "sum/beta=1e-5,local=hebb,sign=plus");
        let s: RuleSpec = "hd/train=output,reading=o1".parse().unwrap();
        assert_eq!(s.to_string(), "hd/reading=o1,train=output");
        let s: RuleSpec = "dfa/feedback=binary".parse().unwrap();
        assert_eq!(s.to_string(), "dfa/feedback=binary,scale=literal");
        assert_eq!(s, "dfa/scale=literal,feedback=binary".parse().unwrap());
    }

    #[test]
    fn every_mistake_names_the_way_out() {
        for (text, word) in [
            ("fb", "known: bp"),
            ("bp/feedback=random", "no option"),
            ("fa/feedback=randm", "allowed: random"),
            ("fa/scale=matched", "applies only with feedback"),
            ("sum/beta=-1", "a number from 0 to 10"),
            ("sum/beta=nan", "a number from 0 to 10"),
            ("hd/reading=o1,centre=none", "applies only with reading"),
            ("hebbnet/mask=top", "applies only with variant=t-gs"),
            ("fa/feedback=oja-g1", "allowed: random"),
            ("fa/feedback=random,start=random", "applies only with feedback"),
            ("fa/feedback", "not key=value"),
            ("fa/feedback=random,feedback=random", "twice"),
        ] {
            let e = text.parse::<RuleSpec>().unwrap_err();
            assert!(e.contains(word), "{text}: {e}");
        }
    }
}
