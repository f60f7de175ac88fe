//! The development container has what the documents say that tests need.

use std::{collections::BTreeSet, fs};

use crate::files::root;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The packages of the table *Tests / need*.
fn needed() -> BTreeSet<String> {
    let contributing = read("CONTRIBUTING.md");
    let (_, table) =
        contributing.split_once("| Tests | Need | Debian packages |").expect("the table is there");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let packages =
        rows.filter_map(|row| row.trim_end_matches([' ', '|']).rsplit(" | ").next().map(str::to_owned));
    packages
        .flat_map(|cell| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn the_container_installs_what_the_table_names() {
    let dockerfile = read(".devcontainer/Dockerfile");
    let (_, list) = dockerfile.split_once("--no-install-recommends").expect("it installs packages");
    let (list, _) = list.split_once("&&").expect("the list ends");
    let installed: BTreeSet<_> =
        list.split_whitespace().filter(|word| *word != "\\").map(str::to_owned).collect();
    assert!(installed.len() > 5, "{installed:?}");
    assert_eq!(installed, needed());
}

#[test]
fn the_container_has_the_compiler_of_bicep_that_ci_has() {
    let (dockerfile, workflow) = (read(".devcontainer/Dockerfile"), read(".github/workflows/ci.yml"));
    for mark in ["curl -fsSL --output bicep ", "echo \"", "install bicep "] {
        let word = |text: &str| {
            let (_, rest) = text.split_once(mark).unwrap_or_else(|| panic!("no `{mark}`"));
            rest.split_whitespace().next().map(str::to_owned)
        };
        assert_eq!(word(&dockerfile), word(&workflow), "{mark}");
    }
}

#[test]
fn the_container_says_that_it_was_never_built() {
    for path in [".devcontainer/Dockerfile", ".devcontainer/devcontainer.json"] {
        assert!(read(path).contains("We have not built this"), "{path}");
    }
}
