//! What someone who knows nothing of the commands is told.

use std::process::Command;

fn xtask(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().expect("xtask starts");
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn the_help_shows_examples_of_every_command() {
    let (succeeded, help) = xtask(&["--help"]);
    assert!(succeeded);
    for command in ["dev", "token", "test", "chaos", "measure"] {
        assert!(help.contains(&format!("cargo xtask {command}")), "{command}\n{help}");
    }
}

#[test]
fn an_unknown_command_leads_to_the_help() {
    let (succeeded, complaint) = xtask(&["serve"]);
    assert!(!succeeded);
    assert!(complaint.contains("--help"), "{complaint}");
}
