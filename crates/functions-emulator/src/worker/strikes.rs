//! The strikes by which a worker that fails again and again ends the host instance.

// The host: docs/reference/host-protocol.md#exit-codes.

use chrono::{DateTime, TimeDelta, Utc};

/// Failures that end a host instance.
pub(super) const LIMIT: u32 = 3;

/// A failure this long after the one before starts the count anew; a successful start does not.
const RESET_AFTER: TimeDelta = TimeDelta::minutes(30);

/// The failures of one host instance's worker.
#[derive(Debug, Default)]
pub(super) struct Strikes {
    count: u32,
    last: Option<DateTime<Utc>>,
}

impl Strikes {
    /// Counts a failure, and returns the new count.
    pub(super) fn add(&mut self, now: DateTime<Utc>) -> u32 {
        if self.last.is_some_and(|last| now - last > RESET_AFTER) {
            self.count = 0;
        }
        self.last = Some(now);
        self.count += 1;
        self.count
    }

    /// The count so far.
    pub(super) fn count(&self) -> u32 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_pause_of_more_than_half_an_hour_clears_the_strikes() {
        let start = DateTime::<Utc>::UNIX_EPOCH;
        let at = |minutes: i64, strikes: &mut Strikes| strikes.add(start + TimeDelta::minutes(minutes));
        let mut strikes = Strikes::default();
        assert_eq!(at(0, &mut strikes), 1);
        assert_eq!(at(30, &mut strikes), 2);
        assert_eq!(at(61, &mut strikes), 1);
        assert_eq!(at(62, &mut strikes), 2);
        assert_eq!(at(63, &mut strikes), LIMIT);
    }
}
