//! The grammar: what may stand where.

use serde_json::Value;

use super::{
    JsonError,
    cursor::{Reader, fault},
    node::{Kind, Node, put},
    number, string,
};

/// How deep Json.NET reads.
const DEEPEST: usize = 64;

pub(super) fn read(text: &str) -> Result<Node, JsonError> {
    let mut reader = Reader::new(text);
    reader.skip()?;
    let root = reader.value(DEEPEST)?;
    reader.skip()?;
    match reader.peek() {
        None => Ok(root),
        Some(char) => Err(reader.fault(format!("{char:?} follows the end of the value; remove it"))),
    }
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, JsonError> {
        let position = self.position();
        let kind = match self.peek() {
            Some('{') => Kind::Object(self.object(self.deeper(depth)?)?),
            Some('[') => Kind::List(self.list(self.deeper(depth)?)?),
            Some(quote @ ('"' | '\'')) => Kind::Scalar(Value::String(string::read(self, quote)?)),
            Some('-' | '.' | '0'..='9') => Kind::Scalar(number::read(self)?),
            Some(char) if char.is_alphabetic() => self.word()?,
            Some(char) => return Err(self.fault(format!("expected a value, found {char:?}"))),
            None => return Err(self.fault("the text ends where a value is expected")),
        };
        Ok(Node { position, kind })
    }

    fn deeper(&self, depth: usize) -> Result<usize, JsonError> {
        depth
            .checked_sub(1)
            .ok_or_else(|| self.fault(format!("it must be nested at most {DEEPEST} levels deep")))
    }

    fn word(&mut self) -> Result<Kind, JsonError> {
        let position = self.position();
        let word = self.take_while(char::is_alphanumeric);
        Ok(match word {
            "true" => Kind::Scalar(Value::Bool(true)),
            "false" => Kind::Scalar(Value::Bool(false)),
            "null" => Kind::Scalar(Value::Null),
            "undefined" => Kind::Undefined,
            "NaN" | "Infinity" => Kind::Scalar(Value::String(word.to_owned())),
            _ => return Err(fault(position, format!("{word} is not a value; put a text in quotes"))),
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
                Some(',') => items.push(Node { position: self.position(), kind: Kind::Undefined }),
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
                return Err(self.fault(format!("a colon is missing after the name {name:?}")));
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
                    Some(char) if char != ':' && !char.is_whitespace() => Err(self.fault(format!(
                        "a name must not contain {char:?} without quotes; put the name in \
                            quotes"
                    ))),
                    _ => Ok(name),
                }
            }
            Some(char) => Err(self.fault(format!("expected the name of a member, found {char:?}"))),
        }
    }

    /// A comma, or the end before which there is none.
    fn separated(&mut self, end: char) -> Result<(), JsonError> {
        self.skip()?;
        match self.peek() {
            Some(',') => drop(self.next()),
            Some(char) if char == end => {}
            Some(char) => {
                return Err(self.fault(format!("expected a comma or {end}, found {char:?}")));
            }
            None => return Err(self.fault(format!("the text ends before {end}"))),
        }
        Ok(())
    }
}

fn is_of_name(char: char) -> bool {
    char.is_alphanumeric() || char == '_' || char == '$'
}
