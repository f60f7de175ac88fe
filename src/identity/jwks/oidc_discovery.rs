//! Asks the issuer: its metadata, then the key set that the metadata names:
//! `docs/reference/identity.md#issuer-metadata-and-keys`.

use std::{collections::HashMap, error::Error, time::Duration};

use reqwest::{Client, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};

use super::jwk::{self, KeySetDocument, VerifyingKey};
use crate::{
    https::{self, BodyError, ClientError, Roots, Schemes},
    identity::{authority::TokenAuthority, settings::TokenSettings},
    limits::LIMITS,
    telemetry::{Service, call_service},
};

/// Time for one answer, its body included.
const TIMEOUT: Duration = LIMITS.dependencies.issuer_timeout;
/// Longest answer, in bytes.
const MAX_RESPONSE_BYTES: usize = LIMITS.dependencies.max_issuer_response_bytes;

/// Where the keys come from.
pub(super) struct OidcDiscovery {
    client: Client,
    authority: TokenAuthority,
    issuer: String,
    metadata_url: String,
    tenant: String,
}

/// Why the issuer's keys cannot be had; for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("the issuer does not answer")]
    Unreachable(#[source] reqwest::Error),
    #[error("the issuer answers with status {0}")]
    Status(StatusCode),
    #[error("the issuer's answer cannot be read")]
    Body(#[source] BodyError),
    #[error("the issuer's answer does not have the form of OpenID metadata or of a key set")]
    InvalidDocument(#[source] serde_json::Error),
    #[error("the metadata names another issuer")]
    IssuerMismatch,
    #[error("the metadata names a key set on another host")]
    ForeignKeySetUrl,
    #[error("the key set contains no key that can verify tokens")]
    NoUsableKey,
}

impl FetchError {
    /// Whether the issuer did not answer in time, rather than with something wrong or not at all.
    pub(super) fn is_timeout(&self) -> bool {
        let mut cause: Option<&(dyn Error + 'static)> = Some(self);
        while let Some(error) = cause {
            if error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl OidcDiscovery {
    pub(super) fn new(settings: &TokenSettings, roots: Roots) -> Result<Self, ClientError> {
        let authority = settings.authority.clone();
        let schemes = if authority.is_http() { Schemes::HttpsAndHttp } else { Schemes::HttpsOnly };
        Ok(Self {
            client: https::client(roots, schemes, TIMEOUT)?,
            issuer: authority.issuer(settings.tenant),
            metadata_url: authority.metadata_url(settings.tenant),
            tenant: settings.tenant.to_string(),
            authority,
        })
    }

    /// The keys that the issuer names now, by their ids; at least one.
    pub(super) async fn fetch(&self) -> Result<HashMap<String, VerifyingKey>, FetchError> {
        let metadata: Metadata = self.read(&self.metadata_url).await?;
        if metadata.issuer != self.issuer {
            return Err(FetchError::IssuerMismatch);
        }
        let address = self.authority.same_origin(&metadata.jwks_uri).ok_or(FetchError::ForeignKeySetUrl)?;
        let document: KeySetDocument = self.read(address.as_str()).await?;
        let keys = jwk::signing_keys(document, &self.tenant, &self.issuer);
        if keys.is_empty() { Err(FetchError::NoUsableKey) } else { Ok(keys) }
    }

    async fn read<T: DeserializeOwned>(&self, address: &str) -> Result<T, FetchError> {
        let answer = call_service(Service::Issuer, "GET", None, self.client.get(address).send())
            .await
            .map_err(FetchError::Unreachable)?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status()));
        }
        let body = https::read_body(answer, MAX_RESPONSE_BYTES).await.map_err(FetchError::Body)?;
        serde_json::from_slice(&body).map_err(FetchError::InvalidDocument)
    }
}
