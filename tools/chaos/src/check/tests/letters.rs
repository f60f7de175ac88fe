//! Messages and dead letters.

use serde_json::{Value, json};

use super::{ID, broken, call, kept, message, step};
use crate::{
    check::invariant,
    journal::Call,
    record::{Letter, Message},
};

const DROPPED: &str = "a message becomes an order or a dead letter";
const REPLAYED: &str = "a dead letter is replayed once";
const SAYS_WHY: &str = "a dead letter says why";

fn letter(queue: &str, payload: &str, reason: &str) -> Letter {
    Letter {
        id: "letter-1".to_owned(),
        queue: queue.to_owned(),
        order_id: None,
        reason: reason.to_owned(),
        payload: payload.as_bytes().to_vec(),
        replayed: false,
    }
}

/// About the order of the good run.
fn about_it(reason: &str) -> Letter {
    Letter { order_id: Some(ID.to_owned()), ..letter("orders-fulfilment", "its message", reason) }
}

fn replay(status: u16) -> Call {
    let body = json!({"id": "letter-1", "orderId": null});
    Call { letter: Some("letter-1".to_owned()), order: None, ..call("replay", 40, status, body) }
}

#[test]
fn nonsense_without_a_dead_letter_is_detected() {
    let sent = || message("nonsense", "orders-incoming", json!("{no JSON"), None);
    assert_eq!(broken(|run| run.entries.calls.push(sent())), [DROPPED]);
    let kept = |replayed: bool, queue: &str, payload: &str| {
        broken(|run| {
            run.entries.calls.push(sent());
            let letter = Letter { replayed, ..letter(queue, payload, "malformed") };
            run.record.dead_letters.push(letter);
            let row = Message { id: "letter-1".to_owned(), order: None, sent: 1, open: false };
            run.record.outbox.extend(replayed.then_some(row));
        })
    };
    assert_eq!(kept(false, "orders-incoming", "{no JSON"), [""; 0]);
    assert_eq!(kept(true, "orders-incoming", "{no JSON"), [DROPPED]);
    assert_eq!(kept(false, "orders-fulfilment", "{no JSON"), [DROPPED]);
    assert_eq!(kept(false, "orders-incoming", "other"), [DROPPED]);
}

#[test]
fn a_replayed_unknown_order_may_be_dead_lettered() {
    let found = broken(|run| {
        let sent = json!({"version": 1, "messageId": "one", "orderId": "order-9"});
        run.entries.calls.push(message("nonsense", "orders-fulfilment", sent, None));
        let again = letter("orders-fulfilment", "other bytes", "unknown-order");
        run.record.dead_letters.push(Letter { order_id: Some("order-9".to_owned()), ..again });
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn two_orders_of_one_message_id_are_detected() {
    let sent = |reference| message("ingest", "orders-incoming", json!({"messageId": "one"}), Some(reference));
    let found = broken(|run| {
        let mut other = kept(run).clone();
        other.row.id = "order-2".to_owned();
        other.row.reference = "PO-2".to_owned();
        run.record.orders.insert("order-2".to_owned(), other);
        run.entries.calls.extend([sent("PO-1"), sent("PO-2")]);
    });
    assert!(found.contains(&"one order for one message id"), "{found:?}");
}

#[test]
fn a_lost_or_repeated_replay_is_detected() {
    let replayed = |calls: &[u16], replayed: bool| {
        broken(|run| {
            run.entries
                .calls
                .extend(calls.iter().map(|status| Call { expected: &[202, 409], ..replay(*status) }));
            let letter = Letter { replayed, ..letter("orders-incoming", "x", "malformed") };
            run.record.dead_letters.push(letter);
            let row = Message { id: "letter-1".to_owned(), order: None, sent: 1, open: false };
            run.record.outbox.extend(replayed.then_some(row));
        })
    };
    assert_eq!(replayed(&[202, 409], true), [""; 0]);
    assert_eq!(replayed(&[503], true), [""; 0], "its answer was lost");
    assert_eq!(replayed(&[202, 202], true), [REPLAYED]);
    assert_eq!(replayed(&[202], false), [REPLAYED]);
}

#[test]
fn a_replay_without_exactly_one_message_is_detected() {
    let rows = |count: usize| {
        broken(|run| {
            let letter = Letter { replayed: true, ..letter("orders-incoming", "x", "malformed") };
            run.record.dead_letters.push(letter);
            let row = Message { id: "letter-1".to_owned(), order: None, sent: 1, open: false };
            run.record.outbox.extend(vec![row; count]);
        })
    };
    assert_eq!(rows(0), [invariant::ONE_ROW]);
    assert_eq!(rows(1), [""; 0]);
    assert_eq!(rows(2), [invariant::ONE_ROW]);
}

#[test]
fn an_unreadable_replay_is_matched_by_its_dead_letter() {
    let found = broken(|run| {
        let letter =
            Letter { replayed: true, ..letter("orders-fulfilment", "of a newer version", "invalid") };
        run.record.dead_letters.push(letter);
        let row = Message { id: "letter-1".to_owned(), order: Some(ID.to_owned()), sent: 1, open: false };
        run.record.outbox.push(row);
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_failed_and_requeued_order_has_a_dead_letter() {
    let found = |letters: Vec<Letter>| {
        broken(|run| {
            let order = kept(run);
            order.history.truncate(2);
            order.history.push(step(3, "fail", Some("queued"), "failed"));
            order.history.push(step(4, "replay", Some("failed"), "queued"));
            order.history.push(step(5, "fulfil", Some("queued"), "fulfilled"));
            order.row.version = 5;
            run.entries.calls.pop();
            let replayed = letters.iter().filter(|letter| letter.replayed).count();
            let row =
                Message { id: "message-2".to_owned(), order: Some(ID.to_owned()), sent: 1, open: false };
            run.record.outbox.extend(vec![row; replayed]);
            run.record.dead_letters = letters;
        })
    };
    assert_eq!(found(vec![Letter { replayed: true, ..about_it("poison") }]), [""; 0]);
    assert_eq!(found(vec![about_it("poison")]), [SAYS_WHY]);
    assert_eq!(found(vec![Letter { replayed: true, ..about_it("reused") }]), [SAYS_WHY]);
    assert_eq!(found(Vec::new()), [SAYS_WHY]);
}

#[test]
fn a_dead_letter_contradicting_an_order_is_detected() {
    assert_eq!(broken(|run| run.record.dead_letters.push(about_it("unknown-order"))), [SAYS_WHY]);
    assert_eq!(broken(|run| run.record.dead_letters.push(about_it("poison"))), [""; 0], "it was late");
}

#[test]
fn payload_bytes_are_text_or_json() {
    use crate::operations::payload;
    assert_eq!(payload(&Value::from("a\"b")), "a\"b");
    assert_eq!(payload(&json!({"a": 1})), r#"{"a":1}"#);
}
