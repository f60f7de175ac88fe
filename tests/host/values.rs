//! Values of bindings, byte for byte, against a model of what the host does with them (protocol sheet §4.4).

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use orders_worker::host::binding::{Unsendable, is_rewritten, output, payload};
use proptest::prelude::*;
use serde_json::{Value, value::RawValue};

/// What the host puts into a queue for a value of an output; panics where it would change or refuse it.
fn enqueued(value: Option<Value>) -> Vec<Bytes> {
    match value {
        None => vec![],
        Some(Value::String(text)) => {
            vec![STANDARD.decode(text).expect("the host decodes base64 alone").into()]
        }
        Some(Value::Array(all)) => all
            .into_iter()
            .map(|element| match element {
                Value::String(text) => {
                    assert!(!is_iso_date(&text), "the host rewrites {text}");
                    text.into()
                }
                other => panic!("the host writes {other} anew"),
            })
            .collect(),
        Some(other) => panic!("the host writes {other} anew"),
    }
}

fn is_iso_date(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let Some((date, time)) = text.split_once('T') else { return false };
    date.split('-').map(str::len).eq([4, 2, 2])
        && date.split('-').all(digits)
        && time.get(..2).is_some_and(digits)
}

fn raw(value: &Value) -> Box<RawValue> {
    serde_json::value::to_raw_value(value).unwrap()
}

/// Texts on which the host's guesses are known to go wrong.
fn tricky() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{4}",
        "[0-9a-f]{24}",
        "[0-9a-f]{32}",
        "[0-9]{8}",
        "20[0-9]{2}-0[1-9]-1[0-9]T1[0-9]:2[0-9]:3[0-9](\\.[0-9]{1,7})?(Z|\\+02:00)?",
        "\\{\"a\":[0-9]{1,20}\\.[0-9]0\\}",
        "\\[[a-z]{0,8}\\]",
        "\"[a-z ]{0,8}\"",
        "(null|true|42|1\\.50|  )",
        any::<String>(),
    ]
}

proptest! {
    #[test]
    fn one_message_arrives_byte_for_byte(message in any::<Vec<u8>>()) {
        let message = Bytes::from(message);
        prop_assert_eq!(enqueued(output(std::slice::from_ref(&message)).unwrap()), [message]);
    }

    #[test]
    fn one_tricky_text_arrives_byte_for_byte(text in tricky()) {
        let message = Bytes::from(text);
        prop_assert_eq!(enqueued(output(std::slice::from_ref(&message)).unwrap()), [message]);
    }

    #[test]
    fn several_messages_arrive_byte_for_byte_or_are_not_sent(texts in prop::collection::vec(tricky(), 2..6)) {
        let messages: Vec<Bytes> = texts.iter().cloned().map(Bytes::from).collect();
        match output(&messages) {
            Ok(value) => prop_assert_eq!(enqueued(value), messages),
            Err(fault) => {
                prop_assert_eq!(fault, Unsendable::Rewritten);
                prop_assert!(texts.iter().any(|text| is_rewritten(text)));
            }
        }
    }

    #[test]
    fn a_binary_trigger_gives_the_exact_bytes(message in any::<Vec<u8>>()) {
        prop_assert_eq!(payload(&raw(&STANDARD.encode(&message).into())), message);
    }

    #[test]
    fn a_text_trigger_gives_the_exact_text(text in tricky()) {
        let quoted = Value::from(text.as_str()).to_string();
        prop_assert_eq!(payload(&raw(&quoted.into())), text);
    }

    #[test]
    fn a_date_is_never_taken_for_harmless(text in tricky()) {
        prop_assert!(!is_iso_date(&text) || text.len() < 19 || is_rewritten(&text));
    }
}

#[test]
fn a_value_that_no_trigger_sends_is_taken_as_it_stands() {
    for (json, bytes) in
        [("42", "42"), ("{\"a\": 1.50}", "{\"a\": 1.50}"), ("null", "null"), ("\"no base64\"", "no base64")]
    {
        assert_eq!(payload(&RawValue::from_string(json.to_owned()).unwrap()), bytes);
    }
}

#[test]
fn bytes_that_are_no_text_travel_alone_only() {
    let odd = Bytes::from_static(b"\xff\xfe");
    assert_eq!(output(&[odd.clone(), odd]), Err(Unsendable::NotText));
}
