//! Certificates that change while the worker runs.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use futures_util::future::join_all;

use super::*;
use crate::pem;

fn der(issued: &Issued) -> Vec<u8> {
    pem::certificates(&issued.certificate).unwrap()[0].to_vec()
}

#[tokio::test]
async fn a_rotated_certificate_is_shown_without_a_restart_and_without_a_failed_call() {
    let parties = Parties::new();
    let certificates = [parties.client(), parties.client(), parties.client()];
    parties.show(&certificates[0]);
    let server = parties.backend().await;
    let backend = Backend::new(Some(parties.settings(server.port())), None);
    let (clock, calls) = (AtomicI64::new(0), AtomicUsize::new(0));
    let order = order();
    // Each call comes seconds after the last; after every thirty the certificate is another.
    let caller = async || {
        for _ in 0..30 {
            let now = at(clock.fetch_add(2, Ordering::Relaxed));
            assert_eq!(backend.carry_out(&order, None, now).await.unwrap(), Decision::Fulfilled);
            let call = calls.fetch_add(1, Ordering::Relaxed);
            if call % 30 == 29 && call < 60 {
                parties.show(&certificates[call / 30 + 1]);
            }
        }
    };
    join_all((0..4).map(|_| caller())).await;
    let asked = server.asked();
    assert_eq!(asked.len(), 120);
    let known = certificates.map(|issued| der(&issued));
    let shown = asked.iter().map(|asked| {
        known.iter().position(|known| Some(known) == asked.certificate.as_ref()).expect("one of the three")
    });
    let shown: Vec<_> = shown.collect();
    for (number, certificate) in (0..3).zip(["first", "second", "third"]) {
        assert!(shown.contains(&number), "the {certificate} was never shown: {shown:?}");
    }
    assert_eq!(shown.last(), Some(&2));
}

#[tokio::test]
async fn while_a_rotated_certificate_is_broken_the_last_good_one_goes_on() {
    let parties = Parties::new();
    let (first, second) = (parties.client(), parties.client());
    parties.show(&first);
    let server = parties.backend().await;
    let backend = Backend::new(Some(parties.settings(server.port())), None);
    let order = order();
    let half = second.certificate[..second.certificate.len() / 2].to_owned();
    let torn = Issued { key: first.key.clone(), ..second.clone() };
    let cut = Issued { certificate: half, key: String::new(), ..second.clone() };
    for (seconds, shown, expected) in
        [(0, &first, &first), (10, &cut, &first), (20, &torn, &first), (30, &second, &second)]
    {
        parties.show(shown);
        assert_eq!(backend.carry_out(&order, None, at(seconds)).await.unwrap(), Decision::Fulfilled);
        assert_eq!(server.asked().pop().unwrap().certificate, Some(der(expected)), "{seconds}");
    }
}

#[tokio::test]
async fn a_rotated_authority_is_believed_without_a_restart() {
    let parties = Parties::new();
    parties.show(&parties.client());
    let file = parties.folder.path().join("ca.pem");
    fs::write(&file, parties.servers.certificate()).unwrap();
    let (next, server) = (Authority::new("next").unwrap(), parties.backend().await);
    let authority = Some(file.to_str().unwrap().parse().unwrap());
    let backend =
        Backend::new(Some(FulfilmentSettings { authority, ..parties.settings(server.port()) }), None);
    let order = order();
    assert!(backend.carry_out(&order, None, at(0)).await.is_ok());
    fs::write(&file, next.certificate()).unwrap();
    assert!(backend.carry_out(&order, None, at(10)).await.is_err());
    fs::write(&file, format!("{}{}", next.certificate(), parties.servers.certificate())).unwrap();
    assert!(backend.carry_out(&order, None, at(20)).await.is_ok());
}
