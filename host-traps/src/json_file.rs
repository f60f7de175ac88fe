//! JSON files as the host reads them: comments and a UTF-8 signature are allowed.

use std::{fs, path::Path};

use serde_json::Value;

/// Reads a file that must hold a JSON object.
///
/// # Errors
/// One sentence that names the file as `shown`.
pub fn read(path: &Path, shown: &str) -> Result<Value, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{shown} cannot be read: {error}"))?;
    let value: Value = serde_json::from_str(&without_comments(text.trim_start_matches('\u{feff}')))
        .map_err(|error| format!("{shown} is not valid JSON: {error}; mend it there"))?;
    if value.is_object() { Ok(value) } else { Err(format!("{shown} must hold a JSON object")) }
}

/// Blanks comments out, so that lines and columns of error messages stay right.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = if next == '"' {
            let length = string_length(rest);
            out.push_str(&rest[..length]);
            length
        } else if rest.starts_with("//") {
            blank(&mut out, rest, rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            blank(&mut out, rest, rest.find("*/").map_or(rest.len(), |end| end + 2))
        } else {
            out.push(next);
            next.len_utf8()
        };
        rest = &rest[length..];
    }
    out
}

fn blank(out: &mut String, text: &str, length: usize) -> usize {
    out.extend(text[..length].chars().map(|char| if char == '\n' { '\n' } else { ' ' }));
    length
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_strings_stay() {
        let text = "{ // one\n \"a\": \"//x\\\"/*y*/\" /* two\n */ }";
        let value: Value = serde_json::from_str(&without_comments(text)).unwrap();
        assert_eq!(value["a"], "//x\"/*y*/");
    }
}
