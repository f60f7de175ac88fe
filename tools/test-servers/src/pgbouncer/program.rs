//! Where the program is: installed, or fetched from the archive of this machine's Debian or Ubuntu.

use std::{
    env, fs, io,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use super::{Account, PgBouncerError};
use crate::postgres::target;

/// The program, and where the libraries are that came with it.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) file: PathBuf,
    pub(super) version: (u32, u32),
    /// The folder that its packages were unpacked in; none where it is installed.
    unpacked: Option<PathBuf>,
}

impl Program {
    /// That of the PATH or of Debian's folder, else what apt brings to `target/tools`, once for all processes.
    pub(super) fn find() -> Result<Self, PgBouncerError> {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
        let installed = folders.map(|folder| folder.join("pgbouncer"));
        if let Some(program) = installed.into_iter().find_map(|file| Self::that_runs(file, None)) {
            return Ok(program);
        }
        let missing = |reason: String| PgBouncerError::Missing { reason };
        let folder = fetched().map_err(|error| missing(error.to_string()))?;
        let program = Self::that_runs(folder.join("usr/sbin/pgbouncer"), Some(folder.clone()));
        program.ok_or_else(|| missing(format!("what apt brought to {} does not run", folder.display())))
    }

    fn that_runs(file: PathBuf, unpacked: Option<PathBuf>) -> Option<Self> {
        let program = Self { file, version: (0, 0), unpacked };
        let version = program.version(None)?;
        Some(Self { version, ..program })
    }

    /// What `PgBouncer 1.18.0` says, where this account can run it.
    fn version(&self, account: Option<Account>) -> Option<(u32, u32)> {
        let mut command = Command::new(&self.file);
        command.arg("--version").envs(self.environment()).stdin(Stdio::null()).stderr(Stdio::null());
        if let Some(account) = account {
            command.uid(account.user).gid(account.group);
        }
        let output = command.output().ok().filter(|output| output.status.success())?;
        let text = String::from_utf8(output.stdout).ok()?;
        let mut numbers = text.lines().next()?.strip_prefix("PgBouncer ")?.split('.');
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    }

    /// The program where the account can run it: a repository in root's own folder is closed to it, so it is copied to
    /// the server's folder then.
    pub(super) fn accessible_copy(&self, account: Option<Account>, server: &Path) -> io::Result<Self> {
        if self.version(account).is_some() {
            return Ok(self.clone());
        }
        let Some(unpacked) = &self.unpacked else { return Err(io::ErrorKind::PermissionDenied.into()) };
        let copy = server.join("program");
        done(&Command::new("cp").arg("-R").arg(unpacked).arg(&copy).output()?)?;
        Ok(Self { file: copy.join("usr/sbin/pgbouncer"), version: self.version, unpacked: Some(copy) })
    }

    /// Where it finds the libraries that came with it.
    pub(super) fn environment(&self) -> Option<(&'static str, String)> {
        let unpacked = self.unpacked.as_ref()?.join("usr/lib");
        let of_machine = unpacked.join(format!("{}-linux-gnu", env::consts::ARCH));
        Some(("LD_LIBRARY_PATH", format!("{}:{}", of_machine.display(), unpacked.display())))
    }
}

/// The folder with the unpacked packages. A download that was broken off never gets the folder's name.
fn fetched() -> io::Result<PathBuf> {
    let tools = target().join("tools");
    let place = tools.join("pgbouncer");
    fs::create_dir_all(&tools)?;
    let lock = fs::File::create(tools.join("pgbouncer.lock"))?;
    lock.lock()?;
    if !place.exists() {
        let partial = tempfile::Builder::new().prefix("pgbouncer-").tempdir_in(&tools)?;
        fetch(partial.path())?;
        let partial = partial.keep();
        fs::set_permissions(&partial, fs::Permissions::from_mode(0o755))?;
        fs::rename(&partial, &place)?;
    }
    Ok(place)
}

/// Unpacks the package, and those of the two libraries that little else needs. No script of a package is run.
fn fetch(folder: &Path) -> io::Result<()> {
    let mut packages = vec!["pgbouncer".to_owned()];
    packages.extend(libraries()?);
    let downloads = folder.join("downloads");
    fs::create_dir(&downloads)?;
    done(&Command::new("apt-get").arg("download").args(&packages).current_dir(&downloads).output()?)?;
    for package in fs::read_dir(&downloads)? {
        done(&Command::new("dpkg-deb").arg("-x").arg(package?.path()).arg(folder).output()?)?;
    }
    fs::remove_dir_all(downloads)
}

/// The packages of libevent and c-ares, whose names change with their versions.
fn libraries() -> io::Result<Vec<String>> {
    let told = done(&Command::new("apt-cache").args(["depends", "pgbouncer"]).output()?)?;
    let depends = told.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    let is_wanted =
        |name: &&str| ["libevent", "libc-ares", "libcares"].iter().any(|wanted| name.starts_with(wanted));
    Ok(depends.filter(is_wanted).map(str::to_owned).collect())
}

/// What a command printed, if it succeeded.
fn done(output: &Output) -> io::Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}
