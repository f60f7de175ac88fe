//! Wrong settings: the worker reports every error at once and ends with exit code 2.

use std::process::{Command, Output};

use functions_emulator::{Event, easyauth::EasyAuthMode};

use crate::support::{IdentityMode, Mode, Setup, binary};

/// Runs the binary alone, with nothing but these settings.
fn run(settings: &[(&str, &str)]) -> Output {
    Command::new(binary()).env_clear().envs(settings.iter().copied()).output().expect("the binary runs")
}

fn last_line(text: &[u8]) -> String {
    String::from_utf8_lossy(text).trim_end().lines().last().unwrap_or_default().to_owned()
}

#[test]
fn a_start_without_the_host_is_explained() {
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(2));
    let said = last_line(&output.stderr);
    assert!(said.contains("FUNCTIONS_CUSTOMHANDLER_PORT") && said.contains("cargo xtask dev"), "{said}");
}

#[test]
fn all_settings_errors_are_reported_in_one_line() {
    let output = run(&[
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "0x50"),
        ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
        ("ORDERS_IDENTITY", "none"),
        ("ORDERS_DATABSE_URL", "sqlite://x.db"),
        ("ORDERS_OUTBOX_DEADLINE", "soon"),
        ("ORDERS_DATABASE_POOL", "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)"),
    ]);
    assert_eq!(output.status.code(), Some(2));
    let said = last_line(&output.stderr);
    for name in [
        "FUNCTIONS_CUSTOMHANDLER_PORT",
        "ORDERS_IDENTITY",
        "ORDERS_DATABSE_URL",
        "ORDERS_OUTBOX_DEADLINE",
        "ORDERS_DATABASE_POOL",
        "WEBSITE_AUTH_ENABLED",
    ] {
        assert!(said.contains(name), "{name} is missing from: {said}");
    }
    for line in String::from_utf8(output.stdout).expect("UTF-8").lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("log lines are JSON");
        assert_eq!(line["level"], "ERROR");
    }
}

#[test]
fn azure_settings_are_strict() {
    let output = run(&[
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "9"),
        ("WEBSITE_SITE_NAME", "orders"),
        ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
        ("WEBSITE_AUTH_ENABLED", "True"),
        ("ORDERS_IDENTITY", "easyauth"),
        ("ORDERS_DATABASE_URL", "sqlite://orders.db"),
    ]);
    assert_eq!(output.status.code(), Some(2));
    let said = last_line(&output.stderr);
    for name in ["ORDERS_DATABASE_URL", "ORDERS_ENTRA_ALLOWED_CLIENTS", "ORDERS_ENTRA_TENANT_ID"] {
        assert!(said.contains(name), "{name} is missing from: {said}");
    }
}

#[test]
fn a_container_detected_as_azure_is_told_why() {
    let output = run(&[
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "9"),
        ("CONTAINER_NAME", "dev"),
        ("AZURE_FUNCTIONS_ENVIRONMENT", "Development"),
        ("WEBSITE_AUTH_ENABLED", "True"),
        ("ORDERS_IDENTITY", "easyauth"),
    ]);
    let said = last_line(&output.stderr);
    assert_eq!(
        said.matches("(the rules for Azure apply because CONTAINER_NAME is set)").count(),
        3,
        "{said}"
    );
}

#[tokio::test]
async fn http_functions_require_easyauth() {
    let mut app = Setup::in_mode(Mode::Proxy).easyauth(EasyAuthMode::Off).launch().await;
    assert!(app.host.ready().await.is_err());
    let mut said = String::new();
    while let Ok(event) = app.heard.try_recv() {
        if let Event::Output { stderr: true, line } = event {
            said = line;
        }
    }
    assert!(said.contains("WEBSITE_AUTH_ENABLED"), "{said}");
}

#[tokio::test]
async fn token_mode_works_without_easyauth() {
    let app = Setup::in_mode(Mode::Proxy)
        .identity_mode(IdentityMode::Token)
        .easyauth(EasyAuthMode::Off)
        .start()
        .await;
    assert_eq!(app.user("buyer").get("/api/orders").await.status, 200);
    assert_eq!(app.user("buyer-abroad").get("/api/orders").await.status, 401);
    assert_eq!(app.anonymous().get("/api/orders").await.status, 401);
}
