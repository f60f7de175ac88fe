//! The people of the app, and tokens for them.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{Outcome, Problem};
use crate::{
    host::Host,
    issuer::{Issuer, TokenOptions},
    people::{Kind, Person},
};

/// What may be different in a token.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Wish {
    roles: Option<Vec<String>>,
    minutes: Option<u64>,
}

/// Tenant, audience, scopes and everyone; null for an app without people.
pub(super) fn all(host: &Host) -> Value {
    let Some(people) = host.front().issuer().map(Issuer::people) else { return Value::Null };
    let everyone: Vec<Value> = people.iter().map(shown).collect();
    json!({
        "tenant": people.tenant(),
        "audience": people.audience(),
        "client": people.client(),
        "scopes": people.scopes(),
        "everyone": everyone,
    })
}

fn shown(person: &Person) -> Value {
    json!({
        "name": person.name,
        "objectId": person.object_id,
        "tenantId": person.tenant_id,
        "roles": person.roles,
        "kind": match person.kind {
            Kind::User => "user",
            Kind::App => "app",
        },
    })
}

/// A bearer token for one of the people.
pub(super) fn token(host: &Host, name: &str, wish: Wish) -> Outcome {
    let lifetime = wish.minutes.map(|minutes| Duration::from_mins(minutes.min(24 * 60)));
    let token = sign(host, name, &TokenOptions { roles: wish.roles, lifetime, ..TokenOptions::default() })?;
    Ok(json!({"token": token}))
}

/// Signs a token for the person of this name.
pub(super) fn sign(host: &Host, name: &str, options: &TokenOptions) -> Result<String, Problem> {
    let unknown = || Problem::missing(format!("no person is named {name:?}"));
    let issuer = host.front().issuer().ok_or_else(unknown)?;
    let person = issuer.people().named(name).ok_or_else(unknown)?;
    let now = host.options().queues.clock().now();
    issuer.token(person, options, now).map_err(|error| Problem::impossible(error.to_string()))
}
