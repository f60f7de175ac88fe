//! One parser a kind of value. None repeats the value in its complaint: any setting may hold a secret by
//! mistake.

use chrono::Duration;
use uuid::Uuid;

use crate::{limit::Rate, orders::non_nil_uuid, telemetry::Filter};

pub(super) fn port(text: &str) -> Result<u16, &'static str> {
    digits(text).filter(|port| *port > 0).ok_or("is no port: a number from 1 to 65535")
}

pub(super) fn pool(text: &str) -> Result<u32, &'static str> {
    digits(text).filter(|size| (1..=100).contains(size)).ok_or("is no number from 1 to 100")
}

/// A GUID in its usual form; the all-zero one identifies no one.
pub(super) fn guid(text: &str) -> Result<Uuid, &'static str> {
    non_nil_uuid(text).ok_or("is no GUID of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
}

pub(super) fn guids(text: &str) -> Result<Vec<Uuid>, &'static str> {
    let ids = text.split(',').map(|id| guid(id.trim_matches(' ')));
    ids.collect::<Result<_, _>>().map_err(|_| "is no list of GUIDs with commas between them")
}

/// A scope-token of RFC 6749.
pub(super) fn scope(text: &str) -> Result<String, &'static str> {
    let fits = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    if text.bytes().all(fits) { Ok(text.to_owned()) } else { Err("is no scope: one word, without quotes") }
}

/// What a token's `aud` has to be: mostly a GUID, which Entra writes in small letters.
pub(super) fn audience(text: &str) -> Result<String, &'static str> {
    match guid(text) {
        Ok(id) => Ok(id.to_string()),
        Err(_) if text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(text.to_owned()),
        Err(_) => Err("is no audience: one word, such as the client id of the API's app registration"),
    }
}

pub(super) fn deadline(text: &str) -> Result<Duration, &'static str> {
    let fault = "is no time from 1s to 24h: a number with `s`, `m` or `h`";
    let day = 24 * 60 * 60;
    let (seconds, number) = [(1, 's'), (60, 'm'), (60 * 60, 'h')]
        .into_iter()
        .find_map(|(seconds, unit)| Some((seconds, text.strip_suffix(unit)?)))
        .ok_or(fault)?;
    let number: i64 = digits(number).ok_or(fault)?;
    let whole = number.checked_mul(seconds).filter(|whole| (1..=day).contains(whole)).ok_or(fault)?;
    Ok(Duration::seconds(whole))
}

pub(super) fn switch(text: &str) -> Result<bool, &'static str> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("is neither `on` nor `off`"),
    }
}

/// None for `off`.
pub(super) fn rate(text: &str) -> Result<Option<Rate>, &'static str> {
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
    rate().map(Some).ok_or("is no rate such as `20/s burst 40` or `90/m burst 10`, and not `off`")
}

pub(super) fn filter(text: &str) -> Result<Filter, &'static str> {
    text.parse().map_err(|_| "is no log filter: `info`, or `warn,orders_worker=debug`")
}

/// A number written in digits alone; `FromStr` would take a sign too.
fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
