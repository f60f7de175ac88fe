//! The worker and the function folders at the repository's root, the only place where Core Tools look for them.

use std::{fs, io, os::unix::fs::symlink, path::Path};

use anyhow::{Context as _, bail};
use project::WORKER_NAME;

/// Copies the worker, in one step for a process that runs the one that is there; a host that watches the file starts
/// the new one.
pub(super) fn worker(root: &Path, worker: &Path) -> anyhow::Result<()> {
    let name = format!("{WORKER_NAME}{}", std::env::consts::EXE_SUFFIX);
    let draft = root.join(format!(".{name}.new"));
    fs::copy(worker, &draft).with_context(|| format!("cannot copy {}: is it built?", worker.display()))?;
    fs::rename(&draft, root.join(&name)).with_context(|| format!("cannot put {name} into {}", root.display()))
}

/// Links each function folder, and removes links to folders that no longer exist.
pub(super) fn functions(root: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(root)?.flatten() {
        let is_stale = fs::read_link(entry.path()).is_ok_and(|target| target.starts_with("functions"))
            && !entry.path().exists();
        if is_stale {
            fs::remove_file(entry.path())
                .with_context(|| format!("cannot take {} away", entry.path().display()))?;
        }
    }
    for name in names(root)? {
        let link = root.join(&name);
        if link.join("function.json").is_file() && fs::symlink_metadata(&link)?.is_symlink() {
            continue;
        }
        if fs::symlink_metadata(&link).is_ok() {
            bail!("{} is in the way of a link; move it elsewhere", link.display());
        }
        make(&name, &link).with_context(|| format!("cannot make the link {}", link.display()))?;
    }
    Ok(())
}

/// The names of the functions, sorted.
pub(super) fn names(root: &Path) -> anyhow::Result<Vec<String>> {
    let functions = root.join("functions");
    let entries = fs::read_dir(&functions).with_context(|| format!("cannot read {}", functions.display()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join("function.json").is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

/// Relative, so that the repository can be moved.
fn make(name: &str, link: &Path) -> io::Result<()> {
    symlink(Path::new("functions").join(name), link)
}
