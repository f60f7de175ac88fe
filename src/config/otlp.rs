//! The collector of traces and metrics, in the words of the OpenTelemetry specification: [OTLP exporter], [SDK].
//!
//! [OTLP exporter]: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
//! [SDK]: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/

use std::time::Duration;

use percent_encoding::percent_decode_str;
use reqwest::{
    Url,
    header::{
        CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
        TRANSFER_ENCODING,
    },
};

use super::{
    env_reader::{EnvReader, Parser},
    value::{self, Invalid},
};
use crate::{
    https,
    telemetry::otlp::{
        BatchSettings, Collector, Compression, IdentityFiles, MetricSettings, MetricTemporality,
        OtlpSettings, PemFile, Protocol, SamplerSettings, TraceSettings,
    },
};

/// The headers that the exporter itself sets.
const RESERVED_HEADERS: [HeaderName; 6] =
    [CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING];

/// The collector of all signals.
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const CLIENT_CERTIFICATE: &str = "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE";
const CLIENT_KEY: &str = "OTEL_EXPORTER_OTLP_CLIENT_KEY";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const SAMPLER_ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";
const MAX_QUEUE_SIZE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";
const MAX_BATCH_SIZE: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";

/// Time for one answer of a collector. With the longest pause before a batch is sent again it stays within ten seconds,
/// so that a collector which is available again gets its batch by then.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

const DEFAULT_METRIC_INTERVAL: Duration = Duration::from_mins(1);
const DEFAULT_METRIC_TIMEOUT: Duration = Duration::from_secs(30);

/// The settings of one signal, each of which counts before that of all signals.
struct SignalNames {
    exporter: &'static str,
    endpoint: &'static str,
    path: &'static str,
    #[cfg(feature = "otlp-grpc")]
    grpc_path: &'static str,
    protocol: &'static str,
    headers: &'static str,
    compression: &'static str,
    timeout: &'static str,
    certificate: &'static str,
    client_certificate: &'static str,
    client_key: &'static str,
}

const TRACES: SignalNames = SignalNames {
    exporter: "OTEL_TRACES_EXPORTER",
    endpoint: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    path: "/v1/traces",
    #[cfg(feature = "otlp-grpc")]
    grpc_path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    protocol: "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    headers: "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    compression: "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
    timeout: "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
    certificate: "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
    client_certificate: "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
    client_key: "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
};

/// A value of `OTEL_TRACES_SAMPLER`.
struct SamplerKind {
    is_parent_based: bool,
    /// None where it is the argument.
    ratio: Option<f64>,
}

const METRICS: SignalNames = SignalNames {
    exporter: "OTEL_METRICS_EXPORTER",
    endpoint: "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
    path: "/v1/metrics",
    #[cfg(feature = "otlp-grpc")]
    grpc_path: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    protocol: "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
    headers: "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
    compression: "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION",
    timeout: "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",
    certificate: "OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE",
    client_certificate: "OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE",
    client_key: "OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY",
};

/// What is exported, if a collector is named. Without one the other settings are not read: the Functions host has
/// settings of these names too.
pub(super) fn read(env: &mut EnvReader) -> Option<OtlpSettings> {
    let has_collector = [ENDPOINT, TRACES.endpoint, METRICS.endpoint].iter().any(|name| env.is_set(name));
    if !has_collector || env.optional("OTEL_SDK_DISABLED", boolean) == Some(true) {
        return None;
    }
    let traces = traces(env);
    let metrics = metrics(env);
    if traces.is_none() && metrics.is_none() {
        return None;
    }
    Some(OtlpSettings { resource: resource(env)?, traces, metrics })
}

fn traces(env: &mut EnvReader) -> Option<TraceSettings> {
    let collector = collector(env, &TRACES)?;
    Some(TraceSettings { collector, sampler: sampler(env), batch: batch(env) })
}

fn metrics(env: &mut EnvReader) -> Option<MetricSettings> {
    let collector = collector(env, &METRICS)?;
    let interval = env.optional("OTEL_METRIC_EXPORT_INTERVAL", milliseconds);
    let export_timeout = env.optional("OTEL_METRIC_EXPORT_TIMEOUT", milliseconds);
    let temporality = env.optional("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", temporality);
    Some(MetricSettings {
        collector,
        interval: interval.unwrap_or(DEFAULT_METRIC_INTERVAL),
        export_timeout: export_timeout.unwrap_or(DEFAULT_METRIC_TIMEOUT),
        temporality: temporality.unwrap_or(MetricTemporality::Cumulative),
    })
}

