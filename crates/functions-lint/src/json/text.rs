//! The text that .NET makes of a value in the invariant culture.

use serde_json::Value;

use super::NetDate;

/// What a scalar becomes in the host's configuration: `4`, `True`, nothing for null, and for a text that Json.NET takes
/// for a date `03/02/2026 11:20:31`. None for a list or an object (`ProcessToken` in HostJsonFileConfigurationSource.cs).
#[must_use]
pub fn text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => String::new(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Number(number) => match number.as_f64() {
            Some(value) if number.is_f64() => float(value),
            _ => number.to_string(),
        },
        Value::String(text) => NetDate::parse(text).map_or_else(|| text.clone(), NetDate::to_invariant_text),
        Value::Array(_) | Value::Object(_) => return None,
    })
}

/// The shortest text that reads back as the same number, with .NET's rules for exponents.
#[must_use]
pub fn float(number: f64) -> String {
    let size = number.abs();
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else if number == 0.0 || (1e-5..1e15).contains(&size) {
        format!("{number}")
    } else {
        let text = format!("{number:E}");
        let (mantissa, exponent) = text.split_once('E').unwrap_or((&text, "0"));
        let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
        format!("{mantissa}E{sign}{digits:0>2}")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn scalars_become_the_texts_of_dotnet() {
        let cases = [
            (json!(4), "4"),
            (json!(2.0), "2"),
            (json!(1.50), "1.5"),
            (json!(1e20), "1E+20"),
            (json!(true), "True"),
            (json!(null), ""),
            (json!("2026-03-02T11:20:31Z"), "03/02/2026 11:20:31"),
            (json!("2026-03-02"), "2026-03-02"),
        ];
        for (value, expected) in cases {
            assert_eq!(text(&value).as_deref(), Some(expected));
        }
        assert_eq!(text(&json!([])), None);
    }
}
