//! What a token says.

use std::time::Duration;

use aws_lc_rs::{
    digest::{SHA256, digest},
    error::Unspecified,
    rand,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::users::{PrincipalKind, User, Users};

const LIFETIME: Duration = Duration::from_hours(1);

/// What to change in a token; by default it has the values of the users file.
#[derive(Clone, Debug, Default)]
pub struct TokenOptions {
    /// Roles instead of the user's own.
    pub roles: Option<Vec<String>>,
    /// Scopes instead of the file's; apps never have any.
    pub scopes: Option<Vec<String>>,
    /// Time until the token expires, one hour if not given.
    pub lifetime: Option<Duration>,
    /// Whether to issue an app's token even for a user.
    pub app: bool,
}

/// A token could not be signed: the random source failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot sign a token, try again")]
pub struct SignError(#[source] pub(super) Unspecified);

/// The claims of a v2 access token, in the sequence of
/// [Entra's](https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference), `idtyp` asked for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Claims {
    /// The API that the token is for.
    pub aud: String,
    /// The issuer of the user's tenant.
    pub iss: String,
    /// When the token was issued, in seconds since 1970.
    pub iat: i64,
    /// Not valid before.
    pub nbf: i64,
    /// Not valid from then on.
    pub exp: i64,
    /// The client that asked for it.
    pub azp: Uuid,
    /// How the client proved itself: `0` not at all, `1` by a secret.
    pub azpacr: String,
    /// Whether the token is a user's or an app's.
    pub idtyp: PrincipalKind,
    /// Display name; users only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Object id.
    pub oid: Uuid,
    /// A mutable name, for display; users only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// App roles; absent when there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Scopes, joined by spaces; users only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scp: Option<String>,
    /// Subject: pairwise per API for users, the object id for apps.
    pub sub: String,
    /// Tenant id.
    pub tid: Uuid,
    /// The token's own id.
    pub uti: String,
    /// `2.0`.
    pub ver: String,
}

impl Claims {
    pub(super) fn of(
        directory: &Users,
        issuer: String,
        user: &User,
        options: &TokenOptions,
        now: DateTime<Utc>,
    ) -> Result<Self, SignError> {
        let kind = if options.app { PrincipalKind::App } else { user.kind };
        let is_user = kind == PrincipalKind::User;
        let scopes = options.scopes.as_deref().unwrap_or(directory.scopes());
        let lifetime = i64::try_from(options.lifetime.unwrap_or(LIFETIME).as_secs()).unwrap_or(i64::MAX);
        let start = now.timestamp();
        Ok(Self {
            aud: directory.audience().to_owned(),
            iss: issuer,
            iat: start,
            nbf: start,
            exp: start.saturating_add(lifetime),
            azp: directory.client_id(),
            azpacr: if is_user { "0" } else { "1" }.to_owned(),
            idtyp: kind,
            name: is_user.then(|| user.name.clone()),
            oid: user.object_id,
            preferred_username: is_user.then(|| format!("{}@users.example", user.name)),
            roles: options.roles.clone().unwrap_or_else(|| user.roles.clone()),
            scp: (is_user && !scopes.is_empty()).then(|| scopes.join(" ")),
            sub: if is_user { pairwise(directory, user) } else { user.object_id.to_string() },
            tid: user.tenant_id,
            uti: token_id()?,
            ver: "2.0".to_owned(),
        })
    }
}

/// The same user has another subject for another API, as with Entra.
fn pairwise(directory: &Users, user: &User) -> String {
    let pair = format!("{} {} {}", directory.audience(), user.tenant_id, user.object_id);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, pair.as_bytes()))
}

fn token_id() -> Result<String, SignError> {
    let mut id = [0; 16];
    rand::fill(&mut id).map_err(SignError)?;
    Ok(URL_SAFE_NO_PAD.encode(id))
}
