//! The grammar: what may stand where.

use serde_json::Value;

use super::{
    JsonError, Place,
    node::{Kind, Node, put},
    number, string,
};

/// How deep Json.NET reads.
const DEEPEST: usize = 64;

pub(super) fn read(text: &str) -> Result<Node, JsonError> {
    let mut reader = Reader { rest: text, place: Place { line: 1, column: 1 } };
    reader.skip()?;
    let root = reader.value(DEEPEST)?;
    reader.skip()?;
    match reader.peek() {
        None => Ok(root),
        Some(char) => Err(reader.fault(format!("{char:?} stands behind the end of the value; remove it"))),
    }
}

/// What is left of a text, and where it begins.
pub(super) struct Reader<'a> {
    rest: &'a str,
    place: Place,
}

impl<'a> Reader<'a> {
    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let char = self.peek()?;
        self.rest = &self.rest[char.len_utf8()..];
        // `\r\n` is one line break, and `\r` alone is one too.
        if char == '\n' || (char == '\r' && !self.rest.starts_with('\n')) {
            self.place = Place { line: self.place.line + 1, column: 1 };
        } else {
            self.place.column += 1;
        }
        Some(char)
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) fn fault(&self, what: impl Into<String>) -> JsonError {
        fault(self.place, what)
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.next();
        }
        found
    }

    /// Takes what a test lets in, from the front.
    pub(super) fn take_while(&mut self, good: impl Fn(char) -> bool) -> &'a str {
        let start = self.rest;
        while self.peek().is_some_and(&good) {
            self.next();
        }
        &start[..start.len() - self.rest.len()]
    }

    fn blanks(&mut self) {
        self.take_while(|char| char.is_whitespace() || char == '\0');
    }

    /// Blanks and comments.
    fn skip(&mut self) -> Result<(), JsonError> {
        loop {
            self.blanks();
            if !self.take('/') {
                return Ok(());
            }
            match self.next() {
                Some('/') => drop(self.take_while(|char| char != '\n' && char != '\r')),
                Some('*') => self.long_comment()?,
                _ => return Err(self.fault("a comment begins with // or /*")),
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

    fn value(&mut self, depth: usize) -> Result<Node, JsonError> {
        let place = self.place;
        let kind = match self.peek() {
            Some('{') => Kind::Object(self.object(self.deeper(depth)?)?),
            Some('[') => Kind::List(self.list(self.deeper(depth)?)?),
            Some(quote @ ('"' | '\'')) => Kind::Scalar(Value::String(string::read(self, quote)?)),
            Some('-' | '.' | '0'..='9') => Kind::Scalar(number::read(self)?),
            Some(char) if char.is_alphabetic() => self.word()?,
            Some(char) => return Err(self.fault(format!("{char:?} stands where a value is expected"))),
            None => return Err(self.fault("the text ends where a value is expected")),
        };
        Ok(Node { place, kind })
    }

    fn deeper(&self, depth: usize) -> Result<usize, JsonError> {
        depth
            .checked_sub(1)
            .ok_or_else(|| self.fault(format!("it is nested more than {DEEPEST} levels deep")))
    }

    fn word(&mut self) -> Result<Kind, JsonError> {
        let place = self.place;
        let word = self.take_while(char::is_alphanumeric);
        Ok(match word {
            "true" => Kind::Scalar(Value::Bool(true)),
            "false" => Kind::Scalar(Value::Bool(false)),
            "null" => Kind::Scalar(Value::Null),
            "undefined" => Kind::Undefined,
            "NaN" | "Infinity" => Kind::Scalar(Value::String(word.to_owned())),
            _ => return Err(fault(place, format!("{word} is no value; write a text in quotes"))),
        })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node>, JsonError> {
        self.next();
        let mut items = Vec::new();
        loop {
            self.skip()?;
            match self.peek() {
                Some(']') => {
                    self.next();
                    return Ok(items);
                }
                // A value that is left out counts, as in JavaScript.
                Some(',') => items.push(Node { place: self.place, kind: Kind::Undefined }),
                None => return Err(self.fault("the text ends within a list; close it with ]")),
                Some(_) => items.push(self.value(depth)?),
            }
            self.separated(']')?;
        }
    }

    fn object(&mut self, depth: usize) -> Result<Vec<(String, Node)>, JsonError> {
        self.next();
        let mut members = Vec::new();
        loop {
            self.skip()?;
            if self.take('}') {
                return Ok(members);
            }
            let name = self.name()?;
            self.blanks();
            if !self.take(':') {
                return Err(self.fault(format!("a colon is missing behind the name {name:?}")));
            }
            self.skip()?;
            let value = self.value(depth)?;
            put(&mut members, name, value);
            self.separated('}')?;
        }
    }

    fn name(&mut self) -> Result<String, JsonError> {
        match self.peek() {
            None => Err(self.fault("the text ends within an object; close it with }")),
            Some(quote @ ('"' | '\'')) => string::read(self, quote),
            Some(char) if is_of_name(char) => {
                let name = self.take_while(is_of_name).to_owned();
                match self.peek() {
                    Some(char) if char != ':' && !char.is_whitespace() => {
                        Err(self.fault(format!("{char:?} stands in a name; put the name in quotes")))
                    }
                    _ => Ok(name),
                }
            }
            Some(char) => Err(self.fault(format!("{char:?} stands where the name of a member is expected"))),
        }
    }

    /// A comma, or the end before which there is none.
    fn separated(&mut self, end: char) -> Result<(), JsonError> {
        self.skip()?;
        match self.peek() {
            Some(',') => drop(self.next()),
            Some(char) if char == end => {}
            Some(char) => {
                return Err(self.fault(format!("{char:?} stands where a comma or {end} is expected")));
            }
            None => return Err(self.fault(format!("the text ends before {end}"))),
        }
        Ok(())
    }
}

fn is_of_name(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || char == '$'
}

pub(super) fn fault(place: Place, what: impl Into<String>) -> JsonError {
    JsonError { place, what: what.into() }
}
