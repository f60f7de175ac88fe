//! `GetSecretFromKeyVault`: `GET /api/GetSecretFromKeyVault`.

use axum::http::StatusCode;

use super::{App, view::SecretView};
use crate::{
    host::{Answer, Call},
    policy::ReadSecret,
    problem::Problem,
    reply,
    validation::{self, Query},
};

/// Reads a secret of the vault with the app's managed identity and tells what it is, never what it says: a value
/// that travels through an API ends up in logs, caches and browser histories.
///
/// # Errors
/// Every [`Problem`] that contract §2 names for it.
pub async fn get_secret_from_key_vault(app: &App, call: Call) -> Result<Answer, Problem> {
    app.permit::<ReadSecret>(&call).await?;
    let query = Query::of(&call.query);
    query.only(&["secretName"])?;
    let asked = query.value("secretName").map(validation::secret_name).transpose()?;
    let name = asked.as_ref().or(app.secret_name.as_ref());
    let name = name.ok_or(Problem::Malformed("Name the secret in secretName."))?;
    let vault = app.vault.as_ref().ok_or(Problem::Malformed("No vault is configured for this app."))?;
    let found = vault.read(name).await?;
    Ok(reply::json(StatusCode::OK, &SecretView::from(&found.about)))
}
