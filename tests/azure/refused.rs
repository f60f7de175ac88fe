//! What a vault gets that refuses, fails, is away, or is somebody else.

use std::time::{Duration, Instant};

use orders_worker::vault::VaultError;
use test_servers::{Authority, Leaf, Mood};

use crate::{
    platform::on_the_platform,
    world::{HOST, World, minute},
};

on_the_platform!(
    a_secret_that_is_not_there_is_missing,
    a_disabled_secret_is_forbidden_like_one_without_a_role,
    a_secret_out_of_its_time_is_found_and_not_used,
    a_pkcs12_certificate_is_refused_with_the_way_to_a_pem_one,
    a_throttling_vault_is_left_alone_and_says_for_how_long,
    a_failing_vault_is_asked_three_times,
    a_vault_that_hangs_is_given_up_before_the_callers_deadline,
    a_vault_that_is_away_is_unavailable,
    an_answer_without_end_or_sense_is_unavailable,
    a_token_for_elsewhere_is_neither_asked_for_nor_sent,
    a_vault_with_another_certificate_is_told_nothing,
    an_identity_endpoint_that_fails_or_hangs_is_unavailable,
);

const UNAVAILABLE: VaultError = VaultError::Unavailable { retry_after: None };

async fn a_secret_that_is_not_there_is_missing() {
    let world = World::start().await;
    assert_eq!(world.read("teapot").await.unwrap_err(), VaultError::NotFound);
}

async fn a_disabled_secret_is_forbidden_like_one_without_a_role() {
    let world = World::start().await;
    world.put("cup", |secret| secret.enabled = false);
    assert_eq!(world.read("cup").await.unwrap_err(), VaultError::Forbidden);
    world.is(Mood::Failing(403));
    assert_eq!(world.read("cup").await.unwrap_err(), VaultError::Forbidden);
}

async fn a_secret_out_of_its_time_is_found_and_not_used() {
    let world = World::start().await;
    let (early, late) = (minute(-1).timestamp(), minute(1).timestamp());
    world.put("cup", |secret| (secret.activates, secret.expires) = (Some(early), Some(late)));
    let found = world.read("cup").await.unwrap();
    assert!(found.clone().into_secret(minute(0)).is_ok());
    for other in [minute(-2), minute(1)] {
        assert_eq!(found.clone().into_secret(other).unwrap_err(), VaultError::NotValidNow);
    }
}

async fn a_pkcs12_certificate_is_refused_with_the_way_to_a_pem_one() {
    let world = World::start().await;
    world.put("cup", |secret| secret.content_type = Some("application/x-pkcs12".to_owned()));
    let refused = world.read("cup").await.unwrap().into_secret(minute(0)).unwrap_err();
    assert_eq!(refused, VaultError::Pkcs12);
    assert!(refused.to_string().contains("application/x-pem-file"), "{refused}");
}

async fn a_throttling_vault_is_left_alone_and_says_for_how_long() {
    let world = World::start().await;
    world.is(Mood::Throttling(7));
    let refused = world.read("cup").await.unwrap_err();
    assert_eq!(refused, VaultError::Unavailable { retry_after: Some(Duration::from_secs(7)) });
    assert_eq!(world.asked(), 1);
}

async fn a_failing_vault_is_asked_three_times() {
    let world = World::start().await;
    world.is(Mood::Failing(500));
    assert_eq!(world.read("cup").await.unwrap_err(), UNAVAILABLE);
    assert_eq!(world.asked(), 3);
}

async fn a_vault_that_hangs_is_given_up_before_the_callers_deadline() {
    let world = World::start().await;
    world.is(Mood::Hanging);
    let start = Instant::now();
    assert_eq!(world.read("cup").await.unwrap_err(), UNAVAILABLE);
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
}

async fn a_vault_that_is_away_is_unavailable() {
    let World { endpoint: _endpoint, server, vault } = World::start().await;
    drop(server);
    assert_eq!(vault.read(&"cup".parse().unwrap()).await.unwrap_err(), UNAVAILABLE);
}

async fn an_answer_without_end_or_sense_is_unavailable() {
    let world = World::start().await;
    for mood in [Mood::Endless, Mood::Babbling] {
        world.is(mood);
        let refused = world.read("cup").await.unwrap_err();
        assert_eq!(refused, UNAVAILABLE, "{mood:?}");
        assert!(!format!("{refused:?} {refused}").contains("hunter2"));
    }
}

async fn a_token_for_elsewhere_is_neither_asked_for_nor_sent() {
    let world = World::start().await;
    for resource in ["https://storage.azure.com", "https://azure.net.example", "nonsense"] {
        resource.clone_into(&mut world.server.holding().resource);
        assert_eq!(world.read("cup").await.unwrap_err(), UNAVAILABLE, "{resource}");
    }
    assert_eq!((world.asked(), world.endpoint.granting().await.asked), (0, 0));
}

async fn a_vault_with_another_certificate_is_told_nothing() {
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
        assert_eq!((world.asked(), world.endpoint.granting().await.asked), (0, 0), "{fault}");
    }
}

async fn an_identity_endpoint_that_fails_or_hangs_is_unavailable() {
    let world = World::start().await;
    for status in [400, 403, 500] {
        world.endpoint.granting().await.fails = Some(status);
        assert_eq!(world.read("cup").await.unwrap_err(), UNAVAILABLE, "{status}");
    }
    world.endpoint.granting().await.fails = None;
    world.endpoint.granting().await.hangs = true;
    let start = Instant::now();
    assert_eq!(world.read("cup").await.unwrap_err(), UNAVAILABLE);
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    world.endpoint.granting().await.hangs = false;
    world.about("cup").await;
}
