//! Secrets of settings, over the life of a process.

use std::{
    fs::{self, File},
    sync::Arc,
    time::Duration,
};

use chrono::TimeDelta;
use orders_worker::{
    clock::Clock,
    rotation::{RefreshingSecret, SecretError, SecretSource},
    vault::VaultError,
};
use serde_json::Value;
use test_servers::VaultBehavior;

use crate::{
    platform::on_the_platform,
    world::{World, minute},
};

on_the_platform!(
    a_cached_secret_is_stable_until_rotated,
    concurrent_reads_cause_one_vault_request,
    a_stale_secret_is_used_for_an_hour,
    a_forbidden_secret_is_dropped_at_once,
    an_expired_secret_is_dropped,
    the_vaults_retry_after_is_honored,
    secrets_are_refreshed_in_the_background,
    a_vault_outage_is_logged_once_for_all_callers,
);

fn of_the_vault(world: &World) -> RefreshingSecret {
    RefreshingSecret::new("keyvault:cup".parse().unwrap(), Some(world.vault.clone()))
}

async fn a_cached_secret_is_stable_until_rotated() {
    let world = World::start().await;
    let kept = of_the_vault(&world);
    let first = kept.current(minute(0)).await.unwrap();
    let again = kept.refresh(minute(5)).await.unwrap();
    assert!(Arc::ptr_eq(&first, &again) && world.request_count() == 2);
    world.put("cup", |secret| "hunter3".clone_into(&mut secret.value));
    assert!(
        Arc::ptr_eq(&first, &kept.current(minute(9)).await.unwrap()),
        "callers do not wait for the vault"
    );
    assert_eq!(kept.refresh(minute(10)).await.unwrap().expose(), "hunter3");
    assert_eq!(kept.current(minute(10)).await.unwrap().expose(), "hunter3");
    assert!(!format!("{kept:?}").contains("hunter"));
}

async fn concurrent_reads_cause_one_vault_request() {
    let world = World::start().await;
    let kept = Arc::new(of_the_vault(&world));
    let wanting: Vec<_> = (0..50)
        .map(|_| {
            let kept = Arc::clone(&kept);
            tokio::spawn(async move { kept.current(minute(0)).await.unwrap() })
        })
        .collect();
    for one in wanting {
        assert_eq!(one.await.unwrap().expose(), "hunter2");
    }
    assert_eq!(world.request_count(), 1);
}

async fn a_stale_secret_is_used_for_an_hour() {
    let world = World::start().await;
    let kept = of_the_vault(&world);
    kept.current(minute(0)).await.unwrap();
    world.set_behavior(VaultBehavior::Failing(500));
    assert_eq!(kept.refresh(minute(5)).await.unwrap().expose(), "hunter2");
    assert!(kept.current(minute(59)).await.is_ok());
    let over = kept.current(minute(60)).await.unwrap_err();
    assert!(matches!(over, SecretError::Vault(VaultError::Unavailable { .. })), "{over}");
    world.set_behavior(VaultBehavior::Normal);
    assert_eq!(kept.current(minute(61)).await.unwrap().expose(), "hunter2");
}

async fn a_vault_outage_is_logged_once_for_all_callers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    tracing_subscriber::fmt().json().with_writer(File::create(&path).unwrap()).init();
    let world = World::start().await;
    let kept = of_the_vault(&world);
    for after in 0..5 {
        // An answer without version and dates is none.
        world.set_behavior(if after % 2 == 0 {
            VaultBehavior::Failing(500)
        } else {
            VaultBehavior::Oversized
        });
        assert!(kept.refresh(minute(after)).await.is_err());
    }
    world.set_behavior(VaultBehavior::Normal);
    kept.refresh(minute(5)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(7)).await;
    let log = fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = |event: &str, outage: Option<&str>| {
        let fields = lines.iter().map(|line| &line["fields"]);
        fields.filter(|one| one["event"] == event && one["outage"].as_str() == outage).count()
    };
    for outage in ["vault-request-failed", "secret-refresh-failed"] {
        assert_eq!((count(outage, None), count("outage-ended", Some(outage))), (1, 1), "{log}");
    }
    assert_eq!(log.matches("\"failed_calls\":5").count(), 2, "{log}");
}

