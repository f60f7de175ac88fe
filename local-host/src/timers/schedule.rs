//! When a timer fires next: NCRONTAB in UTC, or a time span between two runs.

use std::time::Duration;

use chrono::{DateTime, Utc};
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};

use crate::{app, clock::later};

/// A schedule of a timer trigger.
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
    "{text:?} is no schedule: write NCRONTAB with six fields (second first) or five, such as \"0 */5 * * * *\", \
     or a time span such as \"00:05:00\""
)]
pub struct BadSchedule {
    text: String,
}

impl Schedule {
    /// Reads NCRONTAB with five or six fields, or a time span above zero (`d.hh:mm:ss`, `hh:mm:ss`).
    ///
    /// # Errors
    /// When the text is neither.
    pub fn parse(text: &str) -> Result<Self, BadSchedule> {
        let kind = if text.contains(':') { span(text).map(Kind::Every) } else { cron(text) };
        kind.map(Self).ok_or_else(|| BadSchedule { text: text.to_owned() })
    }

    /// The first time after `time`; none when the fields never meet, as on 31 February.
    #[must_use]
    pub fn next_after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match &self.0 {
            Kind::Cron(cron) => cron.find_next_occurrence(&time, false).ok(),
            Kind::Every(span) => Some(later(time, *span)),
        }
    }

    /// Whether the schedule names times of the day, which a change to summer time moves (protocol sheet §3.4).
    #[must_use]
    pub fn adjusts_for_dst(&self) -> bool {
        matches!(self.0, Kind::Cron(_))
    }

    /// Whether two runs can be less than a minute apart; the host then keeps no status of them.
    #[must_use]
    pub fn is_below_a_minute(&self, from: DateTime<Utc>) -> bool {
        let first = self.next_after(from);
        let second = first.and_then(|first| self.next_after(first));
        first.zip(second).is_some_and(|(first, second)| (second - first).num_seconds() < 60)
    }
}

/// The library knows more than NCRONTAB does (`L`, `#`, `?`, `@daily`, years), so only its common part is let in.
fn cron(text: &str) -> Option<Kind> {
    let plain = |field: &str| {
        field.split(['*', '/', '-', ',']).all(|part| {
            part.bytes().all(|b| b.is_ascii_digit())
                || (part.len() == 3 && part.bytes().all(|b| b.is_ascii_alphabetic()))
        })
    };
    let fields = text.split_whitespace();
    if !matches!(fields.clone().count(), 5 | 6) || !fields.clone().all(plain) {
        return None;
    }
    // NCRONTAB reads `5/20` as from 5 on in steps of 20, which is the library's sloppy form.
    let parser = CronParser::builder()
        .seconds(Seconds::Optional)
        .year(Year::Disallowed)
        .dom_and_dow(true)
        .sloppy_ranges(true)
        .build();
    parser.parse(text).ok().map(|cron| Kind::Cron(Box::new(cron)))
}

fn span(text: &str) -> Option<Duration> {
    text.contains(':').then(|| app::span::parse(text)).flatten().filter(|span| !span.is_zero())
}
