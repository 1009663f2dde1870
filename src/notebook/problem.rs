//! An error in words: a cell shows errors by `Debug`, which would print the inside of an enum.

use std::fmt;

/// Whatever went wrong, as the sentence that says what to do. Takes any error by `?`.
#[derive(Clone, PartialEq, Eq)]
pub struct Problem(String);

impl Problem {
    pub fn new(text: impl Into<String>) -> Problem {
        Problem(text.into())
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// not an `Error` itself, or this would overlap with `From<T> for T`
impl<E: std::error::Error> From<E> for Problem {
    fn from(error: E) -> Problem {
        let mut text = error.to_string();
        let mut next = error.source();
        while let Some(source) = next {
            let more = source.to_string();
            if !text.contains(&more) {
                text += &format!(": {more}");
            }
            next = source.source();
        }
        Problem(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_shown_in_its_own_words() {
        let e: Problem = "nonsense".parse::<f64>().unwrap_err().into();
        assert_eq!(format!("{e:?}"), "invalid float literal");
    }
}
