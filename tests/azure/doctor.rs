//! What doctor reports about a vault.

use std::time::Duration;

use orders_worker::doctor::{Level, check_vault_access};
use test_servers::{Authority, Leaf, VaultBehavior};

use crate::{
    platform::on_the_platform,
    world::{HOST, World},
};

on_the_platform!(a_reachable_vault_passes_without_the_secret, an_unusable_vault_fails_with_a_remedy,);

/// The level and the text of the finding.
async fn said(world: &World, name: Option<&str>) -> (Level, String) {
    let name = name.map(|name| name.parse().unwrap());
    let found = check_vault_access(&world.vault, name.as_ref()).await;
    assert_eq!(found.rule, "C22-vault-access");
    (found.level, format!("{} {}", found.why, found.remedy.unwrap_or_default()))
}

async fn a_reachable_vault_passes_without_the_secret() {
    let world = World::start().await;
    for name in [Some("cup"), Some("teapot"), None] {
        let (level, said) = said(&world, name).await;
        assert!(level == Level::Pass && !said.contains("hunter2"), "{name:?}: {said}");
    }
}

async fn an_unusable_vault_fails_with_a_remedy() {
    let world = World::start().await;
    world.set_behavior(VaultBehavior::Failing(403));
    let (level, forbidden) = said(&world, None).await;
    assert!(level == Level::Fail && forbidden.contains("Key Vault Secrets User"), "{forbidden}");
    for behavior in [VaultBehavior::Failing(500), VaultBehavior::Throttling(60), VaultBehavior::Invalid] {
        world.set_behavior(behavior);
        assert_eq!(said(&world, None).await.0, Level::Fail, "{behavior:?}");
    }
    world.set_behavior(VaultBehavior::Normal);
    world.endpoint.state().await.failure_status = Some(400);
    "token-2".clone_into(&mut world.server.state().token);
    assert_eq!(said(&world, None).await.0, Level::Fail, "there is no token");
    let authority = Authority::new("tests").unwrap();
    let right = Leaf::server(&[HOST]);
    let over = Leaf { until: right.from + Duration::from_hours(1), ..right };
    drop(world);
    let other = World::with(&authority, &authority.issue(&over).unwrap(), None).await;
    assert_eq!(said(&other, None).await.0, Level::Fail, "its certificate has ended");
}
