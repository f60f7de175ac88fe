//! What Azure says afterwards. The answers in `live/` are shaped as
//! [Web Apps - Get](https://learn.microsoft.com/rest/api/appservice/web-apps/get) and its neighbours answer for a Flex
//! Consumption app: null where a plan has no such setting, defaults of Azure's own, properties that were not asked for,
//! the default action repeated as a last rule, and names in other cases.

use infra_check::{
    deployment::Deployment,
    live::{self, Drift, LiveError},
    snapshot::SUBSCRIPTION,
    variants::{self, RESOURCE_TOKEN, Variant},
};
use serde_json::{Value as Json, json};

use crate::{deployment, deployments, read};

const VARIANT_NAME: &str = "flex-private-plain";
const FILES: [&str; 4] = ["site", "web", "authentication", "passwords"];

fn variant() -> Variant {
    variants::all_variants().into_iter().find(|variant| variant.name == VARIANT_NAME).expect("the variant")
}

fn answer(name: &str) -> Json {
    let text = read(&format!("tools/infra-check/tests/infrastructure/live/{name}.json"));
    serde_json::from_str(&text).expect("JSON")
}

fn verified(answers: &[Json]) -> Result<Vec<Drift>, LiveError> {
    let texts: Vec<_> = answers.iter().map(ToString::to_string).collect();
    let texts: Vec<_> = texts.iter().map(String::as_str).collect();
    live::verify(&texts, variant(), deployment(VARIANT_NAME))
}

/// The answers with one value changed, by the file's name and a pointer.
fn changed(file: &str, pointer: &str, value: &Json) -> Vec<Json> {
    let change = |name: &&str| {
        let mut answer = answer(name);
        if *name == file {
            *answer.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}")) = value.clone();
        }
        answer
    };
    FILES.iter().map(change).collect()
}

#[test]
fn a_fresh_deployment_has_no_drift() {
    assert_eq!(verified(&FILES.map(answer)).expect("answers"), []);
    // `az rest --query value` prints the list alone.
    assert_eq!(verified(&[answer("passwords")["value"].clone()]).expect("answers"), []);
}

/// File, pointer, another value, what is said to be found, and the control, where one is about it.
type Loss = (&'static str, &'static str, Json, &'static str, Option<&'static str>);

fn losses_of_the_site() -> Vec<Loss> {
    const OTHER: &str =
        "/subscriptions/x/resourceGroups/y/providers/Microsoft.ManagedIdentity/userAssignedIdentities/other";
    vec![
        ("site", "/properties/publicNetworkAccess", json!("Enabled"), "\"Enabled\"", Some("C34-closed")),
        ("site", "/properties/publicNetworkAccess", json!(null), "is missing", Some("C34-closed")),
        ("site", "/properties/httpsOnly", json!(false), "false", Some("C27-https")),
        (
            "site",
            "/properties/functionsRuntimeAdminIsolationEnabled",
            json!(false),
            "false",
            Some("C28-admin"),
        ),
        ("site", "/properties/virtualNetworkSubnetId", json!(null), "is missing", Some("C41-subnet")),
        ("site", "/properties/keyVaultReferenceIdentity", json!("SystemAssigned"), "SystemAssigned", None),
        ("site", "/properties/functionAppConfig/runtime/version", json!("2.0"), "\"2.0\"", None),
        ("site", "/properties/serverFarmId", json!("/subscriptions/x"), "/subscriptions/x", None),
        ("site", "/identity/userAssignedIdentities", json!({ OTHER: {} }), "other", None),
        ("passwords", "/value/1/properties/allow", json!(true), "true", Some("C51-passwords")),
    ]
}

