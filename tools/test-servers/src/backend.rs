//! A backend at the other end of TLS, which answers as configured and remembers its requests.

use std::{
    future, io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::{BufMut as _, Bytes, BytesMut};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::{
    HeaderMap, Request, Response,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION},
    http::uri::PathAndQuery,
};
use tokio::sync::Notify;

use crate::{
    Issued,
    http::{PeerCertificate, Server, Tls},
};

const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

type Reply = Response<UnsyncBoxBody<Bytes, io::Error>>;

/// A backend on this machine. It stops when the value is dropped.
#[derive(Debug)]
pub struct Backend {
    server: Server,
    state: Arc<State>,
}

/// What a backend answers.
#[derive(Clone, Debug)]
pub enum BackendResponse {
    /// Answers with this status, without a body. To a gRPC call, 200 is an empty message.
    Status(u16),
    /// 200, with a body of this many bytes.
    WithBody(usize),
    /// 200, with this body. To a gRPC call, this message.
    Message(Vec<u8>),
    /// To a gRPC call: this code, and these details in Base64.
    Code(u16, Option<&'static str>),
    /// To a gRPC call: the beginning of an answer, which breaks off.
    Broken,
    /// 307, to there.
    Redirect(String),
    /// 200, after this time.
    Late(Duration),
    /// Nothing, ever.
    Nothing,
}

/// A request that a backend received.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    /// Method and path.
    pub line: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// The certificate that came with it, DER; none where none is demanded.
    pub certificate: Option<Vec<u8>>,
}

impl ReceivedRequest {
    /// Whether it is a gRPC call.
    #[must_use]
    pub fn is_call(&self) -> bool {
        self.headers.get(CONTENT_TYPE) == Some(&GRPC)
    }

    /// The only message of a gRPC call, and whether it is compressed; none where the call is malformed.
    #[must_use]
    pub fn call_message(&self) -> Option<(bool, Bytes)> {
        let (head, message) = self.body.split_at_checked(5)?;
        let length = u32::from_be_bytes(head[1..].try_into().ok()?);
        let is_whole = u32::try_from(message.len()) == Ok(length);
        (self.is_call() && head[0] < 2 && is_whole).then(|| (head[0] == 1, self.body.slice(5..)))
    }
}

#[derive(Debug)]
struct State {
    response: Mutex<BackendResponse>,
    requests: Mutex<Vec<ReceivedRequest>>,
    wait_for_request: Notify,
}

impl Backend {
    /// Starts one that proves itself by `own` and demands a certificate that the authority `clients` (PEM) signed. The
    /// backend answers 202.
    ///
    /// # Errors
    /// When the certificates are none, or there is no free port.
    pub async fn start(own: &Issued, clients: &str) -> io::Result<Self> {
        Self::serve(Some(Tls { own, clients: Some(clients) })).await
    }

    /// Starts one that proves itself by `own` and demands no certificate.
    ///
    /// # Errors
    /// When the certificate is none, or there is no free port.
    pub async fn with_tls(own: &Issued) -> io::Result<Self> {
        Self::serve(Some(Tls { own, clients: None })).await
    }

    /// Starts one without TLS.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn plain() -> io::Result<Self> {
        Self::serve(None).await
    }

    async fn serve(tls: Option<Tls<'_>>) -> io::Result<Self> {
        let (response, requests, wait_for_request) =
            (Mutex::new(BackendResponse::Status(202)), Mutex::default(), Notify::new());
        let state = Arc::new(State { response, requests, wait_for_request });
        let told = Arc::clone(&state);
        let handler = move |request| answer(Arc::clone(&told), request);
        let server = Server::start((Ipv4Addr::LOCALHOST, 0).into(), tls, handler).await?;
        Ok(Self { server, state })
    }

    /// The port of 127.0.0.1 that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.address.port()
    }

    /// Sets the response to all later requests.
    pub fn respond_with(&self, response: BackendResponse) {
        *lock(&self.state.response) = response;
    }

    /// The requests that the backend has received so far.
    #[must_use]
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        lock(&self.state.requests).clone()
    }

    /// Waits for the next request.
    pub async fn wait_for_request(&self) {
        self.state.wait_for_request.notified().await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Reply {
    let (parts, body) = request.into_parts();
    // A body that breaks off is remembered as none: its test asks for the whole one.
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let request = ReceivedRequest {
        line: format!("{} {}", parts.method, parts.uri.path_and_query().map_or("", PathAndQuery::as_str)),
        headers: parts.headers,
        body,
        certificate: parts
            .extensions
            .get::<PeerCertificate>()
            .map(|peer_certificate| peer_certificate.0.clone()),
    };
    let is_call = request.is_call();
    lock(&state.requests).push(request);
    state.wait_for_request.notify_one();
    let response = lock(&state.response).clone();
    match response {
        BackendResponse::Status(200) if is_call => called(&[]),
        BackendResponse::Status(status) => reply(status, Bytes::new()),
        BackendResponse::WithBody(length) => reply(200, vec![b' '; length].into()),
        BackendResponse::Message(message) if is_call => called(&message),
        BackendResponse::Message(message) => reply(200, message.into()),
        BackendResponse::Code(code, details) => refused(code, details),
        BackendResponse::Broken => broken(),
        BackendResponse::Redirect(to) => {
            let mut reply = reply(307, Bytes::new());
            reply.headers_mut().extend(HeaderValue::try_from(to).map(|to| (LOCATION, to)));
            reply
        }
        BackendResponse::Late(after) => {
            tokio::time::sleep(after).await;
            if is_call { called(&[]) } else { reply(200, Bytes::new()) }
        }
        BackendResponse::Nothing => future::pending().await,
    }
}

fn reply(status: u16, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::from(body).map_err(io::Error::other).boxed_unsync());
    *reply.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    reply
}

/// A call that ended well, with this message.
fn called(message: &[u8]) -> Reply {
    answer_to_call(frame(message), Ok(HeaderMap::from_iter([(GRPC_STATUS, 0.into())])))
}

/// A call whose answer breaks off within its message.
fn broken() -> Reply {
    answer_to_call(frame(b"unread").slice(..7), Err(io::Error::other("broken on purpose")))
}

fn answer_to_call(body: Bytes, trailers: io::Result<HeaderMap>) -> Reply {
    let body = Full::from(body).map_err(io::Error::other).with_trailers(future::ready(Some(trailers)));
    let mut reply = Response::new(body.boxed_unsync());
    reply.headers_mut().insert(CONTENT_TYPE, GRPC);
    reply
}

/// A call that failed.
fn refused(code: u16, details: Option<&'static str>) -> Reply {
    let mut reply = reply(200, Bytes::new());
    reply.headers_mut().extend([(CONTENT_TYPE, GRPC), (GRPC_STATUS, code.into())]);
    reply.headers_mut().extend(details.map(|details| (GRPC_DETAILS, HeaderValue::from_static(details))));
    reply
}

fn frame(message: &[u8]) -> Bytes {
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    frame.freeze()
}
