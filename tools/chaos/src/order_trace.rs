//! All that is known of one order, as lines to read.

use super::{
    check::Evidence,
    journal::{Call, Outcome},
};

/// Faults that belong to a call: those that struck this many microseconds before it, during it or after it.
const BEFORE: u64 = 20_000;
const AFTER: u64 = 200_000;

/// Calls, faults beside them, history and messages of an order, in the sequence of time.
pub(super) fn of(order: &str, evidence: &Evidence) -> String {
    let calls: Vec<&Call> = calls(order, evidence).collect();
    let beside = |at: u64| {
        calls.iter().any(|call| (call.began.saturating_sub(BEFORE)..=call.ended + AFTER).contains(&at))
    };
    let faults = evidence.entries.faults.iter().filter(|fault| beside(fault.at));
    let mut lines: Vec<(u64, String)> =
        faults.map(|fault| (fault.at, format!("-- {}", fault.fault))).collect();
    lines.extend(calls.iter().map(|call| (call.began, line(call))));
    lines.sort();
    let mut order_trace: Vec<String> =
        lines.into_iter().map(|(at, line)| format!("  {:>9.3} s  {line}", seconds(at))).collect();
    order_trace.extend(kept(order, evidence));
    order_trace.join("\n")
}

/// By id; also the call that placed it and was never answered.
fn calls<'a>(order: &'a str, evidence: &'a Evidence) -> impl Iterator<Item = &'a Call> {
    let reference = evidence.record.orders.get(order).map(|kept| kept.row.reference.as_str());
    evidence.entries.calls.iter().filter(move |call| {
        call.order.as_deref() == Some(order)
            || call.acknowledged().is_some_and(|letter| letter["orderId"] == order)
            || (reference.is_some() && call.reference.as_deref() == reference)
    })
}

fn line(call: &Call) -> String {
    let outcome = match &call.outcome {
        Outcome::Broken(why) => format!("no answer: {why}"),
        Outcome::Answered { status, body } => match (body.get("status"), body.get("version")) {
            (Some(state), Some(version)) => format!("{status}, {state} in version {version}"),
            _ => format!("{status} {}", body.to_string().chars().take(120).collect::<String>()),
        },
    };
    let took = seconds(call.ended - call.began);
    format!("{} by {} through {} ({took:.3} s): {outcome}", call.operation, call.person, call.mode)
}

fn kept(order: &str, evidence: &Evidence) -> Vec<String> {
    let mut lines = Vec::new();
    match evidence.record.orders.get(order) {
        None => lines.push("  kept: no such order".to_owned()),
        Some(kept) => {
            lines.push(format!("  kept: `{}` in version {}", kept.row.status, kept.row.version));
            lines.extend(kept.history.iter().map(|item| {
                let from = item.from_status.as_deref().unwrap_or("nothing");
                let (version, action, to) = (item.version, &item.action, &item.to_status);
                format!("    {version}: {action}, {from} -> {to}, invocation {}", item.invocation_id)
            }));
        }
    }
    let messages = evidence.record.outbox.iter().filter(|message| message.order.as_deref() == Some(order));
    lines.extend(messages.map(|message| {
        let state = if message.open { "open" } else { "closed" };
        format!("  outbox: message {}, sent {} times, {state}", message.id, message.sent)
    }));
    let letters = evidence.record.dead_letters.iter();
    lines.extend(letters.filter(|letter| letter.order_id.as_deref() == Some(order)).map(|letter| {
        let replayed = if letter.replayed { ", replayed" } else { "" };
        format!("  dead letter: {}, {}{replayed}", letter.id, letter.reason)
    }));
    let calls = evidence.log.calls.get(order).copied().unwrap_or_default();
    lines.push(format!("  backend: called {calls} times"));
    lines
}

#[expect(clippy::cast_precision_loss, reason = "a run lasts minutes, not centuries")]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}
