//! What passes between callers, host and worker: the last calls are remembered, and answers disturbed when asked.
//! Nothing here changes a call unless somebody has switched a disturbance on.

mod capture;
mod disturbance;
mod entry;
mod journal;
mod message;
mod record;

pub(crate) use capture::Captured;
pub(crate) use disturbance::Disturbance;
pub(crate) use entry::{Entry, Mode, Summary};
pub(crate) use journal::Journal;
pub(crate) use message::Message;
pub(crate) use record::Record;

use std::sync::{Arc, Mutex, PoisonError};

/// The memory and the disturbance of one host; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire {
    journal: Journal,
    disturbance: Arc<Mutex<Disturbance>>,
}

impl Wire {
    /// What is remembered.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// What happens to the worker's answers now.
    pub(crate) fn disturbance(&self) -> Disturbance {
        *self.disturbance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides what happens to the worker's answers from now on.
    pub(crate) fn disturb(&self, disturbance: Disturbance) {
        *self.disturbance.lock().unwrap_or_else(PoisonError::into_inner) = disturbance;
    }
}
