//! The compiler out of an archive.

use std::{
    fs, io,
    path::Path,
    process::{Command, Stdio, id},
    sync::{Mutex, PoisonError},
};

use super::error::CompilerError;
use crate::inputs;

/// The program of the public package `Azure.Bicep.CommandLine.linux-x64` 0.49.2.
const DIGEST: &str = "0ab9de90c2493f206f8281bae74f9ee2d5ed3605548dab1adf41fef185e1f7c5";

/// Threads of one process would write to one file.
static UNPACKING: Mutex<()> = Mutex::new(());

/// Unpacks the program, unless it is there already, and refuses any other one.
pub(super) fn unpack(archive: &Path, program: &Path) -> Result<(), CompilerError> {
    let _alone = UNPACKING.lock().unwrap_or_else(PoisonError::into_inner);
    if program.is_file() {
        return Ok(());
    }
    let refused = |why: String| CompilerError::Archive(format!("{}: {why}", archive.display()));
    let folder = program.parent().ok_or_else(|| refused("no folder to unpack it into".to_owned()))?;
    fs::create_dir_all(folder)?;
    // Other processes may unpack it at the same time; the program appears whole or not at all.
    let part = folder.join(format!("part-{}", id()));
    let mut xz = Command::new("xz");
    xz.args(["--decompress", "--stdout"]).arg(archive).stdout(Stdio::from(fs::File::create(&part)?));
    let status =
        xz.status().map_err(|error| refused(format!("cannot start xz ({error}): install xz-utils")))?;
    let is_it = inputs::digest(&fs::read(&part)?) == DIGEST;
    if !status.success() || !is_it {
        fs::remove_file(&part)?;
        return Err(refused(format!("holds no compiler of this version: its SHA-256 has to be {DIGEST}")));
    }
    executable(&part)?;
    fs::rename(&part, program)?;
    Ok(())
}

#[cfg(unix)]
fn executable(file: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn executable(_: &Path) -> io::Result<()> {
    Ok(())
}
