//! Who vouches for it, for what, how long, and how well.

use super::*;

fn shown_by(authority: &Authority, leaf: &Leaf) -> (u16, &'static str) {
    shown_one(&believing(authority.certificate()), &authority.issue(leaf).unwrap())
}

fn partners() -> Authority {
    Authority::new("partners").unwrap()
}

#[test]
fn an_expired_certificate_is_refused() {
    let noon = SystemTime::from(noon());
    let ends = |until| shown_by(&partners(), &Leaf { until, ..partner() });
    assert_eq!(ends(noon - Duration::from_secs(1)), (401, "certificate-expired"));
    assert_eq!(ends(noon), (202, "ok"));
}

#[test]
fn a_certificate_that_is_not_yet_valid_is_refused() {
    let noon = SystemTime::from(noon());
    let begins = |from| shown_by(&partners(), &Leaf { from, ..partner() });
    assert_eq!(begins(noon + Duration::from_secs(1)), (401, "certificate-early"));
    assert_eq!(begins(noon), (202, "ok"));
}

#[test]
fn a_namesake_of_the_authority_vouches_for_no_certificate() {
    let issued = partners().issue(&partner()).unwrap();
    assert_eq!(shown_one(&believing(partners().certificate()), &issued), (401, "certificate-untrusted"));
}

#[test]
fn another_authority_vouches_for_no_certificate() {
    let issued = Authority::new("others").unwrap().issue(&partner()).unwrap();
    assert_eq!(shown_one(&believing(partners().certificate()), &issued), (401, "certificate-untrusted"));
}

#[test]
fn a_self_signed_copy_of_an_allowed_certificate_is_refused() {
    let copy = partner().self_signed().unwrap();
    assert_eq!(shown_one(&believing(partners().certificate()), &copy), (401, "certificate-untrusted"));
}

#[test]
fn a_certificate_without_client_usage_is_refused() {
    let leaf = Leaf { usages: Vec::new(), ..partner() };
    assert_eq!(shown_by(&partners(), &leaf), (401, "certificate-usage"));
}

#[test]
fn a_servers_certificate_is_refused() {
    let leaf = Leaf { usages: Leaf::server(&[]).usages, ..partner() };
    assert_eq!(shown_by(&partners(), &leaf), (401, "certificate-usage"));
}

#[test]
fn an_authoritys_own_certificate_is_refused() {
    let authority = partners();
    let leaf = Leaf { is_authority: true, ..partner() };
    assert_eq!(shown_by(&authority, &leaf), (401, "certificate-of-authority"));
    let root = header(authority.certificate());
    assert_eq!(shown(&believing(authority.certificate()), &[&root]).0, 401);
}

/// Certificates of one authority for one name until 2126, made for these tests; their keys are gone.
fn of_fixtures(pem: &str) -> (u16, &'static str) {
    shown(&believing(include_str!("../fixtures/ca.pem")), &[&header(pem)])
}

#[test]
fn a_signature_over_sha_1_is_refused() {
    assert_eq!(of_fixtures(include_str!("../fixtures/sha1.pem")), (401, "certificate-algorithm"));
    assert_eq!(of_fixtures(include_str!("../fixtures/sha256.pem")), (202, "ok"));
}

#[test]
fn a_weak_key_is_refused() {
    assert_eq!(of_fixtures(include_str!("../fixtures/rsa-1024.pem")), (401, "certificate-key"));
    assert_eq!(of_fixtures(include_str!("../fixtures/rsa-2040.pem")), (401, "certificate-key"));
    assert_eq!(of_fixtures(include_str!("../fixtures/secp256k1.pem")), (401, "certificate-key"));
}

#[test]
fn an_intermediate_is_no_trust_anchor() {
    let root = partners();
    let between = root.subordinate("between").unwrap();
    let issued = between.issue(&partner()).unwrap();
    let both = format!("{}{}", between.certificate(), root.certificate());
    assert_eq!(shown_one(&believing(&both), &issued), (202, "ok"));
    assert_eq!(shown_one(&believing(root.certificate()), &issued), (401, "certificate-untrusted"));
    for usages in [Vec::new(), Leaf::server(&[]).usages] {
        let issued = between.issue(&Leaf { usages, ..partner() }).unwrap();
        assert_eq!(shown_one(&believing(&both), &issued), (401, "certificate-usage"));
    }
    let strangers = format!("{}{}", between.certificate(), partners().certificate());
    assert_eq!(shown_one(&believing(&strangers), &issued), (401, "certificate-untrusted"));
}

#[test]
fn an_issuing_authority_alone_may_be_the_anchor() {
    let issuing = partners().subordinate("issuing").unwrap();
    assert_eq!(shown_by(&issuing, &partner()), (202, "ok"));
}
