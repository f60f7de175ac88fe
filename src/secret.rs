//! Secrets, which are never printed, and their names in a vault.

use std::{fmt, str::FromStr};

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// A text that may not be shown. Only [`Self::expose`] shows it. Its memory is overwritten when it is dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Wraps a text, so that it is never printed.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text.into())
    }

    /// The text, for the code that uses it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Compares digests in constant time, so the duration reveals nothing of the texts, nor of their lengths.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        Sha256::digest(self.expose()).ct_eq(&Sha256::digest(other.expose())).into()
    }
}

impl Eq for Secret {}

/// The name of a secret in a vault: `[0-9A-Za-z-]{1,127}`. See
/// `docs/reference/api.md#getsecretfromkeyvault`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SecretName(String);

impl SecretName {
    /// The most characters.
    pub const MAX_LENGTH: usize = 127;

    /// The name, unchanged.
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
        if (1..=Self::MAX_LENGTH).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err("must be the name of a secret: 1 to 127 letters, digits and hyphens")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_secret_shows_nothing() {
        let secret = Secret::new("hunter2".to_owned());
        for printed in [format!("{secret:?}"), format!("{:#?}", Some(&secret))] {
            assert!(!printed.contains("hunter2"), "{printed}");
        }
        assert_eq!(secret.expose(), "hunter2");
    }
}
