//! How often one caller may call one process (`docs/reference/api.md#rate-limits`, `ORDERS_RATE_LIMIT`). Callers are
//! distinguished by their verified identity, never by anything that they could write.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, binary_heap::PeekMut},
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{limits::LIMITS, orders::Owner};

#[cfg(test)]
mod tests;

const MAX_BUCKETS: usize = LIMITS.memory.max_rate_buckets;

/// A request each `interval`, and a burst of more after a rest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// How long a bucket takes to refill by one request.
    interval: Duration,
    /// How far a bucket may be from full for a request to be taken from it.
    tolerance: Duration,
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "one request each {} ms, {} at once after a rest", self.interval.as_millis(), self.burst())
    }
}

impl Rate {
    /// The most requests that a rate may allow within its period.
    pub const MAX_REQUESTS: u32 = 1_000;
    /// The largest burst that a rate may allow.
    pub const MAX_BURST: u32 = 10_000;

    /// `requests` from 1 to 1,000 in `seconds` from 1 to 60, and `burst` from 1 to 10,000; else none.
    #[must_use]
    pub fn new(requests: u32, seconds: u32, burst: u32) -> Option<Self> {
        let in_range = (1..=Self::MAX_REQUESTS).contains(&requests) && (1..=60).contains(&seconds);
        if !in_range || !(1..=Self::MAX_BURST).contains(&burst) {
            return None;
        }
        let nanos = 1_000_000_000 * u64::from(seconds);
        let interval = Duration::from_nanos(nanos.div_ceil(requests.into()));
        Some(Self { interval, tolerance: interval * (burst - 1) })
    }

    /// How many requests may come at once after a rest.
    fn burst(self) -> u128 {
        self.tolerance.as_nanos() / self.interval.as_nanos() + 1
    }

    /// Takes a request from a bucket, or returns when there will be one.
    fn take(self, full_at: &mut Instant, now: Instant) -> Result<(), Duration> {
        let from = now.max(*full_at);
        let wait = from.duration_since(now).saturating_sub(self.tolerance);
        if wait.is_zero() {
            *full_at = from + self.interval;
            Ok(())
        } else {
            Err(wait)
        }
    }
}

/// Limits the rate of each caller. It stores a bounded number of callers, even if more are made up.
#[derive(Debug)]
pub struct RateLimiter {
    rate: Rate,
    buckets: Mutex<Buckets>,
}

impl RateLimiter {
    /// A limiter whose buckets are all full.
    #[must_use]
    pub fn new(rate: Rate, now: Instant) -> Self {
        let buckets = Buckets { by_caller: HashMap::new(), next_full: BinaryHeap::new(), shared: now };
        Self { rate, buckets: Mutex::new(buckets) }
    }

    /// Counts a request of this caller's.
    ///
    /// # Errors
    /// How long the caller has to wait, if the limit is exceeded; a refused request does not count.
    pub fn take(&self, caller: Owner, now: Instant) -> Result<(), Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.take(self.rate, caller, now)
    }
}

/// The token buckets of all callers; a bucket is stored as the time at which it is full again, and a caller without an
/// entry has a full bucket.
#[derive(Debug)]
struct Buckets {
    by_caller: HashMap<Owner, Instant>,
    /// Each caller of `by_caller` once, sorted by the earliest time at which the bucket may be full: never later than
    /// the bucket's own time.
    next_full: BinaryHeap<Reverse<(Instant, Owner)>>,
    /// The bucket that all callers without a bucket of their own share.
    shared: Instant,
}

impl Buckets {
    fn take(&mut self, rate: Rate, caller: Owner, now: Instant) -> Result<(), Duration> {
        if let Some(bucket) = self.by_caller.get_mut(&caller) {
            return rate.take(bucket, now);
        }
        if !self.has_room(now) {
            return rate.take(&mut self.shared, now);
        }
        // A caller from the shared bucket must not find a fresh one.
        let mut bucket = self.shared;
        let taken = rate.take(&mut bucket, now);
        self.by_caller.insert(caller, bucket);
        self.next_full.push(Reverse((bucket, caller)));
        taken
    }

    /// Whether there is room for one more bucket, possibly after removing a full one: only a full bucket may be
    /// removed, because a caller without a bucket counts as having a full one.
    fn has_room(&mut self, now: Instant) -> bool {
        while self.by_caller.len() >= MAX_BUCKETS {
            let Some(first) = self.next_full.peek_mut().filter(|first| first.0.0 <= now) else {
                return false;
            };
            let Reverse((_, caller)) = PeekMut::pop(first);
            match self.by_caller.get(&caller) {
                Some(full_at) if *full_at > now => self.next_full.push(Reverse((*full_at, caller))),
                _ => drop(self.by_caller.remove(&caller)),
            }
        }
        true
    }
}
