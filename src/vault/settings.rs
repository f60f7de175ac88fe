//! The vault that stores secrets, and the identity with which the app signs in to Azure.

use uuid::Uuid;

/// The vault of secrets.
#[derive(Clone, Debug)]
pub struct VaultSettings {
    /// `KeyVaultUrl`: `https://<name>.vault.azure.net/`.
    pub url: String,
    /// Who reads it.
    pub sign_in: VaultSignIn,
}

/// Who reads the vault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum VaultSignIn {
    /// The app's managed identity: on the platform nothing else, and wherever one is offered.
    ManagedIdentity {
        /// `AZURE_CLIENT_ID`: the user-assigned identity, else the system-assigned one.
        client_id: Option<Uuid>,
    },
    /// On a developer's machine, who signed in to Azure CLI or Azure Developer CLI.
    Developer,
}
