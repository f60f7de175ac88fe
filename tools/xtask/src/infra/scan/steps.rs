//! What the scans have in common: files to look at, and programs that look.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail, ensure};
use project::Project;

pub(super) fn not_tested(what: &str, missing: &str) -> anyhow::Result<()> {
    ensure!(env::var_os("CI").is_none(), "cannot test {what}: install {missing}");
    println!("NOT TESTED: {what}, because there is no {missing}");
    Ok(())
}

/// The files of a folder with an ending, from the repository's root.
pub(super) fn list(project: &Project, folder: &str, ending: &str) -> anyhow::Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(project.root().join(folder)).with_context(|| format!("cannot read {folder}"))?;
    let mut files = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        files.extend(
            Some(Path::new(folder).join(name)).filter(|file| file.extension().is_some_and(|is| is == ending)),
        );
    }
    ensure!(!files.is_empty(), "{folder} holds no .{ending} file");
    files.sort();
    Ok(files)
}

pub(super) fn succeed(project: &Project, mut command: Command, advice: &str) -> anyhow::Result<()> {
    let program = command.get_program().display().to_string();
    let status = command.current_dir(project.root()).status();
    if !status.with_context(|| format!("cannot start {program}"))?.success() {
        bail!("{advice}");
    }
    Ok(())
}
