//! Where secrets are kept, and as whom the app signs in to Azure.

use azure_core::http::Url;
use uuid::Uuid;

use super::{given::Given, value};
use crate::secret::SecretName;

/// The vault of secrets.
#[derive(Clone, Debug)]
pub struct VaultSettings {
    /// `KeyVaultUrl`: `https://<name>.vault.azure.net/`.
    pub url: String,
    /// `AZURE_CLIENT_ID`: the user-assigned identity that reads it, else the system-assigned one.
    pub client_id: Option<Uuid>,
}

/// The vault, where one is configured.
pub(super) fn read(given: &mut Given) -> Option<VaultSettings> {
    let name = "KeyVaultUrl";
    let url = given.optional(name, vault_url);
    if url.is_some() {
        given.demand_managed_identity(name);
    }
    let client_id = client_id(given);
    Some(VaultSettings { url: url?, client_id })
}

pub(super) fn client_id(given: &mut Given) -> Option<Uuid> {
    given.optional("AZURE_CLIENT_ID", value::guid)
}

pub(super) fn secret_name(text: &str) -> Result<SecretName, &'static str> {
    text.parse()
}

/// Nothing but scheme and host: tokens go there, and nowhere else.
fn vault_url(text: &str) -> Result<String, &'static str> {
    let fault = "is no address of a vault: https://<name>.vault.azure.net";
    let url = Url::parse(text).map_err(|_| fault)?;
    let domain = url.domain().filter(|domain| domain.contains('.')).ok_or(fault)?;
    let plain = format!("https://{domain}/");
    if url.as_str() == plain { Ok(plain) } else { Err(fault) }
}
