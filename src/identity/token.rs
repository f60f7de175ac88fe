//! Entra access tokens of version 2.0, validated by this process:
//! `docs/reference/identity.md#bearer-tokens`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, Validation, decode, decode_header, errors::ErrorKind};

use super::{
    authentication_error::Reason,
    jwks::{self, JwksCache},
    settings::TokenSettings,
    token_cache::{CachedToken, TokenCache, TokenHash},
    verified_claims::VerifiedClaims,
};
use crate::{
    clock::Clock,
    https::{ClientError, Roots},
    json::StrictJson,
};
use payload::Payload;

mod payload;

/// Objects and arrays inside each other; Entra's own tokens need three.
const MAX_DEPTH: usize = 8;

/// Validates the tokens of one issuer.
pub(super) struct TokenValidator {
    settings: TokenSettings,
    validation: Validation,
    keys: JwksCache,
    cache: TokenCache,
}

impl TokenValidator {
    pub(super) fn new(settings: TokenSettings, roots: Roots) -> Result<Self, ClientError> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[settings.authority.issuer(settings.tenant)]);
        validation.set_audience(&[&settings.audience]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud"]);
        // The crate would use the system's clock; the payload's times are compared with the time that the caller
        // passes in.
        validation.validate_exp = false;
        let keys = JwksCache::new(&settings, roots)?;
        Ok(Self { settings, validation, keys, cache: TokenCache::default() })
    }

    /// Fetches the issuer's keys before anybody asks.
    pub(super) async fn prepare(&self, now: DateTime<Utc>) {
        self.keys.prepare(now).await;
    }

    /// Renews the issuer's keys for as long as the process lives.
    pub(super) async fn keep_fresh(&self, clock: Clock) {
        self.keys.keep_fresh(clock).await;
    }

    /// How many calls wait for the issuer's keys.
    pub(super) fn waiting(&self) -> usize {
        self.keys.waiting()
    }

    /// Fetches keys when they are due.
    #[cfg(test)]
    pub(super) fn fetch_due(&self, now: DateTime<Utc>) {
        self.keys.fetch_due(now);
    }

    /// Which key set is in use.
    #[cfg(test)]
    pub(super) fn generation(&self, now: DateTime<Utc>) -> Option<u64> {
        self.keys.generation(now)
    }

    /// Resolves when no fetch of the issuer's keys runs.
    #[cfg(test)]
    pub(super) async fn fetch_finished(&self) {
        self.keys.fetch_finished().await;
    }

    /// The claims of a valid token. A token that was verified before is only looked up, as long as the keys that
    /// verified it are in use.
    pub(super) async fn validate(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Arc<VerifiedClaims>, Reason> {
        let hash = TokenHash::of(token);
        let known = self
            .keys
            .generation(now)
            .and_then(|generation| self.cache.get(hash, generation, now.timestamp()));
        if let Some(claims) = known {
            return Ok(claims);
        }
        let key = self.keys.key(&key_id(token)?, now).await?;
        let document = decode::<StrictJson<MAX_DEPTH>>(token, &key.decoding, &self.validation)
            .map_err(|error| refusal(error.kind()))?;
        let payload = Payload::new(&document.claims.0)?;
        let expires_at = payload.validate_times(now)?;
        let claims = Arc::new(payload.verified_claims(&self.settings)?);
        let verified = CachedToken { claims: Arc::clone(&claims), expires_at, generation: key.generation };
        self.cache.insert(hash, verified);
        Ok(claims)
    }
}

/// Which key a token claims to be signed with. What else its header names to find a key by is not looked at, and what
/// would change the meaning of the rest is refused.
fn key_id(token: &str) -> Result<String, Reason> {
    let header = decode_header(token).map_err(|error| refusal(error.kind()))?;
    if header.alg != Algorithm::RS256 {
        return Err(Reason::TokenAlgorithm);
    }
    let plain = header.typ.as_deref().is_none_or(|typ| typ == "JWT")
        && header.crit.is_none()
        && header.zip.is_none()
        && header.enc.is_none()
        && !header.extras.inner().contains_key("b64");
    if !plain {
        return Err(Reason::TokenType);
    }
    header.kid.filter(|id| jwks::is_key_id(id)).ok_or(Reason::KeyMalformed)
}

fn refusal(error: &ErrorKind) -> Reason {
    match error {
        ErrorKind::InvalidSignature => Reason::TokenSignature,
        ErrorKind::InvalidIssuer => Reason::IssuerForeign,
        ErrorKind::InvalidAudience => Reason::AudienceForeign,
        _ => Reason::TokenMalformed,
    }
}
