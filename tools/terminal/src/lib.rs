//! The output of the project's commands while they work: colors on a terminal, and the progress of long work.

mod progress;

use std::io;

use anstream::{AutoStream, ColorChoice};

pub use self::progress::{Progress, format_duration};

/// Whether to color what goes to stdout: the rule that clap follows for its help.
///
/// `NO_COLOR` with any value turns colors off, `CLICOLOR_FORCE` on, `CLICOLOR=0` off. Without them a terminal gets
/// colors, and a pipe or a file does not.
#[must_use]
pub fn use_colors() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}
