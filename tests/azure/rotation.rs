//! The client certificate for the backend, stored in a vault.

use std::{
    fs::{self, File},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use orders_worker::{
    clock::Clock,
    fulfilment::{Backend, FulfilmentError, FulfilmentSettings},
    orders::{LineDraft, Order, OrderDraft, OrderId, Owner, UnitPrice},
    pem,
    store::Decision,
    telemetry::chain,
};
use test_servers::{Authority, Issued, Leaf, identity_endpoint::IDENTITY_HEADER};
use tracing::level_filters::LevelFilter;
use uuid::Uuid;

use crate::{
    platform::on_the_platform,
    world::{World, minute},
};

on_the_platform!(
    a_rotated_certificate_reaches_the_backend_without_a_restart,
    a_pkcs12_client_certificate_is_rejected_with_a_remedy,
    trace_logs_contain_no_private_key,
);

const PEM: &str = "application/x-pem-file";

/// A vault with the certificate `worker`, and the backend that knows its authority.
struct Parties {
    world: World,
    clients: Authority,
    server: test_servers::Backend,
    backend: Arc<Backend>,
}

impl Parties {
    async fn meet() -> Self {
        let (servers, clients) = (Authority::new("servers").unwrap(), Authority::new("clients").unwrap());
        let shown = servers.issue(&Leaf::server(&["127.0.0.1"])).unwrap();
        let server = test_servers::Backend::start(&shown, clients.certificate()).await.unwrap();
        let settings = FulfilmentSettings {
            address: format!("https://127.0.0.1:{}/fulfilments", server.port()).parse().unwrap(),
            certificate: "keyvault:worker".parse().unwrap(),
            authority: Some(servers.certificate().parse().unwrap()),
        };
        let world = World::start().await;
        let backend = Arc::new(Backend::new(settings, Some(&world.vault)));
        Self { world, clients, server, backend }
    }

    /// Puts a new certificate into the vault.
    fn rotate(&self, content_type: &str) -> Issued {
        let issued = self.clients.issue(&Leaf::client(&["worker.example"])).unwrap();
        self.world.put("worker", |secret| {
            secret.value = format!("{}{}", issued.certificate, issued.key);
            secret.content_type = Some(content_type.to_owned());
        });
        issued
    }

    /// Has one more order carried out.
    async fn call(&self, order: &Order) -> Result<Decision, FulfilmentError> {
        self.backend.submit(order, None, minute(0)).await
    }

    /// Which certificates were shown so far.
    fn shown(&self) -> Vec<Vec<u8>> {
        self.server.requests().into_iter().filter_map(|asked| asked.certificate).collect()
    }
}

fn order() -> Order {
    let draft = OrderDraft {
        reference: "PO-17".parse().unwrap(),
        currency: "EUR".parse().unwrap(),
        lines: vec![LineDraft { sku: "CUP".parse().unwrap(), quantity: 6.try_into().unwrap() }],
        note: None,
    };
    let owner = Owner { tenant: Uuid::from_u128(1), object: Uuid::from_u128(2) };
    let prices = [UnitPrice::try_from(450).unwrap()];
    draft.to_order(OrderId::new(minute(0)), owner, &prices, minute(0)).unwrap()
}

fn der(issued: &Issued) -> Vec<u8> {
    pem::certificates(&issued.certificate).unwrap()[0].to_vec()
}

async fn a_rotated_certificate_reaches_the_backend_without_a_restart() {
    let parties = Parties::meet().await;
    let (first, order) = (der(&parties.rotate(PEM)), order());
    let until_shown = async |certificate: &Vec<u8>| {
        while parties.shown().last() != Some(certificate) {
            assert_eq!(parties.call(&order).await.unwrap(), Decision::Fulfilled);
        }
    };
    let all = async |certificate: &Vec<u8>| {
        let callers = join_all((0..4).map(|_| until_shown(certificate)));
        assert!(tokio::time::timeout(Duration::from_secs(20), callers).await.is_ok(), "it is never shown");
    };
    all(&first).await;
    let second = der(&parties.rotate(PEM));
    let background = Arc::clone(&parties.backend);
    let reading = tokio::spawn(async move { background.refresh_certificates(Clock).await });
    all(&second).await;
    reading.abort();
    let shown = parties.shown();
    assert!(shown.iter().all(|shown| [&first, &second].contains(&shown)));
    let ends = parties.backend.certificate_expires_at(minute(0)).await.unwrap();
    assert!(ends.is_some_and(|ends: DateTime<Utc>| ends > minute(0)));
}

async fn a_pkcs12_client_certificate_is_rejected_with_a_remedy() {
    let parties = Parties::meet().await;
    parties.rotate("application/x-pkcs12");
    let refused = parties.call(&order()).await.unwrap_err();
    assert!(matches!(refused, FulfilmentError::Secret(_)), "{refused:?}");
    assert!(chain(&refused).contains("application/x-pem-file"), "{refused:?}");
    assert!(parties.server.requests().is_empty());
}

async fn trace_logs_contain_no_private_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let log = File::create(&path).unwrap();
    tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(log).init();
    let (parties, order) = (Parties::meet().await, order());
    let used = parties.rotate(PEM);
    assert!(parties.call(&order).await.is_ok());
    let broken = parties.clients.issue(&Leaf::client(&["worker.example"])).unwrap();
    parties.world.put("worker", |secret| secret.value.clone_from(&broken.key));
    let background = Arc::clone(&parties.backend);
    let reading = tokio::spawn(async move { background.refresh_certificates(Clock).await });
    let told = async {
        while !fs::read_to_string(&path).unwrap().contains("the rotated certificate is invalid") {
            assert!(parties.call(&order).await.is_ok());
        }
    };
    assert!(tokio::time::timeout(Duration::from_secs(20), told).await.is_ok(), "the log does not say so");
    reading.abort();
    let keys = format!("{}{}", used.key, broken.key);
    let secrets =
        || keys.lines().filter(|line| !line.starts_with("-----")).chain(["token-1", IDENTITY_HEADER]);
    let leak = |log: String| secrets().find(|secret| log.contains(secret));
    let log = fs::read_to_string(&path).unwrap();
    assert!(log.contains("TRACE") && log.contains("a rotated secret is in use"), "{log}");
    assert_eq!(leak(log), None);
    for planted in secrets() {
        assert_eq!(leak(format!("planted: {planted}")), Some(planted), "the search finds what is there");
    }
}
