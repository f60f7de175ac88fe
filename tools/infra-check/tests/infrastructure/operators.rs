//! What an operator gives.

use std::fs;

use infra_check::{
    capacity, parameters,
    value::{Value, steps},
};
use serde_json::{Value as Json, json};

use crate::{deployment, deployments, read, root};

fn good() -> Json {
    let id = "22222222-2222-4222-8222-222222222222";
    json!({
        "environmentName": { "value": "test" },
        "size": { "value": "production" },
        "location": { "value": "westeurope" },
        "apiClientId": { "value": id },
        "allowedClients": { "value": { "users": [id], "apps": [] } },
        "allowedCallers": { "value": [{ "from": "192.0.2.1", "to": "192.0.2.9", "cidr": "192.0.2.0/28" }] },
        "corsOrigins": { "value": ["https://shop.example"] },
        "partnerCertificates": { "value": format!("{id}={}", "0A".repeat(20)) },
        "alertEmail": { "value": "operators@example.com" },
        "budgetStart": { "value": "2026-01-01" },
        "fulfilmentUrl": { "value": "https://fulfilment.example.com" },
        "fulfilmentAddressPrefix": { "value": "198.51.100.7/32" },
    })
}

#[test]
fn dangerous_parameters_are_rejected() {
    assert_eq!(parameters::find_errors(&Value::from(&good())), Vec::<String>::new());
    let bad = [
        ("corsOrigins", json!(["*"]), "no origin"),
        ("corsOrigins", json!(["https://*.example"]), "no origin"),
        ("corsOrigins", json!(["http://shop.example"]), "no origin"),
        ("corsOrigins", json!(["https://shop.example/path"]), "no origin"),
        ("corsOrigins", json!(["https://x</origin><origin>*"]), "no origin"),
        ("allowedClients", json!({ "users": ["*"], "apps": [] }), "`*` is no client id"),
        ("allowedClients", json!([]), "write it so"),
        ("allowedCallers", json!([]), "no caller could reach the app"),
        (
            "allowedCallers",
            json!([{ "from": "0.0.0.0", "to": "255.255.255.255", "cidr": "0.0.0.0/0" }]),
            "more than 65536",
        ),
        (
            "allowedCallers",
            json!([{ "from": "0.0.0.1", "to": "255.255.255.254", "cidr": "192.0.2.0/28" }]),
            "leaves its cidr",
        ),
        (
            "allowedCallers",
            json!([{ "from": "192.0.2.1", "to": "192.0.2.9", "cidr": "128.0.0.0/1" }]),
            "more than 65536",
        ),
        (
            "allowedCallers",
            json!([{ "from": "192.0.2.9", "to": "192.0.2.1", "cidr": "192.0.2.0/28" }]),
            "leaves its cidr",
        ),
        (
            "allowedCallers",
            json!([{ "from": "192.0.2.1", "to": "192.0.2.16", "cidr": "192.0.2.0/28" }]),
            "leaves its cidr",
        ),
        (
            "allowedCallers",
            json!([{ "from": "192.0.2.1", "to": "192.0.2.9", "cidr": "192.0.2.0/33" }]),
            "no range",
        ),
        (
            "allowedCallers",
            json!([{ "from": "192.0.2.1", "to": "\"/><x", "cidr": "192.0.2.0/28" }]),
            "no range",
        ),
        ("partnerCertificates", json!("22222222-2222-4222-8222-222222222222=00"), "thumbprint"),
        ("fulfilmentAddressPrefix", json!("0.0.0.0/0"), "256"),
        ("fulfilmentAddressPrefix", json!("2001:db8::/32"), "256"),
        ("directCallers", json!("10.0.0.0/4"), "no range of your own network"),
        ("apiClientId", json!(""), "no client id"),
        ("location", json!(""), "location is empty"),
    ];
    for (name, value, want) in bad {
        let mut given = good();
        given[name] = json!({ "value": value });
        let faults = parameters::find_errors(&Value::from(&given));
        assert!(faults.iter().any(|fault| fault.contains(want)), "{name}: {faults:?}");
    }
}

