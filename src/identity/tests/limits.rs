//! Each limit at its edge and one beyond, and what no limit may let through: a panic.

use proptest::prelude::*;

use super::*;

/// A principal whose header has this many bytes, a multiple of four.
fn of_length(encoded: usize) -> String {
    let text = principal(&person()).to_string();
    let padded = text.clone() + &" ".repeat(encoded / 4 * 3 - text.len());
    STANDARD.encode(padded)
}

#[test]
fn the_principal_may_have_sixteen_kibibytes_and_no_more() {
    let (most, over) = (of_length(16 * 1024), of_length(16 * 1024 + 4));
    assert_eq!((most.len(), over.len()), (16_384, 16_388));
    assert!(ask(&headers_with(&most)).is_ok());
    assert_eq!(ask(&headers_with(&over)).err(), Some("principal-too-large"));
}

#[test]
fn a_principal_may_hold_512_claims_and_no_more() {
    let fill = |count| {
        let mut claims = person();
        claims.resize(count, (String::new(), String::new()));
        claims.iter().map(|(typ, val)| format!(r#"{{"typ":"{typ}","val":"{val}"}}"#)).collect::<Vec<_>>()
    };
    let text = |count| format!(r#"{{"auth_typ":"aad","claims":[{}]}}"#, fill(count).join(","));
    assert!(ask_text(&text(512)).is_ok());
    assert_eq!(ask_text(&text(513)).err(), Some("claims-too-many"));
}

#[test]
fn a_claim_has_a_longest_name_and_a_longest_value_in_bytes() {
    let longest = |name: &str, value: &str| ask(&headers(&with(person(), &[(name, value)]))).err();
    assert_eq!(longest(&"n".repeat(256), "x"), None);
    assert_eq!(longest(&"n".repeat(257), "x"), Some("claim-too-long"));
    assert_eq!(longest("name", &"v".repeat(4096)), None);
    assert_eq!(longest("name", &"v".repeat(4097)), Some("claim-too-long"));
    assert_eq!(longest("name", &"é".repeat(2049)), Some("claim-too-long"));
}

#[test]
fn a_principal_nests_eight_deep_and_no_deeper() {
    let nested = |levels: usize| {
        let more = format!("{{\"more\":{}{},", "[".repeat(levels), "]".repeat(levels));
        principal(&person()).to_string().replacen('{', &more, 1)
    };
    assert!(ask_text(&nested(7)).is_ok());
    assert_eq!(ask_text(&nested(8)).err(), Some("principal-malformed"));
    assert_eq!(ask_text(&"[".repeat(12_000)).err(), Some("principal-malformed"));
}

fn any_claim() -> impl Strategy<Value = (String, String)> {
    let names = ["oid", "tid", "scp", "idtyp", "azp", "appid", "roles", LONG_OID, LONG_TID, LONG_SCP, "name"];
    let values = prop_oneof![
        Just(TENANT.to_string()),
        Just(PERSON.to_string()),
        Just("Orders.ReadWrite".to_owned()),
        Just("app".to_owned()),
        any::<String>(),
    ];
    (prop::sample::select(names.to_vec()).prop_map(str::to_owned), values)
}

proptest! {
    #[test]
    fn no_bytes_in_any_header_cause_a_panic(bearer: Vec<u8>, principal: Vec<u8>, provider: Vec<u8>) {
        let mut headers = HeaderMap::new();
        for (name, bytes) in
            [("authorization", bearer), (PRINCIPAL, principal), ("x-ms-client-principal-idp", provider)]
        {
            if let Ok(value) = HeaderValue::from_bytes(&bytes) {
                headers.insert(name, value);
            }
        }
        prop_assert!(ask(&headers).is_err());
    }

    #[test]
    fn no_text_in_a_principal_causes_a_panic(text: String) {
        prop_assert!(ask_text(&text).is_err());
    }

    #[test]
    fn an_accepted_caller_has_the_ids_of_its_claims(
        claims in prop::collection::vec(any_claim(), 0..8),
    ) {
        if let Ok(caller) = ask(&headers(&claims)) {
            for (name, value) in &claims {
                let expected = match name.as_str() {
                    "oid" | LONG_OID => caller.object,
                    "tid" | LONG_TID => caller.tenant,
                    _ => continue,
                };
                prop_assert_eq!(value, &expected.to_string());
            }
        }
    }
}
