//! What is no certificate.

use base64::engine::general_purpose::URL_SAFE;

use super::*;

struct World {
    identity: Identity,
    good: String,
}

fn world() -> World {
    let authority = Authority::new("partners").unwrap();
    let issued = authority.issue(&partner()).unwrap();
    World { identity: believing(authority.certificate()), good: header(&issued.certificate) }
}

impl World {
    fn der(&self) -> Vec<u8> {
        STANDARD.decode(&self.good).unwrap()
    }
}

#[test]
fn the_right_certificate_lets_the_program_process() {
    let world = world();
    assert_eq!(shown(&world.identity, &[&world.good]), (202, "ok"));
}

#[test]
fn without_a_certificate_a_program_cannot_process() {
    let world = world();
    assert_eq!(shown(&world.identity, &[]), (401, "denied"));
}

#[test]
fn without_a_certificate_everybody_else_goes_on_as_before() {
    let world = world();
    let caller =
        ask_with(&world.identity, &headers(&with(person(), &[("roles", "OrderProcessor")]))).unwrap();
    assert_eq!(caller.certificate, ClientCertificate::Missing);
    assert!(caller.permit::<QueueOrder>().is_ok());
}

#[test]
fn two_certificates_are_refused_even_if_they_are_the_same() {
    let world = world();
    assert_eq!(shown(&world.identity, &[&world.good, &world.good]), (401, "certificate-repeated"));
}

#[test]
fn garbage_is_refused() {
    let world = world();
    let der = world.der();
    let rows = [
        ("nothing", String::new()),
        ("not DER", STANDARD.encode("certificate")),
        ("half of it", STANDARD.encode(&der[..der.len() / 2])),
        ("more behind it", STANDARD.encode([&der[..], &[0]].concat())),
        ("two of it", STANDARD.encode([&der[..], &der].concat())),
    ];
    for (attack, value) in rows {
        assert_eq!(shown(&world.identity, &[&value]), (401, "certificate-malformed"), "{attack}");
    }
}

#[test]
fn armour_is_refused() {
    let world = world();
    let armoured = format!("-----BEGIN CERTIFICATE-----{}-----END CERTIFICATE-----", world.good);
    assert_eq!(shown(&world.identity, &[&armoured]), (401, "certificate-encoding"));
    let wrapped = STANDARD.encode(format!("-----BEGIN CERTIFICATE-----\n{}\n", world.good));
    assert_eq!(shown(&world.identity, &[&wrapped]), (401, "certificate-malformed"));
}

#[test]
fn another_base64_is_refused() {
    let world = world();
    // Behind bytes that both alphabets write differently: the encoding is refused before the content.
    let url_safe = URL_SAFE.encode([&[0xfb, 0xff][..], &world.der()].concat());
    let good = &world.good;
    let blank = format!("{} {}", &good[..8], &good[8..]);
    for value in [url_safe, blank, format!("{good},{good}"), format!("{good}=")] {
        assert_eq!(shown(&world.identity, &[&value]), (401, "certificate-encoding"), "{value}");
    }
}

#[test]
fn more_than_sixteen_kibibytes_are_not_read() {
    let world = world();
    let long = "A".repeat(16 * 1024 + 4);
    assert_eq!(shown(&world.identity, &[&long]), (401, "certificate-too-large"));
    assert_eq!(shown(&world.identity, &[&long[4..]]), (401, "certificate-malformed"));
}

#[test]
fn an_unchecked_certificate_changes_nothing() {
    let identity = Identity::new(super::super::settings()).unwrap();
    let world = world();
    for values in [&[][..], &["nonsense"], &[&world.good, &world.good]] {
        assert_eq!(shown(&identity, values), (202, "ok"), "{values:?}");
        assert_eq!(
            ask_with(&identity, &program_with(values)).unwrap().certificate,
            ClientCertificate::NotChecked
        );
    }
}
