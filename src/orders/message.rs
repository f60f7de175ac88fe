//! The messages between our functions. The row in the database is the truth; a message only points at it.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use azure_functions_handler::TraceContext;

use super::{OrderId, Reason, id};

/// The longest payload of a queue message, in bytes: `docs/reference/api.md#orders-incoming`.
pub const MAX_PAYLOAD_BYTES: usize = 48 * 1024;

/// Asks for an order to be fulfilled: a message of the queue `orders-fulfilment`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FulfilmentMessage {
    /// Names the message; the same however often it is sent.
    pub message_id: Uuid,
    /// The order.
    pub order_id: OrderId,
    /// The trace in which the order was queued.
    pub traceparent: Option<TraceContext>,
}

/// Why a payload is not a message. Holds nothing of the payload, so that it can be logged.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MessageError {
    /// Longer than [`MAX_PAYLOAD_BYTES`].
    #[error("the message must be at most {MAX_PAYLOAD_BYTES} bytes")]
    TooLong,
    /// Not JSON.
    #[error("the message must be a JSON object: line {line}, column {column} is wrong")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// JSON, but with fields of another name, number or type.
    #[error("the message has unknown, repeated, missing or mistyped fields")]
    Fields,
    /// The message has a version that this worker does not read.
    #[error("the version of the message must be 1")]
    Version,
    /// A field has an invalid value.
    #[error("the {0} of the message does not have its form")]
    Value(&'static str),
}

impl MessageError {
    /// The reason of its dead letter.
    #[must_use]
    pub const fn reason(self) -> Reason {
        match self {
            Self::TooLong | Self::Malformed { .. } => Reason::Malformed,
            Self::Fields | Self::Version | Self::Value(_) => Reason::Invalid,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WireMessage {
    version: u64,
    message_id: String,
    order_id: String,
    #[serde(default)]
    traceparent: Option<String>,
    #[serde(default)]
    tracestate: Option<String>,
}

impl FulfilmentMessage {
    /// A new message about an order that is queued at `at`. It leaves out the state of the trace: a worker from before
    /// [`decode`](Self::decode) knew it would refuse the field, and the message would become a dead letter.
    #[must_use]
    pub fn new(order_id: OrderId, traceparent: Option<TraceContext>, at: DateTime<Utc>) -> Self {
        let traceparent = traceparent.map(|trace| trace.with_state(None));
        Self { message_id: id::new_uuid(at), order_id, traceparent }
    }

    /// Decodes a payload. Unknown fields are an error.
    ///
    /// # Errors
    /// [`MessageError`]; the same bytes fail again, so the fault is permanent.
    pub fn decode(payload: &[u8]) -> Result<Self, MessageError> {
        if payload.len() > MAX_PAYLOAD_BYTES {
            return Err(MessageError::TooLong);
        }
        // A derived deserializer would accept an array of the fields in place of the object.
        if !payload.trim_ascii_start().starts_with(b"{") {
            return Err(MessageError::Malformed { line: 1, column: 1 });
        }
        let wire: WireMessage = serde_json::from_slice(payload).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => MessageError::Fields,
            _ => MessageError::Malformed { line: error.line(), column: error.column() },
        })?;
        if wire.version != 1 {
            return Err(MessageError::Version);
        }
        let trace: Option<TraceContext> = wire
            .traceparent
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| MessageError::Value("traceparent"))?;
        Ok(Self {
            message_id: id::parse_uuid(&wire.message_id).ok_or(MessageError::Value("messageId"))?,
            order_id: wire.order_id.parse().map_err(|_| MessageError::Value("orderId"))?,
            traceparent: trace.map(|trace| trace.with_state(wire.tracestate.as_deref())),
        })
    }

    /// The payload; [`decode`](Self::decode) reads it back.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut wire = json!({
            "version": 1,
            "messageId": self.message_id,
            "orderId": self.order_id,
            "traceparent": self.traceparent.as_ref().map(TraceContext::as_str),
        });
        if let Some(state) = self.traceparent.as_ref().and_then(TraceContext::state) {
            wire["tracestate"] = state.into();
        }
        to_queue_json(&wire).into_bytes()
    }
}

