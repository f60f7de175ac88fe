//! Inline constraints of route parameters, those that ASP.NET has (`RouteOptions` and the classes of
//! src/Http/Routing/src/Constraints in dotnet/aspnetcore).

use std::{fmt, str::FromStr};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use fancy_regex::{Regex, RegexBuilder};

use super::guid::is_guid;

/// What a value has to be.
#[derive(Clone)]
pub(super) enum Constraint {
    Int,
    Long,
    Bool,
    Decimal,
    Float,
    Guid,
    DateTime,
    Alpha,
    Length(usize, usize),
    Range(i64, i64),
    Required,
    Regex(Box<Regex>),
    File,
    NoFile,
}

impl fmt::Debug for Constraint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Regex(pattern) => pattern.as_str(),
            _ => "constraint",
        })
    }
}

impl Constraint {
    /// Reads `name` or `name(arguments)`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) if rest.ends_with(')') => (name, Some(&rest[..rest.len() - 1])),
            _ => (text, None),
        };
        let name = name.to_ascii_lowercase();
        if name == "regex" {
            let pattern = arguments.ok_or_else(|| format!("{text} needs a pattern in brackets"))?;
            return pattern_of(pattern).map(Box::new).map(Self::Regex);
        }
        let arguments: Vec<&str> =
            arguments.map(|list| list.split(',').map(str::trim).collect()).unwrap_or_default();
        match (name.as_str(), arguments.as_slice()) {
            ("int", []) => Ok(Self::Int),
            ("long", []) => Ok(Self::Long),
            ("bool", []) => Ok(Self::Bool),
            ("decimal", []) => Ok(Self::Decimal),
            ("double" | "float", []) => Ok(Self::Float),
            ("guid", []) => Ok(Self::Guid),
            ("datetime", []) => Ok(Self::DateTime),
            ("alpha", []) => Ok(Self::Alpha),
            ("required", []) => Ok(Self::Required),
            ("file", []) => Ok(Self::File),
            ("nonfile", []) => Ok(Self::NoFile),
            ("length", [exact]) => number(text, exact).map(|exact| Self::Length(exact, exact)),
            ("length", [least, most]) => {
                ordered(text, number(text, least)?, number(text, most)?, Self::Length)
            }
            ("minlength", [least]) => number(text, least).map(|least| Self::Length(least, usize::MAX)),
            ("maxlength", [most]) => number(text, most).map(|most| Self::Length(0, most)),
            ("min", [least]) => number(text, least).map(|least| Self::Range(least, i64::MAX)),
            ("max", [most]) => number(text, most).map(|most| Self::Range(i64::MIN, most)),
            ("range", [least, most]) => ordered(text, number(text, least)?, number(text, most)?, Self::Range),
            (name, _) if NAMES.contains(&name) => Err(format!("{text} has too many or too few arguments")),
            _ => Err(format!("the constraint {name} does not exist; use one of {}", NAMES.join(", "))),
        }
    }

    /// Whether a value is let in; `None` is a parameter that the path leaves out.
    pub(super) fn allows(&self, value: Option<&str>) -> bool {
        let Some(value) = value else { return matches!(self, Self::NoFile) };
        match self {
            Self::Int => value.trim().parse::<i32>().is_ok(),
            Self::Long => value.trim().parse::<i64>().is_ok(),
            Self::Bool => {
                value.trim().eq_ignore_ascii_case("true") || value.trim().eq_ignore_ascii_case("false")
            }
            Self::Decimal => is_decimal(value.trim()),
            Self::Float => value.trim().replace(',', "").parse::<f64>().is_ok(),
            Self::Guid => is_guid(value),
            Self::DateTime => is_time(value),
            Self::Alpha => value.bytes().all(|byte| byte.is_ascii_alphabetic()),
            Self::Length(least, most) => (*least..=*most).contains(&value.encode_utf16().count()),
            Self::Range(least, most) => {
                value.trim().parse::<i64>().is_ok_and(|number| (*least..=*most).contains(&number))
            }
            Self::Required => !value.is_empty(),
            Self::Regex(pattern) => pattern.is_match(value).unwrap_or(false),
            Self::File => is_file(value),
            Self::NoFile => !is_file(value),
        }
    }
}

const NAMES: [&str; 19] = [
    "int",
    "long",
    "bool",
    "decimal",
    "double",
    "float",
    "guid",
    "datetime",
    "alpha",
    "required",
    "file",
    "nonfile",
    "length",
    "minlength",
    "maxlength",
    "min",
    "max",
    "range",
    "regex",
];

fn number<N: FromStr>(constraint: &str, text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("{constraint} needs a whole number"))
}

fn ordered<N: PartialOrd>(
    constraint: &str,
    least: N,
    most: N,
    make: fn(N, N) -> Constraint,
) -> Result<Constraint, String> {
    if least > most {
        return Err(format!("the maximum of {constraint} must not be below its minimum"));
    }
    Ok(make(least, most))
}

fn pattern_of(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text).case_insensitive(true).build().map_err(|_| {
        format!("this host cannot read the regular expression {text}; check the value in the worker instead")
    })
}

/// Digits with an optional sign, point and thousands separators.
fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let good = whole.bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    good && (whole.bytes().chain(fraction.bytes())).any(|byte| byte.is_ascii_digit())
}

/// Whether the last part of a path has a dot with something behind it.
fn is_file(value: &str) -> bool {
    let name = value.rsplit('/').next().unwrap_or_default();
    name.split_once('.').is_some_and(|(_, extension)| extension.chars().any(|char| char != '.'))
}

/// The usual ways to write a time; .NET knows more.
fn is_time(text: &str) -> bool {
    let at = |format| NaiveDateTime::parse_from_str(text, format).is_ok();
    DateTime::parse_from_rfc3339(text).is_ok()
        || ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%m/%d/%Y %H:%M:%S"]
            .into_iter()
            .any(at)
        || ["%Y-%m-%d", "%m/%d/%Y"].into_iter().any(|format| NaiveDate::parse_from_str(text, format).is_ok())
        || ["%H:%M", "%H:%M:%S"].into_iter().any(|format| NaiveTime::parse_from_str(text, format).is_ok())
}