/// None if the signal has no collector, is not exported, or a setting is invalid.
fn collector(env: &mut EnvReader, names: &SignalNames) -> Option<Collector> {
    let has_collector = env.is_set(names.endpoint) || env.is_set(ENDPOINT);
    if !has_collector || env.optional(names.exporter, exporter) == Some(false) {
        return None;
    }
    let protocol = of_signal(env, names.protocol, "OTEL_EXPORTER_OTLP_PROTOCOL", protocol)
        .unwrap_or(Protocol::HttpProtobuf);
    let endpoint = endpoint(env, names, protocol);
    let headers = of_signal(env, names.headers, "OTEL_EXPORTER_OTLP_HEADERS", headers);
    let compression = of_signal(env, names.compression, "OTEL_EXPORTER_OTLP_COMPRESSION", compression);
    let timeout = of_signal(env, names.timeout, "OTEL_EXPORTER_OTLP_TIMEOUT", milliseconds);
    let certificate = in_use(env, names.certificate, "OTEL_EXPORTER_OTLP_CERTIFICATE");
    let certificate = pem_file(env, certificate);
    let identity = identity(env, names, endpoint.as_ref());
    Some(Collector {
        endpoint: endpoint?,
        headers: headers.unwrap_or_default(),
        protocol,
        compression: compression.unwrap_or(Compression::None),
        timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
        certificate,
        identity,
    })
}

/// The certificate that the collector is shown, and its key: both or neither.
fn identity(env: &mut EnvReader, names: &SignalNames, endpoint: Option<&Url>) -> Option<IdentityFiles> {
    let (certificate, key) = (
        in_use(env, names.client_certificate, CLIENT_CERTIFICATE),
        in_use(env, names.client_key, CLIENT_KEY),
    );
    if env.is_set(certificate) {
        env.require(
            key,
            "is missing: a client certificate for the collector needs its private key, in a PEM file",
        );
        if endpoint.is_some_and(|endpoint| endpoint.scheme() == "http") {
            let error = "is set, but the collector is called over plain `http`: call it over `https`, or remove this \
                         setting";
            env.forbid(certificate, error);
        }
    } else {
        env.forbid(key, "is set without a client certificate: set that too, or remove this setting");
    }
    Some(IdentityFiles { certificate: pem_file(env, certificate)?, key: pem_file(env, key)? })
}

fn pem_file(env: &mut EnvReader, setting: &'static str) -> Option<PemFile> {
    env.optional(setting, value::any).map(|path| PemFile { setting, path: path.into() })
}

/// The value for one signal, or else that for all.
fn of_signal<T>(env: &mut EnvReader, own: &'static str, shared: &'static str, parse: Parser<T>) -> Option<T> {
    env.optional(in_use(env, own, shared), parse)
}

/// The setting that counts for a signal.
fn in_use(env: &EnvReader, own: &'static str, shared: &'static str) -> &'static str {
    if env.is_set(own) { own } else { shared }
}

fn sampler(env: &mut EnvReader) -> SamplerSettings {
    let kind = env
        .optional(SAMPLER, sampler_kind)
        .unwrap_or(SamplerKind { is_parent_based: true, ratio: Some(1.0) });
    if kind.ratio.is_some() {
        let error = "is set, but OTEL_TRACES_SAMPLER is neither `traceidratio` nor `parentbased_traceidratio`: set it to \
                     one of these, or remove this setting";
        env.forbid(SAMPLER_ARGUMENT, error);
    }
    let ratio = kind.ratio.or_else(|| env.optional(SAMPLER_ARGUMENT, ratio)).unwrap_or(1.0);
    SamplerSettings { is_parent_based: kind.is_parent_based, ratio }
}

fn batch(env: &mut EnvReader) -> BatchSettings {
    let defaults = BatchSettings::default();
    let max_queued = env.optional(MAX_QUEUE_SIZE, queue_size).unwrap_or(defaults.max_queued);
    let max_batch = env.optional(MAX_BATCH_SIZE, queue_size);
    if max_batch.is_some_and(|max_batch| max_batch > max_queued) {
        env.add_error(
            MAX_BATCH_SIZE,
            "must not be above OTEL_BSP_MAX_QUEUE_SIZE, which is 2048 if it is not set",
        );
    }
    BatchSettings {
        delay: env.optional("OTEL_BSP_SCHEDULE_DELAY", milliseconds).unwrap_or(defaults.delay),
        max_queued,
        max_batch: max_batch.unwrap_or(defaults.max_batch).min(max_queued),
        export_timeout: env.optional("OTEL_BSP_EXPORT_TIMEOUT", milliseconds),
    }
}

