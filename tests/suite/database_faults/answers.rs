//! A server that ends connections, changes under them, or is not understood.

use test_servers::proxy::Corruption;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_faults_affect_only_their_connection() {
    together(scenarios![
        garbled_lengths,
        garbled_bytes,
        answers_that_end_twice,
        terminated_connections,
        connections_that_are_ended_when_idle,
        connections_that_are_read_only,
        a_changed_column,
        a_statement_takes_one_round_trip,
    ])
    .await;
}

/// By itself: its callers call as fast as they can.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_only_server_refuses_writes_at_once() {
    together(scenarios![a_server_that_is_read_only]).await;
}

async fn garbled(garble: Corruption) {
    let world = World::start().await;
    for seed in 0..2 {
        world.proxy.corrupt(Some(garble), seed);
        let calls = (0..8).map(async |number: usize| match number % 2 {
            0 => timed(world.buyer.get("/api/orders?limit=3")).await,
            _ => timed(world.send(&fresh(), None)).await,
        });
        for (_, took) in join_all(calls).await {
            assert!(took < ANSWERED, "seed {seed}: a caller waited for {took:?}");
        }
    }
    world.proxy.corrupt(None, 0);
    world.heals().await;
    world.end();
}

async fn garbled_lengths() {
    garbled(Corruption::Lengths).await;
}

async fn garbled_bytes() {
    garbled(Corruption::Bytes).await;
}

/// Each statement seems to be answered before it is, by nothing: that is no order that is missing.
async fn answers_that_end_twice() {
    let world = World::start().await;
    let location = world.buyer.place("BEANS").await;
    for _ in 0..3 {
        world.proxy.duplicate_ready_for_query(true);
        let calls = (0..16).map(async |number: usize| match number % 4 {
            3 => world.send(&fresh(), None).await.status,
            _ => world.buyer.get(&location).await.status,
        });
        let statuses = join_all(calls).await;
        assert!(
            statuses.iter().all(|status| [200, 201, 503].contains(status)),
            "an answer of nothing was believed: {statuses:?}"
        );
        world.proxy.duplicate_ready_for_query(false);
        world.heals().await;
    }
    world.end();
}

const TERMINATE: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'orders-worker'";

async fn terminated_connections() {
    let world = World::start().await;
    for _ in 0..3 {
        world.run(TERMINATE).await;
        world.works().await;
        world.fill().await;
    }
    world.end();
}

async fn connections_that_are_ended_when_idle() {
    let world = World::start().await;
    world
        .run("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET idle_session_timeout = 300', current_database()); END $$")
        .await;
    world.run(TERMINATE).await;
    world.fill().await;
    for _ in 0..2 {
        world.app.eventually("the server ends them", HEALED, async || world.proxy.counts().open == 0).await;
        world.works().await;
    }
    world.end();
}

const READ_ONLY: &str = "DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database());
END $$";

/// A statement that makes new connections read-only or writable; existing connections stay as they are.
const WRITABLE: &str = "SET TRANSACTION READ WRITE; DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I RESET default_transaction_read_only', current_database());
END $$";

/// As after a failover: the connections of before lead to what is a standby now.
async fn connections_that_are_read_only() {
    let world = World::start().await;
    world.run(READ_ONLY).await;
    world.run(TERMINATE).await;
    world.fill().await;
    assert_eq!(world.send(&fresh(), None).await.status, 503, "nothing can be written");
    assert_eq!(world.buyer.get("/api/orders").await.status, 200);
    world.run(WRITABLE).await;
    world.heals().await;
    world.end();
}