fn losses_of_its_configuration() -> Vec<Loss> {
    const ISSUER: &str = "/properties/identityProviders/azureActiveDirectory/registration/openIdIssuer";
    const ANSWER: &str = "/properties/globalValidation/unauthenticatedClientAction";
    let rule = json!({ "ipAddress": "203.0.113.0/24", "action": "Allow", "priority": 100, "name": "office" });
    let all =
        json!([{ "ipAddress": "Any", "action": "Allow", "priority": 2_147_483_647, "name": "Allow all" }]);
    vec![
        ("web", "/properties/minTlsVersion", json!("1.0"), "\"1.0\"", Some("C27-tls")),
        ("web", "/properties/ftpsState", json!("AllAllowed"), "AllAllowed", Some("C51-no-ftp-setting")),
        ("web", "/properties/http20Enabled", json!(false), "false", None),
        ("web", "/properties/ipSecurityRestrictions/0", rule, "203.0.113.0/24", Some("C44-no-exceptions")),
        (
            "web",
            "/properties/scmIpSecurityRestrictionsDefaultAction",
            json!("Allow"),
            "Allow",
            Some("C52-default"),
        ),
        ("web", "/properties/scmIpSecurityRestrictions", all, "Allow all", Some("C52-no-exceptions")),
        ("authentication", ANSWER, json!("AllowAnonymous"), "AllowAnonymous", Some("C02-401")),
        (
            "authentication",
            "/properties/globalValidation/excludedPaths",
            json!(["/api/*"]),
            "/api/*",
            Some("C02-excluded"),
        ),
        ("authentication", ISSUER, json!("https://sts.example/v2.0"), "sts.example", None),
    ]
}

#[test]
fn missing_azure_settings_are_detected() {
    for (file, pointer, value, found, control) in
        losses_of_the_site().into_iter().chain(losses_of_its_configuration())
    {
        let drifts = verified(&changed(file, pointer, &value)).expect("answers");
        let property = pointer.split('/').rfind(|part| part.parse::<usize>().is_err()).expect("a name");
        let is_it = |drift: &Drift| {
            drift.property.ends_with(property)
                && drift.found.contains(found)
                && control.is_none_or(|control| drift.controls == [control])
        };
        assert!(drifts.iter().any(is_it), "{pointer}: {drifts:#?}");
    }
}

#[test]
fn one_change_is_one_drift() {
    let drifts = verified(&changed("web", "/properties/minTlsVersion", &json!("1.0"))).expect("answers");
    let [drift] = drifts.as_slice() else { panic!("{drifts:#?}") };
    assert_eq!(
        (drift.kind.as_str(), drift.resource.as_str()),
        ("Microsoft.Web/sites", "func-api-k3v7qz2mdh5xa")
    );
    assert_eq!(drift.property, "properties.siteConfig.minTlsVersion");
    assert_eq!(drift.expected, "one of [\"1.2\", \"1.3\"]");
    assert_eq!(drift.found, "\"1.0\"");
}

#[test]
fn allowed_differences_are_no_drift() {
    let stricter = [
        ("web", "/properties/minTlsVersion", json!("1.3")),
        ("web", "/properties/cors/allowedOrigins", json!([])),
        ("web", "/properties/cors", json!({ "supportCredentials": false })),
        ("web", "/properties/cors", json!(null)),
        ("site", "/properties/functionAppConfig/scaleAndConcurrency/maximumInstanceCount", json!(10)),
        ("site", "/properties/publicNetworkAccess", json!("disabled")),
        ("web", "/properties/ipSecurityRestrictions", json!([])),
    ];
    for (file, pointer, value) in stricter {
        assert_eq!(verified(&changed(file, pointer, &value)).expect("answers"), [], "{pointer}");
    }
}

#[test]
fn an_implicit_default_action_is_recognized() {
    let mut web = answer("web");
    web["properties"]["ipSecurityRestrictionsDefaultAction"] = json!(null);
    assert_eq!(verified(&[answer("site"), web.clone()]).expect("answers"), []);
    web["properties"]["ipSecurityRestrictions"][0]["action"] = json!("Allow");
    let drifts = verified(&[answer("site"), web]).expect("answers");
    assert!(drifts.iter().any(|drift| drift.controls == ["C44-default"]), "{drifts:#?}");
}

