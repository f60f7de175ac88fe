//! An app that is ready to be served, and what can be set of it.

use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum_core::{
    extract::Request,
    response::{IntoResponse, Response},
};
use futures_util::future::BoxFuture;
use http::Extensions;
use tokio::net::TcpListener;
use tower_layer::Layer;
use tracing::Span;

use crate::{
    Concurrency, ConcurrencyLimits, Error, Invocation, SpanContext,
    dispatch::AppState,
    error::{OnError, problem_document, unless_panicking, worded},
    functions::{Function, Kind},
    handler::call_service,
    invocation::default_span,
    server,
    trigger::OutputBinding,
};

/// Bounds of one request.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long the head of a request may take from its first byte to its last; then the connection is closed. An idle
    /// connection stays open.
    pub head_timeout: Duration,
    /// Largest head of a request, in bytes. The host reads at most 32 KiB from its callers
    /// (<https://learn.microsoft.com/dotnet/api/microsoft.aspnetcore.server.kestrel.core.kestrelserverlimits.maxrequestheaderstotalsize>)
    /// and adds its own.
    pub max_head_bytes: usize,
    /// How long a body may take from the moment that the handler begins to read it; an envelope, from its head on. The
    /// arguments `Bytes` and `String` are axum's, and only the deadline bounds their time.
    pub body_timeout: Duration,
    /// Deadline of an HTTP invocation, until its answer begins.
    pub http_timeout: Duration,
    /// Deadline of every other invocation.
    pub trigger_timeout: Duration,
    /// Largest envelope, in bytes.
    pub max_envelope_bytes: usize,
    /// Largest body that [`Json`](crate::Json), `Bytes` and `String` read, in bytes.
    pub max_body_bytes: usize,
}

impl Default for Limits {
    /// An HTTP function has 30 s and any other 4 minutes, less than the host's own 5; bodies have 2 MiB.
    fn default() -> Self {
        Self {
            head_timeout: Duration::from_secs(10),
            max_head_bytes: 80 << 10,
            body_timeout: Duration::from_secs(30),
            http_timeout: Duration::from_secs(30),
            trigger_timeout: Duration::from_mins(4),
            max_envelope_bytes: 16 << 20,
            max_body_bytes: 2 << 20,
        }
    }
}

/// The bounds that arguments look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    pub(crate) timeout: Duration,
    pub(crate) max_bytes: usize,
}

impl BodyLimits {
    /// Those of a request; an app's default for a request that no app dispatched.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or_else(|| Limits::default().into())
    }
}

impl From<Limits> for BodyLimits {
    fn from(limits: Limits) -> Self {
        Self { timeout: limits.body_timeout, max_bytes: limits.max_body_bytes }
    }
}

type MakeSpan = Arc<dyn Fn(SpanContext) -> Span + Send + Sync>;
type AddLayer = Arc<dyn Fn(Endpoint) -> Endpoint + Send + Sync>;

/// The functions of one process with their state, ready to be served.
pub struct FunctionApp {
    /// By name, as the host tries them.
    pub(crate) functions: Vec<BoundFunction>,
    pub(crate) prefix: String,
    pub(crate) limits: Limits,
    pub(crate) concurrency: Concurrency,
    pub(crate) is_portable: bool,
    pub(crate) exports_spans: bool,
    pub(crate) on_error: OnError,
    pub(crate) make_span: MakeSpan,
    layers: Vec<AddLayer>,
}

impl fmt::Debug for FunctionApp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.functions.iter().map(|function| function.name).collect();
        let Self { prefix, limits, is_portable, .. } = self;
        let mut app = formatter.debug_struct("FunctionApp");
        app.field("functions", &names).field("prefix", prefix).field("limits", limits);
        app.field("is_portable", is_portable).finish_non_exhaustive()
    }
}

/// A function with its state.
pub(crate) struct BoundFunction {
    pub(crate) name: &'static str,
    pub(crate) binding: &'static str,
    pub(crate) kind: Kind,
    pub(crate) outputs: Vec<OutputBinding>,
    /// Whether the host leads requests to it by its route.
    pub(crate) is_routed: bool,
    pub(crate) endpoint: Endpoint,
}

impl<S: Clone + Send + Sync + 'static, T> Function<S, T> {
    pub(crate) fn bind(&self, state: S, is_routed: bool) -> BoundFunction {
        let handler = Arc::clone(&self.handler);
        let endpoint = Endpoint(Arc::new(move |request| handler(request, state.clone())));
        let Self { name, binding, kind, outputs, .. } = self;
        BoundFunction { name, binding, kind: kind.clone(), outputs: outputs.clone(), is_routed, endpoint }
    }
}

impl FunctionApp {
    pub(crate) fn new(mut functions: Vec<BoundFunction>, prefix: String) -> Self {
        // The host tries routes in this sequence: https://github.com/Azure/azure-functions-core-tools/issues/2442.
        functions.sort_by_key(|function| function.name.to_ascii_uppercase());
        Self {
            functions,
            prefix,
            limits: Limits::default(),
            concurrency: Concurrency::new(ConcurrencyLimits::default()),
            is_portable: false,
            exports_spans: false,
            on_error: Arc::new(problem_document),
            make_span: Arc::new(default_span),
            layers: Vec::new(),
        }
    }

