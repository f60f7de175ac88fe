//! What stands between the braces of a parameter: `name:constraint(argument)=default`, `name?`, `*name`, `**name`
//! (`RouteParameterParser` of ASP.NET).

use super::{constraint::Constraint, segment::Parameter};

/// A parameter, and whether it takes the rest of the path.
pub(super) fn parse(inner: &str) -> Result<(Parameter, bool), String> {
    let decoded = inner.replace("}}", "}").replace("{{", "{");
    let name_and_more = decoded.strip_prefix("**").or_else(|| decoded.strip_prefix('*'));
    let takes_rest = name_and_more.is_some();
    let rest = name_and_more.unwrap_or(&decoded);
    let (rest, optional) = rest.strip_suffix('?').map_or((rest, false), |rest| (rest, true));
    // The first sign belongs to the name even where it is a colon.
    let end = rest
        .char_indices()
        .skip(1)
        .find(|(_, char)| matches!(char, ':' | '='))
        .map_or(rest.len(), |(at, _)| at);
    let (name, more) = rest.split_at(end);
    if name.is_empty() || name.contains(['{', '}', '*', '?', '/']) {
        return Err(format!("{{{inner}}} must name a parameter"));
    }
    if optional && takes_rest {
        return Err(format!("{{{inner}}} takes the rest of the path and cannot also be optional"));
    }
    let (constraints, default) = constraints(more);
    if optional && default.is_some() {
        return Err(format!(
            "{{{inner}}} is optional and has a default; remove the `?`, the default makes it \
            optional"
        ));
    }
    let constraints = constraints.into_iter().map(Constraint::parse).collect::<Result<_, _>>()?;
    Ok((
        Parameter { name: name.to_owned(), optional, default: default.map(str::to_owned), constraints },
        takes_rest,
    ))
}

/// The constraints, each behind a colon, and what stands behind the sign of equality.
fn constraints(text: &str) -> (Vec<&str>, Option<&str>) {
    let (mut found, mut rest) = (Vec::new(), text);
    while let Some(behind) = rest.strip_prefix(':') {
        let end = end_of_constraint(behind);
        if end > 0 {
            found.push(&behind[..end]);
        }
        rest = &behind[end..];
    }
    (found, rest.strip_prefix('='))
}

/// A constraint ends at a colon or a sign of equality; within its brackets only behind the one that closes them.
fn end_of_constraint(text: &str) -> usize {
    let stops = |char: char| matches!(char, ':' | '=');
    let first = text.find(|char| stops(char) || char == '(').unwrap_or(text.len());
    if !text[first..].starts_with('(') {
        return first;
    }
    let mut at = first + 1;
    while let Some(found) = text[at..].find([')', ':', '=']).map(|found| at + found) {
        let behind = &text[found + 1..];
        if text[found..].starts_with(')') {
            if behind.is_empty() || behind.starts_with(stops) {
                return found + 1;
            }
            at = found + 1;
        } else {
            // A bracket that closes later holds this sign too.
            let Some(closing) = behind.find(')') else { return found };
            at = found + 1 + closing + 1;
            if at >= text.len() {
                return text.len();
            }
        }
    }
    text.len()
}
