//! PgBouncer with transaction pooling between the store and the server.

use futures_util::future::join_all;
use test_servers::{PgBouncer, Postgres as Server};

use super::*;

/// Fewer connections of the server than clients.
const TWO: &str = "default_pool_size = 2";

fn bouncer(settings: &[&str]) -> PgBouncer {
    let server = Server::shared().unwrap_or_else(|error| panic!("{error}"));
    PgBouncer::start(server, settings).unwrap_or_else(|error| panic!("{error}"))
}

/// A database of this version, and a store that reaches it through a pooler.
async fn behind(bouncer: &PgBouncer, pooler: Pooler) -> (Database, Postgres) {
    let (database, _) = migrated().await;
    let store = Postgres::open(&bouncer.url(&database), 16, None, pooler).unwrap();
    (database, store)
}

macro_rules! questions {
    ($($number:literal)+) => { [$(concat!("SELECT CAST($1 AS BIGINT), ", $number)),+] };
}

/// Statements of different text, with parameters of one type and answers of one form.
const QUESTIONS: [&str; 16] = questions!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);

/// Sixteen clients ask, each its own question; every answer is held against it.
async fn every_answer_belongs_to_its_question(store: &Postgres) {
    let client = async |number: usize, question: &'static str| {
        for count in 0..50 {
            let (echo, of): (i64, i32) =
                sqlx::query_as(question).bind(count).fetch_one(store.pool.for_reads()).await.unwrap();
            assert_eq!((echo, usize::try_from(of).unwrap()), (count, number));
        }
    };
    join_all(QUESTIONS.into_iter().enumerate().map(|(number, question)| client(number, question))).await;
}

#[tokio::test]
async fn sixteen_clients_behind_pgbouncer_get_their_own_answers() {
    let bouncer = bouncer(&[TWO]);
    let (_database, store) = behind(&bouncer, Pooler::Transaction).await;
    every_answer_belongs_to_its_question(&store).await;
}

#[tokio::test]
async fn each_transaction_behind_pgbouncer_has_the_limits_of_a_direct_connection() {
    let bouncer = bouncer(&[TWO]);
    let (database, direct) = migrated().await;
    let limits =
        "SELECT concat_ws(' ', current_setting('statement_timeout'), current_setting('lock_timeout'),
        current_setting('timezone'), current_setting('application_name'))";
    let expected = texts(&direct, limits).await;
    assert!(expected[0].starts_with("4500ms 25ms UTC "), "{expected:?}");
    for (url, pooler) in [
        (bouncer.url(&database), Pooler::Transaction),
        // The server itself stands for a pooler that tracks statements.
        (database.url(), Pooler::TransactionPrepared),
    ] {
        let pooled = Postgres::open(&url, 4, None, pooler).unwrap();
        assert_eq!(texts(&pooled, limits).await, expected);
        let idle = "SELECT current_setting('idle_in_transaction_session_timeout')";
        assert_eq!(texts(&pooled, idle).await, ["5s"], "nor does one stay open behind a silent worker");
    }
}

#[tokio::test]
async fn what_was_refused_behind_pgbouncer_is_rolled_back() {
    let bouncer = bouncer(&["default_pool_size = 1"]);
    let (_database, store) = behind(&bouncer, Pooler::Transaction).await;
    let pid = "SELECT CAST(pg_backend_pid() AS TEXT)";
    let before = texts(&store, pid).await;
    for _ in 0..3 {
        let divided = sqlx::query("SELECT 1 / 0").execute(store.pool.for_reads()).await;
        assert!(divided.is_err_and(|error| pool::has_sqlstate(&error, "22012")));
    }
    assert_eq!(texts(&store, pid).await, before);
}

#[tokio::test]
async fn named_statements_behind_pgbouncer_are_used_only_where_tracked() {
    let mut bouncers = vec![(bouncer(&[TWO]), false)];
    if bouncers[0].0.can_track_statements() {
        bouncers = vec![
            (bouncer(&[TWO, "max_prepared_statements = 0"]), false),
            (bouncer(&[TWO, "max_prepared_statements = 100"]), true),
        ];
    }
    for (bouncer, tracks) in &bouncers {
        let (_database, store) = behind(bouncer, Pooler::TransactionPrepared).await;
        if *tracks {
            every_answer_belongs_to_its_question(&store).await;
            continue;
        }
        for _ in 0..2 {
            let told = store.ping().await.unwrap_err().to_string();
            assert!(told.contains("ORDERS_DATABASE_POOLER is `transaction-prepared`"), "{told}");
        }
    }
}

#[tokio::test]
async fn the_server_itself_tracks_named_statements() {
    let (database, _) = migrated().await;
    let store = Postgres::open(&database.url(), 1, None, Pooler::TransactionPrepared).unwrap();
    every_answer_belongs_to_its_question(&store).await;
    let prepared = texts(&store, "SELECT statement FROM pg_prepared_statements").await;
    assert!(QUESTIONS.iter().all(|question| prepared.iter().any(|one| one == question)), "{prepared:?}");
}

#[tokio::test]
async fn a_statement_takes_the_round_trips_that_the_documents_name() {
    let (database, _) = migrated().await;
    for (pooler, expected) in [(Pooler::None, 1), (Pooler::Transaction, 4), (Pooler::TransactionPrepared, 3)]
    {
        let (proxy, store) = faults::behind_with(&database.url(), 1, pooler).await;
        let ask = async || texts(&store, "SELECT 'same text'").await;
        // The first call logs in, and prepares what is prepared.
        ask().await;
        let before = proxy.counts().round_trips();
        for _ in 0..10 {
            ask().await;
        }
        assert_eq!(proxy.counts().round_trips() - before, 10 * expected, "{pooler:?}");
    }
}

#[tokio::test]
async fn a_migration_is_refused_through_a_pooler() {
    let (database, _) = migrated().await;
    for pooler in [Pooler::Transaction, Pooler::TransactionPrepared] {
        let refused = Postgres::open(&database.url(), 1, None, pooler).unwrap().migrate().await;
        assert!(
            matches!(refused, Err(StoreError::Migration(crate::store::MigrationError::ThroughPooler))),
            "{refused:?}"
        );
    }
}
