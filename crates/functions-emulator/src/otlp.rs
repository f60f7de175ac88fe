//! A receiver of OTLP over HTTP below `/_emulator/otlp`: traces are stored for the console, metrics and logs are dropped.
//!
//! The protocol: <https://opentelemetry.io/docs/specs/otlp/>.

mod answer;
mod decode;
mod json;
mod protobuf;

use std::io::Read as _;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::sync::Semaphore;

use crate::{
    body::{Body, status_only},
    traffic::Traffic,
};
use answer::{Encoding, Refusal};
use decode::Batch;

/// What the paths of the three signals stand below.
pub(crate) const PREFIX: &str = "/_emulator/otlp";

/// Bytes that a request may have, packed and unpacked. gRPC's receivers take as much, unless they are told otherwise.
const MAX_REQUEST_BYTES: usize = 4 * 1024 * 1024;

/// Decoding takes a multiple of a request's bytes, so requests take turns.
static DECODING: Semaphore = Semaphore::const_new(1);

/// Answers an exporter; `path` is the part after [`PREFIX`].
pub(crate) async fn answer(traffic: &Traffic, path: &str, request: Request<Body>) -> Response<Body> {
    let is_traces = match path {
        "/v1/traces" => true,
        "/v1/metrics" | "/v1/logs" => false,
        _ => return status_only(StatusCode::NOT_FOUND),
    };
    if request.method() != Method::POST {
        return answer::only_post();
    }
    let Some(encoding) = Encoding::of(request.headers()) else { return answer::unknown_encoding() };
    let read = if is_traces {
        take_traces(traffic, encoding, request).await
    } else {
        read(request).await.map(|_| 0)
    };
    match read {
        Ok(rejected) => answer::accepted(encoding, rejected),
        Err(refusal) => answer::refused(encoding, &refusal),
    }
}

/// Stores the spans of a request; the number of those that are not stored.
async fn take_traces(
    traffic: &Traffic,
    encoding: Encoding,
    request: Request<Body>,
) -> Result<usize, Refusal> {
    let is_packed = is_packed(&request)?;
    let bytes = read(request).await?;
    let turn = DECODING.acquire().await;
    // The turn lasts as long as the decoding, which goes on when the exporter hangs up.
    let decode = move || {
        let _turn = turn;
        decode(encoding, is_packed, bytes)
    };
    let decoded = tokio::task::spawn_blocking(decode).await;
    let Batch { spans, rejected } = decoded.map_err(|_| Refusal::malformed("it cannot be read"))??;
    Ok(rejected + traffic.add_spans(spans))
}

fn decode(encoding: Encoding, is_packed: bool, bytes: Bytes) -> Result<Batch, Refusal> {
    let bytes = if is_packed { unpacked(&bytes)? } else { bytes };
    match encoding {
        Encoding::Protobuf => protobuf::decode(bytes),
        Encoding::Json => json::decode(&bytes),
    }
}

fn is_packed(request: &Request<Body>) -> Result<bool, Refusal> {
    match request.headers().get(header::CONTENT_ENCODING).map(http::HeaderValue::as_bytes) {
        None => Ok(false),
        Some(coding) if coding.eq_ignore_ascii_case(b"identity") => Ok(false),
        Some(coding) if coding.eq_ignore_ascii_case(b"gzip") => Ok(true),
        Some(_) => Err(Refusal::UnknownCoding),
    }
}

async fn read(request: Request<Body>) -> Result<Bytes, Refusal> {
    let read = Limited::new(request.into_body(), MAX_REQUEST_BYTES).collect().await;
    let read = read.map_err(|error| {
        if error.is::<LengthLimitError>() {
            Refusal::TooLarge(MAX_REQUEST_BYTES)
        } else {
            Refusal::malformed("the body broke off")
        }
    })?;
    Ok(read.to_bytes())
}

fn unpacked(bytes: &[u8]) -> Result<Bytes, Refusal> {
    let mut out = Vec::new();
    let bound = MAX_REQUEST_BYTES as u64 + 1;
    MultiGzDecoder::new(bytes)
        .take(bound)
        .read_to_end(&mut out)
        .map_err(|error| Refusal::malformed(format!("the body is not gzip: {error}")))?;
    if out.len() > MAX_REQUEST_BYTES { Err(Refusal::TooLarge(MAX_REQUEST_BYTES)) } else { Ok(out.into()) }
}
