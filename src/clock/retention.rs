//! The time that decides what has expired: it does not jump ahead when the system's clock does.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};

/// By how much the clock and the monotonic clock may differ between two readings before the difference counts as a
/// jump. Time servers correct a clock in smaller steps.
const MIN_JUMP: TimeDelta = TimeDelta::minutes(1);

/// How long a jump ahead is ignored: after that, everything stored before the jump is really as old as it looks. At
/// least as long as the shortest retention period.
const JUMP_IGNORED_FOR: Duration = Duration::from_hours(24);

/// Compares the clock with the monotonic one, from when it is made: a jump before that, or in another process, is not
/// known to it.
#[derive(Debug)]
pub struct RetentionClock(Mutex<State>);

#[derive(Debug)]
struct State {
    time: DateTime<Utc>,
    moment: Instant,
    jumps: Vec<Jump>,
}

/// A jump ahead that does not count yet, less what later jumps back took of it.
#[derive(Debug)]
struct Jump {
    seen: Instant,
    by: TimeDelta,
}

/// The time to use for retention, from one reading of the clock.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RetentionTime {
    /// The time without what the clock jumped ahead within a day.
    pub now: DateTime<Utc>,
    /// By how much the clock has jumped since the last reading, negative if back; none for less than a minute.
    pub jump: Option<TimeDelta>,
}

impl RetentionClock {
    /// A retention clock that trusts `time` as right at `moment`.
    #[must_use]
    pub fn new(time: DateTime<Utc>, moment: Instant) -> Self {
        Self(Mutex::new(State { time, moment, jumps: Vec::new() }))
    }

    /// The time that decides what has expired, when the clock shows `time` at this moment.
    pub fn observe(&self, time: DateTime<Utc>, moment: Instant) -> RetentionTime {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let jump = state.jump_to(time, moment);
        if let Some(by) = jump {
            state.account(by, moment);
        }
        state.jumps.retain(|jump| moment.saturating_duration_since(jump.seen) < JUMP_IGNORED_FOR);
        let ahead = state.jumps.iter().map(|jump| jump.by).sum();
        RetentionTime { now: time.checked_sub_signed(ahead).unwrap_or(DateTime::<Utc>::MIN_UTC), jump }
    }
}

impl State {
    fn jump_to(&mut self, time: DateTime<Utc>, moment: Instant) -> Option<TimeDelta> {
        // Another thread may have read the clock later and got here first.
        let passed = moment.checked_duration_since(self.moment)?;
        let jump = (time - self.time) - TimeDelta::from_std(passed).unwrap_or(TimeDelta::MAX);
        (self.time, self.moment) = (time, moment);
        (jump.abs() >= MIN_JUMP).then_some(jump)
    }

    /// A jump back undoes the latest jumps ahead first; the rest of it makes rows look younger, and is not corrected.
    fn account(&mut self, by: TimeDelta, seen: Instant) {
        if by > TimeDelta::zero() {
            self.jumps.push(Jump { seen, by });
            return;
        }
        let mut back = by.abs();
        for jump in self.jumps.iter_mut().rev() {
            let undone = jump.by.min(back);
            jump.by -= undone;
            back -= undone;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    const HOUR: i64 = 3600;

    /// A clock: how many seconds have passed, and by how many seconds it is off.
    struct Shown {
        clock: RetentionClock,
        start: (DateTime<Utc>, Instant),
    }

    impl Shown {
        fn new() -> Self {
            let start = (DateTime::from_timestamp(1_777_896_000, 0).unwrap(), Clock.instant());
            Self { clock: RetentionClock::new(start.0, start.1), start }
        }

        /// The seconds from the start to the time that counts, and the jump in seconds.
        fn at(&self, passed: i64, off: i64) -> (i64, Option<i64>) {
            let moment = self.start.1 + Duration::from_secs(passed.cast_unsigned());
            let observed = self.clock.observe(self.start.0 + TimeDelta::seconds(passed + off), moment);
            ((observed.now - self.start.0).num_seconds(), observed.jump.map(|jump| jump.num_seconds()))
        }
    }

    #[test]
    fn a_right_clock_counts_as_it_is() {
        let shown = Shown::new();
        for hours in [0, 1, 5, 24, 24 * 365] {
            assert_eq!(shown.at(hours * HOUR, 0), (hours * HOUR, None));
        }
    }

    #[test]
    fn a_jump_ahead_counts_after_a_day() {
        let shown = Shown::new();
        assert_eq!(shown.at(HOUR, 20 * HOUR), (HOUR, Some(20 * HOUR)));
        assert_eq!(shown.at(2 * HOUR, 20 * HOUR), (2 * HOUR, None));
        assert_eq!(shown.at(25 * HOUR - 1, 20 * HOUR), (25 * HOUR - 1, None));
        assert_eq!(shown.at(25 * HOUR, 20 * HOUR), (45 * HOUR, None));
    }

    #[test]
    fn jumps_ahead_add_up() {
        let shown = Shown::new();
        assert_eq!(shown.at(HOUR, 20 * HOUR), (HOUR, Some(20 * HOUR)));
        assert_eq!(shown.at(2 * HOUR, 43 * HOUR), (2 * HOUR, Some(23 * HOUR)));
    }

    #[test]
    fn a_jump_back_undoes_one_ahead_and_no_more() {
        let shown = Shown::new();
        shown.at(HOUR, 20 * HOUR);
        assert_eq!(shown.at(2 * HOUR, 5 * HOUR), (2 * HOUR, Some(-15 * HOUR)));
        assert_eq!(shown.at(3 * HOUR, -HOUR), (2 * HOUR, Some(-6 * HOUR)));
        assert_eq!(shown.at(4 * HOUR, 0), (3 * HOUR, Some(HOUR)));
    }

    #[test]
    fn what_a_time_server_corrects_is_no_jump() {
        let shown = Shown::new();
        assert_eq!(shown.at(HOUR, 59), (HOUR + 59, None));
        assert_eq!(shown.at(2 * HOUR, 0), (2 * HOUR, None));
    }

    #[test]
    fn a_look_that_comes_late_changes_nothing() {
        let shown = Shown::new();
        assert_eq!(shown.at(2 * HOUR, 0), (2 * HOUR, None));
        assert_eq!(shown.at(HOUR, 0), (HOUR, None));
        assert_eq!(shown.at(3 * HOUR, 0), (3 * HOUR, None));
    }
}
