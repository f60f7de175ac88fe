//! Where things lie, whatever folder the command was started in.

use std::{
    env,
    ffi::OsString,
    path::{self, Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use functions_emulator::people::People;

/// The package and binary that the host starts; `defaultExecutablePath` of host.json names it too.
pub(crate) const WORKER: &str = "orders-worker";

/// Builds for which no debugger is used are quicker and smaller without debug information.
pub(crate) const NO_DEBUG_INFO: (&str, &str) = ("CARGO_PROFILE_DEV_DEBUG", "0");

/// The repository.
#[derive(Clone, Debug)]
pub(crate) struct Project {
    root: PathBuf,
    /// cargo's output folder, where it is not that of this program.
    output: Option<PathBuf>,
}

/// How the worker is compiled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

impl Project {
    /// The repository that this program was built from.
    pub(crate) fn here() -> Self {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: package.ancestors().nth(2).unwrap_or(package).to_owned(), output: None }
    }

    /// A repository in another place, for tests; what is built there stays there.
    pub(crate) fn at(root: &Path) -> anyhow::Result<Self> {
        let root = path::absolute(root).with_context(|| format!("{} names no folder", root.display()))?;
        Ok(Self { output: Some(root.join("target")), root })
    }

    /// A copy of the repository, whose builds lie in `output`.
    pub(crate) fn copied(root: &Path, output: &Path) -> Self {
        Self { root: root.to_owned(), output: Some(output.to_owned()) }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// cargo's output folder: the one that this program lies in, `<output>/<profile>/xtask`, because settings,
    /// variables and a chosen target can each move it.
    pub(crate) fn target(&self) -> PathBuf {
        if let Some(output) = &self.output {
            return output.clone();
        }
        let program = env::current_exe().unwrap_or_default();
        program.ancestors().nth(2).map_or_else(|| self.root.join("target"), Path::to_owned)
    }

    /// The compiled worker.
    pub(crate) fn worker(&self, profile: Profile) -> PathBuf {
        let folder = match profile {
            Profile::Dev => "debug",
            Profile::Release => "release",
        };
        self.target().join(folder).join(format!("{WORKER}{}", env::consts::EXE_SUFFIX))
    }

    /// Where the issuer's key, the database and the like are kept between runs; git ignores it.
    pub(crate) fn state(&self) -> PathBuf {
        self.root.join(".local")
    }

    /// Holds the URL that `dev` serves on, because tokens name their issuer by it.
    pub(crate) fn url_file(&self) -> PathBuf {
        self.state().join("url")
    }

    pub(crate) fn people(&self) -> anyhow::Result<People> {
        Ok(People::load(&self.root.join(".local-host.json"))?)
    }

    /// The cargo that started this program, to be run at the root.
    pub(crate) fn cargo(&self) -> Command {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let mut command = Command::new(cargo);
        command.current_dir(&self.root);
        // A relative value counts from where the user is.
        let chosen = || env::var_os("CARGO_TARGET_DIR").and_then(|folder| path::absolute(folder).ok());
        if let Some(output) = self.output.clone().or_else(chosen) {
            command.env("CARGO_TARGET_DIR", output);
        }
        command
    }

    /// Compiles the worker, cargo's own output on stderr.
    pub(crate) fn build_worker(&self, profile: Profile) -> Command {
        let mut command = self.cargo();
        command.args(["build", "--package", WORKER]);
        if profile == Profile::Release {
            command.arg("--release");
        }
        command
    }
}

/// Reads a file; the error names it.
pub(crate) fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
