//! The payloads of both queues.

use orders_worker::{
    orders::{FulfilmentMessage, IncomingOrder, Reason, message::MAX_PAYLOAD_BYTES},
    validation,
};
use serde_json::json;

use super::{order, path};

pub(super) const WORDS: &[&str] = &[
    "version",
    "messageId",
    "orderId",
    "traceparent",
    "owner",
    "tenantId",
    "objectId",
    "reference",
    "currency",
    "lines",
    "note",
    "sku",
    "quantity",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "0197a3c5-7b1e-7c3a-9f00-0123456789ab",
    "EUR",
    "BEANS",
];

/// Each reader takes the input; a message that parses must print, and parse again to an equal one.
pub(super) fn run(input: &[u8]) -> u64 {
    path((fulfilment(input), incoming(input)))
}

fn fulfilment(input: &[u8]) -> u64 {
    match FulfilmentMessage::decode(input) {
        Ok(message) => {
            let printed = message.encode();
            assert!(printed.len() <= MAX_PAYLOAD_BYTES && input.len() <= MAX_PAYLOAD_BYTES);
            assert_eq!(FulfilmentMessage::decode(&printed), Ok(message.clone()));
            assert!(validation::parse_incoming_order(input).is_err(), "no message is one of both queues");
            path(message.traceparent.is_some())
        }
        Err(fault) => {
            assert!(matches!(fault.reason(), Reason::Malformed | Reason::Invalid));
            path(std::mem::discriminant(&fault))
        }
    }
}

fn incoming(input: &[u8]) -> u64 {
    match validation::parse_incoming_order(input) {
        Ok(message) => {
            let again =
                validation::parse_incoming_order(printed(&message).as_bytes()).expect("what was read prints");
            assert_eq!(again.content_digest(), message.content_digest());
            assert_eq!(IncomingOrder { payload_digest: message.payload_digest.clone(), ..again }, message);
            path(message.draft.lines.len().min(3))
        }
        Err(invalid) => {
            let reason = invalid.reason;
            assert!(matches!(reason, Reason::Malformed | Reason::Invalid));
            if let Some(id) = invalid.message_id {
                let said: serde_json::Value = serde_json::from_slice(input).expect("an id that was read");
                let said = said["messageId"].as_str().expect("is a text");
                assert_eq!(said.to_ascii_lowercase(), id.to_string());
            }
            path((reason.as_str(), invalid.message_id.is_some()))
        }
    }
}

fn printed(message: &IncomingOrder) -> String {
    let mut printed = order::printed(&message.draft);
    printed["version"] = 1.into();
    printed["messageId"] = json!(message.message_id);
    printed["owner"] = json!({"tenantId": message.owner.tenant, "objectId": message.owner.object});
    printed.to_string()
}
