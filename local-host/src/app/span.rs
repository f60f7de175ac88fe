//! Time spans as .NET writes them.

use std::time::Duration;

/// Reads `hh:mm:ss`, `d.hh:mm:ss` and both with a fraction, or a bare number of days.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let parts: Vec<&str> = text.trim().split(':').collect();
    let (days, hours, minutes, seconds) = match parts.as_slice() {
        [days] => (*days, "0", "0", "0"),
        [hours, minutes] => ("0", *hours, *minutes, "0"),
        [hours, minutes, seconds] => match hours.split_once('.') {
            Some((days, hours)) => (days, hours, *minutes, *seconds),
            None => ("0", *hours, *minutes, *seconds),
        },
        _ => return None,
    };
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let whole = number(days, u64::from(u32::MAX))? * 86_400
        + number(hours, 23)? * 3_600
        + number(minutes, 59)? * 60
        + number(seconds, 59)?;
    Some(Duration::new(whole, nanoseconds(fraction)?))
}

fn number(text: &str, most: u64) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number <= most)
}

fn nanoseconds(fraction: &str) -> Option<u32> {
    if fraction.len() > 7 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    format!("{fraction:0<9}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_dotnet_reads_them() {
        assert_eq!(parse("00:05:00"), Some(Duration::from_mins(5)));
        assert_eq!(parse("1.02:00:01.5"), Some(Duration::from_millis((26 * 3600 + 1) * 1000 + 500)));
        assert_eq!(parse("7"), Some(Duration::from_hours(7 * 24)));
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in ["", "5m", "-1", "24:00:00", "00:60:00", "+1:00:00", "00:00:00:00", "00:00:00.12345678"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
