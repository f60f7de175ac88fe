//! Firefox: that of this machine, or the one that apt brings to `target/tools`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use anyhow::{Context as _, ensure};
use project::Project;

use super::tools;

/// The names under which distributions install it.
const INSTALLED: [&str; 2] = ["firefox-esr", "firefox"];
/// Debian's package.
const PACKAGE: &str = "firefox-esr";

/// The program, and where the libraries are that came with it.
pub(super) struct Firefox {
    program: PathBuf,
    libraries: Option<PathBuf>,
}

impl Firefox {
    /// The installed one, else what apt brings; none where it cannot be had, which is said loudly. Where `CI` is set,
    /// nothing is left out.
    pub(super) fn found(project: &Project) -> anyhow::Result<Option<Self>> {
        if let Some(program) = tools::on_path(&INSTALLED) {
            return Ok(Some(Self { program, libraries: None }));
        }
        let folder = project.target_folder().join("tools").join(PACKAGE);
        match fetch(&folder) {
            Ok(()) => Ok(Some(Self::unpacked(&folder))),
            Err(why) => {
                ensure!(env::var_os("CI").is_none(), "the console cannot be tested in Firefox: {why:#}");
                println!("NOT TESTED: the console in Firefox, because {why:#}");
                Ok(None)
            }
        }
    }

    /// Where the scripts find it.
    pub(super) fn environment(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let libraries = self.libraries.as_deref().map(|libraries| ("CONSOLE_FIREFOX_LIBRARIES", libraries));
        [("CONSOLE_FIREFOX", self.program.as_path())].into_iter().chain(libraries)
    }

    fn unpacked(folder: &Path) -> Self {
        let libraries = folder.join("usr/lib").join(format!("{}-linux-gnu", env::consts::ARCH));
        Self { program: folder.join("usr/lib/firefox-esr/firefox-esr"), libraries: Some(libraries) }
    }
}

/// Unpacks the package, and those of the libraries that this machine lacks. No script of a package is run, and a download
/// that was broken off never gets the folder's name.
fn fetch(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        return Ok(());
    }
    let packages = missing()?;
    println!("unpacking {} into {}", packages.join(", "), folder.display());
    let partial = folder.with_extension("partial");
    drop(fs::remove_dir_all(&partial));
    let downloads = partial.join("downloads");
    fs::create_dir_all(&downloads).with_context(|| format!("{} cannot be made", downloads.display()))?;
    done(Command::new("apt-get").arg("download").args(&packages).current_dir(&downloads))?;
    for package in fs::read_dir(&downloads)? {
        done(Command::new("dpkg-deb").arg("-x").arg(package?.path()).arg(&partial))?;
    }
    fs::remove_dir_all(downloads)?;
    fs::rename(&partial, folder).with_context(|| format!("{} cannot be made", folder.display()))
}

/// What apt would install, read from lines such as `Inst libepoxy0 (1.5.10-1 Debian:12/stable [amd64])`.
fn missing() -> anyhow::Result<Vec<String>> {
    let mut simulated = Command::new("apt-get");
    simulated.args(["--simulate", "--no-install-recommends", "install", PACKAGE]);
    let output = done(&mut simulated)?;
    let text = String::from_utf8_lossy(&output.stdout);
    let packages = text.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next());
    Ok(packages.map(str::to_owned).collect())
}

fn done(command: &mut Command) -> anyhow::Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output().with_context(|| {
        format!("there is no Firefox on the PATH, and no {name} to fetch Debian's {PACKAGE}")
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "there is no Firefox on the PATH, and {name} could not fetch {PACKAGE} (try `apt-get update`): {}",
        said.trim()
    );
    Ok(output)
}
