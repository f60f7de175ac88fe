//! The HTTP client of a collector.

use std::fs;

use reqwest::Client;

#[cfg(feature = "otlp-grpc")]
use super::settings::Protocol;
use super::{
    settings::{Collector, PemFile},
    start_error::StartExportError,
};
use crate::{
    https::{self, Roots, Schemes},
    pem::{self, ClientIdentity, PemError},
    secret::Secret,
};

/// A client that trusts the collector's authorities alone and shows it the certificate of the settings.
pub(super) fn http_client(collector: &Collector) -> Result<Client, StartExportError> {
    let roots = match &collector.certificate {
        Some(file) => Roots::Only(read(file, pem::certificates)?),
        None => Roots::Public,
    };
    let schemes =
        if collector.endpoint.scheme() == "http" { Schemes::HttpsAndHttp } else { Schemes::HttpsOnly };
    let identity = match &collector.identity {
        Some(files) => Some(ClientIdentity {
            chain: read(&files.certificate, pem::certificates)?,
            key: read(&files.key, pem::private_key)?,
        }),
        None => None,
    };
    let client = match (collector.protocol, identity) {
        #[cfg(feature = "otlp-grpc")]
        (Protocol::Grpc, identity) => https::http2_client(roots, identity, schemes, collector.timeout),
        (_, Some(identity)) => https::mtls_client(roots, identity, collector.timeout),
        (_, None) => https::client(roots, schemes, collector.timeout),
    };
    client.map_err(|source| match &collector.identity {
        Some(files) => StartExportError::Identity {
            certificate: files.certificate.setting,
            key: files.key.setting,
            source,
        },
        None => StartExportError::Client(source),
    })
}

fn read<T>(file: &PemFile, parse: fn(&str) -> Result<T, PemError>) -> Result<T, StartExportError> {
    let setting = file.setting;
    let text = fs::read_to_string(&file.path).map_err(|source| StartExportError::File { setting, source })?;
    parse(Secret::new(text).expose()).map_err(|source| StartExportError::Pem { setting, source })
}
