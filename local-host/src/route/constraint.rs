//! Inline constraints of route parameters, those that ASP.NET has (protocol sheet §6).

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use regex::{Regex, RegexBuilder};
use uuid::Uuid;

/// What a value has to be.
#[derive(Clone, Debug)]
pub(super) enum Constraint {
    Int,
    Long,
    Bool,
    Number,
    Guid,
    DateTime,
    Alpha,
    Length(usize, usize),
    Range(i64, i64),
    Required,
    Regex(Box<Regex>),
}

impl Constraint {
    /// Reads `name` or `name(arguments)`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, arguments) = match text.split_once('(') {
            Some((name, rest)) => (name, rest.strip_suffix(')').ok_or_else(|| format!("{text} has no end"))?),
            None => (text, ""),
        };
        Ok(match name.to_ascii_lowercase().as_str() {
            "int" => Self::Int,
            "long" => Self::Long,
            "bool" => Self::Bool,
            "decimal" | "double" | "float" => Self::Number,
            "guid" => Self::Guid,
            "datetime" => Self::DateTime,
            "alpha" => Self::Alpha,
            "required" => Self::Required,
            "length" => match arguments.split_once(',') {
                Some((least, most)) => Self::Length(number(text, least)?, number(text, most)?),
                None => Self::Length(number(text, arguments)?, number(text, arguments)?),
            },
            "minlength" => Self::Length(number(text, arguments)?, usize::MAX),
            "maxlength" => Self::Length(0, number(text, arguments)?),
            "min" => Self::Range(number(text, arguments)?, i64::MAX),
            "max" => Self::Range(i64::MIN, number(text, arguments)?),
            "range" => match arguments.split_once(',') {
                Some((least, most)) => Self::Range(number(text, least)?, number(text, most)?),
                None => return Err(format!("{text} needs two numbers")),
            },
            "regex" => Self::Regex(Box::new(pattern(arguments)?)),
            _ => return Err(format!("there is no constraint {name}; the host knows those of ASP.NET")),
        })
    }

    pub(super) fn allows(&self, value: &str) -> bool {
        match self {
            Self::Int => value.parse::<i32>().is_ok(),
            Self::Long => value.parse::<i64>().is_ok(),
            Self::Bool => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
            Self::Number => value.parse::<f64>().is_ok(),
            Self::Guid => Uuid::try_parse(value).is_ok(),
            Self::DateTime => is_time(value),
            Self::Alpha => value.bytes().all(|byte| byte.is_ascii_alphabetic()),
            Self::Length(least, most) => (*least..=*most).contains(&value.encode_utf16().count()),
            Self::Range(least, most) => {
                value.parse::<i64>().is_ok_and(|number| (*least..=*most).contains(&number))
            }
            Self::Required => !value.is_empty(),
            Self::Regex(pattern) => pattern.is_match(value),
        }
    }
}

fn number<N: FromStr>(constraint: &str, text: &str) -> Result<N, String> {
    text.trim().parse().map_err(|_| format!("{constraint} needs a whole number"))
}

/// Braces and backslashes are doubled in a template.
fn pattern(text: &str) -> Result<Regex, String> {
    let text = text.replace("{{", "{").replace("}}", "}").replace("\\\\", "\\");
    RegexBuilder::new(&text)
        .case_insensitive(true)
        .build()
        .map_err(|_| format!("the pattern {text} is none that this host can read; check it in the worker"))
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
