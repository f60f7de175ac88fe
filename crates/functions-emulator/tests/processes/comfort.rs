//! The command's comfort: what it says, takes in, hands out and opens.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    process::Command,
};

use crate::{
    app::{TestApp, client, within},
    command::Typed,
};

fn url(ready: &str) -> &str {
    ready.split(';').next().unwrap_or_default()
}

/// A command that is to end by itself.
async fn ended(app: &TestApp, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_functions-emulator"));
    command.arg(&app.options.app_root).current_dir(&app.options.app_root);
    command.args(["--port", "0"]).args(arguments).kill_on_drop(true);
    within(command.output()).await.expect("it ends")
}

#[tokio::test]
async fn as_json_every_line_is_an_object_with_its_event() {
    let app = TestApp::new().http("ok");
    let mut typed = Typed::with(&app, |command| {
        command.args(["--port", "0", "--log", "json"]);
    });
    let [ready] = typed.behind([r#"{"event":"ready","#]).await;
    let ready: Value = serde_json::from_str(&format!("{{{ready}")).expect("JSON");
    client()
        .get(format!("{}/api/ok", ready["url"].as_str().expect("a URL")))
        .send()
        .await
        .expect("an answer");
    let [invoked] = typed.behind([r#"{"event":"invoked","#]).await;
    let invoked: Value = serde_json::from_str(&format!("{{{invoked}")).expect("JSON");
    assert_eq!((&invoked["function"], &invoked["status"]), (&json!("ok"), &json!(200)));
}

#[tokio::test]
async fn quiet_leaves_where_the_host_is_and_what_goes_wrong() {
    let app = TestApp::new().http("ok");
    let mut typed = Typed::with(&app, |command| {
        command.args(["--port", "0", "--quiet"]);
    });
    let first = typed.line().await.expect("a line");
    let url = url(first.strip_prefix("ready on ").expect("the first line")).to_owned();
    client().get(format!("{url}/api/ok")).send().await.expect("an answer");
    typed.terminate();
    assert_eq!(typed.line().await, None);
}

#[tokio::test]
async fn nothing_is_coloured_that_is_no_terminal() {
    let app = TestApp::new().http("fail");
    let mut typed = Typed::with(&app, |command| {
        command.args(["--port", "0"]);
    });
    let [ready] = typed.behind(["ready on "]).await;
    client().get(format!("{}/api/fail", url(&ready))).send().await.expect("an answer");
    typed.terminate();
    while let Some(line) = typed.line().await {
        assert!(!line.contains('\u{1b}'), "{line}");
    }
}

#[tokio::test]
async fn messages_outlive_a_run_by_export_and_import() {
    let app = TestApp::new().http("ok");
    let file = app.options.app_root.join("queues.json");
    fs::write(&file, r#"{"queues": {"kept": ["AAAA", "BBBB"]}}"#).expect("a file");
    let out = app.options.app_root.join("out.json");
    let mut typed = Typed::with(&app, |command| {
        command.args(["--port", "0", "--import"]).arg(&file).arg("--export").arg(&out);
    });
    typed.behind(["ready on "]).await;
    typed.terminate();
    assert!(within(typed.child.wait()).await.expect("it ends").success());
    let written: Value = serde_json::from_slice(&fs::read(&out).expect("a file")).expect("JSON");
    assert_eq!(written, json!({ "queues": { "kept": ["AAAA", "BBBB"] } }));
    // The first run of a pair may find nothing to take in.
    let both = app.options.app_root.join("both.json");
    let mut typed = Typed::with(&app, |command| {
        command.args(["--port", "0", "--import"]).arg(&both).arg("--export").arg(&both);
    });
    typed.behind(["ready on "]).await;
    let missing = ended(&app, &["--import", "missing.json"]).await;
    assert!(String::from_utf8_lossy(&missing.stderr).contains("missing.json"));
}

#[tokio::test]
async fn open_shows_the_hosts_own_page() {
    let app = TestApp::new().http("ok");
    let tools = tempfile::tempdir().expect("a folder");
    let opened = tools.path().join("opened");
    let stand_in = tools.path().join(if cfg!(target_os = "macos") { "open" } else { "xdg-open" });
    fs::write(
        &stand_in,
        format!("#!/bin/sh\necho \"$1\" > '{0}.new' && mv '{0}.new' '{0}'\n", opened.display()),
    )
    .expect("a stand-in");
    fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o755)).expect("a mode");
    let path = format!("{}:{}", tools.path().display(), std::env::var("PATH").unwrap_or_default());
    let mut typed = Typed::with(&app, |command| {
        command.args(["--port", "0", "--open"]).env("PATH", path);
    });
    let [ready] = typed.behind(["ready on "]).await;
    within(async {
        while !opened.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let page = fs::read_to_string(opened).expect("what was opened");
    assert!(page.starts_with(&format!("{}/_emulator/", url(&ready))), "{page}");
}

#[tokio::test]
async fn an_invalid_keys_file_is_reported_without_its_keys() {
    let function = json!([
        { "type": "httpTrigger", "direction": "in", "name": "req" },
        { "type": "http", "direction": "out", "name": "res" },
    ]);
    let app = TestApp::new().function("ok", &function);
    let file = app.options.app_root.join("keys.json");
    fs::write(&file, r#"{"master": "m", "functions": {"ok": {"mine": "f"}}}"#).expect("a file");
    let mut typed = Typed::with(&app, |command| {
        command.args(["--port", "0", "--keys"]).arg(&file);
    });
    let [ready] = typed.behind(["ready on "]).await;
    let status = async |query: &str| {
        let call = client().get(format!("{}/api/ok{query}", url(&ready))).send();
        call.await.expect("an answer").status().as_u16()
    };
    assert_eq!([status("").await, status("?code=x").await, status("?code=f").await], [401, 401, 200]);
    fs::write(&file, r#"{"master": "secret", "hots": {}}"#).expect("a file");
    let refused = ended(&app, &["--keys", file.to_str().expect("UTF-8")]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("keys.json") && !said.contains("secret"), "{said}");
}

#[tokio::test]
async fn a_folder_without_functions_is_told_with_what_lies_too_deep() {
    let app = TestApp::new();
    let deep = app.options.app_root.join("functions/one");
    fs::create_dir_all(&deep).expect("a folder");
    fs::write(deep.join("function.json"), "{}").expect("a file");
    let refused = ended(&app, &[]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(
        said.contains("no function to serve") && said.contains("functions/one is one folder too deep"),
        "{said}"
    );
}

#[tokio::test]
async fn a_worker_that_never_listens_is_reported_with_its_output() {
    let app = TestApp::new()
        .http("ok")
        .setting("ECHO_START", "when /nowhere")
        .set("/customHandler/initializationTimeout", "00:00:01");
    let refused = ended(&app, &["--setting", "ECHO_START=when /nowhere"]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("FUNCTIONS_CUSTOMHANDLER_PORT") && said.contains("waiting"), "{said}");
}

#[tokio::test]
async fn a_worker_that_listens_at_the_other_address_is_told_so() {
    let app = TestApp::new().http("ok").set("/customHandler/initializationTimeout", "00:00:01");
    let refused = ended(&app, &["--setting", "ECHO_START=ipv6"]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("let it listen on 127.0.0.1"), "{said}");
}

/// On a terminal each key counts at once; Python gives one to a program that has none.
#[tokio::test]
async fn on_a_terminal_keys_restart_kill_and_quit() {
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "no Python here, and CI leaves nothing out");
        // Past the harness, which shows the prints of failing tests alone.
        let line = "NOT TESTED: keys on a terminal, because there is no Python: install it\n";
        io::stderr().write_all(line.as_bytes()).expect("stderr");
        return;
    }
    let app = TestApp::new().http("ok");
    let mut command = Command::new("python3");
    command.args([
        "-c",
        "import pty, sys; pty.spawn(sys.argv[1:])",
        env!("CARGO_BIN_EXE_functions-emulator"),
    ]);
    command.arg(&app.options.app_root).args(["--port", "0"]).current_dir(&app.options.app_root);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().expect("Python starts");
    let mut keys = child.stdin.take().expect("a pipe");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut until = async |text: &str| {
        within(async {
            loop {
                let line = lines.next_line().await.expect("UTF-8").expect("one more line");
                if line.contains(text) {
                    return;
                }
            }
        })
        .await;
    };
    until("q quits").await;
    keys.write_all(b"r").await.expect("a key");
    until("restarted").await;
    keys.write_all(b"f").await.expect("a key");
    until("1 of 3 strikes").await;
    keys.write_all(b"q").await.expect("a key");
    assert!(within(child.wait()).await.expect("it ends").success());
}
