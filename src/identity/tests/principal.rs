//! Forged, doubled, broken and foreign evidence, named by attack.

use super::*;

#[test]
fn every_mode_demands_exactly_one_bearer_token() {
    let good = headers(&person());
    let long = format!("Bearer {}", "x".repeat(16 * 1024));
    let longer = format!("Bearer {}", "x".repeat(16 * 1024 + 1));
    let rows: [(&str, &[&str], Option<&str>); 21] = [
        ("a cookie session alone", &[], Some("bearer-missing")),
        ("two tokens", &["Bearer a", "Bearer b"], Some("bearer-repeated")),
        ("the same token twice", &["Bearer a", "Bearer a"], Some("bearer-repeated")),
        ("a second scheme", &["Bearer a", "Basic YTpi"], Some("bearer-repeated")),
        ("two tokens in one value", &["Bearer a, Bearer b"], Some("bearer-malformed")),
        ("two words", &["Bearer a b"], Some("bearer-malformed")),
        ("another scheme", &["Basic YTpi"], Some("bearer-malformed")),
        ("a longer scheme", &["BearerX a"], Some("bearer-malformed")),
        ("no scheme", &["a.b.c"], Some("bearer-malformed")),
        ("no token", &["Bearer"], Some("bearer-malformed")),
        ("an empty token", &["Bearer "], Some("bearer-malformed")),
        ("padding alone", &["Bearer =="], Some("bearer-malformed")),
        ("padding inside", &["Bearer a=b"], Some("bearer-malformed")),
        ("quotes", &["Bearer \"a\""], Some("bearer-malformed")),
        ("a tab for a blank", &["Bearer\ta"], Some("bearer-malformed")),
        ("a blank first", &[" Bearer a"], Some("bearer-malformed")),
        ("a blank last", &["Bearer a "], Some("bearer-malformed")),
        ("too long", &[&longer], Some("bearer-malformed")),
        ("as long as allowed", &[&long], None),
        ("the scheme in other letters", &["bEaReR a"], None),
        ("more than one blank", &["Bearer   a"], None),
    ];
    for (attack, values, refusal) in rows {
        let mut headers = good.clone();
        headers.remove(AUTHORIZATION);
        for value in values {
            append(&mut headers, "authorization", value);
        }
        assert_eq!(ask(&headers).err(), refusal, "{attack}");
    }
}

#[test]
fn bytes_outside_of_ascii_are_no_evidence() {
    let bytes = HeaderValue::from_bytes(b"Bearer \xff").unwrap();
    let mut forged = headers(&person());
    forged.insert(AUTHORIZATION, bytes.clone());
    assert_eq!(ask(&forged).err(), Some("bearer-malformed"));
    let mut forged = headers(&person());
    forged.insert(PRINCIPAL, bytes.clone());
    assert_eq!(ask(&forged).err(), Some("principal-encoding"));
    let mut forged = headers(&person());
    forged.insert("x-ms-client-principal-idp", bytes);
    assert_eq!(ask(&forged).err(), Some("provider-foreign"));
}

#[test]
fn a_bearer_token_without_a_principal_is_refused() {
    let mut headers = headers(&person());
    headers.remove(PRINCIPAL);
    assert_eq!(ask(&headers).err(), Some("principal-missing"));
}

#[test]
fn a_repeated_security_header_is_refused() {
    for (name, refusal) in [
        (PRINCIPAL, "principal-repeated"),
        ("x-ms-client-principal-idp", "hint-repeated"),
        ("x-ms-client-principal-id", "hint-repeated"),
        ("x-ms-client-principal-name", "hint-repeated"),
    ] {
        let mut headers = headers(&person());
        let same = headers[name].to_str().unwrap().to_owned();
        append(&mut headers, name, &same);
        assert_eq!(ask(&headers).err(), Some(refusal), "{name}");
    }
}

