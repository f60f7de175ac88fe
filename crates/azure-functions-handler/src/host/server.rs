//! Listens, and leads each request to its entrance.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum_core::{
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode, header::CONTENT_TYPE, request::Parts};
use tokio::net::TcpListener;

use super::{Answer, Function, OnCall, Trigger, answer, run};
use crate::{
    Concurrency, Invocation,
    connection::{Respond, UnreadableHead},
    guard, ids,
    response::Whole,
    route, server,
};

/// Bounds that keep one process healthy.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long the head of a request may take from its first byte to its last; then the connection is closed. An idle
    /// connection stays open.
    pub head: Duration,
    /// How long a body may take from the moment that the worker begins to read it; an envelope, from its head on.
    pub body: Duration,
    /// Deadline of an HTTP invocation.
    pub http: Duration,
    /// Deadline of a queue or timer invocation.
    pub queue: Duration,
    /// Largest envelope, in bytes.
    pub envelope: usize,
    /// Largest head of a request, in bytes. The host reads at most 32 KiB from its callers
    /// (<https://learn.microsoft.com/dotnet/api/microsoft.aspnetcore.server.kestrel.core.kestrelserverlimits.maxrequestheaderstotalsize>)
    /// and adds its own.
    pub head_size: usize,
}

/// Why the protocol layer itself refuses a call, for the app to put into words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// No function of this process matches.
    NotFound,
    /// Too many requests are running.
    Busy,
    /// The envelope passes its limit.
    TooLarge,
    /// The envelope did not arrive in time.
    BodyTooSlow,
    /// The head of the request is not HTTP/1.1.
    Unreadable,
    /// Path and query pass their limit.
    UriTooLong,
    /// The head of the request passes its limit.
    HeadTooLarge,
    /// The deadline passed.
    Late,
    /// The handler panicked, or gave an answer that cannot travel.
    Panicked,
}

impl Refusal {
    /// For the log.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::NotFound => "no function matches",
            Self::Busy => "too many requests are running",
            Self::TooLarge => "the envelope is too large",
            Self::BodyTooSlow => "the envelope came too slowly",
            Self::Unreadable => "the head of the request cannot be read",
            Self::UriTooLong => "the address is too long",
            Self::HeadTooLarge => "the head of the request is too large",
            Self::Late => "the deadline passed",
            Self::Panicked => "the handler panicked",
        }
    }
}

/// An app's functions, ready to be served.
pub struct Host<A> {
    /// What handlers share.
    pub app: Arc<A>,
    /// The functions of this process.
    pub functions: Vec<Function<A>>,
    /// The route prefix of host.json, without slashes.
    pub prefix: &'static str,
    /// Puts a refusal into words.
    pub refuse: fn(Refusal, &Invocation) -> Answer,
    /// Bounds of one request.
    pub limits: Limits,
    /// The requests of this process.
    pub concurrency: Concurrency,
    /// Whether somebody keeps spans of invocations. Then what an invocation leads to names its span as parent;
    /// otherwise it names the caller's, for nobody would ever find ours.
    pub spans: bool,
}

impl<A: Send + Sync + 'static> Host<A> {
    /// Serves until `stop` resolves, then lets running calls finish within their deadlines. Idle connections are
    /// closed 0.1 s after the stop; a request that has begun by then is read and answered. [`crate::listen`] makes the
    /// listener. Needs a runtime that goes on until this returns.
    ///
    /// # Errors
    /// When the listener has no address.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> std::io::Result<()> {
        let serving = self.open(listener.local_addr()?.port());
        server::serve(serving, listener, stop).await;
        Ok(())
    }

    /// What answers behind the listener, for a caller within the process; `port` is the one that the Functions host
    /// would name in `Host`.
    #[must_use]
    pub fn into_service(self, port: u16) -> InProcess<A> {
        InProcess(self.open(port))
    }

    fn open(self, port: u16) -> Arc<Serving<A>> {
        Arc::new(Serving { host: self, port })
    }
}

/// A host that is called within its own process, without a socket.
pub struct InProcess<A>(Arc<Serving<A>>);

impl<A> Clone for InProcess<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A: Send + Sync + 'static> tower_service::Service<Request> for InProcess<A> {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let serving = Arc::clone(&self.0);
        Box::pin(async { Ok(lead(serving, request).await) })
    }
}

