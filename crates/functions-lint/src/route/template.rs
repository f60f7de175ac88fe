//! How a route template is written, as `RoutePatternParser` of ASP.NET reads it: segments between slashes, parameters in
//! braces, and braces doubled where they are meant as such.

use super::{
    parameter,
    segment::{Part, Segment},
};

pub(super) fn parse(text: &str) -> Result<Vec<Segment>, String> {
    let trimmed = text.strip_prefix("~/").or_else(|| text.strip_prefix('/')).unwrap_or(text);
    if trimmed.starts_with('~') && trimmed.len() == text.len() {
        return Err("a route that begins with ~ must begin with ~/".to_owned());
    }
    let mut parts = segments(trimmed);
    if parts.last().is_some_and(|part| part.is_empty()) {
        // One slash at the end is no segment.
        parts.pop();
    }
    if parts.iter().any(|part| part.is_empty()) {
        return Err(format!("{text:?} must not begin with a slash or contain two in a row"));
    }
    let (mut segments, mut names) = (Vec::new(), Vec::<String>::new());
    for (at, part) in parts.iter().enumerate() {
        let segment = segment(part)?;
        if matches!(segment, Segment::Rest(_)) && at + 1 < parts.len() {
            return Err(format!("{part} must be the last segment"));
        }
        for name in names_of(&segment) {
            if names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                return Err(format!("two parameters are named {name}; rename one"));
            }
            names.push(name.to_owned());
        }
        segments.push(segment);
    }
    Ok(segments)
}

/// The segments of a template: a slash inside braces, as a pattern may have it, parts nothing.
fn segments(text: &str) -> Vec<&str> {
    let (mut inside, mut start, mut out) = (false, 0, Vec::new());
    let mut chars = text.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        match char {
            '{' | '}' if chars.peek().is_some_and(|(_, next)| *next == char) => drop(chars.next()),
            '{' => inside = true,
            '}' => inside = false,
            '/' if !inside => {
                out.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(&text[start..]);
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
    let (mut parts, takes_rest) = parts(text)?;
    if parts.len() == 1 {
        return Ok(match parts.swap_remove(0) {
            Part::Literal(literal) => Segment::Literal(literal),
            Part::Parameter(parameter) if takes_rest => Segment::Rest(parameter),
            Part::Parameter(parameter) => Segment::Parameter(parameter),
        });
    }
    if takes_rest {
        return Err(format!("{text} mixes text and a parameter that takes the rest of the path"));
    }
    if parts.windows(2).any(|pair| matches!(pair, [Part::Parameter(_), Part::Parameter(_)])) {
        return Err(format!("{text} has two parameters in a row; put a text between them"));
    }
    let optional = |part: &Part| matches!(part, Part::Parameter(parameter) if parameter.optional);
    let last_two = parts.len() - 2;
    let behind_a_dot = matches!(&parts[last_two], Part::Literal(literal) if literal == ".");
    if parts[..=last_two].iter().any(optional) || (optional(&parts[last_two + 1]) && !behind_a_dot) {
        return Err(format!(
            "{text} mixes text and an optional parameter; only at the end and behind a dot may one stand there"
        ));
    }
    Ok(Segment::Mixed(parts))
}

/// The parts of a segment, and whether a parameter among them takes the rest of the path.
fn parts(text: &str) -> Result<(Vec<Part>, bool), String> {
    let unbalanced = || format!("{text} has an unmatched brace; write a literal brace twice");
    let (mut parts, mut literal, mut rest, mut takes_rest) = (Vec::new(), String::new(), text, false);
    while let Some(char) = rest.chars().next() {
        if rest.starts_with("{{") || rest.starts_with("}}") {
            literal.push(char);
            rest = &rest[2..];
        } else if char == '{' {
            let end = closing(rest).ok_or_else(unbalanced)?;
            add_literal(&mut parts, &mut literal)?;
            let (parameter, all) = parameter::parse(&rest[1..end])?;
            takes_rest |= all;
            parts.push(Part::Parameter(parameter));
            rest = &rest[end + 1..];
        } else if char == '}' {
            return Err(unbalanced());
        } else {
            literal.push(char);
            rest = &rest[char.len_utf8()..];
        }
    }
    add_literal(&mut parts, &mut literal)?;
    Ok((parts, takes_rest))
}

fn add_literal(parts: &mut Vec<Part>, literal: &mut String) -> Result<(), String> {
    if literal.contains('?') {
        return Err(format!("{literal:?} must not contain a question mark: a route has no query"));
    }
    if !literal.is_empty() {
        parts.push(Part::Literal(std::mem::take(literal)));
    }
    Ok(())
}

/// Where the brace that opens a text is closed; doubled ones are characters of a pattern.
fn closing(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'{', Some(b'{')) | (b'}', Some(b'}')) => at += 2,
            (b'{', _) => return None,
            (b'}', _) => return Some(at),
            _ => at += 1,
        }
    }
    None
}
