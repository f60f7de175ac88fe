//! What was sent, answered and broken, kept outside the worker.

use std::{
    fs,
    io::{BufWriter, Write as _},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use anyhow::Context as _;
use serde::Serialize;
use serde_json::Value;

/// One call, from before it was sent to after its answer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Call {
    /// Microseconds since the run began.
    pub(super) began: u64,
    /// Microseconds since the run began.
    pub(super) ended: u64,
    /// The operation's name.
    pub(super) operation: &'static str,
    /// The statuses that the operation allows beside those of a server in trouble.
    #[serde(skip)]
    pub(super) expected: &'static [u16],
    /// The mode that it went through: how the host brought it, or the queue.
    pub(super) mode: &'static str,
    /// Who called, by the name in `functions-emulator.json`.
    pub(super) person: &'static str,
    /// The reference that finds an order whose id was never answered.
    pub(super) reference: Option<String>,
    /// The order's id, as far as the caller knows it.
    pub(super) order: Option<String>,
    /// The dead letter that it was about.
    pub(super) letter: Option<String>,
    /// The body, null for none.
    pub(super) sent: Value,
    /// What came back.
    pub(super) outcome: Outcome,
}

/// How a call ended, as its caller saw it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    /// With an answer; a body that is no JSON is its text.
    Answered {
        /// The HTTP status.
        status: u16,
        /// The body.
        body: Value,
    },
    /// The call ended without an answer, so the caller cannot know whether it had an effect.
    Broken(String),
}

/// A fault that was brought about.
#[derive(Clone, Debug, Serialize)]
pub(super) struct FaultRecord {
    /// Whether it killed a worker.
    pub(super) kill: bool,
    /// Microseconds since the run began.
    pub(super) at: u64,
    /// What it was.
    pub(super) fault: String,
}

/// A time at which a worker forgot what had expired.
#[derive(Clone, Copy, Debug)]
pub(super) struct Purge {
    /// Microseconds since the run began.
    pub(super) at: u64,
    /// Microseconds since 1970, by the clock of that worker, at the latest.
    pub(super) clock: i64,
}

/// A worker whose calls did not succeed in time after its database came back.
#[derive(Clone, Copy, Debug)]
pub(super) struct SlowRecovery {
    /// Microseconds since the run began.
    pub(super) at: u64,
    /// The mode of its node.
    pub(super) mode: &'static str,
}

/// All of a run, in the sequence in which it ended.
#[derive(Debug)]
pub(super) struct Journal {
    start: Instant,
    entries: Mutex<JournalEntries>,
}

/// What a journal holds.
#[derive(Clone, Debug, Default)]
pub(super) struct JournalEntries {
    pub(super) calls: Vec<Call>,
    pub(super) faults: Vec<FaultRecord>,
    pub(super) purges: Vec<Purge>,
    pub(super) slow_recovery: Vec<SlowRecovery>,
}

impl Call {
    /// The body of an answer that acknowledges something.
    pub(super) fn acknowledged(&self) -> Option<&Value> {
        match &self.outcome {
            Outcome::Answered { status: 200..=299, body } => Some(body),
            _ => None,
        }
    }

    /// The order in the answer, if it is one: its id and version.
    pub(super) fn answered_order(&self) -> Option<(&str, i64, &Value)> {
        let body = self.acknowledged()?;
        Some((body.get("id")?.as_str()?, body.get("version")?.as_i64()?, body))
    }
}

impl Journal {
    pub(super) fn begin() -> Self {
        Self { start: Instant::now(), entries: Mutex::default() }
    }

    /// Microseconds since the run began.
    pub(super) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    pub(super) fn call(&self, call: Call) {
        self.open().calls.push(call);
    }

    pub(super) fn kill(&self, fault: String) {
        self.open().faults.push(FaultRecord { kill: true, at: self.now(), fault });
    }

    pub(super) fn record_fault(&self, fault: String) {
        self.open().faults.push(FaultRecord { kill: false, at: self.now(), fault });
    }

    pub(super) fn purge(&self, clock: i64) {
        self.open().purges.push(Purge { at: self.now(), clock });
    }

    pub(super) fn slow_recovery(&self, mode: &'static str) {
        self.open().slow_recovery.push(SlowRecovery { at: self.now(), mode });
    }

    /// How many workers have been killed.
    pub(super) fn kills(&self) -> usize {
        self.open().kills()
    }

    pub(super) fn entries(&self) -> JournalEntries {
        self.open().clone()
    }

    fn open(&self) -> MutexGuard<'_, JournalEntries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JournalEntries {
    /// How many workers were killed.
    pub(super) fn kills(&self) -> usize {
        self.faults.iter().filter(|fault| fault.kill).count()
    }

    /// Writes one JSON object a line: the faults, then the calls.
    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let write = || {
            let mut file = BufWriter::new(fs::File::create(path)?);
            for fault in &self.faults {
                writeln!(file, "{}", serde_json::to_string(fault)?)?;
            }
            for call in &self.calls {
                writeln!(file, "{}", serde_json::to_string(call)?)?;
            }
            file.flush()
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}
