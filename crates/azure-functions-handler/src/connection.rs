//! Serves one connection.
//!
//! hyper answers a head that it cannot read by itself and without a body. The response that hyper gives to such a head
//! is held back, and the app's own error response is sent instead.

mod stream;

use std::{convert::Infallible, future::poll_fn, pin::Pin, sync::Arc, time::Duration};

use axum_core::{body::Body as AxumBody, extract::Request, response::Response};
use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{self, AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
    time::timeout,
};

use crate::{
    Concurrency,
    event::Event,
    limits::{DiscardLimits, HYPER_MAX_HEADERS, Limits},
    response::BufferedResponse,
};
use stream::{Progress, Stream};

/// Answers the requests of a connection.
pub(crate) trait Respond: Send + Sync + 'static {
    /// The requests that run.
    fn concurrency(&self) -> &Concurrency;

    /// The bounds of one request.
    fn limits(&self) -> &Limits;

    /// The longest deadline of an invocation.
    fn longest_invocation(&self) -> Duration;

    /// Answers a request.
    fn respond(self: Arc<Self>, request: Request) -> impl Future<Output = Response> + Send;

    /// The answer to a head that could not be read.
    fn refuse(&self, head: UnreadableHead) -> impl Future<Output = BufferedResponse> + Send;
}

/// Why the head of a request could not be read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum UnreadableHead {
    /// The bytes are not HTTP, or hyper had no answer to them.
    NotHttp(Option<u16>),
    UriTooLong,
    TooLarge,
}

impl UnreadableHead {
    /// The reason that follows from the status with which hyper would have answered.
    const fn of(status: Option<u16>) -> Self {
        match status {
            Some(414) => Self::UriTooLong,
            Some(431) => Self::TooLarge,
            other => Self::NotHttp(other),
        }
    }

    pub(crate) fn log(self) {
        let status = match self {
            Self::NotHttp(status) => status,
            Self::UriTooLong => Some(414),
            Self::TooLarge => Some(431),
        };
        Event::RequestHeadInvalid { status }.log();
    }
}

/// Tells connections that the server stops, and lets the server wait for their running requests.
#[derive(Clone)]
pub(crate) struct Shutdown {
    /// True once the server stops.
    pub(crate) stop: watch::Receiver<bool>,
    /// Held by a connection that may have the begin of a head.
    pub(crate) in_head: watch::Receiver<()>,
}

/// Serves until the connection ends; once the server stops, it ends as soon as no request is under way, and holds
/// `in_head` while a head is begun.
pub(crate) async fn serve<R: Respond>(responder: Arc<R>, socket: TcpStream, shutdown: Shutdown) {
    let Shutdown { mut stop, in_head } = shutdown;
    let progress = Arc::new(Progress::default());
    let limits = *responder.limits();
    let stream = Stream::new(socket, Arc::clone(&progress), limits.head_timeout);
    let service = service_fn(|request: Request<Incoming>| {
        let (responder, in_progress) = (Arc::clone(&responder), progress.request());
        let request = request.map(|body| {
            if body.is_end_stream() {
                return AxumBody::empty();
            }
            let until_body_read = Arc::clone(&in_progress);
            AxumBody::new(body.map_frame(move |frame| {
                let _until_it_is_read = &until_body_read;
                frame
            }))
        });
        async move {
            let response = responder.respond(request).await;
            drop(in_progress);
            Ok::<_, Infallible>(response)
        }
    });
    let mut http = http1::Builder::new();
    // A caller may close its sending half once its request is whole, and still wants the answer.
    http.half_close(true).max_buf_size(limits.max_head_bytes);
    if limits.max_headers != HYPER_MAX_HEADERS {
        http.max_headers(limits.max_headers);
    }
    let mut connection = http.serve_connection(TokioIo::new(stream), service);
    let mut in_head = Some(in_head);
    let mut stopping = false;
    let ended = loop {
        let serving_on = poll_fn(|context| {
            let polled = Pin::new(&mut connection).poll(context);
            in_head.take_if(|_| stopping && !progress.is_in_head());
            polled
        });
        tokio::select! {
            biased;
            ended = serving_on => break ended,
            _ = stop.wait_for(|stop| *stop), if !stopping => {
                stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    drop(in_head);
    let Stream { mut socket, held, .. } = connection.into_parts().io.into_inner();
    // A caller who is gone misses nothing.
    drop(match (ended, held) {
        (Err(error), held) if error.is_parse() => refuse(&*responder, socket, held.as_deref()).await,
        (_, Some(of_a_handler)) => send_last(&mut socket, &of_a_handler).await,
        (_, None) => Ok(()),
    });
}

/// Answers a head that hyper could not read, where hyper would have answered it.
async fn refuse<R: Respond>(responder: &R, mut socket: TcpStream, held: Option<&[u8]>) -> io::Result<()> {
    let held = held.and_then(|held| str::from_utf8(held).ok());
    let status = held.and_then(|head| head.get(9..12)?.parse::<u16>().ok());
    let answer = responder.refuse(UnreadableHead::of(status)).await;
    let Some(held) = held else { return Ok(()) };
    let date = held.lines().find(|line| line.starts_with("date: ")).unwrap_or_default();
    send_last(&mut socket, &to_bytes(&answer, date)).await?;
    // Closing on unread bytes resets the connection, and a reset can destroy the answer before its caller has read it.
    let DiscardLimits { timeout: time, max_bytes } = (*responder.limits()).into();
    let mut rest = socket.take(max_bytes as u64);
    drop(timeout(time, io::copy(&mut rest, &mut io::sink())).await);
    Ok(())
}

/// The last bytes of a connection.
async fn send_last(socket: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    socket.write_all(bytes).await?;
    socket.shutdown().await
}

/// An answer after which the connection ends.
fn to_bytes(answer: &BufferedResponse, date: &str) -> Vec<u8> {
    let reason = answer.status.canonical_reason().unwrap_or_default();
    let mut bytes = format!(
        "HTTP/1.1 {} {reason}\r\nconnection: close\r\ncontent-length: {}\r\n{date}\r\n",
        answer.status.as_u16(),
        answer.body.len(),
    )
    .into_bytes();
    for (name, value) in &answer.headers {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(&answer.body);
    bytes
}
