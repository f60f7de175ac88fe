//! functions-emulator.json: users, keys and options of an app.

use serde_json::{Value, json};

use crate::{
    app::{TestApp, client},
    command::Typed,
    remote::{Remote, command},
};

fn keyed(app: TestApp) -> TestApp {
    app.function(
        "environment",
        &json!([
            { "type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "function" },
            { "type": "http", "direction": "out", "name": "res" },
        ]),
    )
}

async fn served(app: &TestApp, options: &[&str]) -> (Typed, String, String) {
    let mut typed = Typed::with(app, |command| {
        command.args(options);
    });
    let [console, url] = typed.behind(["console on ", "ready on "]).await;
    (typed, console, url.split(';').next().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn the_options_of_the_file_hold() {
    let app = keyed(TestApp::new());
    let file = json!({
        "keys": { "master": "m", "functions": { "environment": { "mine": "f" } } },
        "options": {
            "port": 0, "consolePort": 0, "easyauth": "on", "settings": { "ONE": "1", "TWO": "2" },
            "build": "echo built > built.txt",
        },
    });
    app.write("functions-emulator.json", &file.to_string());
    let (typed, console, url) = served(&app, &["--setting", "TWO=by hand"]).await;
    assert!(!console.starts_with(&url), "{console} has a port of its own");
    assert!(app.options.app_root.join("built.txt").is_file());
    let port = console.rsplit(':').next().unwrap_or_default().trim_end_matches("/_emulator/").to_owned();
    let token = command(app.options.app_root.as_os_str(), ["token", "user", "--port", &port]).await;
    assert_eq!(token.code, Some(0), "{}", token.err);
    let call = |key: &str| {
        client().get(format!("{url}/api/environment?code={key}")).bearer_auth(token.out.trim()).send()
    };
    assert_eq!(
        client().get(format!("{url}/api/environment?code=f")).send().await.expect("an answer").status(),
        401
    );
    assert_eq!(call("x").await.expect("an answer").status(), 401);
    let seen: Value = call("f").await.expect("an answer").json().await.expect("JSON");
    assert_eq!((&seen["ONE"], &seen["TWO"]), (&json!("1"), &json!("by hand")));
    drop(typed);
}

#[tokio::test]
async fn an_option_of_the_command_line_wins_over_the_file() {
    let app = TestApp::new().http("ok");
    let file = json!({ "options": { "port": 1, "easyauth": "on" } });
    app.write("functions-emulator.json", &file.to_string());
    let (_typed, _, url) = served(&app, &["--port", "0", "--easyauth", "off"]).await;
    assert_eq!(client().get(format!("{url}/api/ok")).send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn the_port_of_the_file_finds_the_emulator() {
    let remote = Remote::start(TestApp::new().http("ok")).await;
    let port: u16 = remote.port.parse().expect("a port");
    remote.app.write("functions-emulator.json", &json!({ "options": { "port": port } }).to_string());
    let ended = command(remote.app.options.app_root.as_os_str(), ["invoke", "ok"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
}

#[tokio::test]
async fn an_invalid_file_is_told_without_its_secrets() {
    let app = TestApp::new().http("ok");
    for (file, words) in [
        (json!({ "keys": "canary" }), "`keys` must look like"),
        (json!({ "keys": { "master": "m", "host": "canary" } }), "`keys` must look like"),
        (json!({ "options": { "settings": ["A=canary"] } }), "`settings` must look like"),
        (json!({ "options": { "settings": { "A": ["canary"] } } }), "`settings` must look like"),
        (json!({ "options": { "prot": 7071 } }), "unknown field `prot`"),
    ] {
        app.write("functions-emulator.json", &file.to_string());
        let ended = command(app.options.app_root.as_os_str(), [".", "--port", "0"]).await;
        assert_eq!(ended.code, Some(1));
        assert!(ended.err.contains(words) && ended.err.contains("functions-emulator.json"), "{}", ended.err);
        assert!(!ended.err.contains("canary"), "{}", ended.err);
    }
}
