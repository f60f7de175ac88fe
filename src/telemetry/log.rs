//! The log of a process, from its first line to its last.

use std::{
    convert::Infallible,
    fs::File,
    io,
    os::fd::AsFd,
    panic,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use serde_json::Value;

use super::{
    AlreadyStarted, Filter, TelemetryLayer, event::CANNOT_SERVE, importance::Importance, line::kind_line,
    panics::log_panic, queue::Queue, subscriber, writer,
};
use crate::clock::Clock;

/// How long the end of a process waits for the reader of its log.
pub(crate) const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

/// Log lines on their way to stdout. A separate thread writes them, so a reader who pauses, a closed pipe and a full
/// disk stop nothing else: lines wait in a bounded queue, and those that find no room are counted.
///
/// Dropping it writes what waits, for at most one second.
#[derive(Debug)]
pub struct Log {
    queue: Arc<Queue>,
    clock: Clock,
    writer_ended: mpsc::Receiver<Infallible>,
}

impl Log {
    /// Starts the thread.
    ///
    /// # Errors
    /// When there is no thread or no file descriptor for it.
    pub fn start(clock: Clock) -> io::Result<Self> {
        // Without the buffer of the standard library, so that a failed write reports which bytes were written.
        let stdout = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let queue = Arc::<Queue>::default();
        let (ended, writer_ended) = mpsc::channel();
        let lines = Arc::clone(&queue);
        thread::Builder::new().name("log".to_owned()).spawn(move || {
            writer::write_lines(&lines, stdout, clock);
            drop(ended);
        })?;
        Ok(Self { queue, clock, writer_ended })
    }

    /// From now on every event that passes the filter is one JSON object in a line of stdout, and every panic too.
    ///
    /// Fields: `timestamp` (RFC 3339, UTC, microseconds), `level`, `message`, the fields of the spans around the
    /// event, `event`, its own fields; of two fields with one name the inner one holds, but for the first two. A panic
    /// names its place in the source and not its message, which may quote what a caller sent.
    ///
    /// `exporter` hears of invocations, statements and calls, with any filter.
    ///
    /// # Errors
    /// When the events of this process already have a log.
    pub fn install(&self, filter: Filter, exporter: Option<TelemetryLayer>) -> Result<(), AlreadyStarted> {
        let queue = Arc::clone(&self.queue);
        let output = move |level, importance, line: &[u8]| queue.add(level, importance, line);
        tracing::subscriber::set_global_default(subscriber(filter, self.clock, output, exporter))
            .map_err(AlreadyStarted)?;
        panic::set_hook(Box::new(log_panic));
        Ok(())
    }

    /// Adds the line with the reason why the process ends, with any filter.
    pub(crate) fn cannot_serve(&self, error: &str, remedy: &str) {
        let line = cannot_serve(self.clock, error, remedy);
        self.queue.add(CANNOT_SERVE.level, Importance::Ordinary, &line);
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.queue.close();
        // Either the thread has ended or nothing reads its lines.
        let _ended = self.writer_ended.recv_timeout(FLUSH_TIMEOUT);
    }
}

/// The line with the reason why the process ends.
pub(crate) fn cannot_serve(clock: Clock, error: &str, remedy: &str) -> Vec<u8> {
    kind_line(clock.now(), &CANNOT_SERVE, [error, remedy].map(Value::from))
}
