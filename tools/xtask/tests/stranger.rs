//! The steps of `cargo xtask stranger` with an emulator that is compiled already.

use std::{path::Path, process::Command};

/// The emulator comes with its own tests, as in a run of all of them; alone it would be compiled once more.
const BUILD: [&str; 6] = ["test", "--quiet", "--workspace", "--no-run", "--test", "processes"];

#[test]
fn a_stranger_serves_a_changed_line_in_node_and_python() {
    let built = Command::new(env!("CARGO")).args(BUILD).status().expect("cargo starts");
    assert!(built.success());
    let emulator = Path::new(env!("CARGO_BIN_EXE_xtask")).with_file_name("functions-emulator");
    let mut stranger = Command::new(env!("CARGO_BIN_EXE_xtask"));
    stranger.args(["stranger", "--language", "node", "--language", "python", "--emulator"]).arg(emulator);
    let output = stranger.output().expect("xtask starts");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    for word in ["new", "run", "invoke", "change", "together"] {
        assert!(told.lines().any(|line| line.trim_start().starts_with(word)), "{word}: {told}");
    }
}
