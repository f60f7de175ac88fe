//! The release build: what the package holds, and so what is tested, tortured and measured wherever it runs.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use project::{Profile, Project, WORKER_NAME};

use crate::tools;

const MUSL: &str = "x86_64-unknown-linux-musl";
const GNU: &str = "x86_64-unknown-linux-gnu";
/// The oldest glibc that the binary starts with. The oldest public image of the Functions host,
/// `mcr.microsoft.com/azure-functions/python:4-python3.11`, is
/// [Debian 11](https://github.com/Azure/azure-functions-docker/issues/1256) with glibc 2.31.
pub(crate) const GLIBC: (u32, u32) = (2, 28);
/// Compiles for an older glibc than this machine's, with a C compiler that brings the headers.
const ZIG: [&str; 2] = ["cargo-zigbuild==0.24.0", "ziglang==0.17.1"];
/// Writes into the binary what it was built from.
const AUDITABLE: (&str, &str) = ("cargo-auditable", "0.7.7");

/// A way to make the release build.
#[derive(Debug)]
pub(crate) struct Release {
    how: How,
    /// Folders with programs that the build needs.
    tools: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum How {
    /// Static, on musl.
    Musl,
    /// On the libraries of glibc alone, of [`GLIBC`] or later.
    Glibc,
    /// As cargo does it for this machine, which the package does not hold.
    Plain,
}

impl Release {
    /// The build that the package holds: the same on every machine that makes it.
    ///
    /// # Errors
    /// When something for it is missing; the message says what, and how to get it.
    pub(crate) fn for_release(project: &Project) -> anyhow::Result<Self> {
        ensure!(installed(project, GNU)?, "Rust has no library for {GNU}: `rustup target add {GNU}`");
        let zig = tools::python(project, "zigbuild", &ZIG)?.context(
            "there is no Python 3 with venv, which brings zig: install it (Debian: `apt-get install python3-venv`)",
        )?;
        Self::with(project, How::Glibc, vec![zig.join("bin")])
    }

    /// A build that needs no library of the system, for a platform with an older glibc.
    ///
    /// # Errors
    /// When something for it is missing; the message says what, and how to get it.
    pub(crate) fn on_musl(project: &Project) -> anyhow::Result<Self> {
        ensure!(installed(project, MUSL)?, "Rust has no library for {MUSL}: `rustup target add {MUSL}`");
        ensure!(
            answers("musl-gcc") || answers("x86_64-linux-musl-gcc"),
            "there is no C compiler for musl: install it (Debian: `apt-get install musl-tools`)"
        );
        Self::with(project, How::Musl, Vec::new())
    }

    fn with(project: &Project, how: How, mut tools: Vec<PathBuf>) -> anyhow::Result<Self> {
        let (name, version) = AUDITABLE;
        tools.push(tools::cargo(project, name, version)?.join("bin"));
        Ok(Self { how, tools })
    }

    /// The build that the package holds, where this machine can make and run it. Otherwise a build for this machine
    /// alone; the difference is printed as a warning.
    ///
    /// # Errors
    /// When `CI` is set and the build that the package contains cannot be made.
    pub(crate) fn for_this_machine(project: &Project) -> anyhow::Result<Self> {
        let reason = if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            match Self::for_release(project) {
                Ok(release) => return Ok(release),
                Err(error) => format!("{error:#}"),
            }
        } else {
            "it runs on Linux on x86_64 only".to_owned()
        };
        ensure!(env::var_os("CI").is_none(), "cannot test what ships: {reason}");
        println!("NOT TESTED: what ships, because {reason}; a build for this machine stands in for it");
        Ok(Self { how: How::Plain, tools: Vec::new() })
    }

    /// Whether this is what the package holds.
    pub(crate) fn ships(&self) -> bool {
        self.how != How::Plain
    }

    /// Compiles the worker.
    pub(crate) fn build(&self, project: &Project) -> Command {
        let (major, minor) = GLIBC;
        let (subcommand, target) = match self.how {
            How::Plain => return project.build_worker(Profile::Release),
            How::Musl => ("build", MUSL.to_owned()),
            How::Glibc => ("zigbuild", format!("{GNU}.{major}.{minor}")),
        };
        let mut command = project.cargo();
        command.args([
            "auditable",
            subcommand,
            "--locked",
            "--release",
            "--package",
            WORKER_NAME,
            "--target",
            &target,
        ]);
        command.env("PATH", with(&self.tools));
        // What ships depends on no flags of a shell, and holds no path of the machine that built it.
        let remap = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
        let flags = [remap(&cargo_home(), "/cargo"), remap(project.root(), "/orders-worker")];
        command.env_remove("RUSTFLAGS").env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
        command
    }

    /// The compiled worker.
    pub(crate) fn worker(&self, project: &Project) -> PathBuf {
        let target = match self.how {
            How::Plain => return project.worker_binary(Profile::Release),
            How::Musl => MUSL,
            How::Glibc => GNU,
        };
        project.target_folder().join(target).join("release").join(WORKER_NAME)
    }

    /// Compiles it, cargo's own output on stderr, and says where it is.
    pub(crate) fn made(&self, project: &Project) -> anyhow::Result<PathBuf> {
        let built = self.build(project).status().context("cannot start cargo")?;
        ensure!(built.success(), "the release build failed: fix what cargo says above");
        Ok(self.worker(project))
    }
}

/// Whether rustc has the library of a target.
fn installed(project: &Project, target: &str) -> anyhow::Result<bool> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let output = Command::new(rustc).current_dir(project.root()).args(["--print", "sysroot"]).output();
    let sysroot = String::from_utf8(output.context("cannot start rustc")?.stdout)?;
    Ok(Path::new(sysroot.trim()).join("lib/rustlib").join(target).join("lib").is_dir())
}

fn answers(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// The `PATH` with these folders before those of the shell.
fn with(folders: &[PathBuf]) -> OsString {
    let shell = env::var_os("PATH").unwrap_or_default();
    let all = folders.iter().cloned().chain(env::split_paths(&shell));
    // A folder with a colon in its name cannot be told from two.
    env::join_paths(all).unwrap_or(shell)
}

fn cargo_home() -> PathBuf {
    let of_user = || env::home_dir().unwrap_or_default().join(".cargo");
    env::var_os("CARGO_HOME").map_or_else(of_user, PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_target_the_oldest_glibc_without_local_paths() {
        let project = Project::here();
        let release = Release { how: How::Glibc, tools: vec!["/tools/bin".into()] };
        let build = release.build(&project);
        let arguments: Vec<_> = build.get_args().filter_map(|argument| argument.to_str()).collect();
        assert!(arguments.contains(&"x86_64-unknown-linux-gnu.2.28"), "{arguments:?}");
        let set =
            |name| build.get_envs().find(|(key, _)| *key == name).and_then(|(_, value)| value?.to_str());
        assert!(set("PATH").unwrap().starts_with("/tools/bin:"));
        let flags = set("CARGO_ENCODED_RUSTFLAGS").unwrap();
        assert!(flags.ends_with(&format!("--remap-path-prefix={}=/orders-worker", project.root().display())));
        assert!(release.worker(&project).ends_with("x86_64-unknown-linux-gnu/release/orders-worker"));
    }
}
