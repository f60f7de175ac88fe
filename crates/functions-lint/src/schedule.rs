//! Schedules of timer triggers: NCRONTAB in UTC, or a time span between two runs.

mod cron;
mod field;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::time_span::TimeSpan;
use cron::Cron;

/// When a timer runs.
#[derive(Clone, Debug)]
pub struct Schedule(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Cron(Box<Cron>),
    Every(Duration),
}

/// A text that is no schedule.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "{text:?} is not a valid schedule: {why}; write NCRONTAB with six fields (second first) or five, such as \"0 */5 * * * *\", \
     or a time span such as \"00:05:00\""
)]
pub struct InvalidSchedule {
    text: String,
    why: String,
}

impl Schedule {
    /// Reads NCRONTAB with five or six fields, or else a time span above zero; a bare number is days (`TimerSchedule.Create`
    /// in Azure/azure-webjobs-sdk-extensions).
    ///
    /// # Errors
    /// When the text is neither.
    pub fn parse(text: &str) -> Result<Self, InvalidSchedule> {
        let bad = |why: &str| InvalidSchedule { text: text.to_owned(), why: why.to_owned() };
        match (Cron::parse(text), TimeSpan::parse(text)) {
            (Ok(cron), _) => Ok(Self(Kind::Cron(Box::new(cron)))),
            (Err(_), Some(span)) => {
                let every = span.duration().filter(|span| !span.is_zero());
                every
                    .map(|every| Self(Kind::Every(every)))
                    .ok_or_else(|| bad("the time between two runs must be above zero"))
            }
            (Err(why), None) => Err(bad(&why)),
        }
    }

    /// The first time after `time`; none when the fields never meet, as on 31 February.
    #[must_use]
    pub fn next_after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match &self.0 {
            Kind::Cron(cron) => cron.next_after(time),
            Kind::Every(span) => time.checked_add_signed(TimeDelta::from_std(*span).ok()?),
        }
    }

    /// Whether the schedule names times of the day, which a change to summer time moves.
    #[must_use]
    pub fn adjusts_for_dst(&self) -> bool {
        matches!(self.0, Kind::Cron(_))
    }

    /// Whether two runs can be less than a minute apart; the host then keeps no status of them.
    #[must_use]
    pub fn is_below_a_minute(&self) -> bool {
        match &self.0 {
            Kind::Cron(cron) => cron.is_below_a_minute(),
            Kind::Every(span) => *span < Duration::from_mins(1),
        }
    }

    /// The ranges that are written from high to low; NCRONTAB turns their ends round.
    #[must_use]
    pub fn reversed_ranges(&self) -> &[String] {
        match &self.0 {
            Kind::Cron(cron) => cron.reversed_ranges(),
            Kind::Every(_) => &[],
        }
    }

    /// The time between two runs, where a span says it.
    #[must_use]
    pub fn interval(&self) -> Option<Duration> {
        match self.0 {
            Kind::Cron(_) => None,
            Kind::Every(span) => Some(span),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn next(schedule: &str, from: &str) -> Option<String> {
        let next = Schedule::parse(schedule).unwrap().next_after(at(from))?;
        Some(next.format("%Y-%m-%dT%H:%M:%S").to_string())
    }

    /// 2026-03-02 is a Monday.
    const NOON: &str = "2026-03-02T12:00:00Z";

    #[test]
    fn the_next_run_meets_every_field() {
        let cases = [
            ("0 */5 * * * *", "2026-03-02T12:05:00"),
            ("*/5 * * * *", "2026-03-02T12:05:00"),
            ("30 0 12 * * *", "2026-03-02T12:00:30"),
            ("0 0 12 * * *", "2026-03-03T12:00:00"),
            ("0 0 9 1 * *", "2026-04-01T09:00:00"),
            ("0 0 0 29 2 *", "2028-02-29T00:00:00"),
            ("0 0 0 13 * 5", "2026-03-13T00:00:00"),
            ("0 0 0 31 * 1", "2026-08-31T00:00:00"),
            ("0  0  9 * *   SUN", "2026-03-08T09:00:00"),
            ("0 0 9 * January Thursd", "2027-01-07T09:00:00"),
            ("0 0 9 * ju *", "2026-06-01T09:00:00"),
            ("5/20 * * * * *", "2026-03-02T12:00:05"),
            ("0 */0 * * * *", "2026-03-02T12:01:00"),
            ("0 0 22-6/4 * * *", "2026-03-02T14:00:00"),
            ("0 59/5 * * * *", "2026-03-02T12:59:00"),
            ("0 0 9 * * FRI-MON", "2026-03-03T09:00:00"),
            ("0 0,30,*/20 * * * *", "2026-03-02T12:20:00"),
        ];
        for (schedule, expected) in cases {
            assert_eq!(next(schedule, NOON).as_deref(), Some(expected), "{schedule}");
        }
        assert_eq!(next("0 0 0 31 2 *", NOON), None);
    }

    #[test]
    fn spans_count_from_the_last_run() {
        assert_eq!(next("00:05:00", NOON).as_deref(), Some("2026-03-02T12:05:00"));
        assert_eq!(next("25:00:00:00", NOON).as_deref(), Some("2026-03-27T12:00:00"));
        assert_eq!(next("24:00:00", NOON).as_deref(), Some("2026-03-26T12:00:00"));
        assert_eq!(next("2", NOON).as_deref(), Some("2026-03-04T12:00:00"));
    }

    #[test]
    fn what_ncrontab_refuses_is_refused() {
        let wrong = [
            "",
            "* * * *",
            "0 0 0 1/1 * ? *",
            "0 0 9 * * 7",
            "0 0 9 ? * *",
            "0 0 9 L * *",
            "0 0 9 * * 1#2",
            "0 0 9 15W * *",
            "@daily",
            "0 0 24 * * *",
            "60 * * * * *",
            "0 0 9 0 * *",
            "0 0 9 * 13 *",
            "0 0 9 * * SUNDAYS",
            "0 0 9, * * *",
            "0 0 -9 * * *",
            "0 0 9- * * *",
            "*/x * * * * *",
            "*/ * * * * *",
            "0 0 9 * * *-3",
            "0\t0 9 * * *",
            "0 0 9 * * MON,,TUE",
            "00:00:00",
            "-00:05:00",
            "0 0 9 70/5 * *",
            "a * * * * *",
        ];
        for text in wrong {
            let refusal = Schedule::parse(text).unwrap_err().to_string();
            assert!(refusal.contains("is not a valid schedule"), "{text}: {refusal}");
        }
    }

    #[test]
    fn a_range_from_high_to_low_is_turned_round_and_known() {
        let schedule = Schedule::parse("0 0 22-6 * * FRI-MON,3").unwrap();
        assert_eq!(schedule.reversed_ranges(), ["22-6", "FRI-MON"]);
        assert!(Schedule::parse("0 0 6-22 * * MON-FRI").unwrap().reversed_ranges().is_empty());
    }

    #[test]
    fn only_seconds_alone_make_a_schedule_too_dense_for_a_status() {
        let dense = |text| Schedule::parse(text).unwrap().is_below_a_minute();
        assert!(dense("*/10 * * * * *") && dense("0,30 * * * * *") && dense("00:00:59"));
        assert!(!dense("0 * * * * *") && !dense("*/10 0 * * * *") && !dense("00:01:00"));
    }
}
