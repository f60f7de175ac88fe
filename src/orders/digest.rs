//! SHA-256 digests, by which contents are compared.

use sha2::Sha256;

/// The SHA-256 of some bytes.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Digest(String);

impl Digest {
    /// Computes the SHA-256 digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(format!("{:x}", <Sha256 as sha2::Digest>::digest(bytes)))
    }

    /// 64 hexadecimal digits in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
