//! Every script of infra/scripts, run against stubs of the programs that it calls.

use std::{collections::BTreeSet, fs};

use crate::{
    files, root,
    stubs::{Call, Stubs, change, complained, read, said},
};

mod database;
mod keys;
mod registrations;
mod runner;
mod smoke;

/// A script, how it is called, and what it calls in its place.
struct Case {
    script: &'static str,
    arguments: Vec<&'static str>,
    environment: Vec<(&'static str, &'static str)>,
    calls: Vec<Call>,
    /// Programs that the script looks for but does not call.
    needs: &'static [&'static str],
    /// The last line that it prints.
    says: &'static str,
}

impl Case {
    fn new(script: &'static str, arguments: &[&'static str], calls: Vec<Call>) -> Self {
        Self { script, arguments: arguments.to_vec(), environment: Vec::new(), calls, needs: &[], says: "" }
    }

    fn says(self, says: &'static str) -> Self {
        Self { says, ..self }
    }

    fn with(self, environment: &[(&'static str, &'static str)]) -> Self {
        Self { environment: environment.to_vec(), ..self }
    }

    fn needs(self, needs: &'static [&'static str]) -> Self {
        Self { needs, ..self }
    }

    fn stubs(&self) -> Stubs {
        let stubs = Stubs::new(&self.calls);
        stubs.add_programs(self.needs);
        stubs
    }

    /// Asserts that the script makes exactly these calls in this sequence, and in a dry run none that changes anything.
    fn holds(&self) {
        let stubs = self.stubs();
        let said = said(&stubs.run(self.script, &self.arguments, &self.environment));
        stubs.all_told();
        let wanted: Vec<_> = self.calls.iter().map(|call| call.line.as_str()).collect();
        assert_eq!(stubs.called(), wanted, "{}", self.script);
        assert!(said.trim_end().ends_with(self.says), "{}: {said}", self.script);
        self.dry_run();
    }

    fn dry_run(&self) {
        let stubs = self.stubs();
        let arguments: Vec<_> = ["--dry-run"].into_iter().chain(self.arguments.iter().copied()).collect();
        said(&stubs.run(self.script, &arguments, &self.environment));
        let reads: BTreeSet<_> = self.calls.iter().filter(|call| call.reads).map(|call| &call.line).collect();
        for line in stubs.called() {
            assert!(reads.contains(&line), "{}: a dry run changes something: {line}", self.script);
        }
    }
}

fn cases() -> Vec<Case> {
    let mut cases = vec![
        Case::new("platform.sh", &[], Vec::new()).needs(&["az", "curl", "unzip"]),
        Case::new(
            "package.sh",
            &["api"],
            vec![change("cargo xtask package --app api").says("api.zip: 4 MB")],
        )
        .says("api.zip: 4 MB"),
        Case::new(
            "register-providers.sh",
            &["--runner", "SUBSCRIPTION"],
            vec![
                change("az provider register --subscription SUBSCRIPTION --namespace Microsoft.App --wait"),
                change(
                    "az feature register --subscription SUBSCRIPTION --namespace Microsoft.Compute --name EncryptionAtHost --output none",
                ),
                read(
                    "az feature show --subscription SUBSCRIPTION --namespace Microsoft.Compute --name EncryptionAtHost --query properties.state --output tsv",
                    "Registering",
                ),
                read(
                    "az feature show --subscription SUBSCRIPTION --namespace Microsoft.Compute --name EncryptionAtHost --query properties.state --output tsv",
                    "Registered",
                ),
                change(
                    "az provider register --subscription SUBSCRIPTION --namespace Microsoft.Compute --wait",
                ),
            ],
        ),
        Case::new(
            "publish.sh",
            &["GROUP", "func-api", "new/api.zip"],
            vec![
                read(
                    "az functionapp config appsettings list --name func-api --resource-group GROUP --query [?name=='WEBSITE_RUN_FROM_PACKAGE'].value --output tsv",
                    "https://st.example/packages/api.zip",
                ),
                change(
                    "az storage blob upload --blob-url https://st.example/packages/api.zip --file new/api.zip --overwrite --auth-mode login --output none",
                ),
                change("az functionapp restart --name func-api --resource-group GROUP"),
            ],
        ),
        Case::new(
            "unlock.sh",
            &["GROUP"],
            vec![
                read("az lock list --resource-group GROUP --query [].id --output tsv", "/locks/a\n/locks/b"),
                change("az lock delete --ids /locks/a"),
                change("az lock delete --ids /locks/b"),
            ],
        ),
        variables(),
    ];
    cases.extend(runner::cases());
    cases.extend(registrations::cases());
    cases.extend(keys::cases());
    cases.extend(database::cases());
    cases.extend(smoke::cases());
    cases
}

fn variables() -> Case {
    // As Azure says it, capitals included, and empty where the size has none.
    let outputs = concat!(
        "{\n  \"apI_CLIENT_ID\": {\n    \"type\": \"String\",\n    \"value\": \"c\"\n  },\n",
        "  \"gatewaY_NAME\": {\n    \"type\": \"String\",\n    \"value\": \"\"\n  },\n",
        "  \"gatewaY_URL\": {\n    \"type\": \"String\",\n    \"value\": \"https://api.example.com\"\n  }\n}"
    );
    let set = |name: &str, value: &str| {
        change(format!("gh variable set {name} --repo example/orders --env test --body {value}"))
    };
    Case::new(
        "variables.sh",
        &["test", "example/orders", "SMOKE"],
        vec![
            read(
                "az deployment sub list --query ‹[?tags.\"azd-env-name\"=='test' && properties.provisioningState=='Succeeded'] | sort_by(@, &properties.timestamp)[-1].properties.outputs› --output json",
                outputs,
            ),
            read("gh api repos/example/orders/environments/test --silent", "")
                .fails("gh: Not Found (HTTP 404)"),
            change("gh api --method PUT repos/example/orders/environments/test --silent"),
            set("API_CLIENT_ID", "c"),
            set("GATEWAY_URL", "https://api.example.com"),
            set("SMOKE_CLIENT_ID", "SMOKE"),
        ],
    )
}

