//! The command, as somebody types it.

use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::app::{TestApp, client, gone, within};

pub(crate) struct Typed {
    pub(crate) child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Typed {
    pub(crate) fn with(app: &TestApp, options: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_functions-emulator"));
        // Where what it keeps goes with the folder.
        command.arg(&app.options.app_root).current_dir(&app.options.app_root);
        options(&mut command);
        Self::of(command)
    }

    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the command starts");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self { child, lines }
    }

    pub(crate) fn terminate(&self) {
        let host = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(host) = host {
            kill_process(host, Signal::TERM).expect("it runs");
        }
    }

    /// The next line; none at the end.
    pub(crate) async fn line(&mut self) -> Option<String> {
        within(self.lines.next_line()).await.expect("UTF-8")
    }

    /// Reads until each of these was printed, in whatever sequence; what stands behind each in its line.
    pub(crate) async fn behind<const N: usize>(&mut self, parts: [&str; N]) -> [String; N] {
        let mut found = parts.map(|_| None);
        while found.iter().any(Option::is_none) {
            let line = within(self.lines.next_line()).await.expect("UTF-8").expect("one more line");
            for (part, found) in parts.iter().zip(&mut found) {
                if let Some((_, rest)) = line.split_once(part) {
                    *found = Some(rest.to_owned());
                }
            }
        }
        found.map(Option::unwrap_or_default)
    }
}

/// A failed test leaves nothing behind either; killed, the host could not take its worker along.
impl Drop for Typed {
    fn drop(&mut self) {
        self.terminate();
    }
}

#[tokio::test]
async fn the_command_names_the_functions_and_leaves_nothing_behind() {
    let app = TestApp::new().http("environment").queue("ok_job", "jobs");
    let mut typed = Typed::with(&app, |command| {
        command.args(["--port", "0", "--setting", "A_SETTING=its value", "--state"]).arg(&app.options.state);
        command.env("WEBSITE_AUTH_ENABLED", "True");
    });
    let [worker, queue, url] = typed.behind(["worker started, process ", "queue ", "ready on "]).await;
    let worker = worker.parse().expect("a process id");
    assert_eq!(queue, "jobs");
    let url = url.split(';').next().unwrap_or_default();
    let answer = client().get(format!("{url}/api/environment")).send().await.unwrap();
    let body = answer.text().await.unwrap();
    let seen: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(seen["A_SETTING"], "its value");
    // The shell's word is not enough: EasyAuth is off.
    assert_eq!(seen.get("WEBSITE_AUTH_ENABLED"), None);
    typed.terminate();
    assert!(within(typed.child.wait()).await.unwrap().success());
    within(gone(worker)).await;
}

