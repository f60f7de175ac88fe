//! The size production: one provision, and what azd leaves to the workflows.

use super::*;

/// Everything that is called around a provision, but for the registrations, which have tests of their own.
pub(super) fn calls() -> Vec<Call> {
    let gateway =
        "/subscriptions/SUBSCRIPTION/resourceGroups/rg-test/providers/Microsoft.ApiManagement/service/apim-x";
    let vault =
        "/subscriptions/SUBSCRIPTION/resourceGroups/rg-test/providers/Microsoft.KeyVault/vaults/kv-gate";
    vec![
        reads("az account show --subscription SUBSCRIPTION --output none", ""),
        change("az provider register --subscription SUBSCRIPTION --namespace Microsoft.App --wait"),
        reads("cargo xtask infra check", "nothing dangerous is asked for"),
        change(format!(
            "az rest --method put --url {gateway}/subscriptions/smoke?api-version=2024-05-01 --output none --headers Content-Type=application/json --body ‹{{ \"properties\": {{ \"displayName\": \"smoke\", \"scope\": \"/apis\", \"state\": \"active\" }} }}›"
        )),
        reads(
            format!(
                "az rest --method post --url {gateway}/subscriptions/smoke/listSecrets?api-version=2024-05-01 --query primaryKey --output tsv"
            ),
            "the-key",
        ),
        change(format!(
            "az rest --method put --url {vault}/secrets/smoke?api-version=2026-02-01 --output none --headers Content-Type=application/json --body @TMP/body"
        )),
        reads("az ad sp list --filter ‹appId eq 'SMOKE'› --query [0].id --output tsv", "PROGRAM"),
        change(format!(
            "az role assignment create --assignee-object-id PROGRAM --assignee-principal-type ServicePrincipal --role ‹Key Vault Secrets User› --scope {vault}/secrets/smoke --output none"
        )),
    ]
}

const GIVEN: [(&str, &str); 3] = [
    ("DEPLOY_API_CLIENT_ID", "CLIENT"),
    ("DEPLOY_REPOSITORY", "example/orders"),
    ("DEPLOY_SMOKE_CLIENT_ID", "SMOKE"),
];

#[test]
fn provisioning_prints_the_next_commands() {
    let mut azd = Azd::new("production", &calls(), &GIVEN);
    let said = azd.around("provision", |azd| {
        azd.provision();
        Ok(())
    });
    let said = said.expect("it goes well");
    azd.stubs.all_told();
    let wanted: Vec<_> = calls().into_iter().map(|call| call.line).collect();
    assert_eq!(azd.stubs.called(), wanted);
    for word in [
        "--name vm-runner-x --command-id RunShellScript",
        "--parameters https://github.com/example/orders",
        "repos/example/orders/actions/runners/registration-token --jq .token)\" test\n",
        "variables.sh test example/orders SMOKE\n",
        "gh workflow run bootstrap.yml --repo example/orders",
    ] {
        assert!(said.contains(word), "{said}");
    }
    assert!(!said.contains("the-key"), "{said}");
}

#[test]
fn a_runner_registers_its_feature() {
    let feature = "az feature register --subscription SUBSCRIPTION --namespace Microsoft.Compute --name EncryptionAtHost --output none";
    let shown = "az feature show --subscription SUBSCRIPTION --namespace Microsoft.Compute --name EncryptionAtHost --query properties.state --output tsv";
    let mut calls = calls();
    calls.truncate(3);
    calls.extend([
        change(feature),
        reads(shown, "Registered"),
        change("az provider register --subscription SUBSCRIPTION --namespace Microsoft.Compute --wait"),
    ]);
    let mut azd = Azd::new("production", &calls, &[GIVEN.as_slice(), &[("DEPLOY_RUNNER", "true")]].concat());
    let before = azd.project.hooks["preprovision"].clone();
    azd.hook("preprovision", Some(before)).expect("it goes well");
    azd.stubs.all_told();
}

#[test]
fn skipped_parameter_checks_are_reported() {
    let mut azd = Azd::new("production", &calls()[..2], &GIVEN);
    let before = azd.project.hooks["preprovision"].clone();
    azd.hook("preprovision", Some(before)).expect("it goes well");
    azd.stubs.all_told();
}

#[test]
fn azd_up_rejects_production_deployments() {
    let mut azd = Azd::new("production", &[], &GIVEN);
    let said = complained(&azd.up().expect_err("it fails"));
    assert!(said.contains("Bootstrap and Deploy"), "{said}");
    azd.provision();
    let before = azd.project.hooks["predeploy"].clone();
    let said = complained(&azd.hook("predeploy", Some(before)).expect_err("it fails"));
    assert!(said.contains("run the workflow Deploy"), "{said}");
    assert_eq!(azd.stubs.called(), Vec::<String>::new());
}

#[test]
fn an_unknown_size_is_rejected() {
    for hook in ["prepackage", "preprovision"] {
        let mut azd = Azd::new("large", &[], &[]);
        let before = azd.project.hooks[hook].clone();
        let said = complained(&azd.hook(hook, Some(before)).expect_err("it fails"));
        assert!(said.contains("has to be small or production"), "{said}");
    }
}

#[test]
fn locks_stop_azd_down() {
    let lock =
        "az lock list --subscription SUBSCRIPTION --resource-group rg-test --query [].name --output tsv";
    let mut azd = Azd::new("production", &[reads(lock, "keep")], &GIVEN);
    azd.provision();
    let said = complained(&azd.down().expect_err("it fails"));
    assert!(said.contains("infra/scripts/unlock.sh rg-test"), "{said}");
}