/// JSON for a queue. Two characters that JSON allows in a string cannot be part of a queue message, which travels as XML;
/// they are escaped.
fn to_queue_json(json: &Value) -> String {
    json.to_string().replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MESSAGE: &str = "0197a3c5-7b1e-7c3a-9f00-0123456789ab";
    const ORDER: &str = "0197a3c5-7b1e-7c3a-9f00-0123456789ac";
    const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn decode(json: &str) -> Result<FulfilmentMessage, MessageError> {
        let json = json.replace("$M", MESSAGE).replace("$O", ORDER).replace("$T", TRACE);
        FulfilmentMessage::decode(json.as_bytes())
    }

    #[test]
    fn the_documented_message_is_read() {
        let message = decode(r#"{"version":1,"messageId":"$M","orderId":"$O","traceparent":"$T"}"#).unwrap();
        assert_eq!(message.message_id.to_string(), MESSAGE);
        assert_eq!(message.order_id.to_string(), ORDER);
        assert_eq!(message.traceparent.unwrap().as_str(), TRACE);
    }

    #[test]
    fn a_trace_may_be_null_or_absent() {
        for json in [
            r#"{"version":1,"messageId":"$M","orderId":"$O","traceparent":null}"#,
            r#"{"version":1,"messageId":"$M","orderId":"$O"}"#,
        ] {
            assert_eq!(decode(json).unwrap().traceparent, None);
        }
    }

    #[test]
    fn a_new_message_has_the_bytes_that_every_worker_reads() {
        let recorded = br#"{"version":1,"messageId":"0197a3c5-7b1e-7c3a-9f00-0123456789ab","orderId":"0197a3c5-7b1e-7c3a-9f00-0123456789ac","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#;
        assert_eq!(FulfilmentMessage::decode(recorded).unwrap().encode(), recorded);
        let caller: TraceContext = TRACE.parse().unwrap();
        let order = ORDER.parse().unwrap();
        let new = |trace| FulfilmentMessage::new(order, Some(trace), DateTime::UNIX_EPOCH);
        let (plain, with_state) = (new(caller.clone()), new(caller.with_state(Some("vendor=value"))));
        let encoded = FulfilmentMessage { message_id: plain.message_id, ..with_state }.encode();
        assert_eq!(encoded, plain.encode(), "the state of a caller's trace stays behind");
    }

    #[test]
    fn the_state_of_a_trace_is_read_where_it_is() {
        let state = |member: &str| {
            let json = r#"{"version":1,"messageId":"$M","orderId":"$O","traceparent":"$T"$S}"#;
            let message = decode(&json.replace("$S", member)).unwrap();
            assert_eq!(FulfilmentMessage::decode(&message.encode()), Ok(message.clone()));
            message.traceparent.unwrap().state().map(str::to_owned)
        };
        assert_eq!(state(r#","tracestate":"vendor=value""#).as_deref(), Some("vendor=value"));
        for absent in ["", r#","tracestate":null"#, r#","tracestate":"nonsense""#] {
            assert_eq!(state(absent), None, "{absent}");
        }
        let alone = r#"{"version":1,"messageId":"$M","orderId":"$O","tracestate":"vendor=value"}"#;
        assert_eq!(decode(alone).unwrap().traceparent, None);
        let number = r#"{"version":1,"messageId":"$M","orderId":"$O","tracestate":7}"#;
        assert_eq!(decode(number), Err(MessageError::Fields));
    }

    #[test]
    fn non_objects_are_malformed() {
        for json in [
            "",
            " ",
            "null",
            "7",
            "{",
            "{\"version\":1,\"messageId\":\"$M\",\"orderId\":\"$O\"}x",
            r#"[1,"$M","$O",null]"#,
            "\u{feff}{}",
            "{\"version\":1,}",
        ] {
            assert_eq!(decode(json).map_err(MessageError::reason), Err(Reason::Malformed), "{json}");
        }
        assert_eq!(FulfilmentMessage::decode(b"{\"\xff\":1}").unwrap_err().reason(), Reason::Malformed);
        let long = format!(r#"{{"version":1,"messageId":"{MESSAGE}"{}"#, " ".repeat(MAX_PAYLOAD_BYTES));
        assert_eq!(decode(&long), Err(MessageError::TooLong));
    }

    #[test]
    fn other_fields_versions_and_values_are_invalid() {
        for (json, error) in [
            ("{}", MessageError::Fields),
            (r#"{"version":1,"messageId":"$M"}"#, MessageError::Fields),
            (r#"{"version":1,"messageId":"$M","orderId":"$O","total":0}"#, MessageError::Fields),
            (r#"{"version":1,"messageId":"$M","orderId":"$O","orderId":"$O"}"#, MessageError::Fields),
            (r#"{"version":"1","messageId":"$M","orderId":"$O"}"#, MessageError::Fields),
            (r#"{"version":1.0,"messageId":"$M","orderId":"$O"}"#, MessageError::Fields),
            (r#"{"version":1,"messageId":null,"orderId":"$O"}"#, MessageError::Fields),
            (r#"{"version":2,"messageId":"$M","orderId":"$O"}"#, MessageError::Version),
            (r#"{"version":1,"messageId":"{$M}","orderId":"$O"}"#, MessageError::Value("messageId")),
            (r#"{"version":1,"messageId":"$M","orderId":"' OR 1=1"}"#, MessageError::Value("orderId")),
            (
                r#"{"version":1,"messageId":"$M","orderId":"$O","traceparent":""}"#,
                MessageError::Value("traceparent"),
            ),
        ] {
            assert_eq!(decode(json), Err(error), "{json}");
            assert_eq!(error.reason(), Reason::Invalid);
        }
    }

    #[test]
    fn queue_messages_escape_xml_noncharacters() {
        let json = json!({"note": "a\u{fffe}b\u{ffff}c\u{1}\u{fffd}"});
        let text = to_queue_json(&json);
        assert_eq!(text, "{\"note\":\"a\\ufffeb\\uffffc\\u0001\u{fffd}\"}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), json);
    }

    prop_compose! {
        fn messages()(message in any::<u128>(), order in any::<u128>(), trace in 1..=u128::MAX, span in 1..=u64::MAX,
            flags in any::<u8>(), traced in any::<bool>()) -> FulfilmentMessage
        {
            FulfilmentMessage {
                message_id: Uuid::from_u128(message),
                order_id: Uuid::from_u128(order).to_string().parse().unwrap(),
                traceparent: traced.then(|| format!("00-{trace:032x}-{span:016x}-{flags:02x}").parse().unwrap()),
            }
        }
    }

    proptest! {
        #[test]
        fn every_outgoing_message_can_be_decoded(message in messages()) {
            prop_assert_eq!(FulfilmentMessage::decode(&message.encode()), Ok(message));
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes in any::<Vec<u8>>()) {
            let _ = FulfilmentMessage::decode(&bytes);
        }
    }
}
