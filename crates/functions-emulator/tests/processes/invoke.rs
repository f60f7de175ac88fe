//! `invoke`: one call of a function, as somebody types it.

use std::net::{Ipv4Addr, TcpListener};

use serde_json::{Value, json};

use crate::{
    app::TestApp,
    command::Typed,
    remote::{Remote, command},
};

fn bindings(trigger: &Value) -> Value {
    json!([trigger, { "type": "http", "direction": "out", "name": "res" }])
}

#[tokio::test]
async fn an_http_function_is_called_by_its_route() {
    let remote = Remote::start(TestApp::new().http("ok_hello")).await;
    let answered = remote.run(&["invoke", "OK_hello"]).await;
    assert_eq!(answered.code, Some(0), "{}", answered.err);
    assert!(answered.out.starts_with("200 OK\n") && answered.out.ends_with("\n\nok\n"), "{}", answered.out);
    assert_eq!(answered.err, "");
}

#[tokio::test]
async fn a_body_reaches_the_function_with_its_media_type() {
    let mut remote = Remote::start(TestApp::new().http("ok_hello")).await;
    for (data, kind) in [(r#"{"a": 1}"#, "application/json"), ("hello", "text/plain; charset=utf-8")] {
        assert_eq!(remote.run(&["invoke", "ok_hello", "--data", data]).await.code, Some(0));
        let request = remote.invoked("ok_hello").await["Data"]["req"].clone();
        assert_eq!((&request["Method"], &request["Body"]), (&json!("POST"), &json!(data)));
        assert_eq!(request["Headers"]["Content-Type"], json!([kind]));
    }
    let typed =
        ["invoke", "ok_hello", "--data", "<a/>", "--header", "content-type: text/xml", "--method", "put"];
    remote.run(&typed).await;
    let request = remote.invoked("ok_hello").await["Data"]["req"].clone();
    assert_eq!(
        (&request["Method"], &request["Headers"]["Content-Type"]),
        (&json!("PUT"), &json!(["text/xml"]))
    );
}

#[tokio::test]
async fn the_data_comes_from_a_file_or_standard_input() {
    let mut remote = Remote::start(TestApp::new().http("ok_hello")).await;
    remote.app.write("body.txt", "from a file");
    remote.run(&["invoke", "ok_hello", "--data-file", "body.txt"]).await;
    assert_eq!(remote.invoked("ok_hello").await["Data"]["req"]["Body"], "from a file");
    let missing = remote.run(&["invoke", "ok_hello", "--data-file", "none.txt"]).await;
    assert_eq!(missing.code, Some(2));
    assert!(missing.err.contains("cannot read none.txt"), "{}", missing.err);
    let twice = remote.run(&["invoke", "ok_hello", "--data", "a", "--example", "http"]).await;
    assert_eq!(twice.code, Some(2));
}

#[tokio::test]
async fn a_failed_function_ends_the_command_with_1() {
    let remote = Remote::start(TestApp::new().http("fail").queue("fail_job", "jobs")).await;
    let http = remote.run(&["invoke", "fail"]).await;
    assert_eq!(http.code, Some(1));
    assert!(http.out.starts_with("500 Internal Server Error\n"), "{}", http.out);
    assert!(http.err.contains("fault: ") && http.err.contains("the answer is 500"), "{}", http.err);
    let queue = remote.run(&["invoke", "fail_job", "--data", "x"]).await;
    assert_eq!(queue.code, Some(1));
    assert!(queue.out.starts_with("fail_job failed in "), "{}", queue.out);
    let json = remote.run(&["invoke", "fail", "--json"]).await;
    assert_eq!((json.code, &json.json()["succeeded"]), (Some(1), &json!(false)));
}

#[tokio::test]
async fn as_json_one_object_says_everything() {
    let remote = Remote::start(TestApp::new().http("log").timer("ok_tick", "0 0 3 * * *", false, true)).await;
    let answer = remote.run(&["invoke", "log", "--json"]).await.json();
    let names: Vec<&str> = answer.as_object().expect("an object").keys().map(String::as_str).collect();
    let expected = [
        "function",
        "trigger",
        "succeeded",
        "status",
        "headers",
        "body",
        "bodyBase64",
        "milliseconds",
        "invocation",
        "trace",
        "logs",
        "faults",
    ];
    assert_eq!(names, expected);
    assert_eq!(
        (&answer["status"], &answer["body"], &answer["bodyBase64"]),
        (&json!(200), &json!(""), &json!(null))
    );
    let tick = remote.run(&["invoke", "ok_tick", "--json"]).await.json();
    assert_eq!(tick.as_object().map(serde_json::Map::len), Some(expected.len()));
    assert_eq!((&tick["trigger"], &tick["succeeded"]), (&json!("timerTrigger"), &json!(true)));
    assert_eq!((&tick["status"], &tick["headers"], &tick["body"]), (&json!(null), &json!([]), &json!(null)));
}

#[tokio::test]
async fn a_long_answer_is_printed_whole() {
    let long = format!("LONG={}", "x".repeat(100_000));
    let remote = Remote::with(TestApp::new().http("environment"), &["--setting", &long]).await;
    let answered = remote.run(&["invoke", "environment"]).await;
    assert!(answered.out.contains(&"x".repeat(100_000)), "{} bytes", answered.out.len());
}

#[tokio::test]
async fn a_route_with_parameters_needs_a_path() {
    let route = json!({ "type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous",
        "route": "hello/{name}", "methods": ["put"] });
    let app = TestApp::new().function("ok_hello", &bindings(&route)).http("ok_other");
    let mut remote = Remote::start(app).await;
    let refused = remote.run(&["invoke", "ok_hello"]).await;
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.err.contains("/api/hello/{name} has parameters: give the path with --path"),
        "{}",
        refused.err
    );
    let answered = remote.run(&["invoke", "ok_hello", "--path", "/api/hello/Ada?loud=1"]).await;
    assert_eq!(answered.code, Some(0), "{}{}", answered.out, answered.err);
    let request = remote.invoked("ok_hello").await["Data"]["req"].clone();
    assert_eq!((&request["Method"], &request["Params"]["name"]), (&json!("PUT"), &json!("Ada")));
    let other = remote.run(&["invoke", "ok_hello", "--path", "/api/ok_other"]).await;
    assert!(other.err.contains("the path led to the function ok_other"), "{}", other.err);
}

