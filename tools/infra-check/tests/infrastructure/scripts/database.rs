//! The database: who is let in, and what is migrated.

use super::Case;
use crate::stubs::{Call, Stubs, change, complained, read, said};

const REFUSED: &str = "cannot migrate: error returned from database: no pg_hba.conf entry for host \"198.51.100.9\", user \"ada@example.com\", database \"orders\", SSL encryption";
const ARGUMENTS: [&str; 6] = [
    "/SERVER",
    "db.example",
    "ada#EXT#@example.com",
    "target/worker/orders-worker",
    "--login",
    "orders_api=id-api:1",
];

fn token() -> Call {
    read("az account get-access-token --resource-type oss-rdbms --query accessToken --output tsv", "TOKEN")
}

fn opened(address: &str) -> Call {
    change(format!(
        "az rest --method put --url /SERVER/firewallRules/deployer?api-version=2025-08-01 --output none --headers Content-Type=application/json --body ‹{{ \"properties\": {{ \"startIpAddress\": \"{address}\", \"endIpAddress\": \"{address}\" }} }}›"
    ))
}

fn migrated() -> Call {
    let login = "ada%23EXT%23%40example.com:TOKEN";
    change(format!(
        "orders-worker migrate --login orders_api=id-api:1 with ORDERS_DATABASE_URL=postgres://{login}@db.example:5432/orders?sslmode=verify-full"
    ))
}

/// Stubs whose worker is where a package would be unpacked.
fn stubs(calls: &[Call]) -> Stubs {
    let stubs = Stubs::new(calls);
    stubs.add_program("target/worker/orders-worker");
    stubs
}

pub(super) fn cases() -> Vec<Case> {
    // By its name alone, as a stub is found.
    let arguments =
        ARGUMENTS.map(|word| if word.ends_with("/orders-worker") { "orders-worker" } else { word });
    vec![
        Case::new(
            "migrate.sh",
            &arguments,
            vec![token(), migrated().says("the database has the schema of this version")],
        )
        .says("the database has the schema of this version"),
    ]
}

#[test]
fn a_rejected_address_gets_a_firewall_rule() {
    let calls = [
        token(),
        migrated().fails(REFUSED),
        opened("198.51.100.9"),
        migrated().fails(REFUSED),
        migrated().says("the database has the schema of this version"),
    ];
    let stubs = stubs(&calls);
    let printed = said(&stubs.run("migrate.sh", &ARGUMENTS, &[]));
    assert_eq!(printed, "the database has the schema of this version\n");
    stubs.all_told();
    let lines: Vec<_> = calls.iter().map(|call| call.line.clone()).collect();
    assert_eq!(stubs.called(), lines, "the rule is made once, and what it needs is waited for");
}

#[test]
fn a_given_address_replaces_an_outdated_one() {
    let calls = [opened("192.0.2.1"), token(), migrated().fails(REFUSED), opened("198.51.100.9"), migrated()];
    let stubs = stubs(&calls);
    let arguments: Vec<_> = ["--address", "192.0.2.1"].into_iter().chain(ARGUMENTS).collect();
    said(&stubs.run("migrate.sh", &arguments, &[]));
    stubs.all_told();
}

#[test]
fn other_failures_open_no_firewall() {
    let calls = [token(), migrated().fails("cannot migrate: the schema is newer than this worker")];
    let stubs = stubs(&calls);
    let said = complained(&stubs.run("migrate.sh", &ARGUMENTS, &[]));
    assert!(said.contains("newer than this worker") && said.contains("run the same again"), "{said}");
    assert!(!said.contains("TOKEN"), "{said}");
    stubs.all_told();
}

#[test]
fn an_ineffective_firewall_rule_ends_the_retries() {
    let calls = [token(), migrated().fails(REFUSED), opened("198.51.100.9")];
    let stubs = stubs(&calls);
    let said = complained(&stubs.run("migrate.sh", &ARGUMENTS, &[]));
    assert!(said.contains("no pg_hba.conf entry"), "{said}");
    assert_eq!(stubs.called().iter().filter(|line| line.starts_with("orders-worker")).count(), 20);
}
