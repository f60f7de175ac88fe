//! Why nothing can be exported.

use std::io;

use opentelemetry_otlp::ExporterBuildError;

use crate::{https::ClientError, pem::PemError};

/// Nothing can be exported with these settings.
#[derive(Debug, thiserror::Error)]
pub enum StartExportError {
    /// A file of a certificate or key.
    #[error("cannot read the file that {setting} names")]
    File {
        /// The setting that names it.
        setting: &'static str,
        /// Why.
        source: io::Error,
    },
    /// What a file of a certificate or key holds.
    #[error("the file that {setting} names is of no use")]
    Pem {
        /// The setting that names it.
        setting: &'static str,
        /// Why.
        source: PemError,
    },
    /// The client certificate and its key do not belong together.
    #[error("the file that {certificate} names holds no certificate of the key in the file that {key} names")]
    Identity {
        /// The setting that names the certificate.
        certificate: &'static str,
        /// The setting that names the key.
        key: &'static str,
        /// What TLS says.
        source: ClientError,
    },
    /// There can be no HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The SDK refuses a setting.
    #[error("cannot start the export: check the settings that begin with OTEL_")]
    Exporter(#[from] ExporterBuildError),
}
