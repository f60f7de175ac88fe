//! Why a batch did not reach the collector.

use std::{fmt, time::Duration};

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
    /// A call without an end says nothing of the batch.
    #[cfg(feature = "otlp-grpc")]
    #[error("the collector's answer breaks off")]
    Interrupted,
    /// The collector may accept the batch later.
    #[error("the collector answers with {0}")]
    Retryable(Refusal, Option<Duration>),
    #[error(
        "the collector refuses with {0}: check OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS and \
         that it takes OTEL_EXPORTER_OTLP_PROTOCOL"
    )]
    Rejected(Refusal),
    /// All but some spans were accepted.
    #[error("the collector took a batch only in part: look at its log")]
    PartialSuccess,
    /// The time of the batch is over.
    #[error(
        "the collector did not take a batch within OTEL_BSP_EXPORT_TIMEOUT or OTEL_METRIC_EXPORT_TIMEOUT"
    )]
    Expired,
}

/// How a collector says that it does not take a batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Refusal {
    Status(StatusCode),
    #[cfg(feature = "otlp-grpc")]
    Code(tonic::Code),
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(formatter, "status {status}"),
            #[cfg(feature = "otlp-grpc")]
            Self::Code(code) => write!(formatter, "the gRPC code {code:?}"),
        }
    }
}
