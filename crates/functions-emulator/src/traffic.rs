//! Calls between callers, host and worker: the last ones are recorded with their traces, and answers and outputs can be
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

use crate::{
    event::Event,
    traces::{Span, TraceId, Traces},
};

/// The memory and the faults of one host; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic {
    journal: Journal,
    traces: Traces,
    response_fault: Arc<Mutex<ResponseFault>>,
    output_delay: Arc<Mutex<OutputDelay>>,
}

impl Traffic {
    /// The recorded calls.
    pub(crate) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The traces of the recorded calls and of what is exported to this host.
    pub(crate) fn traces(&self) -> &Traces {
        &self.traces
    }

    /// Adds an event to the record of the call that it is about, and an invocation that has ended to its trace.
    pub(crate) fn record_event(&self, event: &Event) {
        self.journal.record_event(event);
        if let Event::Invoked { id, .. } = event
            && let Some(invocation) = self.journal.invocation(*id)
        {
            let call = invocation.call;
            if let Some(trace) = self.traces.add_invocation(invocation) {
                self.journal.set_trace(call, trace);
            }
        }
    }

    /// Stores exported spans; the number of those for which there is no room.
    pub(crate) fn add_spans(&self, spans: Vec<(TraceId, Span)>) -> usize {
        let added = self.traces.add(spans);
        for (call, trace) in added.calls {
            self.journal.set_trace(call, trace);
        }
        added.rejected
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
