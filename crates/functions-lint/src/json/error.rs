//! What is wrong with a text, and where.

use std::fmt;

/// A position in a text; both count from 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}", self.line, self.column)
    }
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{position}: {what}")]
pub struct JsonError {
    /// Where.
    pub position: Position,
    /// What is there, or what is missing.
    pub what: String,
}
