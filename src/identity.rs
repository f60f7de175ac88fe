//! Who is calling: evidence in, an immutable [`Caller`] out, or a refusal. Read once, at the door.

use std::sync::Arc;

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};

use crate::{
    clock::Clock,
    https::{ClientError, Roots},
    vault::Vault,
};
use certificate::Certificates;
use refusal::Reason;
use token::Tokens;

mod authority;
mod bearer;
mod caller;
mod certificate;
mod claims;
mod easyauth;
mod evidence;
mod keys;
mod memory;
mod refusal;
mod settings;
mod token;

#[cfg(test)]
mod tests;

pub use authority::Authority;
pub(crate) use authority::ENTRA;
pub use caller::{Caller, CallerKind, Certified, Role};
pub use refusal::Unidentified;
pub use settings::{
    AllowedCertificate, CertificateName, CertificateSettings, IdentityMode, IdentitySettings, TokenSettings,
};

/// Decides who a caller is, by the settings of this deployment.
pub struct Identity {
    settings: IdentitySettings,
    source: Source,
    certificates: Option<Certificates>,
}

/// What is read: `docs/reference/identity.md#sign-in-modes`.
enum Source {
    /// The principal header alone, for this audience if one is set; the token is demanded and not read, for the
    /// platform has checked it.
    Header { audience: Option<String> },
    /// The token alone; principal headers are not even looked at.
    Token(Tokens),
    /// Both, and they have to agree; the caller is the one that the token names.
    HeaderAndToken(Tokens),
}

impl Identity {
    /// An identity check by these settings. Sends no request yet.
    ///
    /// # Errors
    /// When tokens are to be judged and there can be no client to fetch the issuer's keys with.
    pub fn new(settings: IdentitySettings) -> Result<Self, ClientError> {
        Self::trusting(settings, Roots::Public)
    }

    /// The same, which believes that the issuer is the issuer on the word of these authorities. No setting leads here.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn trusting(settings: IdentitySettings, roots: Roots) -> Result<Self, ClientError> {
        let tokens = |settings: &TokenSettings| Tokens::new(settings.clone(), roots);
        let source = match &settings.mode {
            IdentityMode::EasyAuth { audience } => Source::Header { audience: audience.clone() },
            IdentityMode::Jwt(settings) => Source::Token(tokens(settings)?),
            IdentityMode::EasyAuthAndJwt(settings) => Source::HeaderAndToken(tokens(settings)?),
        };
        Ok(Self { settings, source, certificates: None })
    }

    /// The same check, which also looks at the certificates that callers show: those of these settings. Reads nothing
    /// yet.
    #[must_use]
    pub fn with_certificates(self, settings: CertificateSettings, vault: Option<&Vault>) -> Self {
        Self { certificates: Some(Certificates::new(settings, vault)), ..self }
    }

    /// Reads again who vouches for certificates, where a vault holds it, and renews the issuer's keys, where tokens are
    /// judged; returns when there is nothing to read.
    pub async fn keep_fresh(&self, clock: Clock) {
        let certificates = async {
            if let Some(certificates) = &self.certificates {
                certificates.keep_fresh(clock).await;
            }
        };
        let keys = async {
            if let Some(tokens) = self.tokens() {
                tokens.keep_fresh(clock).await;
            }
        };
        tokio::join!(certificates, keys);
    }

    /// How many calls wait for the issuer's keys; none where no tokens are judged.
    #[must_use]
    pub fn waiting_for_keys(&self) -> Option<u64> {
        self.tokens().and_then(|tokens| tokens.waiting().try_into().ok())
    }

    fn tokens(&self) -> Option<&Tokens> {
        match &self.source {
            Source::Header { .. } => None,
            Source::Token(tokens) | Source::HeaderAndToken(tokens) => Some(tokens),
        }
    }

    /// Fetches the issuer's keys if tokens are to be judged, so that the first caller need not wait for them. A
    /// failure is logged, and the next caller has it tried again.
    pub async fn prepare(&self, now: DateTime<Utc>) {
        if let Some(tokens) = self.tokens() {
            tokens.prepare(now).await;
        }
    }

    /// Reads the evidence in `headers`: those of the caller, as the platform let them through, repeated ones
    /// repeated. Writes `tenant_id`, `object_id` and `caller_kind`, or the reason as `denied`, into the current span's fields
    /// of these names.
    ///
    /// # Errors
    /// [`Unidentified`] unless every piece of evidence is there exactly once, well formed, and agrees.
    pub async fn caller(&self, headers: &HeaderMap, now: DateTime<Utc>) -> Result<Caller, Unidentified> {
        let caller = self.judged(headers, now).await;
        let span = tracing::Span::current();
        match &caller {
            Ok(caller) => {
                span.record("tenant_id", tracing::field::display(caller.tenant));
                span.record("object_id", tracing::field::display(caller.object));
                span.record("caller_kind", caller.kind());
            }
            Err(reason) => {
                span.record("denied", reason.text());
            }
        }
        caller.map_err(Unidentified)
    }

    async fn judged(&self, headers: &HeaderMap, now: DateTime<Utc>) -> Result<Caller, Reason> {
        let token = bearer::token(headers)?;
        let evidence = match &self.source {
            Source::Header { audience } => Arc::new(easyauth::evidence(headers, audience.as_deref())?),
            Source::Token(tokens) => tokens.evidence(token, now).await?,
            Source::HeaderAndToken(tokens) => {
                // The token's audience is compared; what agrees with the token is about the same.
                let header = easyauth::evidence(headers, None)?;
                let evidence = tokens.evidence(token, now).await?;
                evidence.agrees_with(&header)?;
                evidence
            }
        };
        let caller = evidence.caller(&self.settings)?;
        let certified = match &self.certificates {
            Some(certificates) => certificates.shown(headers, evidence.client, now).await?,
            None => certificate::dropped(headers),
        };
        Ok(Caller { certified, ..caller })
    }
}
