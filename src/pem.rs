//! Certificates and keys as text.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer,
    pem::{Error, PemObject},
};

mod validity;

/// A text is not the PEM that it should be. Holds nothing of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PemError {
    /// A PEM block of the text is broken.
    #[error("the PEM is broken: copy whole blocks, from BEGIN to END")]
    Broken,
    /// It holds no certificate.
    #[error("the PEM contains no certificate: add a block BEGIN CERTIFICATE")]
    NoCertificate,
    /// The text contains no private key, or an encrypted one.
    #[error("the PEM contains no readable private key: add one that is not encrypted")]
    NoKey,
}

/// The worker's client certificate with its intermediates and its private key.
#[derive(Debug)]
pub struct ClientIdentity {
    /// The certificate first, then those that signed it.
    pub chain: Vec<CertificateDer<'static>>,
    /// The private key of the first certificate.
    pub key: PrivateKeyDer<'static>,
}

impl ClientIdentity {
    /// When the first certificate of the chain expires.
    #[must_use]
    pub fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.chain.iter().filter_map(|certificate| validity::not_after(certificate)).min()
    }
}

impl FromStr for ClientIdentity {
    type Err = PemError;

    fn from_str(text: &str) -> Result<Self, PemError> {
        let chain = certificates(text)?;
        Ok(Self { chain, key: private_key(text)? })
    }
}

/// The certificates of a text, at least one, in its sequence.
///
/// # Errors
/// [`PemError`], when there is none or one is broken.
pub fn certificates(text: &str) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let found = blocks::<CertificateDer<'static>>(text)?;
    if found.is_empty() { Err(PemError::NoCertificate) } else { Ok(found) }
}

/// The first private key of a text.
///
/// # Errors
/// [`PemError`], when there is none, it is encrypted or broken.
pub fn private_key(text: &str) -> Result<PrivateKeyDer<'static>, PemError> {
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|error| match error {
        Error::NoItemsFound => PemError::NoKey,
        _ => PemError::Broken,
    })
}

/// The revocation lists of a text (blocks `X509 CRL`); mostly none.
///
/// # Errors
/// [`PemError`], when one is broken.
pub fn revocation_lists(text: &str) -> Result<Vec<CertificateRevocationListDer<'static>>, PemError> {
    blocks(text)
}

fn blocks<T: PemObject>(text: &str) -> Result<Vec<T>, PemError> {
    T::pem_slice_iter(text.as_bytes()).collect::<Result<_, _>>().map_err(|_| PemError::Broken)
}

#[cfg(test)]
mod tests {
    use test_servers::{Authority, Leaf};

    use super::*;

    #[test]
    fn a_pem_may_hold_chain_and_key_in_any_order() {
        let authority = Authority::new("tests").unwrap();
        let issued = authority.issue(&Leaf::client(&["worker"])).unwrap();
        for text in [
            format!("{}{}{}", issued.certificate, authority.certificate(), issued.key),
            format!("{}{}{}", issued.key, issued.certificate, authority.certificate()),
        ] {
            let identity: ClientIdentity = text.parse().unwrap();
            let first = certificates(&issued.certificate).unwrap();
            assert_eq!((identity.chain.len(), &identity.chain[0]), (2, &first[0]));
        }
    }

    #[test]
    fn a_chain_expires_with_its_first_certificate() {
        let authority = Authority::new("tests").unwrap();
        let until = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_900_000_000);
        let leaf = |until| authority.issue(&Leaf { until, ..Leaf::client(&["worker"]) }).unwrap();
        let (short, long) = (leaf(until), leaf(until + std::time::Duration::from_hours(24)));
        for text in [
            format!("{}{}{}", short.certificate, long.certificate, short.key),
            format!("{}{}{}", long.certificate, short.certificate, long.key),
        ] {
            let identity: ClientIdentity = text.parse().unwrap();
            assert_eq!(identity.expires_at(), DateTime::from_timestamp(1_900_000_000, 0));
        }
    }

    #[test]
    fn an_incomplete_pem_says_what_is_missing() {
        let issued = Authority::new("tests").unwrap().issue(&Leaf::client(&["worker"])).unwrap();
        let encrypted = issued.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let half = issued.certificate.replace("-----END", "");
        for (text, fault) in [
            (String::new(), PemError::NoCertificate),
            (issued.key.clone(), PemError::NoCertificate),
            (issued.certificate.clone(), PemError::NoKey),
            (format!("{}{encrypted}", issued.certificate), PemError::NoKey),
            (format!("{}{half}", issued.key), PemError::Broken),
        ] {
            assert_eq!(text.parse::<ClientIdentity>().unwrap_err(), fault, "{text}");
        }
    }
}
