//! Paths in this repository, independent of the current folder, and the build of its worker.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{self, Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};
use functions_emulator::{supervisor::EMULATOR_URL, users::Users};

/// The package and binary that the host starts; `defaultExecutablePath` of host.json names it too.
pub const WORKER_NAME: &str = "orders-worker";

/// Builds for which no debugger is used are quicker and smaller without debug information.
pub const NO_DEBUG_INFO_VARIABLE: (&str, &str) = ("CARGO_PROFILE_DEV_DEBUG", "0");

/// The environment variable that names an already built worker for chaos runs and the scenario tests.
pub const WORKER_UNDER_TEST_VARIABLE: &str = "WORKER_UNDER_TEST";

/// The environment variable that names a folder whose app the scenario tests run, instead of the repository's.
pub const APP_UNDER_TEST_VARIABLE: &str = "APP_UNDER_TEST";

/// The setting that names the authority whose tokens the worker accepts.
pub const AUTHORITY_SETTING: &str = "ORDERS_ENTRA_AUTHORITY";

/// The repository.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
    /// cargo's output folder, where it is not that of this program.
    output: Option<PathBuf>,
}

/// The profile with which the worker is compiled.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Profile {
    /// Without optimization, so that it compiles fast.
    Dev,
    /// As it ships.
    Release,
    /// Nearly as it ships, with the names of its functions.
    Profiling,
}

impl Project {
    /// The repository that this program was built from.
    #[must_use]
    pub fn here() -> Self {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self { root: package.ancestors().nth(2).unwrap_or(package).to_owned(), output: None }
    }

    /// A repository in another place, for tests; what is built there stays there.
    ///
    /// # Errors
    /// If the path is empty or the current folder is gone.
    pub fn at(root: &Path) -> anyhow::Result<Self> {
        let root = path::absolute(root).with_context(|| format!("{} names no folder", root.display()))?;
        Ok(Self { output: Some(root.join("target")), root })
    }

    /// The repository at `root`, a copy whose build output goes to the folder `output`.
    #[must_use]
    pub fn with_output_folder(root: &Path, output: &Path) -> Self {
        Self { root: root.to_owned(), output: Some(output.to_owned()) }
    }

    /// The folder of the repository.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// cargo's output folder: the one that contains this program, `<output>/<profile>/xtask`, because settings,
    /// variables and a chosen target can each move it.
    #[must_use]
    pub fn target_folder(&self) -> PathBuf {
        if let Some(output) = &self.output {
            return output.clone();
        }
        let program = env::current_exe().unwrap_or_default();
        program.ancestors().nth(2).map_or_else(|| self.root.join("target"), Path::to_owned)
    }

    /// The compiled worker.
    #[must_use]
    pub fn worker_binary(&self, profile: Profile) -> PathBuf {
        let folder = match profile {
            Profile::Dev => "debug",
            Profile::Release => "release",
            Profile::Profiling => "profiling",
        };
        self.target_folder().join(folder).join(format!("{WORKER_NAME}{}", env::consts::EXE_SUFFIX))
    }

    /// The folder of the issuer's key, the database and the like between runs; git ignores it.
    #[must_use]
    pub fn state_folder(&self) -> PathBuf {
        self.root.join(".local")
    }

    /// The file with the URL that `cargo xtask dev` serves on, which is part of the issuer's name in tokens.
    #[must_use]
    pub fn url_file(&self) -> PathBuf {
        self.state_folder().join("url")
    }

    /// The users that the local issuer knows.
    ///
    /// # Errors
    /// If `functions-emulator.json` cannot be read.
    pub fn users(&self) -> anyhow::Result<Users> {
        Ok(Users::load(&self.root.join("functions-emulator.json"))?)
    }

    /// The cargo that started this program, to be run at the root.
    #[must_use]
    pub fn cargo(&self) -> Command {
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

    /// Compiles the worker, cargo's own output on stderr. For development it is one program of the whole workspace: with
    /// the features that it asks for alone, a fifth of its dependencies would be compiled once more.
    #[must_use]
    pub fn build_worker(&self, profile: Profile) -> Command {
        let mut command = self.cargo();
        command.arg("build");
        match profile {
            Profile::Dev => command.args(["--workspace", "--bin", WORKER_NAME]),
            Profile::Release => command.args(["--package", WORKER_NAME, "--release"]),
            Profile::Profiling => command.args(["--package", WORKER_NAME, "--profile", "profiling"]),
        };
        command
    }

    /// Compiles the worker with a feature that never ships, and puts it aside: the next ordinary build must find its
    /// own in place. The worker is built with a small test of the whole workspace, because alone its dependencies
    /// would get other features than there, and be compiled once more.
    ///
    /// # Errors
    /// If it does not compile or cannot be copied.
    pub fn build_worker_with_feature(&self, feature: &str) -> anyhow::Result<PathBuf> {
        let mut command = self.cargo();
        command.args(["test", "--locked", "--workspace", "--no-run", "--test", "azure"]);
        let built = command.args(["--features", &format!("{WORKER_NAME}/{feature}")]).status();
        ensure!(
            built.context("cannot start cargo")?.success(),
            "the build failed: fix what cargo says above"
        );
        let folder = self.target_folder().join("chaos");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let worker = folder.join(format!("{feature}-{WORKER_NAME}"));
        fs::copy(self.worker_binary(Profile::Dev), &worker).context("cannot put the worker aside")?;
        Ok(worker)
    }

    /// Builds a worker whose clock can jump.
    ///
    /// # Errors
    /// If it does not compile or cannot be copied.
    pub fn with_shifted_clock(&self) -> anyhow::Result<PathBuf> {
        self.build_worker_with_feature("shifted-clock")
    }
}

/// The settings with which the worker accepts the tokens of the emulator's issuer, in its default identity mode.
#[must_use]
pub fn issuer_settings(users: &Users) -> [(String, String); 3] {
    [
        ("ORDERS_ENTRA_TENANT_ID", users.tenant().to_string()),
        ("ORDERS_ENTRA_AUDIENCE", users.audience().to_owned()),
        (AUTHORITY_SETTING, format!("{EMULATOR_URL}/_emulator/issuer")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

/// Reads a text file; an error names the file.
///
/// # Errors
/// If it cannot be read as text.
pub fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
