//! Text that was written for a terminal, for a page.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

/// Colours, links and other escapes of terminals, and every control character but tabs and line feeds.
static CONTROL_SEQUENCES: LazyLock<Regex> = LazyLock::new(|| {
    let sequences = r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]";
    let characters = r"[\x00-\x08\x0b-\x1f\x7f-\u{9f}]";
    Regex::new(&format!("{sequences}|{characters}")).expect("the pattern is constant and tests use it")
});

/// The text without what only a terminal understands.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    CONTROL_SEQUENCES.replace_all(text, "")
}
