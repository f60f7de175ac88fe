//! What the worker is told of the receiver of OTLP.

use serde_json::{Value, json};

use crate::{
    app::{TestApp, client},
    command::Typed,
};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";

/// The variables of OpenTelemetry that the worker sees, and where the console is.
async fn seen(app: &TestApp, options: &[&str], shell: &[(&str, &str)]) -> (Vec<(String, Value)>, String) {
    let mut typed = Typed::with(app, |command| {
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"OTEL_"))
        {
            command.env_remove(name);
        }
        command.args(["--port", "0"]).args(options).envs(shell.iter().copied());
    });
    let [console, url] = typed.behind(["console on ", "ready on "]).await;
    let url = url.split(';').next().unwrap_or_default();
    let answer = client().get(format!("{url}/api/environment")).send().await.expect("an answer");
    let all: Value = answer.json().await.expect("JSON");
    let variables = all.as_object().expect("an object").clone().into_iter();
    (variables.filter(|(name, _)| name.starts_with("OTEL_")).collect(), console)
}

#[tokio::test]
async fn the_worker_is_told_to_export_to_the_console() {
    let app = TestApp::new().http("environment");
    for options in [&[][..], &["--console-port", "0"]] {
        let (variables, console) = seen(&app, options, &[]).await;
        let endpoint = format!("{}otlp", console.replace("localhost", "127.0.0.1"));
        let expected =
            [(ENDPOINT.to_owned(), json!(endpoint)), (PROTOCOL.to_owned(), json!("http/protobuf"))];
        assert_eq!(variables, expected, "{options:?}");
    }
}

#[tokio::test]
async fn whatever_is_set_about_open_telemetry_wins() {
    let app = TestApp::new().http("environment");
    let name = "OTEL_SERVICE_NAME";
    let only = vec![(name.to_owned(), json!("mine"))];
    assert_eq!(seen(&app, &[], &[(name, "mine")]).await.0, only, "by the shell");
    assert_eq!(seen(&app, &["--setting", "OTEL_SERVICE_NAME=mine"], &[]).await.0, only, "by an option");
    let values = json!({ "IsEncrypted": false, "Values": { (name): "mine" } });
    app.write("local.settings.json", &values.to_string());
    assert_eq!(seen(&app, &[], &[]).await.0, only, "by local.settings.json");
}

#[tokio::test]
async fn the_worker_is_told_nothing_where_it_is_switched_off() {
    let app = TestApp::new().http("environment");
    assert_eq!(seen(&app, &["--no-otlp"], &[]).await.0, []);
    app.write("functions-emulator.json", &json!({ "options": { "otlp": false } }).to_string());
    assert_eq!(seen(&app, &[], &[]).await.0, []);
    app.write("functions-emulator.json", &json!({ "options": { "otlp": true } }).to_string());
    assert_eq!(seen(&app, &["--no-otlp"], &[]).await.0, [], "the command line wins");
}

#[tokio::test]
async fn an_embedded_host_tells_its_worker_only_if_it_is_asked() {
    let mut app = TestApp::new().http("environment");
    let running = app.start().await;
    let told = |seen: String| seen.contains(ENDPOINT);
    assert!(!told(running.get("environment").await.1) || std::env::var_os(ENDPOINT).is_some());
    running.host.stop().await;
    app = TestApp::new().http("environment");
    app.options.console.otlp = true;
    let running = app.start().await;
    assert!(told(running.get("environment").await.1));
    running.host.reload().await.expect("the folder is as before");
    assert!(told(running.get("environment").await.1), "the next worker too");
    running.host.stop().await;
}
