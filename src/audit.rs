//! Who was refused what, and who changed what (control C50). Each is a log line within its invocation, whose fields
//! name the function and the caller; a caller who is refused over and over gets a count instead of more lines.

use std::{
    collections::{HashMap, hash_map::Entry},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use uuid::Uuid;

use crate::{clock::Clock, limits::LIMITS, orders::Owner, telemetry::Event};

mod changes;

#[cfg(test)]
mod tests;

pub use changes::{
    dead_letter_dropped, dead_letter_replayed, message_dead_lettered, order_changed, order_ingested,
    product_changed, queued_order_finished, secret_looked_up,
};

const MAX_LINES_PER_WINDOW: u64 = LIMITS.memory.max_denial_lines;
const WINDOW: Duration = LIMITS.memory.denial_window;
const MAX_WINDOWS: usize = LIMITS.memory.max_denial_windows;
/// How often the counts of ended windows are logged.
const FLUSH_INTERVAL: Duration = Duration::from_secs(5);

/// The caller of a request that was denied.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum DeniedCaller {
    /// Callers without a verified identity: all of them count as one.
    Anonymous,
    /// A caller with a verified identity.
    Authenticated {
        /// Tenant and object id.
        owner: Owner,
        /// What kind of caller.
        kind: &'static str,
    },
}

/// A refusal.
#[derive(Clone, Copy, Debug)]
pub struct Denial {
    /// Why: one of a closed list of short names.
    pub reason: &'static str,
    /// Who.
    pub caller: DeniedCaller,
    /// The order that it was about.
    pub order: Option<Uuid>,
    /// Whether the credentials contradict each other, which somebody should look into.
    pub identity_mismatch: bool,
}

/// Logs denials, and counts those beyond the lines of a window. Cloning shares the counts.
#[derive(Clone, Debug, Default)]
pub struct Audit(Arc<Mutex<DenialCounts>>);

#[derive(Debug, Default)]
struct DenialCounts {
    windows: HashMap<(&'static str, CountedCaller), Window>,
    /// These counts are logged outside of any invocation, because no single invocation caused them. There are not many
    /// more of them than windows, because each window ends at most once a minute.
    ended: Vec<EndedWindow>,
    /// When the full table of windows was last searched for windows that have ended.
    last_sweep: Option<Instant>,
}

/// The caller whose denials a window counts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum CountedCaller {
    One(DeniedCaller),
    /// Denials of callers that have no window, because the table of windows was full.
    Others,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    started: Instant,
    count: u64,
}

impl Window {
    fn has_ended(self, now: Instant) -> bool {
        now.duration_since(self.started) >= WINDOW
    }
}

impl Audit {
    /// Logs a denial within the current invocation, or counts it.
    pub fn record_denial(&self, denial: Denial, now: Instant) {
        tracing::Span::current().record("denied", denial.reason);
        let has_line = self.counts().count(denial, now);
        if has_line {
            let Denial { reason, order, .. } = denial;
            if denial.identity_mismatch {
                Event::IdentityMismatch { reason, order_id: order }.log();
            } else {
                Event::Denied { reason, order_id: order }.log();
            }
        }
    }

    /// Logs the counts of windows that have ended.
    pub fn flush_ended(&self, now: Instant) {
        let ended = {
            let mut counts = self.counts();
            counts.sweep(now);
            mem::take(&mut counts.ended)
        };
        ended.into_iter().for_each(log_suppressed);
    }

    /// Logs all counts, also of windows that have not ended; for a process that ends.
    pub fn flush(&self) {
        let DenialCounts { windows, ended, .. } = mem::take(&mut *self.counts());
        ended.into_iter().chain(windows).for_each(log_suppressed);
    }

    /// Logs the counts of ended windows, for as long as the process lives.
    pub async fn flush_periodically(self, clock: Clock) {
        let mut look = tokio::time::interval(FLUSH_INTERVAL);
        loop {
            look.tick().await;
            self.flush_ended(clock.instant());
        }
    }

    fn counts(&self) -> MutexGuard<'_, DenialCounts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type EndedWindow = ((&'static str, CountedCaller), Window);

impl DenialCounts {
    /// Counts a denial; returns whether it gets its own log line.
    fn count(&mut self, denial: Denial, now: Instant) -> bool {
        let mut key = (denial.reason, CountedCaller::One(denial.caller));
        if denial.caller != DeniedCaller::Anonymous && !self.windows.contains_key(&key) && !self.has_room(now)
        {
            key.1 = CountedCaller::Others;
        }
        let fresh = Window { started: now, count: 1 };
        match self.windows.entry(key) {
            Entry::Vacant(room) => {
                room.insert(fresh);
                true
            }
            Entry::Occupied(mut window) if window.get().has_ended(now) => {
                self.ended.push((key, window.insert(fresh)));
                true
            }
            Entry::Occupied(mut window) => {
                let window = window.get_mut();
                window.count += 1;
                window.count <= MAX_LINES_PER_WINDOW
            }
        }
    }

    /// Whether there is room for one more; full counts are swept, but not at every denial.
    fn has_room(&mut self, now: Instant) -> bool {
        let rested =
            self.last_sweep.is_none_or(|last_sweep| now.duration_since(last_sweep) >= FLUSH_INTERVAL);
        if self.windows.len() >= MAX_WINDOWS && rested {
            self.last_sweep = Some(now);
            self.sweep(now);
        }
        self.windows.len() < MAX_WINDOWS
    }

    fn sweep(&mut self, now: Instant) {
        self.ended.extend(self.windows.extract_if(|_, window| window.has_ended(now)));
    }
}

/// Logs how many of a window's denials got no log line.
fn log_suppressed(((reason, whose), window): EndedWindow) {
    let count = window.count.saturating_sub(MAX_LINES_PER_WINDOW);
    if count == 0 {
        return;
    }
    let (owner, caller_kind) = match whose {
        CountedCaller::One(DeniedCaller::Authenticated { owner, kind }) => (Some(owner), kind),
        CountedCaller::One(DeniedCaller::Anonymous) => (None, "anonymous"),
        CountedCaller::Others => (None, "others"),
    };
    let (tenant_id, object_id) = (owner.map(|owner| owner.tenant), owner.map(|owner| owner.object));
    Event::DenialsSuppressed { reason, count, tenant_id, object_id, caller_kind }.log();
}
