//! What stands in the app root.

use std::fs;

use azure_functions_handler::{
    AuthLevel, DeploymentError, FunctionJsonError, Functions, RegistrationError, any, get, other,
    other_output, post, queue, queue_output, timer,
};
use serde_json::{Value, json};
use tempfile::TempDir;

async fn nothing() {}

fn functions() -> Functions<(), &'static str> {
    Functions::new()
        .http("Read", get("things/{id}").auth_level(AuthLevel::Function).needs("DATABASE"), nothing)
        .http(
            "Write",
            post("things").output(queue_output("jobs", "job-queue").connection("Work")).needs("DATABASE"),
            nothing,
        )
        .queue("Take", queue("job-queue").connection("Work").binding("job").needs("BACKEND"), nothing)
        .timer("Tick", timer("0 * * * * *").unmonitored(), nothing)
        .other(
            "Hear",
            other("serviceBusTrigger").property("queueName", "bus").output(
                other_output("copy", "blob").property("path", "copies/{rand-guid}").connection("Copies"),
            ),
            nothing,
        )
        .http("Www", any("{*path}"), nothing)
}

/// An app root with the function.json of these functions.
fn root(names: &[&str]) -> TempDir {
    let root = TempDir::new().expect("a folder");
    functions().write_function_json(root.path()).expect("a folder to write to");
    for function in functions().iter().filter(|function| !names.contains(&function.name)) {
        fs::remove_dir_all(root.path().join(function.name)).expect("a folder to remove");
    }
    root
}

#[test]
fn function_json_says_what_is_registered() {
    let written: Vec<Value> = functions()
        .function_json()
        .expect("right")
        .iter()
        .map(|function| serde_json::from_str::<Value>(&function.text).expect("JSON")["bindings"].clone())
        .collect();
    let res = json!({"type": "http", "direction": "out", "name": "res"});
    let http = |level: &str, methods: Value, route: &str| json!({"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": level, "methods": methods, "route": route});
    let jobs = json!({"type": "queue", "direction": "out", "name": "jobs", "queueName": "job-queue", "connection": "Work"});
    assert_eq!(written[0], json!([http("function", json!(["get"]), "things/{id}"), res]));
    assert_eq!(written[1], json!([http("anonymous", json!(["post"]), "things"), res, jobs]));
    assert_eq!(
        written[2],
        json!([{"type": "queueTrigger", "direction": "in", "name": "job", "queueName": "job-queue", "connection": "Work", "dataType": "binary"}])
    );
    assert_eq!(
        written[3],
        json!([{"type": "timerTrigger", "direction": "in", "name": "timer", "schedule": "0 * * * * *", "useMonitor": false}])
    );
    assert_eq!(
        written[4],
        json!([
            {"type": "serviceBusTrigger", "direction": "in", "name": "trigger", "queueName": "bus"},
            {"type": "blob", "direction": "out", "name": "copy", "path": "copies/{rand-guid}", "connection": "Copies"},
        ])
    );
    assert_eq!(
        written[5],
        json!([{"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous", "route": "{*path}"}, res])
    );
}

#[test]
fn folders_that_say_something_else_are_named() {
    let all = ["Read", "Write", "Take", "Tick", "Hear", "Www"];
    let root = root(&all);
    functions().check_function_json(root.path()).expect("what was written is right");
    let file = root.path().join("Take").join("function.json");
    let text = fs::read_to_string(&file).expect("a file");
    fs::write(&file, text.replace("job-queue", "other-queue")).expect("a file to write");
    let error = functions().check_function_json(root.path()).expect_err("another queue");
    assert!(
        matches!(&error, FunctionJsonError::Differs(files) if files == &["Take/function.json"]),
        "{error}"
    );
    fs::write(&file, text.replace("  ", "\t")).expect("a file to write");
    functions().check_function_json(root.path()).expect("how it is laid out does not matter");
    fs::create_dir(root.path().join("Old")).expect("a folder");
    fs::write(root.path().join("Old").join("function.json"), "{}").expect("a file to write");
    let error = functions().check_function_json(root.path()).expect_err("an old folder");
    assert!(matches!(&error, FunctionJsonError::NotRegistered(names) if names == &["Old"]), "{error}");
}

#[test]
fn function_folders_select_functions_and_needs() {
    let root = root(&["Take", "Tick"]);
    let deployed = functions().deployed_in(root.path()).expect("a part");
    assert_eq!(deployed.iter().map(|function| function.name).collect::<Vec<_>>(), ["Take", "Tick"]);
    assert_eq!(deployed.needs().collect::<Vec<_>>(), [&"BACKEND"]);
}

