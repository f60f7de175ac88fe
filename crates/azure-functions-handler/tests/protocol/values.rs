//! Values of bindings, byte for byte, against a model of what the host does with them.

use azure_functions_handler::{
    Bytes,
    binding::{UnsupportedMessage, is_rewritten, message, output, payload},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::prelude::*;
use serde_json::{Value, json, value::RawValue};

/// The texts that the host puts into a queue for a value of an output, when host.json sets no encoding; panics where it
/// would change or refuse one.
fn enqueued(value: Option<Value>) -> Vec<String> {
    let texts: Vec<String> = match value {
        None => vec![],
        Some(Value::String(text)) => {
            let bytes = STANDARD.decode(text).expect("the host decodes base64 alone");
            vec![String::from_utf8(bytes).expect("the host replaces what is no UTF-8")]
        }
        Some(Value::Array(all)) => all
            .into_iter()
            .map(|element| match element {
                Value::String(text) => {
                    assert!(!is_iso_date(&text), "the host rewrites {text}");
                    text
                }
                other => panic!("the host writes {other} anew"),
            })
            .collect(),
        Some(other) => panic!("the host writes {other} anew"),
    };
    for text in &texts {
        assert!(is_carried(text.as_bytes()), "XML does not carry {text:?}");
    }
    texts
}

/// Whether XML 1.0 carries it.
fn is_carried(bytes: &[u8]) -> bool {
    let carries = |char: char| matches!(char, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    str::from_utf8(bytes).is_ok_and(|text| text.chars().all(carries))
}

/// The text that a queue is to hold for a message.
fn expected_text(message: &[u8]) -> String {
    if is_carried(message) { String::from_utf8(message.to_vec()).unwrap() } else { STANDARD.encode(message) }
}

/// JSON objects, those among them that XML does not carry as they are.
fn objects() -> impl Strategy<Value = String> {
    (any::<String>(), "[ \t\r\n]{0,3}", any::<bool>()).prop_map(|(text, blanks, odd)| {
        let text = if odd { format!("{text}\u{fffe}") } else { text };
        format!("{blanks}{}", json!({ "note": text }))
    })
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
    fn one_message_is_queued_as_text_or_base64(message in any::<Vec<u8>>()) {
        let expected = expected_text(&message);
        prop_assert_eq!(enqueued(output(vec![message.into()]).unwrap()), [expected]);
    }

    #[test]
    fn an_object_arrives_byte_for_byte(text in objects()) {
        let sent = Bytes::from(text);
        let texts = enqueued(output(vec![sent.clone()]).unwrap());
        prop_assert_eq!(message(texts[0].clone().into()), sent.clone());
        let several = enqueued(output(vec![sent.clone(), sent.clone()]).unwrap());
        prop_assert!(several.into_iter().all(|text| message(text.into()) == sent));
    }

    #[test]
    fn an_object_and_its_base64_are_one_message(text in objects(), blank in "[ \\t\\r\\n]{0,2}") {
        let sent = Bytes::from(text);
        let (head, tail) = { let all = STANDARD.encode(&sent); (all[..4].to_owned(), all[4..].to_owned()) };
        let encoded = format!("{blank}{head}{blank}{tail}{blank}");
        prop_assert_eq!(message(sent.clone()), sent.clone());
        prop_assert_eq!(message(encoded.into()), sent);
    }

    #[test]
    fn what_is_no_object_stays_as_it_came(bytes in any::<Vec<u8>>(), text in tricky()) {
        for sent in [Bytes::from(STANDARD.encode(&bytes)), bytes.into(), text.into()] {
            let read = message(sent.clone());
            let is_object = read.trim_ascii_start().starts_with(b"{");
            prop_assert!(read == sent || is_object);
            prop_assert_eq!(message(read.clone()), read);
        }
    }

    #[test]
    fn one_unusual_text_is_queued_as_text_or_base64(text in tricky()) {
        let expected = expected_text(text.as_bytes());
        prop_assert_eq!(enqueued(output(vec![text.into()]).unwrap()), [expected]);
    }

    #[test]
    fn several_messages_are_sent_exactly_or_not_at_all(texts in prop::collection::vec(tricky(), 2..6)) {
        let messages: Vec<Bytes> = texts.iter().cloned().map(Bytes::from).collect();
        match output(messages) {
            Ok(value) => {
                let expected: Vec<String> = texts.iter().map(|text| expected_text(text.as_bytes())).collect();
                prop_assert_eq!(enqueued(value), expected);
            }
            Err(fault) => {
                prop_assert_eq!(fault, UnsupportedMessage::Rewritten);
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
fn rubbish_is_told_apart_from_an_encoded_object() {
    for rubbish in [
        "",
        " ",
        "hello world!",
        "test",
        "e30",
        "W10=",
        "NDI=",
        "[1]",
        "\u{feff}{}",
        "AAH//g==",
        "=",
        "e30=e30=",
    ] {
        assert_eq!(message(rubbish.into()), rubbish, "{rubbish:?}");
    }
    for (encoded, object) in [("e30=", "{}"), (" e3\r\n0= ", "{}"), ("IHs=", " {"), ("e31=", "{}")] {
        assert_eq!(message(encoded.into()), object, "{encoded:?}");
    }
}

#[test]
fn bytes_that_a_queue_cannot_hold_leave_as_base64_text() {
    let odd = Bytes::from_static(b"\xff\xfe");
    assert_eq!(output(vec![odd.clone()]), Ok(Some(json!(STANDARD.encode("//4=")))));
    assert_eq!(output(vec![odd.clone(), odd]), Ok(Some(json!(["//4=", "//4="]))));
    let escape = Bytes::from_static(b"{\"a\":\"\x1b\"}");
    assert_eq!(enqueued(output(vec![escape]).unwrap()), ["eyJhIjoiGyJ9"]);
}
