//! The ids of what a round adds, and the messages with them.

use serde_json::json;

/// The order of a call of `ProcessOrder`.
pub(super) fn placed(round: u32, number: u32) -> String {
    format!("01979000-{round:04x}-7000-9000-{number:012x}")
}

/// The order that a message is about.
pub(super) fn queued(round: u32, number: u32) -> String {
    format!("01979000-{round:04x}-7000-a000-{number:012x}")
}

/// The id of that message.
pub(super) fn message_id(round: u32, number: u32) -> String {
    format!("01979001-{round:04x}-7000-8000-{number:012x}")
}

/// What `ProcessOrder` sends for an order.
pub(super) fn message(round: u32, number: u32) -> String {
    let message = json!({
        "version": 1,
        "messageId": message_id(round, number),
        "orderId": queued(round, number),
        "traceparent": null,
    });
    message.to_string()
}
