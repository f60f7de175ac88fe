//! Programs of other registries, in the version that this project was checked with.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use project::Project;

/// A folder of Python with these packages in it, made on the first call.
///
/// Nothing when there is no Python that can make one, which the caller says loudly.
pub(crate) fn python(project: &Project, name: &str, packages: &[&str]) -> anyhow::Result<Option<PathBuf>> {
    let folder = folder(project, name, packages);
    if folder.join("done").is_file() {
        return Ok(Some(folder));
    }
    let made = Command::new("python3").args(["-m", "venv"]).arg(&folder).stdout(Stdio::null()).status();
    if !made.is_ok_and(|status| status.success()) {
        return Ok(None);
    }
    println!("installing {}", packages.join(", "));
    let mut pip = Command::new(folder.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages);
    finish(pip, &folder)
}

/// A folder of npm packages; nothing when there is no npm.
pub(crate) fn npm(project: &Project, name: &str, package: &str) -> anyhow::Result<Option<PathBuf>> {
    let folder = folder(project, name, &[package]);
    if folder.join("done").is_file() {
        return Ok(Some(folder));
    }
    if !Command::new("npm").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return Ok(None);
    }
    fs::create_dir_all(&folder).context("cannot make the folder of tools")?;
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
    npm.arg(&folder).arg(package);
    finish(npm, &folder)
}

/// A folder with this cargo command in `bin`, compiled on the first call; needs nothing but Rust.
pub(crate) fn cargo(project: &Project, name: &str, version: &str) -> anyhow::Result<PathBuf> {
    let folder = project.target_folder().join("tools").join(format!("{name}-{version}"));
    if !folder.join("bin").join(name).is_file() {
        println!("installing {name} {version}");
        let mut install = project.cargo();
        install
            .args(["install", "--quiet", "--locked", "--version", version, "--root"])
            .arg(&folder)
            .arg(name);
        finish(install, &folder)?;
    }
    Ok(folder)
}

fn folder(project: &Project, name: &str, packages: &[&str]) -> PathBuf {
    let versions: Vec<_> = packages.iter().filter_map(|package| package.rsplit(['=', '@']).next()).collect();
    project.target_folder().join("tools").join(format!("{name}-{}", versions.join("-")))
}

fn finish(mut install: Command, folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    let status = install.status().context("cannot start the package manager")?;
    ensure!(status.success(), "the package manager failed: look at its words above, then run this again");
    fs::write(folder.join("done"), "").context("cannot write into the folder of tools")?;
    Ok(Some(folder.to_owned()))
}
