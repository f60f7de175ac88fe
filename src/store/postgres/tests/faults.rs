//! Networks, servers and other clients that do not do what they should. Each fault costs the calls that meet it.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use test_servers::{TcpProxy, proxy::AcceptMode};
use tokio::time::{sleep, timeout};

use super::*;
use crate::{orders::Order, store::MonitoredStore};

mod connection_age;
mod locks;
mod lost_responses;

/// Calls succeed within so long of new connections being accepted.
const HEALED: Duration = Duration::from_secs(10);

/// Less than any limit of time.
const QUICK: Duration = Duration::from_secs(1);

const POOL: usize = 4;

/// A store whose database is behind a proxy.
struct World {
    store: MonitoredStore,
    engine: Arc<Postgres>,
    proxy: TcpProxy,
    database: Database,
}

impl World {
    async fn start() -> Self {
        let (database, direct) = migrated().await;
        stock(&direct).await;
        let (proxy, engine) = behind(&database.url()).await;
        let store = MonitoredStore::new(Arc::clone(&engine) as Arc<dyn Store>);
        Self { store, engine, proxy, database }
    }

    /// Has all connections made.
    async fn fill(&self) {
        self.proxy.delay_answers(Duration::from_millis(50));
        while self.proxy.counts().open < POOL {
            join_all((0..2 * POOL).map(|_| self.store.ping())).await;
        }
        self.proxy.delay_answers(Duration::ZERO);
    }

    async fn read(&self, order: &Order) -> Result<(), StoreError> {
        let read = self.store.read_order(&permit(&creator()), order.id).await?;
        assert_eq!(read.map(|read| read.id), Some(order.id));
        Ok(())
    }

    /// Runs statements past the proxy.
    async fn run(&self, statements: &'static str) {
        let mut connection = PgConnection::connect(&self.database.url()).await.unwrap();
        sqlx::raw_sql(statements).execute(&mut connection).await.unwrap();
    }
}

/// A proxy to the server of this URL, and a store that goes through it.
async fn behind(url: &str) -> (TcpProxy, Arc<Postgres>) {
    behind_with(url, 4, Pooler::None).await
}

/// The same with so many connections and this setting.
pub(super) async fn behind_with(url: &str, connections: u32, pooler: Pooler) -> (TcpProxy, Arc<Postgres>) {
    let (_, rest) = url.rsplit_once('@').unwrap();
    let server: SocketAddr = rest.split_once('/').unwrap().0.parse().unwrap();
    let proxy = TcpProxy::start(server).await.unwrap();
    let url = url.replace(&format!(":{}/", server.port()), &format!(":{}/", proxy.port()));
    (proxy, Arc::new(Postgres::open(&url, connections, None, pooler).unwrap()))
}

/// Until a statement waits for a lock.
async fn somebody_waits(world: &World) {
    let mut connection = PgConnection::connect(&world.database.url()).await.unwrap();
    let waiting = "SELECT count(*) > 0 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&mut connection).await.unwrap() {
        sleep(Duration::from_millis(5)).await;
    }
}

/// Until a call succeeds.
async fn heals(mut call: impl AsyncFnMut() -> bool) {
    timeout(HEALED, async { while !call().await {} }).await.expect("calls succeed again");
}

#[tokio::test]
async fn silent_connections_cost_one_timeout() {
    let world = World::start().await;
    let order = placed(&world.store, 1).await;
    for _ in 0..3 {
        world.fill().await;
        world.proxy.silence();
        heals(async || world.read(&order).await.is_ok()).await;
        let start = Instant::now();
        for answer in join_all((0..8).map(|_| world.read(&order))).await {
            answer.unwrap();
        }
        assert!(start.elapsed() < QUICK, "it was waited for again: {:?}", start.elapsed());
    }
    let most = world.proxy.counts().most;
    assert!(most <= POOL + 1, "{most} connections at a time");
}

#[tokio::test]
async fn a_returned_server_is_used_within_10_seconds() {
    let world = World::start().await;
    let order = placed(&world.store, 1).await;
    world.fill().await;
    world.proxy.set_accept_mode(AcceptMode::Silent).await;
    world.proxy.silence();
    // Long enough for every place to be taken by a login that is never answered.
    let away = async {
        sleep(Duration::from_secs(8)).await;
        world.proxy.set_accept_mode(AcceptMode::Open).await;
    };
    let calling = async {
        loop {
            let start = Instant::now();
            let answer = world.read(&order).await;
            assert!(start.elapsed() < HEALED, "a caller waited for {:?}", start.elapsed());
            if answer.is_ok() {
                break;
            }
        }
    };
    let within = HEALED + Duration::from_secs(8);
    timeout(within, async { tokio::join!(away, calling) }).await.expect("calls succeed again");
    let most = world.proxy.counts().most;
    assert!(most <= POOL + 1, "{most} connections at a time");
}

