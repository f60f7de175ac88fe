//! Which tokens are accepted, as Microsoft says of
//! [claims validation](https://learn.microsoft.com/entra/identity-platform/claims-validation).

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, errors::ErrorKind};
use uuid::Uuid;

use super::{claims::Claims, key::SigningKey};
use crate::users::Users;

/// Seconds by which the clocks of issuer and checker may differ.
const SKEW: i64 = 60;
/// No issuer gives out longer tokens, and no gateway lets longer headers through.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TokenError {
    /// It is no token, or a claim is missing or of another type.
    #[error("it is not an access token of this issuer")]
    Malformed,
    /// Signed otherwise than with RS256, or with a header member that changes what it means.
    #[error("only plain RS256 is accepted")]
    Algorithm,
    /// Signed by another key.
    #[error("its key is unknown: get a new token")]
    Key,
    /// The signature is not that of its text.
    #[error("its signature is invalid")]
    Signature,
    /// The token is from another issuer, or from a tenant without users.
    #[error("it comes from another issuer: get a token for this port")]
    Issuer,
    /// For another API.
    #[error("it has another audience")]
    Audience,
    /// Its time is over.
    #[error("it has expired: get a new one")]
    Expired,
    /// Its time has not come.
    #[error("it is not valid yet")]
    Early,
}

/// Checks tokens against one key.
pub(super) struct Verifier {
    key: DecodingKey,
    key_id: String,
    rules: Validation,
}

impl Verifier {
    pub(super) fn new(key: &SigningKey) -> Self {
        let public = key.public();
        let mut rules = Validation::new(Algorithm::RS256);
        // The crate would ask the system clock, and lets claims of a wrong type pass: both are checked here.
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.required_spec_claims.clear();
        Self {
            key: DecodingKey::from_rsa_raw_components(&public.n, &public.e),
            key_id: key.id().to_owned(),
            rules,
        }
    }

    /// `issuer_of` gives the issuer of a tenant.
    pub(super) fn verify(
        &self,
        users: &Users,
        issuer_of: impl Fn(Uuid) -> String,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Claims, TokenError> {
        self.check_header(token)?;
        let claims = decode::<Claims>(token, &self.key, &self.rules).map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => TokenError::Signature,
            _ => TokenError::Malformed,
        })?;
        check_claims(users, issuer_of, &claims.claims, now)?;
        Ok(claims.claims)
    }

    fn check_header(&self, token: &str) -> Result<(), TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::Malformed);
        }
        // An algorithm that the crate does not know, `none` among them, is a header that it cannot read.
        let header = decode_header(token).map_err(|_| TokenError::Algorithm)?;
        let plain = header.typ.as_deref().is_none_or(|typ| typ == "JWT")
            && header.crit.is_none()
            && header.zip.is_none()
            && header.extras.inner().is_empty();
        if header.alg != Algorithm::RS256 || !plain {
            return Err(TokenError::Algorithm);
        }
        if header.kid.as_deref() != Some(&self.key_id) {
            return Err(TokenError::Key);
        }
        Ok(())
    }
}

fn check_claims(
    users: &Users,
    issuer_of: impl Fn(Uuid) -> String,
    claims: &Claims,
    now: DateTime<Utc>,
) -> Result<(), TokenError> {
    let now = now.timestamp();
    if !users.knows_tenant(claims.tid) || claims.iss != issuer_of(claims.tid) {
        return Err(TokenError::Issuer);
    }
    if claims.aud != users.audience() {
        return Err(TokenError::Audience);
    }
    if claims.ver != "2.0" {
        return Err(TokenError::Malformed);
    }
    if claims.exp.saturating_add(SKEW) <= now {
        return Err(TokenError::Expired);
    }
    if claims.nbf.saturating_sub(SKEW) > now {
        return Err(TokenError::Early);
    }
    Ok(())
}
