//! A principal's claims, in either spelling of the platform: `docs/reference/identity.md#claim-names`.

use super::{
    authentication_error::Reason,
    verified_claims::{self, VerifiedClaims},
};
use crate::{limits::LIMITS, orders::parse_non_nil_uuid};

/// Claims in a principal: `docs/reference/identity.md#evidence-limits`.
const MAX_CLAIMS: usize = LIMITS.credentials.max_claims;
/// Longest `typ`, in bytes.
const MAX_NAME_BYTES: usize = 256;
/// Longest `val`, in bytes.
const MAX_VALUE_BYTES: usize = 4 * 1024;

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
const SINGLE_VALUED: [Spellings; 9] =
    [OBJECT, TENANT, SUBJECT, SCOPE, ISSUER, AUDIENCE, CLIENT, KIND, VERSION];

/// The claims of a principal by name, multi-valued ones repeated; within their limits, free of contradiction.
pub(super) struct Claims<'d>(Vec<(&'d str, &'d str)>);

impl<'d> Claims<'d> {
    /// Checks the claims against these limits.
    pub(super) fn new(claims: Vec<(&'d str, &'d str)>) -> Result<Self, Reason> {
        if claims.len() > MAX_CLAIMS {
            return Err(Reason::ClaimsTooMany);
        }
        if claims.iter().any(|(name, value)| name.len() > MAX_NAME_BYTES || value.len() > MAX_VALUE_BYTES) {
            return Err(Reason::ClaimTooLong);
        }
        let claims = Self(claims);
        for spellings in SINGLE_VALUED.into_iter().chain([ROLES]) {
            if claims.values(spellings).any(|value| value.contains(char::is_control)) {
                return Err(Reason::ClaimControlCharacter);
            }
        }
        for spellings in SINGLE_VALUED {
            let first = claims.first(spellings);
            if claims.values(spellings).any(|value| Some(value) != first) {
                return Err(Reason::ClaimConflict);
            }
        }
        Ok(claims)
    }

    /// The caller that these claims describe.
    pub(super) fn verified_claims(&self) -> Result<VerifiedClaims, Reason> {
        let id = |spellings| self.first(spellings).and_then(parse_non_nil_uuid);
        Ok(VerifiedClaims {
            tenant: id(TENANT).ok_or(Reason::TenantMissing)?,
            object: id(OBJECT).ok_or(Reason::ObjectMissing)?,
            client: id(CLIENT),
            scope: self.first(SCOPE).map(str::to_owned),
            kind: self.first(KIND).map(str::to_owned),
            roles: verified_claims::known_roles(|name| self.values(ROLES).any(|value| value == name)),
        })
    }

    /// The API that the token was issued for.
    pub(super) fn audience(&self) -> Option<&'d str> {
        self.first(AUDIENCE)
    }

    fn first(&self, spellings: Spellings) -> Option<&'d str> {
        self.values(spellings).next()
    }

    fn values(&self, spellings: Spellings) -> impl Iterator<Item = &'d str> {
        self.0.iter().filter(move |(name, _)| spellings.contains(name)).map(|(_, value)| *value)
    }
}
