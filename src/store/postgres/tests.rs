//! What only this engine promises: a remote server, a schema that `migrate` creates, and roles with few rights.

use sqlx::{Connection as _, PgConnection, Postgres as Engine, Transaction};
use test_servers::Database;

use super::*;
use crate::store::contract::{
    administrator, at, creator, database, draft, message_for, permit, placed, processor, product, queued,
    stock, write_context,
};

mod faults;
mod plans;
mod pooler;
mod probe;
mod roles;
mod server;
mod unit_of_work;

/// A database of this version, and the store that brought it up.
async fn migrated() -> (Database, Postgres) {
    let database = database().await;
    let store = Postgres::open(&database.url(), 4, None, Pooler::None).unwrap();
    store.migrate().await.unwrap();
    (database, store)
}

/// A transaction of somebody else's.
async fn foreign(database: &Database) -> Transaction<'static, Engine> {
    sqlx::PgPool::connect(&database.url()).await.unwrap().begin().await.unwrap()
}

async fn texts(store: &Postgres, statement: &'static str) -> Vec<String> {
    sqlx::query_scalar(statement).fetch_all(store.pool.for_reads()).await.unwrap()
}

/// Runs statements beside the pool.
async fn run(store: &Postgres, statements: &'static str) {
    let mut connection = PgConnection::connect_with(&store.address).await.unwrap();
    sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
