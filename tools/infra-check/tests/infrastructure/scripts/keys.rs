//! Keys and secrets, which are in no argument.

use super::Case;
use crate::stand_ins::{Call, StandIns, change, complained, read, said};

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
fn a_host_key_is_in_no_argument_and_in_the_vault_without_a_line_break() {
    let calls: Vec<_> = [listed("default", "the-key")].into_iter().chain(handed_over()).collect();
    let stand_ins = StandIns::new(&calls);
    let printed = said(&stand_ins.run("host-key.sh", &[GATEWAY, "GROUP", "func-api", "kv-gate"], &[]));
    assert_eq!(stand_ins.shown("key"), "the-key");
    assert!(!printed.contains("the-key") && stand_ins.called().iter().all(|line| !line.contains("the-key")));
}

#[test]
fn an_app_without_keys_is_published_first() {
    let stand_ins = StandIns::new(&[listed("default", "")]);
    let said = complained(&stand_ins.run("host-key.sh", &[GATEWAY, "GROUP", "func-api", "kv-gate"], &[]));
    assert!(said.contains("publish its package first"), "{said}");
    stand_ins.all_told();
}

#[test]
fn a_secret_arrives_as_its_file_holds_it() {
    let stand_ins = StandIns::new(&[secret("/VAULT", "fulfilment-client")]);
    let pem = "-----BEGIN X-----\nA\"B\\C\r\n-----END X-----\n";
    std::fs::write(stand_ins.project().join("client.pem"), pem).expect("a file");
    said(&stand_ins.run("secret.sh", &["/VAULT", "fulfilment-client", "client.pem"], &[]));
    let body: serde_json::Value = serde_json::from_str(&stand_ins.shown("body")).expect("JSON");
    assert_eq!(body["properties"]["value"], "-----BEGIN X-----\nA\"B\\C\n-----END X-----");
}
