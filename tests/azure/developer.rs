//! A developer's machine: no managed identity, and the developer's own sign-in reads the vault.

use orders_worker::{
    secret::SecretName,
    vault::{KeyVaultSecret, Vault, VaultError},
};
use test_servers::{Authority, Leaf, Vault as Server, VaultSecret};

use crate::{
    platform::run_with_tool,
    world::{HOST, client},
};

/// What `az account get-access-token -o json` prints for a signed-in developer.
const SIGNED_IN: &str = r#"echo '{"accessToken":"token-1","expires_on":4102444800,"tokenType":"Bearer"}'"#;
/// What `azd auth token -o json` prints of them.
const SIGNED_IN_WITH_AZD: &str = r#"echo '{"token":"token-1","expiresOn":"2100-01-01T00:00:00Z"}'"#;
const SIGNED_OUT: &str = "echo 'Please run az login' >&2; exit 1";

/// Asks a vault that knows `token-1` for its only secret.
async fn ask() -> Result<KeyVaultSecret, VaultError> {
    let authority = Authority::new("tests").unwrap();
    let issued = authority.issue(&Leaf::server(&[HOST])).unwrap();
    let server = Server::start(&issued, "token-1").await.unwrap();
    server.state().secrets.insert("cup".to_owned(), VaultSecret::new("hunter2"));
    let vault =
        Vault::with_developer_sign_in(&format!("https://{HOST}/"), client(&authority, server.address()))
            .unwrap();
    vault.read(&"cup".parse::<SecretName>().unwrap()).await
}

async fn the_signed_in_developer_reads_it() {
    assert_eq!(ask().await.unwrap().properties.name, "cup");
}

async fn the_secret_is_unavailable() {
    assert_eq!(ask().await.unwrap_err(), VaultError::Unavailable { retry_after: None });
}

#[test]
fn azure_cli_credentials_read_the_vault() {
    let test = concat!(module_path!(), "::azure_cli_credentials_read_the_vault");
    run_with_tool(test, "az", SIGNED_IN, the_signed_in_developer_reads_it);
}

#[test]
fn azd_credentials_read_the_vault() {
    let test = concat!(module_path!(), "::azd_credentials_read_the_vault");
    run_with_tool(test, "azd", SIGNED_IN_WITH_AZD, the_signed_in_developer_reads_it);
}

#[test]
fn a_signed_out_developer_gets_unavailable() {
    let test = concat!(module_path!(), "::a_signed_out_developer_gets_unavailable");
    run_with_tool(test, "az", SIGNED_OUT, the_secret_is_unavailable);
}
