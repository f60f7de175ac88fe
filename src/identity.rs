//! Authenticates a request once: from its headers to an immutable [`Caller`], or an error.

use axum::http::HeaderMap;
use chrono::{DateTime, Utc};

use crate::{
    clock::Clock,
    https::{ClientError, Roots},
    vault::Vault,
};
use authentication_error::Reason;
use client_certificate::CertificateValidator;
use principal_cache::PrincipalCache;
use token::TokenValidator;

mod authority;
mod bearer;
mod caller;
mod client_certificate;
mod claims;
mod easyauth;
mod verified_claims;
mod jwks;
mod principal_cache;
mod token_cache;
mod authentication_error;
mod settings;
mod token;

#[cfg(test)]
mod tests;

pub use authentication_error::AuthenticationError;
pub(crate) use authority::ENTRA;
pub use authority::TokenAuthority;
pub use caller::{Caller, CallerKind, ClientCertificate, Role};
pub use settings::{
    AllowedCertificate, CertificateName, CertificateSettings, IdentityMode, IdentitySettings, TokenSettings,
};

/// Authenticates callers by the settings of this deployment.
pub struct Identity {
    settings: IdentitySettings,
    verifier: Verifier,
    principals: PrincipalCache,
    certificates: Option<CertificateValidator>,
}

/// Which credentials are verified: `docs/reference/identity.md#sign-in-modes`.
enum Verifier {
    /// The principal header alone, for this audience if one is set; the token is demanded and not read, for the
    /// platform has checked it.
    EasyAuth { audience: Option<String> },
    /// The token alone; principal headers are not even looked at.
    Jwt(TokenValidator),
    /// Both the header and a token, which must agree; the caller is the one that the token names.
    EasyAuthAndJwt(TokenValidator),
}

impl Identity {
    /// An identity check by these settings. Sends no request yet.
    ///
    /// # Errors
    /// When tokens are to be verified, and the HTTP client for the issuer's keys cannot be made.
    pub fn new(settings: IdentitySettings) -> Result<Self, ClientError> {
        Self::with_roots(settings, Roots::Public)
    }

    /// As [`Self::new`], with other root certificates for the TLS connection to the issuer. No setting leads here.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_roots(settings: IdentitySettings, roots: Roots) -> Result<Self, ClientError> {
        let tokens = |settings: &TokenSettings| TokenValidator::new(settings.clone(), roots);
        let verifier = match &settings.mode {
            IdentityMode::EasyAuth { audience } => Verifier::EasyAuth { audience: audience.clone() },
            IdentityMode::Jwt(settings) => Verifier::Jwt(tokens(settings)?),
            IdentityMode::EasyAuthAndJwt(settings) => Verifier::EasyAuthAndJwt(tokens(settings)?),
        };
        Ok(Self { settings, verifier, principals: PrincipalCache::default(), certificates: None })
    }

    /// This identity check, extended by the validation of client certificates by these settings. Reads nothing yet.
    #[must_use]
    pub fn with_certificates(self, settings: CertificateSettings, vault: Option<&Vault>) -> Self {
        Self { certificates: Some(CertificateValidator::new(settings, vault)), ..self }
    }

    /// Reads the certificate authorities again, where a vault stores them, and renews the issuer's keys, where tokens
    /// are verified; returns when there is nothing to read.
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

    /// How many calls wait for the issuer's keys; none where no tokens are verified.
    #[must_use]
    pub fn waiting_for_keys(&self) -> Option<u64> {
        self.tokens().and_then(|tokens| tokens.waiting().try_into().ok())
    }

    fn tokens(&self) -> Option<&TokenValidator> {
        match &self.verifier {
            Verifier::EasyAuth { .. } => None,
            Verifier::Jwt(tokens) | Verifier::EasyAuthAndJwt(tokens) => Some(tokens),
        }
    }

    /// Fetches the issuer's keys if tokens are verified, so that the first caller need not wait for them. A failure is
    /// logged, and the next caller has it tried again.
    pub async fn prepare(&self, now: DateTime<Utc>) {
        if let Some(tokens) = self.tokens() {
            tokens.prepare(now).await;
        }
    }

    /// Verifies the credentials in `headers`: those of the caller, as the platform let them through, repeated ones
    /// repeated. Writes `tenant_id`, `object_id` and `caller_kind`, or the reason as `denied`, into the current span's fields
    /// of these names.
    ///
    /// # Errors
    /// [`AuthenticationError`] unless every credential is there exactly once, is valid, and names the same principal.
    pub async fn authenticate(
        &self,
        headers: &HeaderMap,
        now: DateTime<Utc>,
    ) -> Result<Caller, AuthenticationError> {
        let caller = self.verify(headers, now).await;
        let span = tracing::Span::current();
        match &caller {
            Ok(caller) => {
                span.record("tenant_id", tracing::field::display(caller.tenant));
                span.record("object_id", tracing::field::display(caller.object));
                span.record("caller_kind", caller.kind());
            }
            Err(reason) => {
                span.record("denied", reason.as_str());
            }
        }
        caller.map_err(AuthenticationError)
    }

    async fn verify(&self, headers: &HeaderMap, now: DateTime<Utc>) -> Result<Caller, Reason> {
        let token = bearer::token(headers)?;
        let claims = match &self.verifier {
            Verifier::EasyAuth { audience } => {
                easyauth::read_principal(headers, audience.as_deref(), &self.principals)?
            }
            Verifier::Jwt(tokens) => tokens.validate(token, now).await?,
            Verifier::EasyAuthAndJwt(tokens) => {
                // The token's audience is compared; what agrees with the token is about the same.
                let principal = easyauth::read_principal(headers, None, &self.principals)?;
                let claims = tokens.validate(token, now).await?;
                claims.ensure_same_principal(&principal)?;
                claims
            }
        };
        let caller = claims.to_caller(&self.settings)?;
        let certificate = match &self.certificates {
            Some(certificates) => certificates.validate(headers, claims.client, now).await?,
            None => client_certificate::not_checked(headers),
        };
        Ok(Caller { certificate, ..caller })
    }
}
