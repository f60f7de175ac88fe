//! A new app, from an empty folder to an answer.

use std::{
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::app::client;

/// The app is compiled with all that it needs.
const BUILD: Duration = Duration::from_mins(15);

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("a folder")
}

fn emulator(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_functions-emulator"));
    command.current_dir(folder).kill_on_drop(true);
    command
}

async fn new(folder: &Path, arguments: &[&str]) -> Output {
    emulator(folder).args(["new", "--language", "rust"]).args(arguments).output().await.expect("it runs")
}

/// What the app is built with: nothing from a network, and what an earlier run has built.
fn offline(command: &mut Command) -> &mut Command {
    command
        .env("CARGO_NET_OFFLINE", "true")
        .env("CARGO_TARGET_DIR", repository().join("target").join("template"))
}

/// Reads what a process prints until a line holds this, and gives what follows there.
async fn behind(lines: &mut tokio::io::Lines<BufReader<tokio::process::ChildStdout>>, text: &str) -> String {
    let found = async {
        loop {
            let line = lines.next_line().await.expect("UTF-8").expect("one more line");
            if let Some((_, rest)) = line.split_once(text) {
                return rest.to_owned();
            }
        }
    };
    timeout(BUILD, found).await.expect("in time")
}

#[tokio::test]
async fn a_new_app_answers_and_passes_a_message_through_its_queue() {
    let empty = TempDir::new().expect("a folder");
    let handler = repository().join("crates/azure-functions-handler");
    let made = new(empty.path(), &["--handler", &handler.display().to_string(), "first"]).await;
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let folder = empty.path().join("first");
    // The versions that this repository is tested with: a registry may not be there.
    std::fs::copy(repository().join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");

    let mut served = offline(emulator(&folder).args([".", "--port", "0"]))
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut lines = BufReader::new(served.stdout.take().expect("a pipe")).lines();
    let url = behind(&mut lines, "ready on ").await;
    let url = url.split(';').next().unwrap_or_default();
    let hello = client().get(format!("{url}/api/hello/Ada")).send().await.expect("an answer");
    assert_eq!(hello.text().await.expect("text"), "Hello, Ada!");
    let job = client().post(format!("{url}/api/jobs")).header("content-type", "application/json");
    let submitted = job.body(r#"{"name":"the first job"}"#).send().await.expect("an answer");
    assert_eq!(submitted.text().await.expect("text"), "submitted");
    assert_eq!(behind(&mut lines, "working on ").await, "the first job");
    stop(served).await;

    let mut cargo = Command::new(env!("CARGO"));
    let tests = offline(cargo.arg("test").current_dir(&folder)).output().await.expect("cargo runs");
    assert!(tests.status.success(), "{}", String::from_utf8_lossy(&tests.stdout));

    let work = folder.join("Work").join("function.json");
    let before = std::fs::read_to_string(&work).expect("a file");
    std::fs::remove_file(&work).expect("a file");
    let mut cargo = Command::new(env!("CARGO"));
    let cargo = cargo.args(["run", "--quiet", "--", "function-json"]).current_dir(&folder);
    assert!(offline(cargo).status().await.expect("cargo runs").success());
    assert_eq!(std::fs::read_to_string(&work).expect("a file"), before);
}

/// Ends the emulator as Ctrl-C does, so that it takes the app along.
async fn stop(mut served: Child) {
    let pid = served.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(pid.expect("it runs"), rustix::process::Signal::TERM).expect("it runs");
    timeout(BUILD, served.wait()).await.expect("in time").expect("an end");
}

#[tokio::test]
async fn a_folder_that_exists_is_left_alone() {
    let folder = TempDir::new().expect("a folder");
    std::fs::create_dir(folder.path().join("first")).expect("a folder");
    let refused = new(folder.path(), &["first"]).await;
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && words.contains("first already exists"), "{words}");
    assert_eq!(std::fs::read_dir(folder.path().join("first")).expect("a folder").count(), 0);
}

#[tokio::test]
async fn what_cannot_be_a_name_or_a_handler_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let own = folder.path().display().to_string();
    for (arguments, words) in [
        (&["../first"][..], "must begin with a letter"),
        (&["1st"], "must begin with a letter"),
        (&["--handler", &own, "first"], "not the folder of the crate azure-functions-handler"),
    ] {
        let refused = new(folder.path(), arguments).await;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(words), "{said}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[tokio::test]
async fn without_a_handler_the_published_crate_is_taken() {
    let folder = TempDir::new().expect("a folder");
    assert!(new(folder.path(), &["first"]).await.status.success());
    let manifest = std::fs::read_to_string(folder.path().join("first").join("Cargo.toml")).expect("a file");
    let line = format!("azure-functions-handler = {:?}", env!("CARGO_PKG_VERSION"));
    assert!(manifest.contains(&line) && !manifest.contains("{{"), "{manifest}");
}
