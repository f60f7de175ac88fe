//! What a collector says of a batch that it took.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;
use serde::Deserialize;
use serde_json::Value;

use super::settings::Protocol;

/// The answer in JSON. The generated type does not read a 64-bit number in quotes, which is how JSON spells it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ExportResponse {
    partial_success: PartialSuccess,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PartialSuccess {
    rejected_spans: Value,
}

/// How many spans of a batch the collector refused although it took the others.
pub(super) fn rejected_spans(protocol: Protocol, body: &[u8]) -> usize {
    if protocol == Protocol::HttpJson { rejected_in_json(body) } else { rejected_in_protobuf(body) }
}

fn rejected_in_json(body: &[u8]) -> usize {
    let answer: ExportResponse = serde_json::from_slice(body).unwrap_or_default();
    let rejected = match answer.partial_success.rejected_spans {
        Value::String(number) => number.parse().ok(),
        number => number.as_u64(),
    };
    count(rejected.unwrap_or_default())
}

fn rejected_in_protobuf(body: &[u8]) -> usize {
    let answer = ExportTraceServiceResponse::decode(body).unwrap_or_default();
    let rejected = answer.partial_success.map_or(0, |partial| partial.rejected_spans);
    count(u64::try_from(rejected).unwrap_or_default())
}

fn count(rejected: u64) -> usize {
    usize::try_from(rejected).unwrap_or(usize::MAX)
}
