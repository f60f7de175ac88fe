//! JSON as Json.NET reads it, for the host and Core Tools read all their files with it: comments, a comma before a
//! closing bracket, single quotes, names without quotes, hexadecimal numbers, `NaN`; of two members with one name the
//! later one counts. Files are decoded by their signature, UTF-8 without one (`JsonTextReader` in
//! JamesNK/Newtonsoft.Json; `JObject.Parse(File.ReadAllText(…))` in the host's HostJsonFileConfigurationSource.cs).

mod date;
mod deserialize;
mod cursor;
mod encoding;
mod error;
mod node;
mod number;
mod reader;
mod string;
mod text;

use std::{fs, path::Path};

use serde::de::DeserializeOwned;
use serde_json::Value;

use node::Node;

pub use date::NetDate;
pub use error::{JsonError, Position};
pub use text::{float, text};

/// A parsed text, with the position of each value.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    root: Node,
}

impl Document {
    /// Reads a file.
    ///
    /// # Errors
    /// One sentence that names the file as `shown`, with line and column where it is no JSON.
    pub fn read(path: &Path, shown: &str) -> Result<Self, String> {
        let bytes = fs::read(path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
        Self::parse_bytes(&bytes).map_err(|error| format!("{shown} is not valid JSON: {error}"))
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn parse_bytes(bytes: &[u8]) -> Result<Self, JsonError> {
        Self::parse(&encoding::decoded(bytes))
    }

    /// Reads a text. It has to hold one value and nothing else but comments.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn parse(text: &str) -> Result<Self, JsonError> {
        reader::read(text).map(|root| Self { root })
    }

    /// The value. An `undefined` member is left out; a number that JSON cannot hold is its text.
    #[must_use]
    pub fn value(&self) -> Value {
        self.root.value()
    }

    /// Whether the value is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.root.is_object()
    }

    /// Where the value at a path of names and positions stands; names are compared ignoring case, as the host's
    /// configuration does. None where the text has no such value.
    #[must_use]
    pub fn position(&self, path: &[&str]) -> Option<Position> {
        self.root.find(path).map(|node| node.position)
    }

    /// Reads the value as a type.
    ///
    /// # Errors
    /// What is of another form, and where.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, JsonError> {
        deserialize::from_node(&self.root)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> Value {
        Document::parse(text).unwrap().value()
    }

    fn refused(text: &str) -> String {
        Document::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn comments_and_last_commas_are_skipped() {
        let text =
            "// first\n{ /* a */ \"a\": [1, /* b\n */ 2,], // \"b\": 0\n \"c\": {\"d\": '//x',}, } // end";
        assert_eq!(value(text), json!({"a": [1, 2], "c": {"d": "//x"}}));
    }

    #[test]
    fn quotes_may_be_single_or_missing_around_names() {
        assert_eq!(
            value(r#"{a: 'it''', $b_1: 'a"\'b'}"#.replace("''", "").as_str()),
            json!({"a": "it", "$b_1": "a\"'b"})
        );
        assert!(refused("{a-b: 1}").contains("line 1, column 3"));
    }

    #[test]
    fn numbers_are_those_of_json_net() {
        let text = "[0x1F, 010, 1., .5, 1e3, -7, NaN, -Infinity, 123456789012345678901]";
        assert_eq!(
            value(text),
            json!([31, 8, 1.0, 0.5, 1000.0, -7, "NaN", "-Infinity", "123456789012345678901"])
        );
        for wrong in ["[08]", "[+1]", "[1-2]", "[0xG]", "[1e]", "[--1]"] {
            assert!(Document::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_later_of_two_members_counts() {
        assert_eq!(value(r#"{"a": 1, "b": 2, "a": 3}"#).to_string(), r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn undefined_is_nothing_and_keeps_the_positions_of_a_list() {
        assert_eq!(value("{a: undefined, b: [1,,2]}"), json!({"b": [1, null, 2]}));
    }

    #[test]
    fn strings_know_escapes_and_line_breaks() {
        assert_eq!(
            value(
                r#"["\u00e9\/\ud83d\ude00\ud83dx", "a
b"]"#
            ),
            json!(["é/😀\u{fffd}x", "a\nb"])
        );
        assert!(refused(r#"["C:\worker"]"#).contains("line 1, column 6"));
    }

    #[test]
    fn every_refusal_says_where() {
        let cases = [
            ("{\n \"a\": 1\n \"b\": 2\n}", "line 3, column 2"),
            ("{\"a\" 1}", "line 1, column 6"),
            ("{\"a\": }", "line 1, column 7"),
            ("{\"a\": 1", "line 1, column 8"),
            ("[1] x", "line 1, column 5"),
            ("{\"a\": \"b", "line 1, column 9"),
            ("{\"a\": tru}", "line 1, column 7"),
            ("{,}", "line 1, column 2"),
            ("", "line 1, column 1"),
            ("/* x", "line 1, column 5"),
        ];
        for (text, position) in cases {
            assert!(refused(text).starts_with(position), "{text}: {}", refused(text));
        }
    }

    #[test]
    fn nesting_beyond_that_of_json_net_is_refused() {
        let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(Document::parse(&deep(64)).is_ok());
        assert!(Document::parse(&deep(65)).is_err());
        assert!(Document::parse(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn a_signature_names_the_encoding() {
        let text = "{\"é\": 1}";
        let utf16: Vec<u16> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).collect();
        let little: Vec<u8> = utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        let wide: Vec<u8> =
            "\u{feff}".chars().chain(text.chars()).flat_map(|one| u32::from(one).to_le_bytes()).collect();
        let signed = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        for bytes in [little, big, wide, signed, text.as_bytes().to_vec()] {
            assert_eq!(Document::parse_bytes(&bytes).unwrap().value(), json!({"é": 1}));
        }
        assert_eq!(Document::parse_bytes(b"{\"a\": \"\xff\"}").unwrap().value(), json!({"a": "\u{fffd}"}));
    }

    #[test]
    fn values_are_found_ignoring_case_and_know_their_place() {
        let document = Document::parse("{\n \"Host\": { \"list\": [1,\n   2] } }").unwrap();
        assert_eq!(document.position(&["host", "LIST", "1"]), Some(Position { line: 3, column: 4 }));
        assert_eq!(document.position(&["host", "list", "2"]), None);
    }

    #[test]
    fn a_value_of_another_form_is_told_with_its_place() {
        let document = Document::parse("{\n 'names': ['a', 7] }").unwrap();
        let error = document.to::<std::collections::HashMap<String, Vec<String>>>().unwrap_err();
        assert_eq!(error.position, Position { line: 2, column: 17 });
        assert!(error.what.contains("expected a string"), "{error}");
    }
}
