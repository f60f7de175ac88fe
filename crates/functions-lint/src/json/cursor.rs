//! What is left of a text while it is read.

use super::error::{JsonError, Position};

/// What is left of a text, and where it begins.
pub(super) struct Reader<'a> {
    rest: &'a str,
    position: Position,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text, position: Position { line: 1, column: 1 } }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.rest = &self.rest[char.len_utf8()..];
        // `\r\n` is one line break, and `\r` alone is one too.
        if char == '\n' || (char == '\r' && !self.rest.starts_with('\n')) {
            self.position = Position { line: self.position.line + 1, column: 1 };
        } else {
            self.position.column += 1;
        }
        Some(char)
    }

    pub(super) fn position(&self) -> Position {
        self.position
    }

    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) fn fault(&self, what: impl Into<String>) -> JsonError {
        fault(self.position, what)
    }

    pub(super) fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.next();
        }
        found
    }

    /// Takes characters from the start as long as `test` accepts them.
    pub(super) fn take_while(&mut self, good: impl Fn(char) -> bool) -> &'a str {
        let start = self.rest;
        while self.peek().is_some_and(&good) {
            self.next();
        }
        &start[..start.len() - self.rest.len()]
    }

    pub(super) fn blanks(&mut self) {
        self.take_while(|char| char.is_whitespace() || char == '\0');
    }

    /// Blanks and comments.
    pub(super) fn skip(&mut self) -> Result<(), JsonError> {
        loop {
            self.blanks();
            if !self.take('/') {
                return Ok(());
            }
            match self.next() {
                Some('/') => drop(self.take_while(|char| char != '\n' && char != '\r')),
                Some('*') => self.long_comment()?,
                _ => return Err(self.fault("a comment must begin with // or /*")),
            }
        }
    }

    fn long_comment(&mut self) -> Result<(), JsonError> {
        while let Some(char) = self.next() {
            if char == '*' && self.take('/') {
                return Ok(());
            }
        }
        Err(self.fault("the text ends within a comment; close it with */"))
    }
}

pub(super) fn fault(position: Position, what: impl Into<String>) -> JsonError {
    JsonError { position, what: what.into() }
}
