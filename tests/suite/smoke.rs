//! infra/scripts/smoke.sh, which tries every deployment, at a running app. The script needs bash and curl.

use std::{collections::HashMap, process::Output};

use functions_emulator::access_keys::{AccessKey, AccessKeys};
use tokio::process::Command;

use crate::support::{Mode, Principal, Setup, TENANT, TestApp, TokenPostgres, repository};

/// The host key of a deployment.
const KEY: &str = "a-key-of-the-host";

fn keys() -> AccessKeys {
    let host = vec![AccessKey { name: "default".to_owned(), value: KEY.to_owned() }];
    AccessKeys { master: String::new(), host, functions: HashMap::new() }
}

/// Tries the app as somebody with these roles.
async fn smoke(app: &TestApp, roles: &[&str], arguments: &[&str], key: &str) -> Output {
    let person = Principal::user(TENANT, 9).claim("idtyp", "user").claim("azpacr", "0");
    let person = person.claim("sub", "somebody").claim("uti", "a-token");
    let person = roles.iter().fold(person, |person, role| person.role(role));
    let mut script = Command::new(repository().join("infra/scripts/smoke.sh"));
    script.args(arguments).arg(app.host.url());
    script.env("DEPLOY_TOKEN", app.token(&person)).env("DEPLOY_KEY", key);
    script.output().await.expect("bash runs it")
}

const BOTH: [&str; 2] = ["OrderProcessor", "OrderAdmin"];

#[tokio::test]
async fn a_healthy_app_passes_the_smoke_test_repeatedly() {
    let app = Setup::in_mode(Mode::Proxy).keys(keys()).start().await;
    for _ in 0..2 {
        let output = smoke(&app, &BOTH, &["--fulfilled"], KEY).await;
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("answers as it should"), "{output:?}");
    }
}

#[tokio::test]
async fn the_smoke_test_stops_at_queued_without_a_backend() {
    let app = Setup::in_mode(Mode::Proxy)
        .keys(keys())
        .set("AzureWebJobs.FulfilOrder.Disabled", "true")
        .start()
        .await;
    let output = smoke(&app, &BOTH, &[], KEY).await;
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn the_smoke_test_names_a_missing_role() {
    let app = Setup::in_mode(Mode::Proxy).keys(keys()).start().await;
    for (roles, key, complaint) in [
        (&["OrderProcessor"][..], KEY, "the product is not put: the answer is 403"),
        (&["OrderAdmin"][..], KEY, "the order is not handed over: the answer is 403"),
        (&BOTH[..], "another-key", "the product is not put: the answer is 401"),
    ] {
        let output = smoke(&app, roles, &[], key).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(complaint), "{output:?}");
        assert!(!said.contains(key), "{said}");
    }
}

/// infra/scripts/migrate.sh reads this to know which address to let in.
#[tokio::test]
async fn a_rejected_migration_names_the_client_address() {
    let guarded = TokenPostgres::empty().await;
    // No rule of this server is for anybody who comes so.
    let url = guarded.url("stranger", "127.0.0.1", None).replace("verify-full", "disable");
    let output = guarded.migrate(vec![("ORDERS_DATABASE_URL", url)]).await;
    let said = String::from_utf8_lossy(&output.stderr);
    let names = "no pg_hba.conf entry for host \"127.0.0.1\"";
    assert!(!output.status.success() && said.contains(names), "{output:?}");
}
