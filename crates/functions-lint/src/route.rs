//! Route templates of ASP.NET and how they match. Templates are tried in the sequence of the
//! functions' names; none ranks before another for being more exact.

// The host: docs/reference/host-protocol.md#route-matching.

mod constraint;
mod guid;
mod overlap;
mod parameter;
mod segment;
mod template;

pub use segment::Params;
use segment::Segment;

/// A route template such as `items/{kind:alpha}/{id?}`, `files/{*rest}` or `{name}.{format=json}`.
#[derive(Clone, Debug)]
pub struct Template(Vec<Segment>);

impl Template {
    /// Reads a template. One slash at each end is ignored.
    ///
    /// # Errors
    /// What is wrong, as ASP.NET would refuse it.
    pub fn parse(text: &str) -> Result<Self, String> {
        template::parse(text).map(Self)
    }

    /// Matches a path that is decoded except for `%2F`. Literal segments ignore case, one slash at the end is
    /// ignored; an empty segment matches nothing.
    #[must_use]
    pub fn matches(&self, path: &str) -> Option<Params> {
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let parts: Vec<&str> = if path.is_empty() { Vec::new() } else { path.split('/').collect() };
        if parts.contains(&"") {
            return None;
        }
        let mut left = parts.as_slice();
        let mut params = Params::new();
        for segment in &self.0 {
            left = segment.take(left, &mut params)?;
        }
        left.is_empty().then_some(params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of a match; `-` for one that the path leaves out.
    fn values(template: &str, path: &str) -> Option<Vec<String>> {
        let params = Template::parse(template).unwrap().matches(path)?;
        Some(params.into_iter().map(|(_, value)| value.unwrap_or_else(|| "-".to_owned())).collect())
    }

    #[test]
    fn parameters_take_one_segment_and_the_rest_takes_all() {
        assert_eq!(values("api/items/{kind}/{id?}", "/API/Items/a%2Fb/").unwrap(), ["a%2Fb", "-"]);
        assert_eq!(values("api/items/{kind}/{id?}", "/api/items/a/b/c"), None);
        assert_eq!(values("any/{*rest}", "/any/x/y").unwrap(), ["x/y"]);
        assert_eq!(values("{*rest}", "/").unwrap(), ["-"]);
    }

    #[test]
    fn an_empty_segment_matches_nothing() {
        assert_eq!(values("any/{*rest}", "/any//x"), None);
        assert_eq!(values("any/{*rest}", "/any/x//"), None);
    }

    #[test]
    fn a_default_stands_in_for_what_the_path_leaves_out() {
        assert_eq!(values("list/{page:int=1}", "/list").unwrap(), ["1"]);
        assert_eq!(values("list/{page:int=1}", "/list/7").unwrap(), ["7"]);
        assert_eq!(values("{a=x}/{b=y}", "/z").unwrap(), ["z", "y"]);
        assert_eq!(values("files/{*path=index}", "/files").unwrap(), ["index"]);
    }

    #[test]
    fn a_segment_may_mix_text_and_parameters() {
        assert_eq!(values("v{n:int}", "/V12").unwrap(), ["12"]);
        assert_eq!(values("v{n:int}", "/vx"), None);
        assert_eq!(values("{name}.{kind}", "/a.b.c").unwrap(), ["a.b", "c"]);
        assert_eq!(values("{name}.{kind}", "/.c"), None);
        assert_eq!(values("{name}.{kind}", "/a."), None);
        assert_eq!(values("{from}-to-{until}", "/1-to-2").unwrap(), ["1", "2"]);
        assert_eq!(values("a{x}b", "/ab"), None);
    }

    #[test]
    fn an_optional_end_of_a_segment_goes_with_its_dot() {
        assert_eq!(values("files/{name}.{kind?}", "/files/a.b").unwrap(), ["a", "b"]);
        assert_eq!(values("files/{name}.{kind?}", "/files/a").unwrap(), ["a", "-"]);
        assert_eq!(values("files/{name}.{kind?}", "/files/a."), None);
    }

    #[test]
    fn an_optional_parameter_may_stand_before_others() {
        assert_eq!(values("{a?}/b", "/x/b").unwrap(), ["x"]);
        assert_eq!(values("{a?}/b", "/b"), None);
    }

    #[test]
    fn braces_that_are_doubled_are_text() {
        assert_eq!(values("a{{b}}/{x}", "/a{b}/1").unwrap(), ["1"]);
    }

    #[test]
    fn a_missing_rest_meets_no_constraint() {
        assert_eq!(values("a/{*rest:minlength(0)}", "/a"), None);
        assert_eq!(values("a/{*rest:nonfile}", "/a").unwrap(), ["-"]);
    }

    #[test]
    fn a_pattern_may_hold_what_else_ends_a_constraint() {
        assert_eq!(values("{t:regex(^[0-9:]+$)}", "/1:2").unwrap(), ["1:2"]);
        assert_eq!(values("{t:regex(^a=b$)=a=b}", "/").unwrap(), ["a=b"]);
        assert_eq!(values("{*t:regex(^(?!api(/|$)).*$)}", "/other/x").unwrap(), ["other/x"]);
        assert_eq!(values("{*t:regex(^(?!api(/|$)).*$)}", "/API/x"), None);
    }

    #[test]
    fn each_constraint_lets_its_own_values_in() {
        let cases = [
            ("int", "-12", "1.5"),
            ("long", "9223372036854775807", "9223372036854775808"),
            ("bool", "True", "yes"),
            ("decimal", "1.50", "x"),
            ("double", "1e3", "x"),
            ("guid", "0C4E6F0E-6A52-4A53-9B3D-6A1F0F4C2B11", "0c4e6f0e"),
            ("datetime", "2026-03-02T11:20:31", "soon"),
            ("alpha", "abC", "a1"),
            ("length(2)", "ab", "abc"),
            ("length(2,3)", "abc", "a"),
            ("minlength(2)", "ab", "a"),
            ("maxlength(2)", "ab", "abc"),
            ("min(3)", "3", "2"),
            ("max(3)", "3", "4"),
            ("range(3,5)", "4", "6"),
            ("required", "x", ""),
            ("file", "a.b", "a."),
            ("nonfile", "a", "a.b"),
            ("int", "+7", "7a"),
            ("decimal", "1,000.5", "1e3"),
            ("guid", "{0c4e6f0e-6a52-4a53-9b3d-6a1f0f4c2b11}", "{0c4e6f0e6a524a539b3d6a1f0f4c2b11}"),
            (r"regex(^\d{{3}}$)", "123", "1234"),
        ];
        for (constraint, good, bad) in cases {
            let template = format!("x/{{v:{constraint}}}");
            assert!(values(&template, &format!("/x/{good}")).is_some(), "{constraint} takes {good}");
            assert!(values(&template, &format!("/x/{bad}")).is_none(), "{constraint} takes no {bad}");
        }
        assert!(values("{v:min(1):max(9)}", "/5").is_some());
        assert!(values("{v:min(1):max(9)}", "/10").is_none());
        assert_eq!(values("x/{v:int?}", "/x").unwrap(), ["-"]);
    }

    #[test]
    fn templates_that_the_host_refuses_are_refused() {
        let wrong = [
            "search?term={term}",
            "a/b?c",
            "//a",
            "a//",
            "~a",
            "{*rest?}",
            "{a?}-b",
            "a-{b?}",
            "a{*rest}",
            "{x:int(5)}",
            "{x:min}",
            "{x:range(5,3)}",
            "{x:length(-1)}",
            "{x:regex}",
            "{x{y}",
            "{*rest}/b",
            "a//b",
            "{}",
            "{a}/{A}",
            "{a",
            "a}",
            "{a}{b}",
            "{x:whole}",
            "{x:min(y)}",
            "{x?=1}",
            "v{n?}",
            "{x:regex(()}",
        ];
        for template in wrong {
            assert!(Template::parse(template).is_err(), "{template}");
        }
    }
}
