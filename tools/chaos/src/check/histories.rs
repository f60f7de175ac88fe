//! Checks that everything stored was sent by a client, and that each history is a valid sequence of steps.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Evidence, Finding};
use crate::{
    journal::Call,
    record::{HistoryRow, StoredOrder},
};

/// Every step that an order can take (`docs/reference/api.md#order-status`): action, from, to.
const STEPS: [(&str, Option<&str>, &str); 8] = [
    ("place", None, "placed"),
    ("update", Some("placed"), "placed"),
    ("cancel", Some("placed"), "cancelled"),
    ("process", Some("placed"), "queued"),
    ("fulfil", Some("queued"), "fulfilled"),
    ("reject", Some("queued"), "rejected"),
    ("fail", Some("queued"), "failed"),
    ("replay", Some("failed"), "queued"),
];

/// Microseconds for which a request key is known: `docs/reference/api.md#idempotency-key`.
const DAY: i64 = 24 * 3600 * 1_000_000;

pub(super) fn unsent_orders(evidence: &Evidence) -> Vec<Finding> {
    let mut sent: BTreeMap<&str, &Call> = BTreeMap::new();
    for call in &evidence.entries.calls {
        if let Some(reference) = &call.reference {
            sent.insert(reference, call);
        }
    }
    let mut made: BTreeMap<&str, Vec<&StoredOrder>> = BTreeMap::new();
    let mut found = Vec::new();
    for (id, kept) in &evidence.record.orders {
        let reference = kept.row.reference.as_str();
        let fault = match sent.get(reference) {
            None => Some(format!("the reference {reference} was not sent")),
            Some(call) if evidence.users.get(call.person) != Some(&kept.row.owner_object) => {
                Some(format!("{} sent it; it belongs to {}", call.person, kept.row.owner_object))
            }
            Some(call) => contents_differ(call, kept, evidence),
        };
        found.extend(fault.map(|fault| (Some(id.clone()), fault)));
        made.entry(reference).or_default().push(kept);
    }
    found.extend(made.into_values().flat_map(|orders| duplicate_orders(orders, evidence)));
    found
}

/// Orders of one request. A request key is forgotten after a day. A worker does not count what its clock jumped ahead
/// while it ran; one that was started under a wrong clock does not know. So the second order may be there if it was placed
/// a day after the first, or after a purge.
fn duplicate_orders(mut orders: Vec<&StoredOrder>, evidence: &Evidence) -> Vec<Finding> {
    orders.sort_unstable_by_key(|kept| kept.row.created_at);
    let mut found = Vec::new();
    for pair in orders.windows(2) {
        let (first, second) = (&pair[0].row, &pair[1].row);
        let sent = |call: &&Call| call.reference.as_ref() == Some(&first.reference);
        let calls: Vec<&Call> = evidence.entries.calls.iter().filter(sent).collect();
        let began = calls.iter().map(|call| call.began).min().unwrap_or_default();
        let forgotten_at = first.created_at + DAY;
        let purged =
            evidence.entries.purges.iter().any(|purge| purge.at >= began && purge.clock >= forgotten_at);
        let named = calls.iter().all(|call| call.operation == "place once");
        if !named || !(second.created_at >= forgotten_at || purged) {
            let what = format!("{} has the same reference {}", first.id, first.reference);
            found.push((Some(second.id.clone()), what));
        }
    }
    found
}

/// How the order differs from every body that could have made it what it is.
fn contents_differ(placed: &Call, kept: &StoredOrder, evidence: &Evidence) -> Option<String> {
    let lines = |value: &Value| -> Vec<(Value, Value)> {
        let lines = value["lines"].as_array().into_iter().flatten();
        lines.map(|line| (line["sku"].clone(), line["quantity"].clone())).collect()
    };
    let content = kept.content();
    let made = |call: &Call| lines(&call.sent) == lines(&content) && call.sent["note"] == content["note"];
    let updated = || {
        let order = Some(kept.row.id.as_str());
        let mut calls = evidence.entries.calls.iter();
        calls.any(|call| call.operation == "update" && call.order.as_deref() == order && made(call))
    };
    let sent = if kept.content_since() == 1 { made(placed) } else { updated() };
    let same = sent && placed.sent["currency"] == content["currency"];
    (!same).then(|| format!("{content} was not sent; it was placed with {}", placed.sent))
}

pub(super) fn invalid_histories(evidence: &Evidence) -> Vec<Finding> {
    let finding = |(id, kept): (&String, &StoredOrder)| {
        invalid_step(kept).map(|invalid_step| (Some(id.clone()), invalid_step))
    };
    evidence.record.orders.iter().filter_map(finding).collect()
}

/// The first place where a history is no path, or does not lead to where the order stands.
fn invalid_step(kept: &StoredOrder) -> Option<String> {
    let mut status: Option<&str> = None;
    for (version, item) in (1..).zip(&kept.history) {
        if item.version != version {
            return Some(format!("version {version} is missing; after it comes {}", item.version));
        }
        if item.from_status.as_deref() != status || !is_a_step(item) {
            return Some(format!(
                "version {version} is `{}` from {:?} to `{}`, and the order was {status:?}",
                item.action, item.from_status, item.to_status
            ));
        }
        status = Some(&item.to_status);
    }
    let last = kept.history.last().map_or(0, |item| item.version);
    let row = &kept.row;
    (last != row.version || status != Some(&row.status)).then(|| {
        format!(
            "the order is `{}` in version {}; its history ends {status:?} in {last}",
            row.status, row.version
        )
    })
}

fn is_a_step(item: &HistoryRow) -> bool {
    STEPS.contains(&(item.action.as_str(), item.from_status.as_deref(), item.to_status.as_str()))
}
