//! How the interface describes itself. Every answer that a test of the console gets is held against it.

use std::sync::LazyLock;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Page, an_app, live::event};

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../src/console/openapi.json")).unwrap());

/// Panics unless an answer is as its operation says.
pub(super) fn assert_described(method: &Method, path: &str, status: u16, body: &Value) {
    let path = path.strip_prefix("/_emulator/api").expect("a path of the interface");
    let operation = operation(method, path).unwrap_or_else(|| panic!("{method} {path} is not described"));
    let answer = &operation["responses"][status.to_string()];
    let answer = answer["$ref"].as_str().map_or(answer, |place| DOCUMENT.pointer(&place[1..]).unwrap());
    let schema = answer["content"]["application/json"].get("schema");
    let schema = schema.unwrap_or_else(|| panic!("{method} {path}: {status} is not described"));
    assert_valid(schema, body, &format!("{method} {path}"));
}

fn assert_valid(schema: &Value, body: &Value, what: &str) {
    let schema = json!({"allOf": [schema], "components": DOCUMENT["components"]});
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let faults: Vec<String> =
        validator.iter_errors(body).map(|fault| format!("{fault} at {}", fault.instance_path())).collect();
    assert!(faults.is_empty(), "{what}: {faults:#?}\n{body}");
}

fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let is_same = |known: &str| {
        let (known, asked): (Vec<_>, Vec<_>) = (known.split('/').collect(), path.split('/').collect());
        known.len() == asked.len()
            && known.iter().zip(asked).all(|(known, asked)| *known == asked || known.starts_with('{'))
    };
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let item = paths.iter().find(|(known, _)| is_same(known)).map(|(_, item)| item)?;
    item.get(method.as_str().to_lowercase())
}

#[tokio::test]
async fn the_document_is_served_and_valid() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let served = page.get("openapi.json").await;
    assert_eq!(&served, &*DOCUMENT);
    assert!(served["openapi"].as_str().unwrap().starts_with("3.1."));
    for (name, schema) in served["components"]["schemas"].as_object().unwrap() {
        assert!(jsonschema::meta::is_valid(schema), "{name}");
    }
}

#[tokio::test]
async fn every_operation_is_there() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys().filter(|_| path != "/live") {
            let method: Method = method.to_uppercase().parse().unwrap();
            let path = path.trim_start_matches('/').replace(['{', '}'], "");
            let answer = page.request(method.clone(), &path).send().await.unwrap().text().await.unwrap();
            assert!(!answer.contains("no such path"), "{method} {path}: {answer}");
        }
    }
}

#[tokio::test]
async fn events_are_as_described() {
    let running = an_app().start().await;
    let page = Page::open(&running).await;
    let mut stream = page.request(Method::GET, "live").send().await.unwrap();
    let mut rest = String::new();
    let schema = json!({"$ref": "#/components/schemas/Event"});
    for kind in ["hello", "call", "line", "worker"] {
        if kind == "call" {
            running.get("ok_hello").await;
        }
        if kind == "worker" {
            page.post("worker/kill", Value::Null).await;
        }
        let told = event(&mut stream, &mut rest, |event| event["kind"] == kind).await;
        assert_valid(&schema, &told, kind);
    }
}
