//! Whose it is.

use super::*;

fn named(subject: &str, names: &[&str]) -> (u16, &'static str) {
    let authority = Authority::new("partners").unwrap();
    let names = names.iter().map(|&name| name.to_owned()).collect();
    let leaf = Leaf { subject: Some(subject.to_owned()), names, ..partner() };
    shown_one(&believing(authority.certificate()), &authority.issue(&leaf).unwrap())
}

#[test]
fn a_certificate_of_another_name_is_refused() {
    for name in [
        "other.example",
        "example",
        "sub.partner.example",
        "partner.example.evil.example",
        "xpartner.example",
        "*.example",
        "spiffe://example/partner/x",
        "spiffe://example/Partner",
        "urn:partner.example",
        "127.0.0.1",
    ] {
        assert_eq!(named(name, &[name]), (401, "certificate-foreign"), "{name}");
    }
}

#[test]
fn any_of_its_alternative_names_may_be_the_clients() {
    assert_eq!(named("any", &[URI]), (202, "ok"));
    assert_eq!(named("any", &["other.example", "PARTNER.example"]), (202, "ok"));
}

#[test]
fn the_subject_is_not_read() {
    for subject in [DNS_NAME, "partner.example,O=evil", "evil,CN=partner.example", URI] {
        assert_eq!(named(subject, &["other.example"]), (401, "certificate-foreign"), "{subject}");
        assert_eq!(named(subject, &[]), (401, "certificate-foreign"), "{subject}");
    }
}

#[test]
fn a_certificate_of_another_client_is_refused() {
    let authority = Authority::new("partners").unwrap();
    let (identity, issued) = (believing(authority.certificate()), authority.issue(&partner()).unwrap());
    let value = header(&issued.certificate);
    for claims in [program(), person()] {
        let other = with(without(claims.clone(), "azp"), &[("azp", &OTHER.to_string())]);
        for (claims, refusal) in [
            (claims.clone(), None),
            (other, Some("certificate-foreign")),
            (without(claims, "azp"), Some("client-missing")),
        ] {
            let mut headers = headers(&claims);
            append(&mut headers, HEADER, &value);
            assert_eq!(ask_with(&identity, &headers).err().map(|refused| refused.reason()), refusal);
        }
    }
}
