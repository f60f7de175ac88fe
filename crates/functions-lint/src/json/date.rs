//! Text that Json.NET takes for a date.

use chrono::{FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

/// A .NET `DateTime`. Text with an offset becomes the host's local time, which
/// is UTC; text without one stays unspecified.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NetDate {
    time: NaiveDateTime,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Unspecified,
    Utc,
    Local,
}

impl NetDate {
    /// Reads `yyyy-MM-ddTHH:mm:ss` with an optional fraction of up to seven digits and an optional zone.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let date = text.get(..10)?;
        let time = text.get(11..19)?;
        if text.as_bytes().get(10) != Some(&b'T')
            || !has_shape(date, "0000-00-00")
            || !has_shape(time, "00:00:00")
        {
            return None;
        }
        let (nanoseconds, zone) = split_fraction(&text[19..])?;
        let date = NaiveDate::from_ymd_opt(date[..4].parse().ok()?, part(date, 5)?, part(date, 8)?)?;
        let time = NaiveTime::from_hms_nano_opt(part(time, 0)?, part(time, 3)?, part(time, 6)?, nanoseconds)?;
        let time = date.and_time(time);
        match zone {
            "" => Some(Self { time, kind: Kind::Unspecified }),
            "Z" => Some(Self { time, kind: Kind::Utc }),
            zone => {
                let offset = TimeDelta::seconds(offset(zone)?.local_minus_utc().into());
                Some(Self { time: time.checked_sub_signed(offset)?, kind: Kind::Local })
            }
        }
    }

    /// As .NET's invariant culture shows it.
    #[must_use]
    pub fn to_invariant_text(self) -> String {
        self.time.format("%m/%d/%Y %H:%M:%S").to_string()
    }

    /// As Json.NET writes it.
    #[must_use]
    pub fn to_json_text(self) -> String {
        let fraction = format!("{:09}", self.time.and_utc().timestamp_subsec_nanos());
        let fraction = fraction[..7].trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        let zone = match self.kind {
            Kind::Unspecified => "",
            Kind::Utc => "Z",
            Kind::Local => "+00:00",
        };
        format!("{}{point}{fraction}{zone}", self.time.format("%Y-%m-%dT%H:%M:%S"))
    }
}

fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

fn part(text: &str, at: usize) -> Option<u32> {
    text.get(at..at + 2)?.parse().ok()
}

fn split_fraction(text: &str) -> Option<(u32, &str)> {
    let Some(rest) = text.strip_prefix('.') else { return Some((0, text)) };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 7 {
        return None;
    }
    Some((format!("{:0<9}", &rest[..digits]).parse().ok()?, &rest[digits..]))
}

/// `+hh:mm`, `+hhmm` or `+hh`.
fn offset(zone: &str) -> Option<FixedOffset> {
    let shape = ["+00:00", "+0000", "+00"];
    let plus = zone.replacen('-', "+", 1);
    if !zone.starts_with(['+', '-']) || !shape.iter().any(|shape| has_shape(&plus, shape)) {
        return None;
    }
    let digits: String = zone[1..].chars().filter(|char| *char != ':').collect();
    let seconds = part(&digits, 0)? * 3_600 + part(&digits, 2).unwrap_or(0) * 60;
    let seconds = i32::try_from(seconds).ok()?;
    if zone.starts_with('-') { FixedOffset::west_opt(seconds) } else { FixedOffset::east_opt(seconds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(text: &str) -> Option<(String, String)> {
        NetDate::parse(text).map(|date| (date.to_invariant_text(), date.to_json_text()))
    }

    #[test]
    fn what_looks_like_a_date_is_one() {
        let pair = |shown: &str, written: &str| Some((shown.to_owned(), written.to_owned()));
        assert_eq!(both("2026-03-02T11:20:31.500Z"), pair("03/02/2026 11:20:31", "2026-03-02T11:20:31.5Z"));
        assert_eq!(both("2026-03-02T11:20:31"), pair("03/02/2026 11:20:31", "2026-03-02T11:20:31"));
        assert_eq!(
            both("2026-03-02T00:20:31-0100"),
            pair("03/02/2026 01:20:31", "2026-03-02T01:20:31+00:00")
        );
    }

    #[test]
    fn everything_else_stays_text() {
        for text in [
            "2026-03-02",
            "2026-03-02 11:20:31Z",
            "2026-02-30T00:00:00Z",
            "2026-03-02T11:20:31 ",
            "éééééééééééé",
        ] {
            assert_eq!(both(text), None, "{text}");
        }
    }
}
