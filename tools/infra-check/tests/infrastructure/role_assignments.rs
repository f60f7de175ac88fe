//! Who may do what to which resource, as one reviewed list; and what stands in the app settings.

use std::{collections::BTreeSet, fs};

use infra_check::{
    deployment::{Deployment, Resource, ResourceId},
    value::Value,
    variants::{FeatureSet, Size, Variant},
};

use crate::{deployments, plain, root};

/// `who`, `role`, `on what`, in words, without what makes names unique.
fn rights(deployment: &Deployment) -> BTreeSet<String> {
    let text = |one: &Resource, path: &str| {
        one.body.at(path).and_then(Value::text).expect("a right is written out").to_owned()
    };
    let called = |id: &str| {
        let (_, name) = ResourceId::parse(id).kind_and_name().unwrap_or_else(|| panic!("{id} is no id"));
        plain(&name)
    };
    let right = |one: &Resource| {
        let who = called(&text(one, "properties.principalId"));
        let role = ResourceId::parse(&text(one, "properties.roleDefinitionId")).text().to_owned();
        let ours = deployment
            .resources_of_type("Microsoft.Authorization/roleDefinitions")
            .find(|one| one.id == role);
        let role = ours.map_or_else(
            || named(role.rsplit('/').next().unwrap_or_default()).to_owned(),
            |ours| {
                let name = text(ours, "properties.roleName");
                let (name, _) = name.split_once(" of ").expect("it says whose it is");
                format!("{name}, a role of our own")
            },
        );
        format!("{who:<16} {role:<40} {}", called(&text(one, "scope")))
    };
    deployment.resources_of_type("Microsoft.Authorization/roleAssignments").map(right).collect()
}

fn named(id: &str) -> &'static str {
    match id {
        "b7e6dc6d-f1e8-4753-8033-0f276bb0955b" => "Storage Blob Data Owner",
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe" => "Storage Blob Data Contributor",
        "19e7f393-937e-4f77-808e-94535e297925" => "Storage Queue Data Reader",
        "8a0f0c08-91a1-4084-bc3d-661d67233fed" => "Storage Queue Data Message Processor",
        "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a" => "Storage Queue Data Message Sender",
        "4633458b-17de-408a-b874-0445c86b69e6" => "Key Vault Secrets User",
        "3913510d-42f4-4e42-8a64-420c390055eb" => "Monitoring Metrics Publisher",
        "e147488a-f6f5-4113-8e2d-b22465e65bf6" => "Key Vault Crypto Service Encryption User",
        _ => "a role that was not reviewed",
    }
}

#[test]
fn role_assignments_match_the_reviewed_list() {
    let reviewed =
        fs::read_to_string(root().join("tools/infra-check/tests/infrastructure/role_assignments.txt"))
            .expect("the list");
    let lines = reviewed.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let lines: Vec<_> = lines.filter_map(|line| line.split_once("  ")).collect();
    for (variant, deployment) in deployments() {
        let given = rights(deployment);
        let about = lines.iter().filter(|(when, _)| applies_to(*variant, when));
        let want: BTreeSet<_> = about.map(|(_, right)| right.trim_start().to_owned()).collect();
        assert_eq!(given, want, "{variant:?}");
    }
}

fn applies_to(variant: Variant, when: &str) -> bool {
    match when {
        "always" => true,
        "production" => variant.size == Size::Production,
        "gateway" => variant.has_api(),
        "keys" => variant.features == FeatureSet::Full,
        plan => plan == variant.plan,
    }
}

#[test]
fn app_settings_are_known_and_contain_no_secret() {
    let known = fs::read_to_string(root().join("src/config/settings.rs")).expect("the worker's own list");
    let marks = ["AccountKey=", "SharedAccess", "sig=", "assword", "-----BEGIN", "Endpoint=sb"];
    for (_, deployment) in deployments() {
        let settings = deployment.resources.iter().filter(|one| one.name.ends_with("/appsettings"));
        let mut seen = 0;
        for one in settings {
            let Some(Value::Object(properties)) = one.body.get("properties") else { panic!("{}", one.name) };
            for (name, value) in properties {
                let value = value.text().unwrap_or_else(|| panic!("{name} is no text"));
                assert!(!marks.iter().any(|mark| value.contains(mark)), "{name}: {value}");
                let login = value.split_once("://").and_then(|(_, rest)| rest.split_once('@'));
                assert!(login.is_none_or(|(login, _)| !login.contains(':')), "{name} holds a password");
                let is_ours = name.starts_with("ORDERS_") && known.contains(&format!("\"{name}\""));
                assert!(is_ours || PLATFORM.contains(&name.as_str()), "{name}");
            }
            seen += 1;
        }
        assert_eq!(seen, 2);
    }
}

const PLATFORM: [&str; 16] = [
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "AZURE_CLIENT_ID",
    "AzureWebJobsStorage__blobServiceUri",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "AzureWebJobs_FulfilOrder_Disabled",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_WORKER_RUNTIME",
    "KeyVaultUrl",
    "WEBSITE_AUTH_AAD_ALLOWED_TENANTS",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID",
    "WorkQueues__clientId",
    "WorkQueues__credential",
    "WorkQueues__queueServiceUri",
];

#[test]
fn gateway_easyauth_and_worker_share_the_client_list() {
    for (_, deployment) in deployments().iter().filter(|(variant, _)| variant.has_api()) {
        let find = |end: &str| {
            let found = deployment.resources.iter().find(|one| one.name.ends_with(end));
            found.unwrap_or_else(|| panic!("no {end}"))
        };
        let gateway = find("apim-bgtmmfwj4uny4/policy")
            .body
            .at("properties.value")
            .and_then(Value::text)
            .expect("known");
        let front = "properties.identityProviders.azureActiveDirectory.validation.defaultAuthorizationPolicy.allowedApplications";
        let front = find("/authsettingsV2").body.at(front).expect("a list").to_string();
        // In `flex-first` the second is who looks after each deployment.
        for client in ["22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333"] {
            assert!(gateway.contains(&format!("<application-id>{client}</application-id>")), "{client}");
            assert!(front.contains(client), "{client}");
        }
        let worker =
            find("func-api-bgtmmfwj4uny4/appsettings").body.at("properties.ORDERS_ENTRA_ALLOWED_CLIENTS");
        assert_eq!(worker.and_then(Value::text), Some("22222222-2222-4222-8222-222222222222"));
    }
}
