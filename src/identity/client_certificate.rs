//! The certificate that a caller showed to the platform, which passes it on unchecked:
//! `docs/reference/identity.md#client-certificates`.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderName};
use azure_functions_handler::{Outage, single_header};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use rustls::pki_types::CertificateDer;
use tokio::sync::Semaphore;
use uuid::Uuid;
use webpki::EndEntityCert;

use super::{
    authentication_error::Reason,
    caller::ClientCertificate,
    settings::{AllowedCertificate, CertificateName, CertificateSettings},
};
use crate::{
    clock::Clock, limits::LIMITS, rotation::CaCertificates, secret::Secret, telemetry::Event, vault::Vault,
};
use trust_store::TrustStore;

mod key;
mod trust_store;

/// Base64 of one certificate in DER, without armour.
const HEADER: HeaderName = HeaderName::from_static("x-arr-clientcert");

/// The longest header that is read, in bytes: `docs/reference/identity.md#evidence-limits`.
const MAX_HEADER_BYTES: usize = LIMITS.credentials.max_header_bytes;

/// Validates the client certificates of callers.
pub(super) struct CertificateValidator {
    authorities: CaCertificates,
    allowed: Vec<AllowedCertificate>,
    parsed: Mutex<Option<ParsedAuthorities>>,
    /// One permit for each call that may wait for the certificate authorities.
    waiting: Semaphore,
    outage: Outage,
}

/// The last authorities that could be parsed, and the PEM text that was parsed last.
struct ParsedAuthorities {
    pem: Arc<Secret>,
    store: Arc<TrustStore>,
}

/// Logs that a certificate was not checked, if there was one.
pub(super) fn not_checked(headers: &HeaderMap) -> ClientCertificate {
    if headers.contains_key(HEADER) {
        Event::ClientCertificateIgnored {}.log();
    }
    ClientCertificate::NotChecked
}

impl CertificateValidator {
    pub(super) fn new(settings: CertificateSettings, vault: Option<&Vault>) -> Self {
        Self {
            authorities: CaCertificates::new(settings.authority, vault.cloned()),
            allowed: settings.allowed,
            parsed: Mutex::default(),
            waiting: Semaphore::new(LIMITS.certificates.max_waiting),
            outage: Outage::new("client-ca-read-failed"),
        }
    }

    pub(super) async fn keep_fresh(&self, clock: Clock) {
        self.authorities.keep_fresh(clock).await;
    }

    /// Whether there is a certificate. A certificate that is present has to be valid, and has to belong to the client
    /// that the token names, even where none is required.
    pub(super) async fn validate(
        &self,
        headers: &HeaderMap,
        client: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<ClientCertificate, Reason> {
        let shown = single_header(headers, HEADER).map_err(|_| Reason::CertificateRepeated)?;
        let Some(value) = shown else { return Ok(ClientCertificate::Missing) };
        if value.len() > MAX_HEADER_BYTES {
            return Err(Reason::CertificateTooLarge);
        }
        let der = STANDARD.decode(value).map_err(|_| Reason::CertificateEncoding)?;
        let der = CertificateDer::from(der);
        let certificate = EndEntityCert::try_from(&der).map_err(|_| Reason::CertificateMalformed)?;
        self.trust_store(now).await?.verify(&certificate, now)?;
        if !key::is_strong(&certificate.subject_public_key_info()) {
            return Err(Reason::CertificateKey);
        }
        let client = client.ok_or(Reason::ClientMissing)?;
        if !self.belongs_to(&certificate, client) {
            return Err(Reason::CertificateForeign);
        }
        Ok(ClientCertificate::Valid)
    }

    /// Whether one of the certificate's alternative names is this client's. The certificate's subject is not read.
    fn belongs_to(&self, certificate: &EndEntityCert<'_>, client: Uuid) -> bool {
        let own = self.allowed.iter().filter(|allowed| allowed.client == client);
        own.map(|allowed| &allowed.name).any(|name| match name {
            CertificateName::Dns(name) => {
                certificate.valid_dns_names().any(|dns| dns.eq_ignore_ascii_case(name))
            }
            CertificateName::Uri(name) => certificate.valid_uri_names().any(|uri| uri == name),
        })
    }

    /// The authorities' text, for which a few calls wait, or a vault that hangs would cost callers who show nothing.
    async fn read_authorities(&self, now: DateTime<Utc>) -> Result<Arc<Secret>, Reason> {
        let _permit = self.waiting.try_acquire().map_err(|_| Reason::AuthoritiesAwaited)?;
        self.authorities.current(now).await.map_err(|error| {
            self.outage.failed(Some(&error), || Event::ClientCaReadFailed { error: &error }.log());
            Reason::AuthoritiesUnavailable
        })
    }

    /// Which authorities to believe at `now`. While rotated authorities cannot be parsed, the last good ones stay in
    /// use; without any, no certificate is accepted.
    async fn trust_store(&self, now: DateTime<Utc>) -> Result<Arc<TrustStore>, Reason> {
        let text = match self.authorities.cached(now) {
            Some(text) => text,
            None => self.read_authorities(now).await?,
        };
        self.outage.worked();
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = parsed.as_ref().filter(|last| Arc::ptr_eq(&last.pem, &text)) {
            return Ok(Arc::clone(&last.store));
        }
        let last = parsed.take().map(|last| last.store);
        let store = match TrustStore::new(text.expose()) {
            Ok(store) => Arc::new(store),
            Err(error) => {
                Event::ClientCaInvalid { error: &error }.log();
                last.ok_or(Reason::AuthoritiesUnavailable)?
            }
        };
        *parsed = Some(ParsedAuthorities { pem: text, store: Arc::clone(&store) });
        Ok(store)
    }
}
