//! How configuration errors are reported.

use std::io;

use chrono::DateTime;
use serde_json::{Value, json};

use super::*;

#[test]
fn a_name_that_looks_like_a_setting_and_is_none_is_refused() {
    let hint = |name| error_message(&local_with(&[(name, "x")]), DATABASE_ONLY);
    assert!(hint("ORDERS_IDENTITI").ends_with("rename it to ORDERS_IDENTITY, or remove it"));
    assert!(hint("ORDERS_ENTRA_TENANT").ends_with("rename it to ORDERS_ENTRA_TENANT_ID, or remove it"));
    assert!(hint("ORDERS_DATABASEPOOL").ends_with("rename it to ORDERS_DATABASE_POOL, or remove it"));
    for far in ["ORDERS_", "ORDERS_X", "ORDERS_SOMETHING_ELSE", "ORDERS_identity__value"] {
        assert!(hint(far).ends_with(": remove it"), "{far}");
    }
    assert!(
        read(&local_with(&[("APPSETTING_ORDERS_X", "x"), ("ORDERSX", "x"), ("MY_ORDERS_X", "x")]), HTTP)
            .is_ok()
    );
}

#[test]
fn a_misspelt_case_is_rejected_with_the_right_name() {
    for (name, right) in [
        ("orders_entra_audience", "ORDERS_ENTRA_AUDIENCE"),
        ("Orders_Rate_Limit", "ORDERS_RATE_LIMIT"),
        ("keyvaulturl", "KeyVaultUrl"),
        ("SECRETNAME", "SecretName"),
        ("azure_client_id", "AZURE_CLIENT_ID"),
        ("otel_service_name", "OTEL_SERVICE_NAME"),
    ] {
        let fault = error_message(&local_with(&[(name, "x")]), DATABASE_ONLY);
        assert!(fault.ends_with(&format!("rename it to {right}, or remove it")), "{name} {fault}");
    }
    assert!(settings_with_errors(&local_with(&[("orders_x", "x")]), DATABASE_ONLY) == ["orders_x"]);
}

#[test]
fn an_unresolved_key_vault_reference_stops_the_start() {
    for setting in SETTINGS {
        let value = "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)";
        let fault = error_message(&local_with(&[(setting.name, value)]), EVERYTHING);
        assert!(fault.starts_with("is a Key Vault reference"), "{} {fault}", setting.name);
    }
}

fn broken() -> BTreeMap<&'static str, &'static str> {
    let mut environment = local_with(&[
        ("ORDERS_DATABASE_URL", "mysql://me:hunter2@db/orders"),
        ("ORDERS_DATABASE_POOL", "hunter2"),
        ("ORDERS_LOG", "=hunter2"),
        ("ORDERS_PASSWORD", "hunter2"),
        ("ORDERS_OUTBOX_DEADLINE", "hunter2"),
        ("ORDERS_ENTRA_TENANT_ID", "hunter2"),
        ("ORDERS_FULFILMENT_CA", "hunter2"),
        ("ORDERS_IDENTITY", "hunter2"),
    ]);
    environment.remove("FUNCTIONS_CUSTOMHANDLER_PORT");
    environment.remove("WEBSITE_AUTH_ENABLED");
    environment
}

#[test]
fn all_errors_are_reported_at_once() {
    let expected = [
        "FUNCTIONS_CUSTOMHANDLER_PORT",
        "ORDERS_DATABASE_POOL",
        "ORDERS_DATABASE_URL",
        "ORDERS_ENTRA_TENANT_ID",
        "ORDERS_FULFILMENT_CA",
        "ORDERS_IDENTITY",
        "ORDERS_LOG",
        "ORDERS_OUTBOX_DEADLINE",
        "ORDERS_PASSWORD",
        "WEBSITE_AUTH_ENABLED",
    ];
    assert_eq!(settings_with_errors(&broken(), EVERYTHING), expected);
}

/// What an operator sees on stdout and stderr.
fn told(environment: &BTreeMap<&'static str, &'static str>) -> (String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let faults = read(environment, EVERYTHING).unwrap_err();
    faults.write(&mut out, &mut err, DateTime::UNIX_EPOCH).unwrap();
    (String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[test]
fn stdout_has_each_error_and_stderr_ends_with_all() {
    let (out, err) = told(&broken());
    let faulty = settings_with_errors(&broken(), EVERYTHING);
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), faulty.len());
    for (line, name) in lines.iter().zip(&faulty) {
        assert_eq!(line["timestamp"], "1970-01-01T00:00:00.000000Z");
        assert_eq!((&line["level"], &line["setting"]), (&json!("ERROR"), &json!(name)));
        assert!(line["message"].as_str().unwrap().starts_with(&format!("{name} ")));
    }
    assert_eq!(err.lines().count(), 1);
    assert!(err.starts_with("orders-worker does not start: ") && err.ends_with('\n'));
    assert!(faulty.iter().all(|name| err.contains(name.as_str())), "{err}");
}

/// An output without a reader.
struct Broken;

impl io::Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn stderr_names_the_errors_even_when_stdout_is_closed() {
    let mut err = Vec::new();
    let written = read(&broken(), EVERYTHING).unwrap_err().write(&mut Broken, &mut err, DateTime::UNIX_EPOCH);
    assert!(written.is_err() && String::from_utf8(err).unwrap().contains("ORDERS_PASSWORD"));
}

#[test]
fn no_error_repeats_a_value() {
    let (out, err) = told(&broken());
    assert!(!out.contains("hunter2") && !err.contains("hunter2"), "{err}");
}

#[test]
fn a_hostile_name_stays_in_its_line() {
    let (out, err) = told(&local_with(&[("ORDERS_X\n{\"level\":\"INFO\"}\u{1b}[2J", "x")]));
    assert_eq!((out.lines().count(), err.lines().count()), (1, 1));
    assert!(!err.trim_end().contains(char::is_control));
}

#[test]
fn debug_output_hides_the_database_url() {
    let environment = local_with(&[("ORDERS_DATABASE_URL", "sqlite://me:hunter2@orders.db")]);
    let debug = format!("{:?}", read(&environment, HTTP).unwrap());
    assert!(debug.contains("sqlite://…") && !debug.contains("hunter2"), "{debug}");
}
