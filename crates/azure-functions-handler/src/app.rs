//! An app that is ready to be served, and what can be set of it.

use std::{
    convert::Infallible,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use axum_core::{
    extract::Request,
    response::{IntoResponse, Response},
};
use futures_util::future::BoxFuture;
use tokio::net::TcpListener;
use tower_layer::Layer;
use tracing::Span;

use crate::{
    Concurrency, ConcurrencyLimits, Error, Invocation, Limits, SpanContext, SpanSampler,
    endpoint::{BoundFunction, Endpoint},
    error::{OnError, apply_on_error, catch_on_error_panic, problem_document},
    function::host_order,
    handler::call_service,
    invocation::default_span,
    server,
};

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
    pub(crate) sampler: Option<SpanSampler>,
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

impl FunctionApp {
    pub(crate) fn new(mut functions: Vec<BoundFunction>, prefix: String) -> Self {
        functions.sort_by_key(|function| host_order(function.name));
        Self {
            functions,
            prefix,
            limits: Limits::default(),
            concurrency: Concurrency::new(ConcurrencyLimits::default()),
            is_portable: false,
            sampler: None,
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

    /// Refuses in every mode what one of them cannot carry: repeated headers, bodies that are not UTF-8, bodies
    /// without a type. Such a response is then a 500 in tests and in every mode, not only under a host that sends
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
        self.on_error = Arc::new(catch_on_error_panic(words));
        self
    }

    /// Makes the span around an invocation. If it has the fields [`TRACE_ID`](crate::TRACE_ID), [`SPAN_ID`](crate::SPAN_ID)
    /// and [`PARENT_SPAN_ID`](crate::PARENT_SPAN_ID), they are filled in.
    #[must_use]
    pub fn span(mut self, make: impl Fn(SpanContext) -> Span + Send + Sync + 'static) -> Self {
        self.make_span = Arc::new(make);
        self
    }

    /// Sets which invocations' spans the app exports. With a sampler [`Invocation::trace`] names the invocation's own
    /// span; without one the caller's, because ours would exist in no trace.
    #[must_use]
    pub fn sample_spans(mut self, sampler: Option<SpanSampler>) -> Self {
        self.sampler = sampler;
        self
    }

    /// Wraps every handler into a tower layer; the one added last is the outermost. The layer sees the request that
    /// the handler sees, for every trigger, with the [`Invocation`] among its extensions, within the deadline. The
    /// answers to a panic, to a deadline that passed and in place of one that cannot be sent are made outside the
    /// layers, which do not see them; nor do they see a request that reaches no handler.
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
    /// closed 0.1 s after the stop; a request that has begun by then is read and answered. [`listen`](crate::listen)
    /// makes the listener. Needs a runtime that runs until this function returns.
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

    /// A service that answers like the listener, for a caller within the process; `port` is the one that the Functions
    /// host would name in `Host`.
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
                        Some(invocation) => apply_on_error(answer, &invocation, &words),
                        None => answer,
                    }
                })
            }));
            function.endpoint = self.layers.iter().fold(innermost, |inner, layer| layer(inner));
        }
        AppState { app: self, port }
    }
}

/// An app at work.
pub(crate) struct AppState {
    pub(crate) app: FunctionApp,
    /// Our own port, which the Functions host names in `Host`.
    pub(crate) port: u16,
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
