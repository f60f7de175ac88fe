//! `GetSecretFromKeyVault`: `GET /api/GetSecretFromKeyVault`.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use azure_functions_handler::State;

use super::{
    app_state::AppState,
    openapi::{OpenApiOperation, Parameter, Tag, schema},
    view::SecretView,
};
use crate::{
    audit,
    policy::{Permit, ReadSecret},
    problem::Problem,
    response,
    validation::{self, Query},
};

/// Reads a secret of the vault and answers with its properties, never with its value: a value that travels through an
/// API ends up in logs, caches and browser histories. Each look-up gets an audit line.
///
/// # Errors
/// A [`Problem`] of `docs/reference/api.md#getsecretfromkeyvault`.
pub async fn get_secret_from_key_vault(
    State(app): State<Arc<AppState>>,
    permit: Permit<ReadSecret>,
    query: Query,
) -> Result<Response, Problem> {
    query.allow_only(&["secretName"])?;
    // As in Azure's sample, an empty name counts as missing.
    let asked = query.value("secretName").filter(|name| !name.is_empty());
    let asked = asked.map(validation::parse_secret_name).transpose()?;
    let name = asked.as_ref().or(app.secret_name.as_ref());
    let name = name.ok_or(Problem::Malformed(
        "`secretName` is required in the query, for this app has no default secret.",
    ))?;
    let vault = app
        .vault
        .as_ref()
        .ok_or(Problem::Malformed("This app has no vault. Set its setting KeyVaultUrl."))?;
    let read = vault.read(name).await;
    audit::secret_looked_up(name, read.as_ref().err(), permit.actor().kind);
    let found = read?;
    Ok(response::json(StatusCode::OK, &SecretView::from(&found.properties)))
}

/// The function's entry in the OpenAPI document.
#[must_use]
pub fn openapi_operation() -> OpenApiOperation {
    OpenApiOperation::new(Tag::Service, "Tells what a secret is, never what it says.")
        .parameters([Parameter::SecretName])
        .response(StatusCode::OK, "What the vault says of it.", schema::<SecretView<'static>>, [])
        .problems([Problem::NotFound])
}
