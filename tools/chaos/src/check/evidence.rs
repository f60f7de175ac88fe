//! What is known of a run, and what is found in it.

use std::collections::BTreeMap;

use crate::{journal::JournalEntries, log_listener::LogCounts, record::Record};

/// Everything that is known of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evidence {
    pub(crate) entries: JournalEntries,
    pub(crate) record: Record,
    pub(crate) log: LogCounts,
    /// Object ids by the names of `functions-emulator.json`.
    pub(crate) users: BTreeMap<String, String>,
    /// Why the app did not come to rest after the faults; none if it did.
    pub(crate) unrest: Option<String>,
}

/// A broken promise.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Violation {
    /// The promise.
    pub(crate) invariant: &'static str,
    /// The order that it concerns.
    pub(crate) order: Option<String>,
    /// What was found instead.
    pub(crate) found: String,
}

/// The order that a finding concerns, and what was found.
pub(super) type Finding = (Option<String>, String);
