//! The dependencies that an app gets with the crate.

use std::{collections::BTreeSet, process::Command};

#[test]
fn hello_needs_fewer_than_sixty_crates() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "tree",
        "--offline",
        "--locked",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--package",
        "example-hello",
    ]);
    let tree = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo runs");
    let tree = String::from_utf8(tree.stdout).expect("text");
    let crates: BTreeSet<&str> = tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    assert!(crates.len() > 10, "{tree}");
    assert!(crates.len() < 60, "{} crates: {crates:#?}", crates.len());
    let heavy = ["rustls", "openssl", "native-tls", "sqlx", "azure_core", "reqwest"];
    let named = |name: &&str| crates.iter().any(|line| line.split(' ').next() == Some(*name));
    assert_eq!(heavy.iter().find(|name| named(name)), None, "no TLS, SQL or Azure");
}
