//! Invocations that have no HTTP caller: messages and ticks, and those of them that are tried again.

use std::time::Duration;

use http::StatusCode;
use serde_json::{Map, Value};
use tokio::time::Instant;
use uuid::Uuid;

use super::{InvocationFailed, Invoker, failure::Failure, metadata, retry};
use crate::{
    app::{Function, TriggerKind},
    clock::later,
    ids,
    traffic::{CallRecorder, InvocationMode},
};

impl Invoker {
    /// Invokes a function that has no HTTP caller (queue, timer): posts `{Data, Metadata}` with `Metadata.sys` added
    /// unless a payload brought its own, reads the answer, sends the queue outputs, emits the `Invoked` event. A timer
    /// with a retry policy is tried again by that policy, under the same id.
    ///
    /// # Errors
    /// When the worker answers anything but a well-formed 2xx envelope, cannot be reached, passes
    /// `functionTimeout`, or an output cannot be sent.
    pub async fn trigger(
        &self,
        function: &Function,
        data: Map<String, Value>,
        metadata: Map<String, Value>,
    ) -> Result<Uuid, InvocationFailed> {
        self.trigger_recorded(function, data, metadata, &self.begin_record()).await
    }

    /// The record of a call that begins now.
    pub(crate) fn begin_record(&self) -> CallRecorder {
        CallRecorder::begin(self.0.events.traffic().journal(), self.0.clock.now())
    }

    /// As [`Self::trigger`], remembered in a record that the caller has.
    pub(crate) async fn trigger_recorded(
        &self,
        function: &Function,
        data: Map<String, Value>,
        metadata: Map<String, Value>,
        record: &CallRecorder,
    ) -> Result<Uuid, InvocationFailed> {
        let id = ids::random();
        let retry = function.retry.filter(|_| matches!(function.trigger.kind, TriggerKind::Timer { .. }));
        let (mut failed, mut last, mut record) = (0, None, record.clone());
        loop {
            let mut metadata = metadata.clone();
            metadata::add_sys(&mut metadata, function, &self.0.clock);
            if let Some(retry) = retry {
                let context = retry::context(function, retry, failed, last.as_ref(), id);
                metadata.insert("RetryContext".to_owned(), context);
            }
            let Err(failure) = self.attempt_once(function, data.clone(), metadata, id, &record).await else {
                return Ok(id);
            };
            self.show(function, &failure, &record);
            failed += 1;
            match retry.and_then(|retry| retry.delay_after(failed)) {
                Some(delay) if self.wait_before_retry(delay).await => {
                    last = Some(failure);
                    record = self.begin_record();
                }
                _ => return Err(InvocationFailed(failure.what)),
            }
        }
    }

    async fn attempt_once(
        &self,
        function: &Function,
        data: Map<String, Value>,
        metadata: Map<String, Value>,
        id: Uuid,
        record: &CallRecorder,
    ) -> Result<(), Failure> {
        let started = Instant::now();
        record.record_invocation(&function.name, id, InvocationMode::Enveloped);
        let outcome =
            self.within_timeout(started, self.enveloped(function, data, metadata, id, record)).await;
        let status = if outcome.is_ok() { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
        self.invoked(function, id, status, outcome.is_ok(), started);
        outcome.map(drop)
    }

    /// Waits before the next try; false when there is to be none.
    async fn wait_before_retry(&self, delay: Duration) -> bool {
        let mut retries = self.0.retries.token();
        let due = later(self.0.clock.now(), delay);
        tokio::select! {
            () = self.0.clock.sleep_until(due) => true,
            () = retries.cancelled() => false,
        }
    }

    /// From now on no failed call is tried again.
    pub(crate) fn stop_retries(&self) {
        self.0.retries.cancel();
    }
}
