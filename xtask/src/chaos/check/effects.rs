//! What was begun must have ended, once.

use std::collections::BTreeMap;

use super::{Evidence, Finding};
use crate::chaos::record::{Kept, Message};

/// Actions that put an order into the queue.
const QUEUEING: [&str; 2] = ["process", "replay"];

/// Actions that end its wait there.
const EFFECTS: [&str; 3] = ["fulfil", "reject", "fail"];

fn count(kept: &Kept, actions: &[&str]) -> usize {
    kept.history.iter().filter(|item| actions.contains(&item.action.as_str())).count()
}

pub(super) fn restless(evidence: &Evidence) -> Vec<Finding> {
    evidence.unrest.iter().map(|unrest| (None, unrest.clone())).collect()
}

pub(super) fn waiting(evidence: &Evidence) -> Vec<Finding> {
    let waiting = evidence.record.orders.iter().filter(|(_, kept)| kept.row.status == "queued");
    waiting.map(|(id, _)| (Some(id.clone()), "it is still queued".to_owned())).collect()
}

pub(super) fn repeated(evidence: &Evidence) -> Vec<Finding> {
    let finding = |(id, kept): (&String, &Kept)| {
        let (queued, ended) = (count(kept, &QUEUEING), count(kept, &EFFECTS));
        (ended > queued).then(|| (Some(id.clone()), format!("queued {queued} times, ended {ended} times")))
    };
    evidence.record.orders.iter().filter_map(finding).collect()
}

pub(super) fn unsettled(evidence: &Evidence) -> Vec<Finding> {
    let mut messages: BTreeMap<&str, Vec<&Message>> = BTreeMap::new();
    for message in &evidence.record.outbox {
        messages.entry(message.order.as_deref().unwrap_or_default()).or_default().push(message);
    }
    let mut found = Vec::new();
    for (id, kept) in &evidence.record.orders {
        let messages = messages.remove(id.as_str()).unwrap_or_default();
        let queued = count(kept, &QUEUEING);
        if messages.len() != queued {
            found.push((Some(id.clone()), format!("queued {queued} times, outbox rows: {}", messages.len())));
        }
        for message in messages.iter().filter(|message| message.open) {
            let what = format!("message {}, sent {} times, is still open", message.id, message.sent);
            found.push((Some(id.clone()), what));
        }
    }
    let stray = messages.into_values().flatten();
    found.extend(stray.map(|message| (None, format!("message {} points at no order", message.id))));
    found
}

pub(super) fn unasked(evidence: &Evidence) -> Vec<Finding> {
    let calls = &evidence.heard.calls;
    let finding = |(id, kept): (&String, &Kept)| {
        let (queued, decided) = (count(kept, &QUEUEING), count(kept, &["fulfil", "reject"]));
        let found = match calls.get(id) {
            Some(calls) if queued == 0 => format!("never queued, and the backend was called {calls} times"),
            None if decided > 0 && evidence.heard.missed == 0 => "decided without the backend".to_owned(),
            _ => return None,
        };
        Some((Some(id.clone()), found))
    };
    let unknown = calls.keys().filter(|id| !evidence.record.orders.contains_key(*id));
    let unknown = unknown.map(|id| (Some(id.clone()), "the backend was called; no such order".to_owned()));
    evidence.record.orders.iter().filter_map(finding).chain(unknown).collect()
}

pub(super) fn dead(evidence: &Evidence) -> Vec<Finding> {
    let letters = evidence.record.dead_letters.iter();
    letters
        .filter_map(|letter| {
            let order = letter.order_id.as_ref()?;
            let failed = evidence.record.orders.get(order).is_some_and(|kept| count(kept, &["fail"]) > 0);
            let found = format!("dead letter {} ({}), and the order never failed", letter.id, letter.reason);
            (!failed).then(|| (Some(order.clone()), found))
        })
        .collect()
}
