//! Calls from the host to the worker: proxied, forwarded, or as an envelope.

mod envelope_response;
mod binding_value;
mod call;
mod worker_connection;
mod envelope;
mod failure;
mod forward;
mod headers;
mod http_output;
mod identity;
mod metadata;
mod outputs;
mod proxy;
mod queue_output;
mod read_body;
mod redirect;
mod retry;
mod trigger;
mod deadline_body;

use std::{net::SocketAddr, sync::Arc};

use http::{Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::{
    app::{App, Function, TriggerKind},
    body::{Body, status_only},
    cancellation::CancellationSource,
    clock::Clock,
    event::Event,
    events::Events,
    ids,
    queues::Connections,
    traces::{Origin, name_text},
    traffic::{CallRecorder, InvocationMode, OutputPace},
    worker::{MAX_LINE_BYTES, Worker},
};
pub(crate) use call::Call;
use envelope_response::EnvelopeResponse;
use failure::Failure;
pub(crate) use headers::{HOST_VERSION, content_length};
use http_output::HttpResult;
pub(crate) use identity::identities;
use worker_connection::WorkerConnection;

/// Makes the calls of one host instance; clones share it.
#[derive(Clone, Debug)]
pub struct Invoker(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    app: Arc<App>,
    target: WorkerTarget,
    queues: Connections,
    events: Events,
    clock: Clock,
    /// Cancelled when failed calls are no longer retried.
    retries: CancellationSource,
}

/// The worker that calls go to.
#[derive(Clone, Debug)]
pub enum WorkerTarget {
    /// The worker process of a host instance.
    Worker(Worker),
    /// A worker that another process runs, and that is not killed.
    Fixed(SocketAddr),
}

/// An invocation that failed; the text is for the log.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvocationFailed(pub String);

impl Invoker {
    /// An invoker for one app and one worker. Outputs go to `queues`, whose clock is also the invoker's.
    #[must_use]
    pub fn new(app: Arc<App>, target: WorkerTarget, queues: Connections, events: Events) -> Self {
        let clock = queues.clock().clone();
        Self(Arc::new(Parts { app, target, queues, events, clock, retries: CancellationSource::new() }))
    }

    /// Invokes an HTTP function in the mode that host.json and its bindings choose. A caller
    /// that leaves ends a proxied call, but no other.
    pub(crate) async fn http(&self, function: &Function, call: Call) -> Response<Body> {
        let mode = self.mode(function, &call);
        if mode == InvocationMode::Proxied {
            return self.proxied(function, call).await;
        }
        let (invoker, function) = (self.clone(), function.clone());
        let buffered = tokio::spawn(async move { invoker.buffered(&function, call, mode).await });
        buffered.await.unwrap_or_else(|_| status_only(StatusCode::INTERNAL_SERVER_ERROR))
    }

    /// The mode of host.json, unless the console asks for another one.
    fn mode(&self, function: &Function, call: &Call) -> InvocationMode {
        let handler = &self.0.app.host.custom_handler;
        match call.parts.extensions.get::<InvocationMode>() {
            _ if !function.is_http_in_out() => InvocationMode::Enveloped,
            Some(asked) => *asked,
            None if handler.proxies => InvocationMode::Proxied,
            None if handler.forwards => InvocationMode::Forwarded,
            None => InvocationMode::Enveloped,
        }
    }

    /// The record that came with a call, or a new one.
    fn record(&self, function: &Function, call: &Call, id: Uuid, mode: InvocationMode) -> CallRecorder {
        let begin = || CallRecorder::begin(self.0.events.traffic().journal(), self.0.clock.now());
        let record = call.parts.extensions.get().cloned().unwrap_or_else(begin);
        record.record_invocation(&function.name, id, mode);
        if let TriggerKind::Http { route, .. } = &function.trigger.kind {
            let method = name_text(call.parts.method.as_str());
            record.record_origin(Origin::Request { method, route: self.0.app.path_of(route) });
        }
        record
    }

    async fn proxied(&self, function: &Function, call: Call) -> Response<Body> {
        let (id, started) = (ids::random(), Instant::now());
        let record = self.record(function, &call, id, InvocationMode::Proxied);
        let work = async { proxy::run(call, &self.connect(&record).await?, id).await };
        match self.within_timeout(started, work).await {
            Ok(answer) => self.watched(function, id, started, answer),
            Err(failure) => self.refused(function, id, started, &failure, &record),
        }
    }

    async fn buffered(&self, function: &Function, call: Call, mode: InvocationMode) -> Response<Body> {
        let (id, started) = (ids::random(), Instant::now());
        let record = self.record(function, &call, id, mode);
        let work = async {
            if mode == InvocationMode::Forwarded {
                let call = if self.0.app.host.custom_handler.is_legacy { call.to(function) } else { call };
                forward::run(call, &self.connect(&record).await?, id).await
            } else {
                self.through_envelope(function, call, id, &record).await
            }
        };
        match self.within_timeout(started, work).await {
            Ok((answer, violation)) => {
                if let Some(what) = violation {
                    self.violation(function, what, &record);
                }
                self.invoked(function, id, answer.status(), true, started);
                answer
            }
            Err(failure) => self.refused(function, id, started, &failure, &record),
        }
    }

    fn refused(
        &self,
        function: &Function,
        id: Uuid,
        started: Instant,
        failure: &Failure,
        record: &CallRecorder,
    ) -> Response<Body> {
        self.show(function, failure, record);
        self.invoked(function, id, StatusCode::INTERNAL_SERVER_ERROR, false, started);
        status_only(StatusCode::INTERNAL_SERVER_ERROR)
    }

    async fn through_envelope(
        &self,
        function: &Function,
        call: Call,
        id: Uuid,
        record: &CallRecorder,
    ) -> Result<HttpResult, Failure> {
        let (data, metadata) = envelope::for_http(function, call, &self.0.clock).await?;
        let answer = self.enveloped(function, data, metadata, id, record).await?;
        http_output::response(function, &answer)
    }

    /// Posts an envelope, reads the answer and sends the queue outputs.
    async fn enveloped(
        &self,
        function: &Function,
        mut data: Map<String, Value>,
        metadata: Map<String, Value>,
        id: Uuid,
        record: &CallRecorder,
    ) -> Result<EnvelopeResponse, Failure> {
        for input in &function.inputs {
            data.entry(input.binding.clone()).or_insert_with(|| Value::from("null"));
        }
        let worker = self.connect(record).await?;
        let envelope = json!({ "Data": data, "Metadata": metadata });
        let in_core_tools = self.0.app.in_core_tools;
        let follows = !self.0.app.host.custom_handler.forwards;
        let make = || envelope::request(function, worker.address, &envelope, in_core_tools, id);
        let answered = redirect::post(&worker, follows, make).await;
        let Some(answer) = envelope_response::read(answered?).await? else {
            self.violation(function, envelope_response::EMPTY_ANSWER.to_owned(), record);
            return std::future::pending().await;
        };
        for line in &answer.logs {
            record.add_log(line);
            let line = line.chars().take(MAX_LINE_BYTES).collect();
            self.0.events.publish(Event::Output { stderr: false, line });
        }
        for what in
            envelope_response::oversized_logs(&answer).into_iter().chain(outputs::unknown(function, &answer))
        {
            self.violation(function, what, record);
        }
        for shown in outputs::unsent(function, &answer) {
            record.add_log(&shown);
        }
        outputs::check(function, &answer)?;
        let mut pace = OutputPace::new(self.0.events.traffic().output_delay());
        let encoding = self.0.app.host.queues.encoding;
        outputs::send(function, &answer, &self.0.queues, encoding, &mut pace).await?;
        Ok(answer)
    }

    async fn connect(&self, record: &CallRecorder) -> Result<WorkerConnection, Failure> {
        let address = match &self.0.target {
            WorkerTarget::Worker(worker) => {
                worker.address().await.map_err(|gone| Failure::new(gone.to_string()))?
            }
            WorkerTarget::Fixed(address) => *address,
        };
        Ok(WorkerConnection { address, record: record.clone(), traffic: self.0.events.traffic().clone() })
    }

    /// At the end of `functionTimeout` the invocation fails and the worker is killed.
    async fn within_timeout<T>(
        &self,
        started: Instant,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let limit = self.0.app.host.function_timeout;
        timeout_at(started + limit, work).await.unwrap_or_else(|_| {
            self.0.target.restart_after_timeout();
            Err(Failure::violation(format!(
                "no answer within functionTimeout ({} s), so the worker is killed; set shorter deadlines of its own",
                limit.as_secs_f64()
            )))
        })
    }

    fn show(&self, function: &Function, failure: &Failure, record: &CallRecorder) {
        if failure.violation {
            self.violation(function, failure.what.clone(), record);
        } else {
            record.add_fault(&failure.what);
            tracing::warn!(function = function.name, "{}", failure.what);
        }
    }

    fn violation(&self, function: &Function, what: String, record: &CallRecorder) {
        record.add_fault(&what);
        self.0.events.publish(Event::ProtocolViolation { function: function.name.clone(), what });
    }

    fn invoked(&self, function: &Function, id: Uuid, status: StatusCode, succeeded: bool, started: Instant) {
        self.0.events.publish(Event::Invoked {
            function: function.name.clone(),
            id,
            status: status.as_u16(),
            succeeded,
            duration: started.elapsed(),
        });
    }

    /// The proxied answer, whose invocation ends with its last byte.
    fn watched(
        &self,
        function: &Function,
        id: Uuid,
        started: Instant,
        answer: Response<Body>,
    ) -> Response<Body> {
        let deadline = started + self.0.app.host.function_timeout;
        let (invoker, function, status) = (self.clone(), function.clone(), answer.status());
        let end = move |end: deadline_body::BodyEnd| {
            if end == deadline_body::BodyEnd::TimedOut {
                invoker.0.target.restart_after_timeout();
            }
            invoker.invoked(&function, id, status, end != deadline_body::BodyEnd::TimedOut, started);
        };
        answer.map(|body| deadline_body::DeadlineBody::new(body, deadline, end).boxed_unsync())
    }
}

impl WorkerTarget {
    fn restart_after_timeout(&self) {
        if let Self::Worker(worker) = self {
            worker.restart_after_timeout();
        }
    }
}
