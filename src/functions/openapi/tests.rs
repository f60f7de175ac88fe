//! What could drift from the code is held against it.

use std::{collections::BTreeSet, env, fs, path::Path};

use axum::http::{HeaderMap, HeaderValue, header};
use azure_functions_handler::Registered;
use proptest::prelude::*;
use serde_json::Value;

use crate::{
    functions::{self, FUNCTIONS, FunctionNeed},
    problem::Problem,
    secret::SecretName,
    validation,
};

fn document() -> Value {
    super::document(functions::http_functions())
}

/// Name, method and path of each operation, with what the document says of it.
fn described(document: &Value) -> Vec<(String, String, String, Value)> {
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            all.push((name, method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    all
}

/// Every value of `name` anywhere in `value`.
fn all<'v>(name: &str, value: &'v Value, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get(name));
            members.values().for_each(|member| all(name, member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| all(name, item, found)),
        _ => {}
    }
}

#[test]
fn the_committed_document_is_current() {
    let copy = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    if env::var_os("REWRITE").is_some() {
        fs::write(&copy, functions::openapi_document()).unwrap();
    }
    assert!(
        fs::read(&copy).unwrap() == functions::openapi_document(),
        "docs/openapi.json is out of date: run `cargo xtask generate`, and look at what it changes"
    );
}

#[test]
fn the_document_has_each_http_function_and_no_other() {
    let http = |function: Registered<'_, FunctionNeed>| {
        let route = function.route?;
        let [method] = function.methods else { panic!("{}: one method", function.name) };
        Some((function.name.to_owned(), method.to_string(), format!("/{route}")))
    };
    let functions: BTreeSet<_> = FUNCTIONS.iter().filter_map(http).collect();
    let document = document();
    let found: Vec<_> =
        described(&document).into_iter().map(|(name, method, path, _)| (name, method, path)).collect();
    assert_eq!(found.len(), functions.len(), "each entry is of a function, and of its own");
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), functions);
}

#[test]
fn the_document_lists_every_problem() {
    let document = document();
    let types = document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"].clone();
    for problem in Problem::ALL {
        let urn = format!("urn:orders:problem:{}", problem.slug());
        assert!(types.as_array().unwrap().contains(&urn.into()), "{problem:?}");
        let status = problem.status().as_u16().to_string();
        let told = format!("`{}`: {}.", problem.slug(), problem.title());
        let tells = |operation: &Value| {
            operation["responses"][&status]["description"].as_str().is_some_and(|text| text.contains(&told))
        };
        let any = described(&document).iter().any(|(.., operation)| tells(operation));
        assert!(any, "{problem:?}: no operation refuses with it");
    }
}

#[test]
fn the_secret_name_schema_matches_its_parser() {
    let document = document();
    let parameters = &document["paths"]["/GetSecretFromKeyVault"]["get"]["parameters"];
    let schema =
        &parameters.as_array().unwrap().iter().find(|one| one["name"] == "secretName").unwrap()["schema"];
    let schema = jsonschema::validator_for(schema).unwrap();
    let longest = "a".repeat(127);
    for name in ["", "a", "A-1", "-", &longest, "a b", "a/b", "a_b", "ü", &format!("{longest}a")] {
        // An empty name is none, and the deployment's takes its place.
        let is_read = name.is_empty() || name.parse::<SecretName>().is_ok();
        assert_eq!(schema.is_valid(&name.into()), is_read, "{name:?}");
    }
}

proptest! {
    #[test]
    fn the_if_match_schema_matches_its_parser(tag in "\\PC{0,12}|W?/?\"[!-~]{0,8}\"|\"[0-9]{1,20}\"|[\\*\",a-z ]{0,8}") {
        let document = document();
        let parameters = &document["paths"]["/orders/{id}"]["put"]["parameters"];
        let described = parameters.as_array().unwrap().iter().find(|one| one["name"] == "If-Match").unwrap();
        let schema = jsonschema::validator_for(&described["schema"]).unwrap();
        // The blanks around a value are no part of it: https://www.rfc-editor.org/rfc/rfc9110#section-5.5
        let tag = tag.trim();
        if let Ok(value) = HeaderValue::from_str(tag) {
            let headers = HeaderMap::from_iter([(header::IF_MATCH, value)]);
            let read = validation::parse_precondition(&headers).and_then(validation::RequestedPrecondition::require);
            prop_assert_eq!(schema.is_valid(&tag.into()), read.is_ok(), "{}", tag);
        }
    }
}

#[test]
fn schema_references_resolve_and_are_not_cyclic() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    for (name, .., operation) in described(&document) {
        let mut contents = Vec::new();
        all("content", &operation, &mut contents);
        for body in contents.iter().flat_map(|content| content.as_object().unwrap().values()) {
            assert_eq!(body["schema"].as_object().unwrap().len(), 1, "{name}: {}", body["schema"]);
            assert!(depth(schemas, &body["schema"], 0) < 8, "{name}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let kind = parameter["schema"]["type"].as_str().unwrap();
            assert!(["string", "integer"].contains(&kind), "{name}: {parameter}");
        }
    }
}

/// How deep references lead.
fn depth(schemas: &Value, value: &Value, so_far: usize) -> usize {
    assert!(so_far < 20, "references run in a circle");
    let mut references = Vec::new();
    all("$ref", value, &mut references);
    let below = references.into_iter().map(|reference| {
        let name = reference.as_str().unwrap().strip_prefix("#/components/schemas/").unwrap();
        depth(schemas, schemas.get(name).expect("the schema is there"), so_far + 1)
    });
    below.max().map_or(0, |deepest| deepest + 1)
}

#[test]
fn the_document_names_no_host_and_no_secret() {
    let text = String::from_utf8(functions::openapi_document().to_vec()).unwrap();
    for word in ["http://", "https://", "localhost", "x-functions-key"] {
        assert!(!text.contains(word), "{word}");
    }
}
