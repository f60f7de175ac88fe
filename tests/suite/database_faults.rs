//! What the network and the server can do to connections of PostgreSQL. Each fault costs the calls that meet it, and
//! the service heals by itself: a real worker, a real server, and a proxy between them.
//!
//! The faults of one group run beside each other, [`TOGETHER`] at a time, for they mostly wait.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use functions_emulator::Event;
use futures_util::future::join_all;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use test_servers::{Database, TcpProxy, proxy::AcceptMode};
use tokio::{
    sync::{
        Semaphore,
        broadcast::{Receiver, error::RecvError},
    },
    task::{JoinSet, LocalSet},
    time::Instant,
};

use crate::support::{Client, Mode, Reply, Setup, TestApp, an_order, migrate, on_a_server};

mod answers;
mod commits;
mod locks;
mod login;
mod silence;

/// Connections of a process, as `ORDERS_DATABASE_POOL` has it by default.
const POOL: usize = 4;

/// The longest that a call waits for a connection: `docs/reference/api.md#limits`.
const POOL_WAIT: Duration = Duration::from_secs(2);

/// By how much two answers may change their sequence on their way to us.
const REORDERED: Duration = Duration::from_millis(500);

/// Calls succeed within so long of new connections being accepted.
const HEALED: Duration = Duration::from_secs(10);

/// The longest that a call waits for a database that does not answer, and some more for a slow machine.
const ANSWERED: Duration = Duration::from_secs(12);

/// Scenarios that run beside each other. With more, each waits for a processor and not for the database.
const TOGETHER: usize = 3;

