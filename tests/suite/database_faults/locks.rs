//! Faults of locks: another client of the database holds them.

use std::sync::atomic::AtomicBool;

use super::*;
use crate::support::a_revision;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn locks_delay_only_requests_that_need_them() {
    together(scenarios![
        a_locked_table,
        a_locked_table_and_few_connections,
        a_locked_order,
        a_table_that_every_request_reads,
        many_locked_orders_with_one_caller_each,
        a_locked_product,
    ])
    .await;
}

async fn a_locked_table() {
    locked_table(World::start().await).await;
}

async fn a_locked_table_and_few_connections() {
    locked_table(World::of(1).await).await;
    locked_table(World::of(2).await).await;
}

async fn locked_table(world: World) {
    let mut other = PgConnection::connect(&world.direct).await.expect("a connection");
    let mut lock = other.begin().await.expect("a transaction");
    sqlx::query("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE").execute(&mut *lock).await.expect("a lock");
    let key = fresh();
    let replies = join_all((0..4).map(|_| world.send(&key, None))).await;
    assert!(replies.iter().all(|reply| reply.status == 503), "{replies:?}");
    let reply = world.send(&key, Some(&key)).await;
    assert_eq!(
        (reply.status, reply.problem().as_str()),
        (503, "unavailable"),
        "no request of this key is under way"
    );
    lock.rollback().await.expect("the lock is given back");
    let reply = world.send(&key, Some(&key)).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!(world.orders(&key).await, 1);
    world.works().await;
    world.end();
}

async fn a_locked_order() {
    let world = World::start().await;
    let locked = world.buyer.place("BEANS").await;
    let other = world.buyer.place("BEANS").await;
    let (_, id) = locked.rsplit_once('/').expect("an id");
    let (told, refused) = (told(&world.app), AtomicUsize::new(0));
    let mut connection = PgConnection::connect(&world.direct).await.expect("a connection");
    let mut lock = connection.begin().await.expect("a transaction");
    let row = "SELECT 1 FROM orders WHERE CAST(id AS TEXT) = $1 FOR UPDATE";
    sqlx::query(row).bind(id).execute(&mut *lock).await.expect("a lock");

    let (path, over) = (format!("{locked}/cancel"), AtomicBool::new(false));
    let caller = async || {
        while !over.load(Ordering::Relaxed) {
            let (status, took) = timed(world.buyer.post_nothing(&path)).await;
            assert!(status == 503 && took < ANSWERED, "{status} after {took:?}");
            refused.fetch_add(1, Ordering::Relaxed);
        }
    };
    let others = async {
        let mut watcher = PgConnection::connect(&world.direct).await.expect("a connection");
        world.app.eventually("somebody waits for the lock", HEALED, async || waits(&mut watcher).await).await;
        let call = async |number: usize| match number % 2 {
            0 => world.buyer.get(&other).await.status,
            _ => world.send(&fresh(), None).await.status,
        };
        let answers = join_all((0..24).map(call)).await;
        over.store(true, Ordering::Relaxed);
        answers
    };
    let (_, others) = tokio::join!(join_all((0..16).map(|_| caller())), others);
    assert!(others.iter().all(|status| *status < 300), "others are not served: {others:?}");
    health_stays(&world, async || {
        refused.fetch_add(1, Ordering::Relaxed);
        world.buyer.post_nothing(&path).await
    })
    .await;
    lock.rollback().await.expect("the lock is given back");
    assert_eq!(world.buyer.post_nothing(&path).await.status, 200);
    let lines = || told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    world.app.eventually("the outage ends", HEALED, async || lines().len() >= 2).await;
    let lines = lines();
    let [began, ended] = &lines[..] else { panic!("{lines:?}") };
    assert_eq!(
        (&began["event"], &ended["outage"]),
        (&json!("database-lock-timeout"), &json!("database-lock-timeout"))
    );
    assert_eq!(ended["failed_calls"], refused.into_inner(), "{ended}");
    world.end();
}

/// Longer than health takes to follow calls of which none works.
const NOTICED: Duration = Duration::from_secs(15);

/// Four callers who need what is locked change nothing about health: it takes an instance out of service.
async fn health_stays(world: &World, blocked: impl AsyncFn() -> Reply) {
    let over = Instant::now() + NOTICED;
    let caller = async || {
        while Instant::now() < over {
            assert_eq!(blocked().await.status, 503);
        }
    };
    let health = async {
        let mut look = tokio::time::interval(Duration::from_millis(500));
        while Instant::now() < over {
            look.tick().await;
            assert_eq!(world.app.anonymous().get("/api/health").await.status, 200, "one row is locked");
        }
    };
    tokio::join!(join_all((0..4).map(|_| caller())), health);
}

/// A call that waits longer than this for its connection is held up by others.
const SLOW: Duration = Duration::from_secs(1);

