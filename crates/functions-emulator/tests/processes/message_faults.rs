//! What can happen to messages, for tests of workers.

use std::time::Duration;

use functions_emulator::{
    clock::Clock,
    queues::{MemoryQueues, MessageFault, QueueCounts, QueueError},
};

use crate::app::{noon, within};

const LEASE: Duration = Duration::from_mins(10);

fn queues() -> MemoryQueues {
    MemoryQueues::with_clock(Clock::stopped_at(noon()))
}

fn received(queues: &MemoryQueues) -> Vec<String> {
    queues.receive("jobs", 32, LEASE).into_iter().map(|message| message.text).collect()
}

#[test]
fn a_duplicated_message_arrives_twice() {
    let queues = queues();
    queues.inject("Jobs", MessageFault::Duplicated);
    queues.put("jobs", "one".to_owned()).unwrap();
    queues.put("jobs", "two".to_owned()).unwrap();
    let messages = queues.receive("jobs", 32, LEASE);
    assert_eq!(
        messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(),
        ["one", "one", "two"]
    );
    assert_ne!(messages[0].id, messages[1].id);
    for message in messages {
        queues.delete("jobs", message.id, &message.pop_receipt).unwrap();
    }
}

#[test]
fn a_late_message_is_overtaken() {
    let queues = queues();
    queues.inject("jobs", MessageFault::Delayed(Duration::from_secs(3)));
    queues.put("jobs", "late".to_owned()).unwrap();
    queues.put("jobs", "next".to_owned()).unwrap();
    assert_eq!(received(&queues), ["next"]);
    queues.clock().advance(Duration::from_secs(3));
    assert_eq!(received(&queues), ["late"]);
}

#[test]
fn a_lost_message_is_lost_although_its_sender_goes_on() {
    let queues = queues();
    queues.inject("jobs", MessageFault::Lost);
    assert!(queues.put("jobs", "one".to_owned()).is_ok());
    queues.put("jobs", "two".to_owned()).unwrap();
    assert_eq!(received(&queues), ["two"]);
}

#[test]
fn an_expired_lease_lets_the_next_receiver_settle() {
    let queues = queues();
    queues.put("jobs", "one".to_owned()).unwrap();
    queues.inject("jobs", MessageFault::LeaseExpired);
    let first = queues.receive("jobs", 1, LEASE).remove(0);
    let second = queues.receive("jobs", 1, LEASE).remove(0);
    assert_eq!((first.id, second.dequeue_count), (second.id, 2));
    assert!(matches!(
        queues.delete("jobs", first.id, &first.pop_receipt),
        Err(QueueError::PopReceiptMismatch)
    ));
    queues.delete("jobs", second.id, &second.pop_receipt).unwrap();
}

#[test]
fn a_poisoned_message_exceeds_the_dequeue_limit() {
    let queues = queues();
    queues.put("jobs", "one".to_owned()).unwrap();
    queues.put("jobs", "two".to_owned()).unwrap();
    queues.inject("jobs", MessageFault::Poisoned);
    let messages = queues.receive("jobs", 2, LEASE);
    let most = i32::MAX.unsigned_abs();
    assert_eq!(messages.iter().map(|message| message.dequeue_count).collect::<Vec<_>>(), [most, 1]);
    queues.update("jobs", messages[0].id, &messages[0].pop_receipt, Duration::ZERO).unwrap();
    assert_eq!(
        queues.receive("jobs", 1, LEASE)[0].dequeue_count,
        most + 1,
        "it can be received all the same"
    );
}

#[test]
fn faults_of_other_queues_change_nothing() {
    let queues = queues();
    queues.inject("others", MessageFault::Lost);
    queues.put("jobs", "one".to_owned()).unwrap();
    queues.inject("jobs", MessageFault::Lost);
    queues.clear_faults();
    queues.put("jobs", "two".to_owned()).unwrap();
    assert_eq!(received(&queues), ["one", "two"]);
}

#[tokio::test]
async fn unavailable_queues_keep_their_messages() {
    let queues = queues();
    queues.put("jobs", "one".to_owned()).unwrap();
    let held = queues.receive("jobs", 1, LEASE).remove(0);
    queues.put("jobs", "two".to_owned()).unwrap();
    queues.set_unavailable(true);
    assert!(matches!(queues.put("jobs", "three".to_owned()), Err(QueueError::Unavailable)));
    assert!(matches!(queues.delete("jobs", held.id, &held.pop_receipt), Err(QueueError::Unavailable)));
    assert!(matches!(queues.update("jobs", held.id, &held.pop_receipt, LEASE), Err(QueueError::Unavailable)));
    assert!(received(&queues).is_empty());
    assert_eq!(queues.counts("jobs"), QueueCounts { visible: 1, hidden: 1 });
    let other = queues.clone();
    let waiting = tokio::spawn(async move { other.wait_until(|queues| !received(queues).is_empty()).await });
    queues.set_unavailable(false);
    within(waiting).await.unwrap();
    queues.delete("jobs", held.id, &held.pop_receipt).unwrap();
}
