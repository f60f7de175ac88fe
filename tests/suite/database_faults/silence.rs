//! Connections that forward nothing any more and stay open: a failover that drops packets.

use std::sync::atomic::AtomicBool;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_connections_fail_only_their_requests() {
    together(scenarios![
        idle_connections_fall_silent,
        the_only_connections_fall_silent,
        busy_connections_fall_silent,
        the_server_is_silent_for_20_seconds,
        a_firewall_drops_everything_for_a_while,
        connections_are_reset,
        connections_fall_silent_three_times,
    ])
    .await;
}

async fn idle_connections_fall_silent() {
    fall_silent(World::start().await).await;
}

async fn the_only_connections_fall_silent() {
    fall_silent(World::of(1).await).await;
    fall_silent(World::of(2).await).await;
}

async fn fall_silent(world: World) {
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

    /// Eight callers, until they are stopped.
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

    /// Waits until this many more calls succeeded.
    async fn goes_on(&self, world: &World, more: usize, within: Duration) {
        let (before, failed) = (self.done.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed));
        let mut look_again = tokio::time::interval(Duration::from_millis(20));
        let on = async {
            while self.done.load(Ordering::Relaxed) < before + more {
                look_again.tick().await;
            }
        };
        let goes_on = tokio::time::timeout(within, on).await.is_ok();
        let (done, failed) =
            (self.done.load(Ordering::Relaxed) - before, self.failed.load(Ordering::Relaxed) - failed);
        assert!(
            goes_on,
            "{done} calls of {more} succeeded and {failed} failed within {within:?}; connections: {:?}",
            world.proxy.counts()
        );
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

async fn is_away(world: &World, entry: AcceptMode, time: Duration) {
    let load = Load::new();
    let breaking = async {
        load.goes_on(world, 20, HEALED).await;
        world.proxy.set_accept_mode(entry).await;
        world.proxy.silence();
        // The fault itself: this long.
        tokio::time::sleep(time).await;
        world.proxy.set_accept_mode(AcceptMode::Open).await;
        load.goes_on(world, 50, HEALED).await;
        load.stop();
    };
    tokio::join!(load.run(world), breaking);
    load.is_there_once(world).await;
    world.heals().await;
}

async fn the_server_is_silent_for_20_seconds() {
    let world = World::start().await;
    is_away(&world, AcceptMode::Silent, Duration::from_secs(20)).await;
    world.end();
}

async fn a_firewall_drops_everything_for_a_while() {
    let world = World::start().await;
    is_away(&world, AcceptMode::Ignored, Duration::from_secs(6)).await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_outage_is_logged() {
    together(scenarios![an_outage_of_four_seconds_is_logged, an_outage_of_eight_seconds_is_logged]).await;
}

async fn an_outage_of_four_seconds_is_logged() {
    silence_is_logged(Duration::from_secs(4)).await;
}

async fn an_outage_of_eight_seconds_is_logged() {
    silence_is_logged(Duration::from_secs(8)).await;
}

/// All connections hang, so no call gets one: one log line reports it, with every call that failed.
async fn silence_is_logged(time: Duration) {
    let world = World::start().await;
    let told = told(&world.app);
    let (over, refused) = (AtomicBool::default(), AtomicUsize::default());
    let caller = async || {
        while !over.load(Ordering::Relaxed) {
            match world.buyer.get("/api/orders?limit=1").await.status {
                503 => drop(refused.fetch_add(1, Ordering::Relaxed)),
                status => assert_eq!(status, 200),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let breaking = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.proxy.set_accept_mode(AcceptMode::Silent).await;
        world.proxy.silence();
        // The fault itself: this long.
        tokio::time::sleep(time).await;
        world.proxy.set_accept_mode(AcceptMode::Open).await;
        tokio::time::sleep(HEALED).await;
        over.store(true, Ordering::Relaxed);
    };
    tokio::join!(join_all((0..24).map(|_| caller())), breaking);
    let refused = refused.into_inner();
    let lines = || told.lock().unwrap_or_else(PoisonError::into_inner).clone();
    world.app.eventually("the outage ends", HEALED, async || lines().len() >= 2).await;
    let lines = lines();
    let [began, ended] = &lines[..] else { panic!("{refused} calls were refused: {lines:?}") };
    assert_eq!((&began["event"], &ended["event"]), (&json!("database-unavailable"), &json!("outage-ended")));
    assert!(refused > 0 && ended["failed_calls"] == refused, "{refused} calls were refused: {ended}");
    world.end();
}
