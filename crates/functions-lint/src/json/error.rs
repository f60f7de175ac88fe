//! What is wrong with a text, and where.

use std::fmt;

/// A place in a text; both count from 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct JsonError {
    /// Where.
    pub place: Place,
    /// What is there, or what is missing.
    pub what: String,
}
