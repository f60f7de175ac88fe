//! Matches a path against a route template, as the host does
//! (<https://learn.microsoft.com/aspnet/core/fundamentals/routing>).

use percent_encoding::percent_decode_str;

/// The parameters of `path` if it matches `prefix` and `template`, in the template's sequence.
///
/// Static segments match ignoring case, a parameter takes one segment that is not empty, `{name?}` may miss its segment,
/// `{*name}` takes all segments that are left, one trailing slash may follow. Parameters are percent-decoded once, after the
/// path was split; what does not decode to UTF-8 stays as it was sent.
#[must_use]
pub fn matched(prefix: &str, template: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let mut rest = Some(path.strip_prefix('/')?);
    let mut params = Vec::new();
    for segment in segments(prefix) {
        next(&mut rest).filter(|part| part.eq_ignore_ascii_case(segment))?;
    }
    for segment in segments(template) {
        match Segment::of(segment) {
            Segment::CatchAll(name) => params.push((name, decoded(rest.take().unwrap_or_default()))),
            Segment::Optional(_) if rest.is_none_or(str::is_empty) => {}
            Segment::Parameter(name) | Segment::Constrained(name) | Segment::Optional(name) => {
                let part = next(&mut rest).filter(|part| !part.is_empty())?;
                params.push((name, decoded(part)));
            }
            Segment::Literal(text) => {
                next(&mut rest).filter(|part| part.eq_ignore_ascii_case(text))?;
            }
        }
    }
    rest.is_none_or(str::is_empty).then_some(params)
}

/// The next segment of what is left of a path.
fn next<'a>(rest: &mut Option<&'a str>) -> Option<&'a str> {
    let (part, after) = match (*rest)?.split_once('/') {
        Some((part, after)) => (part, Some(after)),
        None => ((*rest)?, None),
    };
    *rest = after;
    Some(part)
}

