//! Tokens of the managed identity, for services that no client of Azure's stands before.

use std::time::{Duration, Instant};

use orders_worker::azure::{ManagedIdentity, TokenError};
use test_servers::IdentityEndpoint;

use crate::platform::{announced, on_the_platform};

on_the_platform!(
    a_token_is_asked_for_anew_each_time,
    an_endpoint_without_a_token_is_told_from_an_app_without_an_identity,
    a_hanging_endpoint_is_given_up_soon,
);

const SCOPE: &str = "https://ossrdbms-aad.database.windows.net/.default";

async fn a_token_is_asked_for_anew_each_time() {
    let endpoint = IdentityEndpoint::start_at(announced(), "one").unwrap();
    let identity = ManagedIdentity::from_environment(None).unwrap();
    let one = identity.fresh_token(SCOPE).await.unwrap();
    "other".clone_into(&mut endpoint.granting().await.token);
    let other = identity.fresh_token(SCOPE).await.unwrap();
    assert_eq!((one.secret.expose(), other.secret.expose()), ("one", "other"));
    assert!(one.expires_at <= other.expires_at && one.secret != other.secret);
    let granted = endpoint.granting().await.granted.clone();
    assert!(granted.iter().all(|query| query["resource"] == "https://ossrdbms-aad.database.windows.net"));
    assert!(!format!("{identity:?} {other:?}").contains("other"));
}

async fn an_endpoint_without_a_token_is_told_from_an_app_without_an_identity() {
    let endpoint = IdentityEndpoint::start_at(announced(), "one").unwrap();
    let identity = ManagedIdentity::from_environment(None).unwrap();
    for (status, expected) in [(400, TokenError::NotAssigned), (500, TokenError::Unavailable)] {
        endpoint.granting().await.fails = Some(status);
        assert_eq!(identity.fresh_token(SCOPE).await.unwrap_err(), expected);
    }
    drop(endpoint);
    assert_eq!(identity.fresh_token(SCOPE).await.unwrap_err(), TokenError::Unavailable);
}

async fn a_hanging_endpoint_is_given_up_soon() {
    let endpoint = IdentityEndpoint::start_at(announced(), "one").unwrap();
    endpoint.granting().await.hangs = true;
    let start = Instant::now();
    let identity = ManagedIdentity::from_environment(None).unwrap();
    assert_eq!(identity.fresh_token(SCOPE).await.unwrap_err(), TokenError::Unavailable);
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
}
