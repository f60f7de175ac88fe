//! Calls from the host to the worker: proxied, forwarded, or as an envelope.

mod answer;
mod bound;
mod call;
mod connection;
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
mod reading;
mod redirect;
mod retry;
mod trigger;
mod watched;

use std::{net::SocketAddr, sync::Arc};

use http::{Response, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::{
    app::{App, Function},
    body::{Body, status_only},
    clock::Clock,
    event::Event,
    events::Events,
    ids,
    queues::Connections,
    stop::Stop,
    wire::{Mode, Record},
    worker::{LONGEST_LINE, Worker},
};
use answer::Answer;
pub(crate) use call::Call;
use connection::Line;
use failure::Failure;
pub(crate) use headers::{HOST_VERSION, content_length};
use http_output::Written;
pub(crate) use identity::identities;

/// Makes the calls of one host instance; clones share it.
#[derive(Clone, Debug)]
pub struct Invoker(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    app: Arc<App>,
    target: Target,
    queues: Connections,
    events: Events,
    clock: Clock,
    /// Given when no failed call is to be tried again.
    last_tries: Stop,
}

/// Where calls go.
#[derive(Clone, Debug)]
pub enum Target {
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
    pub fn new(app: Arc<App>, target: Target, queues: Connections, events: Events) -> Self {
        let clock = queues.clock().clone();
        Self(Arc::new(Parts { app, target, queues, events, clock, last_tries: Stop::new() }))
    }

    /// Invokes an HTTP function in the mode that host.json and its bindings choose. A caller
    /// that leaves ends a proxied call, but no other.
    pub(crate) async fn http(&self, function: &Function, call: Call) -> Response<Body> {
        let mode = self.mode(function, &call);
        if mode == Mode::Proxied {
            return self.proxied(function, call).await;
        }
        let (invoker, function) = (self.clone(), function.clone());
        let buffered = tokio::spawn(async move { invoker.buffered(&function, call, mode).await });
        buffered.await.unwrap_or_else(|_| status_only(StatusCode::INTERNAL_SERVER_ERROR))
    }

    /// The mode of host.json, unless the console asks for another one.
    fn mode(&self, function: &Function, call: &Call) -> Mode {
        let handler = &self.0.app.host.custom_handler;
        match call.parts.extensions.get::<Mode>() {
            _ if !function.is_http_in_out() => Mode::Enveloped,
            Some(asked) => *asked,
            None if handler.proxies => Mode::Proxied,
            None if handler.forwards => Mode::Forwarded,
            None => Mode::Enveloped,
        }
    }

    /// The record that came with a call, or one of its own.
    fn record(&self, function: &Function, call: &Call, id: Uuid, mode: Mode) -> Record {
        let begin = || Record::begin(self.0.events.wire().journal(), self.0.clock.now());
        let record = call.parts.extensions.get().cloned().unwrap_or_else(begin);
        record.invokes(&function.name, id, mode);
        record
    }

    async fn proxied(&self, function: &Function, call: Call) -> Response<Body> {
        let (id, started) = (ids::random(), Instant::now());
        let record = self.record(function, &call, id, Mode::Proxied);
        let work = async { proxy::run(call, &self.line(&record).await?, id).await };
        match self.within_timeout(started, work).await {
            Ok(answer) => self.watched(function, id, started, answer),
            Err(failure) => self.refused(function, id, started, &failure, &record),
        }
    }

    async fn buffered(&self, function: &Function, call: Call, mode: Mode) -> Response<Body> {
        let (id, started) = (ids::random(), Instant::now());
        let record = self.record(function, &call, id, mode);
        let work = async {
            if mode == Mode::Forwarded {
                let call = if self.0.app.host.custom_handler.is_legacy { call.to(function) } else { call };
                forward::run(call, &self.line(&record).await?, id).await
            } else {
                self.through_envelope(function, call, id, &record).await
            }
        };
        match self.within_timeout(started, work).await {
            Ok((answer, mistake)) => {
                if let Some(what) = mistake {
                    self.mistake(function, what, &record);
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
        record: &Record,
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
        record: &Record,
    ) -> Result<Written, Failure> {
        let (data, metadata) = envelope::of_call(function, call, &self.0.clock).await?;
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
        record: &Record,
    ) -> Result<Answer, Failure> {
        for input in &function.inputs {
            data.entry(input.binding.clone()).or_insert_with(|| Value::from("null"));
        }
        let line = self.line(record).await?;
        let envelope = json!({ "Data": data, "Metadata": metadata });
        let in_core_tools = self.0.app.in_core_tools;
        let follows = !self.0.app.host.custom_handler.forwards;
        let make = || envelope::request(function, line.address, &envelope, in_core_tools, id);
        let answered = redirect::post(&line, follows, make).await;
        let Some(answer) = answer::read(answered?).await? else {
            self.mistake(function, answer::NOTHING.to_owned(), record);
            return std::future::pending().await;
        };
        for line in &answer.logs {
            record.logged(line);
            let line = line.chars().take(LONGEST_LINE).collect();
            self.0.events.tell(Event::Output { stderr: false, line });
        }
        for what in answer::endless_logs(&answer).into_iter().chain(outputs::unknown(function, &answer)) {
            self.mistake(function, what, record);
        }
        for shown in outputs::unsent(function, &answer) {
            record.logged(&shown);
        }
        outputs::check(function, &answer)?;
        outputs::send(function, &answer, &self.0.queues, self.0.app.host.queues.encoding).await?;
        Ok(answer)
    }

    async fn line(&self, record: &Record) -> Result<Line, Failure> {
        let address = match &self.0.target {
            Target::Worker(worker) => {
                worker.address().await.map_err(|gone| Failure::new(gone.to_string()))?
            }
            Target::Fixed(address) => *address,
        };
        Ok(Line { address, record: record.clone(), wire: self.0.events.wire().clone() })
    }

    /// At the end of `functionTimeout` the invocation fails and the worker is killed.
    async fn within_timeout<T>(
        &self,
        started: Instant,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let limit = self.0.app.host.function_timeout;
        timeout_at(started + limit, work).await.unwrap_or_else(|_| {
            self.0.target.timed_out();
            Err(Failure::mistake(format!(
                "no answer within functionTimeout ({} s), so the worker is killed; set shorter deadlines of its own",
                limit.as_secs_f64()
            )))
        })
    }

    fn show(&self, function: &Function, failure: &Failure, record: &Record) {
        if failure.mistake {
            self.mistake(function, failure.what.clone(), record);
        } else {
            record.fault(&failure.what);
            tracing::warn!(function = function.name, "{}", failure.what);
        }
    }

    fn mistake(&self, function: &Function, what: String, record: &Record) {
        record.fault(&what);
        self.0.events.tell(Event::Mistake { function: function.name.clone(), what });
    }

    fn invoked(&self, function: &Function, id: Uuid, status: StatusCode, succeeded: bool, started: Instant) {
        self.0.events.tell(Event::Invoked {
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
        let end = move |end: watched::End| {
            if end == watched::End::TimedOut {
                invoker.0.target.timed_out();
            }
            invoker.invoked(&function, id, status, end != watched::End::TimedOut, started);
        };
        answer.map(|body| watched::Watched::new(body, deadline, end).boxed_unsync())
    }
}

impl Target {
    fn timed_out(&self) {
        if let Self::Worker(worker) = self {
            worker.timed_out();
        }
    }
}