#[tokio::test]
async fn a_cancelled_caller_leaks_no_connection() {
    let world = World::start().await;
    world.fill().await;
    world.proxy.silence_answers();
    let calls = join_all((0..POOL).map(|_| world.store.ping()));
    assert!(timeout(Duration::from_millis(200), calls).await.is_err());
    assert_eq!(world.engine.pool.in_use(), 0);
    let start = Instant::now();
    join_all((0..2 * POOL).map(|_| world.store.ping())).await.into_iter().for_each(Result::unwrap);
    assert!(start.elapsed() < QUICK, "{:?}", start.elapsed());
    let gauges = world.store.gauges(at(0), Hold::None).await.unwrap();
    assert_eq!((gauges.pool_in_use, gauges.pool_size), (0, 4));
}

#[tokio::test]
async fn a_slow_login_fills_the_pool() {
    let world = World::start().await;
    // It takes two answers.
    world.proxy.delay_login(Duration::from_millis(1500));
    let answer = world.store.ping().await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
    heals(async || world.store.ping().await.is_ok()).await;
    world.fill().await;
    let start = Instant::now();
    join_all((0..2 * POOL).map(|_| world.store.ping())).await.into_iter().for_each(Result::unwrap);
    assert!(start.elapsed() < QUICK, "{:?}", start.elapsed());
}

#[tokio::test]
async fn an_unreachable_database_fails_all_callers_at_once() {
    let world = World::start().await;
    for entry in [AcceptMode::Silent, AcceptMode::Ignored, AcceptMode::Refused] {
        world.proxy.set_accept_mode(entry).await;
        let start = Instant::now();
        for answer in join_all((0..24).map(|_| world.store.ping())).await {
            assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{entry:?}: {answer:?}");
        }
        let took = start.elapsed();
        assert!(took < Duration::from_secs(4), "{entry:?}: {took:?}");
    }
    let refused = world.store.ping().await.unwrap_err();
    let StoreError::Unavailable(refused) = refused else { panic!("{refused:?}") };
    assert!(refused.to_string().contains("refused"), "{refused}");
}

#[tokio::test]
async fn a_refused_login_fails_at_once_and_backs_off() {
    let world = World::start().await;
    let (proxy, store) = behind(&format!("{}_missing", world.database.url())).await;
    let start = Instant::now();
    let caller = async || {
        while start.elapsed() < Duration::from_secs(3) {
            let called = Instant::now();
            let answer = store.ping().await;
            let Err(StoreError::Unavailable(error)) = answer else { panic!("{answer:?}") };
            assert!(error.to_string().contains("does not exist"), "{error}");
            assert!(called.elapsed() < QUICK, "{:?}", called.elapsed());
            sleep(Duration::from_millis(10)).await;
        }
    };
    join_all((0..8).map(|_| caller())).await;
    let logins = proxy.counts().accepted;
    assert!(logins <= 12, "{logins} logins in 3 s");
}

#[tokio::test]
async fn a_statement_takes_one_round_trip() {
    let world = World::start().await;
    let order = placed(&world.store, 1).await;
    for _ in 0..2 {
        world.read(&order).await.unwrap();
    }
    let before = world.proxy.counts().syncs;
    for _ in 0..50 {
        world.read(&order).await.unwrap();
    }
    assert_eq!(world.proxy.counts().syncs - before, 50);
}

#[tokio::test]
async fn a_column_of_another_type_costs_no_read() {
    let world = World::start().await;
    let order = placed(&world.store, 1).await;
    world.fill().await;
    world.proxy.delay_answers(Duration::from_millis(50));
    for answer in join_all((0..2 * POOL).map(|_| world.read(&order))).await {
        answer.unwrap();
    }
    world.proxy.delay_answers(Duration::ZERO);
    world.run("ALTER TABLE orders ALTER COLUMN reference TYPE varchar(200)").await;
    for answer in join_all((0..2 * POOL).map(|_| world.read(&order))).await {
        answer.unwrap();
    }
    placed(&world.store, 2).await;
}

/// As after a failover: the connections of before lead to what is a standby now.
#[tokio::test]
async fn a_connection_that_is_read_only_is_not_used_again() {
    let world = World::start().await;
    world.run("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$").await;
    world.fill().await;
    world.run("SET TRANSACTION READ WRITE; DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET default_transaction_read_only', current_database()); END $$").await;
    placed(&world.store, 1).await;
    for seconds in 2..10 {
        placed(&world.store, seconds).await;
    }
}

#[tokio::test]
async fn connections_that_the_server_ends_cost_no_call() {
    let world = World::start().await;
    let terminate = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'orders-worker'";
    let (admin, beans) = (permit(&administrator()), product("BEANS", 1250));
    for round in 1..=5 {
        world.fill().await;
        world.run(terminate).await;
        let (version, context) = (Precondition::Version(round), write_context(round.cast_signed()));
        let written = world.store.put_product(&admin, &beans, version, context).await;
        assert!(written.is_ok(), "{written:?}");
    }
}
