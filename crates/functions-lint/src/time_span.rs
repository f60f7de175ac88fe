//! Time spans as .NET's `TimeSpan.Parse` reads them, in the invariant culture.

use std::time::Duration;

/// A length of time that may be negative, in ticks of 100 ns.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct TimeSpan(i64);

const SECOND: i64 = 10_000_000;
const DAY: i64 = 86_400 * SECOND;

impl TimeSpan {
    /// A day.
    pub const DAY: Self = Self(DAY);
    /// No time.
    pub const ZERO: Self = Self(0);

    /// Reads `d`, `hh:mm`, `hh:mm:ss`, `d.hh:mm` and `d.hh:mm:ss`, the days before a colon too, those with seconds with a
    /// fraction too, each with a minus sign. So a bare number is days, and `24:00:00` is 24 days: no hour is above 23
    /// (`ProcessTerminal_HMS_F_D` in dotnet/runtime's TimeSpanParse.cs).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        Self::unsigned(text.trim_start()).map(|span| Self(sign * span.0))
    }

    fn unsigned(text: &str) -> Option<Self> {
        let (head, rest) = text.split_once(':').map_or((text, None), |(head, rest)| (head, Some(rest)));
        let Some(rest) = rest else { return Self::of(head, "0", "0", "0") };
        let parts: Vec<&str> = rest.split(':').collect();
        if let Some((days, hours)) = head.split_once('.') {
            return match parts.as_slice() {
                [minutes] => Self::of(days, hours, minutes, "0"),
                [minutes, seconds] => Self::of(days, hours, minutes, seconds),
                _ => None,
            };
        }
        match parts.as_slice() {
            [minutes] => Self::of("0", head, minutes, "0"),
            [minutes, seconds] => {
                Self::of("0", head, minutes, seconds).or_else(|| Self::of(head, minutes, seconds, "0"))
            }
            [hours, minutes, seconds] => Self::of(head, hours, minutes, seconds),
            _ => None,
        }
    }

    fn of(days: &str, hours: &str, minutes: &str, seconds: &str) -> Option<Self> {
        let (seconds, fraction) = match seconds.split_once('.') {
            Some((whole, fraction)) => (whole, ticks(fraction)?),
            None => (seconds, 0),
        };
        // `hh:mm:.f` has no seconds.
        let seconds = if seconds.is_empty() && fraction > 0 { "0" } else { seconds };
        let whole = number(days, 10_675_199)? * 86_400
            + number(hours, 23)? * 3_600
            + number(minutes, 59)? * 60
            + number(seconds, 59)?;
        whole.checked_mul(SECOND)?.checked_add(fraction).map(Self)
    }

    /// The same length as a [`Duration`]; none for a negative one.
    #[must_use]
    pub fn duration(self) -> Option<Duration> {
        let ticks = u64::try_from(self.0).ok()?;
        let second = SECOND.unsigned_abs();
        let rest = u32::try_from(ticks % second).ok()?;
        Some(Duration::new(ticks / second, rest * 100))
    }

    /// Whether it lies before zero.
    #[must_use]
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }
}

/// Whether a text is a bare number, which .NET reads as days: hardly ever what its author means.
#[must_use]
pub fn is_bare_days(text: &str) -> bool {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) && TimeSpan::parse(text).is_some()
}

fn number(text: &str, most: i64) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| digits && *number <= most)
}

/// Seven digits count; more are rounded where the first one is a zero, and refused elsewhere.
fn ticks(fraction: &str) -> Option<i64> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if fraction.len() <= 7 {
        return format!("{fraction:0<7}").parse().ok();
    }
    if !fraction.starts_with('0') {
        return None;
    }
    let up = i64::from(fraction.as_bytes()[7] >= b'5');
    fraction[..7].parse::<i64>().ok().map(|ticks| ticks + up)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<f64> {
        TimeSpan::parse(text).and_then(TimeSpan::duration).map(|span| span.as_secs_f64())
    }

    #[test]
    fn spans_are_read_as_dotnet_reads_them() {
        let day = 86_400.0;
        let cases = [
            ("00:05:00", 300.0),
            ("0:5", 300.0),
            (" 1.02:00:01.5 ", 26.0 * 3600.0 + 1.5),
            ("1.02:30", day + 2.5 * 3600.0),
            ("25:00:00:00", 25.0 * day),
            ("1:02:03:04.25", day + 7384.25),
            ("7", 7.0 * day),
            ("24:00:00", 24.0 * day),
            ("30:05:06", 30.0 * day + 5.0 * 3600.0 + 360.0),
            ("00:00:00.1234567", 0.123_456_7),
            ("00:00:00.01234567", 0.012_345_7),
            ("00:01:.5", 60.5),
        ];
        for (text, expected) in cases {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        assert_eq!(TimeSpan::parse("-1"), TimeSpan::parse("-1.00:00:00"));
        assert!(TimeSpan::parse("-00:00:01").unwrap().is_negative());
    }

    #[test]
    fn what_is_no_span_is_refused() {
        let wrong = [
            "",
            "5m",
            "+1:00:00",
            "24:00",
            "00:60:00",
            "00:00:60",
            "1:2:3:4:5",
            "1.5",
            "1.2:3:4:5",
            "00:00:00.",
            "00:00:00.12345678",
            "10675200",
            "5:",
            "--1",
            "1 day",
        ];
        for text in wrong {
            assert_eq!(TimeSpan::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_bare_number_is_days() {
        for (text, bare) in
            [("5000", true), ("-1", true), ("00:05", false), ("5m", false), ("99999999999", false)]
        {
            assert_eq!(is_bare_days(text), bare, "{text}");
        }
    }
}
