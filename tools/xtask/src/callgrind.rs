//! Counts the instructions of the worker with valgrind's callgrind, which other programs on the machine do not change.
//!
//! One process answers a few requests and ends, another one the same and more. The difference is what those requests
//! took, without the start and the end. The database is PostgreSQL. The runtime has one thread for tasks, so the
//! count does not depend on the number of processors.

mod caller;
mod connection;
pub(crate) mod counts;
mod valgrind;

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;
use test_servers::{Database, Handler, Postgres, TcpProxy};

use caller::Caller;
use connection::Connection;
use counts::Counts;
pub(crate) use valgrind::Valgrind;

/// Requests of each kind before any that are counted: caches are filled, and statements are prepared.
const WARM_UP: u32 = 100;
/// Orders that the counted requests read in turn.
const ORDERS: u32 = 20;
/// More than the worker takes under valgrind from a statement to its wait for the answer.
const ANSWER_DELAY: Duration = Duration::from_millis(2);

/// What is counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Request {
    Read,
    Create,
}

impl Request {
    const BOTH: [Self; 2] = [Self::Read, Self::Create];

    /// The function that answers it.
    pub(crate) const fn function(self) -> &'static str {
        match self {
            Self::Read => "GetOrder",
            Self::Create => "CreateOrder",
        }
    }
}

/// A worker's program, and a server for its databases.
pub(crate) struct Bench<'a> {
    valgrind: &'a Valgrind,
    worker: &'a Path,
    server: Postgres,
    /// Answers of the database come late, so that the worker waits for each of them. Valgrind slows the worker alone: else
    /// some answers would be there before the worker looks.
    proxy: TcpProxy,
    folder: TempDir,
}

impl<'a> Bench<'a> {
    /// Starts PostgreSQL.
    pub(crate) async fn start(valgrind: &'a Valgrind, worker: &'a Path) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("cannot make a folder for the counts")?;
        let server = Postgres::start(&["fsync=off"])?;
        let port = server.url().rsplit(':').next().and_then(|port| port.parse().ok());
        let upstream = SocketAddr::from((Ipv4Addr::LOCALHOST, port.context("PostgreSQL has no port")?));
        let proxy = TcpProxy::start(upstream).await.context("cannot start a proxy")?;
        proxy.delay_answers(ANSWER_DELAY);
        Ok(Self { valgrind, worker, server, proxy, folder })
    }

    /// What one request of each kind takes, on average of so many.
    pub(crate) async fn of_each(&self, count: u32) -> anyhow::Result<[(Request, Counts); 2]> {
        let less = self.process(None).await?;
        let [read, create] = Request::BOTH;
        let reads = self.process(Some((read, count))).await?.since(&less, count);
        let creations = self.process(Some((create, count))).await?.since(&less, count);
        Ok([(read, reads), (create, creations)])
    }

    /// The counts of a process on a new database that answers the requests of the warm-up, and then this many of one
    /// kind.
    async fn process(&self, more: Option<(Request, u32)>) -> anyhow::Result<Counts> {
        let database = self.server.database().await?;
        let mut migrate = Command::new(self.worker);
        let migrated = self.environment(&mut migrate, &database).arg("migrate").output();
        let migrated = migrated.context("cannot run `orders-worker migrate`")?;
        ensure!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
        let output = self.folder.path().join("callgrind.out");
        let mut command = self.valgrind.command(&output, self.worker);
        let worker = Handler::start(self.environment(&mut command, &database))
            .with_context(|| format!("{} under valgrind", self.worker.display()))?;
        ask(&worker, more)?;
        let ended = worker.stop().context("cannot stop the worker")?;
        ensure!(ended.success(), "the worker ended with {ended} under valgrind");
        let text = fs::read_to_string(&output).context("valgrind wrote no counts")?;
        fs::remove_file(&output).context("cannot remove the counts")?;
        Counts::parse(&text)
    }

    /// The database, through the proxy.
    fn url(&self, database: &Database) -> String {
        let url = database.url();
        let name = url.rsplit('/').next().unwrap_or_default();
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.proxy.port())
    }

    /// The environment of a Functions app with EasyAuth, and nothing of the shell's but the path.
    fn environment<'c>(&self, command: &'c mut Command, database: &Database) -> &'c mut Command {
        command
            .env_clear()
            .envs(self.valgrind.variables())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
            .env("ORDERS_DATABASE_URL", self.url(database))
            .env("ORDERS_ENTRA_TENANT_ID", caller::TENANT)
            .env("ORDERS_IDENTITY", "easyauth")
            .env("ORDERS_RATE_LIMIT", "off")
            .env("TOKIO_WORKER_THREADS", "1")
            .env("WEBSITE_AUTH_ENABLED", "True")
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
    }
}

/// Sends the requests of the warm-up, and then the others.
fn ask(worker: &Handler, more: Option<(Request, u32)>) -> anyhow::Result<()> {
    let mut connection = Connection::open(worker.address())?;
    let orders = set_up(&mut connection)?;
    for (request, count) in Request::BOTH.map(|request| (request, WARM_UP)).into_iter().chain(more) {
        send(&mut connection, request, count, &orders)?;
    }
    Ok(())
}

/// The paths of some orders that can be read.
fn set_up(connection: &mut Connection) -> anyhow::Result<Vec<String>> {
    let administrator = Caller::administrator();
    for sku in caller::PRODUCTS {
        let product = r#"{"name":"Product","currency":"EUR","unitPrice":1250}"#;
        let path = format!("/api/products/{sku}");
        connection.exchange(&administrator.request("PUT", &path, "If-None-Match: *\r\n", product))?;
    }
    let buyer = Caller::buyer();
    (0..ORDERS)
        .map(|_| {
            let answer = connection.exchange(&buyer.request("POST", "/api/orders", "", caller::NEW_ORDER))?;
            let id = answer.order_id().context("a created order has no id")?;
            Ok(format!("/api/orders/{id}"))
        })
        .collect()
}

fn send(connection: &mut Connection, request: Request, count: u32, orders: &[String]) -> anyhow::Result<()> {
    let buyer = Caller::buyer();
    for path in orders.iter().cycle().take(usize::try_from(count)?) {
        let bytes = match request {
            Request::Read => buyer.request("GET", path, "", ""),
            Request::Create => buyer.request("POST", "/api/orders", "", caller::NEW_ORDER),
        };
        connection.exchange(&bytes)?;
    }
    Ok(())
}
