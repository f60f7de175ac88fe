//! What a principal's claims say about its bearer, in either spelling of the platform:
//! `docs/reference/identity.md#claim-names`.

use super::{
    evidence::{self, Evidence},
    refusal::Reason,
};
use crate::{limits::LIMITS, orders::non_nil_uuid};

/// Claims in a principal: `docs/reference/identity.md#evidence-limits`.
const MOST: usize = LIMITS.evidence.claims;
/// Longest `typ`, in bytes.
const LONGEST_NAME: usize = 256;
/// Longest `val`, in bytes.
const LONGEST_VALUE: usize = 4 * 1024;

/// The spellings of one claim.
type Spellings = &'static [&'static str];

const OBJECT: Spellings = &["oid", "http://schemas.microsoft.com/identity/claims/objectidentifier"];
const TENANT: Spellings = &["tid", "http://schemas.microsoft.com/identity/claims/tenantid"];
const SUBJECT: Spellings = &["sub", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"];
const SCOPE: Spellings = &["scp", "http://schemas.microsoft.com/identity/claims/scope"];
const ROLES: Spellings = &["roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"];
const ISSUER: Spellings = &["iss"];
const AUDIENCE: Spellings = &["aud"];
/// Tokens of version 2 and of version 1 name the client differently.
const CLIENT: Spellings = &["azp", "appid"];
const KIND: Spellings = &["idtyp"];
const VERSION: Spellings = &["ver"];

/// Claims with one meaning: a second, different value is somebody's forgery, whichever spelling it has.
const SINGLE: [Spellings; 9] = [OBJECT, TENANT, SUBJECT, SCOPE, ISSUER, AUDIENCE, CLIENT, KIND, VERSION];

/// The claims of a principal by name, multi-valued ones repeated; within their limits, free of contradiction.
pub(super) struct Claims<'d>(Vec<(&'d str, &'d str)>);

impl<'d> Claims<'d> {
    /// These claims, if they keep to that.
    pub(super) fn new(claims: Vec<(&'d str, &'d str)>) -> Result<Self, Reason> {
        if claims.len() > MOST {
            return Err(Reason::ClaimsTooMany);
        }
        if claims.iter().any(|(name, value)| name.len() > LONGEST_NAME || value.len() > LONGEST_VALUE) {
            return Err(Reason::ClaimTooLong);
        }
        let claims = Self(claims);
        for spellings in SINGLE.into_iter().chain([ROLES]) {
            if claims.values(spellings).any(|value| value.contains(char::is_control)) {
                return Err(Reason::ClaimControlCharacter);
            }
        }
        for spellings in SINGLE {
            let first = claims.one(spellings);
            if claims.values(spellings).any(|value| Some(value) != first) {
                return Err(Reason::ClaimConflict);
            }
        }
        Ok(claims)
    }

    /// What these claims say of their bearer.
    pub(super) fn evidence(&self) -> Result<Evidence, Reason> {
        let id = |spellings| self.one(spellings).and_then(non_nil_uuid);
        Ok(Evidence {
            tenant: id(TENANT).ok_or(Reason::TenantMissing)?,
            object: id(OBJECT).ok_or(Reason::ObjectMissing)?,
            client: id(CLIENT),
            scope: self.one(SCOPE).map(str::to_owned),
            kind: self.one(KIND).map(str::to_owned),
            roles: evidence::roles(|name| self.values(ROLES).any(|value| value == name)),
        })
    }

    /// The API that the token was issued for.
    pub(super) fn audience(&self) -> Option<&'d str> {
        self.one(AUDIENCE)
    }

    fn one(&self, spellings: Spellings) -> Option<&'d str> {
        self.values(spellings).next()
    }

    fn values(&self, spellings: Spellings) -> impl Iterator<Item = &'d str> {
        self.0.iter().filter(move |(name, _)| spellings.contains(name)).map(|(_, value)| *value)
    }
}
