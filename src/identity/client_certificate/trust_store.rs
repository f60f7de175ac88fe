//! Verifies the chain of a client certificate against the configured authorities, at a given time.

use std::{cell::Cell, time::Duration};

use chrono::{DateTime, Utc};
use rustls::{
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, TrustAnchor, UnixTime},
};
use webpki::{
    CertRevocationList, EndEntityCert, Error, ExpirationPolicy, ExtendedKeyUsageValidator, KeyPurposeIdIter,
    KeyUsage, OwnedCertRevocationList, RevocationOptionsBuilder, anchor_from_trusted_cert,
};

use super::super::authentication_error::Reason;
use crate::pem::{self, PemError};

/// `id-kp-clientAuth`, 1.3.6.1.5.5.7.3.2, without tag and length.
const CLIENT_AUTH: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

/// Trusted CA certificates, intermediates and revocation lists.
pub(super) struct TrustStore {
    anchors: Vec<TrustAnchor<'static>>,
    intermediates: Vec<CertificateDer<'static>>,
    revocation_lists: Vec<CertRevocationList<'static>>,
}

/// Why a PEM text contains no usable certificate authorities. The error contains nothing of the text.
#[derive(Debug, thiserror::Error)]
pub(super) enum TrustStoreError {
    /// The text is not PEM.
    #[error(transparent)]
    Pem(#[from] PemError),
    /// A block of the text is not a valid certificate or revocation list.
    #[error("the PEM contains a certificate or a revocation list that cannot be read: {0}")]
    Content(#[from] Error),
}

/// What the certificates of one chain are for. The caller's own certificate, which is checked first, must be for
/// client authentication. Those of authorities mostly have no extended key usage, and must not have another one.
struct ClientAuthUsage {
    is_leaf: Cell<bool>,
}

impl ExtendedKeyUsageValidator for ClientAuthUsage {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        let is_leaf = self.is_leaf.replace(false);
        if is_leaf { KeyUsage::required(CLIENT_AUTH) } else { KeyUsage::client_auth() }.validate(purposes)
    }
}

impl TrustStore {
    /// Self-signed certificates are the trusted roots, and the others are intermediates, for the platform passes on
    /// only a caller's own certificate. If none is self-signed, all certificates are trusted roots.
    pub(super) fn new(text: &str) -> Result<Self, TrustStoreError> {
        let (mut roots, mut intermediates) = (Vec::new(), Vec::new());
        for certificate in pem::certificates(text)? {
            let parsed = EndEntityCert::try_from(&certificate)?;
            let is_root = parsed.subject() == parsed.issuer();
            if is_root { &mut roots } else { &mut intermediates }.push(certificate);
        }
        if roots.is_empty() {
            std::mem::swap(&mut roots, &mut intermediates);
        }
        let anchors = roots.iter().map(|root| anchor_from_trusted_cert(root).map(|anchor| anchor.to_owned()));
        let lists = pem::revocation_lists(text)?;
        let lists = lists.iter().map(|list| OwnedCertRevocationList::from_der(list).map(Into::into));
        Ok(Self {
            anchors: anchors.collect::<Result<_, _>>()?,
            intermediates,
            revocation_lists: lists.collect::<Result<_, _>>()?,
        })
    }

    /// Whether the certificate is one for clients, good at `now`, and vouched for. If there are revocation lists,
    /// every certificate of the chain needs a current one from its issuer.
    pub(super) fn verify(&self, certificate: &EndEntityCert<'_>, now: DateTime<Utc>) -> Result<(), Reason> {
        let lists: Vec<_> = self.revocation_lists.iter().collect();
        let revocation = RevocationOptionsBuilder::new(&lists)
            .ok()
            .map(|options| options.with_expiration_policy(ExpirationPolicy::Enforce).build());
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        let verified = certificate.verify_for_usage(
            aws_lc_rs::default_provider().signature_verification_algorithms.all,
            &self.anchors,
            &self.intermediates,
            UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
            ClientAuthUsage { is_leaf: Cell::new(true) },
            revocation,
            None,
        );
        verified.map(drop).map_err(|error| refusal(&error))
    }
}

fn refusal(error: &Error) -> Reason {
    match error {
        Error::CertExpired { .. } => Reason::CertificateExpired,
        Error::CertNotValidYet { .. } => Reason::CertificateEarly,
        Error::CertRevoked => Reason::CertificateRevoked,
        Error::CrlExpired { .. } => Reason::RevocationOutdated,
        Error::UnknownRevocationStatus => Reason::RevocationUnknown,
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => Reason::CertificateUsage,
        Error::CaUsedAsEndEntity => Reason::CertificateOfAuthority,
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)
        | Error::SignatureAlgorithmMismatch => Reason::CertificateAlgorithm,
        _ => Reason::CertificateUntrusted,
    }
}
