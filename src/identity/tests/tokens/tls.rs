//! TLS proves who the issuer is: a server that cannot prove it gives no keys, and without keys no caller is let in.

use std::time::Duration;

use test_servers::{Authority as Certifier, Issued, Leaf, TlsProxy};

use super::*;
use crate::{https::Roots, pem};

/// An issuer that shows this certificate, and a worker that believes these authorities.
async fn world(shown: &Issued, roots: Roots) -> (World, TlsProxy) {
    let issuer = TestIssuer::start().await;
    let front = TlsProxy::start(shown, issuer.address()).await.unwrap();
    let issuer = issuer.behind(&front);
    let identity = Identity::with_roots(demands(&issuer, IdentityMode::Jwt, None), roots).unwrap();
    (World { issuer, identity }, front)
}

fn only(authority: &Certifier) -> Roots {
    Roots::Only(pem::certificates(authority.certificate()).unwrap())
}

#[tokio::test]
async fn an_issuer_that_proves_who_it_is_gives_its_keys() {
    let authority = Certifier::new("issuers").unwrap();
    let shown = authority.issue(&Leaf::server(&["127.0.0.1"])).unwrap();
    let (world, _front) = world(&shown, only(&authority)).await;
    assert_eq!(world.asks(&world.good()).await, (200, ""));
    assert_eq!(world.issuer.asked().len(), 2, "the metadata and the keys");
}

#[tokio::test]
async fn an_issuer_with_an_untrusted_certificate_is_503() {
    let (authority, namesake) = (Certifier::new("issuers").unwrap(), Certifier::new("issuers").unwrap());
    let right = Leaf::server(&["127.0.0.1"]);
    let over = Leaf { until: right.from + Duration::from_hours(1), ..right.clone() };
    for (fault, shown) in [
        ("a namesake of the authority", namesake.issue(&right)),
        ("self-signed", right.self_signed()),
        ("another name", authority.issue(&Leaf::server(&["issuer.example"]))),
        ("expired", authority.issue(&over)),
        ("a client's", authority.issue(&Leaf::client(&["127.0.0.1"]))),
    ] {
        let (world, _front) = world(&shown.unwrap(), only(&authority)).await;
        assert_eq!(world.asks(&world.good()).await, (503, "keys-unavailable"), "{fault}");
        assert!(world.issuer.asked().is_empty(), "{fault}");
    }
}

#[tokio::test]
async fn only_public_authorities_are_trusted_by_default() {
    let authority = Certifier::new("issuers").unwrap();
    let shown = authority.issue(&Leaf::server(&["127.0.0.1"])).unwrap();
    let (mut world, _front) = world(&shown, only(&authority)).await;
    world.restart();
    assert_eq!(world.asks(&world.good()).await, (503, "keys-unavailable"));
    assert!(world.issuer.asked().is_empty());
}

#[tokio::test]
async fn an_issuer_that_leads_elsewhere_is_not_followed() {
    let authority = Certifier::new("issuers").unwrap();
    let shown = authority.issue(&Leaf::server(&["127.0.0.1"])).unwrap();
    let elsewhere = TestIssuer::start().await;
    let (world, _front) = world(&shown, only(&authority)).await;
    for to in [format!("{}/keys", world.issuer.url), format!("{}/keys", elsewhere.url)] {
        world.issuer.say_keys(Says::Redirect(to.replace("/keys", "/other")));
        assert_eq!(world.asks(&world.good()).await, (503, "keys-unavailable"), "{to}");
    }
    assert!(world.issuer.asked().iter().all(|path| path != "/directory/other"));
    assert!(elsewhere.asked().is_empty());
}
