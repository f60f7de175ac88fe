//! CA certificates: their source in a setting, and their PEM text while the process runs.

use std::{str::FromStr, sync::Arc};

use chrono::{DateTime, Utc};

use super::{
    refreshing_secret::RefreshingSecret,
    source::{SecretError, SecretSource},
};
use crate::{
    clock::Clock,
    pem::{certificates, revocation_lists},
    secret::Secret,
    vault::Vault,
};

/// Where the CA certificates of a setting are. They are no secret, so the setting may contain them directly.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum CaSource {
    /// In the setting itself.
    Inline(Secret),
    /// Stored in a file or a vault, where they may change.
    External(SecretSource),
}

impl FromStr for CaSource {
    /// What is wrong with it, in words that follow on the name of a setting.
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.trim_start().starts_with("-----BEGIN") {
            return text.parse().map(Self::External);
        }
        let whole = certificates(text).is_ok() && revocation_lists(text).is_ok();
        whole
            .then(|| Self::Inline(Secret::new(text.to_owned())))
            .ok_or("must be PEM with at least one certificate, in whole blocks")
    }
}

/// The PEM text of CA certificates, for as long as the process lives.
#[derive(Debug)]
pub enum CaCertificates {
    /// Never changes.
    Static(Arc<Secret>),
    /// Read again in the background.
    Refreshing(RefreshingSecret),
}

impl CaCertificates {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(source: CaSource, vault: Option<Vault>) -> Self {
        match source {
            CaSource::Inline(text) => Self::Static(Arc::new(text)),
            CaSource::External(source) => Self::Refreshing(RefreshingSecret::new(source, vault)),
        }
    }

    /// The text at `now`: the same `Arc` until it changes.
    ///
    /// # Errors
    /// As [`RefreshingSecret::current`].
    pub async fn current(&self, now: DateTime<Utc>) -> Result<Arc<Secret>, SecretError> {
        match self {
            Self::Static(text) => Ok(Arc::clone(text)),
            Self::Refreshing(secret) => secret.current(now).await,
        }
    }

    /// The text, if it is cached.
    #[must_use]
    pub fn cached(&self, now: DateTime<Utc>) -> Option<Arc<Secret>> {
        match self {
            Self::Static(text) => Some(Arc::clone(text)),
            Self::Refreshing(secret) => secret.cached(now),
        }
    }

    /// As [`RefreshingSecret::keep_fresh`]; for inline text, which cannot change, it returns at once.
    pub async fn keep_fresh(&self, clock: Clock) {
        if let Self::Refreshing(secret) = self {
            secret.keep_fresh(clock).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use test_servers::Authority;

    use super::*;

    #[test]
    fn authorities_stand_in_the_setting_or_where_it_says() {
        let authority = Authority::new("tests").unwrap();
        let source = |text: &str| text.parse::<CaSource>();
        assert!(matches!(source(authority.certificate()), Ok(CaSource::Inline(_))));
        assert!(matches!(source("/etc/ca.pem"), Ok(CaSource::External(SecretSource::File(_)))));
        assert!(matches!(source("keyvault:ca"), Ok(CaSource::External(SecretSource::Vault(_)))));
        assert!(source("-----BEGIN CERTIFICATE-----\nMII").is_err());
        let revocations = "-----BEGIN X509 CRL-----\nTUlJ\n-----END X509 CRL-----\n";
        assert!(source(revocations).is_err(), "a list of revocations vouches for no certificate");
        assert!(source("keyvault:a/b").is_err());
    }
}
