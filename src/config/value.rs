//! One parser for each kind of value. No parser repeats the value in its error: any setting may hold a secret by
//! mistake.

use std::ops::RangeInclusive;

use chrono::Duration;
use uuid::Uuid;

use crate::{orders::parse_non_nil_uuid, rate_limit::Rate, telemetry::Filter};

/// Why a value is refused.
#[derive(Debug)]
pub(super) enum Invalid {
    /// The value does not have the form in the table of settings.
    Form,
    /// Another error, in words that follow the name of the setting.
    Because(&'static str),
}

/// Connections of one process.
pub(super) const POOL: RangeInclusive<u32> = 1..=100;
/// The longest time before a message is sent again.
pub(super) const LONGEST_DEADLINE: Duration = Duration::hours(24);

pub(super) fn port(text: &str) -> Result<u16, Invalid> {
    digits(text).filter(|port| *port > 0).ok_or(Invalid::Form)
}

pub(super) fn pool(text: &str) -> Result<u32, Invalid> {
    digits(text).filter(|size| POOL.contains(size)).ok_or(Invalid::Form)
}

/// A GUID in its usual form; the all-zero one identifies no one.
pub(super) fn guid(text: &str) -> Result<Uuid, Invalid> {
    parse_non_nil_uuid(text).ok_or(Invalid::Form)
}

pub(super) fn guids(text: &str) -> Result<Vec<Uuid>, Invalid> {
    text.split(',').map(|id| guid(id.trim_matches(' '))).collect()
}

/// Any text.
#[expect(clippy::unnecessary_wraps, reason = "the signature is that of every parser")]
pub(super) fn any(text: &str) -> Result<String, Invalid> {
    Ok(text.to_owned())
}

/// A scope-token of RFC 6749.
pub(super) fn scope(text: &str) -> Result<String, Invalid> {
    let fits = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    if text.bytes().all(fits) { Ok(text.to_owned()) } else { Err(Invalid::Form) }
}

/// What a token's `aud` has to be: mostly a GUID, which Entra writes in lower case.
pub(super) fn audience(text: &str) -> Result<String, Invalid> {
    match guid(text) {
        Ok(id) => Ok(id.to_string()),
        Err(_) if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(text.to_owned()),
        Err(_) => Err(Invalid::Form),
    }
}

pub(super) fn deadline(text: &str) -> Result<Duration, Invalid> {
    let (seconds, number) = [(1, 's'), (60, 'm'), (60 * 60, 'h')]
        .into_iter()
        .find_map(|(seconds, unit)| Some((seconds, text.strip_suffix(unit)?)))
        .ok_or(Invalid::Form)?;
    let number: i64 = digits(number).ok_or(Invalid::Form)?;
    let known = 1..=LONGEST_DEADLINE.num_seconds();
    let whole = number.checked_mul(seconds).filter(|whole| known.contains(whole)).ok_or(Invalid::Form)?;
    Ok(Duration::seconds(whole))
}

pub(super) fn on_or_off(text: &str) -> Result<bool, Invalid> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(Invalid::Form),
    }
}

/// None for `off`.
pub(super) fn rate(text: &str) -> Result<Option<Rate>, Invalid> {
    if text == "off" {
        return Ok(None);
    }
    let rate = || {
        let (requests, burst) = text.split_once(" burst ")?;
        let (requests, unit) = requests.split_once('/')?;
        let seconds = [("s", 1), ("m", 60)]
            .into_iter()
            .find_map(|(name, seconds)| (unit == name).then_some(seconds))?;
        Rate::new(digits(requests)?, seconds, digits(burst)?)
    };
    rate().map(Some).ok_or(Invalid::Form)
}

pub(super) fn filter(text: &str) -> Result<Filter, Invalid> {
    text.parse().map_err(|_| Invalid::Form)
}

/// A number written in digits alone; `FromStr` would take a sign too.
pub(super) fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
