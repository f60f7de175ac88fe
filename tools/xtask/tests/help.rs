//! What someone who knows nothing of the commands is told.

use std::{path::Path, process::Command};

use functions_emulator::people::People;

fn xtask(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().expect("xtask starts");
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn the_help_shows_examples_of_every_command() {
    let (succeeded, help) = xtask(&["--help"]);
    assert!(succeeded);
    for command in [
        "dev", "func", "token", "postgres", "test", "chaos", "fuzz-api", "console", "generate", "mutants",
        "controls", "bench", "measure", "package",
    ] {
        assert!(help.contains(&format!("cargo xtask {command}")), "{command}\n{help}");
    }
}

#[test]
fn an_unknown_command_leads_to_the_help() {
    let (succeeded, complaint) = xtask(&["serve"]);
    assert!(!succeeded);
    assert!(complaint.contains("--help"), "{complaint}");
}

#[test]
fn the_examples_name_people_who_are_there() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.local-host.json");
    let people = People::load(&file).expect("the app has a people file");
    let (_, help) = xtask(&["--help"]);
    let mut names = help.lines().filter_map(|line| line.trim().strip_prefix("cargo xtask token ")).peekable();
    assert!(names.peek().is_some(), "{help}");
    for name in names.filter_map(|rest| rest.split_whitespace().next()) {
        assert!(people.named(name).is_some(), "{name}");
    }
}
