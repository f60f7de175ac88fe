//! The tool: a fixed version from PyPI, in a folder of its own.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use project::Project;

/// Every package that the tool needs, each in one version.
const REQUIREMENTS: &str = include_str!("../../schemathesis/requirements.txt");

/// An installed schemathesis.
pub(super) struct Tool {
    program: PathBuf,
    hooks: PathBuf,
    folder: PathBuf,
}

impl Tool {
    /// The tool, installed unless it is there; none where there is no Python, which is said loudly.
    pub(super) fn found(project: &Project) -> anyhow::Result<Option<Self>> {
        let folder = project.target_folder().join("tools").join("schemathesis");
        if !is_installed(&folder) {
            if !runs(Command::new("python3").args(["-c", "import venv, ensurepip"])) {
                left_out("there is no Python 3 with venv: install it (Debian: python3-venv)")?;
                return Ok(None);
            }
            install(&folder)?;
        }
        let hooks = project.root().join("tools/xtask/schemathesis/hooks.py");
        Ok(Some(Self { program: folder.join("bin/schemathesis"), hooks, folder }))
    }

    /// The tool with our hooks; what it writes goes into its own folder.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env("SCHEMATHESIS_HOOKS", &self.hooks).env("NO_PROXY", "*").current_dir(&self.folder);
        command
    }
}

/// The file that names what is installed; it is written only when the installation is complete.
fn stamp(folder: &Path) -> PathBuf {
    folder.join("installed.txt")
}

fn is_installed(folder: &Path) -> bool {
    fs::read_to_string(stamp(folder)).is_ok_and(|installed| installed == REQUIREMENTS)
}

fn install(folder: &Path) -> anyhow::Result<()> {
    println!("installing schemathesis into {}", folder.display());
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot empty {}", folder.display()));
        }
        _ => {}
    }
    done(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let requirements = folder.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).context("cannot write into the tool's folder")?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    done(Command::new(folder.join("bin/python")).args(pip).arg(&requirements))?;
    fs::write(stamp(folder), REQUIREMENTS).context("cannot write into the tool's folder")
}

fn done(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().context("cannot start Python")?;
    ensure!(status.success(), "schemathesis could not be installed: see what pip says above");
    Ok(())
}

/// Says what is left out; where `CI` is set, nothing is.
fn left_out(why: &str) -> anyhow::Result<()> {
    ensure!(env::var_os("CI").is_none(), "cannot hold the worker against its description: {why}");
    println!("NOT TESTED: the worker against its description, because {why}");
    Ok(())
}

/// Whether a program is there and runs.
fn runs(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
}
