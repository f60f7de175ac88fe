//! Tokens of the managed identity, for services without an Azure client.

use std::time::{Duration, Instant};

use orders_worker::azure::{ManagedIdentity, TokenError};
use test_servers::IdentityEndpoint;

use crate::platform::{announced, on_the_platform};

on_the_platform!(
    each_call_requests_a_new_token,
    a_missing_token_differs_from_a_missing_identity,
    a_hanging_endpoint_times_out,
);

const SCOPE: &str = "https://ossrdbms-aad.database.windows.net/.default";

async fn each_call_requests_a_new_token() {
    let endpoint = IdentityEndpoint::start_at(announced(), "one").unwrap();
    let identity = ManagedIdentity::from_environment(None).unwrap();
    let one = identity.fresh_token(SCOPE).await.unwrap();
    "other".clone_into(&mut endpoint.state().await.token);
    let other = identity.fresh_token(SCOPE).await.unwrap();
    assert_eq!((one.secret.expose(), other.secret.expose()), ("one", "other"));
    assert!(one.expires_at <= other.expires_at && one.secret != other.secret);
    let granted = endpoint.state().await.granted.clone();
    assert!(granted.iter().all(|query| query["resource"] == "https://ossrdbms-aad.database.windows.net"));
    assert!(!format!("{identity:?} {other:?}").contains("other"));
}

async fn a_missing_token_differs_from_a_missing_identity() {
    let endpoint = IdentityEndpoint::start_at(announced(), "one").unwrap();
    let identity = ManagedIdentity::from_environment(None).unwrap();
    for (status, expected) in [(400, TokenError::NotAssigned), (500, TokenError::Unavailable)] {
        endpoint.state().await.failure_status = Some(status);
        assert_eq!(identity.fresh_token(SCOPE).await.unwrap_err(), expected);
    }
    drop(endpoint);
    assert_eq!(identity.fresh_token(SCOPE).await.unwrap_err(), TokenError::Unavailable);
}

async fn a_hanging_endpoint_times_out() {
    let endpoint = IdentityEndpoint::start_at(announced(), "one").unwrap();
    endpoint.state().await.hangs = true;
    let start = Instant::now();
    let identity = ManagedIdentity::from_environment(None).unwrap();
    assert_eq!(identity.fresh_token(SCOPE).await.unwrap_err(), TokenError::Unavailable);
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
}
