//! Answers to exporters, each in the encoding of its request.

use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::{Value, json};

use crate::{
    body::{self, Body, status_only},
    traces::MAX_SPANS,
};

/// How a request and its answer are encoded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Encoding {
    Protobuf,
    Json,
}

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the request is not an ExportTraceServiceRequest: {0}")]
    Malformed(String),
    #[error("the request may have {0} bytes, unpacked too: let the exporter send smaller batches")]
    TooLarge(usize),
    #[error("Content-Encoding may be gzip or left out")]
    UnknownCoding,
}

/// `google.rpc.Status`, which every refusal has for a body.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(string, tag = "2")]
    message: String,
}

impl Encoding {
    /// That of `Content-Type`; none for one that OTLP does not know.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        match kind.split(';').next()?.trim().to_ascii_lowercase().as_str() {
            "application/x-protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }

    fn answer(self, status: StatusCode, protobuf: &impl Message, json: &Value) -> Response<Body> {
        match self {
            Self::Protobuf => body::answer(status, self.media_type(), protobuf.encode_to_vec()),
            Self::Json => body::answer(status, self.media_type(), json.to_string()),
        }
    }
}

impl Refusal {
    pub(super) fn malformed(why: impl Into<String>) -> Self {
        Self::Malformed(why.into())
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnknownCoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}

/// The answer to a request that is understood, of which some spans may not be stored.
pub(super) fn accepted(encoding: Encoding, rejected: usize) -> Response<Body> {
    if rejected == 0 {
        return encoding.answer(StatusCode::OK, &ExportTraceServiceResponse::default(), &json!({}));
    }
    let error_message = format!(
        "{rejected} spans are not stored: they have no valid ids, or their trace has more than the {MAX_SPANS} spans or 32 MiB that fit"
    );
    let json =
        json!({"partialSuccess": {"rejectedSpans": rejected.to_string(), "errorMessage": error_message}});
    let rejected_spans = i64::try_from(rejected).unwrap_or(i64::MAX);
    let partial = ExportTracePartialSuccess { rejected_spans, error_message };
    encoding.answer(StatusCode::OK, &ExportTraceServiceResponse { partial_success: Some(partial) }, &json)
}

/// The answer to a request that is not.
pub(super) fn refused(encoding: Encoding, refusal: &Refusal) -> Response<Body> {
    let message = refusal.to_string();
    let json = json!({"message": message});
    let mut answer = encoding.answer(refusal.status(), &RpcStatus { message }, &json);
    if matches!(refusal, Refusal::UnknownCoding) {
        answer.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    answer
}

/// The answer to a content type that is none of the two.
pub(super) fn unknown_encoding() -> Response<Body> {
    body::text(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "Send application/x-protobuf or application/json: set OTEL_EXPORTER_OTLP_PROTOCOL to http/protobuf or http/json.",
    )
}

/// The answer to another method.
pub(super) fn only_post() -> Response<Body> {
    let mut answer = status_only(StatusCode::METHOD_NOT_ALLOWED);
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    answer
}
