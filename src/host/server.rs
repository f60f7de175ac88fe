//! Listens, and leads each request to its entrance.

use std::{pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{Method, StatusCode, header::CONTENT_TYPE, request::Parts},
    response::{IntoResponse, Response},
    serve::ListenerExt,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, SemaphorePermit, oneshot},
};

use super::{Answer, Function, Invocation, OnCall, Outage, Trigger, answer, event::Event, guard, route, run};

/// How long running calls may take after a stop.
const DRAIN: Duration = Duration::from_secs(3);

/// Bounds that keep one process healthy (contract §1).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests running at once; one more is answered before its body is read.
    pub running: usize,
    /// Deadline of an HTTP invocation.
    pub http: Duration,
    /// Deadline of a queue or timer invocation.
    pub queue: Duration,
    /// Largest envelope, in bytes.
    pub envelope: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { running: 128, http: Duration::from_secs(10), queue: Duration::from_mins(1), envelope: 1 << 20 }
    }
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
    /// Bounds.
    pub limits: Limits,
    /// Whether somebody keeps spans of invocations. Then what an invocation leads to names its span as parent;
    /// otherwise it names the caller's, for nobody would ever find ours.
    pub spans: bool,
}

impl<A: Send + Sync + 'static> Host<A> {
    /// Serves until `stop` resolves, then lets running calls finish for at most three seconds. Needs a runtime
    /// that goes on until this returns.
    ///
    /// # Errors
    /// When the listener fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send,
    ) -> std::io::Result<()> {
        let seats = self.limits.running;
        let serving = self.open(listener.local_addr()?.port());
        let router = router(Arc::clone(&serving));
        // An answer is one small write; waiting for a second one to send along only costs time.
        let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
        let (close, closed) = oneshot::channel::<()>();
        let server = axum::serve(listener, router).with_graceful_shutdown(async { drop(closed.await) });
        let mut server = pin!(server.into_future());
        tokio::select! {
            ended = &mut server => return ended,
            () = stop => drop(close),
        }
        let drained = async {
            let ended = server.await;
            // A caller who hung up leaves a call behind that still runs.
            let _all = serving.running.acquire_many(u32::try_from(seats).unwrap_or(u32::MAX)).await;
            ended
        };
        tokio::time::timeout(DRAIN, drained).await.unwrap_or(Ok(()))
    }

    /// What answers behind the listener, for a caller within the process; `port` is the one that the Functions host
    /// would name in `Host`.
    pub fn router(self, port: u16) -> Router {
        router(self.open(port))
    }

    fn open(self, port: u16) -> Arc<Serving<A>> {
        let running = Semaphore::new(self.limits.running);
        Arc::new(Serving { host: self, running, overload: Outage::new("overloaded"), port })
    }
}

fn router<A: Send + Sync + 'static>(serving: Arc<Serving<A>>) -> Router {
    Router::new().fallback(lead::<A>).with_state(serving)
}

/// A host at work.
pub(super) struct Serving<A> {
    pub(super) host: Host<A>,
    /// One permit a running request.
    pub(super) running: Semaphore,
    /// More requests come than may run.
    overload: Outage,
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
    /// A place for one more request, if there is one.
    pub(super) fn place(&self) -> Option<SemaphorePermit<'_>> {
        let place = self.running.try_acquire().ok();
        if place.is_some() {
            self.overload.worked();
        } else {
            let running = self.host.limits.running as u64;
            self.overload.failed(None, || Event::Overloaded { running }.log());
        }
        place
    }

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

/// Answers the host's ping at once, unlogged and outside the limits; everything else is an invocation, which
/// runs to its end even when its caller hangs up.
async fn lead<A: Send + Sync + 'static>(
    State(serving): State<Arc<Serving<A>>>,
    request: Request,
) -> Response {
    if request.method() == Method::GET && request.uri().path() == "/" {
        return (StatusCode::OK, [(CONTENT_TYPE, "text/plain; charset=utf-8")], "ready").into_response();
    }
    let invocation = tokio::spawn(run::invocation(serving, request));
    invocation.await.unwrap_or_else(|_| answer::failed())
}
