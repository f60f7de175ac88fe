//! Sees what is saved.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::{sync::mpsc, time::timeout};

use crate::project::Project;

/// Editors save in several steps; this much silence ends them.
const SILENCE: Duration = Duration::from_millis(200);
/// Folders whose every file counts.
const FOLDERS: [&str; 2] = ["src", "functions"];
/// Files at the root that are built or staged.
const CODE: [&str; 5] = ["host.json", "Cargo.toml", "Cargo.lock", "build.rs", "rust-toolchain.toml"];
/// Files at the root that say how to start.
const SETUP: [&str; 2] = [".local-host.json", "local.settings.json"];

/// What a save calls for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Change {
    /// Build and stage again.
    Code,
    /// Start the host again, with other people or settings; builds as well.
    Setup,
}

/// The watched repository.
pub(super) struct Watch {
    _watcher: RecommendedWatcher,
    changes: mpsc::UnboundedReceiver<Change>,
}

impl Watch {
    pub(super) fn start(project: &Project) -> anyhow::Result<Self> {
        let root = project.root().to_owned();
        let (tell, changes) = mpsc::unbounded_channel();
        let seen = root.clone();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            if let Ok(event) = event {
                for change in event.paths.iter().filter_map(|path| change(event.kind, &seen, path)) {
                    // Nobody listens any more when the command is ending.
                    let _ = tell.send(change);
                }
            }
        })
        .context("cannot watch for saved files")?;
        let mut watch = |path: &Path, mode| {
            watcher.watch(path, mode).with_context(|| format!("cannot watch {}", path.display()))
        };
        // The root and not its files, because many editors save by renaming another file over the old one.
        watch(&root, RecursiveMode::NonRecursive)?;
        for folder in FOLDERS.map(|folder| root.join(folder)) {
            watch(&folder, RecursiveMode::Recursive)?;
        }
        Ok(Self { _watcher: watcher, changes })
    }

    /// Waits for a save and for the silence after it.
    pub(super) async fn next(&mut self) -> anyhow::Result<Change> {
        let Some(mut change) = self.changes.recv().await else {
            bail!("the file watcher ended: start again")
        };
        while let Ok(Some(another)) = timeout(SILENCE, self.changes.recv()).await {
            change = change.max(another);
        }
        Ok(change)
    }
}

fn change(kind: EventKind, root: &Path, path: &Path) -> Option<Change> {
    // Reading is reported too, and the compiler reads everything.
    let saved = matches!(kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_));
    let inside: PathBuf = path.strip_prefix(root).ok()?.to_owned();
    let name = path.file_name().and_then(OsStr::to_str)?;
    if !saved {
        None
    } else if inside == Path::new(name) {
        let setup = SETUP.contains(&name).then_some(Change::Setup);
        setup.or_else(|| CODE.contains(&name).then_some(Change::Code))
    } else {
        let draft = name.starts_with('.') || name.ends_with('~');
        (!draft && FOLDERS.iter().any(|folder| inside.starts_with(folder))).then_some(Change::Code)
    }
}

#[cfg(test)]
mod tests {
    use notify::event::{AccessKind, CreateKind, DataChange, ModifyKind};

    use super::*;

    #[test]
    fn only_saved_files_of_the_app_count() {
        let saved = EventKind::Modify(ModifyKind::Data(DataChange::Any));
        let of = |kind: EventKind, path: &str| change(kind, Path::new("/r"), Path::new(path));
        assert_eq!(of(saved, "/r/src/main.rs"), Some(Change::Code));
        assert_eq!(
            of(EventKind::Create(CreateKind::File), "/r/functions/A/function.json"),
            Some(Change::Code)
        );
        assert_eq!(of(saved, "/r/host.json"), Some(Change::Code));
        assert_eq!(of(saved, "/r/.local-host.json"), Some(Change::Setup));
        assert_eq!(of(saved, "/r/README.md"), None);
        assert_eq!(of(saved, "/r/src/.main.rs.swp"), None);
        assert_eq!(of(saved, "/r/src/main.rs~"), None);
        assert_eq!(of(saved, "/r/target/debug/host.json"), None);
        assert_eq!(of(EventKind::Access(AccessKind::Any), "/r/src/main.rs"), None);
    }
}
