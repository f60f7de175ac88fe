//! The answers of `GetSecretFromKeyVault` when the vault answers.

use std::{
    collections::HashMap,
    fs::{self, File},
};

use test_servers::{VaultBehavior, identity_endpoint::IDENTITY_HEADER};
use tracing::level_filters::LevelFilter;
use uuid::Uuid;

use crate::{
    platform::on_the_platform,
    world::{HOST, World, minute},
};

on_the_platform!(
    a_secret_is_read_with_its_metadata,
    the_system_assigned_identity_is_the_default,
    a_named_identity_is_used,
    a_rotated_secret_is_read_at_once,
    a_secret_is_never_printed,
    trace_logs_contain_no_secret_and_no_token,
);

async fn a_secret_is_read_with_its_metadata() {
    let world = World::start().await;
    world.put("tea", |secret| {
        secret.expires = Some(1_900_000_000);
        secret.content_type = Some("text/plain".to_owned());
    });
    let about = world.metadata("tea").await;
    assert_eq!((about.name.as_str(), about.enabled), ("tea", true));
    assert_eq!(about.version, "4387e9f3d6e14c459867679a90fd0f79");
    assert_eq!(about.created_at.to_rfc3339(), "2026-01-01T00:00:00+00:00");
    assert_eq!(about.updated_at.to_rfc3339(), "2026-01-01T00:01:00+00:00");
    assert_eq!(about.expires_at.map(|end| end.timestamp()), Some(1_900_000_000));
    assert_eq!(about.content_type.as_deref(), Some("text/plain"));
    let plain = world.metadata("cup").await;
    assert_eq!((plain.expires_at, plain.content_type), (None, None));
    assert_eq!(world.read("cup").await.unwrap().into_secret(minute(0)).unwrap().expose(), "hunter2");
}

/// The query of the one grant that two readings needed.
async fn granted(world: &World) -> HashMap<String, String> {
    world.metadata("cup").await;
    world.metadata("cup").await;
    let granted = world.endpoint.state().await.granted.clone();
    assert_eq!(granted.len(), 1, "one token does for many secrets");
    granted[0].clone()
}

async fn the_system_assigned_identity_is_the_default() {
    let granted = granted(&World::start().await).await;
    assert_eq!(granted["resource"], "https://vault.azure.net");
    assert!(!granted.contains_key("client_id"));
}

async fn a_named_identity_is_used() {
    let named = Uuid::from_u128(0x9b1f_6f5c);
    let granted = granted(&World::start_as(named).await).await;
    assert_eq!(granted["client_id"], named.to_string());
}

async fn a_rotated_secret_is_read_at_once() {
    let world = World::start().await;
    world.metadata("cup").await;
    world.put("cup", |secret| "00000000000000000000000000000002".clone_into(&mut secret.version));
    assert_eq!(world.metadata("cup").await.version, "00000000000000000000000000000002");
}

async fn a_secret_is_never_printed() {
    let world = World::start().await;
    let found = world.read("cup").await.unwrap();
    let printed = format!("{:?} {found:?} {:?}", world.vault, found.clone().into_secret(minute(0)));
    assert!(!printed.contains("hunter2") && printed.contains(HOST), "{printed}");
}

async fn trace_logs_contain_no_secret_and_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let log = File::create(&path).unwrap();
    tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(log).init();
    let world = World::start().await;
    world.metadata("cup").await;
    world.put("cup", |secret| secret.enabled = false);
    assert!(world.read("cup").await.is_err() && world.read("teapot").await.is_err());
    world.set_behavior(VaultBehavior::Invalid);
    assert!(world.read("cup").await.is_err());
    world.endpoint.state().await.failure_status = Some(500);
    "token-2".clone_into(&mut world.server.state().token);
    assert!(world.read("cup").await.is_err());
    let log = fs::read_to_string(&path).unwrap();
    assert!(
        log.contains("TRACE") && log.contains(HOST) && log.contains("the vault returned no secret"),
        "{log}"
    );
    let secrets = ["hunter2", "token-1", "token-2", IDENTITY_HEADER];
    let leak = |log: &str| secrets.into_iter().find(|secret| log.contains(secret));
    assert_eq!(leak(&log), None, "{log}");
    for planted in secrets {
        tracing::info!(planted);
        assert!(leak(&fs::read_to_string(&path).unwrap()).is_some(), "the search finds what is there");
        File::options().write(true).truncate(true).open(&path).unwrap();
    }
}
