//! The certificates of authorities: where a setting says they are, and their text while the process runs.

use std::{str::FromStr, sync::Arc};

use chrono::{DateTime, Utc};

use super::{
    kept::Kept,
    source::{SecretError, SecretSource},
};
use crate::{
    clock::Clock,
    pem::{certificates, revocation_lists},
    secret::Secret,
    vault::Vault,
};

/// Where the certificates of authorities are. They are no secret, so a setting may hold them itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AuthoritySource {
    /// In the setting.
    Given(Secret),
    /// Somewhere else, and perhaps others later.
    Kept(SecretSource),
}

impl FromStr for AuthoritySource {
    /// What is wrong with it, in words that follow on the name of a setting.
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.trim_start().starts_with("-----BEGIN") {
            return text.parse().map(Self::Kept);
        }
        let whole = certificates(text).is_ok() && revocation_lists(text).is_ok();
        whole
            .then(|| Self::Given(Secret::new(text.to_owned())))
            .ok_or("must be PEM with at least one certificate, in whole blocks")
    }
}

/// The PEM text of authorities, for as long as the process lives.
#[derive(Debug)]
pub enum Authorities {
    /// It never changes.
    Given(Arc<Secret>),
    /// It is read again.
    Kept(Kept),
}

impl Authorities {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(source: AuthoritySource, vault: Option<Vault>) -> Self {
        match source {
            AuthoritySource::Given(text) => Self::Given(Arc::new(text)),
            AuthoritySource::Kept(source) => Self::Kept(Kept::new(source, vault)),
        }
    }

    /// The text at `now`: the same `Arc` until it changes.
    ///
    /// # Errors
    /// As [`Kept::current`].
    pub async fn current(&self, now: DateTime<Utc>) -> Result<Arc<Secret>, SecretError> {
        match self {
            Self::Given(text) => Ok(Arc::clone(text)),
            Self::Kept(kept) => kept.current(now).await,
        }
    }

    /// The text, where it is there without a wait.
    #[must_use]
    pub fn at_hand(&self, now: DateTime<Utc>) -> Option<Arc<Secret>> {
        match self {
            Self::Given(text) => Some(Arc::clone(text)),
            Self::Kept(kept) => kept.at_hand(now),
        }
    }

    /// As [`Kept::keep_fresh`]; returns when there is nothing to read again.
    pub async fn keep_fresh(&self, clock: Clock) {
        if let Self::Kept(kept) = self {
            kept.keep_fresh(clock).await;
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
        let source = |text: &str| text.parse::<AuthoritySource>();
        assert!(matches!(source(authority.certificate()), Ok(AuthoritySource::Given(_))));
        assert!(matches!(source("/etc/ca.pem"), Ok(AuthoritySource::Kept(SecretSource::File(_)))));
        assert!(matches!(source("keyvault:ca"), Ok(AuthoritySource::Kept(SecretSource::Vault(_)))));
        assert!(source("-----BEGIN CERTIFICATE-----\nMII").is_err());
        let revocations = "-----BEGIN X509 CRL-----\nTUlJ\n-----END X509 CRL-----\n";
        assert!(source(revocations).is_err(), "a list of revocations vouches for no certificate");
        assert!(source("keyvault:a/b").is_err());
    }
}
