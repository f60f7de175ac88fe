//! Sees what is saved.

use std::{
    collections::BTreeSet,
    fmt, fs, mem,
    path::{Path, PathBuf},
    time::Duration,
};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

/// Editors save in several steps; this much silence ends them.
const DEBOUNCE: Duration = Duration::from_millis(200);

/// Watches a folder, and reports files that are saved.
pub struct FileWatcher {
    root: PathBuf,
    is_watched: Box<dyn Fn(&Path) -> bool + Send>,
    watcher: RecommendedWatcher,
    events: mpsc::UnboundedReceiver<PathBuf>,
    saved: BTreeSet<PathBuf>,
}

/// Why nothing is seen.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The system does not let files be watched.
    #[error("cannot watch for saved files")]
    Start(#[source] notify::Error),
    /// A folder cannot be watched: it is not there, or the system watches as many as it can.
    #[error("cannot watch {folder}")]
    Folder {
        /// Its path.
        folder: PathBuf,
        /// What the system says.
        #[source]
        source: notify::Error,
    },
    /// The watcher is gone.
    #[error("the file watcher ended: start again")]
    Ended,
}

impl fmt::Debug for FileWatcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FileWatcher").field("root", &self.root).finish_non_exhaustive()
    }
}

impl FileWatcher {
    /// Watches a folder. `is_watched` selects the paths inside it that are reported, and the folders that are watched at
    /// all; a folder that is made later is watched from then on. `root` must contain no symbolic link, because events
    /// name the target of a link.
    ///
    /// # Errors
    /// The folder is not there, or the system watches no more.
    pub fn new(root: &Path, is_watched: impl Fn(&Path) -> bool + Send + 'static) -> Result<Self, WatchError> {
        let (sender, events) = mpsc::unbounded_channel();
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            for path in
                event.ok().filter(|event| is_save(event.kind)).into_iter().flat_map(|event| event.paths)
            {
                // The receiver is gone when the command is ending.
                let _ = sender.send(path);
            }
        })
        .map_err(WatchError::Start)?;
        let (root, is_watched, saved) = (root.to_owned(), Box::new(is_watched), BTreeSet::new());
        let mut folder = Self { root, is_watched, watcher, events, saved };
        folder.watch(folder.root.clone())?;
        Ok(folder)
    }

    /// Waits for a save and for the silence after it; the paths inside the folder. Saved files are not lost when the
    /// wait is dropped.
    ///
    /// # Errors
    /// Nothing can be seen any more.
    pub async fn next(&mut self) -> Result<BTreeSet<PathBuf>, WatchError> {
        while self.saved.is_empty() {
            let path = self.events.recv().await.ok_or(WatchError::Ended)?;
            self.add(&path)?;
        }
        self.saved_so_far().await
    }

    /// Waits until no file was saved for a moment, and returns the files saved so far; may be empty.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub async fn saved_so_far(&mut self) -> Result<BTreeSet<PathBuf>, WatchError> {
        let mut end = Instant::now() + DEBOUNCE;
        while let Ok(path) = timeout_at(end, self.events.recv()).await {
            if self.add(&path.ok_or(WatchError::Ended)?)? {
                end = Instant::now() + DEBOUNCE;
            }
        }
        Ok(mem::take(&mut self.saved))
    }

    /// Whether a path counts; a new folder is watched.
    fn add(&mut self, path: &Path) -> Result<bool, WatchError> {
        let Some(inside) = self.watched_path(path) else { return Ok(false) };
        self.saved.insert(inside);
        match self.watch(path.to_owned()) {
            // The file may be deleted again by now.
            Err(WatchError::Folder { .. }) if !path.exists() => Ok(true),
            watched => watched.map(|()| true),
        }
    }

    fn watched_path(&self, path: &Path) -> Option<PathBuf> {
        let inside =
            path.strip_prefix(&self.root).ok().filter(|inside| inside.components().next().is_some())?;
        (self.is_watched)(inside).then(|| inside.to_owned())
    }

    /// Each folder and not its files, because many editors save by renaming another file over the old one; and each by
    /// itself, so that the thousands that do not count cost nothing.
    fn watch(&mut self, folder: PathBuf) -> Result<(), WatchError> {
        let mut due = vec![folder];
        while let Some(folder) = due.pop() {
            if !fs::symlink_metadata(&folder).is_ok_and(|found| found.is_dir()) && folder != self.root {
                continue;
            }
            if let Err(source) = self.watcher.watch(&folder, RecursiveMode::NonRecursive) {
                return Err(WatchError::Folder { folder, source });
            }
            let inner = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
            due.extend(inner.filter(|path| self.watched_path(path).is_some()));
        }
        Ok(())
    }
}

/// Whether an event reports a save: reads are reported too, and compilers read everything.
fn is_save(kind: EventKind) -> bool {
    matches!(kind, EventKind::Create(_) | EventKind::Modify(_) | EventKind::Remove(_))
}
