//! The files of what was measured.

use std::{
    fs,
    path::{Path, PathBuf},
};

use functions_emulator::clock::Clock;

/// Writes everything that was measured into a file named for the kind of run and the time.
pub(crate) fn save(folder: &Path, kind: &str, report: &impl serde::Serialize) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let time = Clock::system().now().format("%Y-%m-%dT%H-%M-%SZ");
    let path = folder.join(format!("{kind}{time}.json"));
    fs::write(&path, serde_json::to_vec_pretty(report)?)?;
    Ok(path)
}
