//! One entry of `bindings` in a function.json. The binding's members are found ignoring case, and their scalars are
//! converted.

use serde_json::Value;

use crate::{json, values};

/// `direction`; the first one is the default.
pub const DIRECTIONS: [&str; 3] = ["in", "out", "inOut"];
/// `dataType` (`DataType.cs` of the host).
pub const DATA_TYPES: [&str; 4] = ["undefined", "string", "binary", "stream"];
/// `authLevel` (`AuthorizationLevel` of the HTTP extension).
pub const AUTH_LEVELS: [&str; 5] = ["anonymous", "user", "function", "system", "admin"];

/// A value that a member may not have: an unknown word, or a value of another type.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the value does not have the form that the host reads")]
pub struct InvalidValue;

/// A member.
#[must_use]
pub fn get<'a>(binding: &'a Value, member: &str) -> Option<&'a Value> {
    let members = binding.as_object()?.iter();
    members.rev().find(|(known, _)| known.eq_ignore_ascii_case(member)).map(|(_, value)| value)
}

/// A scalar as its text; none for null, a list or an object.
#[must_use]
pub fn text(binding: &Value, member: &str) -> Option<String> {
    get(binding, member).filter(|value| !value.is_null()).and_then(json::text)
}

/// A Boolean member; none where it is missing.
///
/// # Errors
/// Anything else.
pub fn flag(binding: &Value, member: &str) -> Result<Option<bool>, InvalidValue> {
    match get(binding, member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(Value::Number(number)) => Ok(Some(number.as_f64() != Some(0.0))),
        Some(Value::String(text)) => values::parse_flag(text).map(Some).ok_or(InvalidValue),
        Some(Value::Array(_) | Value::Object(_)) => Err(InvalidValue),
    }
}

/// The position of the member's value among `words`; `None` if the member is missing.
///
/// # Errors
/// Anything else.
pub fn variant_index(binding: &Value, member: &str, words: &[&str]) -> Result<Option<usize>, InvalidValue> {
    match get(binding, member) {
        None | Some(Value::Null) => Ok(None),
        Some(value @ (Value::String(_) | Value::Number(_))) => {
            let text = json::text(value).unwrap_or_default();
            values::variant_index(&text, words).map(Some).ok_or(InvalidValue)
        }
        Some(_) => Err(InvalidValue),
    }
}

/// `methods` in upper case; none where they are missing, which means all. An empty list is no method at all.
///
/// # Errors
/// No list of scalars.
pub fn methods(trigger: &Value) -> Result<Option<Vec<String>>, InvalidValue> {
    let list = match get(trigger, "methods") {
        None | Some(Value::Null) => return Ok(None),
        Some(list) => list.as_array().ok_or(InvalidValue)?,
    };
    let methods =
        list.iter().map(|item| json::text(item).map(|text| text.to_ascii_uppercase()).ok_or(InvalidValue));
    methods.collect::<Result<_, _>>().map(Some)
}

/// The route of an `httpTrigger`, its settings not filled in: the function's name where it is missing, empty or blank
/// (`ValidateHttpFunction` in ScriptHost.cs).
#[must_use]
pub fn route(trigger: &Value, function: &str) -> String {
    text(trigger, "route").filter(|route| !route.trim().is_empty()).unwrap_or_else(|| function.to_owned())
}

/// Whether it is an output; `inOut` is an input too and counts as none here.
#[must_use]
pub fn is_output(binding: &Value) -> bool {
    variant_index(binding, "direction", &DIRECTIONS) == Ok(Some(1))
}

/// Whether its type ends in `Trigger`, in any case, and it is an input.
#[must_use]
pub fn is_trigger(binding: &Value) -> bool {
    let kind = text(binding, "type").unwrap_or_default().to_ascii_lowercase();
    kind.ends_with("trigger") && !is_output(binding)
}

/// Whether the host takes a name for a binding's (`ValidateBinding` in Utility.cs).
#[must_use]
pub fn is_binding_name(name: &str) -> bool {
    let plain = name.len() <= 128
        && name.starts_with(|char: char| char.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain || name == "$return"
}

/// Whether the host takes a folder's name for a function's (`FunctionNameValidationRegex` in Utility.cs).
#[must_use]
pub fn is_function_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|char: char| char.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        && !name.eq_ignore_ascii_case("host")
}

/// Whether storage accepts the name: 3 to 63 of a-z, 0-9 and single hyphens between them.
#[must_use]
pub fn is_queue_name(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_found_in_any_case_and_converted() {
        let binding = json!({"TYPE": "httpTrigger", "Route": 7, "runOnStartup": "True", "authLevel": 4, "datatype": "STREAM"});
        assert_eq!(text(&binding, "type").as_deref(), Some("httpTrigger"));
        assert_eq!(route(&binding, "f"), "7");
        assert_eq!(flag(&binding, "runonstartup"), Ok(Some(true)));
        assert_eq!(variant_index(&binding, "authLevel", &AUTH_LEVELS), Ok(Some(4)));
        assert_eq!(variant_index(&binding, "dataType", &DATA_TYPES), Ok(Some(3)));
        assert_eq!(
            variant_index(&json!({"authLevel": "guest"}), "authLevel", &AUTH_LEVELS),
            Err(InvalidValue)
        );
    }

    #[test]
    fn no_methods_are_all_and_an_empty_list_is_none() {
        assert_eq!(methods(&json!({})), Ok(None));
        assert_eq!(methods(&json!({"methods": null})), Ok(None));
        assert_eq!(methods(&json!({"methods": []})), Ok(Some(vec![])));
        assert_eq!(
            methods(&json!({"Methods": ["get", "QUERY"]})),
            Ok(Some(vec!["GET".to_owned(), "QUERY".to_owned()]))
        );
        assert_eq!(methods(&json!({"methods": "get"})), Err(InvalidValue));
    }

    #[test]
    fn an_empty_or_blank_route_is_the_functions_name() {
        for missing in [json!({}), json!({"route": ""}), json!({"route": "  "}), json!({"route": null})] {
            assert_eq!(route(&missing, "hello"), "hello", "{missing}");
        }
        assert_eq!(route(&json!({"route": "/x"}), "hello"), "/x");
    }

    #[test]
    fn names_are_those_that_the_host_takes() {
        for (name, good) in [
            ("req", true),
            ("a1", true),
            ("$return", true),
            ("my_blob", false),
            ("$Return", false),
            ("1a", false),
            ("", false),
            ("a-b", false),
        ] {
            assert_eq!(is_binding_name(name), good, "{name}");
        }
        for (name, good) in [("a_b-c", true), ("Host2", true), ("HOST", false), ("1a", false), ("a.b", false)]
        {
            assert_eq!(is_function_name(name), good, "{name}");
        }
    }
}
