//! Messages that ask for an order to be placed: the form of a new order, under the same rules as over HTTP.

use uuid::Uuid;
use validator::Validate;

use super::{
    fields::Fields,
    forms::{OrderForm, parse_form},
};
use crate::{
    orders::{Digest, IncomingOrder, Owner, Reason, message::MAX_PAYLOAD_BYTES, money::RangeError},
    problem::{FieldCode, Problem},
};

/// The one version of these messages.
const VERSION: RangeError = RangeError { min: 1, max: 1 };

/// A message that can never be carried out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InvalidMessage {
    /// Why.
    pub reason: Reason,
    /// The message's id, if it can be read.
    pub message_id: Option<Uuid>,
}

/// Reads a message of the queue `orders-incoming` (`docs/reference/api.md#orders-incoming`), strictly.
///
/// # Errors
/// [`InvalidMessage`]; the same bytes fail again, so the fault is permanent.
pub fn parse_incoming_order(payload: &[u8]) -> Result<IncomingOrder, InvalidMessage> {
    let mut message_id = None;
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(InvalidMessage { reason: Reason::Malformed, message_id });
    }
    let read = parse_form(payload, |fields| {
        let known = fields.integer("version", VERSION).is_none_or(|version| version == VERSION.min);
        if !known {
            fields.add_error::<()>("version", FieldCode::Range, VERSION);
        }
        message_id = fields.uuid("messageId");
        let owner = fields.object("owner", owner).flatten();
        let form = OrderForm::read(fields);
        let draft = form.draft();
        let whole = || {
            let (message_id, owner, draft) = (message_id?, owner?, draft?);
            Some(IncomingOrder { message_id, owner, draft, payload_digest: Digest::of(payload) })
        };
        (whole(), form.validate())
    });
    read.map_err(|problem| {
        let is_invalid = matches!(problem, Problem::InvalidFields(_));
        let reason = if is_invalid { Reason::Invalid } else { Reason::Malformed };
        InvalidMessage { reason, message_id }
    })
}

fn owner(fields: &mut Fields<'_>) -> Option<Owner> {
    let (tenant, object) = (fields.uuid("tenantId"), fields.uuid("objectId"));
    Some(Owner { tenant: tenant?, object: object? })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const MESSAGE: &str = "0197a3c5-7b1e-7c3a-9f00-0123456789ab";

    fn message() -> Value {
        json!({
            "version": 1,
            "messageId": MESSAGE,
            "owner": {"tenantId": Uuid::from_u128(1), "objectId": Uuid::from_u128(2)},
            "reference": "PO-17",
            "currency": "EUR",
            "lines": [{"sku": "BEANS", "quantity": 2}],
            "note": null,
        })
    }

    fn read(message: &Value) -> Result<IncomingOrder, InvalidMessage> {
        parse_incoming_order(message.to_string().as_bytes())
    }

    #[test]
    fn the_documented_message_is_read() {
        let read = read(&message()).unwrap();
        assert_eq!(read.message_id.to_string(), MESSAGE);
        assert_eq!(read.owner, Owner { tenant: Uuid::from_u128(1), object: Uuid::from_u128(2) });
        assert_eq!((read.draft.reference.as_str(), read.draft.lines.len()), ("PO-17", 1));
    }

    #[test]
    fn another_json_spelling_has_the_same_content() {
        let (one, other) = (message().to_string(), serde_json::to_string_pretty(&message()).unwrap());
        let (one, other) =
            (parse_incoming_order(one.as_bytes()).unwrap(), parse_incoming_order(other.as_bytes()).unwrap());
        assert_eq!(one.content_digest(), other.content_digest());
        assert_ne!(one.payload_digest, other.payload_digest);
    }

    #[test]
    fn an_invalid_message_keeps_its_id() {
        for (member, value) in [
            ("version", json!(2)),
            ("version", json!("1")),
            ("version", json!(1.0)),
            ("owner", json!(null)),
            ("owner", json!({"tenantId": Uuid::from_u128(1)})),
            ("owner", json!({"tenantId": Uuid::from_u128(1), "objectId": "2"})),
            ("owner", json!({"tenantId": Uuid::nil(), "objectId": Uuid::nil(), "roles": ["OrderAdmin"]})),
            ("status", json!("fulfilled")),
            ("reference", json!("")),
            ("currency", json!("XXX")),
            ("lines", json!([])),
            ("lines", json!([{"sku": "BEANS", "quantity": 2, "unitPrice": 1}])),
            ("lines", json!([{"sku": "BEANS", "quantity": 1}, {"sku": "BEANS", "quantity": 2}])),
            ("note", json!(7)),
        ] {
            let mut message = message();
            message[member] = value.clone();
            let invalid = read(&message).unwrap_err();
            assert_eq!(invalid.reason, Reason::Invalid, "{member}: {value}");
            assert_eq!(invalid.message_id, Some(MESSAGE.parse().unwrap()), "{member}: {value}");
        }
        for id in [json!(null), json!("no-uuid"), json!(7)] {
            let mut message = message();
            message["messageId"] = id;
            assert_eq!(read(&message), Err(InvalidMessage { reason: Reason::Invalid, message_id: None }));
        }
    }

    #[test]
    fn invalid_json_or_too_long_is_malformed() {
        let twice = message().to_string().replacen('{', "{\"version\":1,", 1);
        let long = message().to_string() + &" ".repeat(MAX_PAYLOAD_BYTES);
        for payload in ["", "test", "{", "\u{feff}{}", &twice, &long, &"[".repeat(40)] {
            let reason = parse_incoming_order(payload.as_bytes()).map_err(|invalid| invalid.reason);
            assert_eq!(reason, Err(Reason::Malformed), "{}", &payload[..payload.len().min(40)]);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in proptest::prelude::any::<Vec<u8>>()) {
            let _ = parse_incoming_order(&bytes);
        }
    }
}
