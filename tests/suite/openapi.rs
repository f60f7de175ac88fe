//! The worker's OpenAPI document is true. Every answer of every other scenario is held against the description too
//! (`support/openapi_check.rs`).

use std::fs;

use functions_emulator::easyauth::EasyAuthMode;
use serde_json::Value;

use crate::support::{Client, Mode, SOON, Setup, TestApp, deliver, document, in_every_mode, repository};

in_every_mode!(
    the_worker_serves_the_committed_openapi,
    a_deployment_can_hide_the_api_description,
    every_documented_example_is_accepted,
);

const PATH: &str = "/api/openapi.json";

async fn the_worker_serves_the_committed_openapi(mode: Mode) {
    let app = TestApp::start(mode).await;
    let reply = app.user("visitor").get(PATH).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert!(reply.body == fs::read(repository().join("docs/openapi.json")).expect("it is there"));
    assert_eq!(app.user("visitor").get("/api/openapi.json?format=yaml").await.problem(), "malformed");
    assert_eq!(app.anonymous().get(PATH).await.status, 401, "the front lets no caller through");
}

async fn a_deployment_can_hide_the_api_description(mode: Mode) {
    let app = Setup::in_mode(mode)
        .easyauth(EasyAuthMode::Bypassed)
        .set("ORDERS_API_DESCRIPTION", "off")
        .start()
        .await;
    let reply = app.anonymous().get(PATH).await;
    assert_eq!((reply.status, reply.problem().as_str()), (404, "not-found"));
}

async fn every_documented_example_is_accepted(mode: Mode) {
    let app = TestApp::start(mode).await;
    let admin = app.user("admin");
    for sku in ["ESPRESSO-1KG", "FILTER-250G"] {
        admin.stock(sku, 1290).await;
    }
    app.eventually("health is ok", SOON, async || app.anonymous().get("/api/health").await.status == 200)
        .await;
    let mut sent = 0;
    for (path, methods) in document()["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let name = operation["operationId"].as_str().expect("a name");
            if name == "GetSecretFromKeyVault" {
                continue; // The binary trusts no vault that a test could start.
            }
            let (status, examples) = (success(operation), bodies(operation));
            for body in &examples {
                let caller = required_headers(operation, caller(&app, name));
                let path = format!("/api{}", filled(&app, path, operation).await);
                let method = method.to_uppercase();
                let reply = match body {
                    Some(body) => {
                        caller.raw(&method, &path, Some("application/json"), body.to_string()).await
                    }
                    None => caller.raw(&method, &path, None, "").await,
                };
                assert!(status.contains(&reply.status), "{name}: {reply:?}");
                sent += 1;
            }
        }
    }
    assert!(sent >= 13, "{sent}");
}

/// The statuses below 300.
fn success(operation: &Value) -> Vec<u16> {
    let statuses = operation["responses"].as_object().expect("responses").keys();
    statuses.map(|status| status.parse().expect("a status")).filter(|status| *status < 300).collect()
}

/// The examples of the body, or none where there is no body.
fn bodies(operation: &Value) -> Vec<Option<Value>> {
    let Some(body) = operation.get("requestBody") else { return vec![None] };
    let examples = body["content"]["application/json"]["examples"].as_object().expect("examples");
    examples.values().map(|example| Some(example["value"].clone())).collect()
}

fn caller(app: &TestApp, operation: &str) -> Client {
    match operation {
        "ProcessOrder" => app.user("clerk"),
        "UpdateOrder" | "CreateOrder" => app.user("buyer"),
        _ => app.user("admin"),
    }
}

fn required_headers(operation: &Value, caller: Client) -> Client {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters.filter(|parameter| parameter["in"] == "header" && parameter["required"] == true).fold(
        caller,
        |caller, parameter| {
            caller.with(
                &parameter["name"].as_str().expect("a name").to_lowercase(),
                parameter["example"].as_str().expect("what is required has an example"),
            )
        },
    )
}

/// The path with the examples of its parameters; ids are those of a thing that is there.
async fn filled(app: &TestApp, path: &str, operation: &Value) -> String {
    let mut path = path.to_owned();
    if path.starts_with("/orders/{id}") {
        let location = app.user("buyer").place("ESPRESSO-1KG").await;
        path = path.replace("{id}", location.rsplit('/').next().expect("an id"));
    } else if path.contains("{id}") {
        deliver(app, "orders-incoming", "no message").await;
        let letters = app.user("admin").get("/api/dead-letters?limit=1").await.json();
        path = path.replace("{id}", letters["items"][0]["id"].as_str().expect("an id"));
    }
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        if let Some(example) = parameter["example"].as_str() {
            path = path.replace(&format!("{{{}}}", parameter["name"].as_str().expect("a name")), example);
        }
    }
    path
}
