//! A backend at the other end of TLS, which answers as configured and remembers its requests.

use std::{
    future, io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Request, Response,
    body::Incoming,
    header::{HeaderValue, LOCATION},
};
use tokio::sync::Notify;

use crate::{
    Issued,
    http::{PeerCertificate, Reply, Server, Tls},
};

/// A backend on this machine. It stops when the value is dropped.
#[derive(Debug)]
pub struct Backend {
    server: Server,
    state: Arc<State>,
}

/// What a backend answers.
#[derive(Clone, Debug)]
pub enum BackendResponse {
    /// Answers with this status, without a body.
    Status(u16),
    /// 200, with a body of this many bytes.
    WithBody(usize),
    /// 307, to there.
    Redirect(String),
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
    lock(&state.requests).push(ReceivedRequest {
        line: format!("{} {}", parts.method, parts.uri),
        headers: parts.headers,
        body,
        certificate: parts
            .extensions
            .get::<PeerCertificate>()
            .map(|peer_certificate| peer_certificate.0.clone()),
    });
    state.wait_for_request.notify_one();
    let response = lock(&state.response).clone();
    match response {
        BackendResponse::Status(status) => reply(status, Bytes::new()),
        BackendResponse::WithBody(length) => reply(200, vec![b' '; length].into()),
        BackendResponse::Redirect(to) => {
            let mut reply = reply(307, Bytes::new());
            reply.headers_mut().extend(HeaderValue::try_from(to).map(|to| (LOCATION, to)));
            reply
        }
        BackendResponse::Nothing => future::pending().await,
    }
}

fn reply(status: u16, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::<Bytes>::from(body));
    *reply.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    reply
}
