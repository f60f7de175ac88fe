//! New apps in languages other than Rust, from an empty folder to a changed line that is served.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
    process::Command as Program,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    app::within,
    command::Typed,
    remote::{Ended, command},
};

/// A language, its program, and the file of its handler.
const NODE: [&str; 3] = ["node", "node", "handler.js"];
const PYTHON: [&str; 3] = ["python", "python3", "handler.py"];
const GO: [&str; 3] = ["go", "go", "main.go"];

async fn new(folder: &Path, arguments: &[&str]) -> Ended {
    command(folder.as_os_str(), [&["new"][..], arguments].concat()).await
}

/// Says so past the harness, which shows the prints of failing tests alone.
fn report_untested(program: &str) {
    let line = format!(
        "NOT TESTED: that a new app of `new` serves with {program}, which is not there: install it\n"
    );
    io::stderr().write_all(line.as_bytes()).expect("stderr");
}

fn exists(program: &str) -> bool {
    // Go knows no `--version`; any end says that it is there.
    Program::new(program).arg("--version").output().is_ok()
}

/// Makes an app, checks and serves it, calls it, changes a line, and calls it again.
async fn from_empty_folder_to_a_change([language, _, file]: [&str; 3]) {
    let empty = TempDir::new().expect("a folder");
    let made = new(empty.path(), &["--language", language, "first"]).await;
    assert_eq!(made.code, Some(0), "{}", made.err);
    assert!(made.out.contains("functions-emulator invoke Hello"), "{}", made.out);
    let folder = empty.path().join("first");
    let mut emulator = tokio::process::Command::new(env!("CARGO_BIN_EXE_functions-emulator"));
    emulator.args([".", "--port", "0"]).current_dir(&folder);
    let mut emulator = Typed::of(emulator);
    let [url] = emulator.behind(["ready on "]).await;
    let port = url.split(';').next().unwrap_or_default().rsplit(':').next().unwrap_or_default();
    let checked = command(folder.as_os_str(), ["check", ".", "--settings", "local.settings.json"]).await;
    assert_eq!(checked.code, Some(0), "{language}: {}", checked.out);
    let call = async |path: &str| {
        command(folder.as_os_str(), ["invoke", "Hello", "--path", path, "--json", "--port", port])
            .await
            .json()
    };
    assert_eq!(call("/api/hello?name=Ada").await["body"], "Hello, Ada!\n", "{language}");
    assert_eq!(call("/api/hello").await["body"], "Hello, world!\n", "{language}");
    let handler = fs::read_to_string(folder.join(file)).expect("a handler");
    fs::write(folder.join(file), handler.replace("Hello, ", "Good day, ")).expect("a handler");
    within(async { while call("/api/hello").await["body"] != "Good day, world!\n" {} }).await;
}

#[tokio::test]
async fn a_new_node_app_serves_and_follows_a_change() {
    if !exists(NODE[1]) {
        assert!(std::env::var_os("CI").is_none(), "no Node here, and CI leaves nothing out");
        return report_untested(NODE[1]);
    }
    from_empty_folder_to_a_change(NODE).await;
}

#[tokio::test]
async fn a_new_python_app_serves_and_follows_a_change() {
    if !exists(PYTHON[1]) {
        assert!(std::env::var_os("CI").is_none(), "no Python here, and CI leaves nothing out");
        return report_untested(PYTHON[1]);
    }
    from_empty_folder_to_a_change(PYTHON).await;
}

/// Where there is no Go, a stand-in takes the program's place, so that the rest of the folder is checked all the same.
#[tokio::test]
async fn a_new_go_app_serves_and_follows_a_change() {
    if exists(GO[1]) {
        return from_empty_folder_to_a_change(GO).await;
    }
    report_untested(GO[1]);
    let empty = TempDir::new().expect("a folder");
    assert_eq!(new(empty.path(), &["--language", "go", "first"]).await.code, Some(0));
    let folder = empty.path().join("first");
    fs::copy("/bin/true", folder.join("first")).expect("a stand-in");
    let checked = command(folder.as_os_str(), ["check", ".", "--settings", "local.settings.json"]).await;
    assert_eq!(checked.code, Some(0), "{}", checked.out);
}

#[tokio::test]
async fn a_new_app_names_its_files_and_leaves_no_placeholder() {
    let empty = TempDir::new().expect("a folder");
    for [language, _, file] in [NODE, PYTHON, GO] {
        let made = new(empty.path(), &["--language", language, "--json", language]).await.json();
        assert_eq!(made["folder"], language);
        let files: Vec<&str> =
            made["files"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        for wanted in [file, "host.json", "Hello/function.json", "local.settings.json", "README.md"] {
            assert!(files.contains(&wanted), "{language}: {files:?}");
        }
        for file in files {
            let text = fs::read_to_string(empty.path().join(language).join(file)).expect("a file");
            assert!(!text.contains("{{"), "{language}/{file}: {text}");
        }
    }
    let handler = new(empty.path(), &["--language", "node", "--handler", ".", "first"]).await;
    assert!(
        handler.code == Some(1) && handler.err.contains("--handler is for --language rust"),
        "{}",
        handler.err
    );
}
