//! The app folder that the host reads: of the repository, or what was packaged.

use std::{
    env, fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use super::repository;

/// Which of the apps is deployed: `docs/reference/api.md#apps`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    /// All functions, as on a laptop.
    Whole,
    /// The HTTP functions.
    Api,
    /// The queue and timer functions.
    Processor,
}

impl Part {
    fn has(self, function: &serde_json::Value) -> bool {
        let is_http =
            function["bindings"].as_array().into_iter().flatten().any(|one| one["type"] == "httpTrigger");
        match self {
            Self::Whole => true,
            Self::Api => is_http,
            Self::Processor => !is_http,
        }
    }
}

/// The binary under test: the one that `cargo test` built, or the one that the environment names.
pub(crate) fn binary() -> PathBuf {
    env::var_os("WORKER_UNDER_TEST").map_or_else(|| env!("CARGO_BIN_EXE_orders-worker").into(), PathBuf::from)
}

/// Creates an app folder with this part of the app and this program.
pub(super) fn stage(root: &Path, part: Part, program: &Path) -> io::Result<()> {
    let packaged = env::var_os("APP_UNDER_TEST").map(PathBuf::from);
    let functions = packaged.clone().unwrap_or_else(|| repository().join("functions"));
    let host = packaged.unwrap_or_else(|| repository().to_owned()).join("host.json");
    fs::create_dir_all(root)?;
    fs::copy(host, root.join("host.json"))?;
    // A link, not a copy: while one test writes an executable, a child that another test forks holds it open for
    // writing, and starting it fails as busy.
    symlink(fs::canonicalize(program)?, root.join("orders-worker"))?;
    for function in fs::read_dir(functions)? {
        let function = function?;
        let Ok(bindings) = fs::read_to_string(function.path().join("function.json")) else { continue };
        let mut bindings: serde_json::Value = serde_json::from_str(&bindings)?;
        if part.has(&bindings) {
            only_when_fired(&mut bindings);
            fs::create_dir(root.join(function.file_name()))?;
            fs::write(root.join(function.file_name()).join("function.json"), bindings.to_string())?;
        }
    }
    Ok(())
}

/// Timers fire only when a test fires them: ticks by schedule would come between its steps.
fn only_when_fired(function: &mut serde_json::Value) {
    for binding in function["bindings"].as_array_mut().into_iter().flatten() {
        if binding["type"] == "timerTrigger" {
            binding["schedule"] = "0 0 0 1 1 *".into();
        }
    }
}
