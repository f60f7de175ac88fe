//! The npm package, installed once into `target/tools`.

use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use super::error::AzuriteError;

/// Fits Node 20.
const VERSION: &str = "3.35.0";

/// The queue server's script; installed when it is not there yet. One of several processes installs, the others wait.
pub(super) fn program() -> Result<PathBuf, AzuriteError> {
    let tools = tools();
    let folder = tools.join(format!("azurite-{VERSION}"));
    fs::create_dir_all(&tools).map_err(AzuriteError::Folder)?;
    let lock = File::create(tools.join("azurite.lock")).map_err(AzuriteError::Folder)?;
    lock.lock().map_err(AzuriteError::Folder)?;
    if !folder.exists() {
        install(&folder)?;
    }
    Ok(folder.join("node_modules/azurite/dist/src/queue/main.js"))
}

/// An installation that was broken off never gets the folder's name.
fn install(folder: &Path) -> Result<(), AzuriteError> {
    let partial = folder.with_file_name("azurite.partial");
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(AzuriteError::Folder)?;
    }
    fs::create_dir(&partial).map_err(AzuriteError::Folder)?;
    let package = format!("azurite@{VERSION}");
    let output = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
        .arg(&partial)
        .arg(&package)
        .output()
        .map_err(|source| AzuriteError::NoNode { program: "npm", source })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().rev().take(5).collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>();
        return Err(AzuriteError::NotInstalled { package, said: said.join("; ") });
    }
    fs::rename(&partial, folder).map_err(AzuriteError::Folder)
}

fn tools() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.ancestors().nth(2).unwrap_or(package);
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
    target.join("tools")
}