#[test]
fn a_principal_id_must_be_the_object_id() {
    let with_id = |id: &str| {
        let mut headers = headers(&person());
        headers.insert("x-ms-client-principal-id", HeaderValue::from_bytes(id.as_bytes()).unwrap());
        headers
    };
    for id in
        [&OTHER.to_string(), "pairwise", "", "\u{fc}", &format!("{PERSON} "), &PERSON.simple().to_string()]
    {
        assert_eq!(ask(&with_id(id)).err(), Some("id-disagrees"), "{id:?}");
    }
    assert!(ask(&with_id(&PERSON.to_string().to_uppercase())).is_ok());
}

#[test]
fn the_platforms_hints_may_be_absent() {
    let mut headers = headers(&person());
    for name in ["idp", "id", "name"] {
        headers.remove(format!("x-ms-client-principal-{name}"));
    }
    assert!(ask(&headers).is_ok());
}

#[test]
fn other_identity_providers_are_refused() {
    for provider in ["google", "github", "facebook", "AAD", "aad ", "", "aad,aad"] {
        let mut headers = headers(&person());
        headers.insert("x-ms-client-principal-idp", HeaderValue::from_str(provider).unwrap());
        assert_eq!(ask(&headers).err(), Some("provider-foreign"), "header {provider:?}");

        let mut principal = principal(&person());
        principal["auth_typ"] = provider.into();
        assert_eq!(ask_text(&principal.to_string()).err(), Some("provider-foreign"), "auth_typ {provider:?}");
    }
}

#[test]
fn only_standard_base64_with_its_padding_is_decoded() {
    // The name holds both characters in which the two Base64 alphabets differ, wherever it falls; a lone last blank
    // needs two signs of padding.
    let mut text = principal(&with(person(), &[("name", "~~~~???>>>>")])).to_string();
    text.extend(std::iter::repeat_n(' ', 3 - (text.len() + 2) % 3));
    let good = STANDARD.encode(&text);
    assert!(good.ends_with("IA==") && good.contains('+') && good.contains('/'), "{good}");
    assert!(ask(&headers_with(&good)).is_ok());

    let url_safe = good.replace('+', "-").replace('/', "_");
    let rows = [
        ("the url-safe alphabet", url_safe),
        ("no padding", good.trim_end_matches('=').to_owned()),
        ("half the padding", good.strip_suffix('=').unwrap().to_owned()),
        ("too much padding", format!("{good}=")),
        ("bits after the end", good.replace("IA==", "IB==")),
        ("a blank inside", good.replacen("ey", "e y", 1)),
        ("two values joined", format!("{good},{good}")),
        ("no base64 at all", "{}".to_owned()),
        ("not UTF-8", STANDARD.encode(b"{\"auth_typ\":\"\xff\"}")),
    ];
    for (attack, value) in rows {
        assert_eq!(ask(&headers_with(&value)).err(), Some("principal-encoding"), "{attack}");
    }
}

