//! A wrong clock: a file contains its offset, so that `cargo xtask chaos` can let it jump while the worker runs.
//! Exists only in builds with the feature `shifted-clock`; that feature refuses optimized builds, so it cannot ship.

use std::{env, fs, path::PathBuf, sync::LazyLock};

use chrono::TimeDelta;

#[cfg(not(debug_assertions))]
compile_error!("the feature `shifted-clock` lets the clock be wrong: build it without --release");

static FILE: LazyLock<Option<PathBuf>> = LazyLock::new(|| env::var_os("SHIFTED_CLOCK").map(PathBuf::from));

/// The clock's offset: the seconds in the file that the environment variable `SHIFTED_CLOCK` names, before or after
/// the true time. Without a file, or as long as it cannot be read, the clock is right.
pub(super) fn offset() -> TimeDelta {
    let text = FILE.as_ref().and_then(|file| fs::read_to_string(file).ok());
    let seconds = text.and_then(|text| text.trim().parse().ok());
    seconds.and_then(TimeDelta::try_seconds).unwrap_or_default()
}
