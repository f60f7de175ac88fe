//! When the next login may begin.
//!
//! While logins succeed, as many run as callers wait. After a failure they run one by one, further and further apart:
//! quick enough that a server which restarts costs no call, and few enough that a wrong password does not flood it.

use std::{sync::Arc, time::Duration};

use sqlx::Error;
use tokio::time::Instant;

use super::failure::is_permanent;

/// How long a login may be under way alone. After that another login is started beside it, because the packets of the
/// first may be lost for good.
const SINGLE_LOGIN_PERIOD: Duration = Duration::from_secs(1);

/// A login that takes longer comes too late for many of those who wait for it. After such a login the pool is filled in
/// advance.
const SLOW_LOGIN: Duration = Duration::from_secs(1);

/// The first wait after a failed login; each further failure doubles it.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// The longest wait for a server that is unavailable.
const MAX_WAIT: Duration = Duration::from_millis(500);

/// The longest wait after a refusal that only a person cures.
const MAX_WAIT_WHEN_REFUSED: Duration = Duration::from_secs(1);

/// The wait after a connection that did not let its statement do its work.
const OPEN_TRANSACTION_WAIT: Duration = Duration::from_millis(250);

/// Logins under way and their results, and how many callers wait.
pub(super) struct Logins {
    /// Callers without a connection.
    waiting: usize,
    under_way: usize,
    failures: u32,
    /// Whether the last word about the server was a good one.
    server_is_up: bool,
    /// When the last good login began.
    last_success_began: Instant,
    slow: bool,
    not_before: Instant,
    single_until: Instant,
    error: Option<Arc<Error>>,
}

impl Logins {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            waiting: 0,
            under_way: 0,
            failures: 0,
            server_is_up: false,
            last_success_began: now,
            slow: false,
            not_before: now,
            single_until: now,
            error: None,
        }
    }

    pub(super) fn has_waiters(&self) -> bool {
        self.waiting > 0
    }

    pub(super) fn add_waiter(&mut self) {
        self.waiting += 1;
    }

    pub(super) fn remove_waiter(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
    }

    /// Whether a login may begin now; else when to ask again, if time alone changes the answer.
    pub(super) fn next(&self, now: Instant) -> Result<(), Option<Instant>> {
        let earliest =
            if self.server_is_up { self.not_before } else { self.not_before.max(self.single_until) };
        if self.server_is_up && !self.slow && self.under_way >= self.waiting {
            return Err(None);
        }
        if now < earliest { Err(Some(earliest)) } else { Ok(()) }
    }

    pub(super) fn begin(&mut self, now: Instant) {
        self.under_way += 1;
        self.single_until = now + SINGLE_LOGIN_PERIOD;
        // Whether that is cured, this login shows.
        self.error.take_if(|error| is_permanent(error));
    }

    pub(super) fn succeed(&mut self, began: Instant, now: Instant) {
        self.slow = now.duration_since(began) > SLOW_LOGIN;
        self.under_way -= 1;
        self.failures = 0;
        self.server_is_up = true;
        self.last_success_began = self.last_success_began.max(began);
        self.error = None;
    }

    /// Records a failed login; a login that began before the last successful one is ignored.
    pub(super) fn fail(&mut self, began: Instant, now: Instant, error: Error) {
        self.under_way -= 1;
        if self.server_is_up && began < self.last_success_began {
            return;
        }
        let longest = if is_permanent(&error) { MAX_WAIT_WHEN_REFUSED } else { MAX_WAIT };
        let wait = (FIRST_WAIT * 2_u32.pow(self.failures.min(8))).min(longest);
        self.failures += 1;
        self.server_is_up = false;
        self.not_before = now + jittered(wait);
        self.single_until = self.not_before;
        self.error = Some(Arc::new(error));
    }

    /// A connection failed that was last heard then.
    pub(super) fn connection_failed(&mut self, last_response: Instant) {
        if last_response >= self.last_success_began {
            self.server_is_up = false;
        }
    }

    pub(super) fn slow_down(&mut self, now: Instant) {
        self.not_before = self.not_before.max(now + jittered(OPEN_TRANSACTION_WAIT));
    }

    /// The known reason why there is no connection.
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

    /// How many logins begin within this many seconds, where each takes `takes` and ends so.
    fn begun(seconds: u64, takes: Duration, failure: impl Fn() -> Error) -> u32 {
        let start = Instant::now();
        let mut logins = Logins::new(start);
        let (mut now, mut under_way, mut count) = (start, Vec::new(), 0);
        logins.add_waiter();
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
    fn failed_logins_are_retried_soon_and_rarely() {
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
        super::super::failure::login_timeout()
    }

    #[test]
    fn one_login_a_caller_runs_while_logins_succeed() {
        let now = Instant::now();
        let mut logins = Logins::new(now);
        for _ in 0..3 {
            logins.add_waiter();
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
