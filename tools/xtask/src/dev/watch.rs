//! Sees what is saved.

use std::{ffi::OsStr, path::Path};

use anyhow::Context as _;
use functions_emulator::rebuild::FileWatcher;
use project::Project;

/// Folders whose every file counts.
const FOLDERS: [&str; 2] = ["src", "functions"];
/// Files at the root that are built or staged.
const CODE: [&str; 5] = ["host.json", "Cargo.toml", "Cargo.lock", "build.rs", "rust-toolchain.toml"];
/// Files at the root that say how to start.
const SETUP: [&str; 2] = ["functions-emulator.json", "local.settings.json"];

/// What a save calls for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Change {
    /// Build and stage again.
    Code,
    /// Start the host again, with other users or settings; builds as well.
    Setup,
}

/// The watched repository.
pub(super) struct Watch(FileWatcher);

impl Watch {
    pub(super) fn start(project: &Project) -> anyhow::Result<Self> {
        let root = project.root();
        let root = root.canonicalize().with_context(|| format!("{} is not there", root.display()))?;
        Ok(Self(FileWatcher::new(&root, |path| change(path).is_some())?))
    }

    /// Waits for a save and for the silence after it.
    pub(super) async fn next(&mut self) -> anyhow::Result<Change> {
        let saved = self.0.next().await?;
        Ok(saved.iter().filter_map(|path| change(path)).max().unwrap_or(Change::Code))
    }
}

/// What a path inside the repository is to the app.
fn change(path: &Path) -> Option<Change> {
    let name = path.file_name().and_then(OsStr::to_str)?;
    if FOLDERS.iter().any(|folder| path.starts_with(folder)) {
        let draft = name.starts_with('.') || name.ends_with('~');
        (!draft).then_some(Change::Code)
    } else if path == Path::new(name) {
        let setup = SETUP.contains(&name).then_some(Change::Setup);
        setup.or_else(|| CODE.contains(&name).then_some(Change::Code))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_app_files_trigger_a_rebuild() {
        let of = |path: &str| change(Path::new(path));
        assert_eq!(of("src/main.rs"), Some(Change::Code));
        assert_eq!(of("functions/A/function.json"), Some(Change::Code));
        assert_eq!(of("host.json"), Some(Change::Code));
        assert_eq!(of("functions-emulator.json"), Some(Change::Setup));
        assert_eq!(of("README.md"), None);
        assert_eq!(of("src/.main.rs.swp"), None);
        assert_eq!(of("src/main.rs~"), None);
        assert_eq!(of("target/debug/host.json"), None);
    }
}
