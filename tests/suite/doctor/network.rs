//! What the app reaches besides its database, as the doctor finds it.

use std::{fs, time::Duration};

use axum::Router;
use chrono::TimeDelta;
use orders_worker::clock::Clock;
use tempfile::TempDir;
use test_servers::{Authority, Leaf};
use tokio::net::TcpListener;

use super::{Deployment, GUID};

/// An issuer that puts this time into every answer.
async fn issuer(date: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it listens"));
    let routes = Router::new().fallback(move || async move { ([("date", date)], "{}") });
    tokio::spawn(async { axum::serve(listener, routes).await });
    url
}

fn demanding_tokens(authority: &str) -> Deployment {
    Deployment::sound()
        .only(&["GetOrder"])
        .set("ORDERS_ENTRA_TENANT_ID", GUID)
        .set("ORDERS_ENTRA_AUDIENCE", GUID)
        .set("ORDERS_ENTRA_AUTHORITY", authority)
}

#[tokio::test]
async fn clock_skew_is_reported_before_tokens_fail() {
    for (seconds, level) in [(0, "pass"), (45, "warn"), (-45, "warn"), (120, "fail"), (-120, "fail")] {
        let theirs = Clock.now() + TimeDelta::seconds(seconds);
        let issuer = issuer(theirs.format("%a, %d %b %Y %H:%M:%S GMT").to_string()).await;
        let found = demanding_tokens(&issuer).examine_here(&[], &[]).await;
        assert_eq!(found.level("C05-clock-skew"), Some(level), "{seconds}: {}", found.said);
    }
    let mute = issuer("soon".to_owned()).await;
    let found = demanding_tokens(&mute).examine_here(&[], &[]).await;
    assert_eq!(found.level("C05-clock-skew"), Some("warn"), "{}", found.said);
}

#[tokio::test]
async fn an_unreachable_issuer_fails() {
    let found = demanding_tokens("http://127.0.0.1:1").examine_here(&[], &[]).await;
    assert_eq!((found.level("C05-clock-skew"), found.code), (Some("fail"), Some(1)), "{}", found.said);
}

#[tokio::test]
async fn an_unreachable_vault_fails() {
    let identity = [("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token"), ("IDENTITY_HEADER", "any")];
    let deployment = Deployment::sound().only(&["FulfilOrder"]).set("KeyVaultUrl", "https://vault.invalid");
    let deployment = identity.iter().fold(deployment, |known, (name, value)| known.set(name, value));
    let found = deployment.examine_here(&[], &identity).await;
    assert_eq!((found.level("C22-vault-access"), found.code), (Some("fail"), Some(1)), "{}", found.said);
}

/// A processor whose certificate is valid for this many days, or has none when there is no number.
fn processor(days: Option<i64>) -> (Deployment, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let (certificate, authority) = (folder.path().join("worker.pem"), folder.path().join("ca.pem"));
    let clients = Authority::new("clients").expect("an authority");
    fs::write(&authority, clients.certificate()).expect("the folder can be written");
    if let Some(days) = days {
        let until = (Clock.now() + TimeDelta::days(days) + TimeDelta::hours(1)).into();
        let leaf = Leaf::client(&["worker.example"]);
        let leaf = Leaf { from: leaf.from - Duration::from_hours(24 * 9), until, ..leaf };
        let own = clients.issue(&leaf).expect("a certificate");
        fs::write(&certificate, format!("{}{}", own.certificate, own.key))
            .expect("the folder can be written");
    }
    let deployment = Deployment::sound()
        .only(&["FulfilOrder"])
        .set("ORDERS_FULFILMENT_URL", "https://backend.invalid")
        .set("ORDERS_FULFILMENT_CLIENT_CERTIFICATE", certificate.to_str().expect("ASCII"))
        .set("ORDERS_FULFILMENT_CA", authority.to_str().expect("ASCII"));
    (deployment, folder)
}

#[tokio::test]
async fn a_certificate_warns_for_a_month_before_it_expires() {
    for (days, level) in [(40, "pass"), (29, "warn"), (0, "warn"), (-2, "fail")] {
        let (deployment, _folder) = processor(Some(days));
        let found = deployment.examine_here(&[], &[]).await;
        assert_eq!(found.level("C24-certificate-expiry"), Some(level), "{days}: {}", found.said);
    }
}

#[tokio::test]
async fn an_unusable_certificate_fails_without_its_content() {
    let (missing, _folder) = processor(None);
    let found = missing.examine_here(&[], &[]).await;
    assert_eq!(
        (found.level("C24-certificate-expiry"), found.code),
        (Some("fail"), Some(1)),
        "{}",
        found.said
    );
    let (torn, folder) = processor(Some(40));
    let file = folder.path().join("worker.pem");
    let text = fs::read_to_string(&file).expect("it was written");
    fs::write(&file, text.replace("-----END PRIVATE KEY-----", "")).expect("the folder can be written");
    let found = torn.examine_here(&[], &[]).await;
    assert_eq!(found.level("C24-certificate-expiry"), Some("fail"), "{}", found.said);
    assert!(!found.said.contains(text.lines().last().expect("a key")) && !found.said.contains("MII"));
}
