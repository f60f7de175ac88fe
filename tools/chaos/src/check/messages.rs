//! A message that came through a queue must have an effect, and a dead letter must be audited.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Evidence, Finding, effects::count};
use crate::{
    journal::{Call, Outcome},
    operations::payload,
    record::Letter,
    request::{FULFILMENT, INCOMING},
};

/// The operation whose messages can never be carried out.
const NONSENSE: &str = "nonsense";

/// Whether its queue took it.
fn is_taken(call: &Call) -> bool {
    matches!(call.outcome, Outcome::Answered { status: 202, .. })
        && [INCOMING, FULFILMENT].contains(&call.mode)
}

fn references(evidence: &Evidence) -> BTreeSet<&str> {
    evidence.record.orders.values().map(|kept| kept.row.reference.as_str()).collect()
}

/// A message that its queue took becomes an order or a dead letter that can still be replayed, in spite of all faults;
/// an invalid one becomes a dead letter.
pub(super) fn dropped_messages(evidence: &Evidence) -> Vec<Finding> {
    let kept = references(evidence);
    let letters = evidence.record.dead_letters.iter().filter(|letter| !letter.replayed);
    let mut dead: BTreeSet<(&str, &[u8])> = BTreeSet::new();
    let mut about: BTreeSet<&str> = BTreeSet::new();
    for letter in letters {
        dead.insert((&letter.queue, &letter.payload));
        // Its replay says the same in other bytes.
        about.extend(letter.readable());
    }
    let settled = |call: &Call| {
        let (order, bytes) = (call.sent["orderId"].as_str(), payload(&call.sent));
        // What is no JSON is kept as it came, Base64 included.
        let encoded = STANDARD.encode(&bytes);
        call.reference.as_deref().is_some_and(|reference| kept.contains(reference))
            || [&bytes, &encoded].iter().any(|text| dead.contains(&(call.mode, text.as_bytes())))
            || order.is_some_and(|order| about.contains(order))
    };
    let taken = evidence.entries.calls.iter().filter(|call| is_taken(call));
    let points_at_something = |call: &Call| call.mode == FULFILMENT && call.operation != NONSENSE;
    let lost = taken.filter(|call| !points_at_something(call) && !settled(call));
    lost.map(|call| (None, format!("nothing came of `{}`: {}", call.operation, call.sent))).collect()
}

/// However many messages have one id, one order comes of it.
pub(super) fn duplicate_orders(evidence: &Evidence) -> Vec<Finding> {
    let kept = references(evidence);
    let mut made: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for call in evidence.entries.calls.iter().filter(|call| is_taken(call)) {
        if let (Some(id), Some(reference)) = (call.sent["messageId"].as_str(), call.reference.as_deref())
            && kept.contains(reference)
        {
            made.entry(id).or_default().insert(reference);
        }
    }
    let twice = made.into_iter().filter(|(_, made)| made.len() > 1);
    twice.map(|(id, made)| (None, format!("of messages with the id {id} came {made:?}"))).collect()
}

/// A replay that was acknowledged is marked and was the only one.
pub(super) fn replay_errors(evidence: &Evidence) -> Vec<Finding> {
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    let acknowledged = evidence.entries.calls.iter().filter(|call| call.acknowledged().is_some());
    for letter in acknowledged.filter_map(|call| call.letter.as_deref()) {
        *told.entry(letter).or_default() += 1;
    }
    let letters: BTreeMap<&str, &Letter> =
        evidence.record.dead_letters.iter().map(|letter| (letter.id.as_str(), letter)).collect();
    let finding = |(id, times): (&str, usize)| {
        let letter = letters.get(id);
        let found = match letter {
            _ if times > 1 => format!("the replay of {id} was acknowledged {times} times"),
            None => format!("the replay of {id} was acknowledged; it is not kept"),
            Some(letter) if !letter.replayed => {
                format!("the replay of {id} was acknowledged; it was not replayed")
            }
            Some(_) => return None,
        };
        Some((letter.and_then(|letter| letter.order_id.clone()), found))
    };
    told.into_iter().filter_map(finding).collect()
}

/// Nothing fails or waits again without a dead letter that says why.
pub(super) fn wrong_dead_letters(evidence: &Evidence) -> Vec<Finding> {
    let mut about: BTreeMap<&str, Vec<&Letter>> = BTreeMap::new();
    for letter in &evidence.record.dead_letters {
        about.entry(letter.readable().unwrap_or_default()).or_default().push(letter);
    }
    let mut found = Vec::new();
    for (id, kept) in &evidence.record.orders {
        let letters = about.get(id.as_str()).map_or(&[][..], Vec::as_slice);
        let number = |wanted: fn(&Letter) -> bool| letters.iter().filter(|letter| wanted(letter)).count();
        let (failed, again) = (count(kept, &["fail"]), count(kept, &["replay"]));
        let (poison, replayed) =
            (number(|letter| letter.reason == "poison"), number(|letter| letter.replayed));
        let fault = if failed > poison {
            format!("failed {failed} times, given up {poison} times")
        } else if again > replayed {
            format!("queued again {again} times, letters about it replayed: {replayed}")
        } else if number(|letter| letter.reason == "unknown-order") > 0 {
            "a dead letter says that there is no such order".to_owned()
        } else {
            continue;
        };
        found.push((Some(id.clone()), fault));
    }
    found
}
