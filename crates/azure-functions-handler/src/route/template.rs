//! Route templates before anything is served: which cannot be used, and which of two takes the requests of the other.

use super::{Parameter, Segment, constraint, segments};

/// The characters of a literal segment beside letters and digits that every host leaves unchanged.
const PLAIN: &str = "-._~!$&'()*+,;=:@";

/// Whether some path fits two templates.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Overlap {
    No,
    /// This crate knows as exactly as the host which paths fit both.
    Yes,
    /// Perhaps: this crate does not evaluate a constraint of one of the templates.
    Undecided,
}

/// Why a template cannot be used.
pub(crate) fn template_error(template: &str) -> Option<&'static str> {
    if template.trim().is_empty() {
        return Some("name one: the host would take the function's name for it");
    }
    if template.starts_with('/') || template.contains("//") {
        return Some("no slash may begin it, and no two stand side by side");
    }
    let first = template.to_ascii_lowercase();
    if first.starts_with("admin") || first.starts_with("runtime") {
        return Some("the host keeps routes that begin with `admin` or `runtime` for itself");
    }
    let all: Vec<Segment<'_>> = segments(template).map(Segment::of).collect();
    let inner = all.split_last().map_or(&[][..], |(_, inner)| inner);
    if inner.iter().any(|segment| matches!(segment, Segment::Optional(_) | Segment::CatchAll(_))) {
        return Some("`{name?}` and `{*name}` stand at its end");
    }
    let parameters: Vec<Parameter<'_>> = all.iter().filter_map(|segment| segment.parameter()).collect();
    for (index, parameter) in parameters.iter().enumerate() {
        if parameters[..index].iter().any(|known| known.name.eq_ignore_ascii_case(parameter.name)) {
            return Some("two of its parameters have the same name");
        }
    }
    all.into_iter().find_map(segment_error)
}

fn segment_error(segment: Segment<'_>) -> Option<&'static str> {
    let Some(Parameter { name, constraints }) = segment.parameter() else {
        let Segment::Literal(text) = segment else { return None };
        if text.contains(['{', '}']) {
            return Some("a segment is a literal or one parameter, not both");
        }
        let is_plain = |char: char| char.is_ascii_alphanumeric() || PLAIN.contains(char);
        let fits = text.chars().all(is_plain) && !text.starts_with('~') && !matches!(text, "." | "..");
        return (!fits).then_some(
            "a literal segment has ASCII letters, digits and `-._~!$&'()*+,;=:@` alone, for a host encodes other characters \
             in more than one way",
        );
    };
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Some("a parameter's name has letters, digits and `_` alone");
    }
    let are_known = constraint::all(constraints).all(constraint::Constraint::is_known);
    (!are_known).then_some("the host does not know a constraint in it, or not with these arguments")
}

/// Whether some path fits both templates.
pub(crate) fn overlap(one: &str, other: &str) -> Overlap {
    let (all, others) = (parse(one), parse(other));
    if !all_overlap(&all, &others) {
        return Overlap::No;
    }
    let parameters = all.iter().chain(&others).filter_map(|segment| segment.parameter());
    let are_decided = parameters.flat_map(|parameter| constraint::all(parameter.constraints));
    if are_decided.into_iter().all(constraint::Constraint::is_evaluated) {
        Overlap::Yes
    } else {
        Overlap::Undecided
    }
}

/// Whether each path that fits `other` fits `one`.
pub(crate) fn covers(one: &str, other: &str) -> bool {
    cover_all(&parse(one), &parse(other))
}

/// Whether a parameter takes texts that the host changes on its way, such as one with a backslash.
pub(crate) fn takes_any_text(template: &str) -> bool {
    let is_wide = |parameter: Parameter<'_>| {
        !constraint::all(parameter.constraints).any(constraint::Constraint::is_narrow)
    };
    parse(template).iter().filter_map(|segment| segment.parameter()).any(is_wide)
}

fn parse(template: &str) -> Vec<Segment<'_>> {
    segments(template).map(Segment::of).collect()
}

fn all_overlap(one: &[Segment<'_>], other: &[Segment<'_>]) -> bool {
    use Segment::{CatchAll, Optional};
    match (one, other) {
        ([], rest) | (rest, []) => rest.iter().all(|segment| matches!(segment, Optional(_) | CatchAll(_))),
        ([CatchAll(_), ..], _) | (_, [CatchAll(_), ..]) => true,
        ([first, one @ ..], [second, other @ ..]) => {
            segments_overlap(*first, *second) && all_overlap(one, other)
        }
    }
}

