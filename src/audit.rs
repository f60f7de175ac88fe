//! Who was refused what, and who changed what (control C50). Each is a log line within its invocation, whose fields say
//! which function and which caller; a caller who is refused over and over gets a count instead of more lines.

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
    dropped, given_up, order_changed, order_ingested, order_settled, product_changed, replayed,
    secret_looked_up,
};

const TOLD: u64 = LIMITS.memory.denial_lines;
const WINDOW: Duration = LIMITS.memory.denial_window;
const MOST: usize = LIMITS.memory.denial_windows;
/// How often windows are looked through for those that are over.
const PAUSE: Duration = Duration::from_secs(5);

/// Who was refused.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum By {
    /// Callers who proved nothing: all of them count as one.
    Anonymous,
    /// A caller who proved to be one.
    Caller {
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
    pub by: By,
    /// The order that it was about.
    pub order: Option<Uuid>,
    /// Whether two pieces of evidence contradict each other, which somebody should look into.
    pub contradiction: bool,
}

/// Tells denials, and counts those that are too many to be told. Cloning shares the counts.
#[derive(Clone, Debug, Default)]
pub struct Audit(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    windows: HashMap<(&'static str, Whose), Window>,
    /// Told outside of any invocation, for none of them did it. Not many more than the windows: each gets here once a
    /// minute at most.
    over: Vec<Counted>,
    /// When it was last looked through because it was full.
    swept: Option<Instant>,
}

/// Whose denials a window counts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Whose {
    One(By),
    /// Those of callers without a place of their own.
    Others,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    began: Instant,
    count: u64,
}

impl Window {
    fn is_over(self, now: Instant) -> bool {
        now.duration_since(self.began) >= WINDOW
    }
}

impl Audit {
    /// Tells a denial within the current invocation, or counts it.
    pub fn denied(&self, denial: Denial, now: Instant) {
        tracing::Span::current().record("denied", denial.reason);
        let is_told = self.book().count(denial, now);
        if is_told {
            let Denial { reason, order, .. } = denial;
            if denial.contradiction {
                Event::IdentityMismatch { reason, order_id: order }.log();
            } else {
                Event::Denied { reason, order_id: order }.log();
            }
        }
    }

    /// Tells what was counted in windows that are over.
    pub fn tell_counts(&self, now: Instant) {
        let over = {
            let mut book = self.book();
            book.sweep(now);
            mem::take(&mut book.over)
        };
        over.into_iter().for_each(tell);
    }

    /// Tells what was counted, whether or not its window is over; for a process that ends.
    pub fn tell_all(&self) {
        let Book { windows, over, .. } = mem::take(&mut *self.book());
        over.into_iter().chain(windows).for_each(tell);
    }

    /// Tells counts when their windows are over, for as long as the process lives.
    pub async fn keep_telling(self, clock: Clock) {
        let mut look = tokio::time::interval(PAUSE);
        loop {
            look.tick().await;
            self.tell_counts(clock.moment());
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Counted = ((&'static str, Whose), Window);

impl Book {
    /// Counts a denial; says whether it has a line of its own.
    fn count(&mut self, denial: Denial, now: Instant) -> bool {
        let mut key = (denial.reason, Whose::One(denial.by));
        if denial.by != By::Anonymous && !self.windows.contains_key(&key) && !self.has_room(now) {
            key.1 = Whose::Others;
        }
        let fresh = Window { began: now, count: 1 };
        match self.windows.entry(key) {
            Entry::Vacant(room) => {
                room.insert(fresh);
                true
            }
            Entry::Occupied(mut window) if window.get().is_over(now) => {
                self.over.push((key, window.insert(fresh)));
                true
            }
            Entry::Occupied(mut window) => {
                let window = window.get_mut();
                window.count += 1;
                window.count <= TOLD
            }
        }
    }

    /// Whether there is room for one more; a full book is looked through, but not at every denial.
    fn has_room(&mut self, now: Instant) -> bool {
        let rested = self.swept.is_none_or(|swept| now.duration_since(swept) >= PAUSE);
        if self.windows.len() >= MOST && rested {
            self.swept = Some(now);
            self.sweep(now);
        }
        self.windows.len() < MOST
    }

    fn sweep(&mut self, now: Instant) {
        self.over.extend(self.windows.extract_if(|_, window| window.is_over(now)));
    }
}

/// Tells how many of a window's denials have no line of their own.
fn tell(((reason, whose), window): Counted) {
    let count = window.count.saturating_sub(TOLD);
    if count == 0 {
        return;
    }
    let (owner, caller_kind) = match whose {
        Whose::One(By::Caller { owner, kind }) => (Some(owner), kind),
        Whose::One(By::Anonymous) => (None, "anonymous"),
        Whose::Others => (None, "others"),
    };
    let (tenant_id, object_id) = (owner.map(|owner| owner.tenant), owner.map(|owner| owner.object));
    Event::DeniedMore { reason, count, tenant_id, object_id, caller_kind }.log();
}
