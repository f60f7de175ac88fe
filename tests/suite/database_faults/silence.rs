//! Connections that forward nothing any more and stay open: a failover that drops packets.

use std::sync::atomic::AtomicBool;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_connections_cost_the_calls_that_meet_them() {
    together(scenarios![
        idle_connections_fall_silent,
        busy_connections_fall_silent,
        the_server_is_silent_for_20_seconds,
        a_firewall_drops_everything_for_a_while,
        connections_are_reset,
        connections_fall_silent_three_times,
    ])
    .await;
}

async fn idle_connections_fall_silent() {
    let world = World::start().await;
    world.proxy.silence();
    world.heals().await;
    world.end();
}

/// Callers who place orders with a key and read them, and repeat what was not answered.
struct Load {
    stop: AtomicBool,
    done: AtomicUsize,
    failed: AtomicUsize,
    keys: Mutex<Vec<String>>,
}

impl Load {
    fn new() -> Self {
        Self {
            stop: AtomicBool::default(),
            done: AtomicUsize::default(),
            failed: AtomicUsize::default(),
            keys: Mutex::default(),
        }
    }

    /// Eight callers, until told to stop.
    async fn run(&self, world: &World) {
        join_all((0..8).map(|_| self.caller(world))).await;
    }

    async fn caller(&self, world: &World) {
        while !self.stop.load(Ordering::Relaxed) {
            let key = fresh();
            self.keys.lock().expect("no panic").push(key.clone());
            self.insist(async || world.send(&key, Some(&key)).await, 201).await;
            self.insist(async || world.buyer.get("/api/orders?limit=1").await, 200).await;
        }
    }

    async fn insist(&self, call: impl AsyncFn() -> Reply, wanted: u16) {
        loop {
            let (status, took) = timed(call()).await;
            assert!(took < ANSWERED, "a caller waited for {took:?}");
            if status == wanted {
                self.done.fetch_add(1, Ordering::Relaxed);
                return;
            }
            // 409: the request is still under way.
            assert!(matches!(status, 409 | 503), "{status}");
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until so many more calls were answered well.
    async fn goes_on(&self, world: &World, more: usize, within: Duration) {
        let before = self.done.load(Ordering::Relaxed);
        let on = async || self.done.load(Ordering::Relaxed) >= before + more;
        world.app.eventually("the work goes on", within, on).await;
    }

    /// Each order that was asked for is there once.
    async fn is_there_once(&self, world: &World) {
        let keys = self.keys.lock().expect("no panic").clone();
        let mut connection = PgConnection::connect(&world.direct).await.expect("a connection");
        let found = "SELECT reference FROM orders WHERE reference = ANY($1)";
        let found: Vec<String> =
            sqlx::query_scalar(found).bind(&keys).fetch_all(&mut connection).await.expect("orders");
        let sorted = |mut references: Vec<String>| {
            references.sort();
            references
        };
        assert_eq!(sorted(found), sorted(keys));
    }

    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

async fn busy_connections_fall_silent() {
    let (world, load) = (World::start().await, Load::new());
    let breaking = async {
        load.goes_on(&world, 20, HEALED).await;
        world.proxy.silence();
        load.goes_on(&world, 50, HEALED).await;
        load.stop();
    };
    tokio::join!(load.run(&world), breaking);
    load.is_there_once(&world).await;
    world.heals().await;
    world.end();
}

async fn is_away(world: &World, entry: Entry, time: Duration) {
    let load = Load::new();
    let breaking = async {
        load.goes_on(world, 20, HEALED).await;
        world.proxy.set_entry(entry).await;
        world.proxy.silence();
        // The fault itself: this long.
        tokio::time::sleep(time).await;
        world.proxy.set_entry(Entry::Open).await;
        load.goes_on(world, 50, HEALED).await;
        load.stop();
    };
    tokio::join!(load.run(world), breaking);
    load.is_there_once(world).await;
    world.heals().await;
}

async fn the_server_is_silent_for_20_seconds() {
    let world = World::start().await;
    is_away(&world, Entry::Silent, Duration::from_secs(20)).await;
    world.end();
}

async fn a_firewall_drops_everything_for_a_while() {
    let world = World::start().await;
    is_away(&world, Entry::Ignored, Duration::from_secs(6)).await;
    world.end();
}

/// What was reset is known to be gone at once: no call needs to fail.
async fn connections_are_reset() {
    let (world, load) = (World::start().await, Load::new());
    let breaking = async {
        for _ in 0..3 {
            load.goes_on(&world, 20, HEALED).await;
            world.proxy.reset();
        }
        load.goes_on(&world, 20, HEALED).await;
        load.stop();
    };
    tokio::join!(load.run(&world), breaking);
    load.is_there_once(&world).await;
    assert_eq!(load.failed.into_inner(), 0, "calls that failed");
    world.end();
}

async fn connections_fall_silent_three_times() {
    let world = World::start().await;
    for _ in 0..3 {
        world.proxy.silence();
        world.heals().await;
        world.fill().await;
    }
    world.end();
}
