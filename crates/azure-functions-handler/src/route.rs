//! Matches a path against a route template, as the host does (protocol sheet §6).

use percent_encoding::percent_decode_str;

/// The parameters of `path` if it matches `prefix` and `template`, in the template's sequence.
///
/// Static segments match ignoring case, a parameter takes one segment that is not empty, one trailing slash may
/// follow. Parameters are percent-decoded once, after the path was split; what does not decode to UTF-8 stays as
/// it was sent.
#[must_use]
pub fn matched(prefix: &str, template: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let path = path.strip_prefix('/')?;
    let mut given = path.strip_suffix('/').unwrap_or(path).split('/');
    let mut params = Vec::new();
    for segment in segments(prefix) {
        given.next().filter(|part| part.eq_ignore_ascii_case(segment))?;
    }
    for segment in segments(template) {
        let part = given.next()?;
        match parameter(segment) {
            Some(name) if !part.is_empty() => params.push((name, decoded(part))),
            None if part.eq_ignore_ascii_case(segment) => {}
            _ => return None,
        }
    }
    given.next().is_none().then_some(params)
}

fn segments(template: &str) -> impl Iterator<Item = &str> {
    template.split('/').filter(|segment| !segment.is_empty())
}

fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
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
    fn an_app_without_a_prefix_starts_at_its_template() {
        assert_eq!(matched("", "things/all", "/things/all"), Some(vec![]));
        assert_eq!(matched("", "things/all", "/api/things/all"), None);
    }
}
