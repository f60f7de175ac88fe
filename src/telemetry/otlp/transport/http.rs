//! A batch as a request of HTTP.

use std::time::Duration;

use bytes::Bytes;
use opentelemetry_http::Request;
use reqwest::{Client, Response, header::RETRY_AFTER};

use crate::{
    https,
    telemetry::otlp::export_error::{ExportError, Refusal},
};

/// The longest answer that is read, in bytes.
pub(super) const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// The answer to a request that the collector took.
pub(super) async fn post(client: &Client, request: Request<Bytes>) -> Result<Bytes, ExportError> {
    let answer = execute(client, request).await?;
    // An answer that cannot be parsed does not mean that spans were rejected.
    Ok(https::read_body(answer, MAX_RESPONSE_BYTES).await.unwrap_or_default().into())
}

/// The answer to a request, of which the body is still to be read.
pub(super) async fn execute(client: &Client, request: Request<Bytes>) -> Result<Response, ExportError> {
    let request = reqwest::Request::try_from(request).map_err(ExportError::Invalid)?;
    let answer = client.execute(request).await;
    let answer = answer.map_err(|error| ExportError::Unavailable(error.without_url()))?;
    let (status, refusal) = (answer.status(), Refusal::Status(answer.status()));
    if status.is_success() {
        return Ok(answer);
    }
    let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    // The statuses after which the specification lets a client try again.
    Err(match status.as_u16() {
        429 | 502 | 503 | 504 => ExportError::Retryable(refusal, retry_after.map(Duration::from_secs)),
        _ => ExportError::Rejected(refusal),
    })
}
