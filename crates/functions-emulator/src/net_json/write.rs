//! .NET's texts of values: `ToString`, and Json.NET's two ways to write JSON.

use functions_lint::json::float;

use super::Json;

impl Json {
    /// What .NET's `ToString` gives: scalars in the invariant culture, objects and lists as indented JSON.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Bool(true) => "True".to_owned(),
            Self::Bool(false) => "False".to_owned(),
            Self::Integer(digits) => digits.clone(),
            Self::Float(number) => float(*number),
            Self::Text(text) => text.clone(),
            Self::Date(date) => date.to_invariant_text(),
            Self::List(_) | Self::Object(_) => self.indented(),
        }
    }

    /// JSON over several lines, two blanks a level.
    pub(crate) fn indented(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, Some(0));
        out
    }

    /// JSON without a blank.
    pub(crate) fn compact(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, None);
        out
    }

    fn write(&self, out: &mut String, indent: Option<usize>) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
            Self::Integer(digits) => out.push_str(digits),
            Self::Float(number) => out.push_str(&with_point(float(*number))),
            Self::Text(text) => out.push_str(&quoted(text)),
            Self::Date(date) => out.push_str(&quoted(&date.to_json_text())),
            Self::List(items) => {
                write_all(out, indent, ['[', ']'], items, |out, item, indent| item.write(out, indent));
            }
            Self::Object(members) => {
                write_all(out, indent, ['{', '}'], members, |out, (name, value), indent| {
                    out.push_str(&quoted(name));
                    out.push_str(if indent.is_some() { ": " } else { ":" });
                    value.write(out, indent);
                });
            }
        }
    }
}

fn write_all<T>(
    out: &mut String,
    indent: Option<usize>,
    [open, close]: [char; 2],
    items: &[T],
    write: impl Fn(&mut String, &T, Option<usize>),
) {
    let deeper = indent.map(|level| level + 1);
    out.push(open);
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        new_line(out, deeper);
        write(out, item, deeper);
    }
    if !items.is_empty() {
        new_line(out, indent);
    }
    out.push(close);
}

fn new_line(out: &mut String, indent: Option<usize>) {
    if let Some(level) = indent {
        out.push('\n');
        out.push_str(&"  ".repeat(level));
    }
}

/// A JSON string as Json.NET escapes it.
pub(crate) fn quoted(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.replace('\u{85}', "\\u0085").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

fn with_point(number: String) -> String {
    if number.contains(['.', 'E', 'N', 'I']) { number } else { format!("{number}.0") }
}
