//! The last lines of worker and host.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::level::Level;

/// Lines that are remembered.
const MAX_LINES: usize = 1000;
/// Bytes of all of them together.
const MAX_BYTES: usize = 1024 * 1024;

/// Who wrote a line.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogSource {
    Worker,
    Host,
}

/// A line of the log.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LogLine {
    /// Its number since the start, from 1 on.
    pub(crate) number: u64,
    /// When the host got it.
    pub(super) time: DateTime<Utc>,
    pub(super) source: LogSource,
    pub(super) stderr: bool,
    /// The level that the line names; none where it names none.
    pub(super) level: Option<Level>,
    /// The number of the call that it is about.
    pub(super) call: Option<u64>,
    pub(super) line: String,
}

/// The last lines, no more than fit into a megabyte.
#[derive(Debug, Default)]
pub(super) struct LogRing {
    last: u64,
    bytes: usize,
    lines: VecDeque<LogLine>,
}

impl LogRing {
    /// Adds a line under the next number, which is returned; the oldest ones make room for it.
    pub(super) fn add(&mut self, line: LogLine) -> u64 {
        self.last += 1;
        self.bytes += line.line.len();
        self.lines.push_back(LogLine { number: self.last, ..line });
        while self.lines.len() > MAX_LINES || self.bytes > MAX_BYTES {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.line.len();
        }
        self.last
    }

    /// The remembered lines from a number on.
    pub(super) fn from(&self, number: u64) -> impl Iterator<Item = &LogLine> {
        let start = self.lines.partition_point(|line| line.number < number);
        self.lines.range(start..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> LogLine {
        LogLine {
            number: 0,
            time: DateTime::UNIX_EPOCH,
            source: LogSource::Worker,
            stderr: false,
            level: None,
            call: None,
            line: text.to_owned(),
        }
    }

    #[test]
    fn lines_are_bounded_in_number_and_bytes() {
        let mut log = LogRing::default();
        for _ in 0..=MAX_LINES {
            log.add(line("short"));
        }
        assert_eq!(log.from(0).map(|line| line.number).next(), Some(2));
        assert_eq!(log.from(0).count(), MAX_LINES);
        let quarter = "x".repeat(MAX_BYTES / 4);
        for _ in 0..6 {
            log.add(line(&quarter));
        }
        assert_eq!(log.from(0).count(), 4);
        assert_eq!(log.from(MAX_LINES as u64 + 7).map(|line| line.number).collect::<Vec<_>>(), [1007]);
    }
}
