//! JSON as Json.NET reads untyped values: text that looks like a date becomes one, numbers keep their digits,
//! text after the first value is ignored.

// The host: docs/reference/host-protocol.md#reading-the-answer, docs/reference/host-protocol.md#dates and
// docs/reference/host-protocol.md#queue-output.

mod write;

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

pub(crate) use functions_lint::json::NetDate;

/// How deep Json.NET reads by default.
const DEEPEST: usize = 64;

/// A value as .NET holds it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// Any number of digits.
    Integer(String),
    Float(f64),
    Text(String),
    Date(NetDate),
    List(Vec<Json>),
    /// Members in their sequence, names unique.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads the first value of a text; a UTF-8 signature before it is accepted.
    ///
    /// # Errors
    /// What is wrong and where.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim_start_matches('\u{feff}');
        let mut reader = serde_json::Deserializer::from_str(text);
        let raw = <&RawValue>::deserialize(&mut reader).map_err(|error| error.to_string())?;
        Self::from_raw(raw.get(), DEEPEST)
    }

    fn from_raw(raw: &str, depth: usize) -> Result<Self, String> {
        let deeper =
            depth.checked_sub(1).ok_or_else(|| format!("it must be nested at most {DEEPEST} levels deep"))?;
        let fault = |error: serde_json::Error| error.to_string();
        match raw.as_bytes().first() {
            Some(b'{') => {
                let members: Members<'_> = serde_json::from_str(raw).map_err(fault)?;
                let mut object = Vec::with_capacity(members.0.len());
                for (name, value) in members.0 {
                    put(&mut object, name, Self::from_raw(value.get(), deeper)?);
                }
                Ok(Self::Object(object))
            }
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(raw).map_err(fault)?;
                Ok(Self::List(
                    items
                        .into_iter()
                        .map(|item| Self::from_raw(item.get(), deeper))
                        .collect::<Result<_, _>>()?,
                ))
            }
            Some(b'"') => {
                let text: String = serde_json::from_str(raw).map_err(fault)?;
                Ok(NetDate::parse(&text).map_or(Self::Text(text), Self::Date))
            }
            Some(b't' | b'f') => Ok(Self::Bool(raw == "true")),
            Some(b'n') => Ok(Self::Null),
            _ if raw.contains(['.', 'e', 'E']) => {
                raw.parse().map(Self::Float).map_err(|_| format!("{raw} is not a number"))
            }
            _ => Ok(Self::Integer(raw.to_owned())),
        }
    }

    /// A member of an object by its exact name.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// A member of an object by its name in any case.
    pub(crate) fn get_any_case(&self, name: &str) -> Option<&Self> {
        self.members().iter().rfind(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The members of an object, none of anything else.
    pub(crate) fn members(&self) -> &[(String, Self)] {
        if let Self::Object(members) = self { members } else { &[] }
    }
}

/// Sets a member; a repeated name keeps its first place and its last value.
pub(crate) fn put(members: &mut Vec<(String, Json)>, name: String, value: Json) {
    match members.iter_mut().find(|(known, _)| *known == name) {
        Some((_, slot)) => *slot = value,
        None => members.push((name, value)),
    }
}

struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_out_as_dotnet_writes_them() {
        let json = Json::parse(
            r#"{"at":"2026-03-02T11:20:31.500+02:00","f":1.50,"e":1e3,"tiny":1e-7,"huge":123456789012345678901234567890,
                "d":"2026-03-02","list":[],"u":"é<>\u2028"} trailing"#,
        );
        assert_eq!(
            json.unwrap().compact(),
            "{\"at\":\"2026-03-02T09:20:31.5+00:00\",\"f\":1.5,\"e\":1000.0,\"tiny\":1E-07,\
             \"huge\":123456789012345678901234567890,\"d\":\"2026-03-02\",\"list\":[],\"u\":\"é<>\\u2028\"}"
        );
    }

    #[test]
    fn a_repeated_name_keeps_its_last_value() {
        assert_eq!(Json::parse(r#"{"a":1,"b":2,"a":3}"#).unwrap().compact(), r#"{"a":3,"b":2}"#);
    }

    #[test]
    fn nesting_without_end_is_refused() {
        assert!(Json::parse(&"[".repeat(100_000)).is_err());
        assert!(Json::parse(&format!("{}{}", "[".repeat(1000), "]".repeat(1000))).is_err());
    }
}
