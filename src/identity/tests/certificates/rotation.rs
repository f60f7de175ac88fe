//! Authorities that change while the worker runs.

use std::fs;

use chrono::TimeDelta;

use super::*;
use crate::clock::Clock;

async fn shown_at(
    identity: &Identity,
    value: &str,
    seconds: i64,
) -> Result<ClientCertificate, (u16, &'static str)> {
    let headers = program_with(&[value]);
    let caller = identity.authenticate(&headers, noon() + TimeDelta::seconds(seconds)).await;
    caller.map(|caller| caller.certificate).map_err(|refused| (status(&refused.into()), refused.reason()))
}

#[tokio::test]
async fn rotated_authorities_count_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("partners.pem");
    let identity = believing(file.to_str().unwrap());
    let (first, second) = (Authority::new("first").unwrap(), Authority::new("second").unwrap());
    let of = |authority: &Authority| header(&authority.issue(&partner()).unwrap().certificate);
    let (old, new) = (of(&first), of(&second));
    let unjudged = Err((503, "authorities-unavailable"));
    let untrusted = Err((401, "certificate-untrusted"));
    assert_eq!(shown_at(&identity, &old, 0).await, unjudged, "there is no file yet");
    for (seconds, content, of_old, of_new) in [
        (10, "no PEM", unjudged, unjudged),
        (20, first.certificate(), Ok(ClientCertificate::Valid), untrusted),
        (30, "-----BEGIN CERTIFICATE-----\nMII", Ok(ClientCertificate::Valid), untrusted),
        (40, second.certificate(), untrusted, Ok(ClientCertificate::Valid)),
    ] {
        fs::write(&file, content).unwrap();
        assert_eq!(shown_at(&identity, &old, seconds).await, of_old, "{seconds}");
        assert_eq!(shown_at(&identity, &new, seconds).await, of_new, "{seconds}");
    }
}

#[tokio::test]
async fn only_authorities_outside_the_setting_are_read_again() {
    let authority = Authority::new("tests").unwrap();
    let (given, kept) = (believing(authority.certificate()), believing("keyvault:partners"));
    assert!(given.keep_fresh(Clock).now_or_never().is_some(), "it ends at once");
    assert!(kept.keep_fresh(Clock).now_or_never().is_none(), "it goes on");
}
