//! A server that is unavailable, returns, and may hold another version's schema.

use super::*;

#[test]
fn an_invalid_url_is_refused_without_showing_it() {
    for url in ["postgres://me:hunter2@db:port/orders", "postgres://db?sslmode=hunter2"] {
        let refused =
            crate::store::open(url, 4, None, Pooler::None).err().unwrap_or_else(|| panic!("opened {url}"));
        assert!(!refused.to_string().contains("hunter2"), "{refused}");
    }
}

#[tokio::test]
async fn a_crashed_server_is_used_again_without_a_restart() {
    let server = test_servers::Postgres::start(&[]).unwrap_or_else(|error| panic!("{error}"));
    let database = server.database().await.unwrap();
    let store = Postgres::open(&database.url(), 4, None, Pooler::None).unwrap();
    store.migrate().await.unwrap();
    stock(&store).await;
    let order = placed(&store, 1).await;
    let (reader, writer) = (permit(&creator()), permit(&administrator()));
    // As many connections as the pool may have, so that each is dead when it is used next.
    tokio::join!(
        store.read_order(&reader, order.id),
        store.read_order(&reader, order.id),
        store.read_order(&reader, order.id),
        store.read_order(&reader, order.id),
    )
    .0
    .unwrap();
    assert!(server.crash());
    let away = store.read_order(&reader, order.id).await;
    assert!(matches!(away, Err(StoreError::Unavailable(_))), "{away:?}");
    assert!(server.resume());
    assert_eq!(store.read_order(&reader, order.id).await.unwrap(), Some(order));

    assert!(server.crash() && server.resume());
    let written = store.put_product(&writer, &product("MUG", 1), Precondition::None, write_context(2)).await;
    assert!(written.is_ok(), "{written:?}");
    assert!(server.crash() && server.resume());
    placed(&store, 3).await;
}

#[tokio::test]
async fn an_outdated_schema_is_an_error_until_migrated() {
    let database = database().await;
    let store = Postgres::open(&database.url(), 4, None, Pooler::None).unwrap();
    for _ in 0..2 {
        let answer = store.ping().await;
        assert!(matches!(answer, Err(StoreError::SchemaOutdated)), "{answer:?}");
        let said = answer.unwrap_err().to_string();
        assert!(said.contains("run `orders-worker migrate`"), "{said}");
    }
    assert!(Postgres::open(&database.url(), 1, None, Pooler::None).unwrap().migrate().await.is_ok());
    store.ping().await.unwrap();
    run(&store, "UPDATE _sqlx_migrations SET version = version - 1000").await;
    let later = Postgres::open(&database.url(), 4, None, Pooler::None).unwrap().ping().await;
    assert!(matches!(later, Err(StoreError::SchemaOutdated)), "{later:?}");
}

#[tokio::test]
async fn migrating_again_and_beside_another_changes_nothing() {
    let (database, store) = migrated().await;
    stock(&store).await;
    let other = Postgres::open(&database.url(), 1, None, Pooler::None).unwrap();
    let (one, two) = tokio::join!(store.migrate(), other.migrate());
    assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
    placed(&store, 1).await;
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let (database, store) = migrated().await;
    run(&store, "INSERT INTO _sqlx_migrations VALUES (9999, 'of a later version', now(), true, '', 1)").await;
    let older = Postgres::open(&database.url(), 4, None, Pooler::None).unwrap();
    stock(&older).await;
    older.migrate().await.unwrap();
}