#[test]
fn tools_read_what_is_registered_without_a_state() {
    let functions = functions();
    let read: Vec<_> =
        functions.iter().map(|function| (function.name, function.trigger, function.binding)).collect();
    assert_eq!(read[..3], [("Read", "http", "req"), ("Write", "http", "req"), ("Take", "queue", "job")]);
    assert_eq!(read[3..5], [("Tick", "timer", "timer"), ("Hear", "serviceBus", "trigger")]);
    let all: Vec<_> = functions.iter().collect();
    assert_eq!((all[0].route, all[0].auth_level), (Some("things/{id}"), Some(AuthLevel::Function)));
    assert_eq!((all[2].queue, all[3].schedule), (Some("job-queue"), Some("0 * * * * *")));
    let outputs: Vec<_> = all[1].outputs.iter().map(|output| (output.name(), output.queue())).collect();
    assert_eq!((outputs, all[1].needs), (vec![("jobs", Some("job-queue"))], &["DATABASE"][..]));
}

#[test]
fn an_unregistered_function_stops_the_start() {
    let root = root(&["Take"]);
    fs::create_dir(root.path().join("Old")).expect("a folder");
    fs::write(root.path().join("Old").join("function.json"), "{}").expect("a file to write");
    let error = functions().deployed_in(root.path()).expect_err("an old folder");
    assert!(matches!(&error, DeploymentError::NotRegistered(name) if name == "Old"), "{error}");
}

#[test]
fn a_missing_app_root_is_an_error() {
    let root = root(&[]);
    let gone = root.path().join("gone");
    assert!(matches!(functions().deployed_in(&gone), Err(DeploymentError::AppRoot { .. })));
}

#[test]
fn the_route_prefix_is_that_of_host_json() {
    let catches_all = || -> Functions<()> {
        Functions::new().http("Any", any("{*path}"), nothing).queue("Take", "jobs", nothing)
    };
    let root = TempDir::new().expect("a folder");
    catches_all().write_function_json(root.path()).expect("a folder to write to");
    let host = root.path().join("host.json");
    catches_all().deployed_in(root.path()).expect("the host's own prefix is api");
    fs::write(&host, r#"{"version": "2.0", "extensions": {"http": {"routePrefix": "v1"}}}"#)
        .expect("a file to write");
    catches_all().deployed_in(root.path()).expect("a prefix");
    fs::write(&host, r#"{"version": "2.0", "extensions": {"http": {"routePrefix": ""}}}"#)
        .expect("a file to write");
    assert!(matches!(catches_all().deployed_in(root.path()), Err(DeploymentError::Registration(_))));
    fs::write(&host, "{ // a comment").expect("a file to write");
    let error = catches_all().deployed_in(root.path()).expect_err("no plain JSON");
    assert!(error.to_string().contains("route_prefix"), "{error}");
}

#[test]
fn a_byte_order_mark_before_host_json_is_no_fault() {
    let root = TempDir::new().expect("a folder");
    let text = "\u{feff}{\"Extensions\": {\"HTTP\": {\"RoutePrefix\": \"\"}}}";
    fs::write(root.path().join("host.json"), text).expect("a file to write");
    let shadowing =
        Functions::<()>::new().http("Any", any("{*path}"), nothing).queue("Take", "jobs", nothing);
    shadowing.write_function_json(root.path()).expect("a folder to write to");
    assert!(
        matches!(shadowing.deployed_in(root.path()), Err(DeploymentError::Registration(_))),
        "the prefix is read"
    );
}

/// Under a host that forwards, `GET /api/open/..%5Cguarded` passes without a key and arrives as `/api/guarded`.
#[test]
fn mixed_auth_levels_are_rejected_when_forwarding() {
    let functions = |open: &'static str, level| -> Functions<()> {
        let guarded = get("guarded").auth_level(level);
        Functions::new().http("Open", get(open), nothing).http("Guarded", guarded, nothing)
    };
    let forwards = r#"{"customHandler": {"enableForwardingHttpRequest": true}}"#;
    let proxies =
        r#"{"customHandler": {"enableForwardingHttpRequest": true, "enableProxyingHttpRequest": true}}"#;
    for (host, open, level, is_refused) in [
        (forwards, "open/{id}", AuthLevel::Admin, true),
        (forwards, "{*path}", AuthLevel::Function, true),
        (forwards, "open/{id:int}", AuthLevel::Admin, false),
        (forwards, "open", AuthLevel::Admin, false),
        (forwards, "open/{id}", AuthLevel::Anonymous, false),
        (proxies, "open/{id}", AuthLevel::Admin, false),
        ("{}", "open/{id}", AuthLevel::Admin, false),
    ] {
        let root = TempDir::new().expect("a folder");
        fs::write(root.path().join("host.json"), host).expect("a file to write");
        let functions = functions(open, level);
        functions.write_function_json(root.path()).expect("a folder to write to");
        let expected = RegistrationError::ForwardedPast { open: "Open", guarded: "Guarded" };
        match functions.deployed_in(root.path()) {
            Err(DeploymentError::Registration(errors)) => {
                assert!(is_refused && errors.0 == [expected], "{host} {open} {level:?}: {errors}");
            }
            other => assert!(other.is_ok() && !is_refused, "{host} {open} {level:?}"),
        }
    }
}
