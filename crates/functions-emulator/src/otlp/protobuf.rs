//! `http/protobuf`.

use bytes::Bytes;
use opentelemetry_proto::tonic::{resource::v1::Resource, trace::v1::Span};
use prost::Message;

use super::{
    answer::Refusal,
    decode::{Batch, service},
};

/// `ExportTraceServiceRequest`, its parts not yet decoded: a span takes two bytes in a request and hundreds in memory.
#[derive(Clone, PartialEq, Message)]
struct ExportRequest {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    resource_spans: Vec<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(bytes = "bytes", repeated, tag = "2")]
    scope_spans: Vec<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(bytes = "bytes", repeated, tag = "2")]
    spans: Vec<Bytes>,
}

/// The spans of a request.
pub(super) fn decode(bytes: Bytes) -> Result<Batch, Refusal> {
    let mut batch = Batch::default();
    for resource in message::<ExportRequest>(bytes)?.resource_spans {
        let ResourceSpans { resource, scope_spans } = message(resource)?;
        let service = service(resource.as_ref());
        for scope in scope_spans {
            for span in message::<ScopeSpans>(scope)?.spans {
                if batch.is_full() {
                    batch.rejected += 1;
                } else {
                    batch.add(message::<Span>(span)?, &service);
                }
            }
        }
    }
    Ok(batch)
}

fn message<T: Message + Default>(bytes: Bytes) -> Result<T, Refusal> {
    T::decode(bytes).map_err(|error| Refusal::malformed(error.to_string()))
}
