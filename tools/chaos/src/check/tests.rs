//! Each promise is shown a run that keeps it and a run that breaks it.

mod letters;

use serde_json::{Value, json};

use std::collections::BTreeMap;

use super::*;
use crate::{journal::JournalEntries, log_listener::LogCounts, record::Record};
use crate::{
    journal::{Call, FaultRecord, Outcome, Purge, SlowRecovery},
    record::{HistoryRow, Message, OrderRow, StoredOrder},
};

const ID: &str = "order-1";

fn body(status: &str, version: i64) -> Value {
    json!({
        "id": ID, "reference": "PO-1", "status": status, "currency": "EUR", "lines": [], "total": 0,
        "note": null, "version": version,
    })
}

fn call(operation: &'static str, at: u64, status: u16, body: Value) -> Call {
    Call {
        began: at,
        ended: at + 1,
        operation,
        expected: &[200, 201, 202],
        mode: "proxy",
        person: "buyer",
        reference: (operation == "place").then(|| "PO-1".to_owned()),
        order: Some(ID.to_owned()),
        letter: None,
        sent: if operation == "place" { body.clone() } else { Value::Null },
        outcome: Outcome::Answered { status, body },
    }
}

fn step(version: i64, action: &str, from: Option<&str>, to: &str) -> HistoryRow {
    HistoryRow {
        version,
        action: action.to_owned(),
        from_status: from.map(str::to_owned),
        to_status: to.to_owned(),
        ..HistoryRow::default()
    }
}

/// An order that was placed, processed, fulfilled and read.
fn good() -> Evidence {
    let history = vec![
        step(1, "place", None, "placed"),
        step(2, "process", Some("placed"), "queued"),
        step(3, "fulfil", Some("queued"), "fulfilled"),
    ];
    let row = OrderRow {
        id: ID.to_owned(),
        owner_object: "object-1".to_owned(),
        reference: "PO-1".to_owned(),
        status: "fulfilled".to_owned(),
        currency: "EUR".to_owned(),
        version: 3,
        ..OrderRow::default()
    };
    let message = Message { id: "message-1".to_owned(), order: Some(ID.to_owned()), sent: 1, open: false };
    let calls = vec![
        call("place", 10, 201, body("placed", 1)),
        call("process", 20, 202, body("queued", 2)),
        call("read", 30, 200, body("fulfilled", 3)),
    ];
    let faults = vec![FaultRecord { kill: true, at: 15, fault: "kill".to_owned() }];
    Evidence {
        entries: JournalEntries { calls, faults, ..JournalEntries::default() },
        record: Record {
            orders: BTreeMap::from([(ID.to_owned(), StoredOrder { row, lines: Vec::new(), history })]),
            outbox: vec![message],
            dead_letters: Vec::new(),
        },
        log: LogCounts { calls: BTreeMap::from([(ID.to_owned(), 1)]), ..LogCounts::default() },
        users: BTreeMap::from([("buyer".to_owned(), "object-1".to_owned())]),
        unrest: None,
    }
}

/// The promises that are broken once the good run was altered.
fn broken(alter: impl FnOnce(&mut Evidence)) -> Vec<&'static str> {
    let mut evidence = good();
    alter(&mut evidence);
    let mut names: Vec<_> = evidence.violations().into_iter().map(|broken| broken.invariant).collect();
    names.dedup();
    names
}

/// A message that its queue took.
fn message(operation: &'static str, queue: &'static str, sent: Value, reference: Option<&str>) -> Call {
    let reference = reference.map(str::to_owned);
    Call { mode: queue, reference, order: None, sent, ..call(operation, 40, 202, Value::Null) }
}

fn kept(evidence: &mut Evidence) -> &mut StoredOrder {
    evidence.record.orders.get_mut(ID).expect("the good run keeps it")
}

#[test]
fn a_correct_run_has_no_violations() {
    assert_eq!(good().violations(), []);
}

