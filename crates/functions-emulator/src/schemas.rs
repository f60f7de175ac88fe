//! The JSON Schemas below `schemas`, by which editors complete and check the files that a person writes.
//!
//! They are made here, from the types that parse, so that the emulator itself needs none of what makes them. They follow
//! draft 7, the newest that VS Code supports in full: <https://code.visualstudio.com/docs/languages/json>.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use functions_lint::{SettingsFile, local_settings::LOCAL_SETTINGS_FILE};
use jsonschema::Validator;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use crate::{
    access_keys::{AccessKeys, KeysFile},
    emulator_file::{EmulatorFile, FileOptions},
    local_settings::LocalSettings,
    users::UsersFile,
};

const USERS: &str = "functions-emulator.schema.json";
const KEYS: &str = "keys.schema.json";
const LOCAL_SETTINGS: &str = "local.settings.schema.json";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas")
}

/// The schemas as the types have them.
fn schemas() -> [(&'static str, Value); 3] {
    [(USERS, users_schema()), (KEYS, of::<KeysFile>()), (LOCAL_SETTINGS, local_settings_schema())]
}

fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut made = settings.into_generator().into_root_schema_for::<T>();
    // What the schema is, stands first, for those who open it.
    let mut schema = Map::new();
    for name in ["$schema", "title", "description"] {
        schema.extend(made.remove(name).map(|value| (name.to_owned(), value)));
    }
    schema.extend(made.ensure_object().clone());
    schema.into()
}

/// The members of the file that describe users; a file that has none of them has the default users.
const USERS_MEMBERS: [&str; 7] =
    ["tenantId", "audience", "clientId", "scopes", "excludedPaths", "users", "people"];

/// The schema of the type, with what schemars does not know: the former name of a member, the sections that another type
/// reads, and that the members of users come together.
fn users_schema() -> Value {
    let mut schema = of::<UsersFile>();
    schema["properties"]["keys"] = section(of::<KeysFile>());
    schema["properties"]["options"] = section(of::<FileOptions>());
    schema["properties"]["people"] = json!({
        "description": "The former name of `users`.",
        "deprecationMessage": "Rename it to `users`.",
        "allOf": [{"$ref": "#/properties/users"}],
    });
    let mut required = schema.as_object_mut().unwrap().remove("required").unwrap();
    required.as_array_mut().unwrap().retain(|name| name != "users");
    schema["if"] = json!({"anyOf": USERS_MEMBERS.map(|name| json!({"required": [name]}))});
    schema["then"] =
        json!({"required": required, "oneOf": [{"required": ["users"]}, {"required": ["people"]}]});
    schema
}

/// A schema without what stands at the head of a document.
fn section(mut schema: Value) -> Value {
    let members = schema.as_object_mut().unwrap();
    members.remove("$schema");
    members.remove("title");
    schema
}

/// `functions_lint::local_settings` reads this file as Core Tools do, member by member, so no type has its form.
fn local_settings_schema() -> Value {
    let scalar = json!(["string", "number", "boolean", "null"]);
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": LOCAL_SETTINGS_FILE,
        "description": "The settings of a Functions app on a development machine. It is never deployed.",
        "type": "object",
        "properties": {
            "$schema": {
                "description": "The JSON Schema of this file, for editors. Core Tools and the emulator do not read it.",
                "type": "string",
            },
            "IsEncrypted": {
                "description": "Write false. Without it, Core Tools take the settings for encrypted.",
                "type": scalar,
                "examples": [false],
            },
            "Values": {
                "description": "The app settings. Each becomes an environment variable of the worker.",
                "type": ["object", "null"],
                "properties": {
                    "FUNCTIONS_WORKER_RUNTIME": {
                        "description": "The language worker. Write `custom` for a custom handler.",
                        "examples": ["custom"],
                    },
                    "AzureWebJobsStorage": {
                        "description": "The storage account of the host: a connection string.",
                        "examples": ["UseDevelopmentStorage=true"],
                    },
                },
                "additionalProperties": {"type": scalar},
            },
            "ConnectionStrings": {
                "description": "Connection strings by name. A binding finds each by that name.",
                "type": ["object", "null"],
                "additionalProperties": {
                    "type": ["string", "object"],
                    "properties": {
                        "ConnectionString": {"description": "The connection string."},
                        "ProviderName": {"description": "The provider, for .NET. The emulator does not read it."},
                    },
                },
            },
            "Host": {
                "description": "The host on this machine.",
                "type": ["object", "null"],
                "properties": {
                    "LocalHttpPort": {
                        "description": "The port to listen on. 7071 without it; in the emulator 0 is any free port.",
                        "type": ["integer", "string"],
                        "minimum": 0,
                        "maximum": u16::MAX,
                        "examples": [7071],
                    },
                    "CORS": {
                        "description": "The origins whose pages may call, separated by commas; `*` is every origin.",
                        "type": scalar,
                        "examples": ["http://localhost:3000", "*"],
                    },
                    "CORSCredentials": {
                        "description": "Whether these pages may send cookies and other credentials.",
                        "type": ["boolean", "string", "number"],
                        "examples": [true],
                    },
                },
            },
        },
    })
}

