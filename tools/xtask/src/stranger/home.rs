//! An empty HOME, in which cargo and rustup are configured as on this machine.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::Context as _;
use tempfile::TempDir;

/// Variables of the shell that say how a package client reaches its registry, and which compiler is used.
const KEPT: [&str; 5] = ["LANG", "PATH", "TERM", "TMPDIR", "RUSTUP_TOOLCHAIN"];
/// The same, by how their names begin or end.
const KEPT_PREFIXES: [&str; 5] =
    ["CARGO_HTTP_", "CARGO_NET_", "CARGO_REGISTRIES_", "CARGO_SOURCE_", "SSL_CERT_"];
const KEPT_SUFFIX: &str = "_PROXY";

/// The folder, which is deleted with this.
pub(super) struct Home(TempDir);

impl Home {
    pub(super) fn new() -> anyhow::Result<Self> {
        let home = Self(tempfile::tempdir().context("cannot make an empty HOME")?);
        fs::create_dir(home.cargo_home()).context("cannot make a new CARGO_HOME")?;
        for file in ["config.toml", "config"] {
            let own = folder("CARGO_HOME", ".cargo").join(file);
            if own.is_file() {
                fs::copy(&own, home.cargo_home().join(file))
                    .with_context(|| format!("cannot copy {}", own.display()))?;
            }
        }
        Ok(home)
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where cargo keeps what it downloads.
    fn cargo_home(&self) -> PathBuf {
        self.0.path().join(".cargo")
    }

    /// A command in this HOME, without what else the shell sets.
    pub(super) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let kept = env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_kept));
        let mut command = Command::new(program);
        command
            .env_clear()
            .envs(kept)
            .env("HOME", self.path())
            .env("CARGO_HOME", self.cargo_home())
            .env("RUSTUP_HOME", folder("RUSTUP_HOME", ".rustup"))
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    /// Whether a program can be started here.
    pub(super) fn has(&self, program: &str) -> bool {
        let mut command = self.command(program);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }
}

fn is_kept(name: &str) -> bool {
    KEPT.contains(&name)
        || KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || name.to_ascii_uppercase().ends_with(KEPT_SUFFIX)
}

/// A folder that a variable names, or that is in the HOME of this process.
fn folder(variable: &str, in_home: &str) -> PathBuf {
    let in_home = || env::home_dir().unwrap_or_default().join(in_home);
    env::var_os(variable).map_or_else(in_home, PathBuf::from)
}
