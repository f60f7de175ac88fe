//! Why nothing can be exported.

use std::io;

use opentelemetry_otlp::ExporterBuildError;

use crate::{https::ClientError, pem::PemError};

/// Nothing can be exported with these settings.
#[derive(Debug, thiserror::Error)]
pub enum StartExportError {
    /// The file of the collector's authorities.
    #[error("cannot read the file that OTEL_EXPORTER_OTLP_CERTIFICATE names")]
    Certificate(#[from] io::Error),
    /// What that file holds.
    #[error("the file that OTEL_EXPORTER_OTLP_CERTIFICATE names holds no certificates")]
    Pem(#[from] PemError),
    /// There can be no HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The SDK refuses a setting.
    #[error("cannot start the export: check the settings that begin with OTEL_")]
    Exporter(#[from] ExporterBuildError),
}