async fn a_forbidden_secret_is_dropped_at_once() {
    let world = World::start().await;
    let kept = of_the_vault(&world);
    kept.current(minute(0)).await.unwrap();
    world.put("cup", |secret| secret.enabled = false);
    assert!(kept.refresh(minute(5)).await.is_err() && kept.current(minute(5)).await.is_err());
    world.put("cup", |secret| secret.content_type = Some("application/x-pkcs12".to_owned()));
    let refused = kept.current(minute(6)).await.unwrap_err();
    assert!(refused.to_string().contains("application/x-pem-file"), "{refused}");
    world.put("cup", |_| ());
    assert!(kept.current(minute(7)).await.is_ok());
}

async fn an_expired_secret_is_dropped() {
    let world = World::start().await;
    world.put("cup", |secret| secret.expires = Some(minute(3).timestamp()));
    let kept = of_the_vault(&world);
    assert!(kept.current(minute(0)).await.is_ok() && kept.current(minute(2)).await.is_ok());
    let over = kept.current(minute(3)).await.unwrap_err();
    assert!(matches!(over, SecretError::Vault(VaultError::NotValidNow)), "{over}");
}

async fn the_vaults_retry_after_is_honored() {
    let world = World::start().await;
    let kept = of_the_vault(&world);
    world.set_behavior(VaultBehavior::Throttling(60));
    assert!(kept.current(minute(0)).await.is_err());
    world.set_behavior(VaultBehavior::Normal);
    assert!(kept.current(minute(0) + TimeDelta::seconds(59)).await.is_err() && world.request_count() == 1);
    assert!(kept.current(minute(1)).await.is_ok());
}

async fn secrets_are_refreshed_in_the_background() {
    let world = World::start().await;
    let kept = Arc::new(of_the_vault(&world));
    let background = Arc::clone(&kept);
    let task = tokio::spawn(async move { background.keep_fresh(Clock).await });
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
    while world.request_count() == 0 {
        assert!(tokio::time::Instant::now() < deadline, "the secret is not read");
        tokio::task::yield_now().await;
    }
    task.abort();
}

#[tokio::test]
async fn a_file_is_reread_and_may_be_missing_for_an_hour() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("client.pem");
    let kept = RefreshingSecret::new(SecretSource::File(path.clone()), None);
    let missing = kept.current(minute(0)).await.unwrap_err();
    assert!(matches!(missing, SecretError::File(_)), "{missing}");
    fs::write(&path, "one").unwrap();
    let one = kept.current(minute(1)).await.unwrap();
    fs::write(&path, "two").unwrap();
    assert!(Arc::ptr_eq(&one, &kept.current(minute(1)).await.unwrap()));
    let second = minute(1) + TimeDelta::seconds(1);
    assert_eq!(kept.current(second).await.unwrap().expose(), "two");
    fs::remove_file(&path).unwrap();
    assert!(kept.current(minute(60)).await.is_ok() && kept.current(minute(62)).await.is_err());
}

#[tokio::test]
async fn a_secret_without_a_configured_vault_names_the_setting() {
    let kept = RefreshingSecret::new("keyvault:cup".parse().unwrap(), None);
    assert!(kept.current(minute(0)).await.unwrap_err().to_string().contains("KeyVaultUrl"));
}

#[test]
fn a_setting_names_a_file_or_a_secret_of_the_vault() {
    let source = |text: &str| text.parse::<SecretSource>();
    assert_eq!(source("/etc/client.pem"), Ok(SecretSource::File("/etc/client.pem".into())));
    assert_eq!(source("keyvault:cup-1"), Ok(SecretSource::Vault("cup-1".parse().unwrap())));
    let long = format!("keyvault:{}", "a".repeat(128));
    for wrong in ["keyvault:", "keyvault:a/b", "keyvault:a b", "keyvault:ü", &long] {
        assert!(source(wrong).unwrap_err().contains("must be the name of a secret"), "{wrong}");
    }
    for pasted in ["-----BEGIN PRIVATE KEY-----", "one\ntwo"] {
        assert!(source(pasted).unwrap_err().contains("must not contain the secret itself"), "{pasted}");
    }
}
