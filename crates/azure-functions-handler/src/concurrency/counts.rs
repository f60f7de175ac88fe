//! The request metrics: the most requests at once, and how many were refused for which reason.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::event::Event;

/// Why a request beyond a limit was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refused {
    /// Too many requests run.
    Running,
    /// Too many running requests have no identified caller.
    Unidentified,
    /// Too many running requests are the same caller's.
    PerCaller,
    /// The caller calls too often.
    Rate,
    /// Too many wait for the issuer's keys, or for the authorities of certificates.
    KeyWait,
    /// The body came too slowly.
    SlowBody,
}

impl Refused {
    const COUNT: usize = 6;

    /// For the log.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Unidentified => "unidentified",
            Self::PerCaller => "per-caller",
            Self::Rate => "rate",
            Self::KeyWait => "key-wait",
            Self::SlowBody => "slow-body",
        }
    }
}

/// The counts of one period.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct RequestCounts {
    /// The most requests that ran at once.
    running: u64,
    /// The most of them at once that had no identified caller.
    unidentified: u64,
    refused: [u64; Refused::COUNT],
}

impl RequestCounts {
    /// Whether no request came.
    pub(super) fn is_empty(&self) -> bool {
        self.running == 0 && self.refused.iter().all(|count| *count == 0)
    }

    pub(super) fn log(&self) {
        let refused = |reason: Refused| self.refused[reason as usize];
        Event::RequestMetrics {
            running: self.running,
            unidentified: self.unidentified,
            refused_running: refused(Refused::Running),
            refused_unidentified: refused(Refused::Unidentified),
            refused_per_caller: refused(Refused::PerCaller),
            refused_rate: refused(Refused::Rate),
            refused_key_wait: refused(Refused::KeyWait),
            refused_slow_body: refused(Refused::SlowBody),
        }
        .log();
    }
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    running: AtomicUsize,
    unidentified: AtomicUsize,
    refused: [AtomicU64; Refused::COUNT],
}

impl Counts {
    pub(super) fn peak(&self, running: usize, unidentified: usize) {
        self.running.fetch_max(running, Relaxed);
        self.unidentified.fetch_max(unidentified, Relaxed);
    }

    pub(super) fn refused(&self, reason: Refused) {
        self.refused[reason as usize].fetch_add(1, Relaxed);
    }

    /// The counts so far; the next ones begin with what runs now.
    pub(super) fn take(&self, running: usize, unidentified: usize) -> RequestCounts {
        let peak = |most: &AtomicUsize, now: usize| most.swap(now, Relaxed).max(now) as u64;
        RequestCounts {
            running: peak(&self.running, running),
            unidentified: peak(&self.unidentified, unidentified),
            refused: self.refused.each_ref().map(|count| count.swap(0, Relaxed)),
        }
    }
}
