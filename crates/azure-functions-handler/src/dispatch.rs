//! Routes a request to its function, and puts a deadline, a panic guard and one log line around it.

mod direct;
mod enveloped;

use std::{fmt::Display, sync::Arc, time::Duration};

use axum_core::{
    body::Body as AxumBody,
    extract::{DefaultBodyLimit, Request},
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, header::CONTENT_TYPE, request::Parts};
use http_body_util::BodyExt;
use tokio::time::Instant;
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    Body, Concurrency, Error, Invocation, InvocationFailed, Limits, Logs, Outputs, RequestSlot, ServerError,
    Slot, SpanContext, TraceContext,
    app::AppState,
    connection::{Respond, UnreadableHead},
    endpoint::BoundFunction,
    event::Event,
    function::Kind,
    guard, ids, invocation,
    limits::BodyLimits,
    outcome::{CutShort, Outcome, log_invalid_response, with_deadline},
    response::{BufferedResponse, InvalidResponse, failure},
    route,
    run_to_end::RunToEnd,
};

/// A request whose body is still arriving.
struct ReceivedRequest {
    /// Of the invocation that it starts.
    id: Uuid,
    parts: Parts,
    body: Body,
}

/// The target of a request.
enum Route<'a> {
    /// The caller's request, with its route parameters.
    Http(&'a BoundFunction, Vec<(&'static str, String)>),
    /// `POST /<Name>` from the Functions host itself.
    Invoke(&'a BoundFunction),
    NotFound,
}

impl Respond for AppState {
    fn concurrency(&self) -> &Concurrency {
        &self.app.concurrency
    }

    fn limits(&self) -> &Limits {
        &self.app.limits
    }

    fn longest_invocation(&self) -> Duration {
        let limits = self.app.limits;
        let is_http = |function: &BoundFunction| matches!(function.kind, Kind::Http(_));
        if self.app.functions.iter().all(is_http) {
            limits.http_timeout
        } else {
            limits.http_timeout.max(limits.trigger_timeout)
        }
    }

    /// Answers the host's ping at once, unlogged and outside the limits; everything else is an invocation, which runs to
    /// its end even when its caller hangs up.
    async fn respond(self: Arc<Self>, request: Request) -> Response {
        if request.method() == Method::GET && request.uri().path() == "/" {
            return (StatusCode::OK, [(CONTENT_TYPE, "text/plain; charset=utf-8")], "ready").into_response();
        }
        let invocation = RunToEnd::new(dispatch(self, request));
        invocation.await.unwrap_or_else(|_panic| {
            Event::HandlerPanicked {}.log();
            failure()
        })
    }

    async fn refuse(&self, head: UnreadableHead) -> BufferedResponse {
        let error = match head {
            UnreadableHead::UriTooLong => ServerError::UriTooLong,
            UnreadableHead::TooLarge => ServerError::HeadTooLarge,
            UnreadableHead::NotHttp(_) => ServerError::UnreadableHead,
        };
        let id = ids::new_invocation_id();
        let span = (self.app.make_span)(SpanContext { id, function: "", trigger: "none" });
        async {
            let invocation = invocation::start(id, "", None, self.app.sampler.as_ref());
            head.log();
            let answer = BufferedResponse::read(self.error_response(error, &invocation)).await;
            answer.unwrap_or_else(|_| BufferedResponse {
                status: error.status(),
                headers: http::HeaderMap::new(),
                body: bytes::Bytes::new(),
            })
        }
        .instrument(span)
        .await
    }
}

/// Routes a request to its function and logs how it ended. No path, query, header or body is ever logged.
async fn dispatch(state: Arc<AppState>, request: Request) -> Response {
    let started = Instant::now();
    let (parts, wire) = request.into_parts();
    let body = Body::incoming(&parts.headers, wire, state.app.limits);
    let id = ids::invocation_id(&parts.headers);
    let route = state.route(&parts);
    let (function, trigger) = route.names();
    let span = (state.app.make_span)(SpanContext { id, function, trigger });
    let request = ReceivedRequest { id, parts, body };
    async { state.invoke(route, started, request).await.log(trigger, started) }.instrument(span).await
}

impl Route<'_> {
    /// The function's name and the kind of its trigger.
    fn names(&self) -> (&'static str, &'static str) {
        match self {
            Self::NotFound => ("", "none"),
            Self::Http(function, _) | Self::Invoke(function) => (function.name, function.kind.name()),
        }
    }
}