/// A segment of a template, most specific first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Segment<'a> {
    Literal(&'a str),
    Constrained(&'a str),
    Parameter(&'a str),
    Optional(&'a str),
    CatchAll(&'a str),
}

impl<'a> Segment<'a> {
    fn of(text: &'a str) -> Self {
        let Some(inner) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) else {
            return Self::Literal(text);
        };
        if let Some(name) = inner.strip_prefix("**").or_else(|| inner.strip_prefix('*')) {
            return Self::CatchAll(name.split(':').next().unwrap_or(name));
        }
        match (inner.strip_suffix('?'), inner.split_once(':')) {
            (Some(inner), _) => Self::Optional(inner.split(':').next().unwrap_or(inner)),
            (None, Some((name, _))) => Self::Constrained(name),
            (None, None) => Self::Parameter(inner),
        }
    }

    /// Smaller is more specific.
    const fn rank(self) -> u8 {
        match self {
            Self::Literal(_) => 0,
            Self::Constrained(_) => 1,
            Self::Parameter(_) => 2,
            Self::Optional(_) => 3,
            Self::CatchAll(_) => 4,
        }
    }

    fn is_valid(self) -> bool {
        match self {
            Self::Literal(text) => !text.contains(['{', '}', '?', '#']),
            Self::Constrained(name) | Self::Parameter(name) | Self::Optional(name) | Self::CatchAll(name) => {
                !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            }
        }
    }
}

/// The names of a template's parameters.
pub(crate) fn parameter_names(template: &str) -> impl Iterator<Item = &str> {
    segments(template).filter_map(|segment| match Segment::of(segment) {
        Segment::Literal(_) => None,
        Segment::Constrained(name)
        | Segment::Parameter(name)
        | Segment::Optional(name)
        | Segment::CatchAll(name) => Some(name),
    })
}

/// How specific a template is: of several that match, the host calls the function with the smallest.
pub(crate) fn specificity(template: &str) -> Vec<u8> {
    segments(template).map(|segment| Segment::of(segment).rank()).collect()
}

/// Whether two templates match the same paths.
pub(crate) fn same_shape(one: &str, other: &str) -> bool {
    let shape = |template| {
        segments(template).map(|segment| match Segment::of(segment) {
            Segment::Literal(text) => (0, text.to_ascii_lowercase()),
            Segment::Constrained(_) => (Segment::Parameter("").rank(), String::new()),
            parameter => (parameter.rank(), String::new()),
        })
    };
    shape(one).eq(shape(other))
}

/// Whether this is a template that [`matched`] reads as the host does.
pub(crate) fn is_valid(template: &str) -> bool {
    let all: Vec<Segment> = segments(template).map(Segment::of).collect();
    let inner = all.split_last().map_or(&[][..], |(_, inner)| inner);
    let ends = |segment: &Segment| matches!(segment, Segment::Optional(_) | Segment::CatchAll(_));
    !template.starts_with('/') && all.iter().all(|segment| segment.is_valid()) && !inner.iter().any(ends)
}

fn segments(template: &str) -> impl Iterator<Item = &str> {
    template.split('/').filter(|segment| !segment.is_empty())
}

fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8().map_or_else(|_| part.to_owned(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(path: &str) -> Option<String> {
        let params = matched("api", "things/{id}", path)?;
        assert_eq!(params.len(), 1);
        assert_eq!(params[0].0, "id");
        Some(params[0].1.clone())
    }

    #[test]
    fn static_segments_ignore_case_and_parameters_keep_it() {
        assert_eq!(id("/API/Things/AbC").as_deref(), Some("AbC"));
    }

    #[test]
    fn one_trailing_slash_is_allowed_and_no_more() {
        assert_eq!(id("/api/things/7/").as_deref(), Some("7"));
        assert_eq!(id("/api/things/7//"), None);
    }

    #[test]
    fn a_parameter_is_decoded_once_and_never_splits() {
        for (sent, seen) in [
            ("a%2Fb", "a/b"),
            ("S%C3%BC%20%25%3F%23Z", "Sü %?#Z"),
            ("%252F", "%2F"),
            ("%zz", "%zz"),
            ("100%", "100%"),
            ("%FC", "%FC"),
            ("a+b", "a+b"),
        ] {
            assert_eq!(id(&format!("/api/things/{sent}")).as_deref(), Some(seen), "{sent}");
        }
    }

    #[test]
    fn what_the_host_would_not_match_is_not_matched() {
        for path in [
            "",
            "/",
            "*",
            "/api",
            "/api/things",
            "/api/things/",
            "/api/things//",
            "/api//things/7",
            "//api/things/7",
        ] {
            assert_eq!(id(path), None, "{path}");
        }
        for path in [
            "/things/7",
            "/api/things/7/x",
            "/api/thing/7",
            "api/things/7",
            "/api/%74hings/7",
            "/apithings/7",
        ] {
            assert_eq!(id(path), None, "{path}");
        }
    }

    #[test]
    fn a_catch_all_takes_what_is_left() {
        for (path, seen) in [("/api/files", ""), ("/api/files/", ""), ("/api/files/a/b%20c/", "a/b c/")] {
            assert_eq!(
                matched("api", "files/{*path}", path),
                Some(vec![("path", seen.to_owned())]),
                "{path}"
            );
        }
    }

    #[test]
    fn an_optional_parameter_may_be_missing() {
        for (path, seen) in [("/api/page", None), ("/api/page/", None), ("/api/page/7", Some("7"))] {
            let expected: Vec<_> = seen.map(|text| ("number", text.to_owned())).into_iter().collect();
            assert_eq!(matched("api", "page/{number:int?}", path), Some(expected), "{path}");
        }
    }

    #[test]
    fn the_most_specific_template_counts() {
        let ranked = ["a/b", "a/{x:int}", "a/{x}", "a/{x?}", "a/{*x}"].map(specificity);
        assert!(ranked.is_sorted(), "{ranked:?}");
    }

    #[test]
    fn templates_of_one_shape_are_known() {
        assert!(same_shape("a/{x}", "A/{y:int}"));
        assert!(!same_shape("a/{x}", "a/{*x}"));
        assert!(!same_shape("a/x", "a/{x}"));
    }

    #[test]
    fn only_templates_that_are_read_as_the_host_does_are_valid() {
        for good in ["", "a/{b}/c", "{*all}", "a/{b:int}", "a/{b?}"] {
            assert!(is_valid(good), "{good}");
        }
        for bad in ["/a", "a/{b}.{c}", "{*a}/b", "{a?}/b", "{}", "a?b"] {
            assert!(!is_valid(bad), "{bad}");
        }
    }

    #[test]
    fn an_app_without_a_prefix_starts_at_its_template() {
        assert_eq!(matched("", "things/all", "/things/all"), Some(vec![]));
        assert_eq!(matched("", "things/all", "/api/things/all"), None);
    }
}