/// The server is read-only as a whole, as when its disk is nearly full. Twelve callers write, and hear at once that it
/// does not work; fourteen read, and do not notice.
async fn a_server_that_is_read_only() {
    let world = World::start().await;
    let location = world.buyer.place("BEANS").await;
    world.run(READ_ONLY).await;
    world.run(TERMINATE).await;
    world.fill().await;
    assert_eq!(world.send(&fresh(), None).await.status, 503, "nothing can be written");
    let logins = world.proxy.counts().accepted;
    let (over, slowest) = (Instant::now() + Duration::from_secs(3), Mutex::new(Duration::ZERO));
    let caller = async |number: usize| {
        while Instant::now() < over {
            let (wanted, (status, took)) = match number {
                0..12 => (503, timed(world.send(&fresh(), None)).await),
                12..22 => (200, timed(world.buyer.get(&location)).await),
                _ => (200, timed(world.buyer.get("/api/products")).await),
            };
            assert_eq!(status, wanted, "caller {number}, after {took:?}");
            let mut slowest = slowest.lock().unwrap_or_else(PoisonError::into_inner);
            *slowest = took.max(*slowest);
        }
    };
    join_all((0..26).map(caller)).await;
    let slowest = slowest.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(slowest < Duration::from_secs(1), "a call took {slowest:?}");
    let logins = world.proxy.counts().accepted - logins;
    assert!(logins <= 10, "{logins} logins in 3 s");
    world.run(WRITABLE).await;
    world.heals().await;
    world.end();
}

/// The schema of the next version works with this one: a migration under way costs no call.
async fn a_changed_column() {
    let world = World::start().await;
    let location = world.buyer.place("BEANS").await;
    let read = async || join_all((0..2 * POOL).map(|_| world.buyer.get(&location))).await;
    assert!(read().await.iter().all(|reply| reply.status == 200));
    world.run("ALTER TABLE orders ALTER COLUMN reference TYPE varchar(200)").await;
    for reply in read().await {
        assert_eq!(reply.status, 200);
    }
    world.works().await;
    world.end();
}

async fn a_statement_takes_one_round_trip() {
    let world = World::start().await;
    let location = world.buyer.place("BEANS").await;
    for _ in 0..2 * POOL {
        world.buyer.get(&location).await;
    }
    let before = world.proxy.counts().syncs;
    for _ in 0..200 {
        assert_eq!(world.buyer.get(&location).await.status, 200);
    }
    let syncs = world.proxy.counts().syncs - before;
    // Health asks now and then.
    assert!((200..210).contains(&syncs), "{syncs} round trips for 200 statements");
    writes_are_as_many_round_trips_as_statements(&world).await;
    world.end();
}

async fn writes_are_as_many_round_trips_as_statements(world: &World) {
    let mut orders = Vec::new();
    for _ in 0..2 * WRITES {
        orders.push(world.buyer.place("BEANS").await);
    }
    let (clerk, admin) = (world.app.user("clerk"), world.app.user("admin"));
    let placed = async |_| world.send(&fresh(), None).await;
    let placed_once = async |_| world.send(&fresh(), Some(&fresh())).await;
    let cancelled =
        async |number: usize| world.buyer.post_nothing(&format!("{}/cancel", orders[number])).await;
    let processed =
        async |number: usize| clerk.post_nothing(&format!("{}/process", orders[WRITES + number])).await;
    let product = json!({"name": "Cup", "currency": "EUR", "unitPrice": 900});
    let stocked = async |number: usize| admin.put(&format!("/api/products/CUP-{number}"), &product).await;
    round_trips(world, 1, "an order", placed).await;
    round_trips(world, 1, "an order under a free key", placed_once).await;
    round_trips(world, 1, "a cancelled order", cancelled).await;
    // One has it queued, one looks for what its message names, and one keeps the decision.
    round_trips(world, 3, "a fulfilled order", processed).await;
    round_trips(world, 2, "a product, which is read and written", stocked).await;
}

const WRITES: usize = 40;

/// Each call takes this many round trips.
async fn round_trips(world: &World, each: usize, what: &str, call: impl AsyncFn(usize) -> Reply) {
    let syncs = || world.proxy.counts().syncs;
    // At first statements are prepared, which takes additional round trips.
    for (first, last, spare) in [(0, WRITES / 2, WRITES), (WRITES / 2, WRITES, 16)] {
        let (before, least) = (syncs(), each * (last - first));
        for number in first..last {
            assert!(call(number).await.status < 300, "{what}");
        }
        world.app.eventually(what, HEALED, async || syncs() >= before + least).await;
        // Health asks now and then, and the last of the round before may come late.
        let most = least + spare;
        assert!(syncs() < before + most, "{what}, {} times: {} round trips", last - first, syncs() - before);
    }
}
