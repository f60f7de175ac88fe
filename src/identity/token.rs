//! Entra access tokens of version 2.0, judged by this process itself:
//! `docs/reference/identity.md#bearer-tokens`.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, Validation, decode, decode_header, errors::ErrorKind};

use super::{
    evidence::Evidence,
    keys::{self, Keys},
    memory::{Fingerprint, Memory, Verified},
    refusal::Reason,
    settings::TokenSettings,
};
use crate::{
    clock::Clock,
    https::{ClientError, Roots},
    json::Document,
};
use payload::Payload;

mod payload;

/// Objects and arrays inside each other; Entra's own tokens need three.
const DEEPEST: usize = 8;

/// Judges the tokens of one issuer.
pub(super) struct Tokens {
    settings: TokenSettings,
    rules: Validation,
    keys: Keys,
    memory: Memory,
}

impl Tokens {
    pub(super) fn new(settings: TokenSettings, roots: Roots) -> Result<Self, ClientError> {
        let mut rules = Validation::new(Algorithm::RS256);
        rules.set_issuer(&[settings.authority.issuer(settings.tenant)]);
        rules.set_audience(&[&settings.audience]);
        rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud"]);
        // The crate would ask the system's clock; the payload's times are held against the one that is handed in.
        rules.validate_exp = false;
        let keys = Keys::new(&settings, roots)?;
        Ok(Self { settings, rules, keys, memory: Memory::default() })
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

    /// Fetches what is due by the clock.
    #[cfg(test)]
    pub(super) fn look(&self, now: DateTime<Utc>) {
        self.keys.look(now);
    }

    /// Which key set is in use.
    #[cfg(test)]
    pub(super) fn generation(&self, now: DateTime<Utc>) -> Option<u64> {
        self.keys.generation(now)
    }

    /// Resolves when no fetch of the issuer's keys runs.
    #[cfg(test)]
    pub(super) async fn no_fetch_runs(&self) {
        self.keys.no_fetch_runs().await;
    }

    /// What a token says, if it is one of ours and its time is now. One that was verified before is only looked up,
    /// while the keys are those that it was verified with.
    pub(super) async fn evidence(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Evidence>, Reason> {
        let fingerprint = Fingerprint::of(token);
        let known = self
            .keys
            .generation(now)
            .and_then(|generation| self.memory.recall(fingerprint, generation, now.timestamp()));
        if let Some(evidence) = known {
            return Ok(evidence);
        }
        let key = self.keys.key(&key_id(token)?, now).await?;
        let document = decode::<Document<DEEPEST>>(token, &key.decoding, &self.rules)
            .map_err(|error| refusal(error.kind()))?;
        let payload = Payload::new(&document.claims.0)?;
        let ends = payload.ends(now)?;
        let evidence = Arc::new(payload.evidence(&self.settings)?);
        let verified = Verified { evidence: Arc::clone(&evidence), ends, generation: key.generation };
        self.memory.keep(fingerprint, verified);
        Ok(evidence)
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
    header.kid.filter(|id| keys::is_id(id)).ok_or(Reason::KeyMalformed)
}

fn refusal(error: &ErrorKind) -> Reason {
    match error {
        ErrorKind::InvalidSignature => Reason::TokenSignature,
        ErrorKind::InvalidIssuer => Reason::IssuerForeign,
        ErrorKind::InvalidAudience => Reason::AudienceForeign,
        _ => Reason::TokenMalformed,
    }
}
