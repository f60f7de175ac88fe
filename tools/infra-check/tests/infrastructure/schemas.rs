//! What the compiler does not notice: words that Azure's open lists do not have, and properties that it only warns of.

use std::fs;

use infra_check::{
    deployment::Deployment,
    schema::Schema,
    value::{Value, steps},
};

use crate::{deployment, deployments, root};

fn schema() -> Schema {
    let read =
        |name| fs::read_to_string(root().join("infra/schema").join(name)).expect("the schema is there");
    Schema::read(&[&read("types.json")]).expect("the schema is in its form")
}

fn faults(schema: &Schema, deployment: &Deployment) -> Vec<String> {
    deployment.resources.iter().flat_map(|resource| schema.find_errors(resource)).collect()
}

#[test]
fn every_property_exists_in_azures_schema() {
    let schema = schema();
    for (variant, deployment) in deployments() {
        assert_eq!(faults(&schema, deployment), Vec::<String>::new(), "{}", variant.name);
    }
}

#[test]
fn schema_errors_are_detected() {
    const SITE: &str = "Microsoft.Web/sites";
    let text = Value::exact;
    let changes = [
        (SITE, "properties.siteConfig.minTlsVersio", text("1.2"), "minTlsVersio` is not known"),
        (SITE, "properties.httpsOnly", text("yes"), "`properties.httpsOnly` is \"yes\", not bool"),
        (SITE, "properties.siteConfig.minTlsVersion", text("1.9"), "minTlsVersion` is \"1.9\""),
        (
            "Microsoft.Web/serverfarms",
            "properties.reserved",
            Value::List(vec![Value::Bool(true)]),
            "`properties.reserved` is [true], not bool",
        ),
        (
            "Microsoft.Storage/storageAccounts",
            "sku.name",
            text("Standard_XRS"),
            "`sku.name` is \"Standard_XRS\"",
        ),
        (
            "Microsoft.Storage/storageAccounts/blobServices",
            "properties.deleteRetentionPolicy.days",
            Value::Int(900),
            "is 900, not int 1..365",
        ),
        (
            "Microsoft.Network/networkSecurityGroups",
            "properties.securityRules[0].properties.access",
            text("Alow"),
            "is \"Alow\"",
        ),
    ];
    let schema = schema();
    for (kind, path, wrong, want) in changes {
        let mut broken = deployment("flex-private-plain").clone();
        let resource = broken.resources.iter_mut().find(|one| one.kind == kind).expect("there is one");
        resource.body = resource.body.with(&steps(path), wrong);
        let faults = faults(&schema, &broken);
        assert!(faults.iter().any(|fault| fault.contains(want)), "{want}: {faults:?}");
    }
}

#[test]
fn a_type_without_a_schema_is_an_error() {
    let mut broken = deployment("flex-private-plain").clone();
    let resource = broken.resources.first_mut().expect("a resource");
    (resource.kind, resource.version) = ("Microsoft.Stray/things".to_owned(), "2026-01-01".to_owned());
    let faults = faults(&schema(), &broken);
    assert!(faults.iter().any(|fault| fault.starts_with("Microsoft.Stray/things@2026-01-01 has no schema")));
}
