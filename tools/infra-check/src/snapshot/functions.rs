//! The functions that snapshots leave to the deployment, as they answer in Azure's public cloud.

use crate::value::{Text, Value};

/// An unknown value, and the reason.
pub(super) fn cannot(why: &str) -> Value {
    Value::Unknown(why.to_owned())
}

/// The result of a template function for these values.
pub(super) fn call(name: &str, values: &[Value]) -> Value {
    if let Some(why) = values.iter().find_map(Value::unknown) {
        return cannot(why);
    }
    match (name, values) {
        ("environment", []) => public_cloud(),
        ("reference", [Value::Text(id), ..]) => Value::symbol(&id.text),
        ("guid", of) => Value::symbol(&format!("guid {}", texts(of).join(" "))),
        ("format", [Value::Text(form), holes @ ..]) => format(form, holes),
        ("concat", parts) => whole(parts.iter().filter_map(plain)),
        ("replace", [Value::Text(text), Value::Text(old), Value::Text(new)]) if old.exact => {
            let exact = text.exact && (new.exact || !text.text.contains(&old.text));
            Value::Text(Text { text: text.text.replace(&old.text, &new.text), exact })
        }
        ("resourceId", [Value::Text(subscription), Value::Text(group), Value::Text(kind), names @ ..]) => {
            let scope = format!("/subscriptions/{}/resourceGroups/{}", subscription.text, group.text);
            id(&scope, kind, names)
        }
        ("extensionResourceId", [Value::Text(scope), Value::Text(kind), names @ ..]) => {
            id(&scope.text, kind, names)
        }
        ("split", [Value::Text(text), Value::Text(by)]) => split(text, &by.text),
        ("empty", [value]) => is_empty(value),
        ("not", [Value::Bool(value)]) => Value::Bool(!value),
        ("if", [Value::Bool(condition), yes, no]) => if *condition { yes } else { no }.clone(),
        ("string", [value]) => plain(value).map_or_else(|| cannot("the text of an object"), Value::Text),
        ("toLower", [Value::Text(text)]) => {
            Value::Text(Text { text: text.text.to_lowercase(), exact: text.exact })
        }
        _ => cannot(&format!("`{name}` of this is not read here")),
    }
}

fn public_cloud() -> Value {
    let object = |key: &str, value: &str| Value::Object(vec![(key.to_owned(), Value::exact(value))]);
    Value::Object(vec![
        ("suffixes".to_owned(), object("storage", "core.windows.net")),
        ("authentication".to_owned(), object("loginEndpoint", "https://login.microsoftonline.com/")),
    ])
}

fn texts(values: &[Value]) -> Vec<&str> {
    values.iter().filter_map(Value::text).collect()
}

/// The text of a plain value.
fn plain(value: &Value) -> Option<Text> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Int(number) => Some(Text { text: number.to_string(), exact: true }),
        Value::Bool(value) => {
            Some(Text { text: if *value { "True" } else { "False" }.to_owned(), exact: true })
        }
        _ => None,
    }
}

fn whole(parts: impl Iterator<Item = Text>) -> Value {
    let mut whole = Text { text: String::new(), exact: true };
    for part in parts {
        whole.text.push_str(&part.text);
        whole.exact &= part.exact;
    }
    Value::Text(whole)
}

/// Puts the values into the numbered holes.
fn format(form: &Text, holes: &[Value]) -> Value {
    let literal = |text: &str| Text { text: text.replace("}}", "}"), exact: true };
    let mut parts = Vec::new();
    let mut rest = form.text.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        parts.push(literal(before));
        if let Some(after) = after.strip_prefix('{') {
            parts.push(Text { text: "{".to_owned(), exact: true });
            rest = after;
            continue;
        }
        let hole =
            after.split_once('}').and_then(|(number, after)| Some((number.parse::<usize>().ok()?, after)));
        let Some((number, after)) = hole else { return cannot("a hole without a number") };
        let Some(part) = holes.get(number).and_then(plain) else { return cannot("a hole without a text") };
        parts.push(part);
        rest = after;
    }
    parts.push(literal(rest));
    whole(parts.into_iter())
}

fn id(scope: &str, kind: &Text, names: &[Value]) -> Value {
    let mut parts = kind.text.split('/');
    let mut id = format!("{scope}/providers/{}", parts.next().unwrap_or_default());
    let parts: Vec<_> = parts.collect();
    let names = texts(names);
    if parts.len() != names.len() {
        return cannot("an id with more types than names");
    }
    for (part, name) in parts.iter().zip(names) {
        id = format!("{id}/{part}/{name}");
    }
    // An id is known in all but the names that Azure gives, which only names of names are here.
    let exact = !id.contains('‹');
    Value::Text(Text { text: id, exact })
}

/// Splits outside of symbols.
fn split(text: &Text, by: &str) -> Value {
    let mut pieces = vec![String::new()];
    let mut depth = 0_usize;
    for one in text.text.chars() {
        match one {
            '‹' => depth += 1,
            '›' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && by.chars().eq([one]) {
            pieces.push(String::new());
        } else if let Some(last) = pieces.last_mut() {
            last.push(one);
        }
    }
    let text = |piece: String| {
        let exact = !piece.contains('‹');
        Value::Text(Text { text: piece, exact })
    };
    Value::List(pieces.into_iter().map(text).collect())
}

/// An id or address that Azure assigns is never empty.
fn is_empty(value: &Value) -> Value {
    match value {
        Value::Null => Value::Bool(true),
        Value::Text(text) => Value::Bool(text.text.is_empty()),
        Value::List(items) => Value::Bool(items.is_empty()),
        Value::Object(properties) => Value::Bool(properties.is_empty()),
        _ => cannot("whether a number is empty"),
    }
}