#[test]
fn small_requires_a_deployer_and_at_most_one_address() {
    let small = |name: &str, value: &str| {
        let id = "22222222-2222-4222-8222-222222222222";
        let mut given = json!({
            "environmentName": { "value": "test" },
            "size": { "value": "small" },
            "location": { "value": "westeurope" },
            "apiClientId": { "value": id },
            "allowedClients": { "value": { "users": [], "apps": [] } },
            "allowedCallers": { "value": [] },
            "corsOrigins": { "value": [] },
            "deployerId": { "value": id },
            "deployerName": { "value": "someone@example.com" },
            "deployerAddress": { "value": "198.51.100.9" },
        });
        given[name] = json!({ "value": value });
        parameters::find_errors(&Value::from(&given))
    };
    assert_eq!(small("deployerAddress", ""), Vec::<String>::new());
    assert_eq!(small("deployerAddress", "198.51.100.9"), Vec::<String>::new());
    for (name, value, want) in [
        ("deployerAddress", "0.0.0.0", "is no IPv4 address"),
        ("deployerAddress", "198.51.100.0/24", "is no IPv4 address"),
        ("deployerAddress", "2001:db8::1", "is no IPv4 address"),
        ("deployerId", "", "deployerId is empty"),
        ("deployerName", "", "deployerName is empty"),
        ("apiClientId", "", "apiClientId is no client id"),
    ] {
        let faults = small(name, value);
        assert!(faults.iter().any(|fault| fault.contains(want)), "{name} = {value}: {faults:?}");
    }
}

#[test]
fn the_parameter_file_must_be_filled_in() {
    let text = fs::read_to_string(root().join("infra/main.parameters.json")).expect("the file is there");
    let environment = |name: &str| (name == "AZURE_ENV_NAME").then(|| "a \"quoted\" name".to_owned());
    let filled: Json =
        serde_json::from_str(&parameters::expand_variables(&text, environment)).expect("still JSON");
    assert_eq!(filled["parameters"]["environmentName"]["value"], "a \"quoted\" name");
    assert_eq!(filled["parameters"]["size"]["value"], "small");
    assert_eq!(filled["parameters"]["plan"]["value"], "flex");
    // azd hands its variables to hooks, and the worker refuses settings of its own that it does not know.
    assert!(!text.contains("${ORDERS_"), "a variable of azd's is called as a setting of the worker's");
    let main = read("infra/main.bicep");
    let names = filled["parameters"].as_object().expect("an object").keys();
    for name in names {
        assert!(main.contains(&format!("\nparam {name} ")), "{name}");
    }
    assert!(!parameters::find_errors(&Value::from(&filled["parameters"])).is_empty());
}

/// Functions that scale for themselves: those without a route.
fn without_route() -> i64 {
    let folders = fs::read_dir(root().join("functions")).expect("the functions are there");
    let texts =
        folders.map(|folder| fs::read_to_string(folder.expect("an entry").path().join("function.json")));
    let count = texts
        .filter(|text| !text.as_ref().expect("a function has its file").contains("\"httpTrigger\""))
        .count();
    i64::try_from(count).expect("a few")
}

#[test]
fn the_database_allows_the_connections_of_both_apps() {
    let document = fs::read_to_string(root().join("docs/scale.md")).expect("docs/scale.md is there");
    for (variant, deployment) in deployments() {
        let demands =
            capacity::connection_demands(deployment, without_route()).expect("every number is there");
        let supply = capacity::available_connections(deployment).expect("max_connections is there");
        let demand: i64 = demands.iter().map(capacity::ConnectionDemand::connections).sum();
        assert!(demand <= supply, "{}: {demand} of {supply}", variant.name);
        for line in demands {
            let said = line.to_string();
            assert!(document.contains(&said), "docs/scale.md does not say `{said}`");
        }
    }
}

#[test]
fn an_oversized_connection_pool_is_detected() {
    let mut deployment = deployment("flex-private-plain").clone();
    let settings = deployment.resources.iter_mut().filter(|one| one.name.ends_with("/appsettings"));
    for one in settings {
        one.body = one.body.with(&steps("properties.ORDERS_DATABASE_POOL"), Value::exact("6"));
    }
    let demands = capacity::connection_demands(&deployment, without_route()).expect("every number is there");
    let demand: i64 = demands.iter().map(capacity::ConnectionDemand::connections).sum();
    assert!(demand > capacity::available_connections(&deployment).expect("max_connections is there"));
}
