//! Small pieces of the page: facts, the notice of the first page, assumptions.

use serde::Serialize;

/// A name with its value.
#[derive(Serialize)]
pub struct Fact {
    pub label: String,
    pub value: String,
    /// Set in a fixed-width face.
    pub code: bool,
}

/// What this run's size can and cannot decide.
#[derive(Serialize)]
pub struct Notice {
    pub short: bool,
    pub heading: String,
    pub body: String,
    /// The statements by verdict, so that nobody has to look for them in the table.
    pub groups: Vec<Fact>,
    pub directions: Vec<String>,
    pub directions_note: String,
    pub can: Vec<String>,
    pub cannot: Vec<String>,
}

#[derive(Clone, Serialize)]
pub struct AssumptionContext {
    pub id: String,
    pub anchor: String,
    pub title: String,
    pub what: String,
    pub why: String,
    /// `figures 7 and 8`; empty where no figure of this report is touched.
    pub touches: String,
}

pub fn fact(label: &str, value: impl Into<String>) -> Fact {
    Fact { label: label.into(), value: value.into(), code: false }
}

pub fn code(label: &str, value: impl Into<String>) -> Fact {
    Fact { code: true, ..fact(label, value) }
}
