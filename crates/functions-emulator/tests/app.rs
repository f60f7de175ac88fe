//! What an app folder may say, and what is said of a wrong one.

#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

use std::{fs, time::Duration};

use functions_emulator::app::{App, AuthLevel, DataType, MessageEncoding, OutputKind, TriggerKind};
use functions_lint::Settings;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with a host.json and function folders.
fn folder(host: &Value, functions: &[(&str, Value)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("host.json"), host.to_string()).unwrap();
    for (name, bindings) in functions {
        fs::create_dir(folder.path().join(name)).unwrap();
        let json = json!({ "bindings": bindings });
        fs::write(folder.path().join(name).join("function.json"), json.to_string()).unwrap();
    }
    folder
}

fn plain_host() -> Value {
    json!({ "version": "2.0", "customHandler": { "description": { "defaultExecutablePath": "worker" } } })
}

fn load(folder: &TempDir, settings: &[(&str, &str)]) -> Result<App, Vec<String>> {
    let settings: Vec<_> = settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    App::load(folder.path(), &settings).map_err(|error| error.0)
}

fn http(extra: &Value) -> Value {
    let mut trigger = json!({ "type": "httpTrigger", "direction": "in", "name": "req" });
    trigger.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!([trigger, { "type": "http", "direction": "out", "name": "res" }])
}

#[test]
fn what_host_json_leaves_out_has_the_hosts_defaults() {
    let app = load(&folder(&plain_host(), &[]), &[]).unwrap();
    assert_eq!(app.host.function_timeout, Duration::from_mins(30));
    assert_eq!(app.host.route_prefix, "api");
    assert_eq!(app.host.custom_handler.initialization_timeout, Duration::from_secs(30));
    assert!(!app.host.custom_handler.forwards && !app.host.custom_handler.proxies);
    assert_eq!((app.host.queues.batch_size, app.host.queues.max_dequeue_count), (16, 5));
    assert_eq!(app.host.queues.visibility_timeout, Duration::ZERO);
    assert_eq!(app.host.queues.encoding, MessageEncoding::Base64);
}

