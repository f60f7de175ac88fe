//! How the build of the app stands: its builder says so, the console shows it.

use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;
use tokio::sync::watch;

/// Bytes that are kept of what was said of a failure: its end, where the summary is.
const KEPT: usize = 64 * 1024;

/// Stands where the beginning was left out.
const CUT: &str = "…\n";

/// Colours, links and other escapes of terminals, and every control character but tabs and line feeds.
static UNPRINTED: LazyLock<Regex> = LazyLock::new(|| {
    let sequences = r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]";
    let characters = r"[\x00-\x08\x0b-\x1f\x7f-\u{9f}]";
    Regex::new(&format!("{sequences}|{characters}")).expect("the pattern is constant and tests use it")
});

/// What happens to the app's build, told through [`LocalHost::tell_build`](crate::LocalHost::tell_build).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Build {
    /// A build has begun; what served before keeps serving.
    Running,
    /// It failed, or what it made cannot be served; what served before keeps serving.
    Failed {
        /// What the compiler said, as it said it: escapes for terminals are taken out here, and of a long text the last
        /// 64 KiB are kept.
        what: String,
    },
    /// What was saved last is served now.
    Done,
}

/// What the console shows: the last failure stays until a build is done.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
pub(crate) struct Standing {
    running: bool,
    failure: Option<String>,
}

/// Keeps how the build stands, for pages that are opened later, and tells those that are open.
#[derive(Debug, Default)]
pub(crate) struct Builds(watch::Sender<Standing>);

impl Builds {
    pub(crate) fn tell(&self, build: Build) {
        self.0.send_modify(|standing| match build {
            Build::Running => standing.running = true,
            Build::Failed { what } => *standing = Standing { running: false, failure: Some(readable(&what)) },
            Build::Done => *standing = Standing::default(),
        });
    }

    /// How it stands now.
    pub(crate) fn standing(&self) -> Standing {
        self.0.borrow().clone()
    }

    /// Every change from now on.
    pub(crate) fn listen(&self) -> watch::Receiver<Standing> {
        self.0.subscribe()
    }
}

/// The end of a text without what only a terminal understands.
fn readable(text: &str) -> String {
    let text = UNPRINTED.replace_all(text, "");
    let text = text.trim_end();
    if text.len() <= KEPT {
        return text.to_owned();
    }
    let start = text.ceil_char_boundary(text.len() - KEPT);
    let end = &text[start..];
    let whole_lines = end.split_once('\n').map_or(end, |(_, rest)| rest);
    format!("{CUT}{whole_lines}")
}