/// A host at work.
pub(super) struct Serving<A> {
    pub(super) host: Host<A>,
    /// Our own port, which the Functions host names in `Host`.
    port: u16,
}

/// Where a request goes.
pub(super) enum Entrance<'a, A> {
    /// The real request, with its route parameters.
    Direct(&'a Function<A>, OnCall<A>, Vec<(&'static str, String)>),
    /// `POST /<FunctionName>` from the Functions host itself.
    Envelope(&'a Function<A>),
    /// Nothing of ours.
    Nowhere,
}

impl<A> Entrance<'_, A> {
    /// The function's name and the kind of its trigger, for the log.
    pub(super) const fn names(&self) -> (&'static str, &'static str) {
        match self {
            Self::Nowhere => ("", "none"),
            Self::Direct(function, ..) | Self::Envelope(function) => (function.name, function.trigger.kind()),
        }
    }
}

impl<A> Serving<A> {
    /// Where a request goes: the envelope entrance first, if the request is the host's own. One that only
    /// pretends to be is treated like any other that matches nothing.
    pub(super) fn entrance(&self, parts: &Parts) -> Entrance<'_, A> {
        self.enveloped(parts).or_else(|| self.direct(parts)).unwrap_or(Entrance::Nowhere)
    }

    fn enveloped(&self, parts: &Parts) -> Option<Entrance<'_, A>> {
        let name = parts.uri.path().strip_prefix('/').filter(|_| parts.method == Method::POST)?;
        let function = self.host.functions.iter().find(|function| function.name == name)?;
        guard::from_host(parts, self.port).then_some(Entrance::Envelope(function))
    }

    fn direct(&self, parts: &Parts) -> Option<Entrance<'_, A>> {
        self.host.functions.iter().find_map(|function| match &function.trigger {
            Trigger::Http { method, route, run, .. } if *method == parts.method => {
                let params = route::matched(self.host.prefix, route, parts.uri.path())?;
                Some(Entrance::Direct(function, *run, params))
            }
            _ => None,
        })
    }
}

impl<A: Send + Sync + 'static> Respond for Serving<A> {
    fn concurrency(&self) -> &Concurrency {
        &self.host.concurrency
    }

    fn head_timeout(&self) -> Duration {
        self.host.limits.head
    }

    fn head_size(&self) -> usize {
        self.host.limits.head_size
    }

    fn longest_invocation(&self) -> Duration {
        let limits = self.host.limits;
        let deadlines = self.host.functions.iter().map(|function| match function.trigger {
            Trigger::Http { .. } => limits.http,
            Trigger::Queue { .. } | Trigger::Timer { .. } => limits.queue,
        });
        deadlines.max().unwrap_or(limits.http)
    }

    async fn respond(self: Arc<Self>, request: Request) -> Response {
        lead(self, request).await
    }

    async fn refuse(&self, head: UnreadableHead) -> Whole {
        let refusal = match head {
            UnreadableHead::UriTooLong => Refusal::UriTooLong,
            UnreadableHead::TooLarge => Refusal::HeadTooLarge,
            UnreadableHead::NotHttp(_) => Refusal::Unreadable,
        };
        let id = ids::new_invocation_id();
        let span = run::span(id, "");
        let answer = span.in_scope(|| {
            let invocation = run::begun(self, (id, ""), None);
            head.log();
            (self.host.refuse)(refusal, &invocation)
        });
        Whole { status: answer.status, headers: answer.headers.into_iter().collect(), body: answer.body }
    }
}

/// Answers the host's ping at once, unlogged and outside the limits; everything else is an invocation, which
/// runs to its end even when its caller hangs up.
pub(super) async fn lead<A: Send + Sync + 'static>(serving: Arc<Serving<A>>, request: Request) -> Response {
    if request.method() == Method::GET && request.uri().path() == "/" {
        return (StatusCode::OK, [(CONTENT_TYPE, "text/plain; charset=utf-8")], "ready").into_response();
    }
    let invocation = tokio::spawn(run::invocation(serving, request));
    invocation.await.unwrap_or_else(|_| answer::failed())
}
