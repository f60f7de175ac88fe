//! When the next login may begin.
//!
//! While logins succeed, as many run as callers wait. After a failure they run one by one, further and further apart:
//! quick enough that a server which restarts costs no call, and few enough that a wrong password does not flood it.

use std::{sync::Arc, time::Duration};

use sqlx::Error;
use tokio::time::Instant;

use super::failure::is_lasting;

/// How long a login may be under way alone. Then another is tried beside it: its packets may be lost for good.
const ALONE: Duration = Duration::from_secs(1);

/// A login that takes longer comes too late for many of those who wait for it. Then the pool is filled before they come.
const SLOW: Duration = Duration::from_secs(1);

/// The first wait after a failed login; each further failure doubles it.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// The longest wait for a server that is away.
const LONGEST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait after a refusal that only a person cures.
const LONGEST_WAIT_WHEN_REFUSED: Duration = Duration::from_secs(1);

/// The wait after a connection that did not let its statement do its work.
const UNFIT_WAIT: Duration = Duration::from_millis(250);

/// What is known of logins, and who waits for them.
pub(super) struct Logins {
    /// Callers without a connection.
    waiting: usize,
    under_way: usize,
    failures: u32,
    /// Whether the last word about the server was a good one.
    proven: bool,
    /// When the last good login began.
    proven_since: Instant,
    slow: bool,
    not_before: Instant,
    alone_until: Instant,
    error: Option<Arc<Error>>,
}

impl Logins {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            waiting: 0,
            under_way: 0,
            failures: 0,
            proven: false,
            proven_since: now,
            slow: false,
            not_before: now,
            alone_until: now,
            error: None,
        }
    }

    pub(super) fn is_awaited(&self) -> bool {
        self.waiting > 0
    }

    pub(super) fn wait(&mut self) {
        self.waiting += 1;
    }

    pub(super) fn wait_no_more(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
    }

    /// Whether a login may begin now; else when to ask again, if time alone changes the answer.
    pub(super) fn next(&self, now: Instant) -> Result<(), Option<Instant>> {
        let earliest = if self.proven { self.not_before } else { self.not_before.max(self.alone_until) };
        if self.proven && !self.slow && self.under_way >= self.waiting {
            return Err(None);
        }
        if now < earliest { Err(Some(earliest)) } else { Ok(()) }
    }

    pub(super) fn begin(&mut self, now: Instant) {
        self.under_way += 1;
        self.alone_until = now + ALONE;
        // Whether that is cured, this login shows.
        self.error.take_if(|error| is_lasting(error));
    }

    pub(super) fn succeed(&mut self, began: Instant, now: Instant) {
        self.slow = now.duration_since(began) > SLOW;
        self.under_way -= 1;
        self.failures = 0;
        self.proven = true;
        self.proven_since = self.proven_since.max(began);
        self.error = None;
    }

    /// A failure that began before the last good login is an old story.
    pub(super) fn fail(&mut self, began: Instant, now: Instant, error: Error) {
        self.under_way -= 1;
        if self.proven && began < self.proven_since {
            return;
        }
        let longest = if is_lasting(&error) { LONGEST_WAIT_WHEN_REFUSED } else { LONGEST_WAIT };
        let wait = (FIRST_WAIT * 2_u32.pow(self.failures.min(8))).min(longest);
        self.failures += 1;
        self.proven = false;
        self.not_before = now + jittered(wait);
        self.alone_until = self.not_before;
        self.error = Some(Arc::new(error));
    }

    /// A connection failed that was last heard then.
    pub(super) fn connection_failed(&mut self, heard: Instant) {
        if heard >= self.proven_since {
            self.proven = false;
        }
    }

    pub(super) fn slow_down(&mut self, now: Instant) {
        self.not_before = self.not_before.max(now + jittered(UNFIT_WAIT));
    }

    /// Why there is no connection, as far as it is known.
    pub(super) fn error(&self) -> Option<Arc<Error>> {
        self.error.clone()
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.under_way > 0
    }
}

/// Within a quarter of it: processes that failed together do not come back together.
fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(0.75 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many logins begin within so many seconds, where each takes `takes` and ends so.
    fn begun(seconds: u64, takes: Duration, failure: impl Fn() -> Error) -> u32 {
        let start = Instant::now();
        let mut logins = Logins::new(start);
        let (mut now, mut under_way, mut count) = (start, Vec::new(), 0);
        logins.wait();
        while now < start + Duration::from_secs(seconds) {
            while logins.next(now).is_ok() {
                logins.begin(now);
                under_way.push(now);
                count += 1;
            }
            now += Duration::from_millis(5);
            while let Some(began) = under_way.first().copied().filter(|began| *began + takes <= now) {
                under_way.remove(0);
                logins.fail(began, now, failure());
            }
        }
        count
    }

    #[test]
    fn failed_logins_are_few_and_come_soon() {
        let soon =
            begun(1, Duration::from_millis(5), || Error::Io(std::io::ErrorKind::ConnectionRefused.into()));
        assert!((4..8).contains(&soon), "{soon} in the first second");
        let away =
            begun(60, Duration::from_millis(5), || Error::Io(std::io::ErrorKind::ConnectionRefused.into()));
        assert!((100..160).contains(&away), "{away} in a minute");
        let refused = begun(60, Duration::from_millis(5), || Error::Configuration("no".into()));
        assert!((50..80).contains(&refused), "{refused} in a minute");
    }

    #[test]
    fn waits_are_spread_over_half_of_their_length() {
        let wait = Duration::from_secs(1);
        let waits: Vec<_> = (0..200).map(|_| jittered(wait)).collect();
        let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
        assert!(*least >= wait * 3 / 4 && *most <= wait * 5 / 4, "{least:?} to {most:?}");
        assert!(*most > *least + wait / 4, "{least:?} to {most:?}: all come back together");
    }

    #[test]
    fn a_login_that_hangs_is_not_waited_for() {
        let hanging = begun(4, Duration::from_secs(5), unanswered);
        assert_eq!(hanging, 4);
    }

    fn unanswered() -> Error {
        super::super::failure::no_answer()
    }

    #[test]
    fn one_login_a_caller_runs_while_logins_succeed() {
        let now = Instant::now();
        let mut logins = Logins::new(now);
        for _ in 0..3 {
            logins.wait();
        }
        logins.begin(now);
        assert!(logins.next(now).is_err(), "the first shows whether the server is there");
        logins.succeed(now, now);
        for _ in 0..3 {
            assert!(logins.next(now).is_ok());
            logins.begin(now);
        }
        assert!(logins.next(now).is_err());
    }
}
