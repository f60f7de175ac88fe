//! Bootstrap and Deploy, on both plans, and the way back.

use super::*;

const LOOK: &str = "Look whether it answers as it should, and refuses what it should";

fn known(plan: &'static str, previous: &'static str) -> Vec<(&'static str, &'static str)> {
    vec![
        ("github.token", "GITHUB"),
        ("github.repository", "example/orders"),
        ("inputs.environment", "test"),
        ("inputs.tag", "v2"),
        ("inputs.previous", previous),
        ("vars.PLAN", plan),
        ("vars.TENANT_ID", "TENANT"),
        ("vars.SUBSCRIPTION_ID", "SUBSCRIPTION"),
        ("vars.RESOURCE_GROUP", "GROUP"),
        ("vars.API_APP_NAME", "func-api"),
        ("vars.PROCESSOR_APP_NAME", "func-processor"),
        ("vars.API_CLIENT_ID", "API"),
        ("vars.API_IDENTITY", "id-api"),
        ("vars.API_IDENTITY_OBJECT_ID", "1"),
        ("vars.PROCESSOR_IDENTITY", "id-processor"),
        ("vars.PROCESSOR_IDENTITY_OBJECT_ID", "2"),
        ("vars.DATABASE_ADMINISTRATORS", "orders-database"),
        ("vars.DATABASE_HOST", "db.example"),
        ("vars.MIGRATE_IDENTITY", "id-migrate"),
        ("vars.MIGRATE_CLIENT_ID", "MIGRATE"),
        ("vars.DEPLOY_CLIENT_ID", "DEPLOY"),
        ("vars.SMOKE_CLIENT_ID", "SMOKE"),
        ("vars.GATEWAY_NAME", "apim-x"),
        ("vars.GATEWAY_URL", "https://api.example.com"),
        ("vars.GATEWAY_VAULT_NAME", "kv-gate"),
    ]
}

/// Whether a step only runs where another one failed.
pub(super) fn is_return(step: &Step) -> bool {
    step.condition.as_deref().is_some_and(|condition| condition.starts_with("failure()"))
}

fn fetched(tag: &str, folder: &str) -> Vec<Call> {
    let verified = |app: &str| {
        reads(
            format!(
                "gh attestation verify {folder}/{app}.zip --repo example/orders --signer-workflow example/orders/.github/workflows/release.yml"
            ),
            "",
        )
    };
    vec![
        change(format!("gh release download {tag} --repo example/orders --pattern *.zip --dir {folder}"))
            .does(format!("mkdir -p {folder}; touch {folder}/api.zip {folder}/processor.zip")),
        verified("api"),
        verified("processor"),
    ]
}

/// The worker of the release, and the token of who may change the schema.
fn migrated(arguments: &str) -> Vec<Call> {
    let login = "id-migrate:MIGRATE-TOKEN";
    vec![
        change("unzip -q new/api.zip -d new/api")
            .does("mkdir -p new/api; cp \"$folder/bin/orders-worker\" new/api/"),
        reads(
            "az account get-access-token --resource-type oss-rdbms --query accessToken --output tsv",
            "MIGRATE-TOKEN",
        ),
        change(format!(
            "orders-worker migrate{arguments} with ORDERS_DATABASE_URL=postgres://{login}@db.example:5432/orders?sslmode=verify-full"
        )),
    ]
}

fn published(folder: &str) -> Vec<Call> {
    ["processor", "api"]
        .iter()
        .flat_map(|app| {
            let url = format!("https://st.example/packages/{app}.zip");
            [
                reads(format!("az functionapp config appsettings list --name func-{app} --resource-group GROUP --query [?name=='WEBSITE_RUN_FROM_PACKAGE'].value --output tsv"), &url),
                change(format!("az storage blob upload --blob-url {url} --file {folder}/{app}.zip --overwrite --auth-mode login --output none")),
                change(format!("az functionapp restart --name func-{app} --resource-group GROUP")),
            ]
        })
        .collect()
}

fn handed_over() -> Vec<Call> {
    vec![
        reads(
            "az functionapp keys list --resource-group GROUP --name func-api --query functionKeys.\"default\" --output tsv",
            "the-key",
        ),
        change(
            "az keyvault secret set --vault-name kv-gate --name function-key --file TMP/key --output none",
        ),
        change(
            "az rest --method post --url /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.ApiManagement/service/apim-x/namedValues/function-key/refreshSecret?api-version=2024-05-01 --output none",
        ),
    ]
}

fn looked() -> Vec<Call> {
    vec![
        reads("az functionapp config appsettings list --name func-api --resource-group GROUP", "[]"),
        reads(
            "az account get-access-token --resource api://API --query accessToken --output tsv",
            "the-token",
        ),
        reads(
            "az keyvault secret show --vault-name kv-gate --name smoke --query value --output tsv",
            "the-subscription",
        ),
        reads(
            "curl --silent --fail --output new/health --retry 20 --retry-delay 5 --retry-all-errors --config - https://api.example.com/api/health",
            "",
        ),
        reads(
            "orders-worker doctor --settings new/settings.json --url https://api.example.com with DOCTOR_SUBSCRIPTION_KEY=the-subscription with DOCTOR_TOKEN=the-token",
            "",
        ),
    ]
}

fn deploying(plan: &str, previous: &str) -> Vec<Call> {
    let old = if previous.is_empty() { Vec::new() } else { fetched(previous, "old") };
    let publishing = if plan == "dedicated" { published("new") } else { Vec::new() };
    // Both releases are fetched before either is verified.
    let (mut fetched, mut verified) = (Vec::new(), Vec::new());
    for call in self::fetched("v2", "new").into_iter().chain(old) {
        if call.reads { verified.push(call) } else { fetched.push(call) }
    }
    [fetched, verified, migrated(""), publishing, looked()].concat()
}

