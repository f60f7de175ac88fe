//! Each role does its own functions' work and no other.

use super::*;
use crate::{
    orders::{Digest, Reason},
    store::{UnitError, contract::letter},
};

/// The database as a login that is a member of this role reaches it.
pub(super) fn under(database: &Database, role: &str) -> Postgres {
    Postgres::open(&format!("{}?options[role]={role}", database.url()), 4, None, Pooler::None).unwrap()
}

fn refused<T: std::fmt::Debug, E: UnitError + std::fmt::Debug>(answer: Result<T, E>) {
    let insufficient_privilege = "42501";
    match answer.map_err(E::into_store_error) {
        Err(Ok(StoreError::Unavailable(sqlx::Error::Database(error)))) => {
            assert_eq!(error.code().as_deref(), Some(insufficient_privilege));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn each_role_does_all_that_its_functions_need() {
    let (database, _) = migrated().await;
    let (api, processor_app) = (under(&database, "orders_api"), under(&database, "orders_processor"));
    stock(&api).await;
    let (reader, admin) = (permit(&creator()), administrator());
    let changed = product("CUP", 400);
    let version = Precondition::Version(1);
    api.put_product(&permit(&admin), &changed, version, write_context(0)).await.unwrap();
    let key: IdempotencyKey = "k".parse().unwrap();
    for seconds in [1, 1 + 24 * 60 * 60] {
        let id = OrderId::new(at(seconds));
        api.place_order(&permit(&creator()), id, &draft(), Some(&key), write_context(seconds)).await.unwrap();
    }
    let order = placed(&api, 3).await;
    let draft = draft();
    let revision =
        OrderRevision { reference: draft.reference.clone(), lines: draft.lines.clone(), note: None };
    api.update_order(&permit(&creator()), order.id, &revision, version, write_context(4)).await.unwrap();
    api.cancel_order(&permit(&creator()), order.id, write_context(5)).await.unwrap();
    api.order_history(&permit(&creator()), order.id, &PageRequest { after: None, limit: 9 }).await.unwrap();
    api.read_order(&reader, order.id).await.unwrap();
    api.list_products(&permit(&admin), &PageRequest { after: None, limit: 9 }).await.unwrap();

    let (decided, message) = queued(&api, 10).await;
    processor_app.load_for_fulfilment(&message, write_context(11)).await.unwrap();
    processor_app.record_decision(&message, Decision::Fulfilled, write_context(11)).await.unwrap();
    processor_app.load_for_fulfilment(&message, write_context(12)).await.unwrap();
    assert_eq!(api.read_order(&reader, decided).await.unwrap().unwrap().version, 3);

    let (_, poisoned) = queued(&api, 20).await;
    let mut given_up = letter(&poisoned.encode(), 21);
    given_up.queue = "orders-fulfilment".to_owned();
    processor_app.record_dead_letter(&given_up, Some(&poisoned), write_context(21)).await.unwrap();
    api.list_dead_letters(&permit(&admin), &PageRequest { after: None, limit: 9 }).await.unwrap();
    let replayed = api.replay_dead_letter(&permit(&admin), given_up.id, write_context(22)).await;
    assert!(replayed.is_ok(), "{replayed:?}");
    let due = processor_app
        .take_due_messages(at(30), chrono::TimeDelta::minutes(2), RelayBatch::up_to(9), Hold::None)
        .await
        .unwrap();
    assert_eq!(due.len(), 1);

    let message = IncomingOrder {
        message_id: Uuid::from_u128(0xbee),
        owner: creator().owner(),
        draft,
        payload_digest: Digest::of(b"x"),
    };
    for seconds in [40, 41] {
        processor_app
            .ingest_order(&message, OrderId::new(at(seconds)), write_context(seconds))
            .await
            .unwrap();
    }
    processor_app.purge_expired(at(1_000_000_000), 100).await.unwrap();
    let ceiling = DeadLetterLimit { max_count: 9, recorded_after: at(1_000_000_000) };
    let excess = processor_app.excess_dead_letters(ceiling, 9).await.unwrap();
    let ids: Vec<_> = excess.iter().map(|letter| letter.id).collect();
    processor_app.drop_dead_letters(&ids).await.unwrap();
    processor_app.gauges(at(1), Hold::None).await.unwrap();
    for store in [&api, &processor_app] {
        store.ping().await.unwrap();
    }
}

#[tokio::test]
async fn no_role_can_do_the_others_work() {
    let (database, owner) = migrated().await;
    let (api, processor_app) = (under(&database, "orders_api"), under(&database, "orders_processor"));
    stock(&owner).await;
    let (_, message) = queued(&owner, 1).await;
    let admin = administrator();
    refused(
        processor_app
            .put_product(&permit(&admin), &product("MUG", 1), Precondition::None, write_context(2))
            .await,
    );
    refused(processor_app.list_dead_letters(&permit(&admin), &PageRequest { after: None, limit: 9 }).await);
    let key: IdempotencyKey = "k".parse().unwrap();
    let id = OrderId::new(at(2));
    refused(processor_app.place_order(&permit(&creator()), id, &draft(), Some(&key), write_context(2)).await);
    refused(api.record_decision(&message, Decision::Fulfilled, write_context(2)).await);
    refused(api.load_for_fulfilment(&message, write_context(2)).await);
    let mut letter = letter(b"x", 3);
    letter.reason = Reason::Malformed;
    refused(api.record_dead_letter(&letter, None, write_context(3)).await);
    refused(
        api.take_due_messages(at(500), chrono::TimeDelta::minutes(2), RelayBatch::up_to(9), Hold::None).await,
    );
    refused(api.purge_expired(at(0), 9).await);
    refused(api.drop_dead_letters(&[letter.id]).await);
    for store in [&api, &processor_app] {
        refused(store.migrate().await.map_err(|error| match error {
            StoreError::Unavailable(sqlx::Error::Migrate(source)) => match *source {
                sqlx::migrate::MigrateError::Execute(error)
                | sqlx::migrate::MigrateError::ExecuteMigration(error, _) => error.into(),
                other => panic!("{other:?}"),
            },
            other => other,
        }));
    }
}

/// What would harm most, in the hands of an attacker who has taken over an app.
const HARMFUL: &[(&str, &[&str])] = &[
    (
        "SET LOCAL SESSION AUTHORIZATION orders_api",
        &[
            "UPDATE orders SET owner_object = owner_tenant",
            "UPDATE orders SET created_at = 0",
            "DELETE FROM orders",
            "UPDATE order_history SET action = 'place'",
            "DELETE FROM order_history",
            "UPDATE order_lines SET unit_price = 0, line_total = 0",
            "SELECT payload FROM outbox",
            "UPDATE outbox SET consumed_at = 1",
            "DELETE FROM outbox",
            "INSERT INTO inbox VALUES (1, gen_random_uuid(), 'fulfilment')",
            "DELETE FROM dead_letters",
            "UPDATE dead_letters SET payload = ''",
            "DELETE FROM products",
            "DELETE FROM idempotency_keys",
            "TRUNCATE orders CASCADE",
            "DROP TABLE orders",
            "CREATE TABLE mine (id bigint)",
            "UPDATE _sqlx_migrations SET version = 0",
            "SET ROLE orders_processor; UPDATE outbox SET consumed_at = 1",
        ],
    ),
    (
        "SET LOCAL SESSION AUTHORIZATION orders_processor",
        &[
            "INSERT INTO products VALUES ('X', 'X', 'EUR', 0, true, 1, 0)",
            "UPDATE products SET unit_price = 0",
            "UPDATE orders SET owner_object = owner_tenant",
            "UPDATE orders SET total = 0",
            "UPDATE orders SET note = ''",
            "DELETE FROM orders",
            "DELETE FROM order_lines",
            "SELECT invocation_id FROM order_history",
            "UPDATE order_history SET action = 'place'",
            "DELETE FROM order_history",
            "INSERT INTO outbox VALUES (1, 1, NULL, 0, gen_random_uuid(), 'fulfilment', NULL, '')",
            "UPDATE outbox SET payload = ''",
            "SELECT payload FROM dead_letters",
            "UPDATE dead_letters SET replayed_at = 1",
            "SELECT content FROM idempotency_keys",
            "UPDATE idempotency_keys SET created_at = 1",
            "TRUNCATE inbox",
            "DROP TABLE orders",
            "CREATE TABLE mine (id bigint)",
            "DELETE FROM _sqlx_migrations",
        ],
    ),
];

#[tokio::test]
async fn a_compromised_role_can_do_none_of_this() {
    let (database, _) = migrated().await;
    // Not `SET ROLE`, from which an administrator's session could step into any other.
    for (assume, statements) in HARMFUL {
        for statement in *statements {
            let mut session = foreign(&database).await;
            sqlx::raw_sql(*assume).execute(&mut *session).await.unwrap();
            let refused = sqlx::raw_sql(*statement).execute(&mut *session).await.unwrap_err();
            let code = refused.as_database_error().and_then(|error| error.code().map(String::from));
            assert_eq!(code.as_deref(), Some("42501"), "{assume}: {statement}: {refused}");
            session.rollback().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_role_cannot_sign_in_and_grants_do_not_pile_up() {
    let (_database, store) = migrated().await;
    let can = "SELECT rolname FROM pg_roles WHERE rolname LIKE 'orders\\_%' AND (rolcanlogin OR rolsuper
         OR rolcreaterole OR rolcreatedb OR rolbypassrls)";
    assert!(texts(&store, can).await.is_empty());
    run(&store, "GRANT ALL ON orders TO orders_processor").await;
    store.migrate().await.unwrap();
    let held = "SELECT privilege_type::text FROM information_schema.table_privileges
         WHERE grantee = 'orders_processor' AND table_name = 'orders' ORDER BY 1";
    assert_eq!(texts(&store, held).await, ["INSERT", "SELECT"]);
}
