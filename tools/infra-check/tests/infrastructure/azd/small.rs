//! The size small, from nothing to a URL and back.

use super::*;

const ACCOUNT: &str = "az account show --subscription SUBSCRIPTION --output none";
const REGISTERED: &str = "infra/scripts/register.sh --person PERSON orders-test";

fn person(what: &str, says: &str) -> Call {
    reads(format!("az ad signed-in-user show --query {what} --output tsv"), says)
}

fn packaged(app: &str) -> Call {
    change(format!("cargo xtask package --app {app}"))
        .does(format!("mkdir -p target/package; touch target/package/{app}.zip"))
}

fn migrated() -> Call {
    let login = "ada%40example.com:TOKEN";
    change(format!(
        "orders-worker migrate --login orders_api=id-api:1 --login orders_processor=id-processor:2 with ORDERS_DATABASE_URL=postgres://{login}@psql-x.postgres.database.azure.com:5432/orders?sslmode=verify-full"
    ))
}

fn smoke(method: &str, path: &str, more: &str, status: &str) -> Call {
    reads(
        format!(
            "curl --silent --show-error --max-time 60 --config - --request {method} --output TMP/body --dump-header TMP/head --write-out %{{http_code}}{more} https://func-api.example{path}"
        ),
        status,
    )
}

/// Everything that is called from nothing to a URL, but for the app registration, which has tests of its own.
pub(super) fn calls() -> Vec<Call> {
    let json = "--header ‹Content-Type: application/json› --data";
    let in_files =
        |file: &str, text: &str| format!("printf '{text}' > \"$(echo \"$folder\"/tmp/tmp.*)/{file}\"");
    vec![
        packaged("api"),
        packaged("processor"),
        reads(ACCOUNT, ""),
        change("az provider register --subscription SUBSCRIPTION --namespace Microsoft.App --wait"),
        person("id", "PERSON"),
        person("userPrincipalName", "ada@example.com"),
        packaged("api"),
        change("unzip -q -o target/package/api.zip orders-worker -d target/package/api").does("mkdir -p target/package/api; cp \"$folder/bin/orders-worker\" target/package/api/"),
        reads("az account get-access-token --resource-type oss-rdbms --query accessToken --output tsv", "TOKEN"),
        migrated()
            .fails("no pg_hba.conf entry for host \"198.51.100.9\", user \"ada@example.com\""),
        change("az rest --method put --url /subscriptions/SUBSCRIPTION/resourceGroups/rg-test/providers/Microsoft.DBforPostgreSQL/flexibleServers/psql-x/firewallRules/deployer?api-version=2025-08-01 --output none --headers Content-Type=application/json --body ‹{ \"properties\": { \"startIpAddress\": \"198.51.100.9\", \"endIpAddress\": \"198.51.100.9\" } }›"),
        migrated(),
        reads("az account get-access-token --subscription SUBSCRIPTION --resource api://CLIENT --query accessToken --output tsv", "the-token"),
        reads("az functionapp keys list --subscription SUBSCRIPTION --resource-group rg-test --name func-api --query functionKeys.default --output tsv", "the-key"),
        smoke("GET", "/api/health", " --retry 30 --retry-delay 10 --retry-all-errors --fail", "200"),
        smoke("PUT", "/api/products/SMOKE-TEST", &format!(" --header ‹If-None-Match: *› {json} ‹{{ \"name\": \"Smoke test\", \"currency\": \"EUR\", \"unitPrice\": 1, \"active\": true }}›"), "201"),
        smoke("POST", "/api/orders", &format!(" {json} ‹{{ \"reference\": \"SMOKE-TEST\", \"currency\": \"EUR\", \"lines\": [{{ \"sku\": \"SMOKE-TEST\", \"quantity\": 1 }}] }}›"), "201").does(in_files("head", "location: /api/orders/7\\r\\n")),
        smoke("GET", "/api/orders/7", "", "200"),
        smoke("POST", "/api/orders/7/process", " --header ‹Content-Length: 0›", "202").does(in_files("body", "{\"status\":\"queued\"}")),
        smoke("GET", "/api/orders/00000000-0000-4000-8000-000000000000", "", "404"),
        smoke("GET", "/api/orders/7", "", "401"),
    ]
}

