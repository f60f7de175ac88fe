//! What the worker and its callers see of how the files of an app are read.

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{TestApp, client};

async fn arguments(arguments: Value) -> Vec<String> {
    let app = TestApp::new().http("arguments").setting("GREETING", "hello there");
    let running = app.set("/customHandler/description/arguments", arguments).start().await;
    let (status, body) = running.get("arguments").await;
    assert_eq!(status, 200, "{body}");
    let port = running.host.worker_address().await.expect("a worker").port().to_string();
    running.host.stop().await;
    let found: Vec<String> = serde_json::from_str(&body).expect("a list");
    found.into_iter().map(|argument| argument.replace(&port, "PORT")).collect()
}

#[tokio::test]
async fn a_worker_is_told_its_port_on_its_command_line() {
    let found = arguments(json!([
        "--port",
        "%FUNCTIONS_CUSTOMHANDLER_PORT%",
        "--url=http://127.0.0.1:%FUNCTIONS_HTTPWORKER_PORT%/"
    ]));
    assert_eq!(found.await, ["--port", "PORT", "--url=http://127.0.0.1:PORT/"]);
}

#[tokio::test]
async fn arguments_are_expanded_joined_and_split_as_the_host_does_it() {
    let list = json!([
        "\"two words\"",
        "--greet=\"%GREETING%\"",
        "%GREETING%",
        "[%NOT_SET%]",
        "--mode release",
        4,
        r#"\"x\""#
    ]);
    let expected =
        ["two words", "--greet=hello there", "hello", "there", "[]", "--mode", "release", "4", "\"x\""];
    assert_eq!(arguments(list).await, expected);
}

#[tokio::test]
async fn each_worker_start_has_its_own_id() {
    let app = TestApp::new().http("arguments").http("exit-1");
    let list = json!(["%FUNCTIONS_CUSTOMHANDLER_WORKER_ID%"]);
    let mut running = app.set("/customHandler/description/arguments", list).start().await;
    let first = running.get("arguments").await.1;
    running.get("exit-1").await;
    running.next(|event| matches!(event, functions_emulator::Event::WorkerReady { .. }).then_some(())).await;
    assert_ne!(running.get("arguments").await.1, first);
    running.host.stop().await;
}

#[tokio::test]
async fn the_root_has_a_page_where_no_function_is() {
    let running = TestApp::new().http("ok").start().await;
    for method in [Method::GET, Method::POST] {
        let answer = client().request(method, running.host.url()).send().await.expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["content-type"].as_bytes()),
            (200, &b"text/html"[..])
        );
    }
    assert_eq!(running.get("nothing").await.0, 404);
    running.host.stop().await;
    let running = TestApp::new().http("ok").setting("AzureWebJobsDisableHomepage", "TRUE").start().await;
    assert_eq!(client().get(running.host.url()).send().await.expect("an answer").status(), 204);
    running.host.stop().await;
}

#[tokio::test]
async fn a_function_at_the_root_comes_before_the_page() {
    let root = json!([
        { "type": "httpTrigger", "name": "req", "authLevel": "anonymous", "route": "{*rest}" },
        { "type": "http", "direction": "out", "name": "res" },
    ]);
    let app = TestApp::new().set("/extensions/http", json!({ "routePrefix": "" })).function("ok", &root);
    let mut running = app.start().await;
    client().get(running.host.url()).send().await.expect("an answer");
    running.invoked("ok").await;
    running.host.stop().await;
}

#[tokio::test]
async fn a_function_without_a_method_gets_no_call() {
    let trigger = |methods: Value| {
        json!([
            { "type": "httpTrigger", "name": "req", "authLevel": "anonymous", "methods": methods },
            { "type": "http", "direction": "out", "name": "res" },
        ])
    };
    let app =
        TestApp::new().function("ok_none", &trigger(json!([]))).function("ok_all", &trigger(Value::Null));
    let running = app.start().await;
    assert_eq!((running.get("ok_none").await.0, running.get("ok_all").await.0), (404, 200));
    running.host.stop().await;
}

#[tokio::test]
async fn a_function_that_is_switched_off_keeps_its_route() {
    let routed = |route: &str| {
        json!([
            { "type": "httpTrigger", "name": "req", "authLevel": "anonymous", "route": route },
            { "type": "http", "direction": "out", "name": "res" },
        ])
    };
    let app = TestApp::new().function("ok_a", &routed("things/{id}")).function("ok_b", &routed("{*rest}"));
    let running = app.setting("AzureWebJobs_ok_a_Disabled", "true").start().await;
    assert_eq!((running.get("things/1").await.0, running.get("other").await.0), (404, 200));
    running.host.stop().await;
}

#[tokio::test]
async fn functions_below_admin_are_served_beside_the_hosts_own_paths() {
    let app = TestApp::new().http("ok").set("/extensions/http", json!({ "routePrefix": "Admin" }));
    let running = app.start().await;
    let status = async |path: &str| {
        let url = format!("{}{path}", running.host.url());
        client().get(url).send().await.expect("an answer").status().as_u16()
    };
    assert_eq!((status("/admin/ok").await, status("/ADMIN/OK").await), (200, 200));
    assert_eq!((status("/admin/host/ping").await, status("/admin/functions/ok").await), (200, 200));
    running.host.stop().await;
}

#[tokio::test]
async fn an_unserved_trigger_is_run_with_its_input() {
    let bus = json!([
        { "type": "serviceBusTrigger", "name": "message", "queueName": "in" },
        { "type": "cosmosDB", "direction": "out", "name": "doc" },
        { "type": "blob", "direction": "in", "name": "picture" },
    ]);
    let any = json!([{ "type": "myOwnTrigger", "name": "event", "dataType": "binary" }]);
    let mut running = TestApp::new().function("ok_bus", &bus).function("ok_any", &any).start().await;
    let run = async |function: &str, body: &'static str| {
        let call = client().post(format!("{}/admin/functions/{function}", running.host.url()));
        let call = call.header("content-type", "application/json").body(body);
        call.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(run("ok_bus", r#"{"input": {"n": 1}}"#).await, 202);
    assert_eq!(run("ok_any", r#"{"input": "hi"}"#).await, 202);
    let envelope = running.invoked("ok_bus").await;
    assert_eq!(
        (&envelope["Data"]["message"], &envelope["Data"]["picture"]),
        (&json!({"n": 1}), &json!("null"))
    );
    assert_eq!(running.invoked("ok_any").await["Data"]["event"], "aGk=");
    running.host.stop().await;
}

#[tokio::test]
async fn what_means_something_else_is_told_at_the_start() {
    let app = TestApp::new()
        .queue("ok_job", "jobs")
        .function("ok_blob", &json!([{ "type": "blobTrigger", "name": "blob" }]));
    app.write("local.settings.json", r#"{"Host": {"CORS": "http://localhost:4200/"}}"#);
    let app = app.set("/extensions/queues/maxPollingInterval", 5000);
    let mut events = app.options.events.subscribe();
    let running = app.start().await;
    let mut told = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let functions_emulator::Event::Warning { what } = event {
            told.push(what);
        }
    }
    let has = |word: &str| told.iter().any(|what| what.contains(word));
    assert!(has("maxPollingInterval is 5000") && has("5000 days"), "{told:?}");
    assert!(
        has("blobTrigger") && has("/admin/functions/ok_blob") && has("http://localhost:4200/"),
        "{told:?}"
    );
    running.host.stop().await;
}
