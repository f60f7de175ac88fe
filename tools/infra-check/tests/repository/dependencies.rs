//! docs/dependencies.md says of each crate why it is here.

use std::fs;

use crate::files::root;

/// What the last column says of a crate that is taken as it comes.
const DEFAULT: &str = "the default ones";

/// The crates that members of the workspace may name, each with whether its features are the default ones.
fn crates(manifest: &str) -> Vec<(String, bool)> {
    let (_, rest) =
        manifest.split_once("\n[workspace.dependencies]\n").expect("the workspace has dependencies");
    let section = rest.split("\n[").next().unwrap_or(rest);
    let lines = section.lines().filter_map(|line| line.split_once(" = "));
    lines.map(|(name, value)| (name.to_owned(), !value.contains("features ="))).collect()
}

/// The crates of the first table, each with whether its features are the default ones.
fn rows(document: &str) -> Vec<(String, bool)> {
    let (_, rest) = document.split_once("\n## Crates\n").expect("the document has the section");
    let section = rest.split("\n## ").next().unwrap_or(rest);
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_end_matches(" |").split(" | ").collect();
        let [name, purpose, reason, features] = cells[..] else { panic!("four cells: {row}") };
        assert!(purpose.len() > 3 && reason.len() > 3, "what it is for, and why this one: {row}");
        (name.trim_end_matches('`').to_owned(), features == DEFAULT)
    })
    .collect()
}

#[test]
fn each_crate_of_the_workspace_has_its_reason() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect("it is there");
    let crates = crates(&read("Cargo.toml"));
    assert!(crates.len() > 50, "{crates:?}");
    assert_eq!(rows(&read("docs/dependencies.md")), crates);
}
