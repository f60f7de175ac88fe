//! The first provision: whole, though nothing of it is there yet that only a later step can make.

use infra_check::value::Value;

use crate::{deployment, deployments, read};

/// What a setting of an app says, where it has it.
fn setting(world: &str, app: &str, name: &str) -> Option<String> {
    let settings = deployment(world).resources.iter().find(|one| one.name == format!("{app}/appsettings"));
    let value = settings.expect("the app has settings").body.at(&format!("properties.{name}"));
    value.and_then(Value::text).map(str::to_owned)
}

#[test]
fn without_a_backend_the_processor_leaves_its_messages_alone_and_with_one_it_takes_them() {
    const OFF: &str = "AzureWebJobs_FulfilOrder_Disabled";
    const URL: &str = "ORDERS_FULFILMENT_URL";
    let processor = "func-processor-bgtmmfwj4uny4";
    for world in ["flex-first", "flex-small"] {
        assert_eq!(setting(world, processor, OFF).as_deref(), Some("true"), "{world}");
        for name in [URL, "ORDERS_FULFILMENT_CLIENT_CERTIFICATE", "ORDERS_FULFILMENT_CA"] {
            assert_eq!(setting(world, processor, name), None, "{world}: {name}");
        }
    }
    assert_eq!(setting("flex-private-plain", processor, OFF), None);
    assert_eq!(
        setting("flex-private-plain", processor, URL).as_deref(),
        Some("https://fulfilment.example.com")
    );
    for (world, _) in deployments() {
        assert_eq!(
            setting(world.name, "func-api-bgtmmfwj4uny4", OFF),
            None,
            "{}: no function of the api app",
            world.name
        );
    }
}

#[test]
fn the_first_provision_names_no_table_no_certificate_and_closes_no_way_out_that_a_start_needs() {
    let first = deployment("flex-first");
    let rules = |world: &str| deployment(world).of_kind("Microsoft.SecurityInsights/alertRules").count();
    assert_eq!((rules("flex-first"), rules("flex-private-full")), (0, 3));
    assert_eq!(first.of_kind("Microsoft.SecurityInsights/onboardingStates").count(), 1);
    let service = first.of_kind("Microsoft.ApiManagement/service").next().expect("the gateway");
    assert_eq!(service.body.at("properties.hostnameConfigurations"), Some(&Value::List(Vec::new())));
    assert_eq!(service.body.at("properties.publicNetworkAccess"), Some(&Value::exact("Enabled")));
    let closed = |world: &str| {
        let groups = deployment(world).of_kind("Microsoft.Network/networkSecurityGroups");
        groups.filter(|one| one.body.to_string().contains("nothing-else-out")).count()
    };
    assert_eq!((closed("flex-first"), closed("flex-private-plain")), (0, 2));
}

#[test]
fn the_placeholder_is_written_once_and_never_over_the_key() {
    // A snapshot says what is deployed, not when.
    let module = read("infra/modules/host-key.bicep");
    assert!(
        module.contains("\n@onlyIfNotExists()\nresource placeholder 'Microsoft.KeyVault/vaults/secrets@")
    );
    for (world, deployment) in deployments() {
        let secrets = deployment.of_kind("Microsoft.KeyVault/vaults/secrets");
        let names: Vec<_> = secrets.map(|one| one.name.as_str()).collect();
        let want: &[&str] = if world.has_api() { &["kvgatebgtmmfwj4uny4/function-key"] } else { &[] };
        assert_eq!(names, want, "{}", world.name);
    }
    let values = deployment("flex-first").of_kind("Microsoft.ApiManagement/service/namedValues");
    let addresses: Vec<_> =
        values.filter_map(|one| one.body.at("properties.keyVault.secretIdentifier")?.text()).collect();
    let [address] = addresses.as_slice() else { panic!("{addresses:?}") };
    assert!(
        address.ends_with("secrets/function-key"),
        "{address}: a version would stay with the placeholder"
    );
}