fn json_of(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The committed schema of this name.
fn committed(name: &str) -> Validator {
    jsonschema::validator_for(&json_of(&folder().join(name))).unwrap()
}

/// Whether the reader of the files that this schema describes accepts a file.
fn is_read(schema: &str, file: &Value) -> bool {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join(LOCAL_SETTINGS_FILE);
    fs::write(&path, file.to_string()).unwrap();
    match schema {
        USERS => EmulatorFile::load(&path).is_ok(),
        KEYS => AccessKeys::load(&path).is_ok(),
        _ => LocalSettings::read(root.path()).is_ok(),
    }
}

fn users() -> Value {
    json!({
        "tenantId": "0f5c4b6e-6f0b-4a2f-9d27-4f3b7c1f5a10", "audience": "things",
        "clientId": "9d3f0a77-1c55-4c1e-9a0c-6b7a4a3e2f02", "scopes": ["Things.Read"],
        "users": [{"name": "keeper", "objectId": "a1a1a1a1-0000-4000-8000-000000000001"}],
    })
}

fn options() -> Value {
    json!({
        "port": 7099, "consolePort": 0, "easyauth": "keep-headers", "openapi": "/openapi.json", "otlp": false,
        "build": "make",
        "watch": true, "settings": {"A": "a"},
    })
}

fn keys() -> Value {
    json!({"master": "m", "host": {"default": "h"}, "functions": {"Greet": {"mine": "f"}}})
}

fn local_settings() -> Value {
    json!({
        "IsEncrypted": false, "Values": {"A": "a", "B": 5, "C": true, "D": null},
        "ConnectionStrings": {"one": "1", "two": {"ConnectionString": "2", "ProviderName": "x"}},
        "Host": {"LocalHttpPort": 7099, "CORS": "*", "CORSCredentials": false},
    })
}

/// A file with one value in another place or form.
fn with(file: &Value, pointer: &str, value: Value) -> Value {
    let mut file = file.clone();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    match file.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[member.parse::<usize>().unwrap()] = value,
        parent => parent[member] = value,
    }
    file
}

#[test]
fn the_committed_schemas_match_the_readers() {
    for (name, schema) in schemas() {
        let path = folder().join(name);
        if env::var_os("REWRITE").is_some() {
            fs::write(&path, serde_json::to_string_pretty(&schema).unwrap() + "\n").unwrap();
        }
        assert_eq!(json_of(&path), schema, "{name}: write it anew with `cargo xtask generate`");
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
    }
}

#[test]
fn committed_files_are_valid_by_the_schema_that_they_name() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let files = [
        ("functions-emulator.json", USERS),
        ("crates/functions-emulator/tests/users.json", USERS),
        ("crates/functions-emulator/tests/apps/node/local.settings.json", LOCAL_SETTINGS),
        ("crates/functions-emulator/tests/apps/python/local.settings.json", LOCAL_SETTINGS),
        ("examples/axum/local.settings.json", LOCAL_SETTINGS),
        ("examples/hello/local.settings.json", LOCAL_SETTINGS),
        ("examples/queue/local.settings.json", LOCAL_SETTINGS),
    ];
    for (path, schema) in files {
        let path = root.join(path);
        let file = json_of(&path);
        let named = path.parent().unwrap().join(file["$schema"].as_str().unwrap());
        let (named, expected) = (named.canonicalize().unwrap(), folder().join(schema));
        assert_eq!(named, expected.canonicalize().unwrap(), "{}", path.display());
        assert!(committed(schema).is_valid(&file) && is_read(schema, &file), "{}", path.display());
    }
}

#[test]
fn a_new_app_has_valid_settings() {
    // They name no schema: the folder of a new app has none.
    for (file, schema) in [
        ("rust/local.settings.json", LOCAL_SETTINGS),
        ("http/local.settings.json", LOCAL_SETTINGS),
        ("http/functions-emulator.json", USERS),
        ("go/functions-emulator.json", USERS),
    ] {
        let content = json_of(&folder().join("../templates").join(file));
        assert!(committed(schema).is_valid(&content) && content.get("$schema").is_none(), "{file}");
    }
}

#[test]
fn every_reader_accepts_a_schema_member_in_any_place() {
    for (name, file) in [(USERS, users()), (KEYS, keys()), (LOCAL_SETTINGS, local_settings())] {
        let last = with(&file, "/$schema", json!("./any.schema.json"));
        let mut first = json!({"$schema": "./any.schema.json"});
        first.as_object_mut().unwrap().extend(file.as_object().unwrap().clone());
        for file in [file, first, last] {
            assert!(committed(name).is_valid(&file) && is_read(name, &file), "{name}: {file}");
        }
    }
}

