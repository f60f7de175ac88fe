//! The users of the app, and tokens for them.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{ApiResult, Problem};
use crate::{
    host::Host,
    issuer::{Issuer, TokenOptions},
    users::{PrincipalKind, User},
};

/// The options of a token.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TokenRequest {
    roles: Option<Vec<String>>,
    minutes: Option<u64>,
}

/// Tenant, audience, scopes and users; null for an app without users.
pub(super) fn all(host: &Host) -> Value {
    let Some(users) = host.easyauth().issuer().map(Issuer::users) else { return Value::Null };
    let all: Vec<Value> = users.iter().map(shown).collect();
    json!({
        "tenant": users.tenant(),
        "audience": users.audience(),
        "client": users.client_id(),
        "scopes": users.scopes(),
        "all": all,
    })
}

fn shown(user: &User) -> Value {
    json!({
        "name": user.name,
        "objectId": user.object_id,
        "tenantId": user.tenant_id,
        "roles": user.roles,
        "kind": match user.kind {
            PrincipalKind::User => "user",
            PrincipalKind::App => "app",
        },
    })
}

/// A bearer token for one of the users.
pub(super) fn token(host: &Host, name: &str, request: TokenRequest) -> ApiResult {
    let lifetime = request.minutes.map(|minutes| Duration::from_mins(minutes.min(24 * 60)));
    let token =
        issue_token(host, name, &TokenOptions { roles: request.roles, lifetime, ..TokenOptions::default() })?;
    Ok(json!({"token": token}))
}

/// Signs a token for the user of this name.
pub(super) fn issue_token(host: &Host, name: &str, options: &TokenOptions) -> Result<String, Problem> {
    let unknown = || Problem::not_found(format!("no user is named {name:?}"));
    let issuer = host.easyauth().issuer().ok_or_else(unknown)?;
    let user = issuer.users().named(name).ok_or_else(unknown)?;
    let now = host.options().queues.clock().now();
    issuer.token(user, options, now).map_err(|error| Problem::conflict(error.to_string()))
}
