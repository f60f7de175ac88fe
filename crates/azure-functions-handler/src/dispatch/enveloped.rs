//! `{Data, Metadata}` in, `{Outputs, Logs, ReturnValue}` out.

use std::sync::Arc;

use axum_core::{body::Body as AxumBody, extract::Request, response::Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, Uri, header::CONTENT_TYPE};
use tokio::time::Instant;
use uuid::Uuid;

use super::{AppState, ReceivedRequest, call_handler, check_failed, invalid_response};
use crate::{
    Body, BodyError, CarriesOutputs, Invocation, InvocationFailed, Logs, Outputs, Refused, Rejection,
    RequestSlot, ServerError, TraceContext,
    endpoint::BoundFunction,
    envelope::{self, Malformed},
    event::Event,
    function::Kind,
    input::{DeliveredMessage, TriggerInput},
    invocation,
    outcome::{Outcome, with_deadline},
    params::RouteParameters,
    response::{BufferedResponse, failure, success, to_envelope},
};

/// The longest path with query that [`Uri`] holds.
const MAX_TARGET_BYTES: usize = u16::MAX as usize;

/// Why an envelope starts no invocation.
enum EnvelopeError {
    /// The error is answered to the HTTP caller, inside an envelope.
    Refused(ServerError),
    /// The request is no envelope for this function, so the invocation fails.
    Malformed(Malformed),
}

/// One invocation by an envelope.
struct EnvelopeInvocation<'a> {
    state: &'a AppState,
    function: &'a BoundFunction,
    slot: Arc<RequestSlot>,
    body_deadline: Instant,
    deadline: Instant,
    id: Uuid,
    trace: Option<TraceContext>,
}

impl AppState {
    /// Calls the handler with what the envelope holds, and puts its answer into another one.
    pub(super) async fn enveloped(
        &self,
        function: &BoundFunction,
        slot: Option<RequestSlot>,
        body_deadline: Instant,
        request: ReceivedRequest,
    ) -> Outcome {
        let ReceivedRequest { id, parts, body } = request;
        let trace = TraceContext::of(&parts.headers);
        let is_http = matches!(function.kind, Kind::Http(_));
        let Some(slot) = slot else {
            let invocation = invocation::start(id, function.name, trace, self.app.sampler.as_ref());
            let outcome = if is_http {
                self.refused(ServerError::Overloaded, &invocation).await
            } else {
                Outcome::of(failure())
            };
            return Outcome { is_counted: true, ..outcome };
        };
        let limits = self.app.limits;
        let timeout = if is_http { limits.http_timeout } else { limits.trigger_timeout };
        let deadline = Instant::now() + timeout;
        let slot = Arc::new(slot);
        let invocation =
            EnvelopeInvocation { state: self, function, slot, body_deadline, deadline, id, trace };
        if is_http { invocation.http(body).await } else { invocation.trigger(body).await }
    }

    /// An error in an envelope, for the caller to read.
    async fn refused(&self, error: ServerError, invocation: &Invocation) -> Outcome {
        let answer = BufferedResponse::read(self.error_response(error, invocation))
            .await
            .and_then(BufferedResponse::portable);
        match answer {
            Ok(answer) => in_envelope(&answer, serde_json::Map::new(), &[]),
            Err(why) => failed(invalid_response(&why).reason(), None),
        }
    }
}

