//! The infrastructure of this repository, held against the controls.

mod documents;
mod evaluator;
mod gates;
mod logins;
mod network_rules;
mod operators;
mod picture;
mod pipeline;
mod policies;
mod queries;
mod rights;
mod table;

use std::{
    fs,
    path::{Path, PathBuf},
};

use infra_check::bicep::Sources;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources() -> Sources {
    Sources::read(&root()).expect("the infrastructure can be read")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file of the repository's own with an ending.
fn files(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() && !["target", ".git", ".local", "node_modules"].contains(&name.as_str()) {
            files(&path, ending, found);
        } else if path.extension().is_some_and(|is| is == ending) {
            found.push(path);
        }
    }
}
