//! How many requests run at once, and of how many the caller is not known yet.
//!
//! Every request holds one of `running` places from its head to its answer. Until its caller is identified, a request
//! also holds one of `unidentified`: a direct request one of the `unidentified_direct`, an envelope one of the others.
//! So neither direct requests nor envelopes can use up all places, and an identified caller finds places that an
//! unknown one never gets. A direct request never waits for a place. An envelope waits in line, and its wait counts as
//! part of the time for its body: so senders who do not end hold no place for long, however many wait.

mod counts;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, interval_at, timeout_at},
};
use uuid::Uuid;

use super::{Outage, event::Event};
use counts::Counts;
pub use counts::Refused;

/// How many requests may be in which state at once.
#[derive(Clone, Copy, Debug)]
pub struct ConcurrencyLimits {
    /// Requests that run; one more is answered before its body is read.
    pub running: usize,
    /// The most requests whose caller is not identified yet, including envelopes that are not read yet.
    pub unidentified: usize,
    /// The most direct requests among the unidentified ones; the others are envelopes.
    pub unidentified_direct: usize,
    /// Envelopes that wait until one of theirs is read.
    pub waiting_envelopes: usize,
    /// Running requests of one identified caller; none when callers are not limited.
    pub per_caller: Option<usize>,
}

impl Default for ConcurrencyLimits {
    /// 512 requests at once, of which 256 over HTTP without an identified caller; no bound for one caller.
    fn default() -> Self {
        Self {
            running: 512,
            unidentified: 512,
            unidentified_direct: 256,
            waiting_envelopes: 512,
            per_caller: None,
        }
    }
}

/// The caller of a request, for counting: a principal of Entra.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct CallerId {
    /// The caller's tenant.
    pub tenant: Uuid,
    /// The caller's object in it.
    pub object: Uuid,
}

/// The caller already runs as many requests as one caller may.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("too many requests of this caller are running: wait until one has ended")]
pub struct CallerLimitReached;

/// The requests of one process. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Concurrency(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    limits: ConcurrencyLimits,
    running: Arc<Semaphore>,
    direct: Arc<Semaphore>,
    envelopes: Arc<Semaphore>,
    line: Semaphore,
    /// Running requests of each identified caller who has any.
    callers: Mutex<HashMap<CallerId, usize>>,
    counts: Counts,
    /// More requests come than may run.
    overload: Outage,
}

/// The pause between two lines of metrics.
const METRICS_INTERVAL: Duration = Duration::from_mins(1);

/// The parts of the outage `overloaded`: each part ends independently of the others.
const RUNNING: u32 = 0;
const DIRECT: u32 = 1;
const ENVELOPES: u32 = 2;

impl Concurrency {
    /// No request runs yet.
    #[must_use]
    pub fn new(limits: ConcurrencyLimits) -> Self {
        let semaphore = |size| Arc::new(Semaphore::new(size));
        Self(Arc::new(Shared {
            limits,
            running: semaphore(limits.running),
            direct: semaphore(limits.unidentified_direct),
            envelopes: semaphore(limits.unidentified.saturating_sub(limits.unidentified_direct)),
            line: Semaphore::new(limits.waiting_envelopes),
            callers: Mutex::default(),
            counts: Counts::default(),
            overload: Outage::new("overloaded"),
        }))
    }

    /// Logs what happened since the call before, if anything did.
    pub(crate) fn log_metrics(&self) {
        let counts = self.0.counts.take(self.0.running(), self.0.unidentified());
        if !counts.is_empty() {
            counts.log();
        }
    }

    /// Logs the metrics for as long as the process lives.
    pub(crate) async fn log_metrics_periodically(self) {
        let mut minute = interval_at(Instant::now() + METRICS_INTERVAL, METRICS_INTERVAL);
        loop {
            minute.tick().await;
            self.log_metrics();
        }
    }

    /// Counts a request that is refused for a reason that others know.
    pub fn count(&self, refused: Refused) {
        self.0.counts.refused(refused);
    }

    /// A place for a direct request, if there is one.
    pub(crate) fn try_direct(&self) -> Option<RequestSlot> {
        let unidentified = Arc::clone(&self.0.direct).try_acquire_owned().ok();
        let unidentified = self.0.log_refusal(DIRECT, Refused::Unidentified, unidentified)?;
        self.try_run(unidentified)
    }

