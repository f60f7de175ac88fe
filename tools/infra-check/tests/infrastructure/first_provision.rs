//! The first provision: whole, though nothing of it is there yet that only a later step can make.

use infra_check::value::Value;

use crate::{deployment, deployments, read};

/// What a setting of an app says, where it has it.
fn setting(variant: &str, app: &str, name: &str) -> Option<String> {
    let settings = deployment(variant).resources.iter().find(|one| one.name == format!("{app}/appsettings"));
    let value = settings.expect("the app has settings").body.at(&format!("properties.{name}"));
    value.and_then(Value::text).map(str::to_owned)
}

#[test]
fn the_processor_needs_a_backend_to_consume_messages() {
    const OFF: &str = "AzureWebJobs_FulfilOrder_Disabled";
    const URL: &str = "ORDERS_FULFILMENT_URL";
    let processor = "func-processor-bgtmmfwj4uny4";
    for variant in ["flex-first", "flex-small"] {
        assert_eq!(setting(variant, processor, OFF).as_deref(), Some("true"), "{variant}");
        for name in [URL, "ORDERS_FULFILMENT_CLIENT_CERTIFICATE", "ORDERS_FULFILMENT_CA"] {
            assert_eq!(setting(variant, processor, name), None, "{variant}: {name}");
        }
    }
    assert_eq!(setting("flex-private-plain", processor, OFF), None);
    assert_eq!(
        setting("flex-private-plain", processor, URL).as_deref(),
        Some("https://fulfilment.example.com")
    );
    for (variant, _) in deployments() {
        assert_eq!(
            setting(variant.name, "func-api-bgtmmfwj4uny4", OFF),
            None,
            "{}: no function of the api app",
            variant.name
        );
    }
}

#[test]
fn the_first_provision_has_no_unmet_dependencies() {
    let first = deployment("flex-first");
    let rules = |variant: &str| {
        deployment(variant).resources_of_type("Microsoft.SecurityInsights/alertRules").count()
    };
    assert_eq!((rules("flex-first"), rules("flex-private-full")), (0, 3));
    assert_eq!(first.resources_of_type("Microsoft.SecurityInsights/onboardingStates").count(), 1);
    let service = first.resources_of_type("Microsoft.ApiManagement/service").next().expect("the gateway");
    assert_eq!(service.body.at("properties.hostnameConfigurations"), Some(&Value::List(Vec::new())));
    assert_eq!(service.body.at("properties.publicNetworkAccess"), Some(&Value::exact("Enabled")));
    let closed = |variant: &str| {
        let groups = deployment(variant).resources_of_type("Microsoft.Network/networkSecurityGroups");
        groups.filter(|one| one.body.to_string().contains("nothing-else-out")).count()
    };
    assert_eq!((closed("flex-first"), closed("flex-private-plain")), (0, 2));
}

#[test]
fn the_placeholder_never_overwrites_the_key() {
    // A snapshot says what is deployed, not when.
    let module = read("infra/modules/host-key.bicep");
    assert!(
        module.contains("\n@onlyIfNotExists()\nresource placeholder 'Microsoft.KeyVault/vaults/secrets@")
    );
    for (variant, deployment) in deployments() {
        let secrets = deployment.resources_of_type("Microsoft.KeyVault/vaults/secrets");
        let names: Vec<_> = secrets.map(|one| one.name.as_str()).collect();
        let want: &[&str] = if variant.has_api() { &["kvgatebgtmmfwj4uny4/function-key"] } else { &[] };
        assert_eq!(names, want, "{}", variant.name);
    }
    let values = deployment("flex-first").resources_of_type("Microsoft.ApiManagement/service/namedValues");
    let addresses: Vec<_> =
        values.filter_map(|one| one.body.at("properties.keyVault.secretIdentifier")?.text()).collect();
    let [address] = addresses.as_slice() else { panic!("{addresses:?}") };
    assert!(
        address.ends_with("secrets/function-key"),
        "{address}: a version would stay with the placeholder"
    );
}
