//! `--watch` and `--build`: what is saved is built and served.

use std::{
    fs,
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

use crate::{
    app::{TestApp, client, gone, within},
    command::Typed,
};

fn an_app() -> TestApp {
    TestApp::new().http("ok")
}

fn watched(app: &TestApp, options: &[&str]) -> Typed {
    Typed::with(app, |command| {
        command.args(["--port", "0", "--watch"]).args(options).stderr(Stdio::piped());
    })
}

/// Reads the lines about saves until one of them names a file, and its restart; returns the files that were named.
async fn saves_until(typed: &mut Typed, name: &str) -> Vec<String> {
    let mut told = Vec::new();
    loop {
        let [saved] = typed.behind(["saved: "]).await;
        typed.behind(["restarted"]).await;
        let last = saved.contains(name);
        told.push(saved);
        if last {
            return told;
        }
    }
}

async fn status(url: &str, path: &str) -> u16 {
    let url = url.split(';').next().unwrap_or_default();
    client().get(format!("{url}/api/{path}")).send().await.expect("an answer").status().as_u16()
}

/// The status of the build, as the console's page gets it.
async fn standing(console: &str) -> Value {
    let page = client().get(console).send().await.expect("a page").text().await.expect("a text");
    let token =
        page.split("content=\"").find_map(|part| part.split('"').next().filter(|text| text.len() == 43));
    let overview = client().get(format!("{console}api/overview"));
    let overview =
        overview.header("x-emulator-console", token.expect("a token")).send().await.expect("an answer");
    overview.json::<Value>().await.expect("JSON")["build"].clone()
}

#[tokio::test]
async fn a_saved_file_restarts_the_worker() {
    let app = an_app();
    fs::create_dir(app.options.app_root.join("node_modules")).expect("a folder");
    let mut typed = watched(&app, &[]);
    let [url] = typed.behind(["ready on "]).await;
    for ignored in ["node_modules/one.js", ".hidden", "host.json~"] {
        app.write(ignored, "nothing of the app");
    }
    fs::create_dir(app.options.app_root.join("lib")).expect("a folder");
    assert_eq!(saves_until(&mut typed, "lib").await, ["lib; restarting"]);
    app.write("lib/inner.js", "in a folder that is new");
    assert_eq!(saves_until(&mut typed, "inner").await, ["lib/inner.js; restarting"]);
    assert_eq!(status(&url, "ok_new").await, 404);
    let app = app.http("ok_new");
    saves_until(&mut typed, "ok_new").await;
    assert_eq!(status(&url, "ok_new").await, 200);
    drop(app);
}

#[tokio::test]
async fn a_failed_build_keeps_the_old_worker() {
    let app = an_app();
    let build = "echo building; test ! -e broken || { cat broken; exit 1; }";
    let mut typed = watched(&app, &["--build", build]);
    let mut errors = BufReader::new(typed.child.stderr.take().expect("a pipe")).lines();
    let mut told = async |text: &str| {
        within(async {
            while !errors.next_line().await.expect("UTF-8").expect("one more line").contains(text) {}
        })
        .await;
    };
    let [console, url] = typed.behind(["console on ", "ready on "]).await;
    assert_eq!(standing(&console).await, json!({"running": false, "failure": null}));

    app.write("broken", "error: one is not two\n");
    told("error: one is not two").await;
    told("the old worker keeps serving").await;
    let failed = json!({"running": false, "failure": "building\nerror: one is not two"});
    assert_eq!(standing(&console).await, failed);
    assert_eq!(status(&url, "ok").await, 200);

    app.write("host.json", "{");
    fs::remove_file(app.options.app_root.join("broken")).expect("it is there");
    told("host.json").await;
    let failure = standing(&console).await["failure"].as_str().unwrap_or_default().to_owned();
    assert!(failure.contains("host.json"), "{failure}");
    assert_eq!(status(&url, "ok").await, 200);

    app.write_host_json();
    typed.behind(["restarted"]).await;
    assert_eq!(standing(&console).await, json!({"running": false, "failure": null}));
}

#[tokio::test]
async fn build_output_does_not_trigger_endless_builds() {
    let app = an_app();
    let mut typed = watched(&app, &["--build", "echo again >> made"]);
    typed.behind(["ready on "]).await;
    // It could have been saved, for all that anybody knows.
    for _ in 0..3 {
        assert_eq!(saves_until(&mut typed, "made").await, ["made; building"]);
    }
    for name in ["one", "two", "three"] {
        app.write(name, "saved");
        assert_eq!(saves_until(&mut typed, name).await, [format!("{name}; building")]);
    }
}

#[tokio::test]
async fn nothing_is_served_that_was_never_built() {
    let app = an_app();
    let Output { status, stderr, .. } = {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_functions-emulator"));
        command.arg(&app.options.app_root).current_dir(&app.options.app_root).kill_on_drop(true);
        command.args(["--port", "0", "--build", "echo no such type >&2; exit 3"]);
        within(command.output()).await.expect("it ends")
    };
    let said = String::from_utf8_lossy(&stderr);
    assert!(!status.success());
    assert!(said.contains("no such type") && said.contains("nothing is served"), "{said}");
}

#[tokio::test]
async fn who_stops_during_a_build_stops_the_build_and_its_children() {
    let app = an_app();
    let file = app.options.app_root.join("compiler");
    let mut typed = watched(&app, &["--build", "sleep 600 & echo $! > new; mv new compiler; wait"]);
    within(async {
        while !file.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    typed.terminate();
    assert!(within(typed.child.wait()).await.expect("it ends").success());
    let compiler = fs::read_to_string(file).expect("what was started").trim().parse().expect("a process id");
    within(gone(compiler)).await;
}
