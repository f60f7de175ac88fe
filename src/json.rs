//! Foreign JSON, read so that every parser sees the same document in it.

use std::fmt;

use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// The one JSON document in `text`. Parses JSON; none unless it is UTF-8 without a byte order mark, has no duplicate
/// key in one object, and nests at most `depth` objects and arrays.
pub(crate) fn parse_strict(text: &[u8], depth: usize) -> Option<Value> {
    let mut document = serde_json::Deserializer::from_slice(text);
    let value = StrictValue(depth).deserialize(&mut document).ok()?;
    document.end().ok().map(|()| value)
}

/// A JSON document that deserializes with the rules of [`parse_strict`], for code that takes a type to deserialize.
pub(crate) struct StrictJson<const DEPTH: usize>(pub(crate) Value);

impl<'de, const DEPTH: usize> Deserialize<'de> for StrictJson<DEPTH> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        StrictValue(DEPTH).deserialize(deserializer).map(Self)
    }
}

/// A value that may nest this many more levels.
#[derive(Clone, Copy)]
struct StrictValue(usize);

impl StrictValue {
    fn nested<E: Error>(self) -> Result<Self, E> {
        self.0.checked_sub(1).map(Self).ok_or_else(|| E::custom("nested too deeply"))
    }
}

impl<'de> DeserializeSeed<'de> for StrictValue {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let nested = self.nested()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(nested)? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let nested = self.nested()?;
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if object.insert(key, members.next_value_seed(nested)?).is_some() {
                return Err(A::Error::custom("a key occurs twice"));
            }
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use super::parse_strict;

    #[test]
    fn a_document_is_read_as_it_stands() {
        let text = r#"{"a":[{"b":1.5}],"c":null,"d":-1,"e":true,"f":"x"}"#;
        assert_eq!(parse_strict(text.as_bytes(), 3).unwrap().to_string(), text);
    }

    #[test]
    fn a_document_may_be_as_deep_as_allowed_and_no_deeper() {
        assert!(parse_strict(b"[[[]]]", 3).is_some());
        assert!(parse_strict(b"[[[[]]]]", 3).is_none());
        assert!(parse_strict(br#"{"a":[{"b":{}}]}"#, 3).is_none());
        assert!(parse_strict(&b"[".repeat(100_000), 8).is_none());
    }

    #[test]
    fn a_key_that_occurs_twice_is_refused_however_it_is_spelt() {
        assert!(parse_strict(br#"{"a":1,"a":1}"#, 8).is_none());
        assert!(parse_strict(br#"{"x":{"a":1,"\u0061":2}}"#, 8).is_none());
        assert!(parse_strict(br#"{"a":1,"A":2}"#, 8).is_some());
    }

    #[test]
    fn what_is_not_one_json_document_is_refused() {
        for text in ["", "{", "{}{}", "nul", "\u{feff}{}", "{'a':1}", "[1,]", r#""\ud800""#] {
            assert!(parse_strict(text.as_bytes(), 8).is_none(), "{text:?}");
        }
    }
}