#[tokio::test]
async fn a_setting_that_is_none_is_refused_and_not_repeated() {
    for (given, told) in [
        ("canary-5c1e", "must look like NAME=VALUE"),
        ("=canary-5c1e", "must have a name before its `=`"),
        ("A SETTING=canary-5c1e", "must have a name without blanks"),
        ("A_SETTING\n=canary-5c1e", "must have a name without blanks"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_functions-emulator"));
        let output = command.args([".", "--setting", given]).output().await.expect("the command runs");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(told) && said.contains("--setting NAME=VALUE"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
}

#[tokio::test]
async fn a_setting_reaches_the_worker_and_is_not_shown() {
    let app = TestApp::new().http("environment");
    let mut typed = Typed::with(&app, |command| {
        command.args(["--setting", "A_SECRET=canary-5c1e", "--port", "0", "--log", "json", "--state"]);
        command.arg(&app.options.state);
    });
    let mut said = Vec::new();
    let url = loop {
        let line = typed.line().await.expect("one more line");
        let event: Value = serde_json::from_str(&line).expect("JSON");
        said.push(line);
        if event["event"] == "ready" {
            break event["url"].as_str().expect("a URL").to_owned();
        }
    };
    let get = async |path: &str, token: &str| {
        let call = client().get(format!("{url}{path}")).header("x-emulator-console", token);
        call.send().await.unwrap().text().await.unwrap()
    };
    let page = get("/_emulator/", "").await;
    let token =
        page.split("content=\"").find_map(|part| part.split('"').next().filter(|text| text.len() == 43));
    let overview = get("/_emulator/api/overview", token.expect("a token")).await;
    assert!(overview.contains("\"environment\""), "{overview}");
    assert!(get("/api/environment", "").await.contains("canary-5c1e"));
    said.extend([page, overview]);
    typed.terminate();
    while let Some(line) = typed.line().await {
        said.push(line);
    }
    assert!(said.iter().all(|text| !text.contains("canary")), "{said:?}");
}

#[tokio::test]
async fn a_printed_token_passes_easyauth() {
    let app = TestApp::new().http("environment");
    let users = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/users.json");
    let state = tempfile::tempdir().unwrap();
    let common = |command: &mut Command, port: &str| {
        command.args(["--users", users, "--port", port, "--state"]).arg(state.path());
    };
    let mut typed = Typed::with(&app, |command| {
        common(command, "0");
        command.args(["--easyauth", "on"]);
    });
    let [url] = typed.behind(["ready on "]).await;
    let url = url.split(';').next().unwrap_or_default();
    let port = url.rsplit(':').next().unwrap_or_default();
    let mut command = Command::new(env!("CARGO_BIN_EXE_functions-emulator"));
    common(&mut command, port);
    let token = command.args(["--token", "keeper"]).output().await.unwrap();
    let token = String::from_utf8(token.stdout).unwrap();
    let call = client().get(format!("{url}/api/environment"));
    assert_eq!(call.try_clone().unwrap().send().await.unwrap().status(), 401);
    assert_eq!(call.bearer_auth(token.trim()).send().await.unwrap().status(), 200);
    typed.terminate();
    assert!(within(typed.child.wait()).await.unwrap().success());
}

#[tokio::test]
async fn the_console_lists_the_users_of_the_app() {
    let app = TestApp::new().http("ok");
    app.write("functions-emulator.json", include_str!("../users.json"));
    let mut typed = Typed::with(&app, |command| {
        command.args(["--port", "0", "--console-port", "0", "--openapi", "/api/ok", "--state"]);
        command.arg(&app.options.state);
    });
    let [console, url] = typed.behind(["console on ", "ready on "]).await;
    assert!(
        !console.starts_with(url.split(';').next().unwrap_or_default()),
        "{console} has a port of its own"
    );
    let page = client().get(&console).send().await.unwrap().text().await.unwrap();
    let token =
        page.split("content=\"").find_map(|part| part.split('"').next().filter(|text| text.len() == 43));
    let overview =
        client().get(format!("{console}api/overview")).header("x-emulator-console", token.unwrap());
    let overview: Value = overview.send().await.unwrap().json().await.unwrap();
    assert_eq!(overview["users"]["all"][0]["name"], "keeper");
    assert_eq!(overview["openapi"], "/api/ok");
    typed.terminate();
    assert!(within(typed.child.wait()).await.unwrap().success());
}

#[tokio::test]
async fn the_command_finds_what_would_go_wrong_and_fails_for_it() {
    let app =
        TestApp::new().http("answer").set("/customHandler/description/defaultExecutablePath", "bin/worker");
    let check = async |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_functions-emulator"));
        command.arg("check").arg(&app.options.app_root).args(more);
        command.env("FUNCTIONS_WORKER_RUNTIME", "custom").output().await.unwrap()
    };
    let found = check(&["--json"]).await;
    assert_eq!(found.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&found.stdout).unwrap();
    let level = |rule: &str| {
        let findings = report["findings"].as_array().unwrap();
        findings.iter().find(|finding| finding["rule"] == rule).map(|finding| finding["level"].clone())
    };
    assert_eq!(level("executable-found"), Some("fail".into()));
    assert_eq!(level("one-trigger"), Some("pass".into()));
    assert_eq!(level("executable-mode"), None);
    let shown = String::from_utf8(check(&[]).await.stdout).unwrap();
    assert!(
        shown.contains("fail executable-found") && shown.contains("build it into the app folder"),
        "{shown}"
    );
}

#[tokio::test]
async fn an_app_in_which_nothing_would_go_wrong_passes() {
    let app = TestApp::new().http("answer").set("/customHandler/description/defaultExecutablePath", "worker");
    std::fs::copy("/bin/true", app.options.app_root.join("worker")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_functions-emulator"));
    command.arg("check").arg(&app.options.app_root).env("FUNCTIONS_WORKER_RUNTIME", "custom");
    let found = command.output().await.unwrap();
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stdout));
}