impl AppState {
    /// Finds the function that a request names, if the request is the host's own. A request that only pretends to be
    /// the host's is treated like any other that matches nothing.
    fn route(&self, parts: &Parts) -> Route<'_> {
        self.route_invocation(parts).or_else(|| self.route_http(parts)).unwrap_or(Route::NotFound)
    }

    fn route_invocation(&self, parts: &Parts) -> Option<Route<'_>> {
        let name = parts.uri.path().strip_prefix('/').filter(|_| parts.method == Method::POST)?;
        let function = self.app.functions.iter().find(|function| function.name == name)?;
        guard::is_host_request(parts, self.port).then_some(Route::Invoke(function))
    }

    fn route_http(&self, parts: &Parts) -> Option<Route<'_>> {
        let (function, params) = self.find(&parts.method, parts.uri.path())?;
        Some(Route::Http(function, params))
    }

    /// The HTTP function that the host calls for a request, with its route parameters: of the functions that match, the
    /// first by name.
    pub(crate) fn find(
        &self,
        method: &Method,
        path: &str,
    ) -> Option<(&BoundFunction, Vec<(&'static str, String)>)> {
        let mut routed = self.app.functions.iter().filter(|function| function.is_routed);
        routed.find_map(|function| Some((function, self.params(function, method, path)?)))
    }

    /// The route parameters if a request is one of this function's.
    fn params(
        &self,
        function: &BoundFunction,
        method: &Method,
        path: &str,
    ) -> Option<Vec<(&'static str, String)>> {
        let http = function.kind.http(method)?;
        route::match_path(&self.app.prefix, http.route, path)
    }

    async fn invoke(&self, route: Route<'_>, started: Instant, request: ReceivedRequest) -> Outcome {
        let name = route.names().0;
        let error = match route {
            Route::NotFound => ServerError::NotFound,
            Route::Http(function, params) => match self.app.concurrency.try_direct() {
                Some(slot) => return self.direct(function, params, Arc::new(slot), request).await,
                None => ServerError::Overloaded,
            },
            Route::Invoke(function) => {
                let body_deadline = started + self.app.limits.body_timeout;
                let slot = self.app.concurrency.envelope(body_deadline).await;
                return self.enveloped(function, slot, body_deadline, request).await;
            }
        };
        let trace = TraceContext::of(&request.parts.headers);
        let invocation = invocation::start(request.id, name, trace, self.app.sampler.as_ref());
        let is_counted = error == ServerError::Overloaded;
        Outcome { is_counted, ..Outcome::of(self.error_response(error, &invocation)) }
    }

    fn error_response(&self, error: ServerError, invocation: &Invocation) -> Response {
        (self.app.on_error)(&Error::Server(error), invocation)
    }

    /// Adds to a request the extensions that the handler's arguments read.
    fn prepare(&self, request: &mut Request, invocation: &Invocation, slot: &Arc<RequestSlot>) -> Logs {
        let logs = Logs::default();
        let extensions = request.extensions_mut();
        extensions.insert(invocation.clone());
        extensions.insert(Slot(Arc::clone(slot)));
        extensions.insert(BodyLimits::from(self.app.limits));
        extensions.insert(logs.clone());
        // The request extensions that axum-core's own extractors read.
        DefaultBodyLimit::max(self.app.limits.max_body_bytes).apply(request);
        logs
    }
}

/// Runs a handler, and takes its outputs from its answer.
async fn call_handler(
    function: &BoundFunction,
    request: Request,
    deadline: Instant,
) -> Result<(Response, Outputs), ServerError> {
    let mut response = with_deadline(deadline, async { (function.endpoint.0)(request).await }).await?;
    let outputs = response.extensions_mut().remove().unwrap_or_default();
    Ok((response, outputs))
}

/// An HTTP handler may report that its invocation failed; the log has the reason, and the caller learns only that it
/// failed.
fn check_failed(response: &mut Response) -> Result<(), ServerError> {
    let Some(InvocationFailed { reason, source }) = response.extensions_mut().remove() else { return Ok(()) };
    let error = source.as_ref().map(|source| source as &dyn Display);
    Event::InvocationFailed { reason, error }.log();
    Err(ServerError::HandlerFailed)
}

impl From<CutShort> for ServerError {
    fn from(cut: CutShort) -> Self {
        match cut {
            CutShort::Panic => Self::HandlerPanicked,
            CutShort::Deadline => Self::Timeout,
        }
    }
}

/// Tells the log of an answer that cannot be sent; its caller learns no more than that.
fn invalid_response(response: &InvalidResponse) -> ServerError {
    log_invalid_response(response);
    ServerError::InvalidResponse
}

/// Holds the invocation's place until its answer is sent.
fn hold_slot_until_sent(response: Response, slot: Arc<RequestSlot>) -> Response {
    response.map(|body| {
        AxumBody::new(body.map_frame(move |frame| {
            let _until_the_last_frame = &slot;
            frame
        }))
    })
}