/// What Azure would answer of the apps of a deployment, each with its configuration.
fn answers_of(deployment: &Deployment) -> Vec<Json> {
    let other = "5b0c4f7e-6a52-4f0e-9d53-0d6d4f1b7a21";
    let real = |text: &str| {
        text.replace(RESOURCE_TOKEN, "k3v7qz2mdh5xa")
            .replace(SUBSCRIPTION, other)
            .replace("rg-test", "rg-shop")
    };
    let mut answers = Vec::new();
    for resource in deployment.resources.iter().filter(|one| one.kind.starts_with("Microsoft.Web/sites")) {
        let mut answer: Json = serde_json::from_str(&real(&resource.body.to_string())).expect("JSON");
        answer["id"] = json!(real(&resource.id));
        if resource.kind == "Microsoft.Web/sites" {
            let config = answer["properties"]["siteConfig"].take();
            answer["properties"]["siteConfig"] = json!({ "ftpsState": null, "http20Enabled": false });
            let access = answer["properties"]["publicNetworkAccess"].as_str().map(str::to_lowercase);
            answer["properties"]["publicNetworkAccess"] = json!(access);
            answers.push(web_of(&answer, config));
        }
        answers.push(answer);
    }
    answers
}

fn web_of(site: &Json, mut config: Json) -> Json {
    for list in ["ipSecurityRestrictions", "scmIpSecurityRestrictions"] {
        let action = config[format!("{list}DefaultAction")].clone();
        let last = json!({ "ipAddress": "Any", "action": action, "priority": 2_147_483_647 });
        config[list].as_array_mut().expect("rules").push(last);
    }
    json!({ "id": format!("{}/config/web", site["id"].as_str().expect("an id")), "properties": config })
}

#[test]
fn every_variant_is_compared_to_its_snapshot() {
    for (variant, deployment) in deployments() {
        let verified = |answers: &[Json]| {
            let texts: Vec<_> = answers.iter().map(ToString::to_string).collect();
            let texts: Vec<_> = texts.iter().map(String::as_str).collect();
            live::verify(&texts, *variant, deployment)
                .unwrap_or_else(|error| panic!("{}: {error}", variant.name))
        };
        let answers = answers_of(deployment);
        assert!(answers.len() >= 10, "{}: {}", variant.name, answers.len());
        assert_eq!(verified(&answers), [], "{}", variant.name);
        let mut drifted = answers;
        for answer in drifted.iter_mut().filter(|one| one["properties"]["publicNetworkAccess"].is_string()) {
            let is_open = answer["properties"]["publicNetworkAccess"] == "enabled";
            answer["properties"]["publicNetworkAccess"] = json!(if is_open { "Disabled" } else { "Enabled" });
        }
        assert_eq!(verified(&drifted).len(), 2, "{}: {:#?}", variant.name, verified(&drifted));
    }
}

#[test]
fn invalid_azure_output_is_rejected_with_a_remedy() {
    let refused = |texts: &[&str], want: &str| {
        let error =
            live::verify(texts, variant(), deployment(VARIANT_NAME)).expect_err("it is refused").to_string();
        assert!(error.contains(want), "{error}");
    };
    refused(&["nonsense"], "this is no JSON");
    refused(&["{}"], "not a summary");
    refused(&["[]"], "not a summary");
    // What `az functionapp show` prints has the properties beside the id.
    refused(
        &[
            r#"{ "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/x", "httpsOnly": true }"#,
        ],
        "not a summary",
    );
    refused(
        &[r#"{ "error": { "code": "AuthorizationFailed", "message": "x" } }"#],
        "an error, AuthorizationFailed",
    );
    refused(&[&answer("site").to_string()], "give `az rest --url ID/config/web`");
    let foreign = answer("passwords").to_string().replace("func-api-", "func-shop-");
    refused(&[&foreign], "has no such resource");
}
