//! What became of the last calls, by kind.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::Instant;

/// A kind fails when its calls failed for so long, without one that worked.
const SPAN: Duration = Duration::from_secs(5);

/// So many failed calls make a kind fail, at least. Calls that wait for what somebody else changes are none of them.
const AT_LEAST: u64 = 3;

/// What is older says nothing any more.
pub(super) const LATELY: Duration = Duration::from_secs(10);

/// A kind that is called once a minute and fails each time is one outage: its end is believed after so many quiet minutes.
const QUIET: Duration = Duration::from_mins(5);

/// The part of the database's outages that the probe is.
pub(super) const PROBE: u32 = Kind::Gauges as u32 + 1;

/// The kinds of call, each a unit of work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
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
    PendingOrder,
    DecideOrder,
    RecordDeadLetter,
    ReadDeadLetters,
    ResendDeadLetter,
    Purge,
    DropDeadLetters,
    TakeDueMessages,
    Gauges,
}

impl Kind {
    const CALLS: [Self; 19] = [
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
        Self::PendingOrder,
        Self::DecideOrder,
        Self::RecordDeadLetter,
        Self::ReadDeadLetters,
        Self::ResendDeadLetter,
        Self::Purge,
        Self::DropDeadLetters,
        Self::TakeDueMessages,
        Self::Gauges,
    ];

    /// Which part of the database's outages it is.
    pub(super) const fn part(self) -> u32 {
        self as u32
    }
}

/// Times are milliseconds since the store was made, and one more, so that 0 says never.
pub(super) struct Calls {
    start: Instant,
    probe: AtomicBool,
    last_success: AtomicU64,
    kinds: [Record; Kind::CALLS.len()],
}

/// The failed calls of a kind since one worked.
#[derive(Default)]
struct Record {
    count: AtomicU64,
    first: AtomicU64,
    last: AtomicU64,
    /// Whether the probe failed meanwhile: then one that works says that the fault is over.
    with_probe: AtomicBool,
}

impl Calls {
    pub(super) fn new(start: Instant) -> Self {
        let (probe, last_success, kinds) = Default::default();
        Self { start, probe, last_success, kinds }
    }

    pub(super) fn worked(&self, kind: Kind, now: Instant) {
        self.last_success.store(self.since_start(now), Ordering::Relaxed);
        self.kinds[kind as usize].clear();
    }

    pub(super) fn failed(&self, kind: Kind, now: Instant) {
        let (record, now) = (&self.kinds[kind as usize], self.since_start(now));
        record.last.store(now, Ordering::Relaxed);
        let probe_fails = !self.probe.load(Ordering::Relaxed);
        if record.count.fetch_add(1, Ordering::Relaxed) == 0 {
            record.first.store(now, Ordering::Relaxed);
            record.with_probe.store(probe_fails, Ordering::Relaxed);
        } else if probe_fails {
            record.with_probe.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn probed(&self, works: bool) {
        self.probe.store(works, Ordering::Relaxed);
        if !works {
            self.kinds.iter().for_each(|record| record.with_probe.store(true, Ordering::Relaxed));
        }
    }

    /// Forgets the failures that were over when a probe began that worked; gives their kinds. A fault that the probe
    /// never met is over when a call of its kind works, or after minutes without one that fails.
    pub(super) fn forgive(&self, began: Instant) -> impl Iterator<Item = Kind> {
        let began = self.since_start(began);
        Kind::CALLS.into_iter().filter(move |kind| {
            let record = &self.kinds[*kind as usize];
            let pause = if record.with_probe.load(Ordering::Relaxed) { LATELY } else { QUIET };
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

    pub(super) fn work(&self, now: Instant) -> bool {
        let now = self.since_start(now);
        self.probe.load(Ordering::Relaxed) && !self.kinds.iter().any(|record| record.fails(now))
    }

    fn since_start(&self, now: Instant) -> u64 {
        millis(now - self.start) + 1
    }
}

impl Record {
    fn clear(&self) {
        if self.count.load(Ordering::Relaxed) > 0 {
            self.count.store(0, Ordering::Relaxed);
        }
    }

    fn fails(&self, now: u64) -> bool {
        let [count, first, last] =
            [&self.count, &self.first, &self.last].map(|number| number.load(Ordering::Relaxed));
        count >= AT_LEAST
            && last.saturating_sub(first) >= millis(SPAN)
            && now.saturating_sub(last) < millis(LATELY)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
