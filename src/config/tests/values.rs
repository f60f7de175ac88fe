//! Each setting's values, at the edge and beyond.

use std::os::unix::ffi::OsStringExt;

use chrono::Duration;

use super::*;
use crate::{
    config::{ConfigError, value},
    identity::IdentityMode,
    rate_limit::Rate,
    secret::SecretName,
    store::Pooler,
};

#[test]
fn a_local_process_starts_on_its_defaults() {
    let config = read(&local(), EVERYTHING).unwrap();
    assert_eq!((config.environment, config.port), (Environment::Local, 40_001));
    assert_eq!(config.database.url.as_str(), "sqlite://.local/orders.db");
    assert_eq!((config.database.pool, config.database.pooler), (4, Pooler::None));
    assert_eq!(config.outbox_deadline, Duration::minutes(2));
    assert!(config.openapi_enabled);
    assert_eq!(config.rate_limit, Rate::new(20, 1, 40));
    let identity = config.identity.unwrap();
    assert_eq!((identity.tenant, identity.allowed_clients), (None, None));
    assert!(matches!(identity.mode, IdentityMode::EasyAuth { audience: None }));
    assert_eq!(identity.required_scope, "Orders.ReadWrite");
}

/// Values of one setting that are taken, and values that stop the start.
fn check(name: &'static str, taken: &[&'static str], refused: &[&'static str]) {
    check_beside(&[], name, taken, refused);
}

