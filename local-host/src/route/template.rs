//! How a route template is written: `{name:constraint:constraint(argument)=default}`, `{name?}`, `{*name}`, and braces
//! doubled where they are meant as such.

use super::{Constraint, Parameter, Part, Segment};

pub(super) fn parse(text: &str) -> Result<Vec<Segment>, String> {
    let text = text.trim_matches('/');
    let parts = segments(text);
    let mut segments = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (at, part) in parts.iter().enumerate() {
        let segment = segment(part)?;
        let only_last = match &segment {
            Segment::Parameter(parameter) => parameter.optional,
            Segment::Rest(_) => true,
            Segment::Literal(_) | Segment::Mixed(_) => false,
        };
        if only_last && at + 1 < parts.len() {
            return Err(format!("{part} can only be the last segment"));
        }
        for name in names_of(&segment) {
            if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                return Err(format!("two parameters are named {name}"));
            }
            names.push(name.to_owned());
        }
        segments.push(segment);
    }
    Ok(segments)
}

/// The segments of a template: a slash inside braces, as a pattern may have it, parts nothing.
fn segments(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut out) = (0_i32, 0, Vec::new());
    for (at, char) in text.char_indices() {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            '/' if depth <= 0 => {
                out.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !text.is_empty() {
        out.push(&text[start..]);
    }
    out
}

fn names_of(segment: &Segment) -> Vec<&str> {
    match segment {
        Segment::Literal(_) => Vec::new(),
        Segment::Parameter(parameter) | Segment::Rest(parameter) => vec![&parameter.name],
        Segment::Mixed(parts) => parts
            .iter()
            .filter_map(|part| match part {
                Part::Parameter(parameter) => Some(parameter.name.as_str()),
                Part::Literal(_) => None,
            })
            .collect(),
    }
}

fn segment(text: &str) -> Result<Segment, String> {
    let parts = parts(text)?;
    match parts.as_slice() {
        [] => Err("it has an empty segment".to_owned()),
        [Part::Literal(literal)] => Ok(Segment::Literal(literal.clone())),
        [Part::Parameter(_)] => whole(text),
        _ if parts.windows(2).any(|pair| matches!(pair, [Part::Parameter(_), Part::Parameter(_)])) => {
            Err(format!("{text} has two parameters side by side; put a text between them"))
        }
        _ if parts.iter().any(|part| matches!(part, Part::Parameter(Parameter { optional: true, .. }))) => {
            Err(format!(
                "{text} mixes text and an optional parameter; give the parameter a segment of its own"
            ))
        }
        _ => Ok(Segment::Mixed(parts)),
    }
}

/// A segment that is one parameter.
fn whole(text: &str) -> Result<Segment, String> {
    let inner = &text[1..text.len() - 1];
    let name = inner.trim_start_matches('*');
    let parameter = parameter(name)?;
    Ok(if name.len() < inner.len() { Segment::Rest(parameter) } else { Segment::Parameter(parameter) })
}

fn parts(text: &str) -> Result<Vec<Part>, String> {
    let (mut parts, mut literal, mut rest) = (Vec::new(), String::new(), text);
    while let Some(char) = rest.chars().next() {
        if rest.starts_with("{{") || rest.starts_with("}}") {
            literal.push(char);
            rest = &rest[2..];
        } else if char == '{' {
            let end = closing(rest).ok_or_else(|| format!("{text} has a brace without its other half"))?;
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::Parameter(parameter(rest[1..end].trim_start_matches('*'))?));
            rest = &rest[end + 1..];
        } else if char == '}' {
            return Err(format!("{text} has a brace without its other half"));
        } else {
            literal.push(char);
            rest = &rest[char.len_utf8()..];
        }
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(literal));
    }
    Ok(parts)
}

/// Where the brace that opens a text is closed; doubled ones are characters of a pattern.
fn closing(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'{', Some(b'{')) | (b'}', Some(b'}')) => at += 2,
            (b'}', _) => return Some(at),
            _ => at += 1,
        }
    }
    None
}

fn parameter(inner: &str) -> Result<Parameter, String> {
    let (declared, default) = match split_outside(inner, '=') {
        (declared, Some(default)) => (declared, Some(default.to_owned())),
        (declared, None) => (declared, None),
    };
    let optional = declared.ends_with('?');
    let mut pieces = pieces(declared.trim_end_matches('?'));
    let name = pieces.next().unwrap_or_default().to_owned();
    if name.is_empty() || name.contains(['{', '}', '*', '?', '/']) {
        return Err(format!("{{{inner}}} names no parameter"));
    }
    if optional && default.is_some() {
        return Err(format!("{{{inner}}} is optional and has a default; a default alone makes it so"));
    }
    let constraints = pieces.map(Constraint::parse).collect::<Result<_, _>>()?;
    Ok(Parameter { name, optional, default, constraints })
}

/// The pieces between colons that stand outside brackets.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let (piece, more) = split_outside(rest?, ':');
        rest = more;
        Some(piece)
    })
}

/// Splits at the first sign that stands outside brackets.
fn split_outside(text: &str, sign: char) -> (&str, Option<&str>) {
    let mut depth = 0_i32;
    for (at, char) in text.char_indices() {
        match char {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if char == sign && depth <= 0 => return (&text[..at], Some(&text[at + 1..])),
            _ => {}
        }
    }
    (text, None)
}
