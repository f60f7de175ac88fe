//! What stands in an output that fails for a while.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tracing::Level;

use super::*;
use crate::telemetry::{importance::Importance, queue::CAPACITY};

/// A disk with room for this many bytes.
#[derive(Clone, Default)]
struct Disk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    room: usize,
    bytes: Vec<u8>,
    failures: usize,
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.0.lock().unwrap();
        let bytes = &bytes[..bytes.len().min(state.room - state.bytes.len())];
        if bytes.is_empty() {
            state.failures += 1;
            return Err(ErrorKind::StorageFull.into());
        }
        state.bytes.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Disk {
    fn fails_again(&self) {
        let before = self.0.lock().unwrap().failures;
        while self.0.lock().unwrap().failures < before + 2 {
            thread::sleep(FULL_RETRY_DELAY);
        }
    }
}

/// A line of more than a thousand bytes.
fn line() -> String {
    format!("{}\n", json!({ "text": "x".repeat(1000) }))
}

/// Adds more lines than there is room for; gives how many.
fn overfill(queue: &Queue) -> u64 {
    let count = CAPACITY / 500;
    (0..count).for_each(|_| queue.add(Level::INFO, Importance::Ordinary, line().as_bytes()));
    count as u64
}

#[test]
fn after_a_failed_write_one_count_precedes_the_next_line() {
    let (queue, disk) = (Arc::<Queue>::default(), Disk::default());
    disk.0.lock().unwrap().room = 500;
    let writer = thread::spawn({
        let (queue, disk) = (Arc::clone(&queue), disk.clone());
        move || write_lines(&queue, disk, Clock)
    });
    let mut added = 1;
    queue.add(Level::INFO, Importance::Ordinary, line().as_bytes());
    disk.fails_again();
    for _ in 0..3 {
        added += overfill(&queue);
        disk.fails_again();
    }
    disk.0.lock().unwrap().room = usize::MAX;
    queue.close();
    writer.join().unwrap();
    let text = String::from_utf8(disk.0.lock().unwrap().bytes.clone()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let is_count = |line: &&Value| line["event"] == "log-lines-dropped";
    assert_eq!(lines.iter().position(|line| is_count(&line)), Some(1), "the torn line is completed first");
    let counts: Vec<_> =
        lines.iter().filter(is_count).map(|line| line["dropped_info"].as_u64().unwrap()).collect();
    assert_eq!((counts.len(), counts.iter().sum::<u64>() + lines.len() as u64 - 1), (1, added));
}

#[test]
fn a_failing_output_does_not_block_shutdown() {
    let queue = Queue::default();
    queue.add(Level::INFO, Importance::Audit, b"line\n");
    queue.close();
    write_lines(&queue, Disk::default(), Clock);
}
