//! The collector of traces, in the words of the OpenTelemetry specification ("OpenTelemetry Protocol Exporter").

use percent_encoding::percent_decode_str;
use reqwest::{
    Url,
    header::{
        CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
        TRANSFER_ENCODING,
    },
};

use super::{
    env_reader::EnvReader,
    value::{self, Invalid},
};
use crate::{https, telemetry::traces::TraceSettings};

/// The headers that the exporter itself sets.
const RESERVED_HEADERS: [HeaderName; 6] =
    [CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING];

/// The settings of the trace collector, if one is named. Without it the other settings are not read: the Functions host
/// has settings of these names too.
pub(super) fn read(env: &mut EnvReader) -> Option<TraceSettings> {
    let name = "OTEL_EXPORTER_OTLP_ENDPOINT";
    if !env.is_set(name) {
        return None;
    }
    let address = env.optional(name, address);
    env.optional("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
    let headers = env.optional("OTEL_EXPORTER_OTLP_HEADERS", headers);
    let service = env.read("OTEL_SERVICE_NAME", value::any);
    Some(TraceSettings { endpoint: address?, headers: headers.unwrap_or_default(), service: service? })
}

fn address(text: &str) -> Result<Url, Invalid> {
    let base = https::base_url(text).ok_or(Invalid::Form)?;
    Url::parse(&format!("{}/v1/traces", base.as_str().trim_end_matches('/'))).map_err(|_| Invalid::Form)
}

fn protocol(text: &str) -> Result<(), Invalid> {
    if text == "http/json" { Ok(()) } else { Err(Invalid::Form) }
}

fn headers(text: &str) -> Result<HeaderMap, Invalid> {
    let pairs = text.split(',').map(header);
    let read: Option<HeaderMap> = pairs.collect();
    read.ok_or(Invalid::Form)
}

fn header(pair: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = pair.split_once('=')?;
    let name: HeaderName = name.trim().parse().ok()?;
    let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
    let mut value = HeaderValue::from_str(&value).ok()?;
    value.set_sensitive(true);
    (!RESERVED_HEADERS.contains(&name)).then_some((name, value))
}
