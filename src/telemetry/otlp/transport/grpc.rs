//! A batch as a call of the collector's gRPC method.
//!
//! The SDK's own client of gRPC keeps to itself how many spans a collector refused, and brings a second pool of
//! connections with other roots. So the message travels by the worker's HTTP client, and tonic frames it.

use base64::{Engine as _, engine::general_purpose};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use futures_util::stream;
use http_body_util::BodyExt as _;
use opentelemetry_http::Request;
use reqwest::{
    Body, Client,
    header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TE},
};
use tonic::{
    Code, Status,
    codec::{DecodeBuf, Decoder, EncodeBody, EncodeBuf, Encoder, Streaming},
};
use tonic_types::StatusExt as _;

use super::http::{MAX_RESPONSE_BYTES, execute};
use crate::telemetry::otlp::export_error::{ExportError, Refusal};

/// Where a status holds more than its code, in Base64.
const STATUS_DETAILS: &str = "grpc-status-details-bin";

/// The collector's answer to this message.
pub(super) async fn call(client: &Client, mut request: Request<Bytes>) -> Result<Bytes, ExportError> {
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(TE, HeaderValue::from_static("trailers"));
    let encoding = headers.remove(CONTENT_ENCODING);
    let is_compressed = encoding.is_some();
    headers.extend(encoding.map(|encoding| (HeaderName::from_static("grpc-encoding"), encoding)));
    let (head, message) = request.into_parts();
    let framed = EncodeBody::new_client(Encoded, stream::iter([Ok(message)]), None, None).collect().await;
    let mut framed = BytesMut::from(framed.map_err(|status| failure(&status))?.to_bytes());
    // The frame begins with whether its message is compressed, which the SDK has done.
    framed[0] = u8::from(is_compressed);
    let framed = framed.freeze();
    let mut answer = execute(client, Request::from_parts(head, framed)).await?;
    drop_unreadable_details(answer.headers_mut());
    // A call that fails at once has its status in the head.
    if let Some(status) = Status::from_header_map(answer.headers()).filter(|status| status.code() != Code::Ok)
    {
        return Err(failure(&status));
    }
    let http_status = answer.status();
    let body = Body::from(answer).map_frame(|frame| match frame.into_trailers() {
        Ok(mut trailers) => {
            drop_unreadable_details(&mut trailers);
            http_body::Frame::trailers(trailers)
        }
        Err(frame) => frame,
    });
    let mut messages = Streaming::new_response(Encoded, body, http_status, None, Some(MAX_RESPONSE_BYTES));
    let message = messages.message().await.map_err(|status| failure(&status))?;
    messages.trailers().await.map_err(|status| failure(&status))?;
    Ok(message.unwrap_or_default())
}

/// Tonic panics on details that are no Base64.
fn drop_unreadable_details(headers: &mut HeaderMap) {
    let is_readable = |details: &HeaderValue| {
        let engine = general_purpose::GeneralPurpose::new(
            &base64::alphabet::STANDARD,
            general_purpose::PAD.with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent),
        );
        engine.decode(details).is_ok()
    };
    if headers.get(STATUS_DETAILS).is_some_and(|details| !is_readable(details)) {
        headers.remove(STATUS_DETAILS);
    }
}

/// Why the collector did not take the message.
fn failure(status: &Status) -> ExportError {
    use std::error::Error as _;
    let retry_info = status.get_details_retry_info();
    let (code, refusal) = (status.code(), Refusal::Code(status.code()));
    // The codes after which the specification lets a client try again.
    match code {
        _ if status.source().is_some() => ExportError::Interrupted,
        Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable
        | Code::DataLoss => ExportError::Retryable(refusal, retry_info.and_then(|info| info.retry_delay)),
        Code::ResourceExhausted if retry_info.is_some() => {
            ExportError::Retryable(refusal, retry_info.and_then(|info| info.retry_delay))
        }
        _ => ExportError::Rejected(refusal),
    }
}

/// Messages that the SDK has encoded already.
struct Encoded;

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }
}

impl Decoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