#[test]
fn settings_override_host_json_in_any_case() {
    let overrides = [
        ("AzureFunctionsJobHost__CUSTOMHANDLER__enableForwardingHttpRequest", "True"),
        ("AzureFunctionsJobHost__extensions__queues__visibilityTimeout", "00:00:01"),
        ("AzureFunctionsJobHost__extensions__queues__maxDequeueCount", "3"),
        ("AzureFunctionsJobHost__extensions__http__routePrefix", ""),
        ("AzureFunctionsJobHost__customHandler__description__arguments", r#"["serve", "--quick now"]"#),
    ];
    let app = load(&folder(&plain_host(), &[]), &overrides).unwrap();
    assert!(app.host.custom_handler.forwards);
    assert_eq!(app.host.queues.visibility_timeout, Duration::from_secs(1));
    assert_eq!(app.host.queues.max_dequeue_count, 3);
    assert_eq!(app.host.route_prefix, "");
    let (_, arguments) = app.host.custom_handler.command_line.expand_for_start(&Settings::default(), &[]);
    assert_eq!(arguments, ["serve", "--quick", "now"]);
}

#[test]
fn the_program_is_found_beside_host_json_or_left_to_the_path() {
    let folder = folder(&plain_host(), &[]);
    assert_eq!(load(&folder, &[]).unwrap().host.custom_handler.executable.to_str(), Some("worker"));
    fs::write(folder.path().join("worker"), "").unwrap();
    assert_eq!(load(&folder, &[]).unwrap().host.custom_handler.executable, folder.path().join("worker"));
}

#[test]
fn functions_are_read_with_their_settings_filled_in() {
    let queue = json!([
        { "type": "queueTrigger", "direction": "in", "name": "job", "queueName": "%Jobs%", "dataType": "binary" },
        { "type": "queue", "direction": "out", "name": "next", "queueName": "Done-%Jobs%" },
    ]);
    let folder =
        folder(&plain_host(), &[("b_work", queue), ("a-look", http(&json!({ "methods": ["get"] })))]);
    let app = load(&folder, &[("JOBS", "jobs")]).unwrap();
    let [look, work] = app.functions.as_slice() else { panic!("{:?}", app.functions) };
    assert!(look.is_http_in_out() && !work.is_http_in_out());
    let TriggerKind::Http { methods, route, auth_level } = &look.trigger.kind else { panic!("{look:?}") };
    assert_eq!(
        (methods.as_deref(), route.as_str(), *auth_level),
        (Some(["GET".to_owned()].as_slice()), "a-look", AuthLevel::Function)
    );
    assert!(matches!(&work.trigger.kind, TriggerKind::Queue { queue, .. } if queue == "jobs"));
    assert_eq!(work.trigger.data_type, DataType::Binary);
    assert!(matches!(&work.outputs[0].kind, OutputKind::Queue { queue, .. } if queue == "done-jobs"));
}

#[test]
fn a_disabled_function_is_not_there() {
    let folder = folder(&plain_host(), &[("one", http(&json!({}))), ("two", json!("even a broken one"))]);
    let app = load(&folder, &[("AzureWebJobs.Two.Disabled", "true")]).unwrap();
    assert_eq!(app.functions.iter().map(|function| function.name.as_str()).collect::<Vec<_>>(), ["one"]);
}

#[test]
fn each_wrong_host_json_gets_a_sentence_that_names_the_place() {
    let with = |pointer: &str, value: Value| {
        let mut host = plain_host();
        let (at, name) = pointer.rsplit_once('/').unwrap();
        host.pointer_mut(at).unwrap().as_object_mut().unwrap().insert(name.to_owned(), value);
        host
    };
    let cases = [
        (with("/version", json!("1.0")), "\"version\" must be the text \"2.0\""),
        (with("/functionTimeout", json!("5m")), "functionTimeout must be a time span"),
        (with("/customHandler", json!({})), "customHandler.description.defaultExecutablePath"),
        (with("/customHandler/enableProxyingHttpRequest", json!("yes")), "must be true or false"),
        (
            with("/extensions", json!({ "queues": { "batchSize": 33 } })),
            "extensions.queues.batchSize must be a whole number from 1 to 32",
        ),
        (with("/extensions", json!({ "queues": { "messageEncoding": "utf8" } })), "\"None\" or \"Base64\""),
        (with("/extensions", json!({ "http": { "customHeaders": { "a b": "x" } } })), "a valid HTTP header"),
    ];
    let queue = json!([{ "type": "queueTrigger", "name": "job", "queueName": "jobs" }]);
    for (host, sentence) in cases {
        let faults = load(&folder(&host, &[("take", queue.clone())]), &[]).unwrap_err();
        assert!(faults[0].contains(sentence), "{faults:?}");
    }
    let missing = tempfile::tempdir().unwrap();
    assert!(load(&missing, &[]).unwrap_err()[0].contains("host.json is missing"));
}

#[test]
fn all_faults_of_all_functions_are_told_at_once() {
    let folder = folder(
        &plain_host(),
        &[
            ("1st", http(&json!({}))),
            ("admin", http(&json!({ "route": "administrators/{id}" }))),
            ("constraint", http(&json!({ "route": "items/{id:whole}" }))),
            ("level", http(&json!({ "authLevel": "guest" }))),
            ("none", json!([{ "type": "http", "direction": "out", "name": "res" }])),
            ("queue", json!([{ "type": "queueTrigger", "name": "job", "queueName": "a--b" }])),
            ("setting", json!([{ "type": "timerTrigger", "name": "tick", "schedule": "%When%" }])),
            (
                "twice",
                json!([{ "type": "httpTrigger", "name": "X" }, { "type": "http", "direction": "out", "name": "x" }]),
            ),
        ],
    );
    let faults = load(&folder, &[]).unwrap_err();
    let expected = [
        ("1st/function.json", "the folder's name cannot be the name of a function"),
        ("level/function.json", "binding \"req\": its authLevel has a value that the host does not know"),
        ("none/function.json", "it has 0 triggers"),
        ("queue/function.json", "\"a--b\" is no name of a queue"),
        ("setting/function.json", "the setting When is not set"),
        ("twice/function.json", "two bindings are named \"x\""),
        ("admin/function.json", "its route \"administrators/{id}\" starts with \"admin\""),
        ("constraint/function.json", "the constraint whole does not exist"),
    ];
    assert_eq!(faults.len(), expected.len(), "{faults:#?}");
    for (fault, (place, expected)) in faults.iter().zip(expected) {
        assert!(fault.starts_with(place) && fault.contains(expected) && fault.contains("Azure"), "{fault}");
    }
}

#[test]
fn a_trigger_of_another_kind_is_kept_for_runs_by_hand() {
    let blob = json!([{ "type": "blobTrigger", "name": "blob", "path": "in/{name}" }]);
    let folder = folder(&plain_host(), &[("blobs", blob), ("one", http(&json!({})))]);
    let app = load(&folder, &[]).unwrap();
    let kinds: Vec<_> = app.functions.iter().map(|function| &function.trigger.kind).collect();
    assert!(
        matches!(kinds[..], [TriggerKind::Other { kind }, TriggerKind::Http { .. }] if kind == "blobTrigger")
    );
}

#[test]
fn the_older_section_forwards_to_the_functions_name() {
    let host = json!({ "version": "2.0", "httpWorker": { "description": { "defaultExecutablePath": "node", "defaultWorkerPath": "server.js" } } });
    let handler = load(&folder(&host, &[]), &[]).unwrap().host.custom_handler;
    assert!(handler.is_legacy && handler.forwards);
    assert_eq!(handler.command_line.expand_for_start(&Settings::default(), &[]).1, ["server.js"]);
}

/// Name, route and level of each HTTP function.
fn routes(app: &App) -> Vec<(&str, &str, AuthLevel)> {
    let of = |kind| match kind {
        &TriggerKind::Http { ref route, auth_level, .. } => (route.as_str(), auth_level),
        _ => unreachable!("routes make HTTP functions"),
    };
    let functions = app.functions.iter().map(|function| (function.name.as_str(), of(&function.trigger.kind)));
    functions.map(|(name, (route, level))| (name, route, level)).collect()
}

#[test]
fn host_json_routes_share_the_default_auth_level() {
    let mut host = plain_host();
    host["customHandler"]["http"] = json!({
        "defaultAuthorizationLevel": "anonymous",
        "routes": [{ "route": "{*rest}" }, { "route": "inner/{id:int}", "authorizationLevel": "Admin" }],
    });
    let app = load(&folder(&host, &[]), &[]).unwrap();
    let expected = [
        ("http-handler1", "{*rest}", AuthLevel::Anonymous),
        ("http-handler2", "inner/{id:int}", AuthLevel::Admin),
    ];
    assert_eq!(routes(&app), expected);
    assert!(app.functions.iter().all(functions_emulator::app::Function::is_http_in_out));
    host["customHandler"]["http"] = json!({ "routes": [{ "route": "a" }] });
    let alone = load(&folder(&host, &[]), &[]).unwrap();
    assert_eq!(routes(&alone), [("http-handler1", "a", AuthLevel::Function)]);
}

#[test]
fn host_json_routes_and_function_folders_exclude_each_other() {
    let mut host = plain_host();
    host["customHandler"]["http"] = json!({ "routes": [{ "route": "a" }] });
    let faults = load(&folder(&host, &[("One", http(&json!({})))]), &[]).unwrap_err();
    assert!(
        faults[0].starts_with("One/function.json: host.json has customHandler.http.routes"),
        "{faults:?}"
    );
    for wrong in [json!({}), json!({ "route": " " }), json!({ "route": "{a" }), json!({ "route": "admin/x" })]
    {
        host["customHandler"]["http"] = json!({ "routes": [{ "route": "a" }, wrong] });
        let faults = load(&folder(&host, &[]), &[]).unwrap_err();
        assert!(faults[0].contains("http.routes"), "{faults:?}");
    }
}

#[test]
fn host_json_and_overrides_win_over_the_profile() {
    const SETTING: &str = "AzureFunctionsJobHost__configurationProfile";
    let of = |host: &Value, profile| load(&folder(host, &[]), &[(SETTING, profile)]);
    for profile in ["mcp-custom-handler", "Web-App-Custom-Handler"] {
        let app = of(&plain_host(), profile).unwrap();
        assert_eq!(routes(&app), [("http-handler1", "{*route}", AuthLevel::Function)]);
        assert!(app.host.custom_handler.proxies && app.host.route_prefix.is_empty());
    }
    let mut host = plain_host();
    host["configurationProfile"] = json!("mcp-custom-handler");
    host["customHandler"]["HTTP"] =
        json!({ "routes": [{ "authorizationLevel": "anonymous" }, { "route": "b" }] });
    host["extensions"] = json!({ "http": { "routePrefix": "web" } });
    let app = load(&folder(&host, &[]), &[]).unwrap();
    let expected =
        [("http-handler1", "{*route}", AuthLevel::Anonymous), ("http-handler2", "b", AuthLevel::Function)];
    assert_eq!((routes(&app), app.host.route_prefix.as_str()), (expected.to_vec(), "web"));
    assert!(of(&plain_host(), "default").unwrap().functions.is_empty());
    assert!(
        of(&plain_host(), "other").unwrap_err()[0].contains("configurationProfile \"other\" does not exist")
    );
}