    /// Sets the bounds of one request.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets how many requests run at once. Keep a clone where handlers or metrics need it.
    #[must_use]
    pub fn concurrency(mut self, concurrency: Concurrency) -> Self {
        self.concurrency = concurrency;
        self
    }

    /// Refuses in every mode what one of them cannot carry: repeated headers, bodies that are not UTF-8, bodies without a
    /// type. Such an answer is then a 500 in tests and everywhere else, instead of one only under a host that sends
    /// envelopes. Bodies are no longer streamed.
    #[must_use]
    pub fn portable(mut self, is_portable: bool) -> Self {
        self.is_portable = is_portable;
        self
    }

    /// Words every error that this crate answers with, and every argument that cannot be read, instead of a problem document.
    /// Arguments of other crates answer with their own words, but for `Bytes` and `String`.
    #[must_use]
    pub fn on_error(
        mut self,
        words: impl Fn(&Error, &Invocation) -> Response + Send + Sync + 'static,
    ) -> Self {
        self.on_error = Arc::new(unless_panicking(words));
        self
    }

    /// Makes the span around an invocation. If it has the fields [`TRACE_ID`](crate::TRACE_ID), [`SPAN_ID`](crate::SPAN_ID)
    /// and [`PARENT_SPAN_ID`](crate::PARENT_SPAN_ID), they are filled in.
    #[must_use]
    pub fn span(mut self, make: impl Fn(SpanContext) -> Span + Send + Sync + 'static) -> Self {
        self.make_span = Arc::new(make);
        self
    }

    /// Whether the app exports spans of its invocations. Then [`Invocation::traceparent`] names the invocation's own span;
    /// otherwise the caller's, because ours would exist in no trace.
    #[must_use]
    pub fn exports_spans(mut self, exports: bool) -> Self {
        self.exports_spans = exports;
        self
    }

    /// Wraps every handler into a tower layer; the one added last is the outermost. It sees the request that the handler
    /// sees, of whatever trigger, with the [`Invocation`] among its extensions, within the deadline. The answers to a panic, to
    /// a deadline that passed and in place of one that cannot be sent are made outside the layers, which do not see them; nor
    /// do they see a request that reaches no handler.
    #[must_use]
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Endpoint> + Send + Sync + 'static,
        L::Service: tower_service::Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        <L::Service as tower_service::Service<Request>>::Response: IntoResponse,
        <L::Service as tower_service::Service<Request>>::Future: Send + 'static,
    {
        self.layers.push(Arc::new(move |inner| {
            let service = layer.layer(inner);
            Endpoint(Arc::new(move |request| Box::pin(call_service(service.clone(), request))))
        }));
        self
    }

    /// Serves until `stop` resolves, then lets running invocations finish within their deadlines. Idle connections are
    /// closed 0.1 s after the stop; a request that has begun by then is read and answered. [`listen`](crate::listen) makes
    /// the listener. Needs a runtime that goes on until this returns.
    ///
    /// # Errors
    /// When the listener has no address.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> std::io::Result<()> {
        let port = listener.local_addr()?.port();
        server::serve(Arc::new(self.into_state(port)), listener, stop).await;
        Ok(())
    }

    /// What answers behind the listener, for a caller within the process; `port` is the one that the Functions host would
    /// name in `Host`.
    #[must_use]
    pub fn into_service(self, port: u16) -> Service {
        Service(Arc::new(self.into_state(port)))
    }

    pub(crate) fn into_state(mut self, port: u16) -> AppState {
        for function in &mut self.functions {
            let (handler, words) = (function.endpoint.clone(), Arc::clone(&self.on_error));
            let innermost = Endpoint(Arc::new(move |request: Request| {
                let invocation: Option<Invocation> = request.extensions().get().cloned();
                let (answer, words) = ((handler.0)(request), Arc::clone(&words));
                Box::pin(async move {
                    let answer = answer.await;
                    match invocation {
                        Some(invocation) => worded(answer, &invocation, &words),
                        None => answer,
                    }
                })
            }));
            function.endpoint = self.layers.iter().fold(innermost, |inner, layer| layer(inner));
        }
        AppState { app: self, port }
    }
}

/// A handler with its state: what a layer wraps.
#[derive(Clone)]
pub struct Endpoint(pub(crate) Arc<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>);

impl fmt::Debug for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Endpoint")
    }
}

impl tower_service::Service<Request> for Endpoint {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let answer = (self.0)(request);
        Box::pin(async { Ok(answer.await) })
    }
}

/// An app that is called within its own process, without a socket.
#[derive(Clone)]
pub struct Service(pub(crate) Arc<AppState>);

impl tower_service::Service<Request> for Service {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        use crate::connection::Respond;
        let state = Arc::clone(&self.0);
        Box::pin(async { Ok(state.respond(request).await) })
    }
}
