//! The public listener: it stays open while instances are replaced.

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use http::{Request, Response, header};
use http_body_util::BodyExt as _;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::timeout,
};

use crate::{
    cancellation::CancellationToken,
    console::{self, Console, Port},
    cors,
    host::Host,
    listener::Body,
    loopback_guard,
};

/// How long an answer may still take to reach its caller once the host closes.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// A pause after a failed accept: out of file descriptors, the next try would fail at once as well.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);

/// Takes connections until it is stopped, then waits for those that are open.
pub(super) async fn accept(
    listener: TcpListener,
    host: Arc<Host>,
    console: Arc<Console>,
    port: Port,
    mut cancellation: CancellationToken,
) {
    let mut connections = JoinSet::new();
    let token = cancellation.clone();
    loop {
        tokio::select! {
            () = cancellation.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, host.clone(), console.clone(), port, token.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "connection not accepted");
                    tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                }
            },
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn connection(
    stream: TcpStream,
    host: Arc<Host>,
    console: Arc<Console>,
    port: Port,
    mut cancellation: CancellationToken,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let (host, console) = (host.clone(), console.clone());
        async move { Ok::<_, Infallible>(answer(&host, &console, request, port).await) }
    });
    let connection =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = cancellation.cancelled() => {
            connection.as_mut().graceful_shutdown();
            timeout(SHUTDOWN_TIMEOUT, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended early");
    }
}

/// The console's pages are its own; everything else is a call.
async fn answer(host: &Host, console: &Console, request: Request<Incoming>, port: Port) -> Response<Body> {
    let request = request.map(|body| body.map_err(io::Error::other).boxed_unsync());
    match console::answer(host, console, request, port).await {
        Ok(answer) => answer,
        Err(request) if loopback_guard::is_emulator_path(request.uri().path()) => host.handle(request).await,
        Err(request) => with_cors(host, request).await,
    }
}

/// CORS is decided before everything else, except the host's own pages.
async fn with_cors(host: &Host, request: Request<Body>) -> Response<Body> {
    let instance =
        host.current.borrow().clone().filter(|_| !loopback_guard::is_reserved(request.uri().path()));
    let Some(cors) = instance.as_ref().and_then(|instance| instance.cors()) else {
        return host.call(request).await;
    };
    if let Some(answer) = cors::preflight(cors, &request) {
        return answer;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let mut answer = host.call(request).await;
    if let Some(origin) = origin {
        cors::allow(cors, answer.headers_mut(), &origin);
    }
    answer
}
