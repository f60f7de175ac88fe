//! The badges of README.md say what is so.

use std::fs;

use crate::files::root;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The text of a badge: `rust-1.95%2B-blue` is `1.95%2B`.
fn badge(readme: &str, label: &str) -> String {
    let (_, rest) =
        readme.split_once(&format!("/badge/{label}-")).unwrap_or_else(|| panic!("no badge {label}"));
    rest.split('-').next().unwrap_or_default().to_owned()
}

#[test]
fn rust_version_and_license_are_those_of_the_manifest() {
    let (readme, manifest) = (read("README.md"), read("Cargo.toml"));
    let value = |name: &str| {
        let line = manifest.lines().find_map(|line| line.strip_prefix(&format!("{name} = \"")));
        line.and_then(|line| line.split('"').next()).unwrap_or_else(|| panic!("no {name}")).to_owned()
    };
    assert_eq!(badge(&readme, "rust"), format!("{}%2B", value("rust-version")));
    assert_eq!(badge(&readme, "license"), value("license"));
    assert!(read("LICENSE").starts_with("MIT License"));
}

#[test]
fn readme_fits_on_a_few_screens() {
    assert!(read("README.md").lines().count() <= 120);
}
