//! The worker's description comes through API Management's import, or something else does what is lost.

use infra_check::openapi_import::{losses, operation_name};
use serde_json::{Value as Json, json};

use crate::{deployments, read};

/// What is lost on purpose, and why nothing is missing then.
const MEANT: [(&str, &str); 4] = [
    ("`securitySchemes` is not supported", "the gateway's policy validates the token"),
    ("`security` is not supported", "the gateway's policy validates the token"),
    ("servers: none is an HTTPS URL", "the API's `serviceUrl` is the api app"),
    ("`examples` is not supported", "they are for readers of the document"),
];

#[test]
fn every_import_loss_is_documented() {
    let losses = losses(&read("docs/openapi.json")).expect("JSON");
    let is_meant = |loss: &&String| MEANT.iter().any(|(meant, _)| loss.contains(meant));
    let others: Vec<_> = losses.iter().filter(|loss| !is_meant(loss)).collect();
    assert!(others.is_empty(), "{others:#?}");
    for (meant, why) in MEANT {
        assert!(losses.iter().any(|loss| loss.contains(meant)), "nothing needs `{meant}` ({why})");
    }
}

#[test]
fn the_gateway_restores_what_the_import_drops() {
    for (variant, deployment) in deployments().iter().filter(|(variant, _)| variant.has_api()) {
        let said = |kind: &str, path: &str| {
            let one = deployment
                .resources_of_type(kind)
                .next()
                .unwrap_or_else(|| panic!("{}: no {kind}", variant.name));
            one.body.at(path).and_then(|value| value.text()).expect("a text").to_owned()
        };
        let service = said("Microsoft.ApiManagement/service/apis", "properties.serviceUrl");
        assert!(service.starts_with("https://"), "{}: {service}", variant.name);
        let policy = said("Microsoft.ApiManagement/service/policies", "properties.value");
        assert!(policy.contains("<validate-azure-ad-token"), "{}", variant.name);
    }
}

#[test]
fn operations_are_named_like_the_import_does() {
    assert_eq!(operation_name("ProcessOrder"), "processorder");
    assert_eq!(operation_name("GET-/foo/{bar}?buzz={quix}"), "get-foo-bar-buzz-quix");
    assert_eq!(operation_name(&"x".repeat(80)).len(), 76);
}

/// A document of which everything comes through.
fn whole() -> Json {
    let answer = json!({ "description": "x", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/A" } } } });
    json!({
        "openapi": "3.1.0",
        "info": { "title": "x", "version": "1" },
        "servers": [{ "url": "https://api.example/api" }],
        "paths": {
            "/a/{id}": { "get": {
                "operationId": "GetA",
                "parameters": [
                    { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } },
                    { "name": "limit", "in": "query", "schema": { "type": "integer" } },
                ],
                "responses": { "200": answer },
            } },
            "/a": { "post": {
                "operationId": "PostA",
                "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/A" } } } },
                "responses": { "201": answer },
            } },
        },
        "components": { "schemas": {
            "A": { "type": "object", "properties": { "x-own": { "$ref": "#/components/schemas/B" } } },
            "B": { "type": "string" },
        } },
    })
}

#[test]
fn a_supported_document_is_imported_completely() {
    assert_eq!(losses(&whole().to_string()).expect("JSON"), Vec::<String>::new());
    assert!(losses("nonsense").is_err());
}

