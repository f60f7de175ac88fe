use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;

use crate::error::Error;

/// The file at which a library or a program of the workspace begins.
#[derive(Clone, Debug)]
pub struct CrateRoot {
    /// The package, and which of its programs if it is not the library: `functions-emulator`, `functions-emulator (bin)`.
    pub name: String,
    /// `lib.rs`, `main.rs` or the path in the manifest.
    pub file: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    kind: Vec<String>,
    src_path: PathBuf,
}

/// The libraries and programs of all members of a workspace. Tests, examples and build scripts are none.
///
/// # Errors
/// If cargo does not run or does not describe the workspace.
pub fn crate_roots(workspace: &Path) -> Result<Vec<CrateRoot>, Error> {
    let answer = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(workspace)
        .output()
        .map_err(Error::Cargo)?;
    let metadata: Metadata = serde_json::from_slice(&answer.stdout).map_err(Error::Metadata)?;
    let of = |package: Package| {
        package.targets.into_iter().filter_map(move |target| {
            let suffix = match target.kind.first()?.as_str() {
                "lib" | "proc-macro" => "",
                "bin" => " (bin)",
                _ => return None,
            };
            Some(CrateRoot { name: format!("{}{suffix}", package.name), file: target.src_path })
        })
    };
    Ok(metadata.packages.into_iter().flat_map(of).collect())
}
