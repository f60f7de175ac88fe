//! The settings of OpenTelemetry that the worker knows.

use crate::config::setting::{AppliesTo, Setting};

/// What the settings of OpenTelemetry have in common.
const FOR_EVERY_PROCESS: Setting = Setting {
    name: "",
    default: None,
    form: "",
    example: "",
    required: "",
    meaning: "",
    applies_to: AppliesTo::Every,
};

const ENDPOINT_FORM: &str = "an `https://` URL without user, query and fragment, and for `grpc` without a path; for a \
    collector on the same machine also `http://localhost:PORT`";
const PROTOCOL_FORM: &str = "`http/protobuf`, `http/json` or `grpc`";
const HEADERS_FORM: &str =
    "pairs such as `name=value,other=value`, percent-encoded, without headers that the exporter sets itself";
const COMPRESSION_FORM: &str = "`gzip` or `none`";
const MILLISECONDS_FORM: &str = "a number of milliseconds from 1 to 600000";
const PEM_FILE_FORM: &str = "the path of a PEM file";

/// The settings of OpenTelemetry, with the names of its specification.
pub(super) const TELEMETRY: &[Setting] = &[
    Setting {
        name: "OTEL_EXPORTER_OTLP_ENDPOINT",
        form: ENDPOINT_FORM,
        example: "https://collector.example.net:4318",
        required: "never; without it, and without one for traces or metrics, nothing is exported",
        meaning: "the collector; over HTTP spans are sent to its path /v1/traces, metrics to /v1/metrics",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
        form: ENDPOINT_FORM,
        example: "https://traces.example.net:4318/v1/traces",
        required: "never; without it the path /v1/traces of `OTEL_EXPORTER_OTLP_ENDPOINT`",
        meaning: "where spans are sent, over HTTP path included",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
        form: ENDPOINT_FORM,
        example: "https://metrics.example.net:4318/v1/metrics",
        required: "never; without it the path /v1/metrics of `OTEL_EXPORTER_OTLP_ENDPOINT`",
        meaning: "where metrics are sent, over HTTP path included",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_PROTOCOL",
        form: PROTOCOL_FORM,
        example: "http/protobuf",
        required: "never; read only where there is a collector; without it `http/protobuf`",
        meaning: "the protocol of the export",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
        form: PROTOCOL_FORM,
        example: "http/json",
        required: "never; without it `OTEL_EXPORTER_OTLP_PROTOCOL`",
        meaning: "the protocol for spans",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
        form: PROTOCOL_FORM,
        example: "http/protobuf",
        required: "never; without it `OTEL_EXPORTER_OTLP_PROTOCOL`",
        meaning: "the protocol for metrics",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_HEADERS",
        form: HEADERS_FORM,
        example: "api-key=not-a-secret",
        required: "never; read only where there is a collector",
        meaning: "headers for the collector; secret",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        form: HEADERS_FORM,
        example: "api-key=not-a-secret",
        required: "never; without it `OTEL_EXPORTER_OTLP_HEADERS`",
        meaning: "headers for the collector of spans, in place of the others; secret",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_METRICS_HEADERS",
        form: HEADERS_FORM,
        example: "api-key=not-a-secret",
        required: "never; without it `OTEL_EXPORTER_OTLP_HEADERS`",
        meaning: "headers for the collector of metrics, in place of the others; secret",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_COMPRESSION",
        form: COMPRESSION_FORM,
        example: "gzip",
        required: "never; read only where there is a collector; without it `none`",
        meaning: "how bodies are compressed",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
        form: COMPRESSION_FORM,
        example: "none",
        required: "never; without it `OTEL_EXPORTER_OTLP_COMPRESSION`",
        meaning: "how bodies with spans are compressed",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION",
        form: COMPRESSION_FORM,
        example: "gzip",
        required: "never; without it `OTEL_EXPORTER_OTLP_COMPRESSION`",
        meaning: "how bodies with metrics are compressed",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_TIMEOUT",
        form: MILLISECONDS_FORM,
        example: "5000",
        required: "never; read only where there is a collector; without it 5000",
        meaning: "how long the collector may take for one answer",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
        form: MILLISECONDS_FORM,
        example: "5000",
        required: "never; without it `OTEL_EXPORTER_OTLP_TIMEOUT`",
        meaning: "how long the collector of spans may take for one answer",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT",
        form: MILLISECONDS_FORM,
        example: "5000",
        required: "never; without it `OTEL_EXPORTER_OTLP_TIMEOUT`",
        meaning: "how long the collector of metrics may take for one answer",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_CERTIFICATE",
        form: PEM_FILE_FORM,
        example: "/certificates/collector-ca.pem",
        required: "never; read only where there is a collector; without it the public authorities",
        meaning: "the only authorities that are trusted to issue the certificate of the collector",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
        form: PEM_FILE_FORM,
        example: "/certificates/collector-ca.pem",
        required: "never; without it `OTEL_EXPORTER_OTLP_CERTIFICATE`",
        meaning: "the only authorities that are trusted to issue the certificate of the collector of spans",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE",
        form: PEM_FILE_FORM,
        example: "/certificates/collector-ca.pem",
        required: "never; without it `OTEL_EXPORTER_OTLP_CERTIFICATE`",
        meaning: "the only authorities that are trusted to issue the certificate of the collector of metrics",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
        form: PEM_FILE_FORM,
        example: "/certificates/collector-client.pem",
        required: "where the collector demands a client certificate; read only where there is a collector",
        meaning: "the certificate that the collector is shown, then those that signed it",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_CLIENT_KEY",
        form: PEM_FILE_FORM,
        example: "/certificates/collector-client.key",
        required: "with a client certificate for the collector; forbidden without",
        meaning: "the private key of the certificate that the collector is shown; the file is secret",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE",
        form: PEM_FILE_FORM,
        example: "/certificates/collector-client.pem",
        required: "never; without it `OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE`",
        meaning: "the certificate that the collector of spans is shown, then those that signed it",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
        form: PEM_FILE_FORM,
        example: "/certificates/collector-client.key",
        required: "never; without it `OTEL_EXPORTER_OTLP_CLIENT_KEY`",
        meaning: "the private key of the certificate that the collector of spans is shown; the file is secret",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE",
        form: PEM_FILE_FORM,
        example: "/certificates/collector-client.pem",
        required: "never; without it `OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE`",
        meaning: "the certificate that the collector of metrics is shown, then those that signed it",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY",
        form: PEM_FILE_FORM,
        example: "/certificates/collector-client.key",
        required: "never; without it `OTEL_EXPORTER_OTLP_CLIENT_KEY`",
        meaning: "the private key of the certificate that the collector of metrics is shown; the file is secret",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_TRACES_EXPORTER",
        form: "`otlp` or `none`",
        example: "otlp",
        required: "never; read only where there is a collector; without it `otlp`",
        meaning: "`none` exports no spans",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_METRICS_EXPORTER",
        form: "`otlp` or `none`",
        example: "otlp",
        required: "never; read only where there is a collector; without it `otlp`",
        meaning: "`none` exports no metrics",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_TRACES_SAMPLER",
        form: "`always_on`, `always_off` or `traceidratio`, each also with `parentbased_` before it",
        example: "parentbased_traceidratio",
        required: "never; read only where there is a collector; without it `parentbased_always_on`",
        meaning: "which spans are exported; after `parentbased_` none below a span that is not exported; a caller's word \
            that its span is exported counts only for traces that the sampler would choose by itself",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_TRACES_SAMPLER_ARG",
        form: "a number from 0 to 1",
        example: "0.1",
        required: "never; read only where there is a collector; without it 1",
        meaning: "the share of traces that `traceidratio` exports",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_SERVICE_NAME",
        default: Some("orders-worker"),
        form: "text",
        example: "orders-api",
        required: "never; read only where there is a collector",
        meaning: "the name of the service in everything that is exported",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_RESOURCE_ATTRIBUTES",
        form: "pairs such as `name=value,other=value`, percent-encoded",
        example: "deployment.environment.name=production",
        required: "never; read only where there is a collector",
        meaning: "further attributes of everything that is exported; `OTEL_SERVICE_NAME` counts before a \
            `service.name` among them",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_BSP_SCHEDULE_DELAY",
        form: MILLISECONDS_FORM,
        example: "1000",
        required: "never; read only where there is a collector; without it 5000",
        meaning: "how long spans wait for more before they are sent",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_BSP_MAX_QUEUE_SIZE",
        form: "a number from 1 to 100000",
        example: "4096",
        required: "never; read only where there is a collector; without it 2048",
        meaning: "how many spans wait for the collector, those that are being sent included; others are dropped and \
            counted",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        form: "a number from 1 to 100000",
        example: "256",
        required: "never; read only where there is a collector; without it 512",
        meaning: "the most spans of one request; at most `OTEL_BSP_MAX_QUEUE_SIZE`",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_BSP_EXPORT_TIMEOUT",
        form: MILLISECONDS_FORM,
        example: "30000",
        required: "never; read only where there is a collector; without it for as long as the collector may take the \
            batch later",
        meaning: "how long a batch is sent again while the collector does not take it",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_METRIC_EXPORT_INTERVAL",
        form: MILLISECONDS_FORM,
        example: "60000",
        required: "never; read only where there is a collector; without it 60000",
        meaning: "the time between two exports of metrics",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_METRIC_EXPORT_TIMEOUT",
        form: MILLISECONDS_FORM,
        example: "30000",
        required: "never; read only where there is a collector; without it 30000",
        meaning: "how long one export of metrics is sent again while the collector does not take it",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
        form: "`cumulative`, `delta` or `lowmemory`",
        example: "cumulative",
        required: "never; read only where there is a collector; without it `cumulative`",
        meaning: "whether counters are counted from the start of the process or from the export before",
        ..FOR_EVERY_PROCESS
    },
    Setting {
        name: "OTEL_SDK_DISABLED",
        form: "`true` or `false`",
        example: "false",
        required: "never; read only where there is a collector; without it `false`",
        meaning: "`true` exports nothing",
        ..FOR_EVERY_PROCESS
    },
];
