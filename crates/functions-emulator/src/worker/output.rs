//! The lines that the worker prints.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncRead, BufReader};

use crate::{event::Event, events::Events};

/// Bytes of a line that are kept; the rest of a longer one is dropped.
pub(crate) const MAX_LINE_BYTES: usize = 16 * 1024;

/// Lines that an error message repeats, as on the platform.
const MAX_LINES: usize = 3;

/// The last lines of one process, from stdout as long as stderr is empty; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct StderrTail(Arc<Mutex<Lines>>);

#[derive(Debug, Default)]
struct Lines {
    lines: VecDeque<String>,
    on_stderr: bool,
}

impl StderrTail {
    fn add(&self, line: &str, stderr: bool) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.on_stderr && !stderr {
            return;
        }
        if stderr && !known.on_stderr {
            *known = Lines { lines: VecDeque::new(), on_stderr: true };
        }
        if known.lines.len() == MAX_LINES {
            known.lines.pop_front();
        }
        known.lines.push_back(line.to_owned());
    }

    /// The text `how`, followed by the last lines if there are any.
    pub(super) fn append_to(&self, how: &str) -> String {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<&str> = known.lines.make_contiguous().iter().map(String::as_str).collect();
        if lines.is_empty() {
            how.to_owned()
        } else {
            format!("{how}; last lines on stderr: {}", lines.join(" | "))
        }
    }
}

/// Publishes every line of one stream as an event until the stream ends.
pub(super) async fn forward(
    stream: impl AsyncRead + Unpin,
    stderr: bool,
    events: Events,
    stderr_tail: StderrTail,
) {
    let mut reader = BufReader::new(stream);
    while let Ok(Some(line)) = next_line(&mut reader).await {
        stderr_tail.add(&line, stderr);
        events.publish(Event::Output { stderr, line });
    }
}

/// The next line without its end, at most [`MAX_LINE_BYTES`] of it; none at the end of the stream.
async fn next_line(reader: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    let mut any = false;
    loop {
        let read = reader.fill_buf().await?;
        if read.is_empty() {
            return Ok(any.then(|| text(&line)));
        }
        any = true;
        let end = read.iter().position(|byte| *byte == b'\n');
        let part = &read[..end.unwrap_or(read.len())];
        line.extend_from_slice(&part[..part.len().min(MAX_LINE_BYTES - line.len())]);
        let used = end.map_or(read.len(), |end| end + 1);
        reader.consume(used);
        if end.is_some() {
            return Ok(Some(text(&line)));
        }
    }
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned()
}
