//! Secrets that are kept elsewhere: read where they are, read again while the process runs, never printed.

use std::{fmt, io, path::PathBuf, str::FromStr, sync::Arc};

use sha2::{Digest as _, Sha256};

use crate::vault::VaultError;

mod kept;

pub use kept::Kept;

/// A text that may not be shown. Only [`Self::expose`] shows it.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes a text into custody.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the code that uses it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Compares digests, so how long it takes says nothing of the texts.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        Sha256::digest(&self.0) == Sha256::digest(&other.0)
    }
}

impl Eq for Secret {}

/// The name of a secret in a vault: `[0-9A-Za-z-]{1,127}`. See
/// `docs/reference/api.md#getsecretfromkeyvault`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SecretName(String);

impl SecretName {
    /// The name, as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for SecretName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if (1..=127).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err("is no name of a secret: 1 to 127 letters, digits and hyphens")
        }
    }
}

/// Where the secret of a setting is kept.
#[derive(Clone, Eq, PartialEq)]
pub enum SecretSource {
    /// In a file, written as its path.
    File(PathBuf),
    /// In the vault, written as `keyvault:` and its name.
    Vault(SecretName),
}

impl fmt::Debug for SecretSource {
    /// Without the path, for somebody may have put the secret itself there.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::File(_) => "File(…)",
            Self::Vault(_) => "Vault(…)",
        })
    }
}

impl FromStr for SecretSource {
    /// What is wrong with it, in words that follow on the name of a setting and do not repeat its value.
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(name) = text.strip_prefix("keyvault:") {
            return name.parse().map(Self::Vault);
        }
        if text.contains(['\n', '\r', '\0']) || text.starts_with("-----BEGIN") {
            return Err(
                "holds a secret itself: set it to a file's path, or to `keyvault:` and a secret's name",
            );
        }
        Ok(Self::File(text.into()))
    }
}

/// Why a secret cannot be had. Shows nothing of it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SecretError {
    /// Its file cannot be read.
    #[error("the secret's file cannot be read: check its path and that the app may read it")]
    File(#[source] Arc<io::Error>),
    /// It is said to be in a vault, and there is none.
    #[error("the secret is in a vault and none is configured: set KeyVaultUrl")]
    NoVault,
    /// The vault does not give it.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl SecretError {
    /// Whether it says nothing about the secret, only that it could not be asked for. Then the last one that was
    /// read may stay in use for a while.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        match self {
            Self::File(_) => true,
            Self::NoVault => false,
            Self::Vault(error) => matches!(error, VaultError::Unavailable { .. }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_secret_shows_nothing() {
        let secret = Secret::new("hunter2".to_owned());
        let sources = ["/run/hunter2.pem", "keyvault:hunter2"].map(str::parse::<SecretSource>);
        for printed in [format!("{secret:?}"), format!("{:#?}", Some(&secret)), format!("{sources:?}")] {
            assert!(!printed.contains("hunter2"), "{printed}");
        }
        assert_eq!(secret.expose(), "hunter2");
    }
}
