//! The infrastructure of this repository, held against the controls.

mod azd;
mod documents;
mod first_provision;
mod schemas;
mod import;
mod live;
mod network_rules;
mod operators;
mod diagram;
mod pipeline;
mod policies;
mod mutations;
mod queries;
mod role_assignments;
mod scripts;
mod snapshots;
mod stubs;
mod table;
mod workflows;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use infra_check::{
    deployment::Deployment,
    variants::{self, Variant},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The deployment of every variant, read from its committed snapshot.
fn deployments() -> &'static [(Variant, Deployment)] {
    static READ: OnceLock<Vec<(Variant, Deployment)>> = OnceLock::new();
    READ.get_or_init(|| {
        let deployed = |variant: Variant| {
            (
                variant,
                variant.read_deployment(&root()).unwrap_or_else(|error| panic!("{}: {error}", variant.name)),
            )
        };
        variants::all_variants().into_iter().map(deployed).collect()
    })
}

/// The deployment of one variant.
fn deployment(name: &str) -> &'static Deployment {
    let (_, deployment) = deployments().iter().find(|(variant, _)| variant.name == name).expect("a variant");
    deployment
}

/// A name without the suffix that makes it unique.
fn plain(name: &str) -> String {
    name.replace(&format!("-{}", variants::RESOURCE_TOKEN), "").replace(variants::RESOURCE_TOKEN, "")
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