    /// A place for an envelope, if there is one before `deadline`.
    pub(crate) async fn envelope(&self, deadline: Instant) -> Option<RequestSlot> {
        let semaphore = Arc::clone(&self.0.envelopes);
        let unidentified = match Arc::clone(&semaphore).try_acquire_owned() {
            Ok(permit) => Some(permit),
            Err(_) => self.wait(semaphore, deadline).await,
        };
        let unidentified = self.0.log_refusal(ENVELOPES, Refused::Unidentified, unidentified)?;
        self.try_run(unidentified)
    }

    async fn wait(&self, semaphore: Arc<Semaphore>, deadline: Instant) -> Option<OwnedSemaphorePermit> {
        let _in_line = self.0.line.try_acquire().ok()?;
        timeout_at(deadline, semaphore.acquire_owned()).await.ok()?.ok()
    }

    fn try_run(&self, unidentified: OwnedSemaphorePermit) -> Option<RequestSlot> {
        let running = Arc::clone(&self.0.running).try_acquire_owned().ok();
        let running = self.0.log_refusal(RUNNING, Refused::Running, running)?;
        self.0.counts.peak(self.0.running(), self.0.unidentified());
        let holder = Mutex::new(Holder::Unidentified(unidentified));
        Some(RequestSlot { shared: Arc::clone(&self.0), _running: running, holder })
    }

    /// Resolves when no request runs.
    pub(crate) async fn drained(&self) {
        let all = u32::try_from(self.0.limits.running).unwrap_or(u32::MAX);
        drop(self.0.running.acquire_many(all).await);
    }

    /// Whether no request runs.
    pub(super) fn is_drained(&self) -> bool {
        self.0.running() == 0
    }
}

impl Shared {
    fn running(&self) -> usize {
        self.limits.running.saturating_sub(self.running.available_permits())
    }

    fn unidentified(&self) -> usize {
        let free = self.direct.available_permits() + self.envelopes.available_permits();
        self.limits.unidentified.saturating_sub(free)
    }

    /// Records in the log and in the metrics whether there was a place.
    fn log_refusal<T>(&self, part: u32, refused: Refused, place: Option<T>) -> Option<T> {
        if place.is_some() {
            self.overload.working(part);
        } else {
            self.counts.refused(refused);
            let running = self.limits.running as u64;
            let begin = || Event::Overloaded { running, reason: refused.name() }.log();
            self.overload.failing(part, 1, None, begin);
        }
        place
    }

    fn callers(&self) -> MutexGuard<'_, HashMap<CallerId, usize>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, caller: CallerId) -> Result<(), CallerLimitReached> {
        let mut callers = self.callers();
        let running = callers.get(&caller).copied().unwrap_or(0);
        if self.limits.per_caller.is_some_and(|most| running >= most) {
            self.counts.refused(Refused::PerCaller);
            return Err(CallerLimitReached);
        }
        callers.insert(caller, running + 1);
        Ok(())
    }

    fn leave(&self, caller: CallerId) {
        let mut callers = self.callers();
        match callers.get_mut(&caller) {
            Some(running) if *running > 1 => *running -= 1,
            _ => drop(callers.remove(&caller)),
        }
    }
}

/// The place of one running request, until it is dropped.
#[derive(Debug)]
pub struct RequestSlot {
    shared: Arc<Shared>,
    _running: OwnedSemaphorePermit,
    holder: Mutex<Holder>,
}

/// Which caller a running request counts for.
#[derive(Debug)]
enum Holder {
    /// The caller is not known yet; the request's place among the unidentified ones is given back once the caller is
    /// known.
    Unidentified(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit),
    /// A request of the host's own, or of a caller who is refused.
    Uncounted,
    Caller(CallerId),
}

impl RequestSlot {
    /// Counts this request as one of the caller's from now on.
    ///
    /// # Errors
    /// When the caller already runs as many requests as one caller may; answer at once, without the body.
    pub fn identify(&self, caller: CallerId) -> Result<(), CallerLimitReached> {
        let mut holder = self.holder();
        if !matches!(*holder, Holder::Unidentified(_)) {
            return Ok(());
        }
        *holder = Holder::Uncounted;
        self.shared.enter(caller)?;
        *holder = Holder::Caller(caller);
        Ok(())
    }

    /// The envelope is read, and the host alone calls.
    pub(crate) fn read_for_host(&self) {
        *self.holder() = Holder::Uncounted;
    }

    fn holder(&self) -> MutexGuard<'_, Holder> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RequestSlot {
    fn drop(&mut self) {
        if let Holder::Caller(caller) = *self.holder() {
            self.shared.leave(caller);
        }
    }
}
