//! Matches a path against a route template, as the host does
//! (<https://learn.microsoft.com/aspnet/core/fundamentals/routing>).

mod constraint;
mod template;

use percent_encoding::percent_decode_str;

pub(crate) use template::{Overlap, covers, overlap, takes_any_text, template_error};

/// The parameters of `path` if it matches `prefix` and `template`, in the template's sequence.
///
/// Static segments match ignoring case, a parameter takes one segment that is not empty, `{name?}` may miss its
/// segment, `{*name}` takes all segments that are left, one trailing slash may follow. Parameters are percent-decoded
/// once, after the path was split; what does not decode to UTF-8 stays encoded. A constraint refuses what the host
/// refuses for certain: `int`, `long`, `min`, `max` and `range` are decided, of the others some texts, and a `regex`
/// is left to the host.
#[must_use]
pub fn match_path(prefix: &str, template: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let mut rest = Some(path.strip_prefix('/')?);
    let mut params = Vec::new();
    for segment in segments(prefix) {
        next(&mut rest).filter(|part| part.eq_ignore_ascii_case(segment))?;
    }
    for segment in segments(template) {
        match Segment::of(segment) {
            Segment::CatchAll(parameter) => params.push(parameter.with(rest.take().unwrap_or_default())?),
            Segment::Optional(_) if rest.is_none_or(str::is_empty) => {}
            Segment::Parameter(parameter) | Segment::Optional(parameter) => {
                let part = next(&mut rest).filter(|part| !part.is_empty())?;
                params.push(parameter.with(part)?);
            }
            Segment::Literal(text) => {
                next(&mut rest).filter(|part| part.eq_ignore_ascii_case(text))?;
            }
        }
    }
    rest.is_none_or(str::is_empty).then_some(params)
}

/// The next segment of the rest of a path.
fn next<'a>(rest: &mut Option<&'a str>) -> Option<&'a str> {
    let (part, after) = match (*rest)?.split_once('/') {
        Some((part, after)) => (part, Some(after)),
        None => ((*rest)?, None),
    };
    *rest = after;
    Some(part)
}

/// A segment of a template.
#[derive(Clone, Copy)]
enum Segment<'a> {
    Literal(&'a str),
    Parameter(Parameter<'a>),
    Optional(Parameter<'a>),
    CatchAll(Parameter<'a>),
}

#[derive(Clone, Copy)]
struct Parameter<'a> {
    name: &'a str,
    /// As they are written, with colons between them.
    constraints: &'a str,
}

impl<'a> Segment<'a> {
    fn of(text: &'a str) -> Self {
        let Some(inner) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) else {
            return Self::Literal(text);
        };
        if let Some(inner) = inner.strip_prefix("**").or_else(|| inner.strip_prefix('*')) {
            return Self::CatchAll(Parameter::of(inner));
        }
        match inner.strip_suffix('?') {
            Some(inner) => Self::Optional(Parameter::of(inner)),
            None => Self::Parameter(Parameter::of(inner)),
        }
    }

    const fn parameter(self) -> Option<Parameter<'a>> {
        match self {
            Self::Literal(_) => None,
            Self::Parameter(parameter) | Self::Optional(parameter) | Self::CatchAll(parameter) => {
                Some(parameter)
            }
        }
    }
}

impl<'a> Parameter<'a> {
    fn of(inner: &'a str) -> Self {
        let (name, constraints) = inner.split_once(':').unwrap_or((inner, ""));
        Self { name, constraints }
    }

    /// The parameter's name with the value that this part of a path gives it, unless a constraint refuses the value.
    fn with(self, part: &str) -> Option<(&'a str, String)> {
        let value = decoded(part);
        self.may_be(&value).then_some((self.name, value))
    }

    /// Whether no constraint refuses a value for certain.
    fn may_be(self, value: &str) -> bool {
        constraint::all(self.constraints).all(|constraint| constraint.allows(value) != Some(false))
    }
}

/// The names of a template's parameters.
pub(crate) fn parameter_names(template: &str) -> impl Iterator<Item = &str> {
    segments(template).filter_map(|segment| Some(Segment::of(segment).parameter()?.name))
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
        let params = match_path("api", "things/{id}", path)?;
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
    fn paths_the_host_rejects_do_not_match() {
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
                match_path("api", "files/{*path}", path),
                Some(vec![("path", seen.to_owned())]),
                "{path}"
            );
        }
    }

    #[test]
    fn an_optional_parameter_may_be_missing() {
        for (path, seen) in [("/api/page", None), ("/api/page/", None), ("/api/page/7", Some("7"))] {
            let expected: Vec<_> = seen.map(|text| ("number", text.to_owned())).into_iter().collect();
            assert_eq!(match_path("api", "page/{number:int?}", path), Some(expected), "{path}");
        }
    }

    #[test]
    fn constraints_match_the_host() {
        assert_eq!(match_path("api", "a/{x:int}", "/api/a/7"), Some(vec![("x", "7".to_owned())]));
        assert_eq!(match_path("api", "a/{x:int}", "/api/a/seven"), None);
        assert_eq!(match_path("api", "a/{x:alpha}", "/api/a/7"), None);
        assert!(match_path("api", "a/{x:regex(^7$)}", "/api/a/8").is_some(), "the host has decided it");
    }

    #[test]
    fn an_app_without_a_prefix_starts_at_its_template() {
        assert_eq!(match_path("", "things/all", "/things/all"), Some(vec![]));
        assert_eq!(match_path("", "things/all", "/api/things/all"), None);
    }
}