fn constraints(segment: Segment<'_>) -> Vec<constraint::Constraint<'_>> {
    segment.parameter().map(|parameter| constraint::all(parameter.constraints).collect()).unwrap_or_default()
}

/// Whether one part of a path may fit both segments.
fn segments_overlap(one: Segment<'_>, other: Segment<'_>) -> bool {
    match (one, other) {
        (Segment::Literal(one), Segment::Literal(other)) => one.eq_ignore_ascii_case(other),
        (Segment::Literal(text), parameter) | (parameter, Segment::Literal(text)) => {
            parameter.parameter().is_none_or(|parameter| parameter.may_be(text))
        }
        (one, other) => {
            let others = constraints(other);
            constraints(one).iter().all(|one| others.iter().all(|other| !one.excludes(*other)))
        }
    }
}

fn cover_all(one: &[Segment<'_>], other: &[Segment<'_>]) -> bool {
    use Segment::{CatchAll, Literal, Optional, Parameter};
    let is_free = |segment: &Segment<'_>| segment.parameter().is_none_or(|one| one.constraints.is_empty());
    match (one, other) {
        ([first, ..], _) if !is_free(first) => false,
        ([] | [Optional(_)], []) | ([CatchAll(_), ..], _) => true,
        ([], _)
        | (_, [] | [CatchAll(_), ..])
        | ([Literal(_), ..], [Parameter(_), ..])
        | ([Literal(_) | Parameter(_), ..], [Optional(_), ..]) => false,
        ([Literal(text), one @ ..], [Literal(same), other @ ..]) => {
            text.eq_ignore_ascii_case(same) && cover_all(one, other)
        }
        ([Parameter(_) | Optional(_), one @ ..], [_, other @ ..]) => cover_all(one, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_that_share_a_path_overlap() {
        for (one, other, expected) in [
            ("a/{x}", "A/{y}", Overlap::Yes),
            ("a/{x}", "a/{*x}", Overlap::Yes),
            ("a/x", "a/{x}", Overlap::Yes),
            ("a/{x?}", "a", Overlap::Yes),
            ("{x}/b", "a/{y}", Overlap::Yes),
            ("a/{x:int}", "a/{y}", Overlap::Yes),
            ("a/{x:guid}", "a/{y}", Overlap::Undecided),
            ("a/{x:regex(^b$)}", "a/b", Overlap::Undecided),
            ("a/{x:alpha}", "a/{y:int}", Overlap::No),
            ("a/{x:int}", "a/new", Overlap::No),
            ("a/{x:guid}", "a/new", Overlap::No),
            ("a/{x}", "a/{x}/b", Overlap::No),
            ("a/b", "a/c", Overlap::No),
        ] {
            assert_eq!(overlap(one, other), expected, "{one} {other}");
            assert_eq!(overlap(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn a_wider_template_covers_a_narrower_one() {
        for (wide, narrow) in [("{*x}", "a/{b?}"), ("a/{x}", "A/{y:int}"), ("a/{x}", "a/b"), ("a/{x?}", "a")]
        {
            assert!(covers(wide, narrow), "{wide} {narrow}");
        }
        for (one, other) in
            [("a/b", "a/{x}"), ("a/{x}", "a/{x?}"), ("a/{x:int}", "a/{y}"), ("{x}/b", "a/{y}")]
        {
            assert!(!covers(one, other), "{one} {other}");
        }
    }

    #[test]
    fn only_a_narrow_constraint_keeps_a_backslash_out() {
        for wide in ["a/{x}", "{*x}", "a/{x:length(3)}", "a/{x:int}/{y}"] {
            assert!(takes_any_text(wide), "{wide}");
        }
        for narrow in ["a/b", "a/{x:int}", "a/{x:guid?}", "a/{x:maxlength(9):alpha}"] {
            assert!(!takes_any_text(narrow), "{narrow}");
        }
    }

    #[test]
    fn unsupported_route_templates_are_rejected() {
        for good in ["{*all}", "a/{b}/c", "a/{b:int}", "a/{b?}", "a/", "a/b.c", "a/{b:regex(^x(y|z)$):alpha}"]
        {
            assert_eq!(template_error(good), None, "{good}");
        }
        for bad in [
            "",
            " ",
            "/a",
            "a//b",
            "a/{b}.{c}",
            "{*a}/b",
            "{a?}/b",
            "{}",
            "a?b",
            "a#b",
            "{x}/{X}",
            "{x:intt}",
            "{x=1}",
            "café",
            "a b",
            "~a",
            "a/../b",
            "Admin/x",
            "administrators",
            "runtime",
        ] {
            assert!(template_error(bad).is_some(), "{bad}");
        }
    }
}
