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
    caller::Certified,
    refusal::Reason,
    settings::{AllowedCertificate, CertificateName, CertificateSettings},
};
use crate::{
    clock::Clock, limits::LIMITS, rotation::Authorities, secret::Secret, telemetry::Event, vault::Vault,
};
use trust::Trust;

mod key;
mod trust;

/// Base64 of one certificate in DER, without armour.
const HEADER: HeaderName = HeaderName::from_static("x-arr-clientcert");

/// The longest header that is read, in bytes: `docs/reference/identity.md#evidence-limits`.
const LONGEST: usize = LIMITS.evidence.header;

/// Judges the certificates of callers.
pub(super) struct Certificates {
    authorities: Authorities,
    allowed: Vec<AllowedCertificate>,
    ready: Mutex<Option<Ready>>,
    /// One permit for each call that may wait for the authorities.
    waiting: Semaphore,
    unread: Outage,
}

/// The last authorities that could be understood, and the text that was tried last.
struct Ready {
    tried: Arc<Secret>,
    trust: Arc<Trust>,
}

/// Says that a certificate was not looked at, if there was one.
pub(super) fn dropped(headers: &HeaderMap) -> Certified {
    if headers.contains_key(HEADER) {
        Event::CertificateDropped {}.log();
    }
    Certified::NotAsked
}

impl Certificates {
    pub(super) fn new(settings: CertificateSettings, vault: Option<&Vault>) -> Self {
        Self {
            authorities: Authorities::new(settings.authority, vault.cloned()),
            allowed: settings.allowed,
            ready: Mutex::default(),
            waiting: Semaphore::new(LIMITS.certificates.waiting),
            unread: Outage::new("certificate-authorities-unread"),
        }
    }

    pub(super) async fn keep_fresh(&self, clock: Clock) {
        self.authorities.keep_fresh(clock).await;
    }

    /// Whether there is a certificate. One that is there has to be right in everything, and has to belong to the
    /// client that the token names, even where none is needed.
    pub(super) async fn shown(
        &self,
        headers: &HeaderMap,
        client: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<Certified, Reason> {
        let shown = single_header(headers, HEADER).map_err(|_| Reason::CertificateRepeated)?;
        let Some(value) = shown else { return Ok(Certified::No) };
        if value.len() > LONGEST {
            return Err(Reason::CertificateTooLarge);
        }
        let der = STANDARD.decode(value).map_err(|_| Reason::CertificateEncoding)?;
        let der = CertificateDer::from(der);
        let certificate = EndEntityCert::try_from(&der).map_err(|_| Reason::CertificateMalformed)?;
        self.trust(now).await?.verify(&certificate, now)?;
        if !key::is_strong(&certificate.subject_public_key_info()) {
            return Err(Reason::CertificateKey);
        }
        let client = client.ok_or(Reason::ClientMissing)?;
        if !self.belongs(&certificate, client) {
            return Err(Reason::CertificateForeign);
        }
        Ok(Certified::Yes)
    }

    /// Whether one of the certificate's alternative names is this client's. Its subject is not read.
    fn belongs(&self, certificate: &EndEntityCert<'_>, client: Uuid) -> bool {
        let own = self.allowed.iter().filter(|allowed| allowed.client == client);
        own.map(|allowed| &allowed.name).any(|name| match name {
            CertificateName::Dns(name) => {
                certificate.valid_dns_names().any(|dns| dns.eq_ignore_ascii_case(name))
            }
            CertificateName::Uri(name) => certificate.valid_uri_names().any(|uri| uri == name),
        })
    }

    /// The authorities' text, for which a few calls wait, or a vault that hangs would cost callers who show nothing.
    async fn read(&self, now: DateTime<Utc>) -> Result<Arc<Secret>, Reason> {
        let _place = self.waiting.try_acquire().map_err(|_| Reason::AuthoritiesAwaited)?;
        self.authorities.current(now).await.map_err(|error| {
            self.unread.failed(Some(&error), || Event::AuthoritiesUnread { error: &error }.log());
            Reason::AuthoritiesUnavailable
        })
    }

    /// Which authorities to believe at `now`. While rotated authorities cannot be understood, the last good ones go on;
    /// without any, no certificate is believed.
    async fn trust(&self, now: DateTime<Utc>) -> Result<Arc<Trust>, Reason> {
        let text = match self.authorities.at_hand(now) {
            Some(text) => text,
            None => self.read(now).await?,
        };
        self.unread.worked();
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = ready.as_ref().filter(|last| Arc::ptr_eq(&last.tried, &text)) {
            return Ok(Arc::clone(&last.trust));
        }
        let last = ready.take().map(|last| last.trust);
        let trust = match Trust::new(text.expose()) {
            Ok(trust) => Arc::new(trust),
            Err(error) => {
                Event::AuthoritiesUnfit { error: &error }.log();
                last.ok_or(Reason::AuthoritiesUnavailable)?
            }
        };
        *ready = Some(Ready { tried: text, trust: Arc::clone(&trust) });
        Ok(trust)
    }
}
