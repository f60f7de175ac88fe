//! What someone who knows nothing of the commands is told.

use std::{path::Path, process::Command};

use functions_emulator::users::Users;

fn xtask(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().expect("xtask starts");
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn help_and_its_option_list_commands_by_purpose() {
    let (succeeded, help) = xtask(&["help"]);
    assert!(succeeded);
    assert_eq!(help, xtask(&["--help"]).1);
    let headings =
        ["Serve the app:", "Check a change:", "Look for faults:", "Measure:", "Package and deploy:"];
    let places: Vec<_> = headings.map(|heading| help.find(heading)).into();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{help}");
}

#[test]
fn colors_follow_the_environment() {
    let colored = |variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let command = command.arg("--help").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        let output = command.envs(variables.iter().copied()).output().expect("xtask starts");
        output.stdout.contains(&0x1b)
    };
    assert!(!colored(&[]), "no terminal");
    assert!(colored(&[("CLICOLOR_FORCE", "1")]));
    assert!(!colored(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
}

#[test]
fn the_stages_are_listed_with_what_they_do() {
    let (succeeded, list) = xtask(&["test", "--list"]);
    assert!(succeeded);
    let first = list.lines().next().unwrap_or_default();
    assert!(first.starts_with("* format") && first.ends_with("cargo fmt --check"), "{list}");
}

#[test]
fn an_unknown_command_leads_to_the_help() {
    let (succeeded, complaint) = xtask(&["serve"]);
    assert!(!succeeded);
    assert!(complaint.contains("--help"), "{complaint}");
}

#[test]
fn the_examples_use_known_users() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../functions-emulator.json");
    let users = Users::load(&file).expect("the app has a users file");
    let (_, help) = xtask(&["--help"]);
    let mut names = help.lines().filter_map(|line| line.trim().strip_prefix("cargo xtask token ")).peekable();
    assert!(names.peek().is_some(), "{help}");
    for name in names.filter_map(|rest| rest.split_whitespace().next()) {
        assert!(users.named(name).is_some(), "{name}");
    }
}
