//! What the post leaves open. TEMPORARY stub until the report room lands.

/// One choice that the post does not state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assumption {
    pub id: &'static str,
    pub title: &'static str,
    pub what: &'static str,
    pub why: &'static str,
}

/// Every assumption, in order of number.
pub static REGISTRY: &[Assumption] = &[];
