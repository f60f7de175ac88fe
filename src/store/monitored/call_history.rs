//! Results of the latest calls, for each operation.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::Instant;

/// How long the calls of an operation must fail without a success before the operation counts as failing.
const MIN_FAILURE_SPAN: Duration = Duration::from_secs(5);

/// An operation counts as failing after at least this many failed calls. Calls that wait for a lock do not count.
const MIN_FAILURES: u64 = 3;

/// Failures older than this do not count.
pub(super) const RECENT: Duration = Duration::from_secs(10);

/// A rare operation that fails each time is one outage: it ends after this time without a failure.
const QUIET_PERIOD: Duration = Duration::from_mins(5);

/// The part of a database outage that stands for the probe.
pub(super) const PROBE: u32 = Operation::Gauges as u32 + 1;

/// The operations of a store, each a unit of work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Operation {
    PlaceOrder,
    IngestMessage,
    ReadOrder,
    ChangeOrder,
    WithdrawOrder,
    OrderHistory,
    ReadOrders,
    QueueOrder,
    ReadProducts,
    WriteProduct,
    LoadForFulfilment,
    RecordDecision,
    RecordDeadLetter,
    ReadDeadLetters,
    ResendDeadLetter,
    Purge,
    DropDeadLetters,
    TakeDueMessages,
    Gauges,
}

impl Operation {
    const ALL: [Self; 19] = [
        Self::PlaceOrder,
        Self::IngestMessage,
        Self::ReadOrder,
        Self::ChangeOrder,
        Self::WithdrawOrder,
        Self::OrderHistory,
        Self::ReadOrders,
        Self::QueueOrder,
        Self::ReadProducts,
        Self::WriteProduct,
        Self::LoadForFulfilment,
        Self::RecordDecision,
        Self::RecordDeadLetter,
        Self::ReadDeadLetters,
        Self::ResendDeadLetter,
        Self::Purge,
        Self::DropDeadLetters,
        Self::TakeDueMessages,
        Self::Gauges,
    ];

    /// The part of a database outage that stands for this operation.
    pub(super) const fn outage_part(self) -> u32 {
        self as u32
    }
}

/// Times are milliseconds since the store was made, plus one, so that 0 means never.
pub(super) struct CallHistory {
    start: Instant,
    probe_works: AtomicBool,
    last_success: AtomicU64,
    operations: [FailureStreak; Operation::ALL.len()],
}

/// Failed calls of an operation since its last success.
#[derive(Default)]
struct FailureStreak {
    count: AtomicU64,
    first: AtomicU64,
    last: AtomicU64,
    /// Whether the probe failed meanwhile: then a probe that works ends the streak.
    probe_failed_too: AtomicBool,
}

impl CallHistory {
    pub(super) fn new(start: Instant) -> Self {
        let (probe_works, last_success, operations) = Default::default();
        Self { start, probe_works, last_success, operations }
    }

    pub(super) fn record_success(&self, operation: Operation, now: Instant) {
        self.last_success.store(self.since_start(now), Ordering::Relaxed);
        self.operations[operation as usize].clear();
    }

    pub(super) fn record_failure(&self, operation: Operation, now: Instant) {
        let (record, now) = (&self.operations[operation as usize], self.since_start(now));
        record.last.store(now, Ordering::Relaxed);
        let probe_fails = !self.probe_works.load(Ordering::Relaxed);
        if record.count.fetch_add(1, Ordering::Relaxed) == 0 {
            record.first.store(now, Ordering::Relaxed);
            record.probe_failed_too.store(probe_fails, Ordering::Relaxed);
        } else if probe_fails {
            record.probe_failed_too.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn record_probe(&self, works: bool) {
        self.probe_works.store(works, Ordering::Relaxed);
        if !works {
            self.operations.iter().for_each(|record| record.probe_failed_too.store(true, Ordering::Relaxed));
        }
    }

    /// Clears the streaks that ended before the probe that started at `began` and worked; returns their operations. A
    /// fault that the probe never met ends when a call of its operation works, or after minutes without a failure.
    pub(super) fn clear_recovered(&self, began: Instant) -> impl Iterator<Item = Operation> {
        let began = self.since_start(began);
        Operation::ALL.into_iter().filter(move |operation| {
            let record = &self.operations[*operation as usize];
            let pause = if record.probe_failed_too.load(Ordering::Relaxed) { RECENT } else { QUIET_PERIOD };
            let over = record.count.load(Ordering::Relaxed) > 0
                && record.last.load(Ordering::Relaxed).saturating_add(millis(pause)) <= began;
            if over {
                record.clear();
            }
            over
        })
    }

    /// Whether a call of any kind worked within the last `span`.
    pub(super) fn worked_within(&self, span: Duration, now: Instant) -> bool {
        let last = self.last_success.load(Ordering::Relaxed);
        last > 0 && self.since_start(now).saturating_sub(last) < millis(span)
    }

    pub(super) fn are_healthy(&self, now: Instant) -> bool {
        let now = self.since_start(now);
        self.probe_works.load(Ordering::Relaxed) && !self.operations.iter().any(|record| record.fails(now))
    }

    fn since_start(&self, now: Instant) -> u64 {
        millis(now - self.start) + 1
    }
}

impl FailureStreak {
    fn clear(&self) {
        if self.count.load(Ordering::Relaxed) > 0 {
            self.count.store(0, Ordering::Relaxed);
        }
    }

    fn fails(&self, now: u64) -> bool {
        let [count, first, last] =
            [&self.count, &self.first, &self.last].map(|number| number.load(Ordering::Relaxed));
        count >= MIN_FAILURES
            && last.saturating_sub(first) >= millis(MIN_FAILURE_SPAN)
            && now.saturating_sub(last) < millis(RECENT)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
