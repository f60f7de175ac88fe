//! Redirects of an envelope, which the host's HTTP client follows unless host.json forwards.

// The host: docs/reference/host-protocol.md#reading-the-answer.

use std::net::SocketAddr;

use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};

use super::{
    Failure,
    worker_connection::{self, WorkerConnection},
};
use crate::body::{self, Body};

/// Hops after which the client stops with an error.
const MAX_REDIRECTS: usize = 50;

/// Sends what `make` makes and follows where the answers point, within the worker.
pub(super) async fn post(
    worker: &WorkerConnection,
    follows: bool,
    make: impl Fn() -> Result<Request<Body>, Failure>,
) -> Result<Response<Body>, Failure> {
    let mut answered = worker_connection::send(worker, make()?).await?;
    let mut becomes_get = false;
    for _ in 0..MAX_REDIRECTS {
        let Some(target) = follows.then(|| target(worker.address, &answered)).flatten() else { break };
        becomes_get |=
            !matches!(answered.status(), StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
        let mut request = make()?;
        *request.uri_mut() = target;
        if becomes_get {
            *request.method_mut() = Method::GET;
            request.headers_mut().remove(header::CONTENT_TYPE);
            *request.body_mut() = body::empty();
        }
        answered = worker_connection::send(worker, request).await?;
    }
    Ok(answered)
}

/// Where an answer points. A redirect to a server other than the worker is not followed: the real host would follow it,
/// but such a redirect is a mistake.
fn target(address: SocketAddr, answered: &Response<Body>) -> Option<Uri> {
    use StatusCode as S;
    let redirects = [
        S::MULTIPLE_CHOICES,
        S::MOVED_PERMANENTLY,
        S::FOUND,
        S::SEE_OTHER,
        S::TEMPORARY_REDIRECT,
        S::PERMANENT_REDIRECT,
    ];
    if !redirects.contains(&answered.status()) {
        return None;
    }
    let location = answered.headers().get(header::LOCATION).map(HeaderValue::to_str)?.ok()?;
    let uri: Uri = location.parse().ok()?;
    let is_here = uri.authority().is_none_or(|authority| authority.as_str() == address.to_string());
    is_here.then(|| uri.path_and_query().map(|path| Uri::from(path.clone())))?
}