#[tokio::test]
async fn a_user_signs_a_call_in() {
    let users = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/users.json");
    let remote = Remote::with(TestApp::new().http("ok"), &["--users", users, "--easyauth", "on"]).await;
    let anonymous = remote.run(&["invoke", "ok"]).await;
    assert_eq!(anonymous.code, Some(1));
    assert!(anonymous.out.starts_with("401 "), "{}", anonymous.out);
    assert!(anonymous.err.contains("the call reached no function"), "{}", anonymous.err);
    assert_eq!(remote.run(&["invoke", "ok", "--as", "keeper"]).await.code, Some(0));
    let misspelt = remote.run(&["invoke", "ok", "--as", "nightl"]).await;
    assert_eq!(misspelt.code, Some(2));
    assert!(misspelt.err.contains("there is no user `nightl`. Did you mean `nightly`?"), "{}", misspelt.err);
}

#[tokio::test]
async fn a_key_is_named_and_not_shown() {
    let route = json!({ "type": "httpTrigger", "direction": "in", "name": "req" });
    let app = TestApp::new().function("ok", &bindings(&route));
    app.write("keys.json", r#"{"master": "canary-m", "functions": {"ok": {"mine": "canary-f"}}}"#);
    let remote = Remote::with(app, &["--keys", "keys.json"]).await;
    assert_eq!(remote.run(&["invoke", "ok"]).await.code, Some(1));
    let opened = remote.run(&["invoke", "ok", "--key", "function/ok/mine", "--json"]).await;
    assert_eq!(opened.code, Some(0), "{}{}", opened.out, opened.err);
    let unknown = remote.run(&["invoke", "ok", "--key", "function/ok/min"]).await;
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("Did you mean `function/ok/mine`?"), "{}", unknown.err);
    assert!(![opened.out, opened.err, unknown.err].concat().contains("canary"));
}

#[tokio::test]
async fn a_queue_function_is_run_without_its_queue() {
    let mut remote = Remote::start(TestApp::new().queue_of_type("ok_job", "jobs", "string")).await;
    let ended = remote.run(&["invoke", "ok_job", "--example", "queue-json", "--json"]).await;
    assert_eq!((ended.code, &ended.json()["trigger"]), (Some(0), &json!("queueTrigger")));
    let envelope = remote.invoked("ok_job").await;
    assert!(envelope["Data"]["job"].as_str().is_some_and(|job| job.contains("the first job")), "{envelope}");
    assert_eq!(envelope["Metadata"]["priority"], "\"2\"");
    let queues = remote.run(&["queues", "list", "--json"]).await.json();
    assert_eq!((&queues[0]["visible"], &queues[0]["hidden"]), (&json!(0), &json!(0)), "{queues}");
    let large = "x".repeat(70_000);
    let refused = remote.run(&["invoke", "ok_job", "--data", &large]).await;
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("at most 65,536 bytes"), "{}", refused.err);
}

