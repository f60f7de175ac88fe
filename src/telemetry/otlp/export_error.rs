//! Why a batch did not reach the collector.

use std::time::Duration;

use reqwest::StatusCode;

/// A batch did not reach the collector. Contains neither the collector's address nor a header, and quotes nothing from
/// its answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExportError {
    /// The batch makes no request.
    #[error("the batch cannot be sent: check OTEL_EXPORTER_OTLP_ENDPOINT")]
    Invalid(#[source] reqwest::Error),
    #[error("the collector does not answer")]
    Unavailable(#[source] reqwest::Error),
    /// The collector may accept the batch later.
    #[error("the collector answers with status {0}")]
    Retryable(StatusCode, Option<Duration>),
    #[error(
        "the collector refuses with status {0}: check OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS and \
         that it takes OTEL_EXPORTER_OTLP_PROTOCOL"
    )]
    Rejected(StatusCode),
    /// All but some spans were accepted.
    #[error("the collector took a batch only in part: look at its log")]
    PartialSuccess,
    /// The time of the batch is over.
    #[error(
        "the collector did not take a batch within OTEL_BSP_EXPORT_TIMEOUT or OTEL_METRIC_EXPORT_TIMEOUT"
    )]
    Expired,
}