impl EnvelopeInvocation<'_> {
    async fn http(self, body: Body) -> Outcome {
        let binding = self.function.binding;
        let opened = self
            .read_envelope(body, |bytes| Ok((envelope::http(bytes, binding)?, self.trigger_input(bytes))))
            .await;
        let inner = opened.as_ref().ok().and_then(|(request, _)| TraceContext::of(&request.headers));
        let invocation = self.start(inner.or_else(|| self.trace.clone()));
        let opened = opened.and_then(|(request, sent)| {
            let params = self.state.params(self.function, &request.method, &request.path);
            let params = params.ok_or(EnvelopeError::Refused(ServerError::NotFound))?;
            Ok((rebuild_request(request)?, sent, params))
        });
        let (mut request, sent, params) = match opened {
            Ok(opened) => opened,
            Err(EnvelopeError::Refused(error)) => return self.state.refused(error, &invocation).await,
            Err(EnvelopeError::Malformed(why)) => return failed(why.reason(), None),
        };
        let logs = self.state.prepare(&mut request, &invocation, &self.slot);
        request.extensions_mut().insert(RouteParameters(params));
        request.extensions_mut().insert(CarriesOutputs(true));
        request.extensions_mut().insert(sent);
        match self.answer(request).await {
            Ok((answer, outputs)) => in_envelope(&answer, outputs, &logs.take()),
            Err(error) => self.state.refused(error, &invocation).await,
        }
    }

    async fn answer(
        &self,
        request: Request,
    ) -> Result<(BufferedResponse, serde_json::Map<String, serde_json::Value>), ServerError> {
        let (mut response, outputs) = call_handler(self.function, request, self.deadline).await?;
        check_failed(&mut response)?;
        let whole = with_deadline(self.deadline, BufferedResponse::read(response)).await?;
        let answer = whole.and_then(BufferedResponse::portable).map_err(|why| invalid_response(&why))?;
        let outputs = outputs.for_host(&self.function.outputs).map_err(|why| invalid_response(&why))?;
        Ok((answer, outputs))
    }

    async fn trigger(self, body: Body) -> Outcome {
        let binding = self.function.binding;
        let kind = &self.function.kind;
        let opened = self.read_envelope(body, |bytes| {
            let payload = match kind {
                Kind::Queue(_) => envelope::queue_message(bytes, binding)?,
                Kind::Timer(_) => (envelope::timer(bytes, binding).map(|()| Bytes::new())?, None),
                Kind::Http(_) | Kind::Other(_) => (envelope::members(bytes, binding)?.0.into(), None),
            };
            Ok((self.trigger_input(bytes), payload))
        });
        let opened = opened.await;
        let invocation = self.start(self.trace.clone());
        let (sent, (payload, dequeue_count)) = match opened {
            Ok(opened) => opened,
            Err(EnvelopeError::Refused(error)) => return failed(error.reason(), None),
            Err(EnvelopeError::Malformed(why)) => return failed(why.reason(), None),
        };
        self.slot.read_for_host();
        let mut request = self.request(payload.clone());
        if matches!(kind, Kind::Queue(_)) {
            request.extensions_mut().insert(DeliveredMessage { payload, dequeue_count });
        }
        let logs = self.state.prepare(&mut request, &invocation, &self.slot);
        request.extensions_mut().insert(CarriesOutputs(true));
        request.extensions_mut().insert(sent);
        let (response, outputs) = match call_handler(self.function, request, self.deadline).await {
            Ok(called) => called,
            Err(error) => return failed(error.reason(), None),
        };
        self.into_outcome(response, outputs, &logs)
    }

    /// The request of a function that no HTTP request started: its body is the payload.
    fn request(&self, payload: Bytes) -> Request {
        let mut request = Request::new(AxumBody::from(payload));
        *request.method_mut() = Method::POST;
        if let Ok(uri) = Uri::try_from(format!("/{}", self.function.name)) {
            *request.uri_mut() = uri;
        }
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request
    }

    fn trigger_input(&self, envelope: &Bytes) -> TriggerInput {
        let is_timer = matches!(self.function.kind, Kind::Timer(_));
        TriggerInput { envelope: envelope.clone(), binding: self.function.binding, is_timer }
    }

    /// The outcome of a handler without an HTTP caller.
    fn into_outcome(self, mut response: Response, outputs: Outputs, logs: &Logs) -> Outcome {
        if let Some(InvocationFailed { reason, source }) = response.extensions_mut().remove() {
            return failed(reason, source.as_ref().map(|source| source as &dyn std::fmt::Display));
        }
        if let Some(rejection @ (Rejection::Message(_) | Rejection::NotBound(_))) =
            response.extensions_mut().remove()
        {
            let why = rejection.handler_error().unwrap_or_else(|| rejection.to_string());
            return failed("an argument of the handler cannot be read", Some(&why));
        }
        if !response.status().is_success() {
            return failed("the handler answered with an error", None);
        }
        match outputs.for_host(&self.function.outputs) {
            Ok(outputs) => Outcome::of(success(outputs, &logs.take())),
            Err(why) => failed(invalid_response(&why).reason(), None),
        }
    }

    fn start(&self, trace: Option<TraceContext>) -> Invocation {
        invocation::start(self.id, self.function.name, trace, self.state.app.sampler.as_ref())
    }

    /// Reads the envelope and looks into it.
    async fn read_envelope<T>(
        &self,
        body: Body,
        parse: impl FnOnce(&Bytes) -> Result<T, Malformed>,
    ) -> Result<T, EnvelopeError> {
        let read = body.read_by(self.body_deadline, self.state.app.limits.max_envelope_bytes);
        match with_deadline(self.deadline, read).await {
            Ok(Ok(envelope)) => parse(&envelope).map_err(EnvelopeError::from),
            Ok(Err(BodyError::TooLarge)) => Err(EnvelopeError::Refused(ServerError::EnvelopeTooLarge)),
            Ok(Err(BodyError::Interrupted)) => Err(EnvelopeError::Malformed(Malformed::Interrupted)),
            Ok(Err(BodyError::TooSlow)) => {
                self.state.app.concurrency.count(Refused::SlowBody);
                Err(EnvelopeError::Refused(ServerError::BodyTooSlow))
            }
            Err(cut) => Err(EnvelopeError::Refused(cut.into())),
        }
    }
}