/// `OTEL_SERVICE_NAME` counts before a `service.name` among the attributes.
fn resource(env: &mut EnvReader) -> Option<Vec<(String, String)>> {
    let service = env.read(SERVICE_NAME, value::any)?;
    let given = env.optional("OTEL_RESOURCE_ATTRIBUTES", attributes).unwrap_or_default();
    let version = ("service.version".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
    let service = ("service.name".to_owned(), service);
    // Of two attributes with one name the later one counts.
    Some(if env.is_set(SERVICE_NAME) {
        [version].into_iter().chain(given).chain([service]).collect()
    } else {
        [version, service].into_iter().chain(given).collect()
    })
}

/// Where the signal is sent, path included.
fn endpoint(env: &mut EnvReader, names: &SignalNames, protocol: Protocol) -> Option<Url> {
    match protocol {
        #[cfg(feature = "otlp-grpc")]
        Protocol::Grpc => {
            let name = in_use(env, names.endpoint, ENDPOINT);
            env.optional(name, pathless_url).map(|base| below(base, names.grpc_path))
        }
        _ if env.is_set(names.endpoint) => env.optional(names.endpoint, url),
        _ => env.optional(ENDPOINT, url).map(|base| below(base, names.path)),
    }
}

fn url(text: &str) -> Result<Url, Invalid> {
    https::base_url(text).ok_or(Invalid::Form)
}

/// A method of gRPC has a path of its own, and a collector that is reached by another one is none that we know.
#[cfg(feature = "otlp-grpc")]
fn pathless_url(text: &str) -> Result<Url, Invalid> {
    url(text).and_then(|url| if url.path() == "/" { Ok(url) } else { Err(Invalid::Form) })
}

/// `base` has no query, so its end is the end of its path.
fn below(mut base: Url, path: &str) -> Url {
    let path = format!("{}{path}", base.path().trim_end_matches('/'));
    base.set_path(&path);
    base
}

fn boolean(text: &str) -> Result<bool, Invalid> {
    if text.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if text.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(Invalid::Form)
    }
}

/// Whether there is any exporter.
fn exporter(text: &str) -> Result<bool, Invalid> {
    match text {
        "otlp" => Ok(true),
        "none" => Ok(false),
        _ => Err(Invalid::Form),
    }
}

fn protocol(text: &str) -> Result<Protocol, Invalid> {
    match text {
        "http/protobuf" => Ok(Protocol::HttpProtobuf),
        "http/json" => Ok(Protocol::HttpJson),
        #[cfg(feature = "otlp-grpc")]
        "grpc" => Ok(Protocol::Grpc),
        #[cfg(not(feature = "otlp-grpc"))]
        "grpc" => Err(Invalid::Because(
            "is `grpc`, which this program is built without: set `http/protobuf` or `http/json`, or build with the \
             cargo feature `otlp-grpc`",
        )),
        _ => Err(Invalid::Form),
    }
}

fn compression(text: &str) -> Result<Compression, Invalid> {
    match text {
        "gzip" => Ok(Compression::Gzip),
        "none" => Ok(Compression::None),
        _ => Err(Invalid::Form),
    }
}

fn temporality(text: &str) -> Result<MetricTemporality, Invalid> {
    match text {
        "cumulative" => Ok(MetricTemporality::Cumulative),
        "delta" => Ok(MetricTemporality::Delta),
        "lowmemory" => Ok(MetricTemporality::LowMemory),
        _ => Err(Invalid::Form),
    }
}

fn sampler_kind(text: &str) -> Result<SamplerKind, Invalid> {
    let (is_parent_based, kind) = match text.strip_prefix("parentbased_") {
        Some(kind) => (true, kind),
        None => (false, text),
    };
    let ratio = match kind {
        "always_on" => Some(1.0),
        "always_off" => Some(0.0),
        "traceidratio" => None,
        _ => return Err(Invalid::Form),
    };
    Ok(SamplerKind { is_parent_based, ratio })
}

fn ratio(text: &str) -> Result<f64, Invalid> {
    text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio)).ok_or(Invalid::Form)
}

fn milliseconds(text: &str) -> Result<Duration, Invalid> {
    let known = |number: &u64| (1..=600_000).contains(number);
    value::digits(text).filter(known).map(Duration::from_millis).ok_or(Invalid::Form)
}

fn queue_size(text: &str) -> Result<usize, Invalid> {
    value::digits(text).filter(|size| (1..=100_000).contains(size)).ok_or(Invalid::Form)
}

fn headers(text: &str) -> Result<HeaderMap, Invalid> {
    let read: Option<HeaderMap> = text.split(',').map(header).collect();
    read.ok_or(Invalid::Form)
}

fn header(pair: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = decoded_pair(pair)?;
    let name: HeaderName = name.parse().ok()?;
    let mut value = HeaderValue::from_str(&value).ok()?;
    value.set_sensitive(true);
    (!RESERVED_HEADERS.contains(&name)).then_some((name, value))
}

fn attributes(text: &str) -> Result<Vec<(String, String)>, Invalid> {
    let attribute = |pair| decoded_pair(pair).map(|(name, value)| (name.to_owned(), value));
    text.split(',').map(attribute).collect::<Option<_>>().ok_or(Invalid::Form)
}

/// A name, and a value that is percent-encoded.
fn decoded_pair(pair: &str) -> Option<(&str, String)> {
    let (name, value) = pair.split_once('=')?;
    let name = name.trim();
    let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
    (!name.is_empty()).then(|| (name, value.into_owned()))
}