/// What `azd down` reads beside.
pub(super) fn down() -> Call {
    reads(
        "az lock list --subscription SUBSCRIPTION --resource-group rg-test --query [].name --output tsv",
        "",
    )
}

/// An environment whose registration somebody else made, and which goes up and down.
pub(super) fn up() -> Azd {
    Azd::new("small", &[calls(), vec![down()]].concat(), &[("DEPLOY_API_CLIENT_ID", "CLIENT")])
}

#[test]
fn azd_up_runs_hooks_in_azds_order() {
    let mut azd = Azd::new("small", &calls(), &[("DEPLOY_API_CLIENT_ID", "CLIENT")]);
    let said = azd.up().expect("it goes well");
    azd.stubs.all_told();
    let wanted: Vec<_> = calls().into_iter().map(|call| call.line).collect();
    assert_eq!(azd.stubs.called(), wanted);
    assert_eq!(azd.environment["DEPLOY_PRINCIPAL_NAME"], "ada@example.com");
    assert_eq!(azd.environment["DEPLOY_PRINCIPAL_ID"], "PERSON");
    for word in [
        "The API answers at https://func-api.example.",
        "orders-worker doctor --url https://func-api.example",
    ] {
        assert!(said.contains(word), "{said}");
    }
    assert!(!said.contains("the-token") && !said.contains("the-key"), "{said}");
}

#[test]
fn the_app_registration_is_created_once() {
    let mut calls = calls();
    calls.truncate(6);
    // Without the programs of the script that makes it.
    let mut azd = Azd::new("small", &calls[2..], &[]);
    azd.stubs.add_programs(&["curl", "unzip"]);
    azd.stubs.tell(&[reads(
        "az ad app list --filter ‹displayName eq 'orders-test'› --query [].appId --output tsv",
        "",
    )
    .fails("Insufficient privileges")]);
    let before = azd.project.hooks["preprovision"].clone();
    let refused = complained(&azd.hook("preprovision", Some(before.clone())).expect_err("it fails"));
    assert!(
        refused.contains(REGISTERED) && refused.contains("azd env set DEPLOY_API_CLIENT_ID"),
        "{refused}"
    );
    assert!(!azd.environment.contains_key("DEPLOY_API_CLIENT_ID"));

    let mut azd = Azd::new("small", &calls[2..], &[("DEPLOY_API_CLIENT_ID", "GIVEN")]);
    azd.stubs.add_programs(&["curl", "unzip"]);
    azd.hook("preprovision", Some(before)).expect("it goes well");
    azd.stubs.all_told();
    assert_eq!(azd.environment["DEPLOY_API_CLIENT_ID"], "GIVEN", "one that is given is not touched");
}

