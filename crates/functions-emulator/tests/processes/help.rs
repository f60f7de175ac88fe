//! What the command says of itself: help, completions, manual pages, and words that it does not know.

use std::{
    fs,
    io::Write as _,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

use crate::{
    app::{TestApp, client},
    command::Typed,
};

const COMMANDS: [&str; 7] = ["check", "new", "invoke", "token", "queues", "completions", "man"];

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_functions-emulator")).args(arguments).output().expect("it runs")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

#[test]
fn every_command_has_help_with_examples() {
    let help = out(&run(&["--help"]));
    assert!(help.contains("Examples:\n  functions-emulator . "), "{help}");
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{command}: {help}");
        let own = run(&[command, "--help"]);
        assert!(own.status.success());
        assert!(
            out(&own).contains("Examples:\n") && out(&own).contains(&format!(" {command} ")),
            "{command}"
        );
    }
}

#[test]
fn exit_codes_are_part_of_the_help() {
    for command in ["check", "invoke", "token", "queues"] {
        assert!(out(&run(&[command, "--help"])).contains("Exit codes:\n  0  "), "{command}");
    }
}

#[test]
fn each_shell_completes_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = out(&run(&["completions", shell]));
        for command in COMMANDS {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    let mut bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn().expect("bash runs");
    let script = run(&["completions", "bash"]).stdout;
    bash.stdin.take().expect("a pipe").write_all(&script).expect("it reads");
    assert!(bash.wait().expect("it ends").success());
}

#[test]
fn there_is_a_manual_page_of_each_command() {
    let page = out(&run(&["man"]));
    assert!(page.contains(".TH functions-emulator 1") && page.contains("Examples:"), "{page}");
    for command in COMMANDS {
        let page = out(&run(&["man", command]));
        assert!(page.contains(&format!(".TH functions-emulator-{command} 1")), "{page}");
    }
    let unknown = run(&["man", "invok"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("Did you mean `invoke`?"));
}

#[test]
fn a_misspelt_command_is_told_what_was_meant() {
    for arguments in [&["invok", "Hello"][..], &["chekc", "."], &["tokne"]] {
        let unknown = run(arguments);
        assert_eq!(unknown.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
        assert!(said.contains("neither a folder nor a command; did you mean the command `"), "{said}");
    }
    let missing = run(&["some/folder"]);
    assert!(String::from_utf8_lossy(&missing.stderr).contains("some/folder does not exist"));
}

#[tokio::test]
async fn a_folder_that_is_called_like_a_command_is_served_by_its_path() {
    let app = TestApp::new().http("ok");
    let place = TempDir::new().expect("a folder");
    let folder = place.path().join("check");
    fs::rename(&app.options.app_root, &folder).expect("a folder of another name");
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_functions-emulator"));
    command.args(["./check", "--port", "0"]).current_dir(place.path());
    let mut typed = Typed::of(command);
    let [url] = typed.behind(["ready on "]).await;
    let url = url.split(';').next().unwrap_or_default();
    assert_eq!(client().get(format!("{url}/api/ok")).send().await.expect("an answer").status(), 200);
}
