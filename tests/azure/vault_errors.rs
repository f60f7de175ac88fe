//! A vault that refuses, fails, is unavailable, or is another server.

use std::time::{Duration, Instant};

use orders_worker::vault::VaultError;
use test_servers::{Authority, Leaf, VaultBehavior};

use crate::{
    platform::on_the_platform,
    world::{HOST, World, minute},
};

on_the_platform!(
    an_unknown_secret_is_not_found,
    a_disabled_secret_is_forbidden,
    a_secret_outside_its_validity_is_not_used,
    a_pkcs12_certificate_is_rejected_with_a_remedy,
    a_throttling_vault_reports_retry_after,
    a_failing_vault_is_tried_three_times,
    a_hanging_vault_times_out_before_the_caller,
    an_unreachable_vault_is_unavailable,
    an_invalid_vault_response_is_unavailable,
    a_foreign_challenge_gets_no_token,
    an_untrusted_vault_gets_no_request,
    an_identity_endpoint_that_fails_or_hangs_is_unavailable,
);

const UNAVAILABLE: VaultError = VaultError::Unavailable { retry_after: None };

async fn an_unknown_secret_is_not_found() {
    let world = World::start().await;
    assert_eq!(world.read("teapot").await.unwrap_err(), VaultError::NotFound);
}

async fn a_disabled_secret_is_forbidden() {
    let world = World::start().await;
    world.put("cup", |secret| secret.enabled = false);
    assert_eq!(world.read("cup").await.unwrap_err(), VaultError::Forbidden);
    world.set_behavior(VaultBehavior::Failing(403));
    assert_eq!(world.read("cup").await.unwrap_err(), VaultError::Forbidden);
}

async fn a_secret_outside_its_validity_is_not_used() {
    let world = World::start().await;
    let (early, late) = (minute(-1).timestamp(), minute(1).timestamp());
    world.put("cup", |secret| (secret.activates, secret.expires) = (Some(early), Some(late)));
    let found = world.read("cup").await.unwrap();
    assert!(found.clone().into_secret(minute(0)).is_ok());
    for other in [minute(-2), minute(1)] {
        assert_eq!(found.clone().into_secret(other).unwrap_err(), VaultError::NotValidNow);
    }
}

async fn a_pkcs12_certificate_is_rejected_with_a_remedy() {
    let world = World::start().await;
    world.put("cup", |secret| secret.content_type = Some("application/x-pkcs12".to_owned()));
    let refused = world.read("cup").await.unwrap().into_secret(minute(0)).unwrap_err();
    assert_eq!(refused, VaultError::Pkcs12);
    assert!(refused.to_string().contains("application/x-pem-file"), "{refused}");
}

async fn a_throttling_vault_reports_retry_after() {
    let world = World::start().await;
    world.set_behavior(VaultBehavior::Throttling(7));
    let refused = world.read("cup").await.unwrap_err();
    assert_eq!(refused, VaultError::Unavailable { retry_after: Some(Duration::from_secs(7)) });
    assert_eq!(world.request_count(), 1);
}

async fn a_failing_vault_is_tried_three_times() {
    let world = World::start().await;
    world.set_behavior(VaultBehavior::Failing(500));
    assert_eq!(world.read("cup").await.unwrap_err(), UNAVAILABLE);
    assert_eq!(world.request_count(), 3);
}

async fn a_hanging_vault_times_out_before_the_caller() {
    let world = World::start().await;
    world.set_behavior(VaultBehavior::Hanging);
    let start = Instant::now();
    assert_eq!(world.read("cup").await.unwrap_err(), UNAVAILABLE);
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
}

async fn an_unreachable_vault_is_unavailable() {
    let World { endpoint: _endpoint, server, vault } = World::start().await;
    drop(server);
    assert_eq!(vault.read(&"cup".parse().unwrap()).await.unwrap_err(), UNAVAILABLE);
}

async fn an_invalid_vault_response_is_unavailable() {
    let world = World::start().await;
    for behavior in [VaultBehavior::Oversized, VaultBehavior::Invalid] {
        world.set_behavior(behavior);
        let refused = world.read("cup").await.unwrap_err();
        assert_eq!(refused, UNAVAILABLE, "{behavior:?}");
        assert!(!format!("{refused:?} {refused}").contains("hunter2"));
    }
}

async fn a_foreign_challenge_gets_no_token() {
    let world = World::start().await;
    for resource in ["https://storage.azure.com", "https://azure.net.example", "nonsense"] {
        resource.clone_into(&mut world.server.state().resource);
        assert_eq!(world.read("cup").await.unwrap_err(), UNAVAILABLE, "{resource}");
    }
    assert_eq!((world.request_count(), world.endpoint.state().await.requests), (0, 0));
}

async fn an_untrusted_vault_gets_no_request() {
    let (authority, other) = (Authority::new("tests").unwrap(), Authority::new("tests").unwrap());
    let right = Leaf::server(&[HOST]);
    let mut over = right.clone();
    over.until = over.from + Duration::from_hours(1);
    for (fault, shown) in [
        ("another authority", other.issue(&right)),
        ("self-signed", right.self_signed()),
        ("another name", authority.issue(&Leaf::server(&["other.vault.azure.net"]))),
        ("expired", authority.issue(&over)),
        ("a client's", authority.issue(&Leaf::client(&[HOST]))),
    ] {
        let world = World::with(&authority, &shown.unwrap(), None).await;
        assert_eq!(world.read("cup").await.unwrap_err(), UNAVAILABLE, "{fault}");
        assert_eq!((world.request_count(), world.endpoint.state().await.requests), (0, 0), "{fault}");
    }
}

async fn an_identity_endpoint_that_fails_or_hangs_is_unavailable() {
    let world = World::start().await;
    for status in [400, 403, 500] {
        world.endpoint.state().await.failure_status = Some(status);
        assert_eq!(world.read("cup").await.unwrap_err(), UNAVAILABLE, "{status}");
    }
    world.endpoint.state().await.failure_status = None;
    world.endpoint.state().await.hangs = true;
    let start = Instant::now();
    assert_eq!(world.read("cup").await.unwrap_err(), UNAVAILABLE);
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    world.endpoint.state().await.hangs = false;
    world.metadata("cup").await;
}