type Scenario = (&'static str, Pin<Box<dyn Future<Output = ()>>>);

/// Lists scenarios by their names.
macro_rules! scenarios {
    ($($name:ident),+ $(,)?) => { [$((stringify!($name), Box::pin($name()) as _)),+] };
}
use scenarios;

/// Runs scenarios beside each other; fails with the names of all that failed.
async fn together<const COUNT: usize>(scenarios: [Scenario; COUNT]) {
    let (local, seats) = (LocalSet::new(), Arc::new(Semaphore::new(TOGETHER)));
    let mut running = JoinSet::new();
    for (name, scenario) in scenarios {
        let seats = Arc::clone(&seats);
        running.spawn_local_on(
            async move {
                let _seat = seats.acquire().await.expect("it stays open");
                let ended = tokio::task::spawn_local(scenario).await;
                ended.err().map(|error| (name, said(error)))
            },
            &local,
        );
    }
    let all = async {
        let mut failed = Vec::new();
        while let Some(ended) = running.join_next().await {
            failed.extend(ended.expect("it catches what panics").map(|(name, why)| format!("{name}: {why}")));
        }
        failed
    };
    let failed = local.run_until(all).await;
    assert!(failed.is_empty(), "{} of {COUNT} failed:\n{}", failed.len(), failed.join("\n"));
}

fn said(error: tokio::task::JoinError) -> String {
    let panic = error.into_panic();
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// An app whose database is behind a proxy.
struct World {
    app: TestApp,
    proxy: TcpProxy,
    /// The address of the database, past the proxy and as its owner.
    direct: String,
    buyer: Client,
    pid: Option<u32>,
    panics: Arc<Mutex<Vec<String>>>,
    pool: usize,
    _database: Option<Database>,
}

impl World {
    /// An app with a product, and with all its connections.
    async fn start() -> Self {
        Self::of(POOL).await
    }

    /// As [`Self::start`], with a pool of this size.
    async fn of(pool: usize) -> Self {
        let world = Self::entered(AcceptMode::Open, pool).await;
        world.app.user("admin").stock("BEANS", 1290).await;
        world.fill().await;
        world
    }

    /// An app that has used its database for nothing but its health.
    async fn new() -> Self {
        Self::entered(AcceptMode::Open, POOL).await
    }

    /// An app whose first connection to the database is handled in this accept mode.
    async fn entered(entry: AcceptMode, pool: usize) -> Self {
        let database = on_a_server().await;
        let output = migrate(&database.url());
        assert!(output.status.success(), "{output:?}");
        let url = database.url();
        let proxy = TcpProxy::start(address(&url)).await.expect("a proxy");
        proxy.set_accept_mode(entry).await;
        Self::sized(pool, proxy, &url, url.clone(), Some(database)).await
    }

    /// An app that is given the address `url`, with the proxy's port instead of the server's.
    async fn behind(proxy: TcpProxy, url: &str, direct: String, database: Option<Database>) -> Self {
        Self::sized(POOL, proxy, url, direct, database).await
    }

    async fn sized(
        pool: usize,
        proxy: TcpProxy,
        url: &str,
        direct: String,
        database: Option<Database>,
    ) -> Self {
        let port = address(&direct).port();
        let url = url.replace(&format!(":{port}/"), &format!(":{}/", proxy.port()));
        let setup = Setup::in_mode(Mode::Proxy).set("ORDERS_DATABASE_URL", &url);
        let setup = setup.set("ORDERS_DATABASE_POOL", &pool.to_string());
        let app = setup.start().await;
        let panics = Arc::default();
        tokio::spawn(listen(app.heard.resubscribe(), Arc::clone(&panics)));
        let (buyer, pid) = (app.user("buyer"), app.host.worker_pid());
        Self { app, proxy, direct, buyer, pid, panics, pool, _database: database }
    }

    /// Has every connection of the pool made.
    async fn fill(&self) {
        self.proxy.delay_answers(Duration::from_millis(100));
        let filled = async || {
            join_all((0..2 * self.pool).map(|_| self.buyer.get("/api/orders"))).await;
            self.proxy.counts().open >= self.pool
        };
        self.app.eventually("the pool is full", HEALED, filled).await;
        self.proxy.delay_answers(Duration::ZERO);
    }

    /// Runs a statement past the proxy.
    async fn run(&self, statement: &'static str) {
        run(&self.direct, statement).await;
    }

    /// How many orders have this reference.
    async fn orders(&self, reference: &str) -> i64 {
        let mut connection = PgConnection::connect(&self.direct).await.expect("a connection");
        let count = sqlx::query_scalar("SELECT count(*) FROM orders WHERE reference = $1").bind(reference);
        count.fetch_one(&mut connection).await.expect("a count")
    }

    /// Sends a new order once, with or without an idempotency key.
    async fn send(&self, reference: &str, key: Option<&str>) -> Reply {
        let client = key.map_or_else(|| self.buyer.clone(), |key| self.buyer.with("idempotency-key", key));
        client.post("/api/orders", &order(reference)).await
    }

    /// Reads and writes succeed before `deadline`: one caller after another, who repeats what was not answered, and
    /// then eight callers at a time. What was written is there once.
    async fn heals_before(&self, deadline: Instant) {
        self.serves_one_before(deadline).await;
        let everybody = async {
            loop {
                let answers = self.eight_at_a_time().await;
                if answers.iter().all(|(status, _)| *status < 300) {
                    return;
                }
            }
        };
        let healed = tokio::time::timeout_at(deadline, everybody).await;
        assert!(healed.is_ok(), "one caller is served again, but not eight at a time");
    }

    /// The first part of [`Self::heals_before`]: one caller after another reads and writes.
    async fn serves_one_before(&self, deadline: Instant) {
        let reference = fresh();
        let mut last = (0, 0);
        let one_by_one = async {
            while last != (200, 201) {
                last = (
                    self.buyer.get("/api/orders").await.status,
                    self.send(&reference, Some(&reference)).await.status,
                );
            }
        };
        let healed = tokio::time::timeout_at(deadline, one_by_one).await;
        assert!(healed.is_ok(), "reads and writes do not succeed again, the last answers were {last:?}");
        assert_eq!(self.orders(&reference).await, 1);
    }

    /// Reads and writes succeed from now on.
    async fn heals(&self) {
        self.heals_before(Instant::now() + HEALED).await;
    }

    /// Eight calls at a time succeed.
    async fn works(&self) {
        let answers: Vec<_> = self.eight_at_a_time().await.into_iter().map(|(status, _)| status).collect();
        assert!(answers.iter().all(|status| *status < 300), "not everybody is served: {answers:?}");
    }

    /// Eight calls at a time share what connections there are: a call is refused only when it has waited for
    /// [`POOL_WAIT`], and only while another one still holds the connection. A machine that is slow enough makes that
    /// happen with one connection; a call that waits for a login while a connection is free does not look so.
    async fn shares(&self) {
        let answers = self.eight_at_a_time().await;
        let served = answers.iter().filter(|(status, _)| *status < 300).map(|(_, took)| *took);
        let last_served = served.max().expect("somebody is served");
        for (status, took) in &answers {
            let is_in_vain = *status == 503 && *took >= POOL_WAIT && last_served + REORDERED >= *took;
            assert!(*status < 300 || is_in_vain, "the connection was free: {answers:?}");
        }
    }

    /// Reads and writes, four of each.
    async fn eight_at_a_time(&self) -> Vec<(u16, Duration)> {
        let call = async |number: usize| match number % 2 {
            0 => timed(self.buyer.get("/api/orders")).await,
            _ => timed(self.send(&fresh(), None)).await,
        };
        join_all((0..8).map(call)).await
    }

    /// Asserts what must hold after every scenario: one process, no panic, and no more connections than allowed.
    fn end(self) {
        assert_eq!(self.app.host.worker_pid(), self.pid, "nothing was restarted");
        let panics = self.panics.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(panics.is_empty(), "{panics:?}");
        let most = self.proxy.counts().most;
        assert!(most <= self.pool + 1, "{most} connections at a time");
    }
}

async fn run(url: &str, statement: &'static str) {
    let mut connection = PgConnection::connect(url).await.expect("a connection");
    sqlx::raw_sql(statement).execute(&mut connection).await.expect("it is run");
    connection.close().await.expect("it is closed");
}

/// Collects the log lines about panics.
async fn listen(mut heard: Receiver<Event>, panics: Arc<Mutex<Vec<String>>>) {
    loop {
        match heard.recv().await {
            Ok(Event::Output { line, .. }) if line.contains("panic") => {
                panics.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// What begins an outage here, and what ends one.
const TOLD: [&str; 3] = ["database-unavailable", "database-lock-timeout", "outage-ended"];

/// The lines that begin and end outages from now on.
fn told(app: &TestApp) -> Arc<Mutex<Vec<Value>>> {
    let (told, mut heard) = (Arc::<Mutex<Vec<Value>>>::default(), app.heard.resubscribe());
    let lines = Arc::clone(&told);
    tokio::spawn(async move {
        loop {
            match heard.recv().await {
                Ok(Event::Output { line, .. }) => {
                    let line: Value = serde_json::from_str(&line).unwrap_or_default();
                    if TOLD.iter().any(|event| line["event"] == *event) {
                        lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                    }
                }
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => panic!("{missed} lines were not heard"),
                Err(RecvError::Closed) => return,
            }
        }
    });
    told
}

/// Where a database's server listens.
fn address(url: &str) -> SocketAddr {
    let (_, rest) = url.rsplit_once('@').expect("a user");
    let (address, _) = rest.split_once('/').expect("a database");
    address.parse().expect("an address")
}

/// A text that is used nowhere else, as a reference or an idempotency key.
fn fresh() -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("PO-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

fn order(reference: &str) -> Value {
    let mut order = an_order("BEANS");
    order["reference"] = json!(reference);
    order
}

/// How long a call took.
async fn timed(call: impl Future<Output = Reply>) -> (u16, Duration) {
    let start = Instant::now();
    let status = call.await.status;
    (status, start.elapsed())
}
