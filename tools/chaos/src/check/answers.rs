//! Checks that every answer was true when it was sent and is consistent with the stored data.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Evidence, Finding};
use crate::{
    journal::{Call, Outcome},
    record::HistoryRow,
};

/// What the host and the worker answer while a dependency is unavailable.
const TROUBLE: [u16; 4] = [500, 502, 503, 504];

/// Members of an order's answer that the caller decided.
const CONTENT: [&str; 5] = ["reference", "currency", "note", "lines", "total"];

pub(super) fn unexpected_responses(evidence: &Evidence) -> Vec<Finding> {
    let finding = |call: &Call| match &call.outcome {
        Outcome::Answered { status, body }
            if !call.expected.contains(status) && !TROUBLE.contains(status) =>
        {
            let body = body.to_string().chars().take(200).collect::<String>();
            Some((call.order.clone(), format!("`{}` was answered {status}: {body}", call.operation)))
        }
        _ => None,
    };
    evidence.entries.calls.iter().filter_map(finding).collect()
}

pub(super) fn lost_orders(evidence: &Evidence) -> Vec<Finding> {
    let mut found = BTreeMap::new();
    for (call, (id, ..)) in answered(evidence) {
        if !evidence.record.orders.contains_key(id) {
            found
                .entry(id)
                .or_insert_with(|| format!("`{}` acknowledged it; it is not kept", call.operation));
        }
    }
    found.into_iter().map(|(id, what)| (Some(id.to_owned()), what)).collect()
}

/// An order history in an answer must be the beginning of the stored one.
pub(super) fn contradicting_histories(evidence: &Evidence) -> Vec<Finding> {
    let finding = |call: &Call| {
        let body =
            call.acknowledged().filter(|body| call.operation == "history" && body["next"].is_null())?;
        let items = body.get("items")?.as_array()?;
        let kept = evidence.record.orders.get(call.order.as_deref()?)?;
        let same = |(item, kept): (&Value, &HistoryRow)| {
            item["action"] == kept.action.as_str()
                && item["from"].as_str() == kept.from_status.as_deref()
                && item["to"] == kept.to_status.as_str()
                && item["invocationId"] == kept.invocation_id.as_str()
        };
        let fits = items.len() <= kept.history.len() && items.iter().rev().zip(&kept.history).all(same);
        (!fits).then(|| (call.order.clone(), format!("answered was {}", Value::from(items.clone()))))
    };
    evidence.entries.calls.iter().filter_map(finding).collect()
}

pub(super) fn unrecorded_changes(evidence: &Evidence) -> Vec<Finding> {
    let finding = |(call, (id, version, body)): (&Call, (&str, i64, &Value))| {
        let kept = evidence.record.orders.get(id)?;
        let item = kept.history.iter().find(|item| item.version == version);
        let status = body.get("status").and_then(Value::as_str).unwrap_or_default();
        match item {
            Some(item) if item.to_status == status => None,
            item => {
                let history =
                    item.map_or("no such version".to_owned(), |item| format!("`{}`", item.to_status));
                let operation = call.operation;
                let found = format!("`{operation}` answered version {version}, `{status}`; kept: {history}");
                Some((Some(id.to_owned()), found))
            }
        }
    };
    answered(evidence).filter_map(finding).collect()
}

pub(super) fn altered_bodies(evidence: &Evidence) -> Vec<Finding> {
    let finding = |(call, (id, version, body)): (&Call, (&str, i64, &Value))| {
        let kept = evidence.record.orders.get(id)?;
        let content = kept.content();
        let differs = CONTENT.into_iter().find(|name| body.get(name) != content.get(name))?;
        (version >= kept.content_since()).then(|| {
            let found = format!(
                "`{}` answered {differs} {}; kept: {}",
                call.operation, body[differs], content[differs]
            );
            (Some(id.to_owned()), found)
        })
    };
    answered(evidence).filter_map(finding).collect()
}

pub(super) fn ambiguous_versions(evidence: &Evidence) -> Vec<Finding> {
    let mut bodies: BTreeMap<(&str, i64), Value> = BTreeMap::new();
    let mut found = Vec::new();
    for (call, (id, version, body)) in answered(evidence) {
        let mut body = body.clone();
        if let Some(members) = body.as_object_mut() {
            // A caller who reads another's order sees whose it is; the rest is the same for all.
            members.remove("createdBy");
        }
        let first = bodies.entry((id, version)).or_insert_with(|| body.clone());
        if *first != body {
            let what = format!("version {version} was {first}, and to `{}` it was {body}", call.operation);
            found.push((Some(id.to_owned()), what));
        }
    }
    found
}

/// A call that begins after an answer has arrived sees at least the state in that answer; but a repeated placing gets
/// the first answer again.
pub(super) fn stale_reads(evidence: &Evidence) -> Vec<Finding> {
    let mut orders: BTreeMap<&str, Vec<(u64, u64, i64)>> = BTreeMap::new();
    let told_now = answered(evidence).filter(|(call, _)| !call.operation.starts_with("place"));
    for (call, (id, version, _)) in told_now {
        orders.entry(id).or_default().push((call.began, call.ended, version));
    }
    let finding = |(id, mut answers): (&str, Vec<(u64, u64, i64)>)| {
        answers.sort_unstable_by_key(|(_, ended, _)| *ended);
        let late = answers.iter().enumerate().find_map(|(at, (began, _, version))| {
            let told = answers[..at].iter().filter(|(_, ended, _)| ended < began);
            let highest = told.map(|(.., version)| *version).max()?;
            (highest > *version).then_some((highest, *version))
        });
        late.map(|(told, then)| {
            (Some(id.to_owned()), format!("version {told} had been answered before version {then}"))
        })
    };
    orders.into_iter().filter_map(finding).collect()
}

fn answered(evidence: &Evidence) -> impl Iterator<Item = (&Call, (&str, i64, &Value))> {
    evidence.entries.calls.iter().filter_map(|call| Some((call, call.answered_order()?)))
}
