//! What a command needs that rebuilds its app on every save: the files that are saved, and builds that are shown and
//! heard. [`Emulator::set_build_status`](crate::Emulator::set_build_status) and
//! [`Emulator::reload`](crate::Emulator::reload) do the rest.

mod build;
mod file_watcher;

pub use build::{BuildError, run_attached, run_captured};
pub use file_watcher::{FileWatcher, WatchError};