#[tokio::test]
async fn a_timer_is_fired_on_schedule_or_past_due() {
    let mut remote = Remote::start(TestApp::new().timer("ok_tick", "0 0 3 * * *", false, true)).await;
    for (more, is_past_due) in
        [(&[] as &[&str], false), (&["--example", "timer"], false), (&["--example", "timer-past-due"], true)]
    {
        let ended = remote.run(&[&["invoke", "ok_tick"][..], more].concat()).await;
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        assert_eq!(remote.invoked("ok_tick").await["Data"]["tick"]["IsPastDue"], is_past_due);
    }
    let refused = remote.run(&["invoke", "ok_tick", "--data", r#"{"Late": true}"#]).await;
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("IsPastDue"), "{}", refused.err);
}

#[tokio::test]
async fn every_other_trigger_has_an_example() {
    let triggers = [
        ("ok_blob", "blobTrigger", "blob"),
        ("ok_cosmos", "cosmosDBTrigger", "cosmos-db"),
        ("ok_grid", "eventGridTrigger", "event-grid"),
        ("ok_hub", "eventHubTrigger", "event-hub"),
        ("ok_bus", "serviceBusTrigger", "service-bus"),
    ];
    let app = triggers.iter().fold(TestApp::new(), |app, (name, trigger, _)| {
        app.function(name, &json!([{ "type": trigger, "direction": "in", "name": "event" }]))
    });
    let mut remote = Remote::start(app).await;
    for (function, trigger, example) in triggers {
        let ended = remote.run(&["invoke", function, "--example", example, "--json"]).await;
        assert_eq!((ended.code, &ended.json()["trigger"]), (Some(0), &json!(trigger)));
        assert!(!remote.invoked(function).await["Data"]["event"].is_null(), "{function}");
    }
    let none = remote.run(&["invoke", "ok_bus"]).await;
    assert_eq!(none.code, Some(2));
    assert!(none.err.contains("needs an input"), "{}", none.err);
}

#[tokio::test]
async fn what_does_not_fit_the_trigger_is_refused() {
    let remote = Remote::start(TestApp::new().queue("ok_job", "jobs")).await;
    for (more, words) in [
        (&["--example", "event-grid"][..], "these examples fit it: queue-json, queue-text"),
        (&["--data", "x", "--as", "user"], "--as is for HTTP functions"),
        (&["--data", "x", "--path", "/api/x"], "--path is for HTTP functions"),
    ] {
        let refused = remote.run(&[&["invoke", "ok_job"][..], more].concat()).await;
        assert_eq!(refused.code, Some(2));
        assert!(refused.err.contains(words), "{}", refused.err);
    }
    let unknown = remote.run(&["invoke", "ok_jbo"]).await;
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("there is no function `ok_jbo`. Did you mean `ok_job`?"), "{}", unknown.err);
}

#[tokio::test]
async fn a_header_that_is_none_is_not_repeated() {
    let folder = tempfile::tempdir().expect("a folder");
    for (header, told) in [
        ("canary-5c1e", "must look like NAME: VALUE"),
        (" : canary-5c1e", "must have a name before its `:`"),
        ("a name: canary-5c1e", "must have a name without blanks"),
    ] {
        let refused = command(folder.path().as_os_str(), ["invoke", "any", "--header", header]).await;
        assert_eq!(refused.code, Some(2));
        assert!(refused.err.contains(told) && !refused.err.contains("canary"), "{}", refused.err);
    }
}

#[tokio::test]
async fn without_an_emulator_the_command_ends_with_3() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port().to_string();
    drop(listener);
    let folder = tempfile::tempdir().expect("a folder");
    for words in [&["invoke", "any"][..], &["token", "user"], &["queues", "list"]] {
        let arguments = [words, &["--port", port.as_str()]].concat();
        let ended = command(folder.path().as_os_str(), arguments).await;
        assert_eq!(ended.code, Some(3), "{words:?}: {}", ended.err);
        assert!(ended.err.contains(&format!("no emulator answers on port {port}")), "{}", ended.err);
    }
}

#[tokio::test]
async fn the_console_port_finds_an_emulator_too() {
    let app = TestApp::new().http("ok");
    let mut emulator = Typed::with(&app, |command| {
        command.args(["--port", "0", "--console-port", "0"]);
    });
    let [console, url] = emulator.behind(["console on ", "ready on "]).await;
    let port = |url: &str| {
        let digits = url.split(';').next().unwrap_or_default().split(':').next_back().unwrap_or_default();
        digits.chars().take_while(char::is_ascii_digit).collect::<String>()
    };
    let folder = tempfile::tempdir().expect("a folder");
    let invoke =
        async |port: &str| command(folder.path().as_os_str(), ["invoke", "ok", "--port", port]).await;
    let refused = invoke(&port(&url)).await;
    assert_eq!(refused.code, Some(3));
    assert!(refused.err.contains("give the port of the line `console on`"), "{}", refused.err);
    assert_eq!(invoke(&port(&console)).await.code, Some(0));
}

#[tokio::test]
async fn the_port_of_local_settings_is_found() {
    let remote = Remote::start(TestApp::new().http("ok")).await;
    let local = format!(r#"{{"IsEncrypted": false, "Host": {{"LocalHttpPort": {}}}}}"#, remote.port);
    remote.app.write("local.settings.json", &local);
    let ended = command(remote.app.options.app_root.as_os_str(), ["invoke", "ok"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
}
