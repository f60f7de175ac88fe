//! `docs/reference/local.settings.schema.json`, made from the table: an editor completes and explains the settings.

use std::{env, fs};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::*;
use crate::config::{Setting, settings::SETTING_PREFIX};

/// The path of the schema, and the page that it links to.
const REFERENCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/");
/// The part of the schema for what Core Tools read in every app.
const FORM: &str = "../../crates/functions-emulator/schemas/local.settings.schema.json";

fn committed() -> Value {
    json_of("local.settings.schema.json")
}

fn json_of(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(format!("{REFERENCE}{path}")).unwrap()).unwrap()
}

fn first_upper(text: &str) -> String {
    let mut letters = text.chars();
    // A quoted word keeps its spelling.
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// What an editor says of a setting. VS Code shows the second text, other editors the first.
fn described(setting: &Setting) -> Value {
    let Setting { default, form, example, required, meaning, .. } = setting;
    let meaning = first_upper(meaning);
    let value = default.map_or("none".to_owned(), |default| format!("`{default}`"));
    let mut described = json!({
        "description": format!(
            "{meaning}. Allowed: {form}. Default: {value}. Required: {required}. Example: `{example}`"
        ),
        "markdownDescription": format!(
            "{meaning}.\n\n- **Allowed**: {form}.\n- **Default**: {value}.\n- **Required**: {required}.\n\
             - **Example**: `{example}`"
        ),
        "examples": [example],
    });
    if let Some(default) = default {
        described["default"] = (*default).into();
    }
    described
}

/// The schema as the table has it.
fn schema() -> Value {
    let settings: Map<String, Value> =
        SETTINGS.iter().map(|setting| (setting.name.to_owned(), described(setting))).collect();
    let own = SETTINGS.iter().map(|setting| setting.name).filter(|name| name.starts_with(SETTING_PREFIX));
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "local.settings.json of orders-worker",
        "description": "The settings of orders-worker on a development machine.",
        "allOf": [{"$ref": FORM}],
        "properties": {
            "Values": {
                // Any other name that begins so stops the start.
                "propertyNames": {
                    "if": {"pattern": format!("^{SETTING_PREFIX}")},
                    "then": {"enum": own.collect::<Vec<_>>()},
                },
                "properties": settings,
            },
        },
    })
}

/// The committed schema, with what it refers to.
fn validator() -> Validator {
    let mut schema = committed();
    schema["allOf"] = json!([json_of(FORM)]);
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn the_committed_schema_of_settings_is_the_table() {
    if env::var_os("REWRITE").is_some() {
        let text = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        fs::write(format!("{REFERENCE}local.settings.schema.json"), text).unwrap();
    }
    assert_eq!(committed(), schema(), "write it anew with `cargo xtask generate`");
    assert!(jsonschema::meta::is_valid(&committed()));
}

#[test]
fn the_example_is_valid_by_the_schema_that_it_names() {
    let example = json_of("../../local.settings.json.example");
    assert_eq!(example["$schema"], "./docs/reference/local.settings.schema.json");
    assert!(validator().is_valid(&example));
}

#[test]
fn the_schema_allows_the_example_of_every_setting() {
    for Setting { name, example, .. } in SETTINGS {
        let file = json!({"IsEncrypted": false, "Values": {*name: example}});
        assert!(validator().is_valid(&file), "{name}");
    }
}

#[test]
fn an_unknown_setting_is_invalid_and_stops_the_start() {
    let file = json!({"IsEncrypted": false, "Values": {"ORDERS_RATE_LIMITS": "off"}});
    assert!(!validator().is_valid(&file));
    let environment = local_with(&[("ORDERS_RATE_LIMITS", "off")]);
    assert_eq!(settings_with_errors(&environment, EVERYTHING), ["ORDERS_RATE_LIMITS"]);
    let other = json!({"IsEncrypted": false, "Values": {"WorkQueues": "UseDevelopmentStorage=true"}});
    assert!(validator().is_valid(&other));
}
