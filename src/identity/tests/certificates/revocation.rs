//! Certificates that were taken back.

use super::*;

/// A list of these serial numbers that is good at noon.
fn list(authority: &Authority, serials: &[u64]) -> String {
    let noon = SystemTime::from(noon());
    authority.revocation_list(serials, noon - DAY, noon + DAY).unwrap()
}

#[test]
fn a_revoked_certificate_is_refused_and_others_are_not() {
    let authority = Authority::new("partners").unwrap();
    let (kept, revoked) = (authority.issue(&partner()).unwrap(), authority.issue(&partner()).unwrap());
    let identity = believing(&format!("{}{}", authority.certificate(), list(&authority, &[revoked.serial])));
    assert_eq!(shown_one(&identity, &revoked), (401, "certificate-revoked"));
    assert_eq!(shown_one(&identity, &kept), (202, "ok"));
}

#[test]
fn a_list_that_is_out_of_date_lets_no_caller_in() {
    let authority = Authority::new("partners").unwrap();
    let issued = authority.issue(&partner()).unwrap();
    let noon = SystemTime::from(noon());
    let old = authority.revocation_list(&[], noon - 2 * DAY, noon - Duration::from_secs(1)).unwrap();
    let identity = believing(&format!("{}{old}", authority.certificate()));
    assert_eq!(shown_one(&identity, &issued), (401, "revocation-outdated"));
}

#[test]
fn every_authority_of_the_chain_needs_a_revocation_list() {
    let root = Authority::new("partners").unwrap();
    let between = root.subordinate("between").unwrap();
    let issued = between.issue(&partner()).unwrap();
    let chain = format!("{}{}", root.certificate(), between.certificate());
    let of = |lists: &[String]| shown_one(&believing(&format!("{chain}{}", lists.concat())), &issued);
    assert_eq!(of(&[list(&root, &[]), list(&between, &[])]), (202, "ok"));
    assert_eq!(of(&[list(&root, &[])]), (401, "revocation-unknown"));
    assert_eq!(of(&[list(&between, &[])]), (401, "revocation-unknown"));
    assert_eq!(of(&[list(&root, &[between.serial()]), list(&between, &[])]), (401, "certificate-revoked"));
}

#[test]
fn a_list_that_a_namesake_signed_counts_for_nothing() {
    let (authority, namesake) = (Authority::new("partners").unwrap(), Authority::new("partners").unwrap());
    let issued = authority.issue(&partner()).unwrap();
    let identity = believing(&format!("{}{}", authority.certificate(), list(&namesake, &[])));
    assert_eq!(shown_one(&identity, &issued).0, 401);
}