fn bootstrapping(plan: &str) -> Vec<Call> {
    let arguments = " --administrator orders-database --login orders_api=id-api:1 --login orders_processor=id-processor:2";
    let publishing = if plan == "dedicated" { published("new") } else { Vec::new() };
    [fetched("v2", "new"), migrated(arguments), publishing, handed_over(), looked()].concat()
}

pub(super) fn runs() -> Vec<(&'static str, Run)> {
    let mut runs = Vec::new();
    for plan in ["flex", "dedicated"] {
        runs.push(("bootstrap.yml", Run::new("bootstrap.yml", &bootstrapping(plan), &known(plan, ""))));
        for previous in ["", "v1"] {
            let calls = deploying(plan, previous);
            runs.push(("deploy.yml", Run::new("deploy.yml", &calls, &known(plan, previous))));
        }
    }
    runs
}

fn actions(run: &Run) -> Vec<&str> {
    run.done
        .iter()
        .map(String::as_str)
        .filter(|done| done.starts_with("Azure/") || done.starts_with("azure/"))
        .collect()
}

#[test]
fn deployment_publishes_the_processor_first() {
    let run = Run::new("deploy.yml", &deploying("flex", "v1"), &known("flex", "v1")).finished();
    run.went_well();
    assert_eq!(
        actions(&run),
        [
            "azure/login MIGRATE TENANT",
            "azure/login DEPLOY SUBSCRIPTION TENANT",
            "Azure/functions-action func-processor new/processor.zip",
            "Azure/functions-action func-api new/api.zip",
            "azure/login SMOKE TENANT",
        ]
    );
    let calls: Vec<_> = deploying("flex", "v1").into_iter().map(|call| call.line).collect();
    assert_eq!(run.stubs.called(), calls);
    for secret in ["MIGRATE-TOKEN", "the-token", "the-subscription"] {
        let masked = format!("::add-mask::{secret}");
        assert!(
            run.said.contains(&masked) && !run.said.replace(&masked, "").contains(secret),
            "{}",
            run.said
        );
    }
}

#[test]
fn bootstrap_stores_the_host_key_after_deployment() {
    for plan in ["flex", "dedicated"] {
        let run = Run::new("bootstrap.yml", &bootstrapping(plan), &known(plan, "")).finished();
        run.went_well();
        let calls: Vec<_> = bootstrapping(plan).into_iter().map(|call| call.line).collect();
        assert_eq!(run.stubs.called(), calls);
        assert_eq!(run.stubs.shown("key"), "the-key");
        assert!(!run.said.contains("the-key"), "{}", run.said);
    }
}

#[test]
fn an_unresponsive_deployment_is_rolled_back() {
    for (plan, back) in [("flex", Vec::new()), ("dedicated", published("old"))] {
        let mut calls = deploying(plan, "v1");
        let look = calls.pop().expect("the look").fails("C01-function-key");
        calls.push(look);
        calls.extend(back);
        let run = Run::new("deploy.yml", &calls, &known(plan, "v1")).finished();
        assert_eq!(run.failed.as_deref(), Some(LOOK), "{}", run.said);
        run.stubs.all_told();
        let after: Vec<_> = actions(&run)
            .into_iter()
            .skip_while(|done| *done != "azure/login SMOKE TENANT")
            .skip(1)
            .collect();
        let mut wanted = vec!["azure/login DEPLOY SUBSCRIPTION TENANT"];
        if plan == "flex" {
            wanted.extend([
                "Azure/functions-action func-processor old/processor.zip",
                "Azure/functions-action func-api old/api.zip",
            ]);
        }
        assert_eq!(after, wanted);
    }
}

#[test]
fn a_failed_first_deployment_has_no_rollback() {
    let mut calls = deploying("flex", "");
    let look = calls.pop().expect("the look").fails("");
    calls.push(look);
    let run = Run::new("deploy.yml", &calls, &known("flex", "")).finished();
    assert_eq!(run.failed.as_deref(), Some(LOOK));
    assert_eq!(actions(&run).last(), Some(&"azure/login SMOKE TENANT"));
}

#[test]
fn an_unpublished_app_is_not_rolled_back() {
    let mut calls = deploying("flex", "v1");
    calls.truncate(calls.len() - looked().len());
    let mut run = Run::new("deploy.yml", &calls, &known("flex", "v1"));
    run.broken.push("Publish the processor");
    let run = run.finished();
    assert_eq!(run.failed.as_deref(), Some("Publish the processor"));
    assert!(!actions(&run).contains(&"Azure/functions-action func-api old/api.zip"), "{:?}", run.done);
    assert!(
        actions(&run).contains(&"Azure/functions-action func-processor old/processor.zip"),
        "{:?}",
        run.done
    );
}

#[test]
fn a_foreign_release_is_not_deployed() {
    for (name, calls) in [("bootstrap.yml", bootstrapping("flex")), ("deploy.yml", deploying("flex", ""))] {
        let mut calls: Vec<_> = calls.into_iter().take(2).collect();
        calls[1] = calls[1].clone().fails("no attestation");
        let run = Run::new(name, &calls, &known("flex", "")).finished();
        assert!(run.failed.is_some_and(|step| step.contains("refuse what this repository did not build")));
        assert!(run.done.iter().all(|done| !done.starts_with("azure/login")), "{:?}", run.done);
        run.stubs.all_told();
    }
}

#[test]
fn private_environments_use_their_own_runner() {
    for (name, calls) in [("bootstrap.yml", bootstrapping("flex")), ("deploy.yml", deploying("flex", ""))] {
        let run = Run::new(name, &calls, &known("flex", ""));
        assert_eq!(run.runners(), [r#"["self-hosted","test"]"#]);
    }
}
