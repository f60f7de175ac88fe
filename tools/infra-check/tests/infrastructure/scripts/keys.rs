//! Keys and secrets, which are in no argument.

use super::Case;
use crate::stubs::{Call, Stubs, change, complained, read, said};

const GATEWAY: &str = "/GATEWAY";

fn listed(name: &str, says: &str) -> Call {
    read(
        format!(
            "az functionapp keys list --resource-group GROUP --name func-api --query functionKeys.\"{name}\" --output tsv"
        ),
        says,
    )
}

fn handed_over() -> [Call; 2] {
    [
        change(
            "az keyvault secret set --vault-name kv-gate --name function-key --file TMP/key --output none",
        ),
        change(
            "az rest --method post --url /GATEWAY/namedValues/function-key/refreshSecret?api-version=2024-05-01 --output none",
        ),
    ]
}

fn secret(vault: &str, name: &str) -> Call {
    change(format!(
        "az rest --method put --url {vault}/secrets/{name}?api-version=2026-02-01 --output none --headers Content-Type=application/json --body @TMP/body"
    ))
}

pub(super) fn cases() -> Vec<Case> {
    let rotated = change(
        "az functionapp keys set --resource-group GROUP --name func-api --key-type functionKeys --key-name gateway-b --output none",
    );
    let [_, told] = handed_over();
    vec![
        Case::new(
            "host-key.sh",
            &[GATEWAY, "GROUP", "func-api", "kv-gate"],
            [listed("default", "the-key")].into_iter().chain(handed_over()).collect(),
        ),
        Case::new(
            "host-key.sh",
            &[GATEWAY, "GROUP", "func-api", "/VAULT", "gateway-b"],
            vec![rotated, listed("gateway-b", "the-key"), secret("/VAULT", "function-key"), told],
        ),
        Case::new(
            "host-key.sh",
            &["--remove", "GROUP", "func-api", "gateway-a"],
            vec![change(
                "az functionapp keys delete --resource-group GROUP --name func-api --key-type functionKeys --key-name gateway-a",
            )],
        ),
        Case::new(
            "secret.sh",
            &["/VAULT", "fulfilment-ca", "azure.yaml"],
            vec![secret("/VAULT", "fulfilment-ca")],
        ),
        Case::new(
            "smoke-key.sh",
            &[GATEWAY, "/VAULT", "SMOKE"],
            vec![
                change(concat!(
                    "az rest --method put --url /GATEWAY/subscriptions/smoke?api-version=2024-05-01 --output none ",
                    "--headers Content-Type=application/json ",
                    "--body ‹{ \"properties\": { \"displayName\": \"smoke\", \"scope\": \"/apis\", \"state\": \"active\" } }›"
                )),
                read(
                    "az rest --method post --url /GATEWAY/subscriptions/smoke/listSecrets?api-version=2024-05-01 --query primaryKey --output tsv",
                    "the-key",
                ),
                secret("/VAULT", "smoke"),
                read("az ad sp list --filter ‹appId eq 'SMOKE'› --query [0].id --output tsv", "PROGRAM"),
                change(
                    "az role assignment create --assignee-object-id PROGRAM --assignee-principal-type ServicePrincipal --role ‹Key Vault Secrets User› --scope /VAULT/secrets/smoke --output none",
                ),
            ],
        ),
    ]
}

#[test]
fn a_host_key_is_stored_exactly_and_never_an_argument() {
    let calls: Vec<_> = [listed("default", "the-key")].into_iter().chain(handed_over()).collect();
    let stubs = Stubs::new(&calls);
    let printed = said(&stubs.run("host-key.sh", &[GATEWAY, "GROUP", "func-api", "kv-gate"], &[]));
    assert_eq!(stubs.shown("key"), "the-key");
    assert!(!printed.contains("the-key") && stubs.called().iter().all(|line| !line.contains("the-key")));
}

#[test]
fn an_app_without_keys_is_deployed_first() {
    let stubs = Stubs::new(&[listed("default", "")]);
    let said = complained(&stubs.run("host-key.sh", &[GATEWAY, "GROUP", "func-api", "kv-gate"], &[]));
    assert!(said.contains("publish its package first"), "{said}");
    stubs.all_told();
}

#[test]
fn a_secret_is_stored_byte_for_byte() {
    let stubs = Stubs::new(&[secret("/VAULT", "fulfilment-client")]);
    let pem = "-----BEGIN X-----\nA\"B\\C\r\n-----END X-----\n";
    std::fs::write(stubs.project().join("client.pem"), pem).expect("a file");
    said(&stubs.run("secret.sh", &["/VAULT", "fulfilment-client", "client.pem"], &[]));
    let body: serde_json::Value = serde_json::from_str(&stubs.shown("body")).expect("JSON");
    assert_eq!(body["properties"]["value"], "-----BEGIN X-----\nA\"B\\C\n-----END X-----");
}
