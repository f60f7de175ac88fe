//! What a person gets who starts the worker on a terminal.

use std::process::{Command, Output};

use crate::support::binary;

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } =
        Command::new(binary()).args(arguments).env_clear().output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn help_names_the_commands_and_the_exit_codes() {
    for arguments in [&["--help"][..], &["help"]] {
        let (code, help, stderr) = run(arguments);
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
        for words in ["migrate", "doctor", "Exit codes:", "  3  the port"] {
            assert!(help.contains(words), "{words}: {help}");
        }
    }
}

#[test]
fn each_command_has_help() {
    for (command, options) in [
        ("migrate", &["--administrator <NAME>", "--login <ROLE=NAME:OBJECT-ID>", "--from-text"][..]),
        ("doctor", &["--json", "--settings <FILE>", "--url <URL>"]),
    ] {
        let (code, help, _) = run(&[command, "--help"]);
        assert_eq!((code, run(&["help", command]).1), (Some(0), help.clone()));
        for option in options {
            assert!(help.contains(option), "{command} {option}: {help}");
        }
    }
}

#[test]
fn version_prints_the_package_version() {
    let version = format!("orders-worker {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&["--version"]), (Some(0), version, String::new()));
}

#[test]
fn wrong_arguments_exit_with_2_and_explain() {
    for (arguments, told) in [
        (&["serve"][..], "unrecognized subcommand 'serve'"),
        (&["doctor", "--jsn"], "'--json'"),
        (&["migrate", "--login"], "--login <ROLE=NAME:OBJECT-ID>"),
        (&["migrate", "--login", "orders_api"], "orders_processor=NAME:OBJECT-ID"),
    ] {
        let (code, stdout, stderr) = run(arguments);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(stderr.contains(told), "{arguments:?}: {stderr}");
    }
}
