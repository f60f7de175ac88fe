//! Mutual TLS: the worker and the backend each verify the other's certificate.

use std::time::Duration;

use test_servers::BackendResponse;

use super::*;
use crate::{
    https::{self, Roots},
    pem,
};

const DAY: Duration = Duration::from_hours(24);

/// This certificate, made right in everything but its life: over since yesterday, and beginning tomorrow.
fn out_of_time(leaf: &Leaf) -> [Leaf; 2] {
    let (before, after) = (leaf.from - 2 * DAY, leaf.from + 2 * DAY);
    [Leaf { from: before, until: leaf.from, ..leaf.clone() }, Leaf { from: after, ..leaf.clone() }]
}

#[tokio::test]
async fn an_untrusted_backend_gets_no_request() {
    let parties = Parties::new();
    parties.show(&parties.client());
    let good = Leaf::server(&["127.0.0.1"]);
    let [expired, early] = out_of_time(&good);
    let namesake = Authority::new("servers").unwrap();
    let issue = |leaf: &Leaf| parties.servers.issue(leaf).unwrap();
    for (attack, shown) in [
        ("expired", issue(&expired)),
        ("not yet valid", issue(&early)),
        ("of a namesake of the authority", namesake.issue(&good).unwrap()),
        ("of the authority for clients", parties.clients.issue(&good).unwrap()),
        ("of another name", issue(&Leaf::server(&["backend.example"]))),
        ("a client's", issue(&Leaf::client(&["127.0.0.1"]))),
        ("self-signed", good.self_signed().unwrap()),
    ] {
        let server = test_servers::Backend::start(&shown, parties.clients.certificate()).await.unwrap();
        let asked = ask(parties.settings(server.port())).await;
        assert!(matches!(asked, Err(FulfilmentError::Unreachable(_))), "{attack}: {asked:?}");
        assert!(server.requests().is_empty(), "{attack}");
    }
    assert_eq!(ask(parties.settings(parties.backend().await.port())).await.unwrap(), Decision::Fulfilled);
}

#[tokio::test]
async fn without_a_ca_only_public_roots_are_trusted() {
    let parties = Parties::new();
    parties.show(&parties.client());
    let server = parties.backend().await;
    let settings = FulfilmentSettings { authority: None, ..parties.settings(server.port()) };
    assert!(matches!(ask(settings).await, Err(FulfilmentError::Unreachable(_))));
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_backend_refuses_a_wrong_certificate_and_the_order_waits() {
    let parties = Parties::new();
    let good = Leaf::client(&["worker.example"]);
    let [expired, early] = out_of_time(&good);
    let namesake = Authority::new("clients").unwrap();
    let issue = |leaf: &Leaf| parties.clients.issue(leaf).unwrap();
    let server = parties.backend().await;
    for (attack, shown) in [
        ("expired", issue(&expired)),
        ("not yet valid", issue(&early)),
        ("of a namesake of the authority", namesake.issue(&good).unwrap()),
        ("of the authority for servers", parties.servers.issue(&good).unwrap()),
        ("a server's", issue(&Leaf::server(&["worker.example"]))),
        ("self-signed", good.self_signed().unwrap()),
    ] {
        parties.show(&shown);
        let asked = ask(parties.settings(server.port())).await;
        assert!(matches!(asked, Err(FulfilmentError::Unreachable(_))), "{attack}: {asked:?}");
        assert!(server.requests().is_empty(), "{attack}");
    }
    parties.show(&parties.client());
    assert_eq!(ask(parties.settings(server.port())).await.unwrap(), Decision::Fulfilled);
}

#[tokio::test]
async fn the_test_backend_requires_a_client_certificate() {
    let parties = Parties::new();
    let server = parties.backend().await;
    let roots = Roots::Only(pem::certificates(parties.servers.certificate()).unwrap());
    let client = https::client(roots, https::Schemes::HttpsOnly, super::super::TIMEOUT).unwrap();
    assert!(client.post(parties.settings(server.port()).address).send().await.is_err());
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn an_unusable_client_certificate_prevents_the_call() {
    let parties = Parties::new();
    let server = parties.backend().await;
    let missing = ask(parties.settings(server.port())).await;
    assert!(matches!(missing, Err(FulfilmentError::Secret(_))), "{missing:?}");
    let (one, other) = (parties.client(), parties.client());
    for (fault, shown) in [
        ("no key", Issued { key: String::new(), ..one.clone() }),
        ("no certificate", Issued { certificate: String::new(), ..one.clone() }),
        ("another's key", Issued { key: other.key, ..one }),
    ] {
        parties.show(&shown);
        let asked = ask(parties.settings(server.port())).await;
        assert!(
            matches!(asked, Err(FulfilmentError::Pem(_) | FulfilmentError::Client(_))),
            "{fault}: {asked:?}"
        );
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn nothing_goes_out_over_plain_http() {
    let parties = Parties::new();
    parties.show(&parties.client());
    let server = test_servers::Backend::plain().await.unwrap();
    server.respond_with(BackendResponse::Status(202));
    for scheme in ["http", "https"] {
        let mut settings = parties.settings(server.port());
        settings.address = format!("{scheme}://127.0.0.1:{}/fulfilments", server.port()).parse().unwrap();
        let asked = ask(settings).await;
        assert!(matches!(asked, Err(FulfilmentError::Unreachable(_))), "{scheme}: {asked:?}");
    }
    assert!(server.requests().is_empty());
}
