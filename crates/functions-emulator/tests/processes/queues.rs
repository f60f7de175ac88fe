//! Storage queues in memory.

use std::time::Duration;

use functions_emulator::{
    clock::Clock,
    queues::{MAX_MESSAGE_BYTES, MemoryQueues, QueueCounts, QueueError},
};

use crate::app::{noon, within};

const LEASE: Duration = Duration::from_mins(10);

fn queues() -> MemoryQueues {
    MemoryQueues::with_clock(Clock::stopped_at(noon()))
}

#[test]
fn a_received_message_is_hidden_until_its_lease_runs_out() {
    let queues = queues();
    let id = queues.put("jobs", "one".to_owned()).unwrap();
    let first = queues.receive("jobs", 32, LEASE).remove(0);
    assert_eq!((first.id, first.dequeue_count, first.text.as_str()), (id, 1, "one"));
    queues.clock().advance(Duration::from_secs(599));
    assert!(queues.receive("jobs", 32, LEASE).is_empty());
    queues.clock().advance(Duration::from_secs(1));
    let second = queues.receive("jobs", 32, LEASE).remove(0);
    assert_eq!((second.id, second.dequeue_count), (id, 2));
    assert_ne!(second.pop_receipt, first.pop_receipt);
}

#[test]
fn an_old_pop_receipt_is_refused() {
    let queues = queues();
    let id = queues.put("jobs", "one".to_owned()).unwrap();
    let first = queues.receive("jobs", 1, LEASE).remove(0);
    let renewed = queues.update("jobs", id, &first.pop_receipt, LEASE).unwrap();
    let late = queues.delete("jobs", id, &first.pop_receipt);
    assert!(matches!(late, Err(QueueError::PopReceiptMismatch)), "{late:?}");
    let again = queues.update("jobs", id, &first.pop_receipt, Duration::ZERO);
    assert!(matches!(again, Err(QueueError::PopReceiptMismatch)), "{again:?}");
    queues.delete("jobs", id, &renewed.pop_receipt).unwrap();
    let gone = queues.delete("jobs", id, &renewed.pop_receipt);
    assert!(matches!(gone, Err(QueueError::MessageNotFound)), "{gone:?}");
}

#[test]
fn a_released_message_is_visible_at_once_and_keeps_its_count() {
    let queues = queues();
    let id = queues.put("jobs", "one".to_owned()).unwrap();
    let first = queues.receive("jobs", 1, LEASE).remove(0);
    queues.update("jobs", id, &first.pop_receipt, Duration::ZERO).unwrap();
    assert_eq!(queues.receive("jobs", 1, LEASE).remove(0).dequeue_count, 2);
}

#[test]
fn a_delayed_message_shows_itself_later() {
    let queues = queues();
    queues.put_delayed("jobs", "late".to_owned(), Duration::from_secs(30), None).unwrap();
    assert!(queues.receive("jobs", 1, LEASE).is_empty());
    queues.clock().advance(Duration::from_secs(30));
    assert_eq!(queues.receive("jobs", 1, LEASE).len(), 1);
}

#[test]
fn a_message_goes_after_seven_days_unless_it_was_put_for_ever() {
    let queues = queues();
    queues.put("jobs", "week".to_owned()).unwrap();
    queues.put_delayed("jobs", "ever".to_owned(), Duration::ZERO, None).unwrap();
    queues.put_delayed("jobs", "hour".to_owned(), Duration::ZERO, Some(Duration::from_hours(1))).unwrap();
    queues.clock().advance(Duration::from_hours(1));
    assert_eq!(queues.counts("jobs").visible, 2);
    queues.clock().advance(Duration::from_hours(7 * 24));
    let left = queues.peek("jobs");
    assert_eq!(left.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["ever"]);
    assert_eq!(left[0].expires_at.to_rfc3339(), "9999-12-31T23:59:59+00:00");
}

#[test]
fn a_text_above_64_kib_is_refused() {
    let queues = queues();
    assert!(queues.put("jobs", "x".repeat(MAX_MESSAGE_BYTES)).is_ok());
    let refused = queues.put("jobs", "x".repeat(MAX_MESSAGE_BYTES + 1));
    assert!(
        matches!(refused, Err(QueueError::TooLarge(size)) if size == MAX_MESSAGE_BYTES + 1),
        "{refused:?}"
    );
    assert_eq!(queues.counts("jobs"), QueueCounts { visible: 1, hidden: 0 });
}

#[test]
fn a_character_that_xml_does_not_carry_is_refused() {
    let queues = queues();
    for char in ['\0', '\u{8}', '\u{b}', '\u{1f}', '\u{fffe}', '\u{ffff}'] {
        let refused = queues.put("jobs", format!("a{char}b"));
        assert!(matches!(refused, Err(QueueError::InvalidCharacter(found)) if found == char), "{refused:?}");
    }
    queues.put("jobs", "\t\r\n \u{7f}\u{fffd}\u{10ffff}".to_owned()).unwrap();
    assert_eq!(queues.counts("jobs"), QueueCounts { visible: 1, hidden: 0 });
}

#[test]
fn names_ignore_case_and_a_look_changes_nothing() {
    let queues = queues();
    queues.put("Jobs", "one".to_owned()).unwrap();
    queues.put("JOBS", "two".to_owned()).unwrap();
    let _leased = queues.receive("jobs", 1, LEASE);
    let look = |queues: &MemoryQueues| {
        queues
            .peek("jobs")
            .into_iter()
            .map(|message| (message.text, message.dequeue_count))
            .collect::<Vec<_>>()
    };
    assert_eq!(look(&queues), [("one".to_owned(), 1), ("two".to_owned(), 0)]);
    assert_eq!(look(&queues), look(&queues));
    assert_eq!(queues.counts("jobs"), QueueCounts { visible: 1, hidden: 1 });
    assert_eq!(queues.names(), ["jobs"]);
    queues.purge("jobs");
    assert_eq!(queues.counts("jobs"), QueueCounts::default());
}

#[tokio::test]
async fn a_change_wakes_those_that_wait_for_it() {
    let queues = queues();
    let other = queues.clone();
    let waiting =
        tokio::spawn(async move { other.wait_until(|queues| queues.counts("jobs").visible == 2).await });
    queues.put("jobs", "one".to_owned()).unwrap();
    queues.put("jobs", "two".to_owned()).unwrap();
    within(waiting).await.unwrap();
}
