//! Log lines between the calls that write them and the thread that hands them to stdout.
//!
//! `tracing-appender` has a queue like this one, but it drops the newest line of any kind, counts losses in one
//! number, bounds lines and not bytes, and does not count what a failed write loses. This queue drops audit lines
//! last, and counts each loss by level.

use std::{
    collections::VecDeque,
    mem,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tracing::Level;

use super::{dropped_lines::DroppedLines, importance::Importance};

#[cfg(test)]
mod tests;

/// The most bytes that wait, what the queue needs for each line included: more than a second of a busy process's log.
/// A line that finds no room is dropped.
pub(super) const CAPACITY: usize = 1024 * 1024;
/// The most bytes that are taken out at once, unless one line is longer. What is taken out is no longer replaced by
/// audit lines, and the count of dropped lines comes after it.
pub(super) const CHUNK: usize = 16 * 1024;

/// Bounded by [`CAPACITY`]. Adding a line never waits for the reader of the log.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    audit: Lane,
    ordinary: Lane,
    /// The number of the next line, which keeps lines of both lanes in order.
    next: u64,
    dropped: DroppedLines,
    closed: bool,
    /// Whether the writer waits to be woken.
    waiting: bool,
}

/// Lines of one importance, oldest first: their bytes one after the other, and where each ends.
#[derive(Debug, Default)]
struct Lane {
    bytes: VecDeque<u8>,
    lines: VecDeque<Line>,
}

#[derive(Debug)]
struct Line {
    number: u64,
    level: Level,
    length: usize,
}

impl Lane {
    fn size(&self) -> usize {
        self.bytes.len() + self.lines.len() * size_of::<Line>()
    }

    fn push(&mut self, number: u64, level: Level, line: &[u8]) {
        self.bytes.extend(line);
        self.lines.push_back(Line { number, level, length: line.len() });
    }

    fn drop_newest(&mut self) -> Option<Level> {
        let line = self.lines.pop_back()?;
        self.bytes.truncate(self.bytes.len() - line.length);
        Some(line.level)
    }

    /// Moves the oldest line to the end of `chunk`, unless it would become longer than [`CHUNK`].
    fn take_oldest(&mut self, chunk: &mut Vec<u8>) -> bool {
        let fits = |line: &mut Line| chunk.is_empty() || chunk.len() + line.length <= CHUNK;
        let Some(line) = self.lines.pop_front_if(fits) else { return false };
        let (front, back) = self.bytes.as_slices();
        let split = line.length.min(front.len());
        chunk.extend_from_slice(&front[..split]);
        chunk.extend_from_slice(&back[..line.length - split]);
        self.bytes.drain(..line.length);
        true
    }

    /// The number of the oldest line; later than any other when there is none.
    fn oldest(&self) -> u64 {
        self.lines.front().map_or(u64::MAX, |line| line.number)
    }
}

impl State {
    fn has_room(&self, size: usize) -> bool {
        self.audit.size() + self.ordinary.size() + size <= CAPACITY
    }

    fn add(&mut self, level: Level, importance: Importance, line: &[u8]) {
        let size = line.len() + size_of::<Line>();
        if importance == Importance::Audit && self.audit.size() + size <= CAPACITY {
            while !self.has_room(size) {
                let Some(level) = self.ordinary.drop_newest() else { break };
                self.dropped.count(level, Importance::Ordinary);
            }
        }
        if !self.has_room(size) {
            self.dropped.count(level, importance);
            return;
        }
        let kept = match importance {
            Importance::Audit => &mut self.audit,
            Importance::Ordinary => &mut self.ordinary,
        };
        kept.push(self.next, level, line);
        self.next += 1;
    }

    fn is_empty(&self) -> bool {
        self.audit.lines.is_empty() && self.ordinary.lines.is_empty() && self.dropped.is_none()
    }

    fn take(&mut self, chunk: &mut Vec<u8>) {
        loop {
            let is_audit = self.audit.oldest() < self.ordinary.oldest();
            let lane = if is_audit { &mut self.audit } else { &mut self.ordinary };
            if !lane.take_oldest(chunk) {
                return;
            }
        }
    }
}

impl Queue {
    /// Adds a line, or drops and counts one.
    pub(super) fn add(&self, level: Level, importance: Importance, line: &[u8]) {
        let mut state = self.state();
        state.add(level, importance, line);
        if mem::take(&mut state.waiting) {
            drop(state);
            self.changed.notify_one();
        }
    }

    /// Waits until there is something to write. Then moves the oldest lines into `chunk`, which is empty, and gives the
    /// count of lines dropped since the last call. Nothing once the queue is closed and empty.
    pub(super) fn take(&self, chunk: &mut Vec<u8>) -> Option<DroppedLines> {
        let mut state = self.state();
        while state.is_empty() {
            if state.closed {
                return None;
            }
            state.waiting = true;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting = false;
        state.take(chunk);
        Some(mem::take(&mut state.dropped))
    }

    /// The count of lines dropped since it was last asked for.
    pub(super) fn take_dropped(&self) -> DroppedLines {
        mem::take(&mut self.state().dropped)
    }

    /// Waits this long, or until the queue is closed. `false`, and no wait, when it was closed before.
    pub(super) fn pause(&self, pause: Duration) -> bool {
        let state = self.state();
        if state.closed {
            return false;
        }
        drop(self.changed.wait_timeout_while(state, pause, |state| !state.closed));
        true
    }

    /// No line is waited for any more.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
