//! The status of the app's build: its builder reports it, the console shows it.

use serde::Serialize;
use tokio::sync::watch;

use crate::terminal_text;

/// Bytes of a failed build's output that are kept: its end, where the summary is.
const MAX_FAILURE_BYTES: usize = 64 * 1024;

/// Replaces the beginning of an output that was cut.
const CUT: &str = "…\n";

/// What happens to the app's build, reported through
/// [`Emulator::set_build_status`](crate::Emulator::set_build_status).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum BuildStatus {
    /// A build has begun; the version before keeps serving.
    Running,
    /// The build failed, or its result cannot be served; the version before keeps serving.
    Failed {
        /// The compiler's output, without terminal escapes; of a long text the last 64 KiB are kept.
        what: String,
    },
    /// The newest version is served now.
    Done,
}

/// The status that the console shows: the last failure stays until a build succeeds.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub(crate) struct BuildState {
    running: bool,
    failure: Option<String>,
}

/// Stores the status of the build for pages that are opened later, and notifies those that are open.
#[derive(Debug, Default)]
pub(crate) struct BuildTracker(watch::Sender<BuildState>);

impl BuildTracker {
    pub(crate) fn set(&self, build: BuildStatus) {
        self.0.send_modify(|state| match build {
            BuildStatus::Running => state.running = true,
            BuildStatus::Failed { what } => {
                *state = BuildState { running: false, failure: Some(without_control_sequences(&what)) }
            }
            BuildStatus::Done => *state = BuildState::default(),
        });
    }

    /// How it stands now.
    pub(crate) fn state(&self) -> BuildState {
        self.0.borrow().clone()
    }

    /// Every change from now on.
    pub(crate) fn subscribe(&self) -> watch::Receiver<BuildState> {
        self.0.subscribe()
    }
}

/// The end of a text without what only a terminal understands.
fn without_control_sequences(text: &str) -> String {
    let text = terminal_text::plain(text);
    let text = text.trim_end();
    if text.len() <= MAX_FAILURE_BYTES {
        return text.to_owned();
    }
    let start = text.ceil_char_boundary(text.len() - MAX_FAILURE_BYTES);
    let end = &text[start..];
    let whole_lines = end.split_once('\n').map_or(end, |(_, rest)| rest);
    format!("{CUT}{whole_lines}")
}