#[test]
fn scripts_make_the_expected_calls_and_none_in_a_dry_run() {
    let cases = cases();
    for case in &cases {
        case.holds();
    }
    let mut there = Vec::new();
    files(&root().join("infra/scripts"), "sh", &mut there);
    let folder = root().join("infra/scripts");
    // What azd calls is tried in its sequence, in the module beside this one.
    let there: BTreeSet<_> = there
        .iter()
        .filter_map(|file| file.strip_prefix(&folder).ok()?.to_str())
        .filter(|name| !name.starts_with("hooks/"))
        .map(str::to_owned)
        .collect();
    let tried: BTreeSet<_> = cases.iter().map(|case| case.script.to_owned()).collect();
    assert_eq!(there, tried);
}

#[test]
fn scripts_document_themselves_and_stop_on_failure() {
    let mut scripts = Vec::new();
    files(&root().join("infra/scripts"), "sh", &mut scripts);
    assert!(scripts.len() > 15, "{scripts:?}");
    for script in scripts {
        let text = fs::read_to_string(&script).expect("UTF-8");
        let head: String = text.lines().skip(1).take_while(|line| line.starts_with('#')).collect();
        let name = script.display();
        assert!(text.starts_with("#!/usr/bin/env bash\n") || text.starts_with("#!/bin/bash\n"), "{name}");
        assert!(text.contains("\nset -euo pipefail\n"), "{name}");
        assert!(head.contains("Change") || head.contains("changes"), "{name} does not say what it changes");
        assert!(head.contains("Usage: infra/scripts/") && head.contains("[--dry-run]"), "{name}");
        assert!(!text.contains("${ORDERS_") && !text.contains("azd env get"), "{name}");
    }
}

#[test]
fn an_unsupported_system_is_reported_first() {
    let stubs = Stubs::new(&[]);
    stubs.replace_program("uname", "#!/bin/bash\n[[ ${1:-} == -m ]] && echo arm64 || echo Darwin\n");
    let said = complained(&stubs.run("platform.sh", &[], &[]));
    assert!(said.contains("this is Darwin on arm64") && said.contains("Azure Cloud Shell"), "{said}");
    let without_az = Stubs::new(&[]);
    without_az.add_programs(&["curl", "unzip"]);
    assert!(complained(&without_az.run("platform.sh", &[], &[])).contains("az is missing"));
}

#[test]
fn a_release_requires_its_provenance() {
    let calls = [
        change("gh release download v1 --repo example/orders --pattern api.zip --dir target/package --clobber"),
        read("gh attestation verify target/package/api.zip --repo example/orders --signer-workflow example/orders/.github/workflows/release.yml", "")
            .fails("no attestation"),
    ];
    let stubs = Stubs::new(&calls);
    let said = complained(&stubs.run("package.sh", &["api", "v1", "example/orders"], &[]));
    assert!(said.is_empty() || said.contains("no attestation"), "{said}");
    stubs.all_told();
    let said = complained(&stubs.run("package.sh", &["api"], &[]));
    assert!(said.contains("install Rust") && said.contains("DEPLOY_RELEASE"), "{said}");
}

#[test]
fn unprovisioned_resources_set_no_variables() {
    let list = variables().calls.swap_remove(0).says("null");
    let stubs = Stubs::new(&[list]);
    stubs.add_program("gh");
    let said = complained(&stubs.run("variables.sh", &["test", "example/orders", "SMOKE"], &[]));
    assert!(said.contains("nothing was provisioned as test"), "{said}");
    stubs.all_told();
}

#[test]
fn an_existing_environment_keeps_its_reviewers() {
    let arguments = ["test", "example/orders", "SMOKE"];
    let mut calls = variables().calls;
    calls.remove(2);
    calls[1] = read(calls[1].line.clone(), "");
    let stubs = Stubs::new(&calls);
    said(&stubs.run("variables.sh", &arguments, &[]));
    stubs.all_told();
    // Nor is one made where it is unknown whether it is there.
    calls.truncate(2);
    calls[1] = calls[1].clone().fails("gh: Bad credentials (HTTP 401)");
    let stubs = Stubs::new(&calls);
    let said = complained(&stubs.run("variables.sh", &arguments, &[]));
    assert!(said.contains("Bad credentials"), "{said}");
    stubs.all_told();
}

#[test]
fn an_app_without_a_package_setting_is_not_deployed() {
    let calls = [read(
        "az functionapp config appsettings list --name func-api --resource-group GROUP --query [?name=='WEBSITE_RUN_FROM_PACKAGE'].value --output tsv",
        "",
    )];
    let stubs = Stubs::new(&calls);
    let said = complained(&stubs.run("publish.sh", &["GROUP", "func-api", "new/api.zip"], &[]));
    assert!(said.contains("dedicated plan"), "{said}");
}
