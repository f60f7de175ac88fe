//! What may depend on what, and no file grows past reading.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::support::repository;

/// Every Rust file below a folder.
pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn published_crates_have_no_workspace_dependencies() {
    let root = repository();
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(repository())
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("cargo prints JSON");
    let crates = root.join("crates");
    let is_published = |path: &Value| path.as_str().is_some_and(|path| Path::new(path).starts_with(&crates));
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let published: Vec<_> =
        packages.iter().filter(|package| is_published(&package["manifest_path"])).collect();
    assert_eq!(published.len(), 3, "the handler, the emulator and the lint");
    for package in published {
        for dependency in package["dependencies"].as_array().expect("a list of dependencies") {
            let is_from_registry = dependency["path"].is_null();
            let is_test_server = dependency["kind"] == "dev" && dependency["name"] == "test-servers";
            assert!(
                is_from_registry || is_test_server || is_published(&dependency["path"]),
                "{} needs {}",
                package["name"],
                dependency["name"]
            );
        }
    }
}

/// The worker's own modules that a file names.
fn named_modules(text: &str) -> Vec<&str> {
    let names = text.split("crate::").skip(1).map(|rest| rest.trim_start_matches('{').trim_start());
    names
        .map(|rest| {
            rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next().unwrap_or(rest)
        })
        .collect()
}

#[test]
fn the_domain_depends_on_no_other_module() {
    let src = repository().join("src");
    let mut files = sources(&src.join("orders"));
    files.push(src.join("orders.rs"));
    for file in files {
        let text = fs::read_to_string(&file).expect("UTF-8");
        let foreign = named_modules(&text).into_iter().find(|name| *name != "orders");
        assert_eq!(foreign, None, "{}", file.display());
    }
}

#[test]
fn no_file_exceeds_400_lines() {
    let root = repository();
    for folder in ["src", "tests", "crates", "examples", "tools"] {
        for file in sources(&root.join(folder)) {
            let lines = fs::read_to_string(&file).expect("UTF-8").lines().count();
            assert!(lines <= 400, "{} has {lines} lines", file.display());
        }
    }
}

#[test]
fn every_logged_event_is_documented() {
    let root = repository();
    let folders = ["src", "crates/azure-functions-handler/src"];
    for file in folders.iter().flat_map(|folder| sources(&root.join(folder))) {
        let text = fs::read_to_string(&file).expect("UTF-8");
        let is_test = file.ends_with("tests.rs") || file.iter().any(|part| part == "tests");
        if is_test
            || file.ends_with("azure-functions-handler/src/event.rs")
            || file.ends_with("store/fault_injection.rs")
        {
            continue;
        }
        let loud = ["event!(", "error!(", "warn!(", "info!(", "debug!(", "trace!("];
        let stray = loud.into_iter().find(|name| text.contains(&format!("tracing::{name}")));
        assert_eq!(stray, None, "{}: make it an event of telemetry::Event", file.display());
    }
}