#[test]
fn the_provisioning_person_administers_the_database() {
    let given = [
        ("DEPLOY_API_CLIENT_ID", "CLIENT"),
        ("DEPLOY_PRINCIPAL_ID", "SOMEBODY-ELSE"),
        ("DEPLOY_PRINCIPAL_NAME", "somebody@example.com"),
    ];
    let mut azd = Azd::new("small", &calls()[2..6], &given);
    azd.stubs.add_programs(&["curl", "unzip"]);
    let before = azd.project.hooks["preprovision"].clone();
    azd.hook("preprovision", Some(before)).expect("it goes well");
    assert_eq!(azd.environment["DEPLOY_PRINCIPAL_ID"], "PERSON");
    assert_eq!(azd.environment["DEPLOY_PRINCIPAL_NAME"], "ada@example.com");
    let text = read("infra/main.parameters.json");
    let filled = parameters::expand_variables(&text, |name| azd.environment.get(name).cloned());
    for pair in
        [r#""deployerId": { "value": "PERSON" }"#, r#""deployerName": { "value": "ada@example.com" }"#]
    {
        assert!(filled.contains(pair), "{filled}");
    }
}

#[test]
fn a_signed_out_user_is_told_to_sign_in() {
    let before = Azd::new("small", &[], &[]).project.hooks["preprovision"].clone();
    let mut azd = Azd::new("small", &[reads(ACCOUNT, "").fails("az login")], &[]);
    azd.stubs.add_programs(&["curl", "unzip"]);
    let said = complained(&azd.hook("preprovision", Some(before)).expect_err("it fails"));
    assert!(said.contains("az is not signed in to SUBSCRIPTION"), "{said}");
}

#[test]
fn missing_prerequisites_are_explained() {
    for (hook, want) in [
        ("preprovision", "azd env set AZURE_SUBSCRIPTION_ID \"$(az account show"),
        ("predeploy", "run azd provision first"),
        ("postdeploy", "run azd provision first"),
    ] {
        for size in ["small", "production"] {
            let mut azd = Azd::new(size, &[], &[]);
            azd.stubs.add_programs(&["az", "curl", "unzip"]);
            azd.environment.remove("AZURE_SUBSCRIPTION_ID");
            let before = azd.project.hooks[hook].clone();
            let said = complained(&azd.hook(hook, Some(before)).expect_err("it fails"));
            assert!(said.contains(want), "{hook}: {said}");
            assert_eq!(azd.stubs.called(), Vec::<String>::new());
        }
    }
}

#[test]
fn a_smoke_test_dry_run_fetches_no_secrets() {
    let mut azd = Azd::new("small", &[], &[]);
    azd.provision();
    let after = azd.project.hooks["postdeploy"].clone();
    let dry_run = Hook { run: format!("{} --dry-run", after.run), ..after };
    let said = azd.hook("postdeploy", Some(dry_run)).expect("it goes well");
    assert!(said.contains("The API answers at https://func-api.example."), "{said}");
    assert_eq!(azd.stubs.called(), Vec::<String>::new());
}

#[test]
fn an_unsupported_system_fails_before_packaging() {
    let mut azd = up();
    azd.stubs.replace_program("uname", "#!/bin/bash\n[[ ${1:-} == -m ]] && echo arm64 || echo Darwin\n");
    let said = complained(&azd.up().expect_err("it fails"));
    assert!(said.contains("Azure Cloud Shell"), "{said}");
    assert_eq!(azd.stubs.called(), Vec::<String>::new());
}

#[test]
fn a_smoke_test_that_fails_fails_azd_up() {
    let mut calls = calls();
    calls.truncate(15);
    calls[14] = calls[14].clone().says("503");
    let mut azd = Azd::new("small", &calls, &[("DEPLOY_API_CLIENT_ID", "CLIENT")]);
    let said = complained(&azd.up().expect_err("it fails"));
    assert!(said.contains("the app is not well"), "{said}");
    azd.stubs.all_told();
}

#[test]
fn a_release_replaces_the_cargo_build() {
    let given = [("DEPLOY_RELEASE", "v1"), ("DEPLOY_REPOSITORY", "example/orders")];
    let calls: Vec<_> = ["api", "processor"]
        .iter()
        .flat_map(|app| {
            [
                change(format!("gh release download v1 --repo example/orders --pattern {app}.zip --dir target/package --clobber"))
                    .does(format!("mkdir -p target/package; touch target/package/{app}.zip")),
                reads(format!("gh attestation verify target/package/{app}.zip --repo example/orders --signer-workflow example/orders/.github/workflows/release.yml"), ""),
            ]
        })
        .collect();
    let mut azd = Azd::new("small", &calls, &given);
    azd.package().expect("it goes well");
    azd.stubs.all_told();
}

#[test]
fn azd_down_lists_remaining_resources() {
    let given = [("DEPLOY_API_CLIENT_ID", "CLIENT"), ("DEPLOY_SMOKE_CLIENT_ID", "SMOKE")];
    let mut azd = Azd::new("small", &[down()], &given);
    azd.provision();
    let said = azd.down().expect("it goes well");
    for left in [
        "az ad app delete --id CLIENT and azd env set DEPLOY_API_CLIENT_ID ''",
        "az ad app delete --id SMOKE and azd env set DEPLOY_SMOKE_CLIENT_ID ''",
    ] {
        assert!(said.contains(left), "{said}");
    }
    azd.stubs.all_told();
    let mut never = Azd::new("small", &[], &[]);
    never.down().expect("what was never provisioned goes down too");
}
