//! The last calls and the last lines of worker and host, no more than fit into a few megabytes.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio::sync::broadcast;
use uuid::Uuid;

use super::{
    CallRecord, CallSummary, LogLine,
    log::{LogRing, LogSource},
};
use crate::{
    clock::Clock,
    event::Event,
    host_line,
    level::Level,
    terminal_text,
    traces::{Invocation, TraceId},
};

/// Calls that are remembered.
pub(crate) const MAX_CALLS: usize = 200;
/// Characters that are kept of a line.
const MAX_LINE_CHARS: usize = 4096;
/// Lines that are kept of one call.
const MAX_LOG_LINES: usize = 100;

/// Stores the last calls and the last lines; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Journal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    changed: broadcast::Sender<Change>,
    /// Lines bear the time of this machine, whatever clock queues and timers follow.
    clock: Clock,
}

/// What is new.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    /// The call of this number has changed.
    Call(u64),
    /// The line of this number was added.
    Line(u64),
}

#[derive(Debug, Default)]
struct State {
    last: u64,
    calls: VecDeque<CallRecord>,
    log: LogRing,
}

impl Default for Journal {
    fn default() -> Self {
        let changed = broadcast::Sender::new(1024);
        Self(Arc::new(Inner { state: Mutex::default(), changed, clock: Clock::system() }))
    }
}

impl Journal {
    /// The number of a new call; the oldest one is forgotten for it.
    pub(super) fn begin(&self, now: DateTime<Utc>) -> u64 {
        let mut state = self.state();
        state.last += 1;
        let number = state.last;
        if state.calls.len() == MAX_CALLS {
            state.calls.pop_front();
        }
        state.calls.push_back(CallRecord::new(number, now));
        number
    }

    /// Changes a call, unless it was removed, and notifies the listeners.
    pub(super) fn change(&self, number: u64, change: impl FnOnce(&mut CallRecord)) {
        self.change_where(|entry| entry.number == number, change);
    }

    /// The number of the call that was changed.
    fn change_where(
        &self,
        is_it: impl Fn(&CallRecord) -> bool,
        change: impl FnOnce(&mut CallRecord),
    ) -> Option<u64> {
        let mut state = self.state();
        let entry = state.calls.iter_mut().rev().find(|entry| is_it(entry))?;
        change(entry);
        let number = entry.number;
        drop(state);
        drop(self.0.changed.send(Change::Call(number)));
        Some(number)
    }

    /// A call with all that is known of it.
    pub(crate) fn call(&self, number: u64) -> Option<CallRecord> {
        self.state().calls.iter().find(|entry| entry.number == number).cloned()
    }

    /// The last attempt of the invocation that a call belongs to: the call itself, unless it was tried again.
    pub(crate) fn last_attempt(&self, number: u64) -> Option<CallRecord> {
        let state = self.state();
        let call = state.calls.iter().find(|entry| entry.number == number)?;
        let same = |entry: &&CallRecord| entry.invocation == call.invocation;
        let last = call.invocation.and_then(|_| state.calls.iter().rev().find(same));
        Some(last.unwrap_or(call).clone())
    }

    /// The line of a list for a call; none for one that a browser makes of its own accord.
    pub(crate) fn summary(&self, number: u64) -> Option<CallSummary> {
        let state = self.state();
        let call = state.calls.iter().rev().find(|entry| entry.number == number)?;
        (!call.is_browsers_own()).then(|| call.summary())
    }

    /// Every remembered call, newest first, but those that a browser makes of its own accord.
    pub(crate) fn calls(&self) -> Vec<CallSummary> {
        let state = self.state();
        state.calls.iter().rev().filter(|call| !call.is_browsers_own()).map(CallRecord::summary).collect()
    }

    /// The last lines of worker and host, oldest first, from a number on.
    pub(crate) fn lines(&self, from: u64) -> Vec<LogLine> {
        self.state().log.from(from).cloned().collect()
    }

    /// A receiver of what changes from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.0.changed.subscribe()
    }

    /// An invocation that has ended; of several attempts the last one.
    pub(super) fn invocation(&self, id: Uuid) -> Option<Invocation> {
        let state = self.state();
        state.calls.iter().rev().find(|entry| entry.invocation == Some(id))?.ended()
    }

    /// Says which trace a call belongs to, unless that is known.
    pub(super) fn set_trace(&self, number: u64, trace: TraceId) {
        self.change(number, |entry| {
            entry.trace.get_or_insert_with(|| trace.to_string());
        });
    }

    /// Adds an event to the record of the call that it is about, and to the log.
    pub(super) fn record_event(&self, event: &Event) {
        match event {
            Event::Output { stderr, line } => self.record_line(*stderr, line),
            Event::Invoked { id, succeeded, duration, status, .. } => {
                self.change_where(
                    |entry| entry.invocation == Some(*id),
                    |entry| {
                        entry.succeeded = Some(*succeeded);
                        entry.duration = Some(*duration);
                        entry.status.get_or_insert(*status);
                    },
                );
            }
            event => self.record_host_line(event),
        }
    }

    /// A worker that logs JSON names the invocation, and often the trace, in each line.
    fn record_line(&self, stderr: bool, line: &str) {
        let plain = terminal_text::plain(line);
        let short: String = plain.chars().take(MAX_LINE_CHARS).collect();
        let call = first_id(&short).and_then(|id| {
            let trace = trace_in(&short);
            self.change_where(
                |entry| entry.invocation == Some(id),
                |entry| {
                    entry.trace = entry.trace.take().or(trace);
                    if entry.logs.len() < MAX_LOG_LINES {
                        entry.logs.push(short.clone());
                    }
                },
            )
        });
        self.add_line(LogSource::Worker, stderr, Level::of_line(&short), call, short);
    }

    fn record_host_line(&self, event: &Event) {
        let Some((level, what)) = host_line::of(event) else { return };
        let line = if host_line::is_of_the_worker(event) { format!("worker {what}") } else { what };
        let short = terminal_text::plain(&line).chars().take(MAX_LINE_CHARS).collect();
        self.add_line(LogSource::Host, false, Some(level), None, short);
    }

    fn add_line(
        &self,
        source: LogSource,
        stderr: bool,
        level: Option<Level>,
        call: Option<u64>,
        line: String,
    ) {
        let time = self.0.clock.now();
        let number = self.state().log.add(LogLine { number: 0, time, source, stderr, level, call, line });
        drop(self.0.changed.send(Change::Line(number)));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The invocation that a line is about: the member `invocation_id` of a JSON line in either spelling, else the first
/// word that is an id.
fn first_id(line: &str) -> Option<Uuid> {
    let member = |json: &Value| {
        ["invocation_id", "invocationId"].iter().find_map(|name| json.get(name)?.as_str()?.parse().ok())
    };
    if let Ok(json) = serde_json::from_str::<Value>(line) {
        return member(&json);
    }
    let words = line.split(|letter: char| !letter.is_ascii_hexdigit() && letter != '-');
    words.filter(|word| word.len() == 36).find_map(|word| word.parse().ok())
}

fn trace_in(line: &str) -> Option<String> {
    let json: Value = serde_json::from_str(line).ok()?;
    ["trace_id", "traceId"].iter().find_map(|name| Some(json.get(name)?.as_str()?.to_owned()))
}