/// The caller's request, from the members of the envelope.
fn rebuild_request(told: envelope::Request) -> Result<Request, EnvelopeError> {
    let envelope::Request { method, path, query, headers, body } = told;
    let target = if query.is_empty() { path } else { format!("{path}?{query}") };
    let body = match body {
        Body::Whole(text) if envelope::is_binary(&headers) => {
            STANDARD.decode(&text).map_or(text, Bytes::from).into()
        }
        body => body.into_axum_body(),
    };
    let mut request = Request::new(body);
    *request.method_mut() = method;
    // The parser's error does not distinguish a longer path from one that is no URI.
    let too_long = target.len() >= MAX_TARGET_BYTES;
    let error = if too_long { ServerError::UriTooLong } else { ServerError::UnreadableHead };
    *request.uri_mut() = Uri::try_from(target).map_err(|_| EnvelopeError::Refused(error))?;
    *request.headers_mut() = headers;
    Ok(request)
}

/// A mistake in the caller's part is answered to the caller; a mistake in the host's part fails the invocation.
impl From<Malformed> for EnvelopeError {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::NotCarried => Self::Refused(ServerError::UnreadableHead),
            Malformed::TooManyHeaders => Self::Refused(ServerError::HeadTooLarge),
            Malformed::Interrupted | Malformed::Envelope | Malformed::NotHttp | Malformed::Http => {
                Self::Malformed(malformed)
            }
        }
    }
}

fn in_envelope(
    answer: &BufferedResponse,
    outputs: serde_json::Map<String, serde_json::Value>,
    logs: &[String],
) -> Outcome {
    Outcome { status: answer.status, response: to_envelope(answer, outputs, logs), is_counted: false }
}

fn failed(reason: &'static str, error: Option<&dyn std::fmt::Display>) -> Outcome {
    Event::InvocationFailed { reason, error }.log();
    Outcome { status: StatusCode::INTERNAL_SERVER_ERROR, response: failure(), is_counted: false }
}
