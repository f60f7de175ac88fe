//! The vault that stores secrets, and the identity with which the app signs in to Azure.

use azure_core::http::Url;
use uuid::Uuid;

use super::{
    env_reader::EnvReader,
    environment::Environment,
    value::{self, Invalid},
};
use crate::{
    secret::SecretName,
    vault::{VaultSettings, VaultSignIn},
};

/// The settings of the vault, if one is configured.
pub(super) fn read(env: &mut EnvReader, environment: Environment) -> Option<VaultSettings> {
    let name = "KeyVaultUrl";
    let url = env.optional(name, vault_url);
    if url.is_some() && environment == Environment::Azure {
        env.require_managed_identity(name);
    }
    let client_id = client_id(env);
    let sign_in = if env.has_managed_identity() || environment == Environment::Azure {
        VaultSignIn::ManagedIdentity { client_id }
    } else {
        VaultSignIn::Developer
    };
    Some(VaultSettings { url: url?, sign_in })
}

pub(super) fn client_id(env: &mut EnvReader) -> Option<Uuid> {
    env.optional("AZURE_CLIENT_ID", value::guid)
}

pub(super) fn secret_name(text: &str) -> Result<SecretName, Invalid> {
    text.parse().map_err(Invalid::Because)
}

/// The vault's URL: scheme and host only, because tokens go there and nowhere else.
fn vault_url(text: &str) -> Result<String, Invalid> {
    let url = Url::parse(text).map_err(|_| Invalid::Form)?;
    let domain = url.domain().filter(|domain| domain.contains('.')).ok_or(Invalid::Form)?;
    let plain = format!("https://{domain}/");
    if url.as_str() == plain { Ok(plain) } else { Err(Invalid::Form) }
}
