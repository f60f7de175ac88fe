//! Where the secret of a setting is stored, and why it cannot be read there.

use std::{fmt, io, path::PathBuf, str::FromStr, sync::Arc};

use crate::{secret::SecretName, vault::VaultError};

/// Where the secret of a setting is stored.
#[derive(Clone, Eq, PartialEq)]
pub enum SecretSource {
    /// Stored in a file; the setting is its path.
    File(PathBuf),
    /// Stored in the vault; the setting is `keyvault:` and its name.
    Vault(SecretName),
}

impl fmt::Debug for SecretSource {
    /// Leaves out the path, because somebody may have put the secret itself there.
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
                "must not contain the secret itself: set it to the path of a file, or to `keyvault:` and the name \
                 of a secret",
            );
        }
        Ok(Self::File(text.into()))
    }
}

/// Why a secret cannot be had. Contains nothing of the secret.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SecretError {
    /// The secret's file cannot be read.
    #[error("the secret's file cannot be read: check its path and that the app may read it")]
    File(#[source] Arc<io::Error>),
    /// The setting names a vault's secret, and no vault is configured.
    #[error("the secret is in a vault and none is configured: set KeyVaultUrl")]
    NoVault,
    /// The vault does not give it.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl SecretError {
    /// Whether the source was unavailable, so that the error says nothing about the secret itself. Then the last one
    /// that was read may stay in use for a while.
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
    fn a_printed_source_shows_no_path() {
        let sources = ["/run/hunter2.pem", "keyvault:hunter2"].map(str::parse::<SecretSource>);
        let printed = format!("{sources:?}");
        assert!(!printed.contains("hunter2"), "{printed}");
    }
}
