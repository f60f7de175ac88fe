//! Checks that every change that was begun has ended, exactly once.

use std::collections::{BTreeMap, BTreeSet};

use super::{Evidence, Finding};
use crate::{journal::SlowRecovery, record::StoredOrder};

/// Actions that put an order into the queue.
const QUEUEING: [&str; 2] = ["process", "replay"];

/// Actions that end an order's wait in the queue.
const EFFECTS: [&str; 3] = ["fulfil", "reject", "fail"];

pub(super) fn count(kept: &StoredOrder, actions: &[&str]) -> usize {
    kept.history.iter().filter(|item| actions.contains(&item.action.as_str())).count()
}

pub(super) fn never_idle(evidence: &Evidence) -> Vec<Finding> {
    evidence.unrest.iter().map(|unrest| (None, unrest.clone())).collect()
}

pub(super) fn slow_recoveries(evidence: &Evidence) -> Vec<Finding> {
    let finding = |slow_recovery: &SlowRecovery| {
        let SlowRecovery { at, mode } = slow_recovery;
        let seconds = at / 1_000_000;
        (
            None,
            format!("the worker behind {mode} did not serve {seconds} s after the run began, and was killed"),
        )
    };
    evidence.entries.slow_recovery.iter().map(finding).collect()
}

pub(super) fn stuck_orders(evidence: &Evidence) -> Vec<Finding> {
    let waiting = evidence.record.orders.iter().filter(|(_, kept)| kept.row.status == "queued");
    waiting.map(|(id, _)| (Some(id.clone()), "it is still queued".to_owned())).collect()
}

pub(super) fn repeated_effects(evidence: &Evidence) -> Vec<Finding> {
    let finding = |(id, kept): (&String, &StoredOrder)| {
        let (queued, ended) = (count(kept, &QUEUEING), count(kept, &EFFECTS));
        (ended > queued).then(|| (Some(id.clone()), format!("queued {queued} times, ended {ended} times")))
    };
    evidence.record.orders.iter().filter_map(finding).collect()
}

/// Each queueing, and each replay of a dead letter, has an outbox row, and each row is closed.
pub(super) fn open_outbox_rows(evidence: &Evidence) -> Vec<Finding> {
    let mut rows: BTreeMap<&str, i64> = BTreeMap::new();
    let mut found = Vec::new();
    let letters: BTreeSet<&str> =
        evidence.record.dead_letters.iter().map(|letter| letter.id.as_str()).collect();
    for row in &evidence.record.outbox {
        // A message that cannot be read leaves under the id of its dead letter.
        let order = row.order.as_deref().filter(|_| !letters.contains(row.id.as_str()));
        *rows.entry(order.unwrap_or(&row.id)).or_default() += 1;
        if row.open {
            let what = format!("message {}, sent {} times, is still open", row.id, row.sent);
            found.push((row.order.clone(), what));
        }
    }
    let mut expected: BTreeMap<&str, i64> = BTreeMap::new();
    for (id, kept) in &evidence.record.orders {
        expected.insert(id, i64::try_from(count(kept, &["process"])).unwrap_or_default());
    }
    for letter in evidence.record.dead_letters.iter().filter(|letter| letter.replayed) {
        *expected.entry(letter.readable().unwrap_or(&letter.id)).or_default() += 1;
    }
    for name in rows.keys().chain(expected.keys()).collect::<BTreeSet<_>>() {
        let count = |of: &BTreeMap<&str, i64>| of.get(name).copied().unwrap_or_default();
        let (rows, expected) = (count(&rows), count(&expected));
        if rows != expected {
            let order = evidence.record.orders.contains_key(*name).then(|| (*name).to_owned());
            found.push((order, format!("{name} was to be sent {expected} times, outbox rows: {rows}")));
        }
    }
    found
}

pub(super) fn unrequested_decisions(evidence: &Evidence) -> Vec<Finding> {
    let calls = &evidence.log.calls;
    let finding = |(id, kept): (&String, &StoredOrder)| {
        let (queued, decided) = (count(kept, &QUEUEING), count(kept, &["fulfil", "reject"]));
        let found = match calls.get(id) {
            Some(calls) if queued == 0 => format!("never queued, and the backend was called {calls} times"),
            None if decided > 0 && evidence.log.missed == 0 => "decided without the backend".to_owned(),
            _ => return None,
        };
        Some((Some(id.clone()), found))
    };
    let unknown = calls.keys().filter(|id| !evidence.record.orders.contains_key(*id));
    let unknown = unknown.map(|id| (Some(id.clone()), "the backend was called; no such order".to_owned()));
    evidence.record.orders.iter().filter_map(finding).chain(unknown).collect()
}