/// Callers of one function take no more than their share, though each call is answered with another one.
async fn a_table_that_every_request_reads() {
    let world = World::start().await;
    let order = world.buyer.place("BEANS").await;
    let lock = locked(&world, "LOCK TABLE products IN ACCESS EXCLUSIVE MODE").await;
    let blocked = async |_| world.buyer.get("/api/products").await;
    let other = async |number: usize| match number % 2 {
        0 => world.buyer.get(&order).await,
        _ => world.buyer.get("/api/orders?limit=2").await,
    };
    others_are_quick(&world, 40, blocked, other).await;
    lock.close_hard().await.ok();
    world
        .app
        .eventually("products are listed", HEALED, async || {
            world.buyer.get("/api/products").await.status == 200
        })
        .await;
    world.works().await;
    world.end();
}

async fn many_locked_orders_with_one_caller_each() {
    let world = World::start().await;
    let (mut orders, order) = (Vec::new(), world.buyer.place("BEANS").await);
    for _ in 0..40 {
        orders.push(world.buyer.place("BEANS").await);
    }
    let lock = locked(
        &world,
        "UPDATE orders SET note = note WHERE id <> (SELECT id FROM orders ORDER BY id LIMIT 1)",
    )
    .await;
    let blocked = async |number: usize| {
        let buyer = world.buyer.with("if-match", "\"1\"");
        buyer.put(&orders[number], &a_revision("BEANS")).await
    };
    let other = async |number: usize| match number % 2 {
        0 => world.buyer.get(&order).await,
        _ => world.send(&fresh(), None).await,
    };
    others_are_quick(&world, orders.len(), blocked, other).await;
    lock.close_hard().await.ok();
    for order in &orders[..4] {
        assert_eq!(world.buyer.post_nothing(&format!("{order}/cancel")).await.status, 200);
    }
    world.works().await;
    world.end();
}

/// The locked row is not one that the calls themselves change.
async fn a_locked_product() {
    let world = World::start().await;
    world.app.user("admin").stock("CUP", 900).await;
    let order = world.buyer.place("BEANS").await;
    let lock = locked(&world, "SELECT * FROM products WHERE sku = 'CUP' FOR UPDATE").await;
    let blocked = async |_| world.buyer.post("/api/orders", &an_order("CUP")).await;
    let other = async |number: usize| match number % 2 {
        0 => world.buyer.get(&order).await,
        _ => world.send(&fresh(), Some(&fresh())).await,
    };
    others_are_quick(&world, 16, blocked, other).await;
    health_stays(&world, async || blocked(0).await).await;
    lock.close_hard().await.ok();
    world.buyer.place("CUP").await;
    world.works().await;
    world.end();
}

/// Locks that another client holds until it ends.
async fn locked(world: &World, statement: &'static str) -> PgConnection {
    let mut other = PgConnection::connect(&world.direct).await.expect("a connection");
    sqlx::raw_sql("BEGIN").execute(&mut other).await.expect("a transaction");
    sqlx::raw_sql(statement).execute(&mut other).await.expect("a lock");
    other
}

/// Callers who need what is locked are answered with 503 and call again, and others are served: these call for 3 s,
/// from when a first call waits, and at most one call of each of them is slow.
async fn others_are_quick(
    world: &World,
    callers: usize,
    blocked: impl AsyncFn(usize) -> Reply,
    other: impl AsyncFn(usize) -> Reply,
) {
    let over = AtomicBool::new(false);
    let caller = async |number: usize| {
        while !over.load(Ordering::Relaxed) {
            let (status, took) = timed(blocked(number)).await;
            assert!(status == 503 && took < ANSWERED, "{status} after {took:?}");
        }
    };
    let others = async |number: usize, until: Instant| {
        let mut slow = 0;
        while Instant::now() < until {
            let (status, took) = timed(other(number)).await;
            assert!(status < 300, "another call is not served: {status} after {took:?}");
            slow += usize::from(took > SLOW);
        }
        slow
    };
    let serving = async {
        let mut watcher = PgConnection::connect(&world.direct).await.expect("a connection");
        world.app.eventually("somebody waits for the lock", HEALED, async || waits(&mut watcher).await).await;
        let until = Instant::now() + Duration::from_secs(3);
        let slow = join_all((0..8).map(|number| others(number, until))).await;
        over.store(true, Ordering::Relaxed);
        slow
    };
    let (_, slow) = tokio::join!(join_all((0..callers).map(caller)), serving);
    assert!(slow.iter().all(|slow| *slow <= 1), "others wait again and again: {slow:?}");
}

async fn waits(connection: &mut PgConnection) -> bool {
    let waiting = "SELECT count(*) > 0 FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'";
    sqlx::query_scalar(waiting).fetch_one(connection).await.expect("it answers")
}