#[test]
fn failed_and_unanswered_requests_are_no_violations() {
    let found = broken(|run| {
        run.entries.calls.push(call("read", 40, 503, Value::Null));
        let silent = Outcome::Broken("connection closed".to_owned());
        run.entries.calls.push(Call { outcome: silent, ..call("read", 41, 0, Value::Null) });
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn slow_recovery_from_a_silent_database_is_detected() {
    let found = broken(|run| run.entries.slow_recovery.push(SlowRecovery { at: 50, mode: "proxy" }));
    assert_eq!(found, [invariant::RECOVERED]);
}

#[test]
fn an_unexpected_response_is_detected() {
    let found = broken(|run| run.entries.calls.push(call("read", 40, 404, Value::Null)));
    assert_eq!(found, ["every answer is one that its operation allows"]);
}

#[test]
fn a_lost_order_is_detected() {
    let found = broken(|run| {
        run.record.orders.clear();
        run.record.outbox.clear();
        run.log.calls.clear();
    });
    assert_eq!(found, ["an acknowledged order is kept"]);
}

#[test]
fn a_dropped_message_is_detected() {
    let found = broken(|run| {
        run.entries.calls.push(message("ingest", "orders-incoming", json!({}), Some("PO-2")));
    });
    assert_eq!(found, ["a message becomes an order or a dead letter"]);
}

#[test]
fn a_contradicting_history_is_detected() {
    let told = |items: Value| {
        broken(|run| run.entries.calls.push(call("history", 40, 200, json!({"items": items, "next": null}))))
    };
    let item = |action: &str, from: Value, to: &str| json!({"action": action, "from": from, "to": to, "invocationId": ""});
    let place = item("place", Value::Null, "placed");
    assert_eq!(told(json!([item("process", json!("placed"), "queued"), place])), [""; 0]);
    let other = told(json!([item("cancel", json!("placed"), "cancelled"), place]));
    assert_eq!(other, ["a history that was told stays as it is"]);
}

#[test]
fn a_replayed_request_with_the_first_response_is_valid() {
    let again = call("place", 40, 201, body("placed", 1));
    assert_eq!(broken(|run| run.entries.calls.push(again)), [""; 0]);
}

#[test]
fn an_acknowledged_change_without_history_is_detected() {
    let found = broken(|run| run.entries.calls.push(call("read", 40, 200, body("cancelled", 4))));
    assert_eq!(found, ["an acknowledged change is history"]);
}

#[test]
fn an_altered_body_is_detected() {
    let found = broken(|run| kept(run).row.note = Some("another".to_owned()));
    assert_eq!(found, ["an acknowledged body stays as it is", "every order was sent, by its owner and once"]);
}

#[test]
fn two_bodies_of_one_version_are_detected() {
    let found = broken(|run| {
        let mut other = body("fulfilled", 3);
        other["updatedAt"] = json!("another time");
        run.entries.calls.push(call("read", 40, 200, other));
    });
    assert_eq!(found, ["one version has one body"]);
}

#[test]
fn a_stale_read_is_detected() {
    let back = |began| {
        let late = Call { began, ended: 50, ..call("read", 0, 200, body("queued", 2)) };
        broken(|run| run.entries.calls.push(late))
    };
    assert_eq!(back(40), ["no answer goes back behind an earlier one"]);
    assert_eq!(back(30), [""; 0]);
}

#[test]
fn foreign_and_duplicate_orders_are_detected() {
    let unsent = "every order was sent, by its owner and once";
    assert_eq!(broken(|run| kept(run).row.owner_object = "object-2".to_owned()), [unsent]);
    let found = broken(|run| {
        let mut twin = kept(run).clone();
        twin.row.status = "placed".to_owned();
        twin.row.version = 1;
        twin.history.truncate(1);
        run.record.orders.insert("order-2".to_owned(), twin);
    });
    assert_eq!(found, [unsent]);
}

#[test]
fn a_second_order_under_one_key_is_detected() {
    const DAY: i64 = 86_400_000_000;
    let second = |operation: &'static str, later: i64, purge: Option<Purge>| {
        broken(|run| {
            run.entries.calls[0].operation = operation;
            run.entries.purges.extend(purge);
            let mut twin = kept(run).clone();
            (twin.row.id, twin.row.status, twin.row.version) = ("order-2".to_owned(), "placed".to_owned(), 1);
            twin.row.created_at = later;
            twin.history.truncate(1);
            run.record.orders.insert("order-2".to_owned(), twin);
        })
    };
    let unsent = [invariant::ONE_ORDER];
    assert_eq!(second("place once", DAY - 1, None), unsent);
    assert_eq!(second("place once", DAY, None), [""; 0]);
    assert_eq!(second("place", DAY, None), unsent);
    let purge = |at, clock| Some(Purge { at, clock });
    assert_eq!(second("place once", 5, purge(10, DAY)), [""; 0]);
    assert_eq!(second("place once", 5, purge(10, DAY - 1)), unsent);
    assert_eq!(second("place once", 5, purge(9, DAY)), unsent, "the request was not yet sent");
}

#[test]
fn an_invalid_history_is_detected() {
    let astray = "every history is a path of the state machine";
    let gap = broken(|run| {
        kept(run).history[2].version = 4;
        kept(run).row.version = 4;
        run.entries.calls.pop();
    });
    assert_eq!(gap, [astray]);
    assert_eq!(broken(|run| kept(run).history[1].from_status = None), [astray]);
    assert_eq!(broken(|run| kept(run).row.status = "failed".to_owned()), [astray]);
}

#[test]
fn a_repeated_effect_is_detected() {
    let found = broken(|run| {
        kept(run).history.push(step(4, "fulfil", Some("queued"), "fulfilled"));
        kept(run).row.version = 4;
    });
    assert_eq!(found, ["every history is a path of the state machine", "one effect for one queueing"]);
}

#[test]
fn a_stuck_order_is_detected() {
    let found = broken(|run| {
        kept(run).history.pop();
        kept(run).row.status = "queued".to_owned();
        kept(run).row.version = 2;
        run.record.outbox.clear();
        run.entries.calls.pop();
    });
    assert_eq!(found, ["a queued order ends once faults stop", "one closed outbox row for one queueing"]);
    let restless = broken(|run| run.unrest = Some("1 message is open".to_owned()));
    assert_eq!(restless, ["the app comes to rest once faults stop"]);
}

#[test]
fn open_and_dangling_outbox_rows_are_detected() {
    let settled = "one closed outbox row for one queueing";
    assert_eq!(broken(|run| run.record.outbox[0].open = true), [settled]);
    assert_eq!(broken(|run| run.record.outbox[0].order = None), [settled]);
}

#[test]
fn a_decision_without_a_backend_request_is_detected() {
    let unasked = "the backend was asked for what was fulfilled";
    assert_eq!(broken(|run| run.log.calls.clear()), [unasked]);
    let deaf = broken(|run| {
        run.log.calls.clear();
        run.log.missed = 1;
    });
    assert_eq!(deaf, [""; 0]);
    let strange = broken(|run| {
        run.log.calls.insert("order-9".to_owned(), 1);
    });
    assert_eq!(strange, [unasked]);
}

#[test]
fn the_trace_of_an_order_is_complete() {
    let order_trace = crate::order_trace::of(ID, &good());
    for part in [
        "place by buyer",
        "-- kill",
        "2: process, placed -> queued",
        "outbox: message message-1",
        "called 1 times",
    ] {
        assert!(order_trace.contains(part), "{part}\n{order_trace}");
    }
}