/// Pointer of the object, name in it, value, and what is said of it.
type Violation = (&'static str, &'static str, Json, &'static str);

fn violations() -> Vec<Violation> {
    const GET: &str = "/paths/~1a~1{id}/get";
    const POST: &str = "/paths/~1a/post";
    const LIMIT: &str = "/paths/~1a~1{id}/get/parameters/1";
    let body =
        json!({ "content": { "application/json": { "schema": { "$ref": "#/components/schemas/A" } } } });
    let other =
        json!({ "operationId": "Other", "responses": {}, "parameters": [{ "name": "key", "in": "path" }] });
    vec![
        ("", "openapi", json!("3.2.0"), "version `3.2.0`"),
        ("", "openapi", json!("3.0.4"), "version `3.0.4`"),
        ("", "openapi", json!("2.0"), "version `2.0`"),
        ("/info", "description", json!("x".repeat(4 * 1024 * 1024)), "bytes, of at most 4194304"),
        ("", "externalDocs", json!({}), "`externalDocs` is not supported"),
        ("/info", "summary", json!("x"), "/info: `summary` is not supported"),
        ("/components", "responses", json!({}), "`responses` is not supported"),
        ("/components", "parameters", json!({}), "`parameters` is not supported"),
        ("/components", "examples", json!({}), "`examples` is not supported"),
        ("/components", "requestBodies", json!({}), "`requestBodies` is not supported"),
        ("/components", "headers", json!({}), "`headers` is not supported"),
        ("/components", "securitySchemes", json!({}), "`securitySchemes` is not supported"),
        ("/components", "links", json!({}), "`links` is not supported"),
        ("/components", "callbacks", json!({}), "`callbacks` is not supported"),
        ("/paths/~1a", "trace", json!({ "operationId": "T" }), "the method is not supported"),
        ("/paths/~1a", "servers", json!([]), "/a: `servers` is not supported"),
        (GET, "externalDocs", json!({}), "get /a/{id}: `externalDocs`"),
        (GET, "callbacks", json!({}), "get /a/{id}: `callbacks`"),
        (GET, "security", json!([]), "get /a/{id}: `security`"),
        (GET, "servers", json!([]), "get /a/{id}: `servers`"),
        (GET, "produces", json!([]), "get /a/{id}: `produces`"),
        (LIMIT, "allowEmptyValue", json!(true), "`allowEmptyValue` is not supported"),
        (LIMIT, "style", json!("spaceDelimited"), "`style` is not supported"),
        (LIMIT, "explode", json!(false), "`explode` is not supported"),
        (LIMIT, "allowReserved", json!(true), "`allowReserved` is not supported"),
        (LIMIT, "in", json!("cookie"), "cookies are not supported"),
        (LIMIT, "required", json!(true), "a required one becomes part of the URL template"),
        (LIMIT, "name", json!("id"), "parameter id: the URL template has the name already"),
        (LIMIT, "in", json!("path"), "parameter limit: it is not part of the URL template"),
        (GET, "parameters", json!([]), "nothing defines `{id}`"),
        ("", "servers", json!([{ "url": "http://api.example" }, { "url": "/api" }]), "none is an HTTPS URL"),
        (GET, "requestBody", body, "its `requestBody` is left out"),
        (GET, "operationId", json!(""), "without `operationId`"),
        (GET, "operationId", json!(null), "without `operationId`"),
        (GET, "operationId", json!("x".repeat(77)), "its `operationId` is cut off"),
        (POST, "operationId", json!("getA"), "has the name `geta` too"),
        (GET, "summary", json!("x".repeat(301)), "longer than 300 letters"),
        ("/paths", "/a/{key}", json!({ "get": other }), "has the template `get /a/{}` too"),
        ("/components/schemas/B", "items", json!({ "$ref": "#/components/schemas/A" }), "A: it leads back"),
        ("/components/schemas/B", "$ref", json!("other.json#/B"), "`$ref` leads to another file"),
        (
            "/paths/~1a/post/requestBody/content/application~1json",
            "schema",
            json!({ "type": "string" }),
            "a schema of its own",
        ),
        ("/paths/~1a/post/responses/201/content/application~1json", "examples", json!({}), "`example` is"),
        (POST, "x-rate", json!(4), "the extension `x-rate` is left out"),
    ]
}

#[test]
fn every_import_restriction_is_detected() {
    for (place, name, value, want) in violations() {
        let mut document = whole();
        let object = document.pointer_mut(place).and_then(Json::as_object_mut);
        object.unwrap_or_else(|| panic!("no {place}")).insert(name.to_owned(), value);
        let losses = losses(&document.to_string()).expect("JSON");
        assert!(losses.iter().any(|loss| loss.contains(want)), "{place} {name}: {want}: {losses:?}");
    }
}
