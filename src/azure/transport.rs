//! The HTTP transport of the Azure SDK clients: bounded responses, few and short retries.

use async_trait::async_trait;
use azure_core::{
    error::{Error, ErrorKind},
    http::{
        AsyncRawResponse, Body, HttpClient, Method, Request, StatusCode,
        headers::Headers,
        policies::{RetryHeaders, RetryPolicy},
    },
    time::Duration,
};
use bytes::Bytes;

use crate::telemetry::{Service, call_service};

/// The longest answer that is read: a secret has at most 25 KiB.
const MAX_RESPONSE_BYTES: usize = 256 * 1024;

/// One of our HTTP clients, for GET requests alone.
#[derive(Debug)]
pub(super) struct ReqwestTransport(pub(super) reqwest::Client);

#[async_trait]
impl HttpClient for ReqwestTransport {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let (Method::Get, Body::Bytes(_)) = (request.method(), request.body()) else {
            return Err(Error::with_message(ErrorKind::Other, "only GET is carried"));
        };
        let mut outgoing = self.0.get(request.url().clone());
        for (name, value) in request.headers().iter() {
            outgoing = outgoing.header(name.as_str(), value.as_str());
        }
        let mut answer =
            call_service(Service::Azure, "GET", None, outgoing.send()).await.map_err(transport_error)?;
        let status = StatusCode::from(answer.status().as_u16());
        let mut headers = Headers::new();
        for (name, value) in answer.headers() {
            if let Ok(value) = value.to_str() {
                headers.insert(name.as_str().to_owned(), value.to_owned());
            }
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(transport_error)? {
            if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
                return Err(Error::with_message(ErrorKind::Other, "the answer is too long"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(AsyncRawResponse::from_bytes(status, headers, Bytes::from(body)))
    }
}

fn transport_error(error: reqwest::Error) -> Error {
    let kind = if error.is_connect() { ErrorKind::Connection } else { ErrorKind::Io };
    Error::with_error(kind, error.without_url(), "the request was not answered")
}

/// Twice again after a failure that may pass, at once and a little later. An answer with `Retry-After` is not retried
/// here: the caller has no time to wait.
#[derive(Debug)]
pub(super) struct ShortRetry;

impl RetryPolicy for ShortRetry {
    fn is_expired(&self, _since: Duration, retries: u32) -> bool {
        retries >= 2
    }

    fn retry_headers(&self) -> Option<&RetryHeaders> {
        None
    }

    fn retry_status_codes(&self) -> &[StatusCode] {
        &[
            StatusCode::RequestTimeout,
            StatusCode::InternalServerError,
            StatusCode::BadGateway,
            StatusCode::GatewayTimeout,
        ]
    }

    fn sleep_duration(&self, retry: u32) -> Duration {
        Duration::milliseconds(100) * retry
    }
}
