//! The infrastructure of this repository, held against the controls.

mod documents;
mod evaluator;
mod gates;
mod logins;
mod operators;
mod picture;
mod policies;
mod rights;
mod table;

use std::path::PathBuf;

use infra_check::bicep::Sources;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources() -> Sources {
    Sources::read(&root()).expect("the infrastructure can be read")
}
