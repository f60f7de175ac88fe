//! Certificates that change while the worker runs.

use std::{
    sync::atomic::{AtomicI64, AtomicUsize, Ordering},
    time::Duration,
};

use chrono::SubsecRound;
use futures_util::future::join_all;

use super::*;
use crate::pem;

fn der(issued: &Issued) -> Vec<u8> {
    pem::certificates(&issued.certificate).unwrap()[0].to_vec()
}

#[tokio::test]
async fn a_rotated_certificate_is_used_without_a_restart() {
    let parties = Parties::new();
    let certificates = [parties.client(), parties.client(), parties.client()];
    parties.show(&certificates[0]);
    let server = parties.backend().await;
    let backend = Backend::new(parties.settings(server.port()), None);
    let (clock, calls) = (AtomicI64::new(0), AtomicUsize::new(0));
    let order = order();
    // Each call comes seconds after the last; after every thirty the certificate is another.
    let caller = async || {
        for _ in 0..30 {
            let now = at(clock.fetch_add(2, Ordering::Relaxed));
            assert_eq!(backend.submit(&order, None, now).await.unwrap(), Decision::Fulfilled);
            let call = calls.fetch_add(1, Ordering::Relaxed);
            if call % 30 == 29 && call < 60 {
                parties.show(&certificates[call / 30 + 1]);
            }
        }
    };
    join_all((0..4).map(|_| caller())).await;
    let asked = server.requests();
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
async fn the_expiry_is_that_of_the_certificate_in_use() {
    let parties = Parties::new();
    let good = Leaf::client(&["worker.example"]);
    let until = |days: u64| Leaf { until: good.from + Duration::from_hours(24 * days), ..good.clone() };
    let backend = Backend::new(parties.settings(1), None);
    assert!(backend.certificate_expires_at(at(0)).await.is_err(), "there is none yet");
    for (seconds, leaf) in [(10, until(40)), (20, until(2))] {
        parties.show(&parties.clients.issue(&leaf).unwrap());
        let ends = backend.certificate_expires_at(at(seconds)).await.unwrap().unwrap();
        assert_eq!(ends, DateTime::<Utc>::from(leaf.until).trunc_subsecs(0));
    }
    assert_eq!(Backend::Stub.certificate_expires_at(at(0)).await.unwrap(), None);
}

#[tokio::test]
async fn a_chain_ends_with_the_first_of_its_certificates() {
    let parties = Parties::new();
    let between = Leaf { is_authority: true, ..Leaf::client(&["between"]) };
    let between = Leaf { until: between.from + Duration::from_hours(48), ..between };
    let (own, above) = (parties.client(), parties.clients.issue(&between).unwrap());
    parties.show(&Issued { certificate: format!("{}{}", own.certificate, above.certificate), ..own });
    let ends = Backend::new(parties.settings(1), None).certificate_expires_at(at(0)).await.unwrap();
    assert_eq!(ends, Some(DateTime::<Utc>::from(between.until).trunc_subsecs(0)));
}

#[tokio::test]
async fn an_invalid_rotated_certificate_leaves_the_last_in_use() {
    let parties = Parties::new();
    let (first, second) = (parties.client(), parties.client());
    parties.show(&first);
    let server = parties.backend().await;
    let backend = Backend::new(parties.settings(server.port()), None);
    let order = order();
    let half = second.certificate[..second.certificate.len() / 2].to_owned();
    let torn = Issued { key: first.key.clone(), ..second.clone() };
    let cut = Issued { certificate: half, key: String::new(), ..second.clone() };
    for (seconds, shown, expected) in
        [(0, &first, &first), (10, &cut, &first), (20, &torn, &first), (30, &second, &second)]
    {
        parties.show(shown);
        assert_eq!(backend.submit(&order, None, at(seconds)).await.unwrap(), Decision::Fulfilled);
        assert_eq!(server.requests().pop().unwrap().certificate, Some(der(expected)), "{seconds}");
    }
}

#[tokio::test]
async fn a_rotated_ca_is_trusted_without_a_restart() {
    let parties = Parties::new();
    parties.show(&parties.client());
    let file = parties.folder.path().join("ca.pem");
    fs::write(&file, parties.servers.certificate()).unwrap();
    let (next, server) = (Authority::new("next").unwrap(), parties.backend().await);
    let authority = Some(file.to_str().unwrap().parse().unwrap());
    let backend = Backend::new(FulfilmentSettings { authority, ..parties.settings(server.port()) }, None);
    let order = order();
    assert!(backend.submit(&order, None, at(0)).await.is_ok());
    fs::write(&file, next.certificate()).unwrap();
    assert!(backend.submit(&order, None, at(10)).await.is_err());
    fs::write(&file, format!("{}{}", next.certificate(), parties.servers.certificate())).unwrap();
    assert!(backend.submit(&order, None, at(20)).await.is_ok());
}