#[test]
fn only_the_app_service_form_is_read() {
    let good = principal(&person());
    let swa = r#"{"identityProvider":"aad","userId":"u","userDetails":"d","userRoles":["OrderAdmin"]}"#;
    let both = good.to_string().replacen('{', r#"{"userRoles":["authenticated"],"#, 1);
    let lists = good.to_string().replacen("\"claims\":[", "\"claims\":[[\"oid\",\"x\"],", 1);
    let number = good.to_string().replacen("\"claims\":[", "\"claims\":[{\"typ\":\"exp\",\"val\":1},", 1);
    let valueless = good.to_string().replacen("\"claims\":[", "\"claims\":[{\"typ\":\"exp\"},", 1);
    let rows = [
        ("Static Web Apps", swa, "principal-form"),
        ("both forms at once", &both, "principal-form"),
        ("no provider", r#"{"claims":[]}"#, "principal-form"),
        ("a provider that is null", r#"{"auth_typ":null,"claims":[]}"#, "principal-form"),
        ("no claims", r#"{"auth_typ":"aad"}"#, "principal-form"),
        ("claims as an object", r#"{"auth_typ":"aad","claims":{"oid":"x"}}"#, "principal-form"),
        ("a claim as a list", &lists, "principal-form"),
        ("a claim that is a number", &number, "principal-form"),
        ("a claim without value", &valueless, "principal-form"),
        ("a list", r#"["aad",[]]"#, "principal-form"),
        ("a string", r#""aad""#, "principal-form"),
        ("null", "null", "principal-form"),
        ("nothing", "", "principal-malformed"),
        ("half a document", r#"{"auth_typ":"aad","claims":[{"#, "principal-malformed"),
        ("two documents", r#"{"auth_typ":"aad","claims":[]}{}"#, "principal-malformed"),
        ("a byte order mark", "\u{feff}{\"auth_typ\":\"aad\",\"claims\":[]}", "principal-malformed"),
        ("a key twice", r#"{"auth_typ":"x","auth_typ":"aad","claims":[]}"#, "principal-malformed"),
    ];
    for (attack, text, refusal) in rows {
        assert_eq!(ask_text(text).err(), Some(refusal), "{attack}");
    }
}

#[test]
fn a_key_twice_inside_a_claim_is_refused() {
    let twice =
        principal(&person()).to_string().replacen("\"typ\":\"oid\"", "\"typ\":\"x\",\"typ\":\"oid\"", 1);
    assert_eq!(ask_text(&twice).err(), Some("principal-malformed"));
}

#[test]
fn unknown_members_of_a_principal_are_ignored() {
    let more = principal(&person()).to_string().replacen('{', r#"{"issued_at":[{"a":null}],"#, 1);
    assert!(ask_text(&more).is_ok());
}

#[test]
fn contradicting_claims_are_refused() {
    let rows = [
        ("oid", "oid"),
        ("oid", LONG_OID),
        ("tid", "tid"),
        ("tid", LONG_TID),
        ("sub", "sub"),
        ("sub", LONG_SUB),
        ("scp", "scp"),
        ("scp", LONG_SCP),
        ("azp", "azp"),
        ("azp", "appid"),
        ("appid", "appid"),
        ("iss", "iss"),
        ("aud", "aud"),
        ("idtyp", "idtyp"),
        ("ver", "ver"),
    ];
    for (first, second) in rows {
        let (one, two) = (OTHER.to_string(), PERSON.to_string());
        let claims = with(without(person(), first), &[(first, &one), (second, &two)]);
        assert_eq!(ask(&headers(&claims)).err(), Some("claim-conflict"), "{first} and {second}");
    }
}

#[test]
fn ids_are_guids_in_their_usual_form_or_nothing() {
    for (name, refusal) in [("oid", "object-missing"), ("tid", "tenant-missing")] {
        assert_eq!(ask(&headers(&without(person(), name))).err(), Some(refusal));
        let simple = OTHER.simple().to_string();
        let braced = OTHER.braced().to_string();
        let nil = Uuid::nil().to_string();
        for value in ["", "me", &simple, &braced, &nil, "' or 1=1 --", " 11111111-2222-4333-8444-55555555555"]
        {
            let claims = with(without(person(), name), &[(name, value)]);
            assert_eq!(ask(&headers(&claims)).err(), Some(refusal), "{name} {value:?}");
        }
    }
}

#[test]
fn a_guid_in_capitals_is_the_same_guid() {
    let claims = with(without(person(), "oid"), &[("oid", &PERSON.to_string().to_uppercase())]);
    assert_eq!(ask(&headers(&claims)).unwrap().object, PERSON);
}

#[test]
fn control_characters_in_a_claim_that_is_read_are_refused() {
    for name in ["oid", "tid", "sub", "scp", "azp", "iss", "aud", "idtyp", "ver", "roles", LONG_ROLE] {
        for value in ["a\nb", "a\0b", "a\u{7f}", "a\u{85}b", "\tapp"] {
            let claims = with(without(person(), name), &[(name, value)]);
            assert_eq!(ask(&headers(&claims)).err(), Some("claim-control-character"), "{name} {value:?}");
        }
    }
    assert!(ask(&headers(&with(person(), &[("name", "two\nlines")]))).is_ok());
}