/// Checks values of one setting while other settings are set.
fn check_beside(
    others: &[(&'static str, &'static str)],
    name: &'static str,
    taken: &[&'static str],
    refused: &[&'static str],
) {
    let with = |value| {
        let mut environment = local_with(others);
        environment.insert(name, value);
        environment
    };
    for value in taken {
        assert_eq!(settings_with_errors(&with(value), EVERYTHING), [""; 0], "{name}={value}");
    }
    for value in refused {
        assert_eq!(settings_with_errors(&with(value), EVERYTHING), [name], "{name}={value}");
    }
}

const GUID: &str = "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02";
const TWO_GUIDS: &str = "9b1f6f5c-4a2e-4f0e-8f43-2b8c7f9d3e02, 11111111-2222-4333-8444-555555555555";
const BARE_GUID: &str = "9b1f6f5c4a2e4f0e8f432b8c7f9d3e02";
const NIL: &str = "00000000-0000-0000-0000-000000000000";

#[test]
fn every_setting_takes_its_documented_form_and_nothing_else() {
    check("FUNCTIONS_CUSTOMHANDLER_PORT", &["1", "65535"], &["0", "65536", "-1", "+80", "http", "", " "]);
    check("ORDERS_DATABASE_POOL", &["1", "100"], &["0", "101", "+4", "four", "4.0", ""]);
    check("ORDERS_DATABASE_IDENTITY", &["password"], &["Password", "none", ""]);
    check("ORDERS_IDENTITY", &["easyauth"], &["EasyAuth", "jwt+easyauth", "easyauth,jwt", "off", "none", ""]);
    check("ORDERS_ENTRA_AUDIENCE", &[GUID, "api://x/y"], &["a b", "\u{e9}", "a\n", ""]);
    check("ORDERS_ENTRA_TENANT_ID", &[GUID], &[BARE_GUID, NIL, "common", "contoso.com", ""]);
    check("ORDERS_ENTRA_ALLOWED_CLIENTS", &[GUID, TWO_GUIDS], &["*", "any", ",", BARE_GUID, ""]);
    check(
        "ORDERS_REQUIRED_SCOPE",
        &["Orders.Read", "api://x/y"],
        &["a b", "a\"b", "a\\b", "\u{e9}", "a\n", ""],
    );
    check("ORDERS_OUTBOX_DEADLINE", &["1s", "90m", "24h", "86400s"], &["0s", "25h", "86401s", "2"]);
    check("ORDERS_OUTBOX_DEADLINE", &[], &["", "m", "2 m", "-1s", "1.5h", "2d", "9223372036854775807h"]);
    check("ORDERS_API_DESCRIPTION", &["on", "off"], &["On", "true", "no", ""]);
    check(
        "ORDERS_RATE_LIMIT",
        &["off", "20/s burst 40", "1/m burst 1", "1000/s burst 10000"],
        &["on", "Off", ""],
    );
    check(
        "ORDERS_RATE_LIMIT",
        &[],
        &["20/s", "0/s burst 1", "1/s burst 0", "1001/s burst 1", "1/s burst 10001"],
    );
    check(
        "ORDERS_RATE_LIMIT",
        &[],
        &["20/h burst 40", "20 burst 40", "20/s  burst 40", "+20/s burst 40", "20/s burst 40 "],
    );
    check("ORDERS_CLIENT_CERTIFICATE_MODE", &["off"], &["Required", "optional", "true", ""]);
    check("ORDERS_LOG", &["warn", "warn,orders_worker=debug"], &["=loud", "orders_worker=loud", ""]);
}

#[test]
fn a_refused_value_is_told_its_limit() {
    let plain = |name, value| error_message(&local_with(&[(name, value)]), EVERYTHING).replace(',', "");
    for (name, value, limit) in [
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "0", format!("from 1 to {}", u16::MAX)),
        ("ORDERS_DATABASE_POOL", "0", format!("from {} to {}", value::POOL.start(), value::POOL.end())),
        ("ORDERS_OUTBOX_DEADLINE", "0s", format!("to {}h", value::LONGEST_DEADLINE.num_hours())),
        ("ORDERS_RATE_LIMIT", "0/s", format!("1 to {} requests", Rate::MAX_REQUESTS)),
        ("ORDERS_RATE_LIMIT", "0/s", format!("a burst of 1 to {}", Rate::MAX_BURST)),
        ("SecretName", "/", format!("1 to {} letters", SecretName::MAX_LENGTH)),
    ] {
        let fault = plain(name, value);
        assert!(fault.starts_with("must be ") && fault.contains(&limit), "{name}: {fault}");
    }
}

#[test]
fn an_issuer_is_called_over_tls_or_on_this_machine() {
    check_beside(
        &[("ORDERS_IDENTITY", "jwt"), ("ORDERS_ENTRA_TENANT_ID", GUID), ("ORDERS_ENTRA_AUDIENCE", GUID)],
        "ORDERS_ENTRA_AUTHORITY",
        &[
            "https://login.microsoftonline.us",
            "https://issuer.example:8443/path/",
            "http://localhost:7071/_emulator/issuer",
            "http://127.0.0.1:1",
            "http://[::1]/x",
        ],
        &[
            "http://login.microsoftonline.com",
            "http://localhost.example/",
            "http://127.0.0.2/",
            "http://127.0.0.1.example/",
            "https://me@issuer.example",
            "https://me:x@issuer.example",
            "https://issuer.example/?x",
            "https://issuer.example/#x",
            "ftp://localhost",
            "file:///etc/issuer",
            "issuer.example",
            "https://",
            "",
        ],
    );
}

#[test]
fn a_local_database_is_a_file_or_a_server() {
    check(
        "ORDERS_DATABASE_URL",
        &[
            "sqlite://orders.db",
            "sqlite:///var/orders.db",
            "postgres://me@localhost/orders",
            "postgresql://localhost:5433/orders?sslmode=disable",
        ],
        &[
            "sqlite://",
            "sqlite://:memory:",
            "sqlite::memory:",
            "sqlite://a.db?mode=ro",
            "orders.db",
            "mysql://h/d",
        ],
    );
    check(
        "ORDERS_DATABASE_URL",
        &[],
        &["postgres:h/d", "postgres://", "postgres://me@h", "Postgres://h/d", ""],
    );
}

#[test]
fn a_value_that_is_no_text_stops_the_start() {
    let name = OsString::from("ORDERS_LOG");
    let pairs = local().into_iter().map(|(name, value)| (name.into(), value.into()));
    let faults = Config::read(pairs.chain([(name, OsString::from_vec(vec![0xff]))]), HTTP).unwrap_err();
    assert!(faults.iter().map(ConfigError::message).eq(["must be UTF-8 text"]));
}

#[test]
fn of_a_duplicate_variable_the_first_value_is_used() {
    let pairs = local().into_iter().chain([("FUNCTIONS_CUSTOMHANDLER_PORT", "50001")]);
    let config = Config::read(pairs.map(|(name, value)| (name.into(), value.into())), HTTP).unwrap();
    assert_eq!(config.port, 40_001);
}

#[test]
fn a_pooler_is_one_of_three_and_stands_before_a_server() {
    let server = [("ORDERS_DATABASE_URL", "postgres://me@db/orders")];
    let name = "ORDERS_DATABASE_POOLER";
    check_beside(
        &server,
        name,
        &["none", "transaction", "transaction-prepared"],
        &["", "Transaction", "session", "statement", "prepared", "on"],
    );
    for (value, pooler) in [
        ("none", Pooler::None),
        ("transaction", Pooler::Transaction),
        ("transaction-prepared", Pooler::TransactionPrepared),
    ] {
        let with = |value| local_with(&[server[0], (name, value)]);
        assert_eq!(read(&with(value), EVERYTHING).unwrap().database.pooler, pooler);
    }
    // A file has none.
    check(name, &["none"], &["transaction", "transaction-prepared"]);
}
