//! Replaces the running app by the current content of the app folder: at a key, and with `--watch` at every save.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    future::pending,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{self, Component, Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use functions_emulator::{
    BuildStatus, Emulator,
    rebuild::{self, BuildError, FileWatcher},
};
use tokio::sync::mpsc::Receiver;

use super::printer::Printer;

/// Folders of what tools make and fetch, in whatever depth; hidden ones are left out too.
const IGNORED_FOLDERS: [&str; 3] = ["target", "node_modules", "__pycache__"];
/// How the names of files end that editors and tools write on the way to another.
const TEMPORARY_SUFFIXES: [&str; 5] = ["~", ".tmp", ".swp", ".bak", ".part"];
/// A file that changes during this many builds counts as written by the build.
const MAX_REBUILDS: u32 = 3;
/// How many names of saved files are printed.
const MAX_NAMES: usize = 3;

/// The command-line options of a rebuild.
#[derive(Debug, clap::Args)]
pub(crate) struct Rebuild {
    /// Restart the worker when a file of the app folder is saved
    #[arg(long)]
    watch: bool,
    /// Run this in the app folder before the worker starts, each time; where it fails, the old worker keeps serving
    #[arg(long, value_name = "COMMAND")]
    build: Option<String>,
}

impl Rebuild {
    /// As given, else by these.
    pub(super) fn or(self, build: Option<String>, watch: bool) -> Self {
        Self { watch: self.watch || watch, build: self.build.or(build) }
    }

    pub(super) fn builds(&self) -> bool {
        self.build.is_some()
    }
}

/// The build before the worker restarts, and what triggers it.
pub(super) struct Reloader {
    root: PathBuf,
    build: Option<String>,
    watcher: Option<FileWatcher>,
    made: BTreeMap<PathBuf, BuildOutput>,
}

/// Files that changed while the app was built and started, and not since: saved by a user, or written by the build or
/// the worker, which must not trigger builds for ever.
struct BuildOutput {
    times: u32,
    content: Option<u64>,
}

impl Reloader {
    /// Nothing is built yet. A save counts from now on, if saves are to be watched; those below `state` do not.
    pub(super) fn new(root: &Path, state: &Path, wanted: &Rebuild) -> anyhow::Result<Self> {
        let state = path::absolute(state)?;
        let state = state.canonicalize().unwrap_or(state);
        let inside = state.strip_prefix(root).ok().filter(|inside| inside.file_name().is_some());
        let state = inside.map(Path::to_owned);
        let counts =
            move |path: &Path| counts(path) && state.as_ref().is_none_or(|state| !path.starts_with(state));
        let watcher = wanted.watch.then(|| FileWatcher::new(root, counts)).transpose()?;
        Ok(Self { root: root.to_owned(), build: wanted.build.clone(), watcher, made: BTreeMap::new() })
    }

    /// The build before the first start.
    pub(super) async fn build(&self) -> anyhow::Result<()> {
        if let Some(command) = self.command() {
            rebuild::run_attached(command).await.context("nothing is served yet")?;
        }
        Ok(())
    }

    /// Follows saves and requests, for as long as it is polled.
    pub(super) async fn follow(
        mut self,
        host: &Emulator,
        printer: Printer,
        mut asked: Receiver<()>,
    ) -> anyhow::Result<()> {
        loop {
            loop {
                let changed = self.changed_meanwhile().await?;
                if changed.is_empty() {
                    break;
                }
                self.reload(host, printer, &changed).await;
            }
            let saved = self.next(&mut asked).await?;
            self.made.retain(|path, _| !saved.contains(path));
            self.reload(host, printer, &saved).await;
        }
    }

    /// The saved files; empty when a user asked for the rebuild.
    async fn next(&mut self, asked: &mut Receiver<()>) -> anyhow::Result<BTreeSet<PathBuf>> {
        let folder = self.watcher.as_mut();
        let saved = async {
            match folder {
                Some(folder) => folder.next().await,
                None => pending().await,
            }
        };
        tokio::select! {
            saved = saved => Ok(saved?),
            Some(()) = asked.recv() => Ok(BTreeSet::new()),
        }
    }

    /// The files that were saved, apparently, during a build and its start.
    async fn changed_meanwhile(&mut self) -> anyhow::Result<BTreeSet<PathBuf>> {
        let Some(watcher) = &mut self.watcher else { return Ok(BTreeSet::new()) };
        let mut changed = watcher.saved_so_far().await?;
        changed.retain(|path| {
            let content = content(&self.root.join(path));
            let times = match self.made.get(path) {
                Some(made) if made.content == content || made.times == MAX_REBUILDS => return false,
                before => before.map_or(1, |made| made.times + 1),
            };
            self.made.insert(path.clone(), BuildOutput { times, content });
            true
        });
        Ok(changed)
    }

    /// Builds and restarts; a failure is reported, and the version before continues to serve.
    async fn reload(&self, host: &Emulator, printer: Printer, saved: &BTreeSet<PathBuf>) {
        let doing = if self.build.is_some() { "building" } else { "restarting" };
        if !saved.is_empty() {
            printer.line(&format!("saved: {}; {doing}", named(saved)));
        }
        host.set_build_status(BuildStatus::Running);
        let what = match self.build_and_start(host).await {
            Ok(()) => {
                host.set_build_status(BuildStatus::Done);
                return printer.line("restarted, with what is in the folder now");
            }
            Err(error) => {
                printer.error(&format!("{error:#}; the old worker keeps serving"));
                match error.downcast_ref() {
                    Some(BuildError::Failed { output }) => output.clone(),
                    _ => format!("{error:#}"),
                }
            }
        };
        host.set_build_status(BuildStatus::Failed { what });
    }

    async fn build_and_start(&self, host: &Emulator) -> anyhow::Result<()> {
        if let Some(command) = self.command() {
            rebuild::run_captured(command).await?;
        }
        Ok(host.reload().await?)
    }

    /// The build command, run by a shell in the app folder.
    fn command(&self) -> Option<Command> {
        let text = self.build.as_ref()?;
        let mut command = Command::new("sh");
        command.args(["-c", text]).current_dir(&self.root);
        Some(command)
    }
}

fn counts(path: &Path) -> bool {
    let names = || {
        path.components().filter_map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
    };
    let left_out = names().any(|name| name.starts_with('.') || IGNORED_FOLDERS.contains(&name));
    let draft =
        names().next_back().is_some_and(|name| TEMPORARY_SUFFIXES.iter().any(|end| name.ends_with(end)));
    !left_out && !draft
}

/// A hash of a file's contents; none if it is no file.
fn content(path: &Path) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    fs::read(path).ok()?.hash(&mut hasher);
    Some(hasher.finish())
}

fn named(saved: &BTreeSet<PathBuf>) -> String {
    let names: Vec<String> = saved.iter().take(MAX_NAMES).map(|path| path.display().to_string()).collect();
    let more = saved.len().saturating_sub(MAX_NAMES);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    format!("{}{more}", names.join(", "))
}
