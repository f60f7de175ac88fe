//! Calls between callers, host and worker: the last ones are recorded, and answers and outputs can be
//! disturbed. Nothing here changes a call unless somebody has switched a fault on.

mod capture;
mod response_fault;
mod entry;
mod journal;
mod log;
mod message;
mod output_delay;
mod record;

pub(crate) use capture::CapturedBody;
pub(crate) use entry::{CallRecord, CallSummary, InvocationMode};
pub(crate) use journal::{Change, Journal};
pub(crate) use log::LogLine;
pub(crate) use message::RecordedMessage;
pub(crate) use output_delay::{OutputDelay, OutputPace};
pub(crate) use record::CallRecorder;
pub(crate) use response_fault::ResponseFault;

use std::sync::{Arc, Mutex, PoisonError};

/// The memory and the faults of one host; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic {
    journal: Journal,
    response_fault: Arc<Mutex<ResponseFault>>,
    output_delay: Arc<Mutex<OutputDelay>>,
}

impl Traffic {
    /// The recorded calls.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The fault that is applied to the worker's answers now.
    pub(crate) fn response_fault(&self) -> ResponseFault {
        *self.response_fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides what happens to the worker's answers from now on.
    pub(crate) fn set_response_fault(&self, response_fault: ResponseFault) {
        *self.response_fault.lock().unwrap_or_else(PoisonError::into_inner) = response_fault;
    }

    /// How late each message of an output is put now.
    pub(crate) fn output_delay(&self) -> OutputDelay {
        *self.output_delay.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides how late messages of outputs are put, from the next answer on.
    pub(crate) fn set_output_delay(&self, output_delay: OutputDelay) {
        *self.output_delay.lock().unwrap_or_else(PoisonError::into_inner) = output_delay;
    }
}
