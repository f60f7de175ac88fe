//! The probe finds every fault that stops a role's functions, and changes nothing.

use super::{roles::under, *};

const API: ServedApps = ServedApps { api: true, processor: false };
const PROCESSOR: ServedApps = ServedApps { api: false, processor: true };
const BOTH: ServedApps = ServedApps { api: true, processor: true };

/// Each right of `grants.sql` alone: what grants and what revokes it, and whose it is.
fn rights() -> Vec<(String, String, &'static str)> {
    let grants = include_str!("../grants.sql").lines().filter(|line| !line.starts_with("--"));
    let grants = grants.collect::<Vec<_>>().join(" ");
    let mut rights = Vec::new();
    for grant in grants.split(';').filter_map(|statement| statement.trim().strip_prefix("GRANT ")) {
        let (privileges, rest) = grant.split_once(" ON ").unwrap();
        let (table, roles) = rest.split_once(" TO ").unwrap();
        for role in ["orders_api", "orders_processor"].into_iter().filter(|role| roles.contains(role)) {
            let mut depth = 0;
            let between = |letter: char| {
                depth += i32::from(letter == '(') - i32::from(letter == ')');
                letter == ',' && depth == 0
            };
            for privilege in privileges.split(between) {
                let right = format!("{privilege} ON {table}");
                rights.push((
                    format!("GRANT {right} TO {role}"),
                    format!("REVOKE {right} FROM {role}"),
                    role,
                ));
            }
        }
    }
    rights
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the statements are made of grants.sql, which is constant")]
async fn a_missing_privilege_is_found() {
    let (database, owner) = migrated().await;
    let rights = rights();
    assert!(rights.len() > 30, "{rights:?}");
    for (grant, revoke, role) in rights {
        let workload = if role == "orders_api" { API } else { PROCESSOR };
        let store = under(&database, role);
        run(&owner, revoke.clone().leak()).await;
        let probed = store.probe(workload).await;
        let insufficient_privilege = "42501";
        let Err(StoreError::Unavailable(sqlx::Error::Database(error))) = probed else {
            panic!("{revoke}: {probed:?}")
        };
        assert_eq!(error.code().as_deref(), Some(insufficient_privilege), "{revoke}");
        run(&owner, grant.leak()).await;
        store.probe(workload).await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_left_behind() {
    let (_database, store) = migrated().await;
    stock(&store).await;
    placed(&store, 1).await;
    let rows = "SELECT concat_ws(' ', (SELECT count(*) FROM products), (SELECT count(*) FROM orders),
         (SELECT count(*) FROM order_lines), (SELECT count(*) FROM order_history), (SELECT count(*) FROM outbox),
         (SELECT count(*) FROM inbox), (SELECT count(*) FROM dead_letters), (SELECT count(*) FROM idempotency_keys))";
    let before = texts(&store, rows).await;
    for _ in 0..20 {
        store.probe(BOTH).await.unwrap();
    }
    assert_eq!(texts(&store, rows).await, before);
    let left = "SELECT CAST(locktype AS TEXT) FROM pg_locks JOIN pg_stat_activity USING (pid)
         WHERE state LIKE 'idle%' AND datname = current_database()";
    assert!(texts(&store, left).await.is_empty());
}

#[tokio::test]
async fn a_database_that_is_read_only_is_found() {
    let (database, _) = migrated().await;
    let url = format!("{}?options[default_transaction_read_only]=on", database.url());
    let store = Postgres::open(&url, 4, None, Pooler::None).unwrap();
    let probed = store.probe(API).await;
    let read_only = "25006";
    let Err(StoreError::Unavailable(sqlx::Error::Database(error))) = probed else { panic!("{probed:?}") };
    assert_eq!(error.code().as_deref(), Some(read_only));
}

#[tokio::test]
async fn tables_outside_the_search_path_are_reported() {
    let (database, owner) = migrated().await;
    let elsewhere = format!("{}?options[search_path]=elsewhere", database.url());
    let probed = Postgres::open(&elsewhere, 4, None, Pooler::None).unwrap().probe(API).await;
    assert!(matches!(probed, Err(StoreError::NotInSearchPath { .. })), "{probed:?}");
    run(&owner, "REVOKE USAGE ON SCHEMA public FROM PUBLIC").await;
    let probed = under(&database, "orders_api").probe(API).await;
    assert!(matches!(probed, Err(StoreError::SchemaForbidden { .. })), "{probed:?}");
    assert!(probed.unwrap_err().to_string().contains("`public`"));
}
