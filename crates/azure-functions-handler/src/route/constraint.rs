//! Inline constraints of route parameters
//! (<https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints>): their names, and which texts
//! they certainly allow.

/// Constraints whose arguments are a list of numbers, with how many there may be.
const KNOWN: [(&str, std::ops::RangeInclusive<usize>); 18] = [
    ("int", 0..=0),
    ("long", 0..=0),
    ("bool", 0..=0),
    ("decimal", 0..=0),
    ("double", 0..=0),
    ("float", 0..=0),
    ("guid", 0..=0),
    ("datetime", 0..=0),
    ("alpha", 0..=0),
    ("required", 0..=0),
    ("file", 0..=0),
    ("nonfile", 0..=0),
    ("length", 1..=2),
    ("minlength", 1..=1),
    ("maxlength", 1..=1),
    ("min", 1..=1),
    ("max", 1..=1),
    ("range", 2..=2),
];

/// Constraints that let no text in which the host changes on its way, such as one with a backslash.
const NARROW: [&str; 11] =
    ["int", "long", "bool", "decimal", "double", "float", "guid", "alpha", "min", "max", "range"];
/// Constraints that [`allows`] decides for every text.
const EVALUATED: [&str; 5] = ["int", "long", "min", "max", "range"];

/// One constraint, such as `int` or `range(1,9)`.
#[derive(Clone, Copy)]
pub(super) struct Constraint<'a> {
    name: &'a str,
    arguments: Option<&'a str>,
}

/// The constraints behind a parameter's name: parts at colons outside brackets.
pub(super) fn all(text: &str) -> impl Iterator<Item = Constraint<'_>> {
    let mut depth = 0_usize;
    let parts = text.split(move |char| {
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        char == ':' && depth == 0
    });
    parts.filter(|part| !part.is_empty()).map(|part| match part.split_once('(') {
        Some((name, rest)) => Constraint { name, arguments: Some(rest.strip_suffix(')').unwrap_or(rest)) },
        None => Constraint { name: part, arguments: None },
    })
}

impl Constraint<'_> {
    /// Whether the host knows it, with these arguments.
    pub(super) fn is_known(self) -> bool {
        if self.is("regex") {
            return self.arguments.is_some();
        }
        let count = self.numbers().map_or(0, Iterator::count);
        let numbers = self.numbers().into_iter().flatten().all(|number| number.is_some());
        numbers && KNOWN.iter().any(|(name, counts)| self.is(name) && counts.contains(&count))
    }

    /// Whether [`allows`](Self::allows) decides every text.
    pub(super) fn is_evaluated(self) -> bool {
        EVALUATED.iter().any(|name| self.is(name))
    }

    /// Whether it lets in no text that the host changes on its way.
    pub(super) fn is_narrow(self) -> bool {
        NARROW.iter().any(|name| self.is(name))
    }

    /// Whether no text meets both.
    pub(super) fn excludes(self, other: Self) -> bool {
        let is_number = |one: Self| one.is_evaluated() || one.is("decimal");
        (self.is("alpha") && is_number(other)) || (other.is("alpha") && is_number(self))
    }

    /// Whether the host allows a text; none where this crate cannot decide for certain.
    pub(super) fn allows(self, text: &str) -> Option<bool> {
        let trimmed = text.trim_matches(['\t', '\n', '\u{b}', '\u{c}', '\r', ' ']);
        let number = trimmed.parse::<i64>().ok();
        let within = |least, most| Some(number.is_some_and(|number| (least..=most).contains(&number)));
        match (self.name.to_ascii_lowercase().as_str(), &self.arguments()[..]) {
            ("int", []) => Some(trimmed.parse::<i32>().is_ok()),
            ("long", []) => Some(number.is_some()),
            ("min", [least]) => within(*least, i64::MAX),
            ("max", [most]) => within(i64::MIN, *most),
            ("range", [least, most]) => within(*least, *most),
            ("alpha", []) => no_unless(text, |char| char.is_ascii_alphabetic() || char == '\n'),
            ("bool", []) => no_unless(text, |char| "TRUEFALStruefals".contains(char) || char.is_whitespace()),
            ("guid", []) => no_unless(text, |char| {
                char.is_ascii_hexdigit() || "-{}()xX,".contains(char) || char.is_whitespace()
            }),
            ("length", [exact]) => has_length(text, *exact, *exact),
            ("length", [least, most]) => has_length(text, *least, *most),
            ("minlength", [least]) => has_length(text, *least, i64::MAX),
            ("maxlength", [most]) => has_length(text, 0, *most),
            _ => None,
        }
    }

    fn is(self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn numbers(&self) -> Option<impl Iterator<Item = Option<i64>>> {
        self.arguments.map(|list| list.split(',').map(|number| number.trim().parse().ok()))
    }

    fn arguments(&self) -> Vec<i64> {
        self.numbers().into_iter().flatten().flatten().collect()
    }
}

/// `Some(false)` if the text is empty or has an ASCII character that the constraint never allows, else `None`.
fn no_unless(text: &str, fits: impl Fn(char) -> bool) -> Option<bool> {
    let is_out = text.is_empty() || text.chars().any(|char| char.is_ascii() && !fits(char));
    is_out.then_some(false)
}

/// Whether a text has this many UTF-16 units. The host counts `%2F` as three.
fn has_length(text: &str, least: i64, most: i64) -> Option<bool> {
    let length = i64::try_from(text.encode_utf16().count()).ok()?;
    (!text.contains(['/', '%'])).then(|| (least..=most).contains(&length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Constraint<'_> {
        all(text).next().expect("a constraint")
    }

    #[test]
    fn evaluated_constraints_accept_valid_values() {
        for (constraint, good, bad) in [
            ("int", "-12", "1.5"),
            ("int", " +7", "2147483648"),
            ("long", "9223372036854775807", "9223372036854775808"),
            ("min(3)", "3", "2"),
            ("max(3)", "3", "4"),
            ("range(3,5)", "4", "6"),
            ("length(2)", "ab", "abc"),
            ("length(2, 3)", "abc", "a"),
            ("minlength(2)", "ab", "a"),
            ("maxlength(2)", "ab", "abc"),
        ] {
            assert_eq!(one(constraint).allows(good), Some(true), "{constraint} takes {good}");
            assert_eq!(one(constraint).allows(bad), Some(false), "{constraint} takes no {bad}");
        }
        for (constraint, unsure, bad) in
            [("alpha", "abC", "a1"), ("bool", "True", "yes"), ("guid", "0c4e6f0e", "new")]
        {
            assert_eq!(one(constraint).allows(unsure), None, "{constraint} {unsure}");
            assert_eq!(one(constraint).allows(bad), Some(false), "{constraint} takes no {bad}");
        }
        assert_eq!(one("regex(^a:b$)").allows("a:b"), None);
    }

    #[test]
    fn unknown_constraints_are_recognized() {
        for known in ["int", "INT", "range(1,9)", "length(2)", "regex(^(a|b):c$)", "guid"] {
            assert!(one(known).is_known() && all(known).count() == 1, "{known}");
        }
        for unknown in ["intt", "int(5)", "min", "range(1)", "min(y)", "regex", "int=5"] {
            assert!(!one(unknown).is_known(), "{unknown}");
        }
    }
}
