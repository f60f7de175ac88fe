//! What a full queue keeps and what it counts.

use super::{Importance::*, *};

const LINE: &[u8] = &[b'x'; 99];

/// Adds lines until one is dropped; returns how many the queue holds.
fn fill(queue: &Queue, importance: Importance) -> u64 {
    (0..u64::MAX).find(|_| add(queue, importance, LINE) != DroppedLines::default()).unwrap()
}

/// Adds a line; gives what was dropped for it.
fn add(queue: &Queue, importance: Importance, line: &[u8]) -> DroppedLines {
    queue.add(Level::INFO, importance, line);
    queue.take_dropped()
}

/// Everything in the queue, chunk by chunk.
fn drain(queue: &Queue) -> Vec<Vec<u8>> {
    queue.close();
    let mut chunks = Vec::new();
    loop {
        let mut chunk = Vec::new();
        if queue.take(&mut chunk).is_none() {
            return chunks;
        }
        chunks.push(chunk);
    }
}

fn dropped(importance: Importance) -> DroppedLines {
    let mut dropped = DroppedLines::default();
    dropped.count(Level::INFO, importance);
    dropped
}

#[test]
fn audit_and_ordinary_lines_keep_their_order() {
    let queue = Queue::default();
    for (line, importance) in [("1\n", Ordinary), ("2\n", Audit), ("3\n", Audit), ("4\n", Ordinary)] {
        add(&queue, importance, line.as_bytes());
    }
    assert_eq!(drain(&queue), [b"1\n2\n3\n4\n"]);
}

#[test]
fn an_audit_line_displaces_the_newest_ordinary_line() {
    let queue = Queue::default();
    let kept = fill(&queue, Ordinary);
    let audit = [b'a'; 99];
    assert_eq!(add(&queue, Audit, &audit), dropped(Ordinary));
    assert_eq!(add(&queue, Ordinary, LINE), dropped(Ordinary));
    let bytes = drain(&queue).concat();
    assert_eq!(bytes.len() as u64, kept * 99);
    assert!(bytes.ends_with(&audit) && bytes.starts_with(LINE));
}

#[test]
fn a_queue_full_of_audit_lines_drops_new_lines() {
    let queue = Queue::default();
    fill(&queue, Ordinary);
    while add(&queue, Audit, LINE) != dropped(Audit) {}
    assert_eq!(add(&queue, Ordinary, LINE), dropped(Ordinary));
    assert_eq!(add(&queue, Audit, LINE), dropped(Audit));
    assert!(drain(&queue).concat().len() <= CAPACITY);
}

#[test]
fn an_oversized_line_is_dropped_alone() {
    let queue = Queue::default();
    add(&queue, Ordinary, LINE);
    assert_eq!(add(&queue, Audit, &vec![b'x'; CAPACITY]), dropped(Audit));
    assert_eq!(drain(&queue), [LINE]);
}

#[test]
fn chunks_contain_whole_lines() {
    let queue = Queue::default();
    let long = vec![b'y'; 2 * CHUNK];
    (0..200).for_each(|_| queue.add(Level::INFO, Ordinary, LINE));
    add(&queue, Ordinary, &long);
    let lengths: Vec<_> = drain(&queue).iter().map(Vec::len).collect();
    assert_eq!(lengths, [165 * 99, 35 * 99, 2 * CHUNK]);
}
