//! An outage: one line of log when a dependency's calls begin to fail and one when they work again. Calls that fail
//! between these two lines are counted.

use std::{
    fmt::Display,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::event::Event;

/// How long calls have to work before an outage has ended: a dependency that fails now and then has one outage.
const RECOVERY_TIME: Duration = Duration::from_secs(5);

/// How often an outage that continues is logged, at most.
const REMINDER_INTERVAL: Duration = Duration::from_mins(1);

/// How often an outage is asked whether it has ended.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// A dependency and one kind of fault. The dependency has up to 32 parts that fail independently, and works again when
/// each part that failed does. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Outage(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// The event that begins it.
    name: &'static str,
    /// One bit for each part that fails; a part that works needs no lock to find that there is nothing to do.
    failing: AtomicU32,
    open: Mutex<Option<OngoingOutage>>,
}

#[derive(Clone, Copy, Debug)]
struct OngoingOutage {
    began: Instant,
    last_failure: Instant,
    recovered: Instant,
    reminded: Instant,
    failed_calls: u64,
    /// How many failed calls the log reports.
    logged_calls: u64,
}

/// Watches an outage until it has ended.
struct Watch(Outage);

/// What a failure means for the log.
enum Notice {
    Begins,
    Continues(OngoingOutage),
    Counted,
}

impl Outage {
    /// No outage yet; `name` is the event that its beginning is logged as.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self(Arc::new(Shared { name, failing: AtomicU32::new(0), open: Mutex::new(None) }))
    }

    /// A call failed, of a dependency that has no parts. Has `begin` log it if nothing failed before, logs once a minute that the outage
    /// continues, and else only counts. Must be called within a runtime.
    pub fn failed(&self, error: Option<&dyn Display>, begin: impl FnOnce()) {
        self.failing(0, 1, error, begin);
    }

    /// As [`failed`](Self::failed), for a part of the dependency and for this many calls: none where no caller waited.
    pub fn failing(&self, part: u32, calls: u64, error: Option<&dyn Display>, begin: impl FnOnce()) {
        match self.count(part, calls) {
            Notice::Begins => {
                begin();
                tokio::spawn(Watch(self.clone()).until_ended());
            }
            Notice::Continues(open) => self.log_continues(open, error),
            Notice::Counted => {}
        }
    }

    /// A call worked, of a dependency that has no parts.
    pub fn worked(&self) {
        self.working(0);
    }

    /// A part works again.
    pub fn working(&self, part: u32) {
        let bit = 1 << part;
        if self.0.failing.load(Ordering::Relaxed) & bit == 0 {
            return;
        }
        let mut open = self.open();
        let before = self.0.failing.fetch_and(!bit, Ordering::Relaxed);
        if before == bit
            && let Some(open) = &mut *open
        {
            open.recovered = Instant::now();
        }
    }

    /// Whether it has begun and not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open().is_some()
    }

    fn count(&self, part: u32, calls: u64) -> Notice {
        let now = Instant::now();
        let mut open = self.open();
        self.0.failing.fetch_or(1 << part, Ordering::Relaxed);
        match &mut *open {
            None => {
                *open = Some(OngoingOutage {
                    began: now,
                    last_failure: now,
                    recovered: now,
                    reminded: now,
                    failed_calls: calls,
                    logged_calls: calls,
                });
                Notice::Begins
            }
            Some(open) => {
                open.failed_calls += calls;
                open.last_failure = now;
                if now - open.reminded < REMINDER_INTERVAL {
                    return Notice::Counted;
                }
                open.reminded = now;
                open.logged_calls = open.failed_calls;
                Notice::Continues(*open)
            }
        }
    }

    fn log_continues(&self, open: OngoingOutage, error: Option<&dyn Display>) {
        Event::OutageContinues {
            outage: self.0.name,
            failed_calls: open.failed_calls,
            duration_ms: millis(open.last_failure - open.began),
            error,
        }
        .log();
    }

    /// Takes the outage if it has ended.
    fn ended(&self) -> Option<OngoingOutage> {
        let mut open = self.open();
        let works = self.0.failing.load(Ordering::Relaxed) == 0;
        open.take_if(|open| works && open.last_failure.elapsed() >= RECOVERY_TIME)
    }

    fn open(&self) -> MutexGuard<'_, Option<OngoingOutage>> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    async fn until_ended(self) {
        loop {
            sleep(CHECK_INTERVAL).await;
            if let Some(ended) = self.0.ended() {
                Event::OutageEnded {
                    outage: self.0.0.name,
                    failed_calls: ended.failed_calls,
                    duration_ms: millis(ended.recovered - ended.began),
                }
                .log();
                return;
            }
        }
    }
}

impl Drop for Watch {
    /// The process ends before the outage: the count is logged.
    fn drop(&mut self) {
        let open = *self.0.open();
        if let Some(open) = open.filter(|open| open.failed_calls > open.logged_calls) {
            self.0.log_continues(open, None);
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
