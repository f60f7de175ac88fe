//! Where valgrind is: installed, or Debian's package unpacked beside the other tools.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use project::Project;

/// The variable by which valgrind finds its tools where it was not installed.
const LIBRARY: &str = "VALGRIND_LIB";

/// A valgrind that runs.
pub(crate) struct Valgrind {
    program: PathBuf,
    library: Option<PathBuf>,
}

impl Valgrind {
    /// The installed one. Else the package of this Debian or Ubuntu, which `apt-get download` brings without the rights
    /// of an administrator.
    ///
    /// # Errors
    /// When there is none to be had; the message says what to install.
    pub(crate) fn find(project: &Project) -> anyhow::Result<Self> {
        let installed = Self { program: "valgrind".into(), library: None };
        if installed.version().is_some() {
            return Ok(installed);
        }
        let folder = project.target_folder().join("tools/valgrind");
        let unpacked = Self::unpacked(&folder);
        if unpacked.version().is_none() {
            download(&folder)
                .context("there is no valgrind: install it (Debian: `apt-get install valgrind`)")?;
            ensure!(unpacked.version().is_some(), "the valgrind in {} does not run", folder.display());
        }
        Ok(unpacked)
    }

    fn unpacked(folder: &Path) -> Self {
        let library = ["usr/libexec/valgrind", "usr/lib/valgrind"].map(|place| folder.join(place));
        let [first, second] = library;
        let library = if first.is_dir() { first } else { second };
        Self { program: folder.join("usr/bin/valgrind"), library: Some(library) }
    }

    /// What it calls itself; none when it does not run.
    pub(crate) fn version(&self) -> Option<String> {
        let mut command = Command::new(&self.program);
        let output = command
            .envs(self.variables())
            .args(["--tool=callgrind", "--version"])
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    }

    /// What has to be in its environment.
    pub(super) fn variables(&self) -> Option<(&'static str, &Path)> {
        self.library.as_deref().map(|folder| (LIBRARY, folder))
    }

    /// Runs a program under callgrind, which writes its counts into `output` at the program's end.
    pub(super) fn command(&self, output: &Path, program: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["--tool=callgrind", "--quiet", "--compress-strings=no", "--compress-pos=no"]);
        command.arg(format!("--callgrind-out-file={}", output.display())).arg(program);
        command
    }
}

/// Unpacks Debian's package into a folder.
fn download(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    println!("downloading valgrind");
    let got = Command::new("apt-get")
        .current_dir(folder)
        .args(["download", "--quiet", "valgrind"])
        .stdout(Stdio::null())
        .status();
    ensure!(got.context("there is no apt-get")?.success(), "apt-get cannot download it");
    let package = fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|end| end == "deb"));
    let package = package.context("apt-get brought no package")?;
    let unpacked = Command::new("dpkg-deb").arg("--extract").arg(package).arg(folder).status();
    ensure!(unpacked.context("there is no dpkg-deb")?.success(), "dpkg-deb cannot unpack it");
    Ok(())
}
