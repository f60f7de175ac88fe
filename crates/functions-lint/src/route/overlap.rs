//! Two templates and one URL: whether both take it, and which of them is more exact.

use super::{
    Template,
    constraint::Constraint,
    segment::{Parameter, Params, Segment, mixed_or_shorter},
};

impl Template {
    /// Whether some path fits both templates. The answer is no where it would take comparing two segments that mix text
    /// and parameters, or two different regular expressions.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        overlap(&self.0, &other.0)
    }

    /// Whether this template is more exact than the other, by the ranks of ASP.NET: a segment of text ranks before a
    /// parameter with a constraint, that before a parameter without one, and a parameter for the rest of the path ranks
    /// last (`RoutePrecedence` in dotnet/aspnetcore).
    #[must_use]
    pub fn is_more_exact_than(&self, other: &Self) -> bool {
        let ranks = |template: &Self| template.0.iter().map(rank).collect::<Vec<_>>();
        ranks(self) < ranks(other)
    }
}

fn rank(segment: &Segment) -> u8 {
    match segment {
        Segment::Literal(_) => 1,
        Segment::Mixed(_) => 2,
        Segment::Parameter(parameter) => 3 - u8::from(!parameter.constraints.is_empty()),
        Segment::Rest(parameter) => 5 - u8::from(!parameter.constraints.is_empty()),
    }
}

fn overlap(one: &[Segment], other: &[Segment]) -> bool {
    match (one, other) {
        ([], rest) | (rest, []) => rest.iter().all(may_be_missing),
        ([Segment::Rest(parameter), ..], _) | (_, [Segment::Rest(parameter), ..]) => {
            parameter.constraints.is_empty()
        }
        ([first, one @ ..], [second, other @ ..]) => meet(first, second) && overlap(one, other),
    }
}

fn may_be_missing(segment: &Segment) -> bool {
    match segment {
        Segment::Literal(_) | Segment::Mixed(_) => false,
        Segment::Parameter(parameter) => parameter.optional || parameter.default.is_some(),
        Segment::Rest(parameter) => parameter.constraints.is_empty(),
    }
}

/// Whether one part of a path fits both segments.
fn meet(one: &Segment, other: &Segment) -> bool {
    match (one, other) {
        (Segment::Literal(one), Segment::Literal(other)) => one.to_lowercase() == other.to_lowercase(),
        (Segment::Literal(text), Segment::Parameter(parameter))
        | (Segment::Parameter(parameter), Segment::Literal(text)) => parameter.allows(Some(text)),
        (Segment::Literal(text), Segment::Mixed(parts)) | (Segment::Mixed(parts), Segment::Literal(text)) => {
            mixed_or_shorter(parts, text, &mut Params::new()).is_some()
        }
        (Segment::Parameter(one), Segment::Parameter(other)) => share_a_value(one, other),
        (Segment::Mixed(_), Segment::Parameter(parameter))
        | (Segment::Parameter(parameter), Segment::Mixed(_)) => parameter.constraints.is_empty(),
        _ => false,
    }
}

fn share_a_value(one: &Parameter, other: &Parameter) -> bool {
    one.constraints.iter().all(|first| other.constraints.iter().all(|second| first.shares_a_value(second)))
}

/// What the texts look like that a constraint lets in.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Look {
    Number,
    Word,
    Guid,
    Date,
    Flag,
    Any,
    Unknown,
}

impl Constraint {
    fn look(&self) -> Look {
        match self {
            Self::Int | Self::Long | Self::Decimal | Self::Float | Self::Range(..) => Look::Number,
            Self::Alpha => Look::Word,
            Self::Guid => Look::Guid,
            Self::DateTime => Look::Date,
            Self::Bool => Look::Flag,
            Self::Length(..) | Self::Required | Self::File | Self::NoFile => Look::Any,
            Self::Regex(_) => Look::Unknown,
        }
    }

    fn shares_a_value(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Range(least, most), Self::Range(from, to)) => least.max(from) <= most.min(to),
            (Self::Length(least, most), Self::Length(from, to)) => least.max(from) <= most.min(to),
            (Self::File, Self::NoFile) | (Self::NoFile, Self::File) => false,
            (Self::Regex(one), Self::Regex(other)) => one.as_str() == other.as_str(),
            _ => match (self.look(), other.look()) {
                (Look::Unknown, _) | (_, Look::Unknown) => false,
                (Look::Any, _) | (_, Look::Any) | (Look::Word, Look::Flag) | (Look::Flag, Look::Word) => true,
                (one, other) => one == other,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Template {
        Template::parse(text).unwrap()
    }

    #[test]
    fn templates_that_share_a_url_overlap() {
        for (one, other) in [
            ("list/{kind}", "list/items"),
            ("list/{kind}", "{any}/items"),
            ("{*rest}", "a/b/c"),
            ("a/{*rest}", "A"),
            ("a/{x?}", "a"),
            ("a/{x=1}", "a"),
            ("a/{x:int}", "a/{y:long}"),
            ("a/{x:int}", "a/7"),
            ("a/{x}", "a/{y:guid}"),
            ("a/{x:alpha}", "a/{y:bool}"),
            ("v{n}/x", "v1/x"),
            ("a/{x:length(2)}", "a/{y:minlength(1)}"),
        ] {
            assert!(template(one).overlaps(&template(other)), "{one} {other}");
            assert!(template(other).overlaps(&template(one)), "{other} {one}");
        }
    }

    #[test]
    fn templates_without_a_url_in_common_do_not() {
        for (one, other) in [
            ("list/{kind}", "list"),
            ("list/{kind}", "lists/items"),
            ("a/{x:int}", "a/items"),
            ("a/{x:int}", "a/{y:alpha}"),
            ("a/{x:guid}", "a/{y:long}"),
            ("a/{x:range(1,5)}", "a/{y:range(6,9)}"),
            ("a/{x:length(2)}", "a/{y:length(3,4)}"),
            ("a/{*rest}", "b/c"),
            ("v{n}/x", "w1/x"),
            ("{*rest:regex(^(?!api/).*$)}", "api/x"),
        ] {
            assert!(!template(one).overlaps(&template(other)), "{one} {other}");
        }
    }

    #[test]
    fn text_is_more_exact_than_a_parameter_and_that_than_the_rest() {
        let sorted =
            ["list/items", "list/v{n}", "list/{kind}", "list/{*rest}", "{any:int}", "{any}/items", "{*rest}"];
        for (at, one) in sorted.iter().enumerate() {
            for other in &sorted[at + 1..] {
                assert!(template(one).is_more_exact_than(&template(other)), "{one} {other}");
                assert!(!template(other).is_more_exact_than(&template(one)), "{other} {one}");
            }
        }
        assert!(template("a").is_more_exact_than(&template("a/{x?}")));
        assert!(!template("a/{x}").is_more_exact_than(&template("a/{y}")));
    }
}
