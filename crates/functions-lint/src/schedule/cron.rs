//! NCRONTAB: five or six fields, all of which a run has to meet.

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, Timelike as _, Utc};

use super::field::{Field, UNITS};

/// An expression.
#[derive(Clone, Debug)]
pub(super) struct Cron {
    fields: [Field; 6],
    reversed: Vec<String>,
}

/// The number of days after which the calendar repeats itself.
const CYCLE: u32 = 146_097;

impl Cron {
    /// Reads six fields, or five without seconds, with blanks between them.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        let words: Vec<&str> = match words.len() {
            5 => std::iter::once("0").chain(words).collect(),
            6 => words,
            count => return Err(format!("it has {count} fields")),
        };
        let (mut fields, mut reversed) = ([Field::default(); 6], Vec::new());
        for ((field, word), unit) in fields.iter_mut().zip(words).zip(UNITS) {
            *field = Field::parse(word, unit, &mut reversed)?;
        }
        Ok(Self { fields, reversed })
    }

    pub(super) fn reversed_ranges(&self) -> &[String] {
        &self.reversed
    }

    pub(super) fn is_below_a_minute(&self) -> bool {
        let rest = self.fields.iter().zip(UNITS).skip(1);
        self.fields[0].count() > 1 && rest.into_iter().all(|(field, unit)| field.is_full(unit))
    }

    pub(super) fn next_after(&self, time: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let from = time.checked_add_signed(chrono::TimeDelta::seconds(1))?.with_nanosecond(0)?;
        let today = from.date_naive();
        if self.is_on(today)
            && let Some(found) = self.time_from(from.time())
        {
            return Some(today.and_time(found).and_utc());
        }
        let tomorrow = today.succ_opt()?;
        let days = (0..CYCLE).map_while(|ahead| tomorrow.checked_add_days(Days::new(ahead.into())));
        let day = days.into_iter().find(|day| self.is_on(*day))?;
        Some(day.and_time(self.time_from(NaiveTime::MIN)?).and_utc())
    }

    fn is_on(&self, day: NaiveDate) -> bool {
        let [.., days, months, weekdays] = self.fields;
        days.has(day.day()) && months.has(day.month()) && weekdays.has(day.weekday().num_days_from_sunday())
    }

    /// The first time of a day from one on.
    fn time_from(&self, from: NaiveTime) -> Option<NaiveTime> {
        let [seconds, minutes, hours, ..] = self.fields;
        let found = |hour, minute, second| NaiveTime::from_hms_opt(hour, minute, second);
        if hours.has(from.hour()) {
            if minutes.has(from.minute())
                && let Some(second) = seconds.first_from(from.second())
            {
                return found(from.hour(), from.minute(), second);
            }
            if let Some(minute) = minutes.first_from(from.minute() + 1) {
                return found(from.hour(), minute, seconds.first_from(0)?);
            }
        }
        found(hours.first_from(from.hour() + 1)?, minutes.first_from(0)?, seconds.first_from(0)?)
    }
}
