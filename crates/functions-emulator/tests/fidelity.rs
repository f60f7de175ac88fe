//! The README's table of the host's behaviour and the list of recordings that other tests cover name tests. Each named test
//! exists.

#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

use std::{collections::HashSet, fs, path::Path, process::Command};

/// The names of all tests below a folder.
fn tests_below(folder: &Path, names: &mut HashSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tests_below(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(tests_of(&fs::read_to_string(path).unwrap()));
        }
    }
}

/// Functions that stand right below a test's mark.
fn tests_of(source: &str) -> Vec<String> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let marked = lines.windows(2).filter(|pair| pair[0] == "#[test]" || pair[0].starts_with("#[tokio::test"));
    let name = |line: &str| {
        let rest = line.trim_start_matches("async ").strip_prefix("fn ")?;
        Some(rest.split('(').next()?.to_owned())
    };
    marked.filter_map(|pair| name(pair[1])).collect()
}

fn all_tests() -> HashSet<String> {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = HashSet::new();
    tests_below(&crate_folder.join("src"), &mut names);
    tests_below(&crate_folder.join("tests"), &mut names);
    tests_below(&crate_folder.join("../functions-lint/src"), &mut names);
    names
}

/// The rows of the table of behaviour.
fn rows(readme: &str) -> Vec<&str> {
    let table = readme.lines().skip_while(|line| !line.starts_with("| Host behaviour |")).skip(2);
    table.take_while(|line| line.starts_with('|')).collect()
}

#[test]
fn each_row_of_the_fidelity_table_names_a_test_that_is_there() {
    let (readme, tests) = (include_str!("../README.md"), all_tests());
    let rows = rows(readme);
    assert!(rows.len() > 60, "{} rows", rows.len());
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [behaviour, seen_on, does, _, test] = cells.as_slice() else { panic!("five cells: {row}") };
        assert!(!behaviour.is_empty() && !does.is_empty(), "{row}");
        assert!(
            ["4.1037", "Core Tools 4"].iter().any(|version| seen_on.starts_with(version)),
            "no version: {row}"
        );
        assert!(tests.contains(test.trim_matches('`')), "there is no such test: {row}");
    }
}

#[test]
fn the_version_names_every_host_version_of_the_table() {
    let printed = Command::new(env!("CARGO_BIN_EXE_functions-emulator")).arg("--version").output().unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let first = format!("functions-emulator {}\n", env!("CARGO_PKG_VERSION"));
    assert!(printed.starts_with(&first), "{printed}");
    let readme = include_str!("../README.md");
    let mut versions: HashSet<&str> = rows(readme)
        .iter()
        .filter_map(|row| row.trim_matches('|').split('|').nth(1))
        .flat_map(|seen_on| seen_on.split(',').map(str::trim))
        .collect();
    // A reader of the source names no other version.
    versions.remove("source");
    assert_eq!(versions.len(), 4, "{versions:?}");
    for version in versions {
        assert!(printed.contains(version), "{version}: {printed}");
    }
}

#[test]
fn the_readme_shows_the_handler_that_new_makes() {
    let shown = include_str!("../README.md").split_once("\n```js\n").unwrap().1.split_once("```").unwrap().0;
    assert_eq!(shown, include_str!("../templates/node/handler.js"));
}

#[test]
fn recordings_tested_elsewhere_name_an_existing_test() {
    let tests = all_tests();
    let lines = include_str!("replay/cases.txt").lines().filter(|line| !line.starts_with('#'));
    let named =
        lines.filter_map(|line| Some(line.split_once(": processes: ").or(line.split_once(": replay: "))?.1));
    let named: Vec<&str> = named.collect();
    assert!(named.len() > 18);
    for test in named {
        assert!(tests.contains(test), "there is no test {test}");
    }
}
