//! The claims of a token whose signature, issuer and audience are already verified.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::super::{
    authentication_error::Reason,
    verified_claims::{self, VerifiedClaims},
};
use crate::identity::settings::TokenSettings;
use crate::orders::parse_non_nil_uuid;

/// How far the clocks of issuer and worker may be apart.
const SKEW: TimeDelta = TimeDelta::minutes(1);
/// The longest that Entra's longest tokens live: `docs/reference/identity.md#token-checks`.
const MAX_LIFETIME: TimeDelta = TimeDelta::hours(28);

/// Claims by name. Every one that is read is of exactly one type, and there once.
pub(super) struct Payload<'a>(&'a Value);

impl<'a> Payload<'a> {
    /// Checks the types of claims that the library has compared already: the library accepts lists too.
    pub(super) fn new(claims: &'a Value) -> Result<Self, Reason> {
        let payload = Self(claims);
        for name in ["iss", "aud"] {
            payload.string(name)?.ok_or(Reason::TokenMalformed)?;
        }
        if payload.string("ver")? == Some("2.0") { Ok(payload) } else { Err(Reason::TokenVersion) }
    }

    /// The second since 1970 from which on the token is refused, if it is not refused yet.
    pub(super) fn validate_times(&self, now: DateTime<Utc>) -> Result<i64, Reason> {
        let (issued, begins, expires) =
            (self.timestamp("iat")?, self.timestamp("nbf")?, self.timestamp("exp")?);
        let (now, skew) = (now.timestamp(), SKEW.num_seconds());
        let expires_at = expires.saturating_add(skew);
        if expires_at <= now {
            return Err(Reason::TokenExpired);
        }
        if begins.max(issued) > now + skew {
            return Err(Reason::TokenEarly);
        }
        if expires.saturating_sub(issued) > (MAX_LIFETIME + SKEW).num_seconds() {
            return Err(Reason::TokenLifetime);
        }
        Ok(expires_at)
    }

    /// The caller that the claims describe.
    pub(super) fn verified_claims(&self, settings: &TokenSettings) -> Result<VerifiedClaims, Reason> {
        let id = |name| Ok(self.string(name)?.and_then(parse_non_nil_uuid));
        let tenant = id("tid")?.ok_or(Reason::TenantMissing)?;
        if tenant != settings.tenant {
            return Err(Reason::TenantForeign);
        }
        let held = self.roles()?;
        Ok(VerifiedClaims {
            tenant,
            object: id("oid")?.ok_or(Reason::ObjectMissing)?,
            client: Some(id("azp")?.ok_or(Reason::ClientMissing)?),
            scope: self.string("scp")?.map(str::to_owned),
            kind: self.string("idtyp")?.map(str::to_owned),
            roles: verified_claims::known_roles(|role| held.contains(&role)),
        })
    }

    fn roles(&self) -> Result<Vec<&str>, Reason> {
        let Some(roles) = self.0.get("roles") else { return Ok(Vec::new()) };
        let roles = roles.as_array().ok_or(Reason::TokenMalformed)?;
        roles.iter().map(Value::as_str).collect::<Option<_>>().ok_or(Reason::TokenMalformed)
    }

    fn string(&self, name: &str) -> Result<Option<&str>, Reason> {
        let Some(claim) = self.0.get(name) else { return Ok(None) };
        claim.as_str().map(Some).ok_or(Reason::TokenMalformed)
    }

    fn timestamp(&self, name: &str) -> Result<i64, Reason> {
        self.0.get(name).and_then(Value::as_i64).ok_or(Reason::TokenMalformed)
    }
}
