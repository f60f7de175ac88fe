//! Asks the issuer: its metadata, then the key set that the metadata names:
//! `docs/reference/identity.md#issuer-metadata-and-keys`.

use std::{collections::HashMap, error::Error, time::Duration};

use reqwest::{Client, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};

use super::jwk::{self, KeySetDocument, VerifyingKey};
use crate::{
    https::{self, BodyError, ClientError, Roots, Schemes},
    identity::{authority::Authority, settings::TokenSettings},
    limits::LIMITS,
};

/// Time for one answer, its body included.
const PATIENCE: Duration = LIMITS.peers.issuer;
/// Longest answer, in bytes.
const LONGEST: usize = LIMITS.peers.issuer_answer;

/// Where the keys come from.
pub(super) struct Source {
    client: Client,
    authority: Authority,
    issuer: String,
    metadata: String,
    tenant: String,
}

/// Why the issuer's keys cannot be had; for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("the issuer does not answer")]
    Away(#[source] reqwest::Error),
    #[error("the issuer answers with status {0}")]
    Status(StatusCode),
    #[error("the issuer's answer cannot be read")]
    Body(#[source] BodyError),
    #[error("the issuer's answer does not have the form of OpenID metadata or of a key set")]
    Form(#[source] serde_json::Error),
    #[error("the metadata names another issuer")]
    Issuer,
    #[error("the metadata names a key set on another host")]
    Elsewhere,
    #[error("the key set contains no key that can verify tokens")]
    NoKey,
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

impl Source {
    pub(super) fn new(settings: &TokenSettings, roots: Roots) -> Result<Self, ClientError> {
        let authority = settings.authority.clone();
        let schemes = if authority.is_plain() { Schemes::AlsoHttp } else { Schemes::Https };
        Ok(Self {
            client: https::client(roots, schemes, PATIENCE)?,
            issuer: authority.issuer(settings.tenant),
            metadata: authority.metadata(settings.tenant),
            tenant: settings.tenant.to_string(),
            authority,
        })
    }

    /// The keys that the issuer names now, by their ids; at least one.
    pub(super) async fn fetch(&self) -> Result<HashMap<String, VerifyingKey>, FetchError> {
        let metadata: Metadata = self.read(&self.metadata).await?;
        if metadata.issuer != self.issuer {
            return Err(FetchError::Issuer);
        }
        let address = self.authority.own(&metadata.jwks_uri).ok_or(FetchError::Elsewhere)?;
        let document: KeySetDocument = self.read(address.as_str()).await?;
        let keys = jwk::usable(document, &self.tenant, &self.issuer);
        if keys.is_empty() { Err(FetchError::NoKey) } else { Ok(keys) }
    }

    async fn read<T: DeserializeOwned>(&self, address: &str) -> Result<T, FetchError> {
        let answer = self.client.get(address).send().await.map_err(FetchError::Away)?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status()));
        }
        let body = https::body(answer, LONGEST).await.map_err(FetchError::Body)?;
        serde_json::from_slice(&body).map_err(FetchError::Form)
    }
}