#[test]
fn a_schema_member_changes_no_setting() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join(LOCAL_SETTINGS_FILE);
    let read = |file: &Value| {
        fs::write(&path, file.to_string()).unwrap();
        (SettingsFile::read(&path).unwrap().settings, LocalSettings::read(root.path()).unwrap().notes())
    };
    let (settings, notes) = read(&with(&local_settings(), "/$schema", json!("./any.schema.json")));
    assert_eq!(settings, read(&local_settings()).0);
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn what_a_schema_refuses_its_reader_refuses() {
    let wrong = [
        (USERS, users(), "/tenant", json!("0f5c4b6e-6f0b-4a2f-9d27-4f3b7c1f5a10")),
        (USERS, users(), "/tenantId", json!(7)),
        (USERS, users(), "/audience", json!("")),
        (USERS, users(), "/scopes", json!(["Things.Read Things.Write"])),
        (USERS, users(), "/scopes", json!([""])),
        (USERS, users(), "/excludedPaths", json!(["api/health"])),
        (USERS, users(), "/people", json!([])),
        (USERS, users(), "/users/0", json!({"name": "keeper"})),
        (USERS, users(), "/users/0/name", json!("the keeper")),
        (USERS, users(), "/users/0/role", json!("Keeper")),
        (USERS, users(), "/users/0/kind", json!("robot")),
        (USERS, json!({}), "/excludedPaths", json!([])),
        (USERS, json!({}), "/audience", json!("things")),
        (USERS, json!({}), "/people", json!([])),
        (USERS, json!({}), "/keys", json!({"host": {}})),
        (USERS, json!({}), "/keys", json!(null)),
        (USERS, json!({}), "/options", json!([])),
        (USERS, json!({}), "/options", json!({"Port": 7071})),
        (USERS, json!({}), "/options", json!({"port": 65536})),
        (USERS, json!({}), "/options", json!({"port": "7071"})),
        (USERS, json!({}), "/options", json!({"easyauth": "maybe"})),
        (USERS, json!({}), "/options", json!({"watch": "yes"})),
        (USERS, json!({}), "/options", json!({"settings": {"A": 5}})),
        (USERS, json!({}), "/options", json!({"settings": ["A=5"]})),
        (KEYS, keys(), "/Master", json!("m")),
        (KEYS, keys(), "/master", json!(null)),
        (KEYS, keys(), "/host", json!("h")),
        (KEYS, keys(), "/functions/Greet", json!("f")),
        (KEYS, json!({}), "/host", json!({})),
        (LOCAL_SETTINGS, local_settings(), "/IsEncrypted", json!([])),
        (LOCAL_SETTINGS, local_settings(), "/Values", json!([])),
        (LOCAL_SETTINGS, local_settings(), "/Values/A", json!({})),
        (LOCAL_SETTINGS, local_settings(), "/ConnectionStrings/one", json!(7)),
        (LOCAL_SETTINGS, local_settings(), "/Host", json!("localhost")),
        (LOCAL_SETTINGS, local_settings(), "/Host/LocalHttpPort", json!(65536)),
        (LOCAL_SETTINGS, local_settings(), "/Host/LocalHttpPort", json!(null)),
        (LOCAL_SETTINGS, local_settings(), "/Host/CORS", json!(["*"])),
        (LOCAL_SETTINGS, local_settings(), "/Host/CORSCredentials", json!(null)),
    ];
    for (name, file, pointer, value) in wrong {
        let file = with(&file, pointer, value);
        assert!(!committed(name).is_valid(&file), "{name}: {file}");
        assert!(!is_read(name, &file), "{name}: {file}");
    }
}

#[test]
fn what_the_readers_allow_the_schemas_allow() {
    let mut former = users();
    former["people"] = former.as_object_mut().unwrap().remove("users").unwrap();
    let allowed = [
        (USERS, former),
        (USERS, json!({})),
        (USERS, json!({"keys": keys()})),
        (USERS, json!({"options": {}})),
        (USERS, with(&users(), "/options", options())),
        (USERS, json!({"options": {"port": null, "easyauth": null, "build": null}})),
        (USERS, with(&users(), "/users/0/tenantId", json!(null))),
        (USERS, with(&users(), "/excludedPaths", json!(["/api/health"]))),
        (KEYS, json!({"master": ""})),
        (LOCAL_SETTINGS, json!({})),
        (LOCAL_SETTINGS, json!({"Values": null, "ConnectionStrings": null, "Host": null})),
        (LOCAL_SETTINGS, with(&local_settings(), "/IsEncrypted", json!("False"))),
        (LOCAL_SETTINGS, with(&local_settings(), "/Host/LocalHttpPort", json!("7099"))),
        (LOCAL_SETTINGS, with(&local_settings(), "/Host/CORS", json!(null))),
        (
            LOCAL_SETTINGS,
            with(&local_settings(), "/Host", json!({"CORS": "http://a", "CORSCredentials": "true"})),
        ),
        (LOCAL_SETTINGS, with(&local_settings(), "/Other", json!([]))),
    ];
    for (name, file) in allowed {
        assert!(committed(name).is_valid(&file), "{name}: {file}");
        assert!(is_read(name, &file), "{name}: {file}");
    }
}
