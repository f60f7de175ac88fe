//! The thread that hands log lines to stdout, and waits for its reader in the place of everybody else.

use std::{
    io::{self, ErrorKind, Write},
    thread,
    time::Duration,
};

use chrono::{DateTime, Utc};

use super::{
    dropped_lines::DroppedLines,
    queue::{CHUNK, Queue},
};
use crate::clock::Clock;

#[cfg(test)]
mod tests;

/// How long the writer waits after a failed write: within this time after the disk has room or the pipe has a reader
/// again, writing continues.
const ERROR_RETRY_DELAY: Duration = Duration::from_millis(250);
/// The wait before a stdout that does not block and is full is tried again.
const FULL_RETRY_DELAY: Duration = Duration::from_millis(10);
/// How long the writer lets lines gather between two writes while few come, so that a call seldom has to wake it. What
/// gathers is lost when the process is killed.
const BATCH_DELAY: Duration = Duration::from_millis(2);

/// What is being written, and how much of it is.
#[derive(Default)]
struct Chunk {
    bytes: Vec<u8>,
    written: usize,
    count: Option<CountLine>,
}

/// A line of a chunk that reports how many were dropped.
struct CountLine {
    place: usize,
    length: usize,
    dropped: DroppedLines,
}

impl Chunk {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    /// Puts the count before the first line that is not written yet; one count includes another that still waits.
    fn insert_count(&mut self, mut dropped: DroppedLines, now: DateTime<Utc>) {
        let written = self.written;
        if let Some(count) = self.count.take_if(|count| written <= count.place) {
            self.bytes.drain(count.place..count.place + count.length);
            dropped += count.dropped;
        }
        if dropped.is_none() {
            return;
        }
        let is_torn = written > 0 && self.bytes[written - 1] != b'\n';
        let torn = self.rest().iter().position(|byte| *byte == b'\n').filter(|_| is_torn);
        let place = written + torn.map_or(0, |end| end + 1);
        let line = dropped.line(now);
        self.count = Some(CountLine { place, length: line.len(), dropped });
        self.bytes.splice(place..place, line);
    }
}

/// Writes lines until the queue is closed and empty, or closed and the output fails. A failed write is repeated from
/// the byte at which it stopped; meanwhile the queue fills and counts the dropped lines.
pub(super) fn write_lines(queue: &Queue, mut output: impl Write, clock: Clock) {
    let mut chunk = Chunk::default();
    loop {
        chunk = Chunk { bytes: chunk.bytes, ..Chunk::default() };
        chunk.bytes.clear();
        let Some(dropped) = queue.take(&mut chunk.bytes) else { return };
        chunk.insert_count(dropped, clock.now());
        let is_quiet = chunk.bytes.len() < CHUNK / 2;
        while !chunk.rest().is_empty() {
            match write_some(&mut output, chunk.rest()) {
                Ok(bytes) => chunk.written += bytes,
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(FULL_RETRY_DELAY),
                Err(_) if queue.pause(ERROR_RETRY_DELAY) => {
                    chunk.insert_count(queue.take_dropped(), clock.now());
                }
                Err(_) => return,
            }
        }
        if is_quiet {
            thread::sleep(BATCH_DELAY);
        }
    }
}

/// Writes at least one byte.
fn write_some(output: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match output.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}
